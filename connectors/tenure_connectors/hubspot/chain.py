"""The terms of one product that a company bought, deal after deal, as one timeline.

A renewal has line items of its own. Its start closes what it renews: one that is early does not
count twice. One that is late by no more than the allowed gap continues at the old level until it
starts, which is assumed. Lines of one deal stand beside each other, each in a slot of its own, and
a slot is an item.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tenure import Cause, Evidence, Point, State
from tenure_connectors.hubspot.levels import Level, Step


@dataclass(frozen=True, slots=True)
class Line:
    """What is billed from `start` on and before `end`, which None leaves open.

    `ref` is the object that says so, as in `line_item:123`.
    """

    ref: str
    currency: str
    start: datetime
    end: datetime | None
    steps: Sequence[Step]
    plan: str | None = None
    product: str | None = None
    start_ref: str = ""
    end_ref: str = ""
    cause: Cause | None = None
    assumed_from: datetime | None = None
    """From then on until `end`, nobody said so."""


@dataclass(frozen=True, slots=True)
class Deal:
    """What one deal says of one product; `continues` is whether it may be a late renewal."""

    id: str
    closed: datetime
    lines: Sequence[Line]
    continues: bool = True

    @property
    def start(self) -> datetime:
        """When its first line starts."""
        return min(line.start for line in self.lines)


def chained(deals: Iterable[Deal], gap_days: int) -> list[list[Line]]:
    """The slots of one product, each with lines that follow one another."""
    ordered = sorted(deals, key=lambda one: (one.start, one.closed, _order(one.id)))
    slots = list[list[Line]]()
    for number, deal in enumerate(ordered):
        follower = ordered[number + 1] if number + 1 < len(ordered) else None
        lines = list(_until(deal, follower, timedelta(days=gap_days)))
        for line in sorted(lines, key=lambda one: (one.start, _order(one.ref))):
            _place(slots, line)
    return slots


def _place(slots: list[list[Line]], line: Line) -> None:
    """Into the first slot that is free when it starts."""
    for slot in slots:
        end = slot[-1].end
        if end is not None and end <= line.start:
            slot.append(line)
            return
    slots.append([line])


def _until(deal: Deal, follower: Deal | None, gap: timedelta) -> Iterator[Line]:
    """The lines of a deal, closed where the next one starts, or continued up to there."""
    if follower is None:
        yield from (line for line in deal.lines if line.end is None or line.start < line.end)
        return
    ends = [line.end for line in deal.lines]
    over = None if None in ends else max(end for end in ends if end is not None)
    late = over is not None and over < follower.start <= over + gap and follower.continues
    for line in deal.lines:
        end, assumed = line.end, None
        if late and end == over and line.cause is None:
            end, assumed = follower.start, line.end
        if end is None or end > follower.start:
            yield from _cut(line, follower)
        elif line.start < end:
            yield replace(line, end=end, assumed_from=assumed)


def _cut(line: Line, follower: Deal) -> Iterator[Line]:
    if line.start < follower.start:
        ref = min(follower.lines, key=lambda one: one.start).start_ref
        yield replace(line, end=follower.start, end_ref=ref, cause=None)


def points(slot: Sequence[Line]) -> list[Point]:
    """The timeline of a slot: of two points at one instant, the last counts."""
    found = list[Point]()
    for line in slot:
        found += _points(line)
    latest = {point.effective_at: point for point in found}
    return [latest[at] for at in sorted(latest)]


def _points(line: Line) -> Iterator[Point]:
    begun = False
    for step in line.steps:
        if line.end is not None and step.at >= line.end:
            break
        ref = f"{line.ref}/{step.source}" if begun else line.start_ref
        yield _point(line, step.at, step.level, ref)
        begun = True
    if line.end is None:
        return
    if line.assumed_from is not None:
        level = _in_force(line.steps, line.assumed_from)
        assumed = _point(line, line.assumed_from, level, line.end_ref)
        yield replace(assumed, evidence=Evidence.ASSUMED)
    yield replace(_point(line, line.end, None, line.end_ref), cause=line.cause)


def _in_force(steps: Sequence[Step], at: datetime) -> Level | None:
    return next((step.level for step in reversed(steps) if step.at <= at), None)


def _point(line: Line, at: datetime, level: Level | None, ref: str) -> Point:
    billed = level or Level(0)
    return Point(
        effective_at=at,
        amount=billed.amount,
        discount=billed.discount,
        quantity=billed.quantity,
        interval=billed.interval,
        interval_count=billed.count,
        currency=line.currency,
        plan=line.plan,
        product=line.product,
        state=State.ACTIVE if level else State.ENDED,
        source_ref=ref,
    )


def _order(key: str) -> tuple[int, str]:
    """Ids in the order in which HubSpot gave them: they are numbers of any length."""
    return len(key), key
