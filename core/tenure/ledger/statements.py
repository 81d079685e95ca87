"""Facts that no pull states: exchange rates, and which customers are one account.

Both are bitemporal like all facts: what changed is closed and written anew, what is stated again
writes nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, Text, text

from tenure.ledger import scripts
from tenure.ledger.staging import BATCH, insert_rows, make
from tenure.ledger.store import Store
from tenure.ledger.tables import to_micros

RATE_UNIT = 10**10
"""A rate is kept as an integer of 10 decimal places."""

_LAST_LINK = text(
    "SELECT (SELECT coalesce(max(id), 0) FROM account_link),"
    " (SELECT coalesce(max(superseded_at), 0) FROM account_link)"
)

_FIRST_DAY = date(1970, 1, 1)
_metadata = MetaData()
_RATE = Table(
    "stage_rate",
    _metadata,
    *(Column(name, Text) for name in ("reporting", "currency")),
    *(Column(name, BigInteger) for name in ("day", "rate")),
    Column("source_ref", Text),
    prefixes=["TEMPORARY"],
)
_LINK = Table(
    "stage_link",
    _metadata,
    Column("customer_id", Integer, primary_key=True, autoincrement=False),
    *(Column(name, Text) for name in ("account", "rule")),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFact:
    """One unit of `currency` was `rate` units of `reporting` on `day`; `rate` times 10**10.

    None closes what was known of that day.
    """

    reporting: str
    currency: str
    day: date
    rate: int | None
    source_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFact:
    """The customer (its key in the ledger) belongs to the account, by `rule`."""

    customer_id: int
    account: str
    rule: str


Link = tuple[int, str | None, str | None]
"""A customer, its account and the rule; without an account it belongs to none any more."""


def state_rates(store: Store, rates: Iterable[RateFact]) -> None:
    """Record exchange rates; days that are not stated stay as they are."""
    rows = (
        (r.reporting, r.currency, (r.day - _FIRST_DAY).days, r.rate, r.source_ref) for r in rates
    )
    with _stated(store, _RATE, rows) as (connection, stamp):
        scripts.run(connection, "rates", {"stamp": to_micros(stamp)})


def state_links(store: Store, links: Iterable[LinkFact]) -> None:
    """Record which customers are one account; links that are not stated any more are closed."""
    rows = ((link.customer_id, link.account, link.rule) for link in links)
    with _stated(store, _LINK, rows) as (connection, stamp):
        scripts.run(connection, "links", {"stamp": to_micros(stamp), "everything": True})


def change_links(store: Store, links: Iterable[Link], expected: tuple[int, int]) -> bool:
    """Record the links that changed; the others stay.

    False, and nothing written, where others wrote links since the `expected` was looked up.
    """
    with _stated(store, _LINK, links) as (connection, stamp):
        if tuple(connection.execute(_LAST_LINK).one()) != expected:
            return False
        scripts.run(connection, "links", {"stamp": to_micros(stamp), "everything": False})
    return True


def last_link(store: Store) -> tuple[int, int]:
    """What changes whenever a link does."""
    with store.read() as connection:
        number, closed = connection.execute(_LAST_LINK).one()
    return number, closed


@contextmanager
def _stated(
    store: Store, stage: Table, rows: Iterable[tuple[object, ...]]
) -> Iterator[tuple[Connection, datetime]]:
    """Stage the rows, then hold the ledger's write lock."""
    waiting = iter(rows)
    with store.connect() as connection:
        make(connection, stage)
        with connection.begin():
            while batch := list(islice(waiting, BATCH)):
                insert_rows(connection, stage, batch)
        with store.write(connection) as held:
            yield held
