"""A push writes what differs and nothing else, whatever was done to the warehouse meanwhile."""

import shutil
from pathlib import Path

import pytest
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from lakes import FIRST, Held, book_of, changes, grow, lake, pushed, ready

from tenure import ConfigError, TransientError
from tenure.delivery.lent import context_for
from tenure_sinks.warehouse.columns import shape_of
from tenure_sinks.warehouse.tables import Tables

URL = "duckdb:///lake.duckdb"
SMALL = ("movements", "customer_mrr", "cohorts")


@pytest.fixture(scope="module")
def pushed_once(tmp_path_factory) -> Path:
    """A folder with a ledger and its warehouse, for tests to copy."""
    folder = tmp_path_factory.mktemp("lake")
    book = book_of(f"sqlite:///{folder}/store.db")
    assert pushed(book, folder, lake(URL, reports=SMALL)).error is None
    book.store.engine.dispose()
    return folder


@pytest.fixture
def book(pushed_once, tmp_path):
    shutil.copytree(pushed_once, tmp_path, dirs_exist_ok=True)
    made = book_of(f"sqlite:///{tmp_path}/store.db")
    yield made
    made.store.engine.dispose()


@pytest.fixture
def held(tmp_path):
    return Held(tmp_path, URL)


def test_only_parts_that_changed_are_sent(book, tmp_path, held):
    entry, before = lake(URL, reports=("customer_mrr",)), known(held)
    grow(book)
    assert changes(book, tmp_path, entry) == [("customer_mrr", "21", "22", "1 of 6 parts")]
    assert pushed(book, tmp_path, entry).error is None
    assert {period for period, at in known(held).items() if before[period] != at} == {"2026-06"}


def known(held) -> dict[str, object]:
    """As known when each month is."""
    return {row["period"]: row["known_at"] for row in held._rows("customer_mrr")}


def test_an_unchanged_push_asks_three_times_and_writes_nothing(book, tmp_path, queries):
    before = (tmp_path / "lake.duckdb").read_bytes()
    assert pushed(book, tmp_path, lake(URL, reports=SMALL)).run is None
    assert (tmp_path / "lake.duckdb").read_bytes() == before
    asked = [each for each in queries if "FROM" in each]
    assert (len(asked), [each for each in asked if "SELECT" not in each.upper()]) == (3, [])


@pytest.fixture
def queries(monkeypatch) -> list[str]:
    """What is said to the warehouse, as dlt's client of DuckDB is told it."""
    said: list[str] = []
    plain = DuckDbSqlClient.execute_query

    def listening(self, query, *args, **kwargs):
        said.append(str(query))
        return plain(self, query, *args, **kwargs)

    monkeypatch.setattr(DuckDbSqlClient, "execute_query", listening)
    return said


def test_what_somebody_did_by_hand_is_put_back(book, tmp_path, held):
    entry = lake(URL, reports=SMALL)
    before = {table: sorted(map(str, held.rows(table))) for table in SMALL}
    held.do("DROP TABLE tenure.cohorts")
    held.do("DELETE FROM tenure.movements WHERE period = '2026-03'")
    held.do("ALTER TABLE tenure.customer_mrr DROP COLUMN segment_plan")
    assert {table: note for table, _, _, note in changes(book, tmp_path, entry)} == {
        "cohorts": "made", "movements": "changed by hand", "customer_mrr": "lacks columns"
    }  # fmt: skip
    assert pushed(book, tmp_path, entry).error is None
    rows = {table: held.rows(table) for table in SMALL}
    names = sorted(rows["customer_mrr"][0])
    rows["customer_mrr"] = [{n: row[n] for n in COLUMNS} for row in rows["customer_mrr"]]
    assert "segment_plan" in names
    assert {table: sorted(map(str, found)) for table, found in rows.items()} == before


COLUMNS = (
    "customer_key", "customer_id", "period", "period_start", "period_end", "partial", "start_mrr",
    "end_mrr", "end_mrr_constant", "movement", "segment_owner", "segment_plan",
)  # fmt: skip


def test_columns_of_another_type_are_named(book, tmp_path, held):
    for column in ("base TYPE DOUBLE", "logos TYPE VARCHAR", "revenue TYPE DECIMAL(18, 2)"):
        held.do(f"ALTER TABLE tenure.cohorts ALTER {column}")
    error = pushed(book, tmp_path, lake(URL, reports=("cohorts",))).error
    assert isinstance(error, ConfigError)
    assert "cohorts.base is double and should be decimal" in str(error)
    assert "cohorts.logos is text and should be bigint" in str(error)
    assert "cohorts.revenue has 2 decimal places and should have 6" in str(error)


@pytest.mark.parametrize("room", [0, 10**6])
def test_rows_are_the_same_when_there_is_no_room_to_keep_them(book, tmp_path, room):
    entry = lake(URL)
    context = context_for(ready(book, tmp_path, entry), book.store, entry, book.store.known_at())
    tables = Tables(context, entry.plugin.config, FIRST, room)
    looked_at = tables.shape("movements")
    assert ("movements" in tables.kept) == (room > 0)
    assert shape_of(tables.rows("movements"), "period") == looked_at


def test_a_new_segment_is_a_new_column(book, tmp_path, held):
    cut = ("plan", "owner", "currency")
    wider = lake(URL, reports=("customer_mrr",), segments=cut, since=None)
    assert pushed(book, tmp_path, wider).error is None
    assert {row["segment_currency"] for row in held.rows("customer_mrr")} == {"USD", "EUR"}


def test_figures_that_were_half_written_are_written_again(book, tmp_path, held):
    held.do("DELETE FROM tenure._tenure_loads WHERE table_name = 'cohorts'")  # as before a load
    entry = lake(URL, reports=("cohorts",))
    ((_, _, _, note),) = changes(book, tmp_path, entry)
    assert note == "not finished before, or not by tenure"


def test_the_running_month_a_minute_later_is_no_news(book, tmp_path, held):
    entry = lake(URL, reports=("retention",), when="provisional")
    pushed(book, tmp_path, entry)
    assert {r["period"] for r in held.rows("retention") if r["partial"]} == {"2026-07"}
    now = book.store.clock()
    book.store.clock = lambda: now.replace(minute=1)
    assert changes(book, tmp_path, entry) == []


def test_a_warehouse_that_is_down_is_tried_again_and_no_password_is_told(book, tmp_path):
    down = lake("postgresql://ann:s3cret-word@127.0.0.1:1/lake", reports=("cohorts",))
    error = pushed(book, tmp_path, down).error
    assert isinstance(error, TransientError)
    assert "s3cret-word" not in f"{error!r} {error} {error.__cause__} {error.__context__}"


def test_check_and_a_dry_run_make_nothing(tmp_path, pushed_once):
    book = book_of(f"sqlite:///{tmp_path}/store.db")
    entry = lake(URL, reports=("cohorts",))
    context = context_for(ready(book, tmp_path, entry), book.store, entry, book.store.known_at())
    said = f"can write {tmp_path}/lake.duckdb, which the first push makes"
    assert list(entry.plugin.check(context)) == [said]
    assert [change[0] for change in changes(book, tmp_path, entry)] == ["cohorts"]
    assert [path.name for path in tmp_path.iterdir()] == ["store.db"]
    book.store.engine.dispose()


def test_settings_of_dlt_that_lie_about_change_nothing(book, tmp_path, held, monkeypatch):
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt/config.toml").write_text("[destination]\nstaging_dataset_name_layout = 'x'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", "elsewhere.duckdb")
    grow(book)
    assert pushed(book, tmp_path, lake(URL, reports=("cohorts",))).error is None
    assert sorted(path.name for path in tmp_path.iterdir()) == [".dlt", "lake.duckdb", "store.db"]
    assert [path.name for path in (tmp_path / ".dlt").iterdir()] == ["config.toml"]
