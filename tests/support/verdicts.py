"""What the reference says of made-up facts, in short words."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

from facts import at
from reference import Policy, Rates, Terms, Window, between, bridge, log, payers, retention

from tenure import Item, Point, Subscription

UTC_ZONE = ZoneInfo("UTC")
NOW = at("2027-01-01")
EUR = {"EUR": {date(2025, 12, 31): Decimal("1.10"), date(2026, 1, 31): Decimal("1.05")}}


def a(customer: str, *items: Iterable[Point], **facts) -> Subscription:
    """A customer's subscription: an item for each list of points."""
    made = [Item(id=str(n), points=list(points), **facts) for n, points in enumerate(items)]
    return Subscription(id=f"of {customer}", customer=customer, items=made)


def days(first: str, end: str, zone: str = "UTC", now: datetime = NOW) -> Window:
    return between(date.fromisoformat(first), date.fromisoformat(end), ZoneInfo(zone), now)


def months(first: int, last: int, year: int = 2026) -> list[Window]:
    """Months of a year by number; 0 and below, 13 and above lie in its neighbours."""
    edges = [date(year + (n - 1) // 12, (n - 1) % 12 + 1, 1) for n in range(first, last + 2)]
    return [between(start, end, UTC_ZONE, NOW) for start, end in pairwise(edges)]


JANUARY, Q1 = days("2026-01-01", "2026-02-01"), days("2026-01-01", "2026-04-01")


def percent(ratio: tuple[Fraction, Fraction] | None) -> str:
    """The ratio times 100 with 2 places."""
    if ratio is None:
        return "none"
    hundredths = round(10_000 * ratio[0] / ratio[1])
    return f"{hundredths // 100}.{hundredths % 100:02}"


def percents(records, window=JANUARY, variant="cohort", rates=None) -> tuple[str, str]:
    found = retention(payers(records, NOW), window, variant, Terms(rates or Rates()))
    return percent(found.nrr), percent(found.grr)


def total(records, window=JANUARY, **policy) -> dict[str, int]:
    """The bridge of all customers, zeros left out."""
    found = bridge(payers(records, NOW, Policy(**policy)), window)
    return {name: value for name, value in found.get(None, {}).items() if value}


def moved(records, window) -> list[tuple[str, int, str]]:
    """The log as (kind, signed amount, day)."""
    found = log(payers(records, NOW), window)
    return [(m.kind, m.amount // 10**6, f"{m.instant:%d %b}") for m in found]
