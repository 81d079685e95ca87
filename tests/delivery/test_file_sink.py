"""The sink `file`: whole files or none, whatever happens to the disk or beside it."""

import csv
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from boards import over
from books import NOW as BOOKED
from books import Book, point
from full_disks import files_of_at_most
from reports import BETTER, NOW, REPORT
from workspaces import workspace

from tenure import Attribute, Customer, SinkContext, SourceError
from tenure.config import Entry
from tenure.delivery import Delivered, deliver
from tenure.delivery.lent import context_for
from tenure.ledger.store import Store
from tenure.metrics import page
from tenure.metrics.run import ReportRequest
from tenure.report import Report
from tenure_sinks.file import File, FileConfig

FORMATS = ("json", "csv", "parquet", "html")


@pytest.fixture
def context() -> SinkContext:
    """Of a sink that sends the report alone: nothing is asked of the store."""
    entry = Entry(name="files", kind="sink", use="file", reports=("retention",))
    return context_for(workspace("sqlite:///none.db"), None, entry, NOW)  # type: ignore[arg-type]


def sink(folder: Path, *formats: str) -> File:
    return File(FileConfig(path=str(folder), formats=formats or FORMATS))  # type: ignore[arg-type]


def push(to: File, report: Report, context: SinkContext) -> int:
    return to.deliver(report, to.preview(report, context), context).written


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, context: SinkContext, form: str) -> None:
    to = sink(tmp_path, form)
    push(to, REPORT, context)
    before = (tmp_path / f"retention.{form}").read_bytes()
    with files_of_at_most(10), pytest.raises(SourceError, match=r"cannot be written.*too large"):
        push(to, BETTER, context)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_two_pushes_at_once_leave_whole_files(tmp_path: Path, context: SinkContext) -> None:
    to, started, failures = sink(tmp_path, "json", "csv"), threading.Barrier(4), []

    def often(report: Report) -> None:
        try:
            started.wait()
            for _ in range(40):
                push(to, report, context)
        except SourceError as error:
            failures.append(error)

    threads = [threading.Thread(target=often, args=(r,)) for r in (REPORT, BETTER) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {path.name for path in tmp_path.iterdir()} == {"retention.json", "retention.csv"}
    for form in ("json", "csv"):
        held = sink(tmp_path, form)
        assert [] in (held.preview(REPORT, context), held.preview(BETTER, context))


@pytest.mark.parametrize("name", ["o[1]", "o*", "o'q", "{x}", "a b", "ü"])
def test_any_name_will_do_for_the_folder(tmp_path: Path, context: SinkContext, name: str) -> None:
    to = sink(tmp_path / name)
    assert [push(to, REPORT, context), push(to, REPORT, context)] == [4, 0]


def test_a_folder_in_the_place_of_a_file_is_said(tmp_path: Path, context: SinkContext) -> None:
    (tmp_path / "retention.csv").mkdir()
    with pytest.raises(SourceError, match="cannot be written"):
        push(sink(tmp_path, "csv"), REPORT, context)


def test_check_makes_nothing(tmp_path: Path, context: SinkContext) -> None:
    (said,) = sink(tmp_path / "new" / "out", "csv").check(context)
    assert said == f"can write csv into {tmp_path}/new/out, which the first push makes"
    assert not list(tmp_path.iterdir())


def test_check_of_a_file_where_the_folder_should_be(tmp_path: Path, context: SinkContext) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(SourceError, match="out cannot be written"):
        list(sink(tmp_path / "out").check(context))


ALL = ("retention", "movements", "cohorts", "customers")


def booked(store_url: str) -> Book:
    """A pays 100, later 150.5; her attribute is called like a column of ours."""
    made = Book(Store.open(store_url, clock=lambda: BOOKED))
    named = [Attribute(name="mrr", value="none", valid_from=BOOKED - timedelta(days=300))]
    made.records.append(Customer(id="A", name='a "b",\nc', attributes=named))
    made.add("A", [point("2026-02-10", 100), point("2026-05-10", "150.50")])
    made.ledger.pull(made.records)
    return made


@pytest.fixture
def book(sqlite_database: str) -> Book:
    return booked(sqlite_database)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Book]]:
    """A folder with all reports of such a book, to look at."""
    folder = tmp_path_factory.mktemp("written")
    made = booked(f"sqlite:///{folder}/store.db")
    assert files_of(made, folder).error is None
    yield folder, made
    made.store.engine.dispose()


def files_of(book: Book, folder: Path, **keys: Any) -> Delivered:
    plugin = File(FileConfig(path=str(folder)))
    entry = Entry(name="files", kind="sink", use="file", plugin=plugin, **{"reports": ALL} | keys)
    ready = over(book.store, files=entry)
    ready = replace(ready, metrics=replace(ready.metrics, segments=("mrr",)))
    usual = page.build(ready, book.store, ReportRequest(by=("mrr",), count=6))
    return deliver(ready, book.store, usual)[0]


def test_each_report_is_in_each_format_that_suits_it(written: tuple[Path, Book]) -> None:
    folder, book = written
    assert {path.name for path in folder.iterdir() if path.suffix != ".db"} == {
        "retention.html", *(f"{name}.{form}" for name in ALL for form in ("json", "csv", "parquet"))
    }  # fmt: skip
    assert files_of(book, folder).changes == ()


def parquet(path: Path) -> dict[str, tuple[str, Any]]:
    """The columns of its last row with their types."""
    with duckdb.connect() as duck:
        found = duck.execute("FROM read_parquet(?)", [str(path)])
        kinds = [(one[0], str(one[1])) for one in found.description or ()]
        row = found.fetchall()[-1]
    return {name: (kind, value) for (name, kind), value in zip(kinds, row, strict=True)}


def test_every_format_says_the_same_to_the_micro_unit(written: tuple[Path, Book]) -> None:
    folder, _ = written
    for name, field in (("movements", "change"), ("cohorts", "revenue"), ("customers", "mrr")):
        (*_, last) = csv.DictReader(io.StringIO((folder / f"{name}.csv").read_text()))
        kind, value = parquet(folder / f"{name}.parquet")[field]
        assert (kind, value) == ("DECIMAL(38,6)", Decimal(last[field])), name
        assert last[field] in (folder / f"{name}.json").read_text()


def test_a_name_is_what_it_is_and_an_attribute_is_text(written: tuple[Path, Book]) -> None:
    folder, _ = written
    row = parquet(folder / "customers.parquet")
    assert (row["name"][1], row["attribute.mrr"]) == ('a "b",\nc', ("VARCHAR", "none"))
    assert row["ids"][1] == '{"test": ["A"]}'


def test_the_movements_are_those_of_all_its_periods(written: tuple[Path, Book]) -> None:
    folder, _ = written
    found = json.loads((folder / "movements.json").read_text())["movements"]
    assert [(one["period"], one["kind"]) for one in found] == [
        ("2026-02", "new"), ("2026-05", "expansion"),
    ]  # fmt: skip


def test_a_running_period_a_minute_later_writes_nothing(tmp_path: Path, book: Book) -> None:
    files_of(book, tmp_path, reports=("retention",), when="provisional")
    book.store.clock = lambda: BOOKED + timedelta(minutes=1)
    assert files_of(book, tmp_path, reports=("retention",), when="provisional").changes == ()


def test_an_empty_log_is_a_file_too(tmp_path: Path, book: Book) -> None:
    book.store.clock = lambda: BOOKED + timedelta(days=300)
    assert files_of(book, tmp_path).error is None
    assert json.loads((tmp_path / "movements.json").read_text())["movements"] == []
