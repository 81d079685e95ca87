"""Retention by brute force, from the words of the definitions alone.

Exact fractions, instant by instant, no SQL and nothing of tenure but its records: slow, and so
plain that it can be checked by reading. Money in micro-units.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from tenure import Customer, Evidence, Interval, ItemKind, Point, State, Subscription

FACTOR = {
    Interval.DAY: Fraction(365, 12),
    Interval.WEEK: Fraction(52, 12),
    Interval.MONTH: Fraction(1),
    Interval.YEAR: Fraction(1, 12),
}
COUNTING = {State.ACTIVE, State.PAST_DUE, State.PAUSED_DRAFT}
TOLERANCE = timedelta(hours=24)
NAMES = ("start_mrr", "new", "reactivation", "expansion", "contraction", "churn", "end_mrr")


@dataclass(frozen=True)
class Window:
    """A period; a partial one ends at `as_of`, that instant included."""

    label: str
    opens: datetime
    closes: datetime
    as_of: datetime | None = None

    @property
    def end(self) -> datetime:
        """The instant just before which the period is judged."""
        return self.closes if self.as_of is None else self.as_of + timedelta(microseconds=1)


@dataclass
class Payer:
    """A customer: its items' points in order of time, and its attributes."""

    items: list[list[Point]] = field(default_factory=list)
    attributes: dict[str, list[tuple[datetime, str | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def instants(self) -> list[datetime]:
        return sorted({point.effective_at for item in self.items for point in item})

    def raw_at(self, instant: datetime) -> int:
        """The level at an instant, without the rule about gaps."""
        return sum(level(in_force(item, instant)) for item in self.items)

    def level_before(self, instant: datetime) -> int:
        """The level just before an instant."""
        earlier = [t for t in self.instants() if t < instant]
        return self.level_at(earlier[-1]) if earlier else 0

    def level_at(self, instant: datetime) -> int:
        """The level at one of the customer's instants, what is held over a gap included."""
        raw = self.raw_at(instant)
        if raw:
            return raw
        times = [t for t in self.instants() if t <= instant]
        while times and not self.raw_at(times[-1]):
            fell = times.pop()
        if not times:
            return 0
        back = [t for t in self.instants() if t > fell and self.raw_at(t)]
        if back and back[0] - fell <= TOLERANCE and self.fell_by_end(fell):
            return self.raw_at(times[-1])
        return 0

    def fell_by_end(self, instant: datetime) -> bool:
        """Whether every item that lost level at the instant ended there."""
        fallen = []
        for item in self.items:
            before = [point for point in item if point.effective_at < instant]
            now = in_force(item, instant)
            if now and level(before[-1] if before else None) > level(now):
                fallen.append(now.state is State.ENDED)
        return all(fallen)

    def paid_before(self, instant: datetime) -> bool:
        return any(self.raw_at(t) > 0 for t in self.instants() if t < instant)

    def first_paid(self, window: Window) -> datetime:
        return next(
            t for t in self.instants() if window.opens <= t < window.end and self.raw_at(t) > 0
        )

    def value(self, attribute: str, instant: datetime) -> str:
        """The attribute's value at an instant."""
        if attribute in {"plan", "product", "currency"}:
            return self._of_largest(attribute, instant)
        known = [
            v for t, v in sorted(self.attributes[attribute], key=lambda a: a[0]) if t <= instant
        ]
        return (known[-1] if known else None) or "(none)"

    def _of_largest(self, attribute: str, instant: datetime) -> str:
        """Of the largest item by level; the last one while nothing is paid."""
        for at in reversed([t for t in self.instants() if t <= instant]):
            found = [p for item in self.items if (p := in_force(item, at)) and level(p) > 0]
            if found:
                best = min(found, key=lambda p: (-level(p), getattr(p, attribute) or "(none)"))
                return getattr(best, attribute) or "(none)"
        return "(none)"


def in_force(item: Sequence[Point], instant: datetime) -> Point | None:
    """The point with the greatest effective_at that is not after the instant."""
    known = [point for point in item if point.effective_at <= instant]
    return known[-1] if known else None


def level(point: Point | None) -> int:
    """What a point bills a month, under the default policy."""
    if point is None or point.state not in COUNTING:
        return 0
    net = max(point.amount - point.discount, 0)
    return round(net * FACTOR[point.interval] / point.interval_count)  # round() is half to even


def payers(records: Iterable[object], now: datetime) -> dict[str, Payer]:
    """Customers from records, with nothing that lies after now."""
    found: dict[str, Payer] = defaultdict(Payer)
    for record in records:
        if isinstance(record, Subscription):
            for item in record.items:
                latest = {p.effective_at: p for p in item.points if p.effective_at <= now}
                if item.kind is ItemKind.LICENSED:
                    found[record.customer].items.append([latest[t] for t in sorted(latest)])
        elif isinstance(record, Customer):
            for a in record.attributes:
                if a.valid_from is not None:
                    found[record.id].attributes[a.name].append((a.valid_from, a.value))
    return found


def bridge(
    customers: Mapping[str, Payer], window: Window, by: str | None = None
) -> dict[str | None, dict[str, int]]:
    """The bridge of one period: of the total (key None), or by an attribute."""
    figures: dict[str | None, dict[str, int]] = defaultdict(
        lambda: dict.fromkeys((*NAMES, "customers_start", "customers_end", "customers_churned"), 0)
    )
    for payer in customers.values():
        opening, closing = payer.level_before(window.opens), payer.level_before(window.end)
        if not (opening or closing):
            continue
        at = window.opens if opening else payer.first_paid(window)
        row = figures[payer.value(by, at) if by else None]
        row["start_mrr"] += opening
        row["end_mrr"] += closing
        row["customers_start"] += opening > 0
        row["customers_end"] += closing > 0
        row["customers_churned"] += opening > 0 and not closing
        row[_name(payer, window, opening, closing)] += abs(closing - opening)
    return figures


def _name(payer: Payer, window: Window, opening: int, closing: int) -> str:
    if not opening:
        return "reactivation" if payer.paid_before(window.opens) else "new"
    if not closing:
        return "churn"
    return "expansion" if closing > opening else "contraction"


def coverage(records: Iterable[object], window: Window, now: datetime) -> dict[Evidence, int]:
    """The MRR just before the period by the evidence it rests on, without the rule about gaps."""
    found: dict[Evidence, int] = defaultdict(int)
    for payer in payers(records, now).values():
        for item in payer.items:
            before = [point for point in item if point.effective_at < window.opens]
            if before:
                found[before[-1].evidence] += level(before[-1])
    return found
