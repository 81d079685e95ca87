"""Measures at the end of each period beside its balance (metrics.md section 4).

committed    the balance without the items whose end somebody asked for
contracted   the level so much later, from all that is known, scheduled changes included, at the
             rates of the period's end: the same states over periods that close later
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from tenure.ledger.store import Store
from tenure.ledger.tables import to_micros
from tenure.metrics.figures import Figures
from tenure.metrics.frame import Basis, Frame, closes
from tenure.metrics.source import Source
from tenure.periods import Period
from tenure.report import Row

if TYPE_CHECKING:
    from tenure.metrics.run import Opened, ReportRequest

Balances = dict[tuple[str, str | None], int]
"""An amount by a period's label and a segment's value (None: the total)."""


def leave(frame: Frame) -> bool:
    """Make the table `leaving`: what is going to end; False where nothing is."""
    asked = "SELECT count(*) FROM (SELECT 1 FROM known_point WHERE ends_at <> 0 LIMIT 1) AS one"
    if not frame.basis.number(asked):
        return False
    frame.run("leaving")
    frame.run("leaving_foreign" if frame.basis.rates.foreign else "leaving_home")
    return True


def leaving(frame: Frame, states: str | None, group: str) -> list[tuple[Any, ...]]:
    """What is going to end, by value and stretch of periods; `states` None: all of them count."""
    if states is None:
        return frame.run("leaving_total").fetchall()
    return frame.run("leaving_parts", states=states, group=group).fetchall()


def committed(frame: Frame, rows: Sequence[Row], found: Sequence[tuple[Any, ...]]) -> Iterator[Row]:
    """The rows with their committed MRR, which is without what was found to end."""
    steps: dict[str | None, list[int]] = defaultdict(lambda: [0] * (len(frame.shown) + 2))
    for value, first, until, amount in found:
        steps[value][first] += int(amount)
        steps[value][until] -= int(amount)
    labels = ["", *(period.label for period in frame.shown)]
    going: Balances = {
        (label, value): amount
        for value, line in steps.items()
        for label, amount in zip(labels, accumulate(line), strict=False)
    }
    for row in rows:
        yield replace(row, committed_mrr=row.end_mrr - going.get(key(row), 0))


def key(row: Row) -> tuple[str, str | None]:
    """A row's period and segment."""
    return row.period, next(iter(row.segment.values())) if row.segment else None


def contracted(
    ledger: "Opened", store: Store, request: "ReportRequest", rows: Sequence[Row]
) -> tuple[Row, ...]:
    """The rows with their contracted MRR, and rows of segments that only begin by then."""
    if request.horizon is None:
        return tuple(rows)
    found = {key(row): row for row in _later_rows(ledger, store, request)}
    made = [
        replace(row, contracted_mrr=found[key(row)].end_mrr if key(row) in found else 0)
        for row in rows
    ]
    had = {key(row) for row in rows}
    blank = {row.period: row for row in rows}
    made += [_only_later(row, blank[row.period]) for name, row in found.items() if name not in had]
    order = {period.label: number for number, period in enumerate(ledger.shown)}
    return tuple(sorted(made, key=lambda row: (order[row.period], key(row)[1] or "")))


def _only_later(row: Row, like: Row) -> Row:
    """A segment that nobody pays in yet."""
    nothing = Figures()._asdict()
    own = {"segment": row.segment, "contracted_mrr": row.end_mrr, "committed_mrr": 0}
    return replace(like, variants={}, **nothing, **own)  # type: ignore[arg-type]


def _later_rows(ledger: "Opened", store: Store, request: "ReportRequest") -> Iterator[Row]:
    from tenure.metrics.run import bridges  # noqa: PLC0415 - it imports this module

    horizon = request.horizon or timedelta()
    shown = [_later(period, horizon) for period in ledger.shown]
    workspace = ledger.basis.workspace
    # A gap at the very end may be held by a return after it.
    tolerance = timedelta(hours=workspace.metrics.policy.gap_tolerance_hours)
    until = max(ledger.now, max(period.closes for period in shown) + tolerance)
    source = Source(
        store=store,
        known_at=ledger.known_at,
        now=until,
        currency=workspace.currency,
        connectors=tuple(entry.name for entry in workspace.connectors),
    )
    with request.attach(source) as duck:
        basis = Basis(duck, workspace, to_micros(ledger.now), to_micros(until))
        with Frame(basis, shown, cut=True, valued=ledger.shown) as frame:
            for _, _, rows in bridges(frame, request, strict=False):
                yield from rows


def _later(period: Period, horizon: timedelta) -> Period:
    """The period as if it closed so much later."""
    exact = timedelta(microseconds=closes(period) - to_micros(period.closes))
    return replace(period, closes=period.closes + exact + horizon, as_of=None)
