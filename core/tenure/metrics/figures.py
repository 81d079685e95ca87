"""The figures of each period from the states: the sums of `bridge.sql`, and rows of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from tenure.metrics.frame import Frame
from tenure.periods import Period
from tenure.report import Row


class Figures(NamedTuple):
    """The sums of one period, in the order of `bridge.sql`."""

    start_mrr: int = 0
    new: int = 0
    reactivation: int = 0
    expansion: int = 0
    contraction: int = 0
    churn: int = 0
    fx: int = 0
    end_mrr: int = 0
    customers_start: int = 0
    customers_end: int = 0
    customers_churned: int = 0
    reported: int = 0
    reported_at_most: int = 0


Series = dict[str | None, list[Figures]]
"""A segment's (None: the total's) figures, period by period."""


def lines_of(frame: Frame, states: str) -> list[Row]:
    """The total of the states, by period."""
    return list(lines(frame.shown, None, bridge(frame, states)))


def bridge(
    frame: Frame, states: str, group: str = "NULL", parts: tuple[str, str] | None = None
) -> Series:
    """The figures of each period, by the values of a column of the states.

    `parts` are changes, of customers for which these are enough, and the states of all others.
    """
    count = len(frame.shown)
    if parts is None and states == "state" and frame.carries:
        parts = ("changed_state", "")
    changes, states = parts or ("", states)
    made: Series = {}
    if changes:
        made = carried(frame.run("bridge", states=changes, group=group).fetchall(), count)
    if states:
        found = frame.run("bridge", states=states, group=group).fetchall()
        for value, line in added_up(found, count).items():
            made[value] = [*map(_added, made.get(value, [Figures()] * count), line)]
    return made or ({None: [Figures()] * count} if group == "NULL" else {})


def carried(found: Iterable[tuple[Any, ...]], count: int) -> Series:
    """The figures of each period, by value, from those of the customers that change in it.

    All others carry over: they pay what they paid at the end of the period before.
    """
    changes: defaultdict[str | None, dict[int, Figures]] = defaultdict(dict)
    for value, period, _, *sums in found:
        changes[value][period] = Figures(*map(int, sums))
    return {value: _carried(moved, count) for value, moved in changes.items()}


def _carried(changes: Mapping[int, Figures], count: int) -> list[Figures]:
    before = changes.get(0, Figures())
    lines = []
    for number in range(1, count + 1):
        moved = changes.get(number, Figures())
        mrr, customers = (
            before.end_mrr - moved.start_mrr,
            before.customers_end - moved.customers_start,
        )
        held = Figures(
            start_mrr=mrr,
            end_mrr=mrr,
            customers_start=customers,
            customers_end=customers,
            reported=mrr,
            reported_at_most=mrr,
        )
        before = _added(moved, held)
        lines.append(before)
    return lines


def added_up(found: Iterable[tuple[Any, ...]], count: int) -> Series:
    """The rows of `bridge.sql` as a line of `count` periods for each value."""
    changes: defaultdict[str | None, list[Figures]] = defaultdict(lambda: [Figures()] * (count + 2))
    for value, first, until, *sums in found:
        figures, steps = Figures(*map(int, sums)), changes[value]
        steps[first] = _added(steps[first], figures)
        steps[until] = _added(steps[until], _negative(figures))
    return {
        value: list(accumulate(steps, _added))[1 : count + 1] for value, steps in changes.items()
    }


def _added(left: Figures, right: Figures) -> Figures:
    return Figures(*map(int.__add__, left, right))


def _negative(figures: Figures) -> Figures:
    return Figures(*map(int.__neg__, figures))


def lines(shown: Sequence[Period], attribute: str | None, series: Series) -> Iterator[Row]:
    """Rows by period, then value; a segment without a customer in a period has none."""
    for number, period in enumerate(shown):
        for value in sorted(series, key=lambda value: value or ""):
            figures = series[value][number]
            if attribute is None:
                yield row_of(period, None, figures._asdict())
            elif any(figures):
                yield row_of(period, {attribute: str(value)}, figures._asdict())


def row_of(period: Period, segment: Mapping[str, str] | None, figures: Mapping[str, int]) -> Row:
    """A row of figures by their names."""
    return Row(
        period=period.label,
        start=period.start,
        end=period.end,
        partial=period.as_of is not None,
        as_of=period.as_of,
        segment=segment,
        **figures,  # type: ignore[arg-type]  # all are numbers
    )
