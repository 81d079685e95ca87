"""APScheduler's alarm clock, set by tenure's own reading of schedules.

Its cron trigger counts weekdays from Monday = 0 and has two opinions on the hour that comes twice;
`tenure.config.schedule` has one, and everything else that asks when something is due asks it too.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from tenure.config import schedule
from tenure.daemon.jobs import Plan
from tenure.threads import begun


class Alarms:
    """An alarm for each job; `ring` is called in the scheduler's thread, and there is no pool."""

    def __init__(self, ring: Callable[[], None]) -> None:
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._ring = ring
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults=defaults, executors={"default": DebugExecutor()}
        )
        with begun("thread"):
            self._scheduler.start()

    def set(self, plan: Plan) -> None:
        """Ring when a job of the plan is due, and for nothing else."""
        self._scheduler.remove_all_jobs()
        for job in plan.jobs:
            self._scheduler.add_job(self._ring, Due(job.schedule, plan.zone), id=job.name)

    def stop(self) -> None:
        """Ring no more."""
        self._scheduler.shutdown(wait=False)


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
