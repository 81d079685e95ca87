"""The sink `file`: whole files or none, whatever happens to the disk or beside it."""

import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from reports import BETTER, REPORT
from workspaces import workspace

from tenure import Context, SourceError
from tenure.config import Entry
from tenure.report import Report
from tenure_sinks.file import File, FileConfig

FORMATS = ("json", "csv", "parquet", "html")


@pytest.fixture
def context() -> Context:
    entry = Entry(name="files", kind="sink", use="file")
    return workspace("sqlite:///none.db").context(entry, None)  # type: ignore[arg-type]


def sink(folder: Path, *formats: str) -> File:
    return File(FileConfig(path=str(folder), formats=formats or FORMATS))  # type: ignore[arg-type]


def push(to: File, report: Report, context: Context) -> int:
    return to.deliver(report, to.preview(report, context), context).written


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Writing more fails, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, context: Context, form: str) -> None:
    to = sink(tmp_path, form)
    push(to, REPORT, context)
    before = (tmp_path / f"retention.{form}").read_bytes()
    with files_of_at_most(10), pytest.raises(SourceError, match=r"cannot be written.*too large"):
        push(to, BETTER, context)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_two_pushes_at_once_leave_whole_files(tmp_path: Path, context: Context) -> None:
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
def test_any_name_will_do_for_the_folder(tmp_path: Path, context: Context, name: str) -> None:
    to = sink(tmp_path / name)
    assert [push(to, REPORT, context), push(to, REPORT, context)] == [4, 0]


def test_a_folder_in_the_place_of_a_file_is_said(tmp_path: Path, context: Context) -> None:
    (tmp_path / "retention.csv").mkdir()
    with pytest.raises(SourceError, match="cannot be written"):
        push(sink(tmp_path, "csv"), REPORT, context)


def test_check_makes_nothing(tmp_path: Path, context: Context) -> None:
    (said,) = sink(tmp_path / "new" / "out", "csv").check(context)
    assert said == f"can write csv into {tmp_path}/new/out, which the first push makes"
    assert not list(tmp_path.iterdir())


def test_check_of_a_file_where_the_folder_should_be(tmp_path: Path, context: Context) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(SourceError, match="out cannot be written"):
        list(sink(tmp_path / "out").check(context))
