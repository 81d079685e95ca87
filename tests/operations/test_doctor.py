"""doctor: each thing that may be wrong is found, with what to do about it."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ledgers import Ledger, item, subscription
from sqlalchemy import text
from workspaces import workspace

from tenure import Evidence, Quarantined
from tenure.cli import main
from tenure.doctor import Finding, Grade, examine, mend, surroundings
from tenure.doctor import ledger as inside
from tenure.errors import ConfigError, PluginError
from tenure.ledger.store import Store, now

ROWS = [subscription("s", item("i", {0: (5, Evidence.OBSERVED), 9: (7, Evidence.OBSERVED)}))]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A ledger that nothing is wrong with."""
    made = Store.open(store_url)
    Ledger(made).pull(ROWS)
    return made


@pytest.fixture
def sqlite_store(sqlite_database: str) -> Store:
    """The same in SQLite, of which a file is looked at."""
    made = Store.open(sqlite_database)
    Ledger(made).pull(ROWS)
    return made


def found(store: Store) -> list[Finding]:
    """What is not as it should be."""
    return [one for one in examine(workspace(store.url)) if one.grade is not Grade.OK]


def break_it(store: Store, *statements: str) -> None:
    with store.write() as (connection, _):
        for statement in statements:
            connection.execute(text(statement))


def only(store: Store) -> Finding:
    (one,) = found(store)
    return one


def test_nothing_is_wrong_with_a_sound_ledger(store: Store):
    assert found(store) == []


@pytest.mark.parametrize("what", sorted(inside.NEVER))
def test_what_may_never_be_is_found(sqlite_store: Store, what: str):
    broken = {
        "attributes of nobody": [
            "INSERT INTO customer_attribute VALUES (99, 99, 'n', NULL, 1, 'observed', 1, NULL)"
        ],
        "clocks too few or too many": ["DELETE FROM ledger_clock"],
        "customers of no connector": [
            "INSERT INTO customer (connector_id, external_id, recorded_at) VALUES (99, 'x', 1)"
        ],
        "items whose subscription is another customer's, or nobody's": [
            "UPDATE item SET subscription_id = 99"
        ],
        "points of one item and instant that are in force at once": [
            "DROP INDEX item_effective_at_in_force",
            "UPDATE point SET effective_at = 1",
        ],
        "points recorded after the last stamp": ["UPDATE point SET recorded_at = 1 << 60"],
        "points that bill less than nothing": ["UPDATE point SET amount = -1"],
        "points that were closed before they were recorded": ["UPDATE point SET superseded_at = 1"],
        "points whose item is another customer's, or nobody's": ["UPDATE point SET item_id = 99"],
    }
    break_it(sqlite_store, *broken[what])
    said = [one.text for one in found(sqlite_store) if one.kind == "ledger"]
    assert [line for line in said if line.endswith(what)]


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("DROP TABLE sink_remote", "table sink_remote"),
        ("ALTER TABLE run DROP COLUMN message", "column run.message"),
        ("DROP INDEX item_effective_at_in_force", "index item_effective_at_in_force of point"),
    ],
    ids=["table", "column", "index"],
)
def test_what_is_missing_of_the_schema_is_named(store: Store, statement: str, missing: str):
    break_it(store, statement)
    assert f"{missing} is missing" in [one.text for one in found(store) if one.kind == "integrity"]


def test_a_ledger_that_forgot_its_schema_is_not_taken_for_an_empty_one(sqlite_store: Store):
    break_it(sqlite_store, "DROP TABLE alembic_version")
    assert (only(sqlite_store).kind, only(sqlite_store).grade) == ("store", Grade.WRONG)


def test_a_value_that_cannot_be_read_is_a_finding(store: Store):
    break_it(store, "UPDATE connector_state SET cursor = '{'")
    assert only(store).kind == "integrity"


def test_a_connector_of_another_workspace_is_named(store: Store):
    Ledger(store, "theirs").pull([])
    (said,) = [one.text for one in examine(workspace(store.url)) if "theirs" in one.text]
    assert "not in plugins.toml" in said


def test_a_connector_that_is_switched_off_is_still_counted(store: Store):
    with_it = workspace(store.url)
    (entry,) = with_it.connectors
    off = replace(with_it, connectors=(replace(entry, enabled=False),))
    said = [one.text for one in examine(off) if one.kind == "freshness"]
    assert said == ["test: not enabled, so not read; what it read before is counted"]


def test_a_dead_holder_of_a_sink_is_let_go(sqlite_store: Store):
    host = os.uname().nodename
    break_it(sqlite_store, f"INSERT INTO sink_lease VALUES ('s', '{host}:999999', {10**17})")
    assert mend(only(sqlite_store)).mended
    assert found(sqlite_store) == []


@pytest.mark.parametrize("name", ["plugins.toml", "acme.py", "."])
def test_who_else_may_say_what_is_run_is_found(sqlite_store: Store, tmp_path: Path, name: str):
    ready = workspace(sqlite_store.url)
    plugin = replace(ready.connectors[0], use="./acme.py")
    path = tmp_path / "plugins.toml"
    ready = replace(ready, path=path, folder=tmp_path, connectors=(plugin,))
    for file in (path, tmp_path / "acme.py"):
        file.touch(mode=0o644)
    (tmp_path / name).chmod(0o777)
    (one,) = [one for one in examine(ready) if one.kind == "modes"]
    assert (one.grade, "every user" in one.text) == (Grade.WRONG, True)
    mend(one)
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o755


def test_what_is_somebody_elses_to_mend_is_said():
    def refused() -> None:
        raise PermissionError(1, "Operation not permitted")

    one = Finding(kind="modes", text="a is open", todo="chmod 600 a", mend=refused)
    with pytest.raises(ConfigError, match="cannot be mended: Operation not permitted"):
        mend(one)


def test_a_damaged_file_is_found(sqlite_store: Store, tmp_path: Path):
    sqlite_store.engine.dispose()
    file = tmp_path / "store.db"
    data = bytearray(file.read_bytes())
    data[-4096:] = b"\xff" * 4096
    file.write_bytes(data)
    assert {one.kind for one in found(sqlite_store) if one.grade is Grade.WRONG} & {
        "integrity",
        "store",
    }


def test_a_store_that_cannot_be_reached_is_a_finding(tmp_path: Path):
    url = "postgresql+psycopg://nobody@127.0.0.1:9/none"
    (one,) = (f for f in examine(workspace(url)) if f.kind == "store")
    assert (one.grade, "does not answer" in one.text) == (Grade.WRONG, True)


def test_a_store_that_is_not_there_yet_is_none(tmp_path: Path):
    assert found(Store.bare(f"sqlite:///{tmp_path / 'none.db'}")) == []
    assert not (tmp_path / "none.db-wal").exists()


def test_a_clock_that_is_behind_the_ledger(store: Store):
    break_it(store, "UPDATE ledger_clock SET last_stamp = last_stamp + 3600000000")
    assert (only(store).kind, only(store).grade) == ("clock", Grade.WARNING)


def test_a_dead_holder_is_found_and_let_go(store: Store):
    until = int((now() + timedelta(minutes=5)).timestamp() * 1e6)
    host = os.uname().nodename
    break_it(
        store,
        f"UPDATE connector_state SET lease_holder = '{host}:999999', lease_until = {until}",
    )
    one = only(store)
    assert one.kind == "leases"
    assert one.mend is not None
    one.mend()
    assert found(store) == []


def test_a_file_that_others_may_read(sqlite_store: Store, tmp_path: Path):
    (tmp_path / "store.db").chmod(0o640)
    one = only(sqlite_store)
    assert (one.kind, "open to its group" in one.text) == ("modes", True)
    assert one.mend is not None
    one.mend()
    assert found(sqlite_store) == []


def test_a_new_store_is_its_owners_alone(sqlite_store: Store, tmp_path: Path):
    with sqlite_store.write() as (connection, _):
        connection.execute(text("UPDATE ledger_clock SET last_stamp = last_stamp"))
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.glob("store.db*")}
    assert modes == dict.fromkeys(["store.db", "store.db-wal", "store.db-shm"], 0o600)


def test_a_disk_that_is_full(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(surroundings, "FULL", 1 << 62)
    assert {one.kind for one in found(sqlite_store)} == {"disk"}


@pytest.mark.parametrize(
    ("last", "when"), [(1, "1970-01-01 00:00 UTC"), (1 << 52, "2112-09-17 23:53 UTC (clock ahead)")]
)
def test_a_stale_connector(sqlite_store: Store, last: int, when: str):
    break_it(sqlite_store, f"UPDATE connector_state SET last_complete_at = {last}")
    one = only(sqlite_store)
    assert (one.kind, one.grade, one.todo) == ("freshness", Grade.WRONG, "tenure sync test")
    assert one.text == f"test: read to its end {when}"


def test_quarantined_rows(sqlite_store: Store):
    Ledger(sqlite_store).pull([*ROWS, Quarantined(source_ref="x", reason="no date")])
    assert only(sqlite_store).text == "1 row could not be read"


def test_dead_deliveries(sqlite_store: Store):
    break_it(
        sqlite_store,
        "INSERT INTO delivery (sink, content_hash, key, state, attempts, written, message,"
        " recorded_at) VALUES ('s', 'h', 'k', 'dead', 9, 0, '', 1)",
    )
    assert (only(sqlite_store).kind, only(sqlite_store).grade) == ("deliveries", Grade.WRONG)


def test_a_broken_plugin_and_old_zones(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch):
    ready = workspace(sqlite_store.url)
    (entry,) = ready.connectors
    broken = replace(entry, problem=PluginError("it is broken", "Mend it"))
    monkeypatch.setattr(surroundings, "_OLD_ZONES", -9)
    kinds = [
        one.kind
        for one in examine(replace(ready, connectors=(broken,)))
        if one.grade is not Grade.OK
    ]
    assert kinds == ["plugins", "timezones"]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins.toml").write_text('[connectors.a]\nuse = "file"\npath = "rows.csv"\n')
    (tmp_path / "rows.csv").write_text("customer,start,mrr\na,2025-01-01,5\n")
    (tmp_path / ".env").write_text("KEY=1")
    main(["sync", "--quiet"])
    capsys.readouterr()
    assert main(["doctor"]) == 0
    assert "chmod 600" in capsys.readouterr().out
    assert main(["doctor", "--fix"]) == 0
    assert "mended" in capsys.readouterr().out
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert main(["doctor", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {one["grade"] for one in said} == {"ok"}
    (tmp_path / "tenure.db").write_text("no database")
    assert main(["doctor"]) == 1


def test_a_mistake_in_plugins_toml_is_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins.toml").write_text("[tenure]\nstor = 1\n")
    assert main(["doctor"]) == 2
