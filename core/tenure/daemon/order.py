"""Who may start now: figures wait for the syncs before them, and syncs for figures.

Syncs of different connectors run side by side, and so do pushes; a sync and figures never do, for
figures over a pull that is under way are withheld. Whoever waited too long goes ahead anyway.
Alerts wait for nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tenure.daemon.jobs import ORDER, Job
from tenure.daemon.runs import Run


@dataclass(frozen=True, slots=True)
class Start:
    """A run that may start, and the jobs it waited for in vain."""

    run: Run
    job: Job
    unready: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What is there: the jobs by name, those that run, and how much fits."""

    jobs: Mapping[str, Job]
    running: frozenset[str]
    workers: int
    wait: timedelta


def startable(wanted: Iterable[Run], floor: Floor, now: datetime) -> list[Start]:
    """The runs to start now, of those that are wanted, in order."""
    running, ahead = dict.fromkeys(floor.running), list[str]()
    starts: list[Start] = []
    # Not by when they were due: what was missed longest ago is figures, most often.
    for run in sorted(wanted, key=lambda run: _place(run, floor.jobs[run.job])):
        is_first = run.attempt == 0
        if now < run.not_before and not is_first:
            continue  # it failed, and holds nobody up until it is tried again
        before = [name for name in (*running, *ahead) if _apart(floor.jobs, run.job, name)]
        late = now - run.not_before > floor.wait
        blocked = run.job in running or (bool(before) and not late)
        if blocked or now < run.not_before or len(running) >= floor.workers:
            ahead.append(run.job)
            continue
        running[run.job] = None
        starts.append(Start(run, floor.jobs[run.job], tuple(before)))
    return starts


def _place(run: Run, job: Job) -> tuple[datetime, int, str]:
    return run.claimed_at, ORDER.index(job.kind), run.job


def _apart(jobs: Mapping[str, Job], one: str, other: str) -> bool:
    """Whether the two may not run side by side; a job that is gone from plugins.toml was a sync."""
    kinds = {jobs[one].kind, jobs[other].kind if other in jobs else "sync"}
    return one != other and "alerts" not in kinds and (len(kinds) > 1 or "report" in kinds)
