"""How much of the truth a connector found: cells equal, cells in all, and what differs.

A cell is one item in one stretch of time between two instants at which either side changes.
A cell counts as determined if the API still tells all of it; in the others each doubtful field
may hold any value that the item had about then, and they are counted apart.

    said = {item.id: item.points for subscription in pulled for item in subscription.items}
    result = compare(world, said, known_from=first_sync - 30 days)
    assert not result.differences
    assert not compare(world, said, truth=kept).differences    # what an earlier start kept
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from stripe_world.future import coming, open_questions
from stripe_world.world import World
from tenure_connectors.stripe.world.moments import instant
from tenure_connectors.stripe.world.truth import FIELDS, NEVER, OFF, Doubt, Fact, Track
from tenure_connectors.stripe.world.vouchers import HAND_REMOVED

ENDED = ("amount", "discount", "discount_once", "state", "cause")
COMPARED = (
    "amount",
    "discount",
    "discount_once",
    "quantity",
    "interval",
    "interval_count",
    "currency",
    "plan",
    "product",
    "state",
    "ends_at",
    "cause",
)


class Stated(Protocol):
    """What a connector states: `tenure.Point`, or a ledger row with the same names."""

    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one cell that is not what it was."""

    item: str
    start: datetime
    end: datetime | None
    name: str
    expected: object
    got: object
    determined: bool
    reason: str = ""

    def __str__(self) -> str:
        until = f"{self.end:%Y-%m-%d %H:%M:%S}" if self.end else "…"
        grade = "determined" if self.determined else f"not determined: {self.reason}"
        return (
            f"{self.item} {self.start:%Y-%m-%d %H:%M:%S} to {until}: {self.name} is "
            f"{self.got!r}, expected {self.expected!r} ({grade})"
        )


@dataclass(slots=True)
class Comparison:
    """`equal` of `total` determined cells; `within` of `doubtful` cells inside their bounds."""

    level: int
    equal: int = 0
    total: int = 0
    within: int = 0
    doubtful: int = 0
    differences: list[Difference] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"level {self.level}: {self.equal} of {self.total} cells equal, "
            f"{self.within} of {self.doubtful} undetermined cells within their bounds"
        )

    def add(self, other: "Comparison") -> None:
        self.equal += other.equal
        self.total += other.total
        self.within += other.within
        self.doubtful += other.doubtful
        self.differences += other.differences
        self.reasons += other.reasons


@dataclass(frozen=True, slots=True)
class Cell:
    start: int
    end: int | None
    fact: Fact | None
    point: Any


def compare(
    world: World,
    said: Mapping[str, Iterable[Stated]],
    known_from: datetime | None = None,
    truth: Mapping[str, Iterable[Stated]] | None = None,
) -> Comparison:
    """Compare what was stated of each item with what was.

    `known_from`: since when events were seen (the first sync, less the 30 days that Stripe
    keeps); without it the account's own last 30 days. `truth`: what somebody else states, to
    be compared with in place of what was.
    """
    since = world.now - 30 * 86_400 if known_from is None else int(known_from.timestamp())
    result = Comparison(int(world.level))
    live = [track for track in world.tracks() if track.sub.customer.livemode]
    doubts = doubts_of(world, live, since, world.api_version)
    for track in live:
        points = {second(p): p for p in said.get(track.item.id, ())}
        facts = [*track.facts, *coming(track, world.now)]
        if truth is not None:
            facts = [as_fact(point) for point in truth.get(track.item.id, ())]
        if track.usage:
            compare_usage(result, track, points, facts)
        elif track.facts:
            compare_item(result, track, points, doubts[track.item.id], facts)
    compare_strangers(result, said, {track.item.id for track in live})
    return result


def as_fact(point: Stated) -> Fact:
    """What was stated, as if it had been."""
    return Fact(at=second(point), **{name: read(point, name) for name in FIELDS})


def doubts_of(
    world: World, tracks: list[Track], since: int, version: str
) -> dict[str, list[Doubt]]:
    """The doubts by item, with those that it shares with its siblings.

    What a subscription does, an item that is added later does too; and an amount off is spread
    over all items, so that the doubtful terms of one make the parts of the others doubtful.
    """
    own = {t.item.id: [*t.doubts(world.now, since, version)] for t in tracks if t.facts}
    families: dict[str, list[Track]] = {}
    for track in tracks:
        families.setdefault(track.sub.id, []).append(track)
    found = {}
    for track in (track for track in tracks if track.facts):
        found[track.item.id] = [*own[track.item.id], *open_questions(track, world.now)]
        others = [t for t in families[track.sub.id] if t is not track and t.facts]
        for doubt in (doubt for other in others for doubt in own[other.item.id]):
            if set(doubt.names) <= {"state", "cause"}:
                found[track.item.id].append(doubt)
            elif {"amount", *OFF} & set(doubt.names) and concerns(doubt, track):
                most = track.discounts_within(doubt.start, doubt.end, doubt.reason)
                found[track.item.id].append(most)
    return found


def concerns(doubt: Doubt, track: Track) -> bool:
    """Whether the doubt of a sibling reaches an item: one added meanwhile might have had it."""
    return doubt.reason == HAND_REMOVED or track.reduced(doubt.start, doubt.end)


def compare_strangers(
    result: Comparison, said: Mapping[str, Iterable[Stated]], known: set[str]
) -> None:
    """Items that never were, or only in test mode."""
    for stranger in sorted(set(said) - known):
        if stranger.startswith("sub_sched_"):
            continue  # a plan that has no item yet may be stated under its own id
        first = min((p.effective_at for p in said[stranger]), default=instant(0))
        result.total += 1
        result.differences.append(
            Difference(stranger, first, None, "item", None, stranger, determined=True)
        )


def compare_item(
    result: Comparison,
    track: Track,
    points: dict[int, Any],
    doubts: list[Doubt],
    facts: list[Fact],
) -> None:
    for cell in cells(facts, points, doubts):
        about = [d for d in doubts if d.start <= cell.start and (cell.end or NEVER) <= d.end]
        found = list(differences(track, cell, about))
        if about:
            result.doubtful += 1
            result.within += not found
            result.reasons.update({doubt.reason for doubt in about})
        else:
            result.total += 1
            result.equal += not found
        result.differences += found


def compare_usage(
    result: Comparison, track: Track, points: dict[int, Any], facts: list[Fact]
) -> None:
    """Of a metered item: each charge stands where its service period ends, and 0 at its end."""
    for fact in facts:
        told = [at for at in points if at <= fact.at]
        point = points[max(told)] if told else None
        got = None if point is None else read(point, "amount")
        result.total += 1
        equal = same(track, "amount", fact.amount, got)
        result.equal += equal
        if not equal and not (point is None and fact is facts[0] and not fact.amount):
            when = instant(fact.at)
            result.differences.append(
                Difference(track.item.id, when, None, "usage", fact.amount, got, determined=True)
            )


def cells(facts: list[Fact], points: dict[int, Any], doubts: Sequence[Doubt]) -> Iterator[Cell]:
    """The stretches of an item's time, cut at every change and at the edges of every doubt."""
    changes = {fact.at: fact for fact in facts}
    edges = {edge for doubt in doubts for edge in (doubt.start, doubt.end)}
    edges = {edge for edge in edges if edge < NEVER}
    cuts = sorted({*changes, *points, *edges})
    fact: Fact | None = None
    point: Any = None
    for n, start in enumerate(cuts):
        fact, point = changes.get(start, fact), points.get(start, point)
        end = cuts[n + 1] if n + 1 < len(cuts) else None
        if fact is not None or point is not None:
            yield Cell(start, end, fact, point)


def differences(track: Track, cell: Cell, doubts: Sequence[Doubt]) -> Iterator[Difference]:
    for name, expected, got in unequal(track, cell):
        if allowed(doubts, name, got):
            continue
        about = sorted({d.reason for d in doubts if name in d.names or name == "point"})
        end = instant(cell.end) if cell.end is not None else None
        grade = {"determined": not about, "reason": "; ".join(about)}
        yield Difference(track.item.id, instant(cell.start), end, name, expected, got, **grade)


def unequal(track: Track, cell: Cell) -> Iterator[tuple[str, object, object]]:
    """Name, expected and got of each field that differs; of an ended item few fields count."""
    fact, point = cell.fact, cell.point
    if fact is None or point is None:
        if fact is not None or read(point, "amount") != 0:
            yield "point", fact, point
        return
    for name in ENDED if fact.state == "ended" else COMPARED:
        expected, got = getattr(fact, name), read(point, name)
        if not same(track, name, expected, got):
            yield name, expected, got


def same(track: Track, name: str, expected: object, got: object) -> bool:
    if name in track.free:
        return True
    if name in ("amount", "discount", "discount_once") and track.slack:
        return isinstance(got, int) and abs(got - int(str(expected))) <= track.slack
    return expected == got


def allowed(doubts: Sequence[Doubt], name: str, got: object) -> bool:
    return any(
        name in doubt.names and (name not in doubt.values or got in doubt.values[name])
        for doubt in doubts
    )


def read(point: Any, name: str) -> object:
    """A stated value in the truth's own terms."""
    value = getattr(point, name)
    if isinstance(value, datetime):
        return int(value.timestamp())
    return getattr(value, "value", value)


def second(point: Stated) -> int:
    return int(point.effective_at.timestamp())
