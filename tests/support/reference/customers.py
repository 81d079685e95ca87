"""Customers and what they pay, instant by instant, under one policy."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from reference.policy import DEFAULT, Policy, level
from reference.windows import TICK
from tenure import BEGINNING, Customer, ItemKind, Point, State, Subscription

FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Track:
    """An item's points in order of time, and the connector that stated them."""

    points: Sequence[Point]
    source: str


@dataclass(frozen=True)
class Line:
    """What one item is paid at an instant: its point, and a level above 0."""

    track: Track
    point: Point
    level: int


Lines = tuple[Line, ...]


@dataclass
class Payer:
    """A customer: its items and its attributes."""

    policy: Policy = DEFAULT
    tracks: list[Track] = field(default_factory=list)
    attributes: dict[str, list[tuple[datetime, str | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    domains: set[str] = field(default_factory=set)

    @cached_property
    def timeline(self) -> list[tuple[datetime, Lines]]:
        """Every instant at which something may change, with what is paid from then on."""
        raw = [(t, self.raw(t)) for t in self._instants()]
        return [(t, lines or self._held(t, raw)) for t, lines in raw]

    def raw(self, instant: datetime) -> Lines:
        """What is paid at an instant, without the rule about gaps."""
        found = []
        for track in self.tracks:
            point = in_force(track.points, instant)
            if paid := level(point, self.policy, instant):
                found.append(Line(track, point, paid))
        return tuple(found)

    def at(self, instant: datetime) -> Lines:
        """What is paid at an instant, what is held over a gap included."""
        earlier = bisect_right(self.timeline, instant, key=lambda step: step[0])
        return self.timeline[earlier - 1][1] if earlier else ()

    def before(self, instant: datetime) -> Lines:
        """What is paid just before an instant."""
        return self.at(instant - TICK)

    def last_paid(self, instant: datetime) -> Lines:
        """What is paid at an instant, or was when anything was paid last."""
        paid = [lines for t, lines in self.timeline if t <= instant and lines]
        return paid[-1] if paid else ()

    def first_paid(
        self, since: datetime = BEGINNING, before: datetime = FOREVER
    ) -> datetime | None:
        """The first instant of a range at which a change leaves the customer paying."""
        paid = (t for t, lines in self.timeline if lines and since <= t < before)
        return next(paid, None)

    def value(self, attribute: str, instant: datetime) -> str:
        """An attribute of the customer at an instant."""
        stated = sorted(self.attributes.get(attribute, ()), key=lambda change: change[0])
        known = [value for t, value in stated if t <= instant]
        return (known[-1] if known else None) or "(none)"

    def _instants(self) -> list[datetime]:
        points = [point for track in self.tracks for point in track.points]
        graces = {self.policy.grace_end(point) for point in points} - {None}
        return sorted({point.effective_at for point in points} | graces)

    def _held(self, instant: datetime, raw: Sequence[tuple[datetime, Lines]]) -> Lines:
        """What is held at an instant at which nothing is paid: the rule about gaps."""
        paid = [n for n, (t, lines) in enumerate(raw) if lines and t < instant]
        back = next((t for t, lines in raw if lines and t > instant), None)
        if not paid or back is None:
            return ()
        fell, lines = raw[paid[-1] + 1][0], raw[paid[-1]][1]
        if back - fell > timedelta(hours=self.policy.gap_tolerance_hours):
            return ()
        after = [in_force(line.track.points, fell) for line in lines]
        return lines if all(point.state is State.ENDED for point in after) else ()


def in_force(points: Sequence[Point], instant: datetime) -> Point | None:
    """The point with the greatest effective_at that is not after the instant."""
    known = [point for point in points if point.effective_at <= instant]
    return known[-1] if known else None


def payers(
    records: Iterable[object],
    now: datetime = FOREVER,
    policy: Policy = DEFAULT,
    source: str = "test",
) -> dict[str, Payer]:
    """Customers from one connector's records, with nothing that lies after now."""
    found: dict[str, Payer] = defaultdict(lambda: Payer(policy))
    for record in records:
        if isinstance(record, Subscription):
            found[record.customer].tracks += _tracks(record, now, source)
        elif isinstance(record, Customer):
            _describe(found[record.id], record)
    return {name: payer for name, payer in found.items() if not _is_excluded(name, payer, now)}


def joined(first: Payer, second: Payer) -> Payer:
    """One customer that two connectors know; of an attribute both state, the first one's wins."""
    return Payer(
        first.policy,
        first.tracks + second.tracks,
        {**second.attributes, **first.attributes},
        first.domains | second.domains,
    )


def _tracks(record: Subscription, now: datetime, source: str) -> Iterator[Track]:
    for item in record.items:
        if item.kind is ItemKind.LICENSED:
            yield Track(
                _in_order(point for point in item.points if point.effective_at <= now), source
            )


def _in_order(points: Iterable[Point]) -> list[Point]:
    """Of several points at one instant the last; each with the start of its state."""
    latest = {point.effective_at: point for point in points}
    ordered: list[Point] = []
    for t in sorted(latest):
        point = latest[t]
        goes_on = ordered and ordered[-1].state is point.state
        since = point.state_since or (ordered[-1].state_since if goes_on else t)
        ordered.append(replace(point, state_since=since))
    return ordered


def _describe(payer: Payer, record: Customer) -> None:
    for a in record.attributes:
        payer.attributes[a.name].append((a.valid_from or BEGINNING, a.value))
    if record.domain:
        payer.domains.add(record.domain.lower())
    if record.email:
        payer.domains.add(record.email.rpartition("@")[2].lower())


def _is_excluded(name: str, payer: Payer, now: datetime) -> bool:
    """Whether a rule leaves the customer out; an attribute counts as it is now."""
    for rule in payer.policy.exclude:
        kind, _, what = rule.partition(":")
        attribute, _, value = what.partition("=")
        if (
            (kind == "customer" and what == name)
            or (kind == "domain" and what.lower() in payer.domains)
            or (kind == "attribute" and payer.value(attribute, now) == value)
        ):
            return True
    return False
