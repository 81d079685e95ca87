"""The copy in columns: reports from it are those of the ledger, whatever happened to it."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from asked import as_policy, asked, filled, has_begun, heavy
from copies import Copied, from_copy, from_ledger
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from workspaces import workspace
from worlds import policies, questions, worlds

from tenure.ledger.store import Store, sqlite_path
from tenure.meta import Variant
from tenure.metrics import movements
from tenure.metrics.columns import LARGE
from tenure.metrics.run import build
from tenure.metrics.source import attached, reader

SEGMENTS = ("owner", "country", "plan", "currency", "acv_band", "cohort")


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    """Where the copy of a ledger on a server goes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))


@settings(heavy, max_examples=settings().max_examples // 4)
@given(data=st.data(), policy=policies())
def test_a_copy_that_grows_gives_the_figures_of_the_ledger(growing, data, policy):
    ledger = growing()
    by = data.draw(st.sampled_from(SEGMENTS))
    for world in (data.draw(worlds()), data.draw(worlds())):  # the second restates the first
        question = data.draw(questions(world))
        assume(has_begun(question))
        filled(ledger, world)
        ready = workspace(
            ledger.store.url, ledger.connector, zone=world.zone, policy=as_policy(policy)
        )
        request = asked(question, by=(by,), variant=Variant.ALL)
        there = build(ready, ledger.store, replace(request, attach=from_copy))
        assert there == build(ready, ledger.store, replace(request, attach=from_ledger))


@pytest.fixture
def copied(sqlite_database: str):
    with of_two(sqlite_database) as made:
        yield made


@contextmanager
def of_two(url: str) -> Iterator[Copied]:
    """A copy of a ledger of two customers."""
    made = Copied(url)
    made.state(a=100, b=200)
    made.agrees()
    yield made
    made.store.engine.dispose()


def test_a_refresh_adds_what_is_new_and_keeps_the_files(store_url):
    with of_two(store_url) as copied:
        refresh(copied)


def refresh(copied: Copied) -> None:
    before = copied.files
    copied.state(a=100, b=250, c=300)
    copied.agrees()
    assert before < copied.files
    assert copied.report().rows[0].new == 650 * 10**6


def test_nothing_new_writes_nothing(copied):
    kept = {path: path.stat().st_mtime_ns for path in copied.folder.iterdir()}
    copied.agrees()
    assert {path: path.stat().st_mtime_ns for path in copied.folder.iterdir()} == kept


def test_what_was_known_before_a_refresh_is_known_after_it(copied):
    known_at, before = copied.store.known_at(), copied.report().rows
    copied.state(a=999)
    copied.agrees()
    assert copied.report(known_at=known_at, now=None).rows[0].new == before[0].new


def test_many_refreshes_end_in_few_files_and_disturb_no_reader(copied):
    asked = "SELECT count(*), sum(amount) FROM known_point"
    most = 0
    with from_copy(copied.source) as duck:
        before = duck.execute(asked).fetchall()
        for amount in range(10):
            copied.state(a=100, b=300 + amount)
            with from_copy(copied.source):
                most = max(most, len(copied.files))
        assert duck.execute(asked).fetchall() == before
    copied.agrees()
    assert len(copied.files) < most


def test_a_copy_from_before_somebody_was_forgotten_is_made_anew(copied):
    before = copied.files
    with copied.store.write() as (connection, _):
        connection.execute(text("UPDATE customer SET external_id = 'token' WHERE id = 1"))
        connection.execute(
            text("INSERT INTO erasure (token, recorded_at, counts) VALUES ('token', 1, '{}')")
        )
    copied.agrees()
    copied.report()  # which tidies up
    assert not before & copied.files


@pytest.mark.parametrize("damage", ["flip", "cut", "delete"])
def test_a_damaged_copy_is_made_anew(copied, damage, caplog):
    path = min(copied.folder.glob("*.parquet"))
    data = path.read_bytes()
    middle = len(data) // 2
    if damage == "delete":
        path.unlink()
    else:
        rest = bytes([data[middle] ^ 1]) + data[middle + 1 :] if damage == "flip" else b""
        path.write_bytes(data[:middle] + rest)
    with caplog.at_level(logging.WARNING):
        copied.agrees()
    assert f"{path} is damaged" in caplog.text
    copied.report()  # which tidies up
    assert path.name not in copied.files


@pytest.mark.parametrize("found", ["", "[]", "{}", '{"layout": 2, "stamp": 1, "tables": 3}'])
def test_a_copy_whose_list_is_lost_is_made_anew(copied, found):
    (copied.folder / "copy.json").write_text(found)
    copied.agrees()


def test_a_copy_of_another_ledger_is_made_anew(tmp_path):
    first, second = (Copied(f"sqlite:///{tmp_path / name}.db") for name in ("first", "second"))
    first.state(a=100, b=200)
    second.state(a=1, b=2)
    first.agrees()
    second.store.engine.dispose()
    first.store.engine.dispose()
    for suffix in ("", "-wal", "-shm"):
        path = tmp_path / f"second.db{suffix}"
        target = tmp_path / f"first.db{suffix}"
        target.unlink(missing_ok=True)
        if path.exists():
            target.write_bytes(path.read_bytes())
    first.agrees()
    assert first.report().rows[0].new == 3 * 10**6


def test_an_older_ledger_put_back_is_copied_anew(tmp_path):
    made = Copied(f"sqlite:///{tmp_path / 't.db'}")
    made.state(a=100, b=200)
    made.ledger.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    made.store.engine.dispose()
    kept = (tmp_path / "t.db").read_bytes()
    made.state(b=200)  # closes a row, adds none
    made.agrees()
    made.ledger.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    made.store.engine.dispose()
    (tmp_path / "t.db").write_bytes(kept)
    made.agrees()
    made.state(a=100, b=200, c=5)  # its stamp is later than that of the copy
    made.agrees()


def test_without_a_place_for_the_copy_the_ledger_is_read(tmp_path, caplog):
    made = Copied(f"sqlite:///{tmp_path / 't.db'}")
    made.state(a=100)
    made.folder.write_text("in the way")
    with caplog.at_level(logging.WARNING):
        made.agrees()
    assert "No copy of the ledger can be kept" in caplog.text
    made.store.engine.dispose()


def test_a_small_ledger_has_no_copy(tmp_path):
    made = Copied(f"sqlite:///{tmp_path / 't.db'}")
    made.state(a=100)
    made.report(attached)
    assert LARGE > 1
    assert not made.folder.exists()
    made.store.engine.dispose()


def test_the_movement_log_comes_from_the_copy_too(copied):
    ready = workspace(copied.store.url)
    logs = [
        movements.build(ready, copied.store, replace(copied.request, attach=attach, by=()))
        for attach in (from_copy, from_ledger)
    ]
    assert logs[0] == logs[1]
    assert logs[0].movements


def test_the_copy_is_for_its_owner_alone(copied):
    assert copied.folder.stat().st_mode & 0o077 == 0
    assert not Path(copied.folder).is_symlink()


_CLOSING = """
import sqlite3, sys, time
ledger = sqlite3.connect(sys.argv[1], isolation_level=None)
for each in ("PRAGMA locking_mode = EXCLUSIVE", "BEGIN IMMEDIATE", "COMMIT"):
    ledger.execute(each)
print("holds it", flush=True)
time.sleep(0.3)
"""


def test_reading_in_columns_waits_for_another_process_that_closes_the_ledger(sqlite_database: str):
    store = Store.open(sqlite_database)
    command = [sys.executable, "-S", "-c", _CLOSING, str(sqlite_path(store.url))]
    with reader(store) as read, subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        rows = read("SELECT count(*) FROM customer")  # noqa: F841 - DuckDB finds it by its name
        assert duckdb.sql("FROM rows").fetchall() == [(0,)]
