"""What connectors yield: facts without opinion (metrics.md section 2).

Records are plain frozen values. They are validated where they are stored, not here: a record
that breaks a rule is quarantined with its reason and never stops a pull. Money is integers of
micro-units (`tenure.micros`), every time is an aware `datetime`, every id is the source's own.

    Customer ── who pays             Subscription ── every item it ever had
    Observation ── kept for good        └─ Item ── one priced line
    Claim ── the source's own figure        └─ Point ── "from then on, this is what it bills"
    Tombstone ── it never existed
    Quarantined, Excluded ── read and not stored, with the reason
    RawChunk ── what the source sent
    Checkpoint ── all before it is committed with it, in one transaction
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

from tenure.money import MICRO

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""Anything JSON can say."""

BEGINNING = datetime.min.replace(tzinfo=UTC)
"""The instant before all others: what an attribute without history is valid from."""


class State(StrEnum):
    """What a subscription item is doing. Which states count as revenue is a policy."""

    ACTIVE = "active"
    TRIAL = "trial"
    PAUSED = "paused"
    PAUSED_DRAFT = "paused_draft"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    INCOMPLETE = "incomplete"
    ENDED = "ended"


class Cause(StrEnum):
    """Why an item ended or went unpaid."""

    REQUESTED = "requested"
    PAYMENT_FAILED = "payment_failed"
    OTHER = "other"


class Interval(StrEnum):
    """The unit of a billing interval. A quarter is three months."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Evidence(StrEnum):
    """How a fact is known: it was said, it follows from an invoice, or it is projected back."""

    OBSERVED = "observed"
    INFERRED = "inferred"
    ASSUMED = "assumed"


class ItemKind(StrEnum):
    """A price known in advance, or a charge for what was used."""

    LICENSED = "licensed"
    USAGE = "usage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """From `effective_at` on, the item bills `amount` per interval.

    `amount`, `discount` and `discount_once` are micro-units per billing interval, `amount` with
    quantity and tiers applied, tax out, before discounts; 0 to 10**11 major units.
    `quantity` is in millionths (2.5 seats are 2_500_000). `state_since` is the start of the
    unbroken run in `state`; left out, it follows from the item's points.
    """

    effective_at: datetime
    amount: int
    currency: str
    source_ref: str
    discount: int = 0
    discount_once: int = 0
    quantity: int = MICRO
    interval: Interval = Interval.MONTH
    interval_count: int = 1
    plan: str | None = None
    product: str | None = None
    state: State = State.ACTIVE
    state_since: datetime | None = None
    ends_at: datetime | None = None
    cause: Cause | None = None
    evidence: Evidence = Evidence.OBSERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One priced line of a subscription: all its points, in any order.

    Of several points at one instant the last stated wins. `rows` counts the source rows that it
    was made of. `complete=False` says that some of them could not be read: what is known of the
    item and not stated again then stays.
    """

    id: str
    points: Sequence[Point]
    kind: ItemKind = ItemKind.LICENSED
    rows: int = 1
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription with every item it ever had; one that is left out never existed."""

    id: str
    customer: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A customer's attribute has `value` from `valid_from` on; `None` ends it.

    Without `valid_from` it is the value now, of a source that keeps no history: the first one
    seen counts from the beginning (assumed), a later change from the moment it was read.
    """

    name: str
    value: str | None
    valid_from: datetime | None = None
    evidence: Evidence = Evidence.OBSERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who pays, with all that the source says about them."""

    id: str
    name: str | None = None
    email: str | None = None
    domain: str | None = None
    attributes: Sequence[Attribute] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Something a source said once and may not say again: kept for good.

    `subject` is what it is about (a subscription's id), `key` makes it unique for that subject.
    """

    subject: str
    key: str
    at: datetime
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A figure of the source's own (its MRR of a deal, say): compared with ours, never taken."""

    subject: str
    measure: str
    amount: int
    currency: str
    at: datetime
    source_ref: str


class TombstoneKind(StrEnum):
    """What a tombstone retracts."""

    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """It never existed: a retraction. An end is a `Point` with state `ended`."""

    kind: TombstoneKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A source row that could not be read: where, why, and the row itself."""

    source_ref: str
    reason: str
    column: str | None = None
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """Source rows left out by rule (test mode, say), counted under their reason."""

    reason: str
    rows: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RawChunk:
    """A piece of what the source sent, kept compressed and once per content.

    `tenure explain` finds it by a point's `source_ref`: `name:17` is in the piece of that name,
    `in_1/il_2` in the one that `holds` the record `il_2`, else `in_1`.
    """

    name: str
    position: int
    data: bytes
    holds: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Commits everything yielded before it together with `cursor`.

    `complete=True` on the last one of a pull that read everything there is: only then may what
    was not stated be retracted. `source_count` is the source's own count of rows, if it gives one.
    """

    cursor: Json = None
    complete: bool = False
    source_count: int | None = None


Record = (
    Customer
    | Subscription
    | Observation
    | Claim
    | Tombstone
    | Quarantined
    | Excluded
    | RawChunk
    | Checkpoint
)
"""Anything a connector's `pull` may yield."""
