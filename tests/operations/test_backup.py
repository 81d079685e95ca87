"""backup and restore: the whole ledger, in one file, into either database."""

import json
import zipfile
from pathlib import Path

import pytest
from books import Book, at, point
from ledgers import Ledger, item, subscription
from sqlalchemy import text
from workspaces import workspace

from tenure import Evidence, RawChunk
from tenure.backup import Asked, place, restore, save
from tenure.cli import main
from tenure.errors import ConfigError, StoreError, TenureError
from tenure.ledger import schema
from tenure.ledger.lease import Ask, hold
from tenure.ledger.store import Store, now
from tenure.metrics.run import ReportRequest, build

OVER = Asked(replace=True)
RAW = RawChunk(name="page", position=0, data=bytes(range(256)), holds=["s"])


@pytest.fixture
def book(sqlite_database: str) -> Book:
    """A ledger with figures, a page of bytes and an unfinished pull."""
    made = Book(Store.open(sqlite_database))
    made.add("ann", [point("2025-12-01", 100), point("2026-02-01", 150)])
    made.add("bob", [point("2026-01-01", 30)])
    made.records.append(RAW)
    made.ledger.pull(made.records)
    return made


def figures(store: Store) -> str:
    """The report of the book's months, as programs read it."""
    request = ReportRequest(first="2026-01", last="2026-03", now=at("2026-07-01"))
    return json.dumps(build(workspace(store.url), store, request).as_json())


def test_a_ledger_goes_from_sqlite_to_postgres_and_back(
    book: Book, postgres_database: str, tmp_path: Path
):
    first = save(book.store, tmp_path / "a.zip")
    restore(postgres_database, tmp_path / "a.zip")
    there = Store.open(postgres_database)
    second = save(there, tmp_path / "b.zip")
    assert first.tables == second.tables
    restore(f"sqlite:///{tmp_path / 'back.db'}", tmp_path / "b.zip")
    back = Store.open(f"sqlite:///{tmp_path / 'back.db'}")
    assert figures(back) == figures(there) == figures(book.store)


def test_a_restored_ledger_goes_on(book: Book, store_url: str, tmp_path: Path):
    save(book.store, tmp_path / "a.zip")
    elsewhere = store_url.replace("store.db", "other.db")
    restore(elsewhere, tmp_path / "a.zip")
    ledger = Ledger(Store.open(elsewhere))
    counts = ledger.pull(
        [*book.records, subscription("new", item("i", {0: (5, Evidence.OBSERVED)}))]
    )
    assert (counts.stored, counts.unchanged) == (1, 2)


def test_what_is_written_meanwhile_is_not_half_in_it(book: Book, tmp_path: Path):
    with book.store.write() as (connection, _):
        connection.execute(text("DELETE FROM point"))
        made = save(book.store, tmp_path / "a.zip")
        connection.rollback()
    assert made.tables["point"].rows == 3


def test_a_ledger_is_not_overwritten_unasked(book: Book, tmp_path: Path):
    save(book.store, tmp_path / "a.zip")
    with pytest.raises(StoreError, match="not empty"):
        restore(book.store.url, tmp_path / "a.zip")
    before = figures(book.store)
    book.ledger.pull([subscription("late", item("i", {0: (5, Evidence.OBSERVED)}))], complete=False)
    restore(book.store.url, tmp_path / "a.zip", OVER)
    assert figures(book.store) == before


def test_a_ledger_in_use_is_not_replaced(book: Book, tmp_path: Path):
    save(book.store, tmp_path / "a.zip")
    with (
        hold(book.store, Ask(name="test", plugin="test")),
        pytest.raises(TenureError, match="is being synced"),
    ):
        restore(book.store.url, tmp_path / "a.zip", OVER)


def test_a_lease_of_the_time_of_the_backup_holds_nothing(book: Book, tmp_path: Path):
    with hold(book.store, Ask(name="test", plugin="test")):
        save(book.store, tmp_path / "a.zip")
    restore(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "a.zip")
    rows = Ledger(Store.open(f"sqlite:///{tmp_path / 'other.db'}")).rows
    assert rows("SELECT lease_holder FROM connector_state") == [(None,)]


def rewritten(path: Path, name: str, change) -> Path:
    """The backup with one of its files changed."""
    made = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for each in old.namelist():
            new.writestr(each, change(old.read(each)) if each == name else old.read(each))
    return made


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("point.jsonl", lambda data: data.replace(b"100000000", b"100000001")),
        ("point.jsonl", lambda data: data[: len(data) // 2]),
        ("manifest.json", lambda data: data.replace(b'"point"', b'"points"')),
        ("manifest.json", lambda _data: b"{}"),
        ("manifest.json", lambda data: data.replace(b'"tables": {', b'"tables": [], "x": {')),
        ("manifest.json", lambda _data: b"[" * 100_000),
    ],
    ids=["an amount", "half a table", "a table", "the manifest", "no tables", "deep"],
)
def test_a_damaged_backup_changes_nothing(book: Book, tmp_path: Path, name: str, change):
    save(book.store, tmp_path / "a.zip")
    before = figures(book.store)
    with pytest.raises(StoreError, match="nothing was changed"):
        restore(book.store.url, rewritten(tmp_path / "a.zip", name, change), OVER)
    assert figures(book.store) == before


def test_a_backup_of_a_newer_tenure_is_refused(book: Book, tmp_path: Path):
    save(book.store, tmp_path / "a.zip")
    newer = rewritten(
        tmp_path / "a.zip",
        "manifest.json",
        lambda data: data.replace(schema.HEAD.encode(), b"9999"),
    )
    with pytest.raises(StoreError, match="newer than this one"):
        restore(book.store.url, newer, OVER)


def test_a_file_that_is_no_backup_is_named(sqlite_database: str, tmp_path: Path):
    (tmp_path / "a.zip").write_text("hello")
    with pytest.raises(StoreError, match=r"a\.zip is no whole backup"):
        restore(sqlite_database, tmp_path / "a.zip")
    with pytest.raises(ConfigError, match="cannot be read"):
        restore(sqlite_database, tmp_path / "b.zip")


def test_a_backup_that_cannot_be_written_leaves_the_last_one(book: Book, tmp_path: Path):
    with pytest.raises(TenureError, match="cannot be written"):
        save(book.store, tmp_path / "missing" / "a.zip")
    (tmp_path / "a.zip").write_text("the last one")
    book.store.engine.dispose()
    with pytest.raises(StoreError):
        save(Store.bare(f"sqlite:///{tmp_path}/no/such.db"), tmp_path / "a.zip")
    assert [p.name for p in tmp_path.glob("*.zip")] == ["a.zip"]
    assert (tmp_path / "a.zip").read_text() == "the last one"


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins.toml").write_text('[connectors.a]\nuse = "file"\npath = "rows.csv"\n')
    (tmp_path / "rows.csv").write_text("customer,start,mrr\na,2025-01-01,5\n")
    main(["sync"])
    (made,) = tmp_path.glob("tenure.db")
    made.rename("elsewhere")
    assert main(["backup", "."]) == 1
    Path("elsewhere").rename(made)
    assert main(["backup", "."]) == 0
    (made,) = tmp_path.glob("tenure-*.zip")
    assert made.stat().st_mode & 0o777 == 0o600
    assert main(["restore", made.name]) == 1
    assert main(["restore", made.name, "--replace"]) == 0
    said = capsys.readouterr().out
    assert f"restored {made.name}" in said
    assert "forgotten again" not in said


def test_a_folder_that_is_not_there_yet_is_made(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "plugins.toml").write_text(f'[tenure]\nstore = "{book.store.url}"\n')
    monkeypatch.chdir(tmp_path)
    assert main(["backup", "some/backups"]) == 0
    assert [file.suffix for file in Path("some/backups").iterdir()] == [".zip"]
    with pytest.raises(TenureError, match="cannot be written"):
        place(Path("plugins.toml/backups"), now())
