"""One hand that does the jobs of a daemon on the spot, and may be killed at it."""

import os
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine, event

from tenure.daemon.jobs import Plan
from tenure.daemon.runs import State
from tenure.daemon.turn import Ended, Task
from tenure.daemon.work import Order, attempt

STATEMENTS = 150
"""So many, about, a job sends to the ledger."""


class Killed(BaseException):
    """The daemon is killed at this very point."""


@dataclass
class Hand:
    """Does each job at once, as its worker would; and may be killed before, within, or after it."""

    deadly: str = ""
    statement: int = 0
    done: list[Ended] = field(default_factory=list)
    told: list[Ended] = field(default_factory=list)

    def start(self, task: Task, plan: Plan) -> None:
        if self.deadly == "before":
            raise Killed
        order = Order(job=task.job.name, path=plan.path, text=plan.text, level=60)
        if self.deadly == "within":
            self._killed_at_a_statement(order)
        result = attempt(order)
        if self.deadly == "after":
            raise Killed
        state, now = State(result.state), datetime.now(UTC)
        self.done.append(Ended(task=task, state=state, message=result.message, ended_at=now))

    def _killed_at_a_statement(self, order: Order) -> None:
        """By a real kill -9 of whoever does it: nothing is closed, rolled back or given back."""
        if not (child := os.fork()):
            signal.alarm(120)
            count = iter(range(self.statement))

            def deadly(*_) -> None:
                if next(count, None) is None:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(Engine, "before_cursor_execute", deadly)
            attempt(order)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGKILL
        raise Killed

    def working(self) -> list[str]:
        return [one.task.job.name for one in self.done]

    def ended(self) -> list[Ended]:
        found, self.done = self.done, []
        self.told += found
        return found
