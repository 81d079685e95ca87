"""The terms of one product that a company bought, deal after deal, as one timeline.

A renewal has line items of its own. Its start closes what it renews: one that is early does not
count twice. Lines of one deal stand beside each other, each in a slot of its own, and a slot is an
item. So do deals that start on one day: none of them renews the other.

After a renewal that is late by no more than the allowed gap, the old level has gone on until it
started. That is assumed, and an item of its own: it is withdrawn if the renewal is lost again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from tenure import Cause, Evidence, Excluded, Item, Point, State
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
    evidence: Evidence = Evidence.OBSERVED


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


def chained(deals: Iterable[Deal], gap_days: int) -> tuple[list[list[Line]], list[Line]]:
    """The slots of one product, each with lines that follow one another, and what went on."""
    ordered = _united(sorted(deals, key=lambda one: (one.start, one.closed, _order(one.id))))
    slots, continued = list[list[Line]](), list[Line]()
    for deal, follower in pairwise([*ordered, None]):
        if deal is None:
            continue
        lines = list(_until(deal, follower))
        for line in sorted(lines, key=lambda one: (one.start, _order(one.ref))):
            _place(slots, line)
        if follower is not None and follower.continues:
            continued += _gone_on(lines, follower, timedelta(days=gap_days))
    return slots, continued


def _united(ordered: Iterable[Deal]) -> list[Deal]:
    """Deals that start together as one."""
    found = list[Deal]()
    for deal in ordered:
        last = found[-1] if found and found[-1].start == deal.start else None
        if last is None:
            found.append(deal)
        else:
            both = [*last.lines, *deal.lines]
            found[-1] = replace(deal, lines=both, continues=deal.continues or last.continues)
    return found


def _place(slots: list[list[Line]], line: Line) -> None:
    """Into the first slot that is free when it starts."""
    for slot in slots:
        end = slot[-1].end
        if end is not None and end <= line.start:
            slot.append(line)
            return
    slots.append([line])


def _until(deal: Deal, follower: Deal | None) -> Iterator[Line]:
    """The lines of a deal, closed where the next one starts."""
    for line in deal.lines:
        if follower is None or (line.end is not None and line.end <= follower.start):
            if line.end is None or line.start < line.end:
                yield line
        elif line.start < follower.start:
            ref = min(follower.lines, key=lambda one: one.start).start_ref
            yield replace(line, end=follower.start, end_ref=ref, cause=None)


def _gone_on(lines: Sequence[Line], follower: Deal, gap: timedelta) -> Iterator[Line]:
    """What ended last before a late renewal, up to there, unless somebody had asked to end it."""
    over = max((line.end for line in lines if line.end is not None), default=follower.start)
    if not over < follower.start <= over + gap:
        return
    for line in lines:
        level = next((step.level for step in reversed(line.steps) if step.at < over), None)
        if level is not None and line.end == over and line.cause is None:
            steps = [Step(over, level)]
            assumed = replace(line, start=over, end=follower.start, steps=steps)
            yield replace(assumed, start_ref=line.end_ref, evidence=Evidence.ASSUMED)


def lasting(line: Line) -> Iterator[Item | Excluded]:
    """The item of a line that stands alone; one that is over as it begins was never in force."""
    if line.end is None or line.start < line.end:
        yield Item(id=line.ref, points=points([line]))
    else:
        yield Excluded(reason="over as it begins")


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
    if line.end is not None:
        yield _point(line, line.end, None, line.end_ref)


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
        cause=None if level else line.cause,
        source_ref=ref,
        evidence=line.evidence,
    )


def _order(key: str) -> tuple[int, str]:
    """Ids in the order in which HubSpot gave them: they are numbers of any length."""
    return len(key), key
