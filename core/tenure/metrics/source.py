"""The ledger as known at an instant, read into DuckDB in columns.

Only what the figures need comes over, through Arrow and without rows in Python: the points in
force at `known_at` of the connectors that plugins.toml names, up to now, with the customer's
account where it has one.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
from sqlalchemy import make_url

from tenure.errors import StoreError
from tenure.ledger.gate import gates
from tenure.ledger.store import Store, sqlite_path
from tenure.ledger.tables import to_micros

_KNOWN = "recorded_at <= {k} AND (superseded_at IS NULL OR superseded_at > {k})"

# SQLite columns have no type: what a column holds is told from its first rows, so that none may
# begin with NULL.
_READ = {
    "known_point": """
        SELECT customer_id, item_id, effective_at, amount, discount, discount_once,
            interval_count, "interval", currency, coalesce(plan, '') AS plan,
            coalesce(product, '') AS product, state, state_since,
            coalesce(ends_at, 0) AS ends_at, evidence
        FROM point WHERE effective_at <= {now} AND {known}""",
    "known_attribute": """
        SELECT customer_id, name, coalesce(value, '') AS value, valid_from
        FROM customer_attribute WHERE {known}""",
    "known_link": "SELECT customer_id, account_id FROM account_link WHERE {known}",
    "known_customer": "SELECT id AS customer_id, connector_id, external_id FROM customer",
    "known_usage": "SELECT id AS item_id FROM item WHERE kind = 'usage'",
    "known_rate": """
        SELECT currency, day, rate FROM rate WHERE reporting = '{currency}' AND {known}""",
    "known_connector": "SELECT id AS connector_id, name FROM connector_state",
}

_DETAIL = """
    SELECT p.item_id, p.effective_at, p.quantity, coalesce(p.cause, '') AS cause, p.source_ref,
        p.recorded_at, s.external_id AS subscription, i.external_id AS item
    FROM point AS p
    JOIN item AS i ON i.id = p.item_id
    JOIN subscription AS s ON s.id = i.subscription_id
    WHERE p.effective_at <= {now} AND p.recorded_at <= {k}
      AND (p.superseded_at IS NULL OR p.superseded_at > {k})"""
"""What only the movement log and `explain` need: long texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which ledger, as known when, with which instants of it behind us."""

    store: Store
    known_at: datetime
    now: datetime
    currency: str
    """The reporting currency: which rates are read."""
    connectors: tuple[str, ...]
    """Names in plugins.toml, in its order: the first wins where two state one attribute."""
    detail: bool = False
    """Whether `known_detail` is read too."""


@contextmanager
def attached(source: Source) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with the tables of `sql/source.sql`."""
    duck = duckdb.connect()
    try:
        k, now = to_micros(source.known_at), to_micros(source.now)
        names = {"k": k, "known": _KNOWN.format(k=k), "now": now, "currency": source.currency}
        with _ledger(source.store) as read:
            wanted = _READ | ({"known_detail": _DETAIL} if source.detail else {})
            for name, query in wanted.items():
                stream = read(query.format(**names))  # noqa: F841 - DuckDB finds it by its name
                duck.execute(f"CREATE TABLE {name} AS SELECT * FROM stream")  # noqa: S608 - ours
        duck.execute("CREATE TABLE counted (name VARCHAR, rank INTEGER)")
        if source.connectors:
            ranks = [(name, rank) for rank, name in enumerate(source.connectors)]
            duck.executemany("INSERT INTO counted VALUES (?, ?)", ranks)
        yield duck
    finally:
        duck.close()


@contextmanager
def _ledger(store: Store) -> Iterator[Callable[[str], Any]]:
    """A function that runs a query on the ledger and returns an Arrow stream."""
    with _alone(store), _connect(store) as connection, connection.cursor() as cursor:

        def read(query: str) -> Any:
            cursor.execute(query)
            return cursor.fetch_arrow()

        yield read


def _alone(store: Store) -> AbstractContextManager[None]:
    path = sqlite_path(store.url)
    return gates[str(path)].foreign() if path else nullcontext()


def _connect(store: Store) -> Any:
    path = sqlite_path(store.url)
    if path is not None:
        from adbc_driver_sqlite import dbapi as sqlite  # noqa: PLC0415 - one of the two

        return sqlite.connect(str(path))
    try:
        from adbc_driver_postgresql import (  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra
            dbapi as postgres,
        )
    except ModuleNotFoundError:
        raise StoreError(
            "The driver that reads PostgreSQL in columns is missing",
            "Run `pip install 'tenure[postgres]'`",
        ) from None
    plain = make_url(store.url).set(drivername="postgresql")
    return postgres.connect(plain.render_as_string(hide_password=False))
