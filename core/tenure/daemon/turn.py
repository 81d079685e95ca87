"""One turn of the crank: write down what ended, claim what is due, start what may start.

    tick(now):  crew ──ended──► runs ◄──claimed── plan
                  ▲                │
                  └────started─────┘

All that counts is in the table of runs and in who works now, so a turn may come at any time, twice,
or late: the alarm clock only says when it is worth one.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tenure.daemon.jobs import Job, Plan
from tenure.daemon.order import Floor, Start, startable
from tenure.daemon.runs import Claim, Run, Runs, State
from tenure.status import SKEW

log = logging.getLogger("tenure.daemon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An attempt of a run, for a worker."""

    run: int
    job: Job
    attempt: int
    due_at: datetime
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended."""

    task: Task
    state: State
    message: str
    ended_at: datetime
    exit_code: int = 0


class Crew(Protocol):
    """Those who work."""

    def start(self, task: Task, plan: Plan) -> None:
        """Have it done."""

    def ended(self) -> list[Ended]:
        """What was done since this was asked last."""

    def working(self) -> Collection[str]:
        """The jobs that are being done, or whose end was not told yet."""


Observer = Callable[[Ended], None]


class Turn:
    """The state between ticks: what ended and could not be written down yet, and why some wait."""

    def __init__(
        self, plan: Plan, runs: Runs, crew: Crew, observers: Collection[Observer] = ()
    ) -> None:
        self.plan = plan
        self.runs = runs
        self.crew = crew
        self._observers = observers
        self._untold: list[Ended] = []
        self._notes: dict[int, str] = {}
        self.claims = True
        """Whether what becomes due is taken up."""
        self.soonest: timedelta | None = None
        """How long after the last tick something that waits may be started; None: nothing does."""
        self.is_well = False
        """Whether no job waits to be tried again."""
        self.is_idle = False
        """Whether nothing is under way, or could be."""

    def tick(self, now: datetime) -> list[Ended]:
        """Turn the crank; returns what ended. Raises `StoreError`: the next tick goes on."""
        told = self.tell()
        self._give_up_lost(now)
        last = self._claimed(now)
        wanted = [run for run in last.values() if run.is_wanted]
        settings = self.plan.settings
        floor = Floor(
            jobs={job.name: job for job in self.plan.jobs},
            running=frozenset(self.crew.working()),
            workers=settings.workers,
            wait=settings.wait,
        )
        for start in startable(wanted, floor, now):
            self._start(start, last, now)
        self.is_well = not wanted
        waits = [run.not_before - now for run in wanted]
        late = [wait + settings.wait for wait in waits]
        self.soonest = min((wait for wait in waits + late if wait > timedelta(0)), default=None)
        self.is_idle = not self.crew.working() and all(wait > timedelta(0) for wait in waits)
        return told

    def tell(self) -> list[Ended]:
        """Write down what ended."""
        self._untold += self.crew.ended()
        told = []
        while self._untold:
            ended = self._untold[0]
            note = self._notes.get(ended.task.run, "")
            message = "; ".join(filter(None, (ended.message, note)))
            self.runs.end(ended.task.run, ended.state, message, ended.ended_at)
            self._notes.pop(ended.task.run, None)
            told.append(self._untold.pop(0))
            for observer in self._observers:
                observer(ended)
        return told

    def _claimed(self, now: datetime) -> dict[str, Run]:
        """The last run of each job, of what is due now too."""
        names = [job.name for job in self.plan.jobs]
        last = self.runs.last(names, now)
        claims = list(self._due(last, now)) if self.claims else []
        if not claims:
            return last
        self.runs.claim(claims, now)
        return self.runs.last(names, now)

    def _due(self, last: dict[str, Run], now: datetime) -> Iterator[Claim]:
        for job in self.plan.jobs:
            due, run = job.last_due(self.plan.zone, now), last.get(job.name)
            if due is None or (run and run.due_at >= due):
                continue
            state = State.WAITING if run or job.starts_missed else State.SKIPPED
            # Who waits already has waited since then, though what it waits for is due anew.
            waits = run is not None and run.state is State.WAITING
            start = run.not_before if run and waits else max(now, job.start(self.plan.zone, due))
            yield Claim(job=job.name, due_at=due, not_before=start, state=state)

    def _give_up_lost(self, now: datetime) -> None:
        """What should run and does not: the store failed us, or its daemon led no more by then."""
        working = self.crew.working()
        for run in self.runs.running():
            # Another's not at once: in our own last moments, that one is who leads now.
            is_old = run.instance == self.runs.instance or now - (run.started_at or now) > SKEW
            if run.job not in working and is_old:
                self.runs.give_up(run, now)

    def _start(self, start: Start, last: dict[str, Run], now: datetime) -> None:
        run = start.run
        if not self.runs.begin(run, now):
            return
        self._notes[run.id] = self._note(start, last)
        task = Task(
            run=run.id,
            job=start.job,
            attempt=run.attempt + 1,
            due_at=run.due_at,
            started_at=now,
        )
        self.crew.start(task, self.plan)

    def _note(self, start: Start, last: dict[str, Run]) -> str:
        """What figures rest on that is not as fresh as it should be."""
        if start.job.kind not in {"report", "push"}:
            return ""
        failed = [
            f"{job.name} {last[job.name].state}"
            for job in self.plan.jobs
            if job.kind == "sync" and job.name in last and last[job.name].is_wanted
        ]
        slow = [f"{name} still runs" for name in start.unready]
        return f"stale: {', '.join(slow + failed)}" if slow or failed else ""
