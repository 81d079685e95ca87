"""The other readings of retention, each named and never mixed with the canonical one.

`flow` needs the movement log, `compounded` the months inside each period; the rest stands in the
rows already.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from tenure.meta import DEFINITIONS, Variant
from tenure.metrics.frame import Frame
from tenure.metrics.segments import Segments
from tenure.money import Ratio
from tenure.periods import Range, Unit, periods
from tenure.report import Retention, Row

if TYPE_CHECKING:
    from tenure.metrics.run import Opened, ReportRequest

Segment = tuple[tuple[str, str], ...]
Key = tuple[str, Segment]
"""A period's label and a segment."""


class Flow(NamedTuple):
    """Gains and losses of the opening customers in one period."""

    up: int = 0
    down: int = 0


def added(ledger: "Opened", request: "ReportRequest", rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows with the readings that were asked for."""
    asked = request.variant
    if asked is Variant.COHORT:
        return rows
    wanted = set(DEFINITIONS) - {Variant.COHORT} if asked is Variant.ALL else {asked}
    found: dict[Variant, Mapping[Key, Retention]] = {}
    if Variant.INCL_WINBACK in wanted:
        found[Variant.INCL_WINBACK] = {key(row): _incl_winback(row) for row in rows}
    if Variant.AS_REPORTED_FX in wanted:
        found[Variant.AS_REPORTED_FX] = {key(row): _as_reported(row) for row in rows}
    if Variant.FLOW in wanted:
        found[Variant.FLOW] = _flow(ledger, request, rows)
    if Variant.COMPOUNDED in wanted:
        found[Variant.COMPOUNDED] = _compounded(ledger, request, rows)
    return tuple(
        replace(
            row, variant=asked, variants={v: found[v][key(row)] for v in DEFINITIONS if v in found}
        )
        for row in rows
    )


def key(row: Row) -> Key:
    """What names a row."""
    return row.period, tuple((row.segment or {}).items())


def _incl_winback(row: Row) -> Retention:
    (net, base), grr = row.cohort.nrr or (0, 0), row.cohort.grr
    return Retention((net + row.reactivation, base), grr)


def _as_reported(row: Row) -> Retention:
    return Retention((row.reported, row.start_mrr), (row.reported_at_most, row.start_mrr))


def _flow(
    ledger: "Opened", request: "ReportRequest", rows: Sequence[Row]
) -> Mapping[Key, Retention]:
    flows: dict[Key, Flow] = {}
    with Frame(ledger.basis, ledger.shown, cut=True) as frame:
        frame.log()
        segments = Segments(frame, request.unit)
        states = segments.filtered("state", request.where)
        for group, table in [(None, states), *_tables(segments, states, request.by)]:
            flows |= _sums(frame, table, group)
    return {key(row): _flow_of(row, flows.get(key(row), Flow())) for row in rows}


def _tables(
    segments: Segments, states: str, attributes: Sequence[str]
) -> Iterator[tuple[str, str]]:
    for attribute in attributes:
        yield attribute, segments.attach(states, attribute, "value")


def _sums(frame: Frame, table: str, attribute: str | None) -> dict[Key, Flow]:
    """The flows of a table of states, by period and value."""
    count = len(frame.shown)
    steps: defaultdict[str, list[Flow]] = defaultdict(lambda: [Flow()] * (count + 2))
    group = "''" if attribute is None else "s.value"
    for value, first, until, up, down in frame.run("flow", states=table, group=group).fetchall():
        line = steps[value]
        line[first] = _plus(line[first], Flow(int(up), int(down)))
        line[until] = _plus(line[until], Flow(-int(up), -int(down)))
    found: dict[Key, Flow] = {}
    for value, line in steps.items():
        segment: Segment = () if attribute is None else ((attribute, value),)
        for period, flow in zip(frame.shown, list(accumulate(line, _plus))[1:], strict=False):
            found[period.label, segment] = flow
    return found


def _plus(left: Flow, right: Flow) -> Flow:
    return Flow(left.up + right.up, left.down + right.down)


def _flow_of(row: Row, flow: Flow) -> Retention:
    kept = row.start_mrr - flow.down
    return Retention((kept + flow.up, row.start_mrr), (kept, row.start_mrr))


def _compounded(
    ledger: "Opened", request: "ReportRequest", rows: Sequence[Row]
) -> Mapping[Key, Retention]:
    from tenure.metrics.run import rows_of  # noqa: PLC0415 - it imports this module

    whole = [row for row in rows if row.start.day == row.end.day == 1]
    if not whole:
        return {key(row): Retention(None, None) for row in rows}
    first, last = min(row.start for row in whole), max(row.end for row in whole)
    asked = Range(unit=Unit.MONTH, first=f"{first:%Y-%m}", last=_month_before(last))
    begun = periods(asked, ledger.basis.workspace.timezone, ledger.now)
    months = {(row.start, key(row)[1]): row.cohort for row in rows_of(ledger, request, begun)}
    return {key(row): _product(row, begun[-1].end, months) for row in rows}


def _month_before(end: date) -> str:
    count = end.year * 12 + end.month - 2
    return f"{count // 12:04}-{count % 12 + 1:02}"


def _product(row: Row, begun: date, months: Mapping[tuple[date, Segment], Retention]) -> Retention:
    """The ratios of the row's months multiplied; None where they are not whole or one has none.

    Of a period that is not over the months that have begun count, to before the day `begun`.
    """
    if not row.start.day == row.end.day == 1:
        return Retention(None, None)
    net, gross = (1, 1), (1, 1)
    at = row.start
    while at < min(row.end, begun):
        month = months.get((at, key(row)[1]))
        if month is None or not month.nrr or not month.grr or not month.nrr[1]:
            return Retention(None, None)
        net, gross = _times(net, month.nrr), _times(gross, month.grr)
        at = date(at.year + at.month // 12, at.month % 12 + 1, 1)
    return Retention(net, gross)


def _times(left: Ratio, right: Ratio) -> Ratio:
    return left[0] * right[0], left[1] * right[1]
