"""The crew: a process per attempt, cut off at its timeout, and what became of it.

A thread waits for each process; the daemon asks what ended, and is woken when something did.
"""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from pydantic import ValidationError

from tenure.daemon.jobs import Plan
from tenure.daemon.runs import State
from tenure.daemon.turn import Ended, Task
from tenure.daemon.work import Order, Result
from tenure.errors import TenureError
from tenure.threads import begin, begun

_COMMAND = (sys.executable, "-P", "-m", "tenure.daemon.guard")

_LONGER = "set [daemon] timeouts if it needs longer"
_STOPPED = "the daemon was stopped, or led no more"
_ALONE = "stopped, and not by the daemon: by its plugin, or by somebody who signalled it"

log = logging.getLogger("tenure.daemon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Who speaks in the log of a worker, from which level on, and how."""

    instance: str
    level: int = logging.INFO
    style: str = "text"


class Worker:
    """One process that carries out one order, behind its guard."""

    def __init__(self, order: Order, grace: float) -> None:
        with begun("process"):
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                (*_COMMAND, str(grace)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        # Ours, for as long as it lives: at its end the guard knows that the daemon is gone.
        self._stdin, self._process.stdin = self._process.stdin, None
        assert self._stdin is not None  # noqa: S101 - it is a pipe
        with suppress(BrokenPipeError):  # it died at once; that is seen below
            self._stdin.write(order.model_dump_json().encode() + b"\n")
            self._stdin.flush()

    def result(self, timeout: float, remedy: str = _LONGER) -> Result:
        """Wait for it; after the timeout it is told to stop, and after its grace it is killed."""
        try:
            return self._told(self._process.communicate(timeout=timeout)[0])
        except subprocess.TimeoutExpired:
            self.tell(signal.SIGTERM)
            self.wait()
            said = f"cut off after {timeout:,.0f} s; {remedy}"
            return Result(state=State.TIMEOUT, message=said, exit_code=1)
        finally:
            self._close()

    def tell(self, number: signal.Signals) -> None:
        """SIGTERM: stop, or be killed after the grace, with all that it started. SIGQUIT: now."""
        self._process.send_signal(number)

    def wait(self) -> None:
        """Wait for its end."""
        self._process.wait()

    def kill(self) -> None:
        """End it now, and forget it."""
        self.tell(signal.SIGQUIT)
        self.wait()
        self._close()

    def _close(self) -> None:
        for pipe in (self._stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]  # both are pipes

    def _told(self, line: bytes) -> Result:
        try:
            return Result.model_validate_json(line)
        except ValidationError:
            return Result(state=State.CRASHED, message=self._cause(), exit_code=1)

    def _cause(self) -> str:
        code = self._process.returncode
        number = code - 128 if code > 0 else -code  # the guard's own, or what it says of the worker
        if number == signal.SIGKILL:
            return "killed, perhaps because memory ran out; the system's log says more"
        if number in signal.valid_signals():
            return f"crashed by {signal.Signals(number).name}, most likely in a plugin"
        return f"ended with exit code {code} and without a result, most likely by a plugin"


@dataclass
class Processes:
    """A crew of processes; `wake` is called, in any thread, whenever one ended."""

    speech: Speech
    wake: Callable[[], None]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _busy: dict[str, Worker] = field(default_factory=dict)
    _seers: set[threading.Thread] = field(default_factory=set)
    _ended: SimpleQueue[Ended] = field(default_factory=SimpleQueue)
    _stopping: bool = False

    def start(self, task: Task, plan: Plan) -> None:
        """Have a task done in a process of its own."""
        order = Order(
            job=task.job.name,
            path=plan.path,
            text=plan.text,
            run=task.run,
            instance=self.speech.instance,
            level=self.speech.level,
            style=self.speech.style,
        )
        log.info("run %s: %s starts, attempt %s", task.run, task.job.name, task.attempt)
        if self._stopping:
            self._end(task, Result(state=State.INTERRUPTED, message=_STOPPED))
            return
        try:
            worker = Worker(order, plan.settings.grace.total_seconds())
            self._busy[task.job.name] = worker
            seer = self._seer(task, worker)
        except TenureError as error:
            self._end(task, Result(state=State.CRASHED, message=str(error), exit_code=1))
            return
        self._seers = {thread for thread in self._seers if thread.is_alive()} | {seer}

    def working(self) -> Collection[str]:
        """The jobs that are being done, or whose end was not told yet."""
        return list(self._busy)

    def ended(self) -> list[Ended]:
        """What was done since this was asked last."""
        found = []
        with suppress(Empty):
            while True:
                found.append(self._ended.get_nowait())
                self._busy.pop(found[-1].task.job.name, None)
        return found

    def stop(self) -> None:
        """Tell all to stop, and wait until they did or were killed."""
        self._stopping = True
        self._all(signal.SIGTERM)

    def kill(self) -> None:
        """End all at once: their work is somebody else's now."""
        self._stopping = True
        self._all(signal.SIGQUIT)

    def resume(self) -> None:
        """Work may be taken again."""
        self._stopping = False

    def _all(self, number: signal.Signals) -> None:
        # Seers first: one whose worker starts meanwhile would be waited for until that is done.
        seers, busy = self._seers, list(self._busy.values())
        for worker in busy:
            worker.tell(number)
        for worker in busy:
            worker.wait()
        for seer in seers:
            seer.join()

    def _seer(self, task: Task, worker: Worker) -> threading.Thread:
        try:
            return begin(self._see_to, task, worker)
        except TenureError:
            worker.kill()
            raise

    def _see_to(self, task: Task, worker: Worker) -> None:
        result = worker.result(task.job.timeout.total_seconds())
        if self._stopping and result.state not in {State.DONE, State.PARTIAL}:
            result = Result(state=State.INTERRUPTED, message=_STOPPED, exit_code=result.exit_code)
        elif result.state == State.INTERRUPTED:  # that would run again at once, and for ever
            result = Result(state=State.FAILED, message=_ALONE, exit_code=result.exit_code)
        self._end(task, result)

    def _end(self, task: Task, result: Result) -> None:
        ended = Ended(
            task=task,
            state=State(result.state),
            message=result.message,
            ended_at=self.clock(),
            exit_code=result.exit_code,
        )
        self._ended.put(ended)
        self.wake()
