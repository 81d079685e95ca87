"""What is behind a figure, as it is shown: customers that add up to it, or the points of one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from tenure.meta import Meta, instant_string
from tenure.money import Ratio, decimal_string, ratio_string, signed_string
from tenure.records import Json
from tenure.report import Row


class Metric(StrEnum):
    """A figure that can be explained."""

    NRR = "nrr"
    GRR = "grr"
    LOGO_RETENTION = "logo_retention"
    START_MRR = "start_mrr"
    NEW = "new"
    REACTIVATION = "reactivation"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"
    FX = "fx"
    END_MRR = "end_mrr"

    @property
    def is_ratio(self) -> bool:
        """Whether it is one sum over another."""
        return self in {Metric.NRR, Metric.GRR, Metric.LOGO_RETENTION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One customer's part of a figure. Micro-units; of `logo_retention`, customers."""

    customer: str
    name: str | None
    kind: str | None
    m0: int
    m1: int
    fx: int
    contribution: int

    def as_json(self) -> dict[str, Json]:
        """The values by their names, money as decimal strings."""
        return {
            "customer": self.customer,
            "name": self.name,
            "kind": self.kind,
            "m0": decimal_string(self.m0),
            "m1": decimal_string(self.m1),
            "fx": signed_string(self.fx),
            "contribution": signed_string(self.contribution),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A figure of one period and the customers that add up to it, largest part first.

    Of a ratio, parts add up to numerator - denominator: what moved it away from 1.
    """

    meta: Meta
    row: Row
    metric: Metric
    parts: tuple[Part, ...]
    unchanged: int
    """Customers that pay the same at both ends."""
    unchanged_mrr: int

    @property
    def figure(self) -> Ratio | int:
        """The figure itself."""
        value: Ratio | int = getattr(self.row, self.metric)
        return value

    @property
    def total(self) -> int:
        """What the parts add up to."""
        return sum(part.contribution for part in self.parts)

    def as_json(self) -> dict[str, Json]:
        """The document that `tenure explain --format json` prints."""
        parts: list[Json] = [part.as_json() for part in self.parts]
        return {
            "meta": self.meta.as_json(),
            "period": self.row.period,
            "metric": self.metric.value,
            **self._figure(),
            "total": signed_string(self.total),
            "customers": parts,
            "unchanged": {"customers": self.unchanged, "mrr": decimal_string(self.unchanged_mrr)},
        }

    def _figure(self) -> dict[str, Json]:
        figure = self.figure
        if isinstance(figure, int):
            return {"figure": decimal_string(figure)}
        numerator, denominator = figure
        shown = str if self.metric is Metric.LOGO_RETENTION else decimal_string
        return {
            "figure": ratio_string(numerator, denominator) if denominator else None,
            "numerator": shown(numerator),
            "denominator": shown(denominator),
        }


_TIMES = ("at", "ends_at", "recorded_at", "raw_deleted_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One point of a customer's timeline, and the level that the policy makes of it."""

    at: datetime
    connector: str
    subscription: str
    item: str
    plan: str
    product: str
    state: str
    amount: int
    discount: int
    quantity: int
    interval: str
    interval_count: int
    currency: str
    level: int
    ends_at: datetime | None
    reason: str | None
    cause: str | None
    evidence: str
    source_ref: str
    recorded_at: datetime
    raw: str | None
    """Where the record stands in what the source sent, if that was kept: the name of a file, or
    name, position and content hash of a page (`raw_object` in the ledger)."""
    raw_deleted_at: datetime | None = None
    """Since when that is gone, by [tenure] keep_raw."""

    def as_json(self) -> dict[str, Json]:
        """The values by their names, money as decimal strings."""
        money = {n: decimal_string(getattr(self, n)) for n in ("amount", "discount", "level")}
        times = {n: instant_string(getattr(self, n)) for n in _TIMES}
        return asdict(self) | {"quantity": decimal_string(self.quantity)} | money | times


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Everything that is known of one customer, in order of time."""

    customer: str
    name: str | None
    known_at: datetime
    attributes: Mapping[str, str]
    """As of now."""
    facts: tuple[Fact, ...]

    def as_json(self) -> dict[str, Json]:
        """The document that `tenure explain --customer C --format json` prints."""
        facts: list[Json] = [fact.as_json() for fact in self.facts]
        return {
            "customer": self.customer,
            "name": self.name,
            "known_at": instant_string(self.known_at),
            "attributes": dict(self.attributes),
            "points": facts,
        }
