"""The store: its lock, its schema, and its failures in words."""

import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from ledgers import Ledger, item, subscription
from sqlalchemy import event, text
from sqlmodel import SQLModel

from tenure import Evidence
from tenure.daemon.leader import lock_of
from tenure.errors import ConfigError, SourceError, StoreError
from tenure.ledger import schema
from tenure.ledger import store as stores
from tenure.ledger.lease import Ask, hold
from tenure.ledger.store import Store


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'tenure.db'}"


def test_the_migrations_make_the_tables_of_the_models(store_url: str):
    store = Store.open(store_url)
    with store.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    assert found == []


def test_the_head_is_the_last_migration():
    scripts = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
    assert scripts.get_current_head() == schema.HEAD == schema.KNOWN[-1]


def test_opening_twice_changes_nothing(store_url: str):
    Store.open(store_url)
    assert schema.current(Store.open(store_url).engine) == schema.HEAD


def test_stamps_grow_while_the_clock_goes_backwards(store_url: str):
    clock = [datetime(2026, 5, 1, tzinfo=UTC)]
    store = Store.open(store_url, clock=lambda: clock[0])
    with store.write() as (_, first):
        clock[0] -= timedelta(days=9)
    with store.write() as (_, second):
        pass
    assert second - first == timedelta(microseconds=1)
    assert store.known_at() == second


def test_a_failed_transaction_leaves_no_stamp(store_url: str):
    store = Store.open(store_url)
    with pytest.raises(ZeroDivisionError), store.write():
        raise ZeroDivisionError
    assert store.known_at() is None


def test_a_newer_schema_is_refused(store_url: str):
    store = Store.open(store_url)
    with store.write() as (connection, _):
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"newer tenure.*Upgrade tenure"):
        Store.open(store_url)


def test_a_locked_ledger_names_its_holder(tmp_path: Path):
    store = Store.open(sqlite_url(tmp_path), patience=0.2)
    hold_lock = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold_lock, str(tmp_path / "tenure.db")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        other.stdout.readline()
        with (
            pytest.raises(StoreError, match=rf"written by process {other.pid} \(python"),
            store.write(),
        ):
            pass
        other.communicate(b"")


def test_a_ledger_locked_on_a_server_names_its_holder(postgres_database: str):
    store, daemon = Store.open(postgres_database, patience=0.2), lock_of(postgres_database, "x")
    assert daemon.held()  # the other lock, which says nothing
    with store.write(), pytest.raises(StoreError, match=r"written by tenure .*:\d"), store.write():
        pass
    daemon.release()


def test_a_server_gives_up_a_machine_that_is_silent_long_before_it_would_by_itself(
    postgres_database: str,
):
    with Store.open(postgres_database).read() as connection:
        settings = ("tcp_keepalives_idle", "tcp_user_timeout")
        shown = [connection.scalar(text(f"SHOW {name}")) for name in settings]
    assert shown == ["10", "25000"]


def test_a_missing_folder_is_said_so(tmp_path: Path):
    missing = tmp_path / "nowhere"
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(sqlite_url(missing))


def test_the_file_of_another_program_is_left_alone(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "tenure.db")) as other:
        other.execute("CREATE TABLE bookmarks (address)")
    with pytest.raises(StoreError, match=r"tables of something else.*another file"):
        Store.open(sqlite_url(tmp_path))


def test_a_folder_in_place_of_the_file_is_said_so(tmp_path: Path):
    (tmp_path / "tenure.db").mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(sqlite_url(tmp_path))


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path: Path):
    (tmp_path / "tenure.db").write_text("customer,mrr\n" * 100)
    with pytest.raises(StoreError, match="is not a ledger"):
        Store.open(sqlite_url(tmp_path))
    assert (tmp_path / "tenure.db").read_text().startswith("customer,mrr")


def test_a_full_disk_loses_only_what_was_not_committed(tmp_path: Path):
    ledger = Ledger(Store.open(sqlite_url(tmp_path)))
    ledger.pull([subscription("s", item("i", {0: (1, Evidence.OBSERVED)}))])
    with ledger.store.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    event.listen(
        ledger.store.engine,
        "connect",
        lambda connection, _: connection.execute(f"PRAGMA max_page_count = {pages}"),
    )
    amounts = {0: (1, Evidence.OBSERVED)}
    many = [subscription(f"n{n}", item(f"n{n}", amounts)) for n in range(3000)]
    with pytest.raises(StoreError, match=r"has no room left.*Free some disk space"):
        ledger.pull(many)
    with sqlite3.connect(tmp_path / "tenure.db") as plain:
        assert plain.execute("SELECT count(*) FROM point").fetchone() == (1,)
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("url", ["sqlight:///x.db", "mysql://u:secret@h/d", "nonsense"])
def test_an_unusable_url_is_a_mistake_of_the_configuration(url: str):
    with pytest.raises(ConfigError) as error:
        Store.open(url)
    assert "secret" not in str(error.value)


def test_no_server_at_the_url_is_said_without_the_password():
    with pytest.raises(StoreError, match="does not answer") as error:
        Store.open("postgresql+psycopg://u:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in str(error.value)


def test_a_password_among_the_options_of_the_url_is_not_said():
    with pytest.raises(StoreError, match="does not answer") as error:
        Store.open("postgresql+psycopg://127.0.0.1:1/none?user=u&password=hunter2")
    assert "hunter2" not in str(error.value)


def test_a_database_that_is_not_there_is_named(postgres_database: str):
    with pytest.raises(StoreError, match=r"nowhere does not exist.*Create the database"):
        Store.open(f"{postgres_database.rpartition('/')[0]}/nowhere")


def test_a_server_that_breaks_off_costs_only_what_was_not_committed(postgres_database: str):
    ledger, amounts = Ledger(Store.open(postgres_database)), {0: (1, Evidence.OBSERVED)}
    ledger.pull([subscription("s", item("i", amounts))])

    def broken_off():
        """Rows enough to be copied after the end of the session, which is the driver's own call."""
        for number in range(6_000):
            if number == 3_000:
                with Store.open(postgres_database).write() as (connection, _):
                    others = "datname = current_database() AND pid <> pg_backend_pid()"
                    connection.execute(
                        text(
                            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
                        )
                    )
            yield subscription(f"n{number}", item(f"n{number}", amounts))

    with pytest.raises(StoreError, match=r"broke off.*what was committed is kept"):
        ledger.pull(broken_off())
    assert ledger.timelines() == {"i": {0: (1, Evidence.OBSERVED)}}


def test_a_table_of_others_with_a_name_of_ours_is_left_alone(postgres_database: str):
    ledger = Ledger(Store.open(postgres_database))
    with ledger.store.write() as (connection, _):
        connection.execute(text("CREATE TABLE stage_item AS SELECT 7 AS theirs"))
    ledger.pull([subscription("s", item("i", {0: (1, Evidence.OBSERVED)}))])
    assert ledger.rows("SELECT theirs FROM public.stage_item") == [(7,)]
    assert list(ledger.timelines()) == ["i"]


def test_first_openings_at_once_make_one_schema(store_url: str):
    with ThreadPoolExecutor(4) as pool:
        stores_of = list(pool.map(Store.open, [store_url] * 4))
    assert {schema.current(store.engine) for store in stores_of} == {schema.HEAD}


def test_describing_a_store_makes_nothing(tmp_path: Path):
    assert "will be made" in Store.describe(sqlite_url(tmp_path))
    assert list(tmp_path.iterdir()) == []
    Store.open(sqlite_url(tmp_path))
    assert re.search(r"schema \d+$", Store.describe(sqlite_url(tmp_path)))


def test_a_lease_keeps_another_process_out_and_names_it(sqlite_database: str):
    store = Store.open(sqlite_database)
    with hold(store, Ask(name="billing", plugin="test")):
        with store.write() as (connection, _):
            connection.execute(text("UPDATE connector_state SET lease_holder = 'elsewhere:7'"))
        with (
            pytest.raises(SourceError, match="synced by elsewhere:7"),
            hold(store, Ask(name="billing", plugin="test")),
        ):
            pass


def test_a_lease_keeps_another_thread_out(store_url: str):
    store, ask = Store.open(store_url), Ask(name="billing", plugin="test")
    with (
        hold(store, ask),
        pytest.raises(SourceError, match=f"synced by {stores.this_process()}\\. Wait"),
        hold(store, ask),
    ):
        pass
    with hold(store, ask):
        pass


def test_a_dead_holder_that_had_our_number_holds_nothing(store_url: str):
    """A container that is started again has the name and the process number of the killed one."""
    store, ask = Store.open(store_url), Ask(name="billing", plugin="test")
    with hold(store, ask), store.write() as (connection, _):
        dead = {"holder": f"{stores.this_process()}/0badcafe"}
        connection.execute(text("UPDATE connector_state SET lease_holder = :holder"), dead)
    with hold(store, ask) as lease:
        assert lease.connector == 1


def test_a_dead_holder_on_this_machine_holds_nothing(store_url: str):
    store = Store.open(store_url)
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    host = stores.this_process().rpartition(":")[0]
    with hold(store, Ask(name="billing", plugin="test")):
        pass
    with store.write() as (connection, _):
        far = {"holder": f"{host}:{dead.pid}", "until": 2**52}
        connection.execute(
            text("UPDATE connector_state SET lease_holder = :holder, lease_until = :until"), far
        )
    with hold(store, Ask(name="billing", plugin="test")) as lease:
        assert lease.connector == 1


def test_a_holder_elsewhere_holds_as_long_as_it_has_a_session(postgres_database: str):
    store, ask = Store.open(postgres_database), Ask(name="billing", plugin="test")
    with hold(store, ask), store.write() as (connection, _):
        connection.execute(text("UPDATE connector_state SET lease_holder = 'elsewhere:7/0badcafe'"))
    with store.connect() as session:
        session.execute(text("SET application_name = 'tenure elsewhere:7'"))
        with pytest.raises(SourceError, match="is being synced by elsewhere:7"), hold(store, ask):
            pass
        session.invalidate()
    with hold(store, ask) as lease:
        assert lease.connector == 1


def test_who_lost_the_lease_commits_nothing(store_url: str):
    store = Store.open(store_url)
    ledger = Ledger(store)

    def taken_over():
        yield subscription("s", item("i", {0: (1, Evidence.OBSERVED)}))
        with store.write() as (connection, _):
            connection.execute(text("UPDATE connector_state SET lease_holder = 'elsewhere:7'"))

    with pytest.raises(SourceError, match="taken over"):
        ledger.pull(taken_over())
    assert ledger.timelines() == {}
