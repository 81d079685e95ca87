"""One hand that has the jobs of a daemon done at once, and may be killed at it."""

import gc
import os
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module

from sqlalchemy import Engine, event

from tenure.daemon.jobs import Plan
from tenure.daemon.runs import State
from tenure.daemon.turn import Ended, Task
from tenure.daemon.work import Order, Result, attempt

STATEMENTS = 150
"""So many, about, a job sends to the ledger."""

for _each in (
    *("adbc_driver_sqlite.dbapi", "duckdb", "jinja2", "pyarrow", "hubspot", "stamina", "stripe"),
    *("tenure.delivery.alerting", "tenure.metrics.run", "tenure.sync", "tenure.accounts"),
    *("tenure_connectors.hubspot", "tenure_connectors.stripe", "tenure_sinks.slack"),
):
    import_module(_each)  # once, and not by each fork


class Killed(BaseException):
    """The daemon is killed at this very point."""


@dataclass
class Hand:
    """Has each job done by a fork, as by a worker; and may be killed before, within, or after it.

    So whatever a job leaves in memory is gone with its process, as it is in a daemon's.
    """

    deadly: str = ""
    statement: int = 0
    done: list[Ended] = field(default_factory=list)
    told: list[Ended] = field(default_factory=list)

    def start(self, task: Task, plan: Plan) -> None:
        if self.deadly == "before":
            raise Killed
        result = self._done(Order(job=task.job.name, path=plan.path, text=plan.text, level=60))
        if self.deadly:
            raise Killed
        state, now = State(result.state), datetime.now(UTC)
        self.done.append(Ended(task=task, state=state, message=result.message, ended_at=now))

    def _done(self, order: Order) -> Result:
        """What became of it; killed within it, by a real kill -9, nothing."""
        read, write = os.pipe()
        if not (child := os.fork()):
            gc.freeze()  # nothing of the simulators is looked through, nor so copied
            signal.alarm(120)
            if self.deadly == "within":
                self._die_at_a_statement()
            os.write(write, attempt(order).model_dump_json().encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as told:
            said = told.read()
        os.waitpid(child, 0)
        assert said or self.deadly == "within"
        return Result.model_validate_json(said) if said else Result(state=State.CRASHED)

    def _die_at_a_statement(self) -> None:
        count = iter(range(self.statement))

        def deadly(*_) -> None:
            if next(count, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", deadly)

    def working(self) -> list[str]:
        return [one.task.job.name for one in self.done]

    def ended(self) -> list[Ended]:
        found, self.done = self.done, []
        self.told += found
        return found
