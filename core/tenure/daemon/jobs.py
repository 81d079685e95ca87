"""What there is to run: the jobs of a plugins.toml, and all that the daemon needs of it.

    sync:NAME    pull a connector; `rates` the exchange rates
    report       make the figures and hold them against their invariants
    push:NAME    bring the figures to a sink
    alerts       say which sources are stale, through the sinks that send alerts

A connector without a schedule is pulled whenever figures are made, a sink without one gets them
right after. The plan is made by a worker (`tenure.daemon.work`), for that imports plugins.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from tenure.config import Workspace, schedule
from tenure.config.sections import DaemonTable

DAILY = "5 0 * * *"
"""When figures are made where [metrics] has no schedule."""

WARN = "every 15m"
"""How often sources are looked at for alerts; figures are whenever they are made."""

Kind = Literal["alerts", "sync", "report", "push"]
ORDER: tuple[Kind, ...] = ("alerts", "sync", "report", "push")
"""Of jobs that are due at the same instant, who goes first."""


class Job(BaseModel):
    """One thing to run; its name is `sync:billing`, `rates`, `report` or `push:board`.

    `starts_missed` says whether a first start makes up for the last time that it was due.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Kind
    schedule: str
    timeout: timedelta
    jitter: timedelta = timedelta(0)
    starts_missed: bool = True

    @property
    def subject(self) -> str:
        """The table in plugins.toml that it is about."""
        return self.name.partition(":")[2]

    def last_due(self, zone: ZoneInfo, now: datetime) -> datetime | None:
        """When it was due last."""
        return schedule.latest(self.schedule, zone, now)

    def next_due(self, zone: ZoneInfo, now: datetime) -> datetime | None:
        """When it is due next."""
        return next(schedule.following(self.schedule, zone, now), None)

    def start(self, zone: ZoneInfo, due: datetime) -> datetime:
        """When it starts: a little late, always by as much, and rarely when another job does."""
        number = int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4])
        gap = (self.next_due(zone, due) or due) - due
        return due + min(self.jitter, gap / 10) * (number % 1000) / 1000

    def stale_after(self, zone: ZoneInfo, now: datetime) -> timedelta:
        """How old its last success may be, unless [daemon] says so: two of its periods and an hour.

        Of a line whose periods differ, the longest of the next ones.
        """
        dues = list(islice(schedule.following(self.schedule, zone, now), 8))
        gaps = [later - one for one, later in pairwise(dues)]
        return 2 * max(gaps, default=timedelta(days=1)) + timedelta(hours=1)


class Plan(BaseModel):
    """A plugins.toml as the daemon works from it; `text` is what the file said."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    path: Path
    text: str = Field(repr=False)
    store: str = Field(repr=False)
    zone: ZoneInfo
    jobs: tuple[Job, ...]
    settings: DaemonTable
    warnings: tuple[str, ...] = ()
    secrets: tuple[str, ...] = Field(default=(), repr=False)

    @property
    def is_shared(self) -> bool:
        """Whether several daemons may be on its ledger."""
        return not self.store.startswith("sqlite:")

    def bounds(self, now: datetime) -> dict[str, timedelta]:
        """How old the last complete sync of each connector may be."""
        said = self.settings.stale_after
        return {
            job.subject: said or job.stale_after(self.zone, now)
            for job in self.jobs
            if job.name.startswith("sync:")
        }


def plan(workspace: Workspace, text: str) -> Plan:
    """The plan of a workspace."""
    return Plan(
        path=workspace.path,
        text=text,
        store=workspace.store,
        zone=workspace.timezone,
        jobs=tuple(_jobs(workspace)),
        settings=workspace.daemon,
        warnings=workspace.warnings,
        secrets=workspace.secrets,
    )


def _jobs(workspace: Workspace) -> Iterator[Job]:
    settings, figures = workspace.daemon, workspace.metrics.schedule or DAILY

    def job(name: str, kind: Kind, at: str | None) -> Job:
        return Job(
            name=name,
            kind=kind,
            schedule=at or figures,
            timeout=settings.timeouts.get(name, settings.timeout),
            jitter=settings.jitter if kind == "sync" else timedelta(0),
            # Nobody wants the board's monthly message because a daemon was set up on the tenth,
            # nor to hear at its first start that nothing was read yet.
            starts_missed=kind == "sync" or at is None,
        )

    if workspace.fx.entry and workspace.fx.entry.enabled:
        yield job("rates", "sync", None)
    for entry in workspace.connectors:
        if entry.enabled:
            yield job(f"sync:{entry.name}", "sync", entry.schedule)
    yield job("report", "report", None)
    sinks = [entry for entry in workspace.sinks if entry.enabled]
    for entry in sinks:
        yield job(f"push:{entry.name}", "push", entry.schedule)
    if any(entry.alerts for entry in sinks):
        yield job("alerts", "alerts", WARN)
