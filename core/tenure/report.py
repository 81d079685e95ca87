"""A finished report: the figures of metrics.md sections 5 and 6, as integers, and how they print.

A `Row` is one period of the total or of one segment, a `Report` the rows with all that is needed
to defend them. Sinks and commands get these values and compute nothing of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from tenure.money import decimal_string, ratio_string


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One period, of the total (`segment` None) or one segment. Money in micro-units."""

    period: str
    start: date
    end: date
    partial: bool = False
    as_of: datetime | None = None
    segment: Mapping[str, str] | None = None
    start_mrr: int
    new: int
    reactivation: int
    expansion: int
    contraction: int
    churn: int
    fx: int = 0
    end_mrr: int
    customers_start: int
    customers_end: int
    customers_churned: int
    """Opening customers that no longer pay at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How fresh one connector is. `incomplete`: its last pull did not finish, or losses are held."""

    name: str
    last_complete_sync: datetime | None
    incomplete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """All that is needed to defend the figures beside them."""

    currency: str
    timezone: str
    known_at: datetime
    policy: str
    preset: str
    variant: str
    version: str
    coverage: Mapping[str, str | None]
    sources: tuple[SourceState, ...]
    quarantined: int
    excluded: int
    ignored_connectors: tuple[str, ...] = ()
    """Connectors with a ledger that plugins.toml no longer names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Rows in order of period, then segment (the total first)."""

    meta: Meta
    rows: tuple[Row, ...]


_ = (field, Fraction, decimal_string, ratio_string)
