"""The truth of a world against what a ledger holds: cells equal, cells in all, what differs.

A cell is one customer in one currency, between two instants at which either side changes. What
the ledger holds is turned into levels here, by metrics.md section 3. Levels may differ by a
micro-unit for each agreement: an amount and its discount are rounded each on its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from hubspot_world.agreed import Steps, added, value_at
from hubspot_world.people import Told

MONTHS = {"month": Fraction(1), "year": Fraction(1, 12)}
MONTHS |= {"week": Fraction(52, 12), "day": Fraction(365, 12)}
COUNTS = {"active", "past_due", "paused_draft"}
SLACK = 12  # agreements of one customer at a time, at the most


class Held(NamedTuple):
    """A point in force, with whose it is."""

    customer: str
    item: str
    at: datetime
    amount: int
    discount: int
    interval: str
    interval_count: int
    currency: str
    state: str

    @property
    def level(self) -> int:
        if self.state not in COUNTS:
            return 0
        return round((self.amount - self.discount) * MONTHS[self.interval] / self.interval_count)


@dataclass
class Comparison:
    """Cells equal of cells in all, and each difference in words."""

    equal: int = 0
    total: int = 0
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.equal} of {self.total} cells equal"

    def cell(self, *, same: bool, words: str) -> None:
        self.total += 1
        self.equal += same
        if not same:
            self.differences.append(words)


def levels(points: Iterable[Held]) -> dict[tuple[str, str], Steps]:
    """By customer and currency: the level from each instant on."""
    items: dict[tuple[str, str], list[Held]] = {}
    for point in sorted(points, key=lambda point: point.at):
        items.setdefault((point.customer, point.item), []).append(point)
    found: dict[tuple[str, str], list[Steps]] = {}
    for (customer, _), timeline in items.items():
        for currency in {point.currency for point in timeline}:
            own = [(p.at, p.level if p.currency == currency else 0) for p in timeline]
            found.setdefault((customer, currency), []).append(own)
    return {key: added(many) for key, many in found.items()}


def compare(truth: Mapping[tuple[str, str], Steps], points: Iterable[Held]) -> Comparison:
    """Every customer's level over time."""
    result, held = Comparison(), levels(points)
    for key in sorted({*truth, *held}):
        true, got = truth.get(key, []), held.get(key, [])
        cuts = sorted({at for one in (true, got) for at, _ in one})
        for at, end in pairwise([*cuts, None]):
            assert at is not None
            expected, found = value_at(true, at), value_at(got, at)
            until = f"{end:%Y-%m-%d %H:%M}" if end else "…"
            words = f"{key} {at:%Y-%m-%d %H:%M} to {until}: {found}, expected {expected}"
            close = abs(expected - found) <= SLACK and (expected == 0) == (found == 0)
            result.cell(same=close, words=words)
    return result


def compare_told(
    truth: Mapping[tuple[str, str], Told], held: Mapping[tuple[str, str], Told]
) -> Comparison:
    """Every attribute of every company, from the company's first instant on."""
    result = Comparison()
    for key in sorted({*truth, *held}):
        true, got = truth.get(key, []), held.get(key, [])
        since = true[0][0] if true else None
        cuts = sorted({at for one in (true, got) for at, _ in one if since is None or at >= since})
        for at in cuts:
            expected, found = said(true, at), said(got, at)
            words = f"{key} from {at:%Y-%m-%d %H:%M}: {found!r}, expected {expected!r}"
            result.cell(same=expected == found, words=words)
    return result


def said(told: Told, at: datetime) -> str | None:
    return next((value for since, value in reversed(told) if since <= at), None)
