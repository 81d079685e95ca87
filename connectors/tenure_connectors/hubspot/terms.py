"""When a line item starts and ends: days, which begin at midnight in the workspace's zone."""

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tenure_connectors.hubspot.values import FIRST_YEAR, LAST_YEAR, day, local_day, whole

START, END = "hs_recurring_billing_start_date", "hs_recurring_billing_end_date"
TERM = "hs_recurring_billing_period"
DELAY_DAYS, DELAY_MONTHS = "hs_billing_start_delay_days", "hs_billing_start_delay_months"

DATED = (START, END, TERM, DELAY_DAYS, DELAY_MONTHS)
"""The properties that a term is made of."""

_PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?").fullmatch


class Term(NamedTuple):
    """From `start` on and before `end`, which None leaves open; each with what it rests on."""

    start: date
    end: date | None
    start_source: str
    end_source: str


def term(properties: Mapping[str, str | None], closed: str | None, zone: ZoneInfo) -> Term:
    """The term of a line of a deal that was closed then. Raises `ValueError`."""
    start, start_source = _start(properties, closed, zone)
    end, end_source = _end(properties, start)
    if end is not None and end < start:
        raise ValueError(f"it ends on {end}, before it starts on {start}")
    return Term(start, end, start_source, end_source)


def _start(
    properties: Mapping[str, str | None], closed: str | None, zone: ZoneInfo
) -> tuple[date, str]:
    if said := properties.get(START):
        return day(said), START
    if not closed:
        raise ValueError("neither it has a start nor its deal a close date")
    begins = local_day(closed, zone)
    if days := properties.get(DELAY_DAYS):
        return _believed(begins, days=whole(days)), DELAY_DAYS
    if months := properties.get(DELAY_MONTHS):
        return _believed(begins, months=whole(months)), DELAY_MONTHS
    return begins, "closedate"


def _end(properties: Mapping[str, str | None], start: date) -> tuple[date | None, str]:
    """Start and term, or an earlier end; a line with neither renews until somebody ends it."""
    period, said = properties.get(TERM), properties.get(END)
    end = after(start, period) if period else None
    stopped = day(said) if said else None
    if stopped is not None and (end is None or stopped < end):
        return stopped, END
    return end, TERM


@lru_cache(20_000)
def after(start: date, period: str) -> date:
    """The day so much later: months first, to the last day of a month that is shorter."""
    found = _PERIOD(period.strip().upper())
    years, months, weeks, days = (int(part or 0) for part in found.groups()) if found else (0,) * 4
    if not years + months + weeks + days:
        raise ValueError(f"{TERM} {period!r} is no period such as P12M")
    return _believed(start, months=12 * years + months, days=7 * weeks + days)


def _believed(start: date, *, months: int = 0, days: int = 0) -> date:
    count = start.year * 12 + start.month - 1 + months
    year, month = divmod(count, 12)
    if not FIRST_YEAR <= year <= LAST_YEAR or days > 366 * 100:
        raise ValueError(f"{months} months and {days} days after {start} can hardly be meant")
    first = date(year, month + 1, 1)
    return first.replace(day=min(start.day, monthrange(year, month + 1)[1])) + timedelta(days=days)
