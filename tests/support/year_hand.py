"""One hand that has the jobs of a daemon done at once, and may be killed at it."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import year_worker

from tenure.daemon.jobs import Plan
from tenure.daemon.runs import State
from tenure.daemon.turn import Ended, Task
from tenure.daemon.work import Order, Result

STATEMENTS = 150
"""So many, about, a job sends to the ledger."""


class Killed(BaseException):
    """The daemon is killed at this very point."""


@contextmanager
def worker() -> Iterator[subprocess.Popen]:
    """Whoever does the jobs."""
    command = [sys.executable, year_worker.__file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        yield it
        it.stdin.close()


@dataclass
class Hand:
    """Has each job done by a process, and may be killed before, within, or after it."""

    worker: subprocess.Popen
    deadly: str = ""
    statement: int = 0
    done: list[Ended] = field(default_factory=list)
    told: list[Ended] = field(default_factory=list)

    def start(self, task: Task, plan: Plan) -> None:
        if self.deadly == "before":
            raise Killed
        said = self._said(Order(job=task.job.name, path=plan.path, text=plan.text, level=60))
        assert said or self.deadly == "within"
        if self.deadly:
            raise Killed
        result, now = Result.model_validate_json(said), datetime.now(UTC)
        state = State(result.state)
        self.done.append(Ended(task=task, state=state, message=result.message, ended_at=now))

    def _said(self, order: Order) -> str:
        asked = {
            "order": order.model_dump(mode="json"),
            "now": datetime.now(UTC).isoformat(),
            "dies_at": self.statement if self.deadly == "within" else None,
            "file_bytes": resource.getrlimit(resource.RLIMIT_FSIZE)[0],
        }
        self.worker.stdin.write(json.dumps(asked) + "\n")
        self.worker.stdin.flush()
        return self.worker.stdout.readline().strip()

    def working(self) -> list[str]:
        return [one.task.job.name for one in self.done]

    def ended(self) -> list[Ended]:
        found, self.done = self.done, []
        self.told += found
        return found
