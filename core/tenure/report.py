"""A finished report: the figures of metrics.md sections 5 and 6, as integers, and how they print.

A `Row` is one period of the total or of one segment, a `Report` the rows with all that is needed
to defend them. Sinks and commands get these values and compute nothing of their own.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from tenure.money import decimal_string, ratio_string
from tenure.records import Json

Ratio = tuple[int, int]
"""Numerator and denominator; a ratio over an empty base has no value."""

_NO_OPENING = "no customer paid at the start"
_NO_CLOSING = "no customer pays at the end"
_NO_LOSS = "nothing was lost"


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

    @property
    def nrr(self) -> Ratio:
        """Net revenue retention: what the opening customers pay at the end, over the start."""
        kept = self.start_mrr + self.expansion - self.contraction - self.churn
        return kept, self.start_mrr

    @property
    def grr(self) -> Ratio:
        """Gross revenue retention: the same with growth left out, customer by customer."""
        return self.start_mrr - self.contraction - self.churn, self.start_mrr

    @property
    def logo_retention(self) -> Ratio:
        """Opening customers who still pay, over all opening customers."""
        return self.customers_start - self.customers_churned, self.customers_start

    @property
    def arpa(self) -> Ratio:
        """MRR per paying customer, both at the end, in micro-units."""
        return self.end_mrr, self.customers_end

    @property
    def quick_ratio(self) -> Ratio:
        """What was won over what was lost."""
        won = self.new + self.reactivation + self.expansion
        return won, self.contraction + self.churn

    @property
    def arr(self) -> int:
        """Twelve times the MRR at the end."""
        return 12 * self.end_mrr

    def as_json(self) -> dict[str, Json]:
        """The row as `tenure report --format json` prints it."""
        money = ("start_mrr", "new", "reactivation", "expansion", "contraction", "churn", "fx")
        return {
            "period": self.period,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "partial": self.partial,
            "as_of": instant_string(self.as_of),
            "segment": None if self.segment is None else dict(self.segment),
            **{name: decimal_string(getattr(self, name)) for name in money},
            "end_mrr": decimal_string(self.end_mrr),
            "nrr": _ratio(self.nrr),
            "grr": _ratio(self.grr),
            "logo_retention": _ratio(self.logo_retention),
            "customers_start": self.customers_start,
            "customers_end": self.customers_end,
            "arr": decimal_string(self.arr),
            "arpa": _ratio((self.arpa[0], self.arpa[1] * 10**6)),
            "quick_ratio": _ratio(self.quick_ratio),
            "reasons": dict(self._reasons()),
        }

    def _reasons(self) -> Mapping[str, str]:
        bases = {
            "nrr": (self.nrr, _NO_OPENING),
            "grr": (self.grr, _NO_OPENING),
            "logo_retention": (self.logo_retention, _NO_OPENING),
            "arpa": (self.arpa, _NO_CLOSING),
            "quick_ratio": (self.quick_ratio, _NO_LOSS),
        }
        return {name: reason for name, ((_, base), reason) in bases.items() if not base}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How fresh one connector is; `incomplete`: its last pull is unfinished, or losses are held."""

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
    """Share of the last period's opening MRR by grade of evidence, 6 places."""
    sources: tuple[SourceState, ...]
    quarantined: int
    excluded: int
    ignored_connectors: tuple[str, ...] = ()
    """Connectors with a ledger that plugins.toml no longer names."""

    def as_json(self) -> dict[str, Json]:
        """The part `meta` of `tenure report --format json`."""
        sources: list[Json] = [
            {
                "name": source.name,
                "last_complete_sync": instant_string(source.last_complete_sync),
                "incomplete": source.incomplete,
            }
            for source in self.sources
        ]
        return {
            "currency": self.currency,
            "timezone": self.timezone,
            "known_at": instant_string(self.known_at),
            "policy": self.policy,
            "preset": self.preset,
            "variant": self.variant,
            "version": self.version,
            "coverage": dict(self.coverage),
            "sources": sources,
            "left_out": {"quarantined": self.quarantined, "excluded": self.excluded},
            "ignored_connectors": list(self.ignored_connectors),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Rows in order of period, then segment (the total first)."""

    meta: Meta
    rows: tuple[Row, ...]

    def as_json(self) -> dict[str, Json]:
        """The document that `tenure report --format json` prints."""
        return {"meta": self.meta.as_json(), "rows": [row.as_json() for row in self.rows]}

    def as_csv(self) -> str:
        """The rows with the same columns; a segment is its value."""
        text = io.StringIO()
        out: csv.DictWriter[str] | None = None
        for row in self.rows:
            cells = row.as_json()
            cells.pop("reasons")
            cells["segment"] = " · ".join((row.segment or {}).values())
            if out is None:
                out = csv.DictWriter(text, fieldnames=list(cells), lineterminator="\n")
                out.writeheader()
            out.writerow(cells)
        return text.getvalue()


def instant_string(instant: datetime | None) -> str | None:
    """An instant as `2026-01-05T00:00:00Z`, with microseconds where it has any."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _ratio(ratio: Ratio) -> str | None:
    numerator, denominator = ratio
    return ratio_string(numerator, denominator) if denominator else None
