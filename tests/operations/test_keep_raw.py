"""[tenure] keep_raw: what sources sent goes after a while, and nothing else."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from ledgers import START, Ledger
from sqlalchemy import text
from workspaces import workspace

from tenure import RawChunk
from tenure.cli import main
from tenure.ledger import retention
from tenure.ledger.store import Store
from tenure.ledger.tables import to_micros
from tenure.sync import SyncOptions, sync

DAY = timedelta(days=1)


def page(number: int, data: bytes = b"[]") -> RawChunk:
    return RawChunk(name="invoices", position=number, data=data, holds=[f"in_{number}"])


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self):
        return self.now


def test_only_what_is_older_goes_and_all_else_stays(store_url: str):
    clock = Clock()
    store = Store.open(store_url, clock=clock)
    ledger = Ledger(store)
    ledger.pull([page(1), page(2)])
    clock.now += 60 * DAY
    ledger.pull([page(3)], complete=False)
    before = ledger.writes()
    assert retention.prune(store, 90 * DAY) == 0
    clock.now += 31 * DAY
    assert retention.prune(store, 90 * DAY) == 2
    assert retention.status(store) == retention.RawStatus(kept=1, size=2, deleted=2)
    assert ledger.writes() == before


def test_what_is_sent_again_is_kept_again(sqlite_database: str):
    clock = Clock()
    store = Store.open(sqlite_database, clock=clock)
    Ledger(store).pull([page(1)])
    clock.now += 91 * DAY
    retention.prune(store, 90 * DAY)
    Ledger(store).pull([page(1)])
    assert retention.prune(store, 90 * DAY) == 0
    assert retention.status(store).kept == 1


def test_a_long_past_goes_a_part_at_a_time(sqlite_database: str, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    monkeypatch.setattr(retention, "MOST", 2)
    clock = Clock()
    store = Store.open(sqlite_database, clock=clock)
    Ledger(store).pull([page(n) for n in range(5)])
    clock.now += 2 * DAY
    assert [retention.prune(store, DAY) for _ in range(3)] == [4, 1, 0]


def test_a_deleted_page_cannot_be_read_back(sqlite_database: str, tmp_path: Path):
    clock = Clock()
    store = Store.open(sqlite_database, clock=clock)
    Ledger(store).pull([page(1, bytes(range(33, 127)) * 100)])
    ((packed,),) = Ledger(store).rows("SELECT data FROM raw_object")
    clock.now += 2 * DAY
    retention.prune(store, DAY)
    store.engine.dispose()
    assert bytes(packed)[:60] not in (tmp_path / "store.db").read_bytes()


def test_how_syncs_went_is_kept_for_a_while_and_of_each_the_last_for_good(store_url: str):
    clock = Clock()
    store = Store.open(store_url, clock=clock)
    ready = workspace(store_url, "a", "b")
    for name in ("b", "a", "a"):
        sync(ready, store, SyncOptions(names=[name]))
        clock.now += 89 * DAY
    sync(ready, store, SyncOptions(names=["a"]))
    said = "SELECT subject, started_at FROM run ORDER BY id"
    days = [(name, (int(str(at)) - to_micros(START)) // (86_400 * 10**6)) for name, at in
            Ledger(store).rows(said)]  # fmt: skip
    assert days == [("b", 0), ("a", 178), ("a", 267)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose file was read a year ago."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins.toml").write_text(
        '[tenure]\nkeep_raw = "90d"\n[connectors.a]\nuse = "file"\npath = "rows.csv"\n'
    )
    (tmp_path / "rows.csv").write_text("customer,start,mrr\nacme,2025-01-01,5\n")
    assert main(["sync", "--quiet"]) == 0
    with Store.open("sqlite:///tenure.db").write() as (connection, _):
        connection.execute(text("UPDATE raw_object SET recorded_at = 1, content_hash = 'other'"))
    return tmp_path


def test_a_sync_deletes_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["sync"]) == 0
    assert "keep_raw: 1 page older than 90 days deleted" in capsys.readouterr().out
    main(["status", "--json"])
    assert json.loads(capsys.readouterr().out)["raw"]["deleted"] == 1


def test_a_file_that_has_not_changed_is_not_kept_again(folder: Path):
    main(["sync", "--full", "--quiet"])
    store = Store.open("sqlite:///tenure.db")
    with store.write() as (connection, _):
        connection.execute(text("UPDATE raw_object SET recorded_at = 1"))
    for _ in range(2):
        main(["sync", "--quiet"])
    assert retention.status(store) == retention.RawStatus(kept=0, size=0, deleted=2)


def test_explain_says_that_the_page_is_gone(folder: Path, capsys: pytest.CaptureFixture[str]):
    main(["sync"])
    capsys.readouterr()
    assert main(["explain", "--customer", "acme"]) == 0
    assert "rows.csv:2 (deleted " in capsys.readouterr().out


@pytest.mark.parametrize("said", ["90", "0d", "-1d", "90 days", "999999d"])
def test_a_mistake_in_keep_raw(folder: Path, said: str, capsys: pytest.CaptureFixture[str]):
    (folder / "plugins.toml").write_text(f'[tenure]\nkeep_raw = "{said}"\n')
    assert main(["status"]) == 2
    assert 'write "90d" (days), or "forever"' in capsys.readouterr().err
