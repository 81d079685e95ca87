"""An edition: one report of one period, and the figures by which it is told from a restated one."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenure import Report, Row, SinkContext, amount, percent

REPORTS = {
    "monthly": "a message for each month, with a thread of its details",
    "weekly": "the same for each week",
}

_MONEY = {
    "start": "start_mrr", "new": "new", "back": "reactivation", "up": "expansion",
    "down": "contraction", "lost": "churn", "fx": "fx", "end": "end_mrr",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The rows that one message is made from; `year` opens twelve months before the end."""

    report: str
    made: Report
    row: Row
    before: Row | None
    year: Row | None
    is_latest: bool

    @property
    def segments(self) -> Sequence[Row]:
        """The parts of the period's total."""
        return [r for r in self.made.rows if r.segment and r.period == self.row.period]

    @property
    def figures(self) -> dict[str, str]:
        """What the message says of the total, by name, as it is printed."""
        currency = self.made.meta.currency
        found = {"NRR": percent(self.row.nrr), "GRR": percent(self.row.grr)}
        if self.year is not None:
            found |= {"NRR over 12 months": percent(self.year.nrr),
                      "GRR over 12 months": percent(self.year.grr)}  # fmt: skip
        for name, field in _MONEY.items():
            if name != "fx" or self.row.fx:
                found[name] = amount(getattr(self.row, field), currency)
        found["customers"] = f"{self.row.customers_end:,}"
        return found

    @property
    def digest(self) -> str:
        """The same digest: the same message."""
        said = json.dumps([self.figures, self.made.meta.currency, self.row.partial])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def headline(self) -> str:
        """The message in one line."""
        return headline(self.figures, self.made.meta.currency)

    def target(self, place: str) -> str:
        """What the message is called in the outbox, the sink's memory and a dry run."""
        return f"{place} {self.report} {self.row.period}"


def headline(figures: Mapping[str, str], currency: str) -> str:
    """The figures that a message begins with, in one line."""
    named = {name: figures.get(name, "-") for name in ("NRR", "GRR", "start", "end")}
    return "NRR {NRR}, GRR {GRR}, MRR {start} → {end}".format(**named) + f" {currency}"


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """What a restatement changed: `NRR 99.10 % → 99.30 %`."""
    names = [*new, *(name for name in old if name not in new)]
    changed = [name for name in names if old.get(name) != new.get(name)]
    return ", ".join(f"{name} {old.get(name, '-')} → {new.get(name, '-')}" for name in changed)


def editions(report: Report, context: SinkContext) -> Iterator[Edition]:
    """Every period of every report that is asked for, the oldest first."""
    for name in context.reports:
        made, year = _made(name, report, context)
        totals = [row for row in made.rows if row.segment is None]
        years = {row.period: row for row in year.rows} if year else {}
        closed = [row.period for row in totals if not row.partial][-1:]
        for before, row in zip([None, *totals], totals, strict=False):
            latest = row.partial or row.period in closed
            yield Edition(
                report=name, made=made, row=row, before=before, year=years.get(row.period),
                is_latest=latest,
            )  # fmt: skip


def _made(name: str, report: Report, context: SinkContext) -> tuple[Report, Report | None]:
    if name == "monthly":
        return report, report.trailing
    by = tuple(context.segments)
    return context.report(unit="week", by=by), context.report(unit="week", trailing=12)
