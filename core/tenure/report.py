"""A finished report: the figures of metrics.md sections 5 and 6, as integers, and how they print.

A `Row` is one period of the total or of one segment, a `Report` the rows with all that is needed
to defend them. Sinks and commands get these values and compute nothing of their own.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from tenure.cohorts import Cohorts
from tenure.meta import Meta, Variant, instant_string
from tenure.money import Ratio, decimal_string, optional_ratio
from tenure.records import Json
from tenure.sheet import csv_text

if TYPE_CHECKING:
    from tenure.html.letter import Letter

_NO_OPENING = "no customer paid at the start"
_NO_CLOSING = "no customer pays at the end"
_NO_LOSS = "nothing was lost"
_NO_CHURN = "no revenue churned, or no customer pays at the end"
NOT_MONTHS = "the period is not made of whole calendar months, or one of them starts empty"


class Retention(NamedTuple):
    """Net and gross revenue retention; None where a variant cannot say."""

    nrr: Ratio | None
    grr: Ratio | None


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
    committed_mrr: int | None = None
    """At the end, without what somebody asked to end; None: nobody looked."""
    contracted_mrr: int | None = None
    """So much later than the end, from what is known; None: it was not asked for."""
    gross_margin: Ratio | None = None
    """For the lifetime value; None: it was not asked for."""
    reported: int = 0
    """What the opening customers pay at the end, at the closing rate."""
    reported_at_most: int = 0
    """The same, of each customer at most what it paid at the start."""
    variant: Variant = Variant.COHORT
    """Which reading `nrr` and `grr` are."""
    variants: Mapping[Variant, Retention] = field(default_factory=dict)
    """The other readings that were asked for."""

    @property
    def cohort(self) -> Retention:
        """The canonical retention: what the opening customers pay at the end, over the start.

        Gross leaves growth out, customer by customer.
        """
        kept = self.start_mrr - self.contraction - self.churn
        net = (kept + self.expansion, self.start_mrr)
        return Retention(net, (kept, self.start_mrr))

    @property
    def retention(self) -> Retention:
        """The reading that was asked for."""
        return self.variants.get(self.variant, self.cohort)

    @property
    def nrr(self) -> Ratio | None:
        """Net revenue retention."""
        return self.retention.nrr

    @property
    def grr(self) -> Ratio | None:
        """Gross revenue retention."""
        return self.retention.grr

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
    def revenue_churn(self) -> Ratio | None:
        """1 - GRR."""
        return self.grr and (self.grr[1] - self.grr[0], self.grr[1])

    @property
    def logo_churn(self) -> Ratio:
        """Opening customers who left, over all opening customers."""
        return self.customers_churned, self.customers_start

    @property
    def ltv(self) -> Ratio | None:
        """ARPA x gross margin / revenue churn, in micro-units; over nothing while none churns."""
        if self.gross_margin is None or self.revenue_churn is None:
            return None
        (lost, start), (share, whole) = self.revenue_churn, self.gross_margin
        paid, customers = self.arpa
        return paid * share * start, max(lost, 0) * customers * whole

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
            "nrr": optional_ratio(self.nrr),
            "grr": optional_ratio(self.grr),
            "logo_retention": optional_ratio(self.logo_retention),
            "customers_start": self.customers_start,
            "customers_end": self.customers_end,
            "arr": decimal_string(self.arr),
            "arpa": optional_ratio((self.arpa[0], self.arpa[1] * 10**6)),
            "quick_ratio": optional_ratio(self.quick_ratio),
            "committed_mrr": _optional_money(self.committed_mrr),
            "contracted_mrr": _optional_money(self.contracted_mrr),
            "revenue_churn": optional_ratio(self.revenue_churn),
            "logo_churn": optional_ratio(self.logo_churn),
            "ltv": optional_ratio(self.ltv and (self.ltv[0], self.ltv[1] * 10**6)),
            **self._variants(),
            "reasons": dict(self._reasons()),
        }

    def _variants(self) -> dict[str, Json]:
        """Every reading side by side, where all were asked for."""
        if self.variant is not Variant.ALL:
            return {}
        every = {Variant.COHORT: self.cohort, **self.variants}
        shown: dict[str, Json] = {
            name.value: {"nrr": optional_ratio(both.nrr), "grr": optional_ratio(both.grr)}
            for name, both in every.items()
        }
        return {"variants": shown}

    def _reasons(self) -> Mapping[str, str]:
        bases = {
            "nrr": (self.nrr, _NO_OPENING),
            "grr": (self.grr, _NO_OPENING),
            "logo_retention": (self.logo_retention, _NO_OPENING),
            "arpa": (self.arpa, _NO_CLOSING),
            "quick_ratio": (self.quick_ratio, _NO_LOSS),
            "revenue_churn": (self.revenue_churn, _NO_OPENING),
            "logo_churn": (self.logo_churn, _NO_OPENING),
            "ltv": (self.ltv, _NO_CHURN),
        }
        reasons = {
            name: reason for name, (ratio, reason) in bases.items() if ratio and not ratio[1]
        }
        unsaid = {
            name: NOT_MONTHS
            for name in ("nrr", "grr", "revenue_churn")
            if getattr(self, name) is None
        }
        return reasons | unsaid


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Rows in order of period, then segment (the total first)."""

    meta: Meta
    rows: tuple[Row, ...]
    trailing: "Report | None" = None
    """The same periods opened twelve months before their ends, for a page that shows both."""
    cohorts: Cohorts | None = None
    """Who joined in these periods, for the same page."""

    @property
    def digest(self) -> str:
        """What the figures are, whatever is written around them."""
        beside = [] if self.trailing is None else self.trailing.rows
        # Of a running period the instant alone is no news.
        figures: list[Json] = [row.as_json() | {"as_of": None} for row in (*self.rows, *beside)]
        if self.cohorts is not None:
            figures.append(self.cohorts.as_json()["rows"])
        return hashlib.sha256(json.dumps(figures).encode()).hexdigest()

    @property
    def content_hash(self) -> str:
        """What the report says, and under which rules, whenever its sources were read."""
        meta = self.meta
        under = (meta.policy, meta.currency, meta.timezone, meta.variant)
        rows = [row.as_json() | {"as_of": None} for row in self.rows]
        return hashlib.sha256(json.dumps([under, rows]).encode()).hexdigest()

    def as_json(self) -> dict[str, Json]:
        """The document that `tenure report --format json` prints."""
        return {"meta": self.meta.as_json(), "rows": [row.as_json() for row in self.rows]}

    def as_csv(self) -> str:
        """The rows with the same columns; see `segment_names`."""
        return csv_text(self._cells())

    def _cells(self) -> Iterator[dict[str, Json]]:
        for row, segment in zip(self.rows, segment_names(self.rows), strict=True):
            cells = row.as_json()
            cells.pop("reasons")
            for name, both in dict(cells.pop("variants", None) or {}).items():  # type: ignore[arg-type]
                cells |= {f"nrr_{name}": both["nrr"], f"grr_{name}": both["grr"]}  # type: ignore[index,call-overload]
            yield cells | {"segment": segment}

    def as_html(self) -> str:
        """The report as one page that needs nothing else, with charts; drawn in a second or so."""
        from tenure.html import page  # noqa: PLC0415 - heavy

        return page(self)

    def as_letter(self, note: str = "") -> "Letter":
        """The report as a mail, HTML with pictures and text; `note` stands above the figures."""
        from tenure.html.letter import letter  # noqa: PLC0415 - heavy

        return letter(self, note)


def segment_names(rows: Sequence[Row]) -> list[str]:
    """Each row's segment: `pro`, or `plan=pro` among several attributes; empty of the total."""
    several = len({name for row in rows for name in row.segment or ()}) > 1
    return [
        " · ".join(f"{name}={value}" if several else value for name, value in segment.items())
        for segment in (row.segment or {} for row in rows)
    ]


def _optional_money(amount: int | None) -> str | None:
    return None if amount is None else decimal_string(amount)
