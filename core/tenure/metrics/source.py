"""The ledger as known at an instant, read into DuckDB in columns.

Only what the figures need comes over, through Arrow and without rows in Python: the points in
force at `known_at` of the connectors that plugins.toml names, up to now, with the customer's
account where it has one.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from uuid import uuid4

import duckdb
from sqlalchemy import make_url

from tenure.errors import StoreError
from tenure.ledger.gate import gates
from tenure.ledger.store import PATIENCE, Store, sqlite_path
from tenure.ledger.tables import to_micros
from tenure.metrics import columns

_KNOWN = "recorded_at <= {k} AND (superseded_at IS NULL OR superseded_at > {k})"

# SQLite columns have no type: what a column holds is told from its first rows, so that none may
# begin with NULL.
_READ = {
    "known_point": """
        SELECT customer_id, item_id, effective_at, amount, discount, discount_once,
            interval_count, "interval", currency, coalesce(plan, '') AS plan,
            coalesce(product, '') AS product, state, state_since,
            coalesce(ends_at, 0) AS ends_at, evidence
        FROM {of}point WHERE effective_at <= {now} AND {known}""",
    "known_attribute": """
        SELECT customer_id, name, coalesce(value, '') AS value, valid_from
        FROM {of}customer_attribute WHERE {known}""",
    "known_link": "SELECT customer_id, account_id FROM {of}account_link WHERE {known}",
    "known_customer": "SELECT id AS customer_id, connector_id, external_id FROM {of}customer",
    "known_usage": "SELECT id AS item_id FROM {of}item WHERE kind = 'usage'",
    "known_detail": """
        SELECT p.item_id, p.effective_at, p.quantity, coalesce(p.cause, '') AS cause, p.source_ref,
            p.recorded_at, s.external_id AS subscription, i.external_id AS item
        FROM {of}point AS p
        JOIN {of}item AS i ON i.id = p.item_id
        JOIN {of}subscription AS s ON s.id = i.subscription_id
        WHERE p.effective_at <= {now} AND p.recorded_at <= {k}
          AND (p.superseded_at IS NULL OR p.superseded_at > {k})""",
    "known_history": """
        SELECT p.id AS point_id, p.customer_id, p.item_id, p.effective_at, p.amount, p.discount,
            p.discount_once, p.quantity, p."interval", p.interval_count, p.currency,
            coalesce(p.plan, '') AS plan, coalesce(p.product, '') AS product, p.state,
            p.state_since, coalesce(p.ends_at, 0) AS ends_at, coalesce(p.cause, '') AS cause,
            p.evidence,
            p.source_ref, p.recorded_at,
            CASE WHEN p.superseded_at <= {k} THEN p.superseded_at ELSE 0 END AS superseded_at,
            s.external_id AS subscription, i.external_id AS item, i.kind
        FROM {of}point AS p
        JOIN {of}item AS i ON i.id = p.item_id
        JOIN {of}subscription AS s ON s.id = i.subscription_id
        WHERE p.recorded_at <= {k}""",
}
"""Of the tables that a copy in columns may hold."""

_ASKED = {"known_detail": "detail", "known_history": "history"}
"""Those with long texts, and what of a source asks for them."""

_TEXTS = {
    "known_point": ("interval", "currency", "plan", "product", "state", "evidence"),
    "known_attribute": ("name", "value"),
    "known_customer": ("external_id",),
    "known_detail": ("cause", "source_ref", "subscription", "item"),
    "known_history": (
        "interval", "currency", "plan", "product", "state", "cause", "evidence", "source_ref",
        "subscription", "item", "kind",
    ),
}  # fmt: skip
"""Columns of words: of a table without rows nothing else would tell."""

_OF_CUSTOMERS = frozenset(
    {"known_point", "known_attribute", "known_link", "known_customer", "known_history"}
)

_SMALL = {
    "known_rate": """
        SELECT currency, day, rate FROM rate WHERE reporting = '{currency}' AND {known}""",
    "known_connector": "SELECT id AS connector_id, name FROM connector_state",
}


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
    history: bool = False
    """Whether `known_history` is: every point, what was superseded included."""
    only: tuple[int, ...] | None = None
    """The customers that are looked at, where these are few; None: all."""


_CONFIG: dict[str, Any] = {"disabled_optimizers": "statistics_propagation"}
"""DuckDB 2.0.1 takes a sum of CASEs for a number that fits a byte, and then cannot sort it."""


def _spill() -> Path:
    """Where DuckDB puts what does not fit into memory; made when needed, removed at the end."""
    return Path(gettempdir()) / f"tenure-{uuid4()}"


@contextmanager
def scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of one's own, in memory and what does not fit there on disk."""
    duck = duckdb.connect(config=_CONFIG | {"temp_directory": str(_spill())})
    try:
        yield duck
    finally:
        duck.close()


@contextmanager
def attached(source: Source, large: int = columns.LARGE) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with what `sql/source.sql` is made of; a copy from `large` points on."""
    with scratch() as duck, ExitStack() as held:
        with reader(source.store) as read:
            copied = held.enter_context(columns.copied(source.store.url, duck, read, large))
            _read(source, duck, read, f"{columns.SCHEMA}." if copied else "")
        duck.execute("CREATE TABLE counted (name VARCHAR, rank INTEGER)")
        if source.connectors:
            ranks = [(name, rank) for rank, name in enumerate(source.connectors)]
            duck.executemany("INSERT INTO counted VALUES (?, ?)", ranks)
        yield duck


def _read(source: Source, duck: duckdb.DuckDBPyConnection, read: columns.Read, copy: str) -> None:
    """Make what is known: views of the copy in columns, where it has a name, else tables."""
    k = to_micros(source.known_at)
    names = {
        "k": k,
        "known": _KNOWN.format(k=k),
        "now": to_micros(source.now),
        "currency": source.currency,
        "of": copy,
    }
    if source.only is not None:
        duck.execute("CREATE TABLE only_customer (customer_id BIGINT)")
        duck.execute("INSERT INTO only_customer SELECT unnest(?)", [list(source.only)])
    for name, query in (_READ | _SMALL).items():
        if name in _ASKED and not getattr(source, _ASKED[name]):
            continue
        asked = query.format(**names)
        if copy and name in _READ and source.only is not None and name in _OF_CUSTOMERS:
            few = f"SELECT * FROM ({asked}) WHERE customer_id IN (FROM only_customer)"  # noqa: S608 - ours
            duck.execute(f"CREATE TABLE {name} AS {few}")
        elif copy and name in _READ:
            duck.execute(f"CREATE VIEW {name} AS {asked}")
        else:
            stream = read(asked)  # noqa: F841 - DuckDB finds it by its name
            words = ", ".join(f'"{each}"::VARCHAR AS "{each}"' for each in _TEXTS.get(name, ()))
            shape = f"* REPLACE ({words})" if words else "*"
            duck.execute(f"CREATE TABLE {name} AS SELECT {shape} FROM stream")  # noqa: S608 - ours


@contextmanager
def reader(store: Store) -> Iterator[columns.Read]:
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

        connection = sqlite.connect(str(path))
        with connection.cursor() as cursor:  # unless told, it gives up at once where others close
            cursor.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
            cursor.fetchall()
        return connection
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
