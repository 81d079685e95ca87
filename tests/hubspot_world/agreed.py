"""What customers agreed to, and what they pay by it: step functions in micro-units a month."""

from calendar import monthrange
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

MICRO = 1_000_000

MONTHLY = {
    "weekly": Fraction(52, 12),
    "biweekly": Fraction(52, 24),
    "monthly": Fraction(1),
    "quarterly": Fraction(1, 3),
    "per_six_months": Fraction(1, 6),
    "annually": Fraction(1, 12),
    "per_two_years": Fraction(1, 24),
    "per_three_years": Fraction(1, 36),
    "per_four_years": Fraction(1, 48),
    "per_five_years": Fraction(1, 60),
}
"""Bills a month by billing frequency (metrics.md: a week is 12/52 of a month)."""

Steps = list[tuple[datetime, int]]
"""From each instant on, so much a month; before the first, nothing."""


@dataclass(frozen=True)
class Price:
    """So many units at so much per bill, less a percentage or an amount off each unit."""

    unit: Decimal
    quantity: Decimal = Decimal(1)
    frequency: str | None = "monthly"  # None: paid once
    percent_off: Decimal = Decimal(0)
    unit_off: Decimal = Decimal(0)

    @property
    def a_month(self) -> int:
        """The level: each fact rounded to a micro-unit, then the month's share of the bill."""
        if self.frequency is None:
            return 0
        gross = self.unit * self.quantity * MICRO
        off = self.unit_off * self.quantity * MICRO + gross * self.percent_off / 100
        return round((round(gross) - round(off)) * MONTHLY[self.frequency])


@dataclass
class Agreement:
    """A customer pays a price from a day to before another, unless it is called off.

    `signed` is when it was won, `off` when it was undone as if it had never been. `changes` are
    later prices by their instant; `beside` are prices of further lines on the same deal.
    """

    product: str
    currency: str
    price: Price
    start: date
    end: date | None = None
    signed: datetime | None = None
    off: datetime | None = None
    changes: list[tuple[datetime, Price]] = field(default_factory=list)
    beside: list[Price] = field(default_factory=list)
    counted: bool = True  # whether anybody can tell whose it is

    @property
    def valid(self) -> bool:
        return self.signed is not None and self.off is None and self.counted


def chained(agreements: list[Agreement], left: list[date], gap_days: int) -> list[Agreement]:
    """The agreements of a customer on one product, each until the next one takes over.

    A customer who renews late, but within the gap, has gone on paying as before. `left` are days
    on which the customer gave the product up.
    """
    valid = sorted((a for a in agreements if a.valid), key=lambda a: a.start)
    found = []
    for agreement, following in pairwise([*valid, None]):
        assert agreement is not None
        end = agreement.end
        for day in left:
            if agreement.start < day and (end is None or day < end):
                end = day
        if following is not None and (
            end is None or (following.start - end) <= timedelta(days=gap_days)
        ):
            end = following.start
        if end is None or end > agreement.start:
            found.append(replace(agreement, end=end))
    return found


def steps(agreement: Agreement, zone: ZoneInfo) -> Steps:
    """What one agreement brings."""
    start = midnight(agreement.start, zone)
    end = None if agreement.end is None else midnight(agreement.end, zone)
    more = sum(price.a_month for price in agreement.beside)
    found = {start: agreement.price.a_month + more}
    for at, price in agreement.changes:
        if end is None or at < end:
            found[max(at, start)] = price.a_month + more
    if end is not None:
        found[end] = 0
    return sorted(found.items())


@dataclass
class Subscribed:
    """Lines that are billed together while the subscription is paid for.

    `paying` says from which instant on it is or is not; before the first day nothing is.
    """

    start: date
    lines: list[Agreement]
    paying: list[tuple[datetime, bool]] = field(default_factory=list)
    counted: bool = True


def subscribed(one: Subscribed, zone: ZoneInfo) -> Steps:
    """What a subscription brings."""
    start = midnight(one.start, zone)
    bills = added([steps(line, zone) for line in one.lines])
    cuts = sorted({max(start, at) for at, _ in [*bills, *one.paying]})

    def paid(at: datetime) -> bool:
        return next((yes for since, yes in reversed(one.paying) if since <= at), True)

    return [(at, value_at(bills, at) if paid(at) else 0) for at in cuts]


def added(many: list[Steps]) -> Steps:
    """The sum of step functions."""
    cuts = sorted({at for one in many for at, _ in one})
    found: Steps = []
    for at in cuts:
        level = sum(value_at(one, at) for one in many)
        if not found or found[-1][1] != level:
            found.append((at, level))
    return found


def value_at(one: Steps, at: datetime) -> int:
    return next((level for since, level in reversed(one) if since <= at), 0)


# -- days


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def later(day: date, months: int) -> date:
    """The same day so many months later; the last one where a month is too short."""
    years, month = divmod(day.month - 1 + months, 12)
    last = monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))
