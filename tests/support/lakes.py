"""A ledger of all that may happen, pushed into warehouses, and what these then hold."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from books import Book
from deltalake import DeltaTable
from facts import at, point
from workspaces import workspace

from tenure import Attribute, Customer
from tenure.config import Entry, Workspace
from tenure.delivery import deliver, preview
from tenure.ledger.statements import RateFact, state_rates
from tenure.ledger.store import Store
from tenure.metrics import run
from tenure.metrics.run import ReportRequest
from tenure_sinks.warehouse import Warehouse, WarehouseConfig
from tenure_sinks.warehouse.tables import REPORTS

NOW = datetime(2026, 7, 15, tzinfo=UTC)
SEGMENTS = ("owner", "plan")
FIRST = "2026-01"


def book_of(store_url: str) -> Book:
    """Two currencies; growth, loss, a return, an owner who changes, an odd amount, a huge one."""
    made = Book(Store.open(store_url, clock=lambda: NOW))
    owners = [("2025-01-01", "ann"), ("2026-04-10", "bob")]
    owned = [Attribute(name="owner", value=who, valid_from=at(day)) for day, who in owners]
    made.records.append(Customer(id="A", attributes=owned, name='Ann "& Söhne" 🦊'))
    made.add("A", [point("2026-01-10", "100.333333", plan="pro"), point("2026-03-10", 150)])
    euros = {"currency": "EUR", "plan": "basic"}
    made.add("B", [point("2026-02-10", "70.1", **euros), point("2026-05-10", 40, **euros)])
    made.add("C", [point("2026-02-10", 30), point("2026-03-10", None), point("2026-05-20", 35)])
    made.add("D", [point("2026-01-20", "9999999999.999999"), point("2026-06-10", None)])
    if made.store.known_at() is None:  # else it is a copy of one that has it all
        made.ledger.pull(made.records)
        state_rates(made.store, [_rate(number) for number in range(800)])
    return made


def grow(book: Book, amount: int = 20) -> None:
    """Somebody pays so much since June, a month that is over."""
    book.records = [each for each in book.records if getattr(each, "customer", "") != "E"]
    book.add("E", [point("2026-06-15", amount)])
    book.ledger.pull(book.records)


def _rate(number: int) -> RateFact:
    day, rate = date(2024, 6, 1) + timedelta(days=number), 11 * 10**9 + number * 10**7
    return RateFact(reporting="USD", currency="EUR", day=day, rate=rate, source_ref="made")


def lake(url: str, name: str = "lake", **keys: Any) -> Entry:
    """A warehouse as plugins.toml would have it."""
    core = {key: keys.pop(key) for key in ("reports", "when", "segments") if key in keys}
    core = {"reports": tuple(REPORTS)} | core
    made = Warehouse(WarehouseConfig(url=url, **{"since": FIRST} | keys))
    return Entry(name=name, kind="sink", use="warehouse", plugin=made, **core)


def ready(book: Book, folder: Path, *entries: Entry) -> Workspace:
    plain = workspace(book.store.url)
    metrics = replace(plain.metrics, segments=SEGMENTS)
    return replace(plain, metrics=metrics, sinks=entries, folder=folder)


def pushed(book: Book, folder: Path, entry: Entry, act=deliver) -> Any:
    """Push what is known now to one warehouse."""
    where = ready(book, folder, entry)
    (done,) = act(where, book.store, run.build(where, book.store, ReportRequest(by=SEGMENTS)))
    return done


def changes(
    book: Book, folder: Path, entry: Entry
) -> list[tuple[str, str | None, str | None, str]]:
    """What a push would change."""
    done = pushed(book, folder, entry, preview)
    assert done.error is None
    return [(c.target, c.old, c.new, c.note) for c in done.changes]


class Held:
    """The tables of a warehouse, as rows of exact text."""

    def __init__(self, folder: Path, url: str, form: str = "parquet") -> None:
        self.folder, self.url, self.form = folder, url, form

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [
            {name: _plain(value) for name, value in row.items() if name != "known_at"}
            for row in self._rows(table)
        ]

    def _rows(self, table: str) -> Iterator[dict[str, Any]]:
        query = f"SELECT * FROM tenure.{table}"
        if self.url.startswith("duckdb"):
            with duckdb.connect(str(self.folder / "lake.duckdb"), read_only=True) as duck:
                yield from _dicts(duck.execute(query))
        elif self.url.startswith("postgresql"):
            with psycopg.connect(self.url) as connection:
                yield from _dicts(connection.execute(query))
        elif self.form == "delta":
            found = DeltaTable(str(self.folder / "lake/tenure" / table))
            yield from found.to_pyarrow_table().to_pylist()
        else:
            with duckdb.connect() as duck:
                files = self.folder / "lake/tenure" / table / "*.parquet"
                yield from _dicts(duck.execute(f"SELECT * FROM read_parquet('{files}')"))

    def do(self, statement: str) -> None:
        """What somebody does by hand."""
        if self.url.startswith("duckdb"):
            with duckdb.connect(str(self.folder / "lake.duckdb")) as duck:
                duck.execute(statement)
        else:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(statement)


def _dicts(cursor: Any) -> Iterator[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        yield dict(zip(names, row, strict=True))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    assert not isinstance(value, float)
    return value.isoformat() if isinstance(value, date) else value


def as_report(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `retention` as `tenure report --format json` has them, in no order."""
    made = []
    for row in rows:
        cells = dict(row)
        del cells["unit"], cells["trailing_months"]
        attribute, value = cells.pop("segment_attribute"), cells.pop("segment_value")
        cells["segment"] = None if attribute == "(total)" else {attribute: value}
        cells["start"], cells["end"] = cells.pop("period_start"), cells.pop("period_end")
        cells["reasons"] = json.loads(cells["reasons"])
        made.append(cells)
    return in_order(made)


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted((dict(sorted(row.items())) for row in rows), key=repr)
