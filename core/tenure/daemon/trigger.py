"""APScheduler's alarm clock, set by tenure's own reading of schedules.

Its cron trigger counts weekdays from Monday = 0 and has two opinions on the hour that comes twice;
`tenure.config.schedule` has one, and everything else that asks when something is due asks it too.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger

from tenure.config import schedule


class Due(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """Fires at the due instants of a schedule; of those that were missed, none is made up for.

    What is due is decided when it fires, from the runs that are written down.
    """

    def __init__(self, text: str, zone: ZoneInfo) -> None:
        self._text = text
        self._zone = zone

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The next due instant after both."""
        after = max(previous, now) if previous else now
        return next(schedule.following(self._text, self._zone, after), None)
