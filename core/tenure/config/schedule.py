"""Schedules: a cron line of five fields, or `every 15m`."""

import re
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

_EVERY = re.compile(r"every\s+([1-9]\d{0,6})\s*(s|m|h|d|w)")
_CRON_FIELDS = 5


def validate(text: str) -> str:
    """The schedule as it was written; raises `ValueError` that says what is wrong with it."""
    if _EVERY.fullmatch(text.strip()):
        return text.strip()
    if text.strip().startswith("every"):
        raise ValueError("not a schedule; write `every 15m` (a whole number and s, m, h, d or w)")
    if len(text.split()) != _CRON_FIELDS:
        raise ValueError(
            f"not a schedule: a cron line has {_CRON_FIELDS} fields (minute hour day month "
            "weekday), as in `5 0 * * *`; or write `every 15m`"
        )
    try:
        CronSim(text, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(f"not a schedule: {str(error).lower()}") from None
    return text.strip()
