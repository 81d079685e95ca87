"""Instants as Stripe counts them: whole seconds since 1970, and steps of a billing interval."""

from calendar import monthrange
from datetime import UTC, datetime
from functools import cache

MINUTE, HOUR, DAY = 60, 3600, 86_400


def epoch(text: str) -> int:
    """The second that an ISO date or time in UTC names."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@cache
def later(anchor: int, interval: str, steps: int) -> int:
    """The instant `steps` intervals after `anchor`; a day that a month lacks is its last day.

    Stripe counts every period from the anchor, so 31 January is followed by 28 February and
    then by 31 March (docs: "set billing cycles").
    """
    if interval == "day":
        return anchor + steps * DAY
    if interval == "week":
        return anchor + steps * 7 * DAY
    months = steps * (12 if interval == "year" else 1)
    day = instant(anchor)
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = monthrange(year, month + 1)[1]
    moved = day.replace(year=year, month=month + 1, day=min(day.day, last))
    return int(moved.timestamp())


def period_of(anchor: int, interval: str, count: int, at: int) -> tuple[int, int]:
    """The billing period `[start, end)` that holds `at`, counted from the anchor."""
    steps = 0
    while later(anchor, interval, steps) <= at:
        steps += count
    while later(anchor, interval, steps - count) > at:
        steps -= count
    return later(anchor, interval, steps - count), later(anchor, interval, steps)
