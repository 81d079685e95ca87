"""The texts that properties hold, as numbers, days and instants.

Everything raises `ValueError` with words for the user: the object is then put into quarantine.
"""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

_MS = re.compile(r"-?\d{9,14}").fullmatch
_DAY = re.compile(r"\d{4}-\d\d-\d\d").fullmatch

_REMEMBERED = 20_000
"""Texts whose meaning is remembered: prices and days repeat themselves."""

FIRST_YEAR, LAST_YEAR = 1980, 2199
"""No contract starts or ends in another year: a day outside is a slip of the pen."""


@lru_cache(_REMEMBERED)
def number(text: str) -> Fraction:
    """An exact number."""
    try:
        return Fraction(Decimal(text.strip()))
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"{text!r} is no number") from None


def whole(text: str) -> int:
    """A whole number that is not negative."""
    found = number(text)
    if found.denominator != 1 or found < 0:
        raise ValueError(f"{text!r} is no whole number")
    return int(found)


@lru_cache(_REMEMBERED)
def instant(text: str) -> datetime:
    """A time in UTC: as ISO 8601 or as milliseconds since 1970."""
    try:
        if _MS(text):
            found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))
        else:
            found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no date") from None
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not FIRST_YEAR <= aware.year <= LAST_YEAR:
        raise ValueError(f"{text!r} lies in the year {aware.year}, which can hardly be meant")
    return aware.astimezone(UTC)


def day(text: str) -> date:
    """The day of a property that holds days: HubSpot writes midnight UTC, if any time."""
    return instant(text).date()


def local_day(text: str, zone: ZoneInfo) -> date:
    """The day of a property that holds times, as people in `zone` name it."""
    found = instant(text)
    return found.date() if _DAY(text) else found.astimezone(zone).date()


def same(one: str | None, other: str | None) -> bool:
    """Whether two texts say the same: `100` is `100.00`, a day is its midnight in milliseconds."""
    if (one or "") == (other or ""):
        return True
    if not one or not other:
        return False
    for read in (number, instant):
        try:
            return read(one) == read(other)
        except ValueError:
            continue
    return False
