"""A plan, its runs in a real store, and a crew that does what it is told."""

import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tenure.config.sections import DaemonTable
from tenure.daemon.jobs import Job, Kind, Plan
from tenure.daemon.runs import Runs, State
from tenure.daemon.turn import Ended, Task, Turn
from tenure.ledger.store import Store


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def job(name: str, schedule: str = "every 1h", **options) -> Job:
    kind: Kind = "report" if name == "rates" else name.partition(":")[0]
    return Job(name=name, kind=kind, schedule=schedule, timeout=timedelta(hours=1), **options)


def a_plan(*jobs: Job, zone: str = "UTC", **settings) -> Plan:
    return Plan(
        path=Path("plugins.toml"),
        text="",
        store="",
        zone=zone,
        jobs=jobs,
        settings=DaemonTable(**settings),
    )


@dataclass
class Hands:
    """A crew whose work ends when `end` says so; what nobody holds ends at once, as done."""

    clock: Callable[[], datetime]
    held: set[str] = field(default_factory=set)
    results: dict[str, tuple[State, str]] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    open: dict[str, Task] = field(default_factory=dict)

    def start(self, task: Task, _plan: Plan) -> None:
        self.tasks.append(task)
        self.open[task.job.name] = task

    def working(self) -> list[str]:
        return list(self.open)

    def ended(self) -> list[Ended]:
        return [self._end(name) for name in list(self.open) if name not in self.held]

    def _end(self, name: str) -> Ended:
        state, message = self.results.get(name, (State.DONE, "fine"))
        task = self.open.pop(name)
        return Ended(task=task, state=state, message=message, ended_at=self.clock())

    def started(self) -> list[str]:
        return [task.job.name for task in self.tasks]


START = at("2026-01-05T10:00")


@dataclass
class Rig:
    """A daemon without processes, whose clock is turned by hand."""

    store: Store
    plan: Plan
    now: datetime = START
    instance: str = "one"

    def __post_init__(self) -> None:
        self.hands = Hands(lambda: self.now)
        self.runs = Runs(self.store, self.instance)
        self.turn = Turn(self.plan, self.runs, self.hands)

    def tick(self, now: str | None = None) -> list[str]:
        """Turn until nothing moves any more; what was started."""
        self.now = at(now) if now else self.now
        before = len(self.hands.tasks)
        while True:
            seen = len(self.hands.tasks)
            self.turn.tick(self.now)
            if len(self.hands.tasks) == seen and not set(self.hands.open) - self.hands.held:
                return self.hands.started()[before:]

    def states(self, name: str) -> list[str]:
        return [run.state.value for run in reversed(self.runs.recent(name, 100))]


Ran = tuple[str, Any, Any]
"""A job, and when it began and ended."""


def clash(one: Ran, other: Ran) -> bool:
    """Whether two runs that may not overlap did.

    Connectors may be read at a time, and sinks be written to; a job may not run beside itself, nor
    figures beside what they are made from.
    """
    together = one[1] < other[2] and other[1] < one[2]
    kinds = {job.partition(":")[0] for job, _, _ in (one, other)}
    return together and (one[0] == other[0] or len(kinds) == 2 or "report" in kinds)


def until(what: Callable[[], object], seconds: float = 30) -> None:
    """Wait for it."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def without_threads() -> Iterator[None]:
    """The system has no more of them to give."""
    before = threading.stack_size(1 << 46)  # more than there is room for
    try:
        yield
    finally:
        threading.stack_size(before)


@contextmanager
def without_files() -> Iterator[None]:
    """The process may open no more, pipes to another one included."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
