"""Customers as of now: one row each, with what it pays and what happened last.

`CustomerRow` is what `tenure customers` shows, `Standing` what a sink is lent.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from tenure.meta import Meta
from tenure.money import Ratio, decimal_string, optional_ratio, signed_string
from tenure.records import Json
from tenure.sheet import csv_text


class Sort(StrEnum):
    """The order of customers."""

    MRR = "mrr"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMovement:
    """The last change of what a customer pays; `amount` is None where an old rate is not known."""

    kind: str
    day: date
    amount: int | None
    reason: str | None = None
    """What did most of it, as in the movement log; None: nobody looked."""
    cause: str | None = None
    """Who or what ended an item: requested, payment_failed."""

    def as_json(self) -> dict[str, Json]:
        """What it was, when, and by how much."""
        return {
            "kind": self.kind,
            "date": self.day.isoformat(),
            "amount": None if self.amount is None else signed_string(self.amount),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one customer (an account, where several are one) stands. Money in micro-units.

    `mrr` and `committed_mrr` are at the rates of now, `mrr_year_ago` at those of then.
    """

    key: int = 0
    """Its number in the ledger: two connectors may know one id."""
    id: str
    name: str | None
    ids: Mapping[str, tuple[str, ...]]
    """By connector, in the order of plugins.toml, its ids there, a parent before its children."""
    mrr: int
    committed_mrr: int
    """Without what somebody asked to end."""
    mrr_year_ago: int
    nrr: Ratio
    """What it pays now over what it paid a year ago, both at the rates of then."""
    since: date | None
    """The day of its first payment; None: it never paid."""
    last: LastMovement | None
    acv_band: str | None
    """Of twelve times `mrr`; None while it pays nothing."""
    attributes: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def arr(self) -> int:
        """Twelve times the MRR."""
        return 12 * self.mrr

    @property
    def committed_change(self) -> int:
        """What is going to end: zero or less."""
        return self.committed_mrr - self.mrr

    def as_json(self) -> dict[str, Json]:
        """The values by their names, money as a decimal string."""
        last: Json = None
        if self.last is not None:
            why = {"reason": self.last.reason, "cause": self.last.cause}
            last = {**self.last.as_json(), **why}
        money = ("mrr", "arr", "committed_mrr", "mrr_year_ago")
        return {
            "id": self.id,
            "name": self.name,
            "ids": {connector: list(ids) for connector, ids in self.ids.items()},
            **{name: decimal_string(getattr(self, name)) for name in money},
            "nrr": optional_ratio(self.nrr),
            "since": None if self.since is None else self.since.isoformat(),
            "last_movement": last,
            "acv_band": self.acv_band,
            "attributes": dict(self.attributes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """One customer. Money in micro-units at the rates of now."""

    id: str
    name: str | None
    connectors: tuple[str, ...]
    mrr: int
    since: date | None
    last: LastMovement | None
    """None: it never paid."""
    attributes: Mapping[str, str | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """The row as `tenure customers --format json` prints it."""
        last = None if self.last is None else self.last.as_json()
        return {
            "id": self.id,
            "name": self.name,
            "connectors": list(self.connectors),
            "mrr": decimal_string(self.mrr),
            "arr": decimal_string(12 * self.mrr),
            "customer_since": None if self.since is None else self.since.isoformat(),
            "last_movement": last,
            "attributes": dict(self.attributes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """All customers that ever had a subscription, in the order asked for."""

    meta: Meta
    rows: tuple[CustomerRow, ...]
    attributes: tuple[str, ...] = ()
    """The names that each row has, in the order of [metrics] segments."""
    prospects: int = 0
    """How many more the ledger knows, who never had one."""

    def as_json(self) -> dict[str, Json]:
        """The document that `tenure customers --format json` prints."""
        rows: Json = [row.as_json() for row in self.rows]
        return {"meta": self.meta.as_json(), "prospects": self.prospects, "rows": rows}

    def as_csv(self) -> str:
        """A line for each customer; an attribute is a column, see `attribute_columns`."""
        names = ["id", "name", "connectors", "mrr", "arr", "customer_since"]
        moved = ["last_movement", "last_movement_date", "last_movement_amount"]
        own = attribute_columns(self.attributes, {*names, *moved})
        head = [*names, *moved, *own]
        return csv_text(
            (dict(zip(head, self._cells(row, names), strict=True)) for row in self.rows), head
        )

    def _cells(self, row: CustomerRow, names: Sequence[str]) -> list[Json]:
        cells = row.as_json() | {"connectors": " ".join(row.connectors)}
        last = cells["last_movement"]
        moved = list(last.values()) if isinstance(last, dict) else [None] * 3
        return [
            *(cells[name] for name in names),
            *moved,
            *(row.attributes[n] for n in self.attributes),
        ]


def attribute_columns(attributes: Iterable[str], taken: Collection[str]) -> list[str]:
    """A column for each attribute: its name, or `attribute.mrr` where that is another column's."""
    return [
        f"{_PREFIX}{name}" if name in taken or name.startswith(_PREFIX) else name
        for name in attributes
    ]


_PREFIX = "attribute."
