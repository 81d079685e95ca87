"""Periods as instants (section 5). Time has a resolution: just before t is one `TICK` earlier."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count, pairwise, takewhile
from zoneinfo import ZoneInfo

TICK = timedelta(microseconds=1)


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
        return self.closes if self.as_of is None else self.as_of + TICK

    @property
    def valued(self) -> datetime:
        """The instant whose rate the closing balance takes."""
        return self.as_of or self.closes


@cache
def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first existing instant of a day, found minute by minute."""
    start = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    minutes = (start + timedelta(minutes=n) for n in count())
    return next(t for t in minutes if t.astimezone(zone).date() >= day)


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def between(first: date, end: date, zone: ZoneInfo, now: datetime) -> Window:
    """The days from `first` to the one before `end`; partial where that lies after now."""
    closes = day_start(end, zone)
    as_of = now if closes > now else None
    return Window(f"{first}/{end}", day_start(first, zone), closes, as_of)


def trailing(end: date, months: int, zone: ZoneInfo, now: datetime) -> Window:
    """The period that ends with the day before `end` and opens that many months earlier."""
    return between(months_before(end, months), end, zone, now)


def monthly(window: Window, zone: ZoneInfo) -> list[Window]:
    """The months inside a window, counted back from its end; the first one may be shorter."""
    inner = takewhile(lambda t: t > window.opens, _months_back(window.closes, zone))
    cuts = [window.opens, *sorted(inner)]
    return [
        Window(window.label, a, b, window.as_of if b > window.valued else None)
        for a, b in pairwise(cuts)
        if a < window.end
    ]


def _months_back(closes: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    end = closes.astimezone(zone).date()
    return (day_start(months_before(end, n), zone) for n in count())
