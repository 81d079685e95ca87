"""Schedules: a cron line of five fields, or `every 15m`, and the UTC instants that they mean.

A cron line is read in the workspace's time zone as Debian's cron does. On the night that has an
hour twice, a line that names its hour fires once, the first time; on the night that lacks one, at
the next instant that exists. A line whose minute or hour begins with `*` goes by real time. `every`
counts from midnight UTC of 1970-01-01, so a restart moves nothing.
"""

import re
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_SPAN = re.compile(r"([1-9]\d{0,8})\s*(s|m|h|d|w)")
_LONGEST = timedelta(days=3650)
_EVERY = re.compile(rf"every\s+({_SPAN.pattern})")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CRON_FIELDS = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOOK_BACK = tuple(timedelta(days=days) for days in (0.1, 3, 70, 800, 366 * 30))
"""How far back the last due instant is looked for, a little first: a busy line has many."""


def validate(text: str) -> str:
    """The schedule as it was written; raises `ValueError` that says what is wrong with it."""
    if every := _EVERY.fullmatch(text.strip()):
        span(every[1])
        return text.strip()
    if text.strip().startswith("every"):
        raise ValueError("not a schedule; write `every 15m` (a whole number and s, m, h, d or w)")
    if len(text.split()) != _CRON_FIELDS:
        raise ValueError(
            f"not a schedule: a cron line has {_CRON_FIELDS} fields (minute hour day month "
            "weekday), as in `5 0 * * *`; or write `every 15m`"
        )
    try:
        next(CronSim(text, datetime(2000, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ValueError(f"not a schedule: {str(error).lower()}") from None
    except StopIteration:
        raise ValueError("not a schedule: there is no such day") from None
    return text.strip()


def span(text: str) -> timedelta:
    """`15m` as a span of time; raises `ValueError` for another text."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a span of time; write `24h` (a whole number and s, m, h, d or w)")
    count, unit = int(found[1]), timedelta(**{_UNITS[found[2]]: 1})
    if count > _LONGEST // unit:
        raise ValueError("longer than ten years")
    return count * unit


def following(text: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The due instants of a valid schedule after `after`, in UTC and in order."""
    if every := _EVERY.fullmatch(text):
        period = span(every[1])
        count = (after - _EPOCH) // period
        while True:
            count += 1
            yield _EPOCH + count * period
    last = after
    for local in CronSim(text, after.astimezone(zone)):
        # Of an hour that there is twice, the first one may be behind us.
        if (instant := local.astimezone(UTC)) > last:
            yield (last := instant)


def latest(text: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The last due instant up to `now`; None where there was none for decades."""
    for back in _LOOK_BACK:
        past = takewhile(lambda due: due <= now, following(text, zone, now - back))
        if last := deque(past, maxlen=1):
            return last[0]
    return None
