"""What the customers of a simulated Stripe paid, worked out from what was true there.

Nothing of tenure's is in between: from what each item billed (`stripe_world`) to what it brings a
month, to the bridge of a month and to how a customer stands (metrics.md, 3 to 6).
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from tenure_connectors.stripe.world.truth import Fact, Track

MONTHS = {"month": Fraction(1), "year": Fraction(12)}
MONTHS |= {"week": Fraction(12, 52), "day": Fraction(12, 365)}
COUNT = ("active", "past_due", "paused_draft")

Steps = list[tuple[int, int]]
"""From which second on how much a month, in micro-units."""


def level(fact: Fact) -> int:
    """What an item brings a month under these terms."""
    months = MONTHS[fact.interval] * fact.interval_count
    left = max(fact.amount - fact.discount, 0)
    return round(left / months) if fact.state in COUNT else 0


def added(items: Iterable[Iterable[Fact]]) -> Steps:
    """What items bring together: a step wherever that changes."""
    changes: dict[int, int] = defaultdict(int)
    for facts in items:
        last = 0
        for fact in facts:
            changes[fact.at] += level(fact) - last
            last = level(fact)
    total, steps = 0, list[tuple[int, int]]()
    for at in sorted(changes):
        total += changes[at]
        if changes[at]:
            steps.append((at, total))
    return steps


@dataclass(frozen=True)
class Paid:
    """What each customer paid over time, as known at some moment."""

    steps: dict[str, Steps]

    @classmethod
    def of(cls, tracks: Iterable[Track]) -> "Paid":
        items: dict[str, list[list[Fact]]] = defaultdict(list)
        for track in tracks:
            if track.sub.customer.livemode and not track.usage:
                items[track.sub.customer.id].append(track.facts)
        return cls({customer: added(each) for customer, each in items.items()})

    def before(self, customer: str, at: int) -> int:
        """What a customer pays just before a second."""
        steps = self.steps[customer]
        place = bisect_left(steps, at, key=lambda step: step[0])
        return steps[place - 1][1] if place else 0

    def bridge(self, start: int, end: int) -> dict[str, int]:
        """How the sum moved from just before one second to just before another."""
        found = dict.fromkeys(("start", "new", "back", "up", "down", "lost", "end"), 0)
        for customer, steps in self.steps.items():
            opening, closing = self.before(customer, start), self.before(customer, end)
            found["start"] += opening
            found["end"] += closing
            came = "back" if any(paid and at < start for at, paid in steps) else "new"
            moved = came if not opening else "lost" if not closing else ""
            moved = moved or ("up" if closing > opening else "down")
            found[moved] += abs(closing - opening)
        return found

    def standing(self, customer: str, at: int, since: int) -> dict[str, Fraction | str]:
        """What is said beside a customer; of its last movement only if it was after `since`."""
        now = self.before(customer, at)
        found: dict[str, Fraction | str] = {"mrr": Fraction(now, 10**6)}
        found["arr"] = 12 * Fraction(now, 10**6)
        past = [(0, 0), *(step for step in self.steps[customer] if step[0] < at)]
        (_, before), (moved_at, after) = past[-2:] if len(past) > 1 else (past[0], past[0])
        if moved_at >= since:
            paid = any(amount for _, amount in past[:-2])
            change = "expansion" if after > before else "contraction"
            came = "reactivation" if paid else "new"
            found["last_movement"] = came if not before else "churn" if not after else change
            found["last_movement_amount"] = Fraction(after - before, 10**6)
        return found
