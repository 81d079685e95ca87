"""A portal that is lived through: what people do, each thing at its time."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hubspot_world.agreed import Agreement, Price, Subscribed
from tenure_connectors.hubspot.world import Limits, Portal, Record, Stage

T = TypeVar("T")

FREQUENCIES = ("monthly", "annually", "quarterly")
RARE = ("weekly", "biweekly", "per_six_months", "per_two_years", "per_three_years")
DIGITS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}
TERMS = {
    "weekly": (("P26W", 6), ("P52W", 12)),
    "biweekly": (("P26W", 6), ("P52W", 12)),
    "monthly": (("P6M", 6), ("P8M", 8), ("P12M", 12), ("P1Y", 12)),
    "quarterly": (("P12M", 12), ("P1Y", 12), ("P6M", 6)),
    "annually": (("P12M", 12), ("P1Y", 12), ("P24M", 24)),
    "per_six_months": (("P6M", 6), ("P12M", 12)),
    "per_two_years": (("P24M", 24), ("P2Y", 24)),
    "per_three_years": (("P36M", 36), ("P3Y", 36)),
}
"""Terms by frequency, with their months (weeks are counted where they are used)."""


@dataclass(order=True)
class _Due:
    at: datetime
    number: int
    act: Callable[[datetime], None] = field(compare=False)


@dataclass
class Life:
    """The portal, its random numbers, and what is still to happen."""

    rng: Random
    zone: ZoneInfo
    level: int
    now: datetime
    portal: Portal = field(default_factory=lambda: Portal(limits=Limits.none()))
    due: list[_Due] = field(default_factory=list)
    partner: Record = field(init=False)  # a company that is on deals and buys nothing
    customers: list["Customer"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = count()
        self.portal.timezone = self.zone.key
        won, lost = (
            Stage("p_won", "Won", "1.0", closed=True),
            Stage("p_lost", "Lost", "0", closed=True),
        )
        open_ = Stage("p_open", "Open")
        self.partners = self.portal.add_pipeline("Partners", [open_, won, lost])
        gone = Stage("gone", "Gone", "1.0", closed=True)
        self.churn = self.portal.add_pipeline("Churn", [Stage("leaving", "Leaving"), gone])
        self.partner = self.portal.add_company("Partner", "partner.example", self.now)

    def at(self, when: datetime, act: Callable[[datetime], None]) -> None:
        """Let something happen."""
        heapq.heappush(self.due, _Due(when, next(self._numbers), act))

    def until(self, end: datetime) -> None:
        """Live on."""
        while self.due and self.due[0].at <= end:
            due = heapq.heappop(self.due)
            due.act(due.at)
        self.now = end

    # -- chance

    def chance(self, odds: float) -> bool:
        return self.rng.random() < odds

    def pick(self, choices: Sequence[T]) -> T:
        return self.rng.choice(choices)

    def hour(self, day: date) -> datetime:
        """Some instant of that day, by the seller's clock."""
        seconds = self.rng.randrange(3 * 3600, 22 * 3600, 7)  # whatever the clock does that day
        local = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return (local.astimezone(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)

    def price(self, currency: str, like: Price | None = None) -> Price:
        """A price; one that is like another keeps the frequency."""
        digits = DIGITS[currency]
        rare = self.level > 1 and self.chance(0.25)
        frequency = like.frequency if like else self.pick(RARE if rare else FREQUENCIES)
        unit = Decimal(self.rng.randrange(5 * 10**digits, 900 * 10**digits)).scaleb(-digits)
        quantities = ["1", "1", "2", "5", "12"] + ["2.5", "0.5"] * (self.level > 2)
        price = Price(unit, Decimal(self.pick(quantities)), frequency)
        if self.level > 1 and self.chance(0.3):
            percent = Decimal(self.pick(["10", "12.5", "25", "33.33"]))
            return Price(unit, price.quantity, frequency, percent_off=percent)
        if self.level > 1 and self.chance(0.2):
            off = Decimal(self.rng.randrange(1, 4 * 10**digits)).scaleb(-digits)
            return Price(unit, price.quantity, frequency, unit_off=off)
        return price


def line(price: Price) -> dict[str, Any]:
    """A price as a line item's properties."""
    return {
        "price": plain(price.unit),
        "quantity": plain(price.quantity),
        "recurringbillingfrequency": price.frequency,
        "hs_discount_percentage": plain(price.percent_off) if price.percent_off else None,
        "discount": plain(price.unit_off) if price.unit_off else None,
    }


def plain(number: Decimal) -> str:
    return f"{number:f}"


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Customer:
    """A company that buys, in its currency; `record` is the one that stands for it now."""

    record: Record
    currency: str
    agreements: list[Agreement] = field(default_factory=list)
    left: dict[str, list[date]] = field(default_factory=dict)  # by product
    subscribed: list[Subscribed] = field(default_factory=list)
