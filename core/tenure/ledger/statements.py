"""Facts that no pull states: exchange rates, and which customers are one account.

Both are bitemporal like all facts: what changed is closed and written anew, what is stated again
writes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import date

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

from tenure.ledger import scripts
from tenure.ledger.staging import insert_rows, make
from tenure.ledger.store import Store
from tenure.ledger.tables import to_micros

RATE_UNIT = 10**10
"""A rate is kept as an integer of 10 decimal places."""

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


def state_rates(store: Store, rates: Iterable[RateFact]) -> None:
    """Record exchange rates; days that are not stated stay as they are."""
    rows = [
        (r.reporting, r.currency, (r.day - _FIRST_DAY).days, r.rate, r.source_ref) for r in rates
    ]
    _state(store, _RATE, rows, "rates")


def state_links(store: Store, links: Iterable[LinkFact]) -> None:
    """Record which customers are one account; links that are not stated any more are closed."""
    _state(store, _LINK, [astuple(link) for link in links], "links")


def _state(store: Store, stage: Table, rows: Sequence[tuple[object, ...]], script: str) -> None:
    with store.connect() as connection:
        make(connection, stage)
        with connection.begin():
            insert_rows(connection, stage, rows)
        with store.write(connection) as (_, stamp):
            scripts.run(connection, script, {"stamp": to_micros(stamp)})
