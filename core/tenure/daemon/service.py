"""The daemon itself: one thread that turns the crank whenever something calls for it.

    signals ──────┐
    alarms ───────┤  (APScheduler, at the due instants)
    ended work ───┼──► inbox ──► main thread: open the store, lead, tick
    the lock ─────┤
    a new plan ───┘

Everything that is decided is decided by the main thread; the others put a word into its inbox. One
thing does not wait for it: who loses the lock has its workers killed at once.
"""

import logging
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from tenure import logs
from tenure.daemon.crew import Processes, Speech, Worker
from tenure.daemon.heartbeat import ready
from tenure.daemon.jobs import Plan
from tenure.daemon.leader import PERIOD, Lock
from tenure.daemon.runs import Runs, State
from tenure.daemon.turn import Ended, Observer, Turn
from tenure.daemon.work import PLAN, Order, Result
from tenure.errors import ConfigError, StoreError, TenureError
from tenure.ledger.store import Store
from tenure.printing import counted
from tenure.threads import begin

BEAT = 30.0
"""Seconds after which the crank is turned though nothing called for it: clocks are set, too."""

PATIENCE = 5.0
"""Seconds that the daemon's own small transactions wait for a lock."""

_LONGEST_PAUSE = 30.0
_PLAN_TIMEOUT, _PLAN_GRACE = 120.0, 5.0
_HANGS = "most likely a plugin hangs at its import"

log = logging.getLogger("tenure.daemon")


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def read_plan(path: Path, speech: Speech) -> Plan:
    """Have a worker read plugins.toml; raises `ConfigError` with all that is wrong with it."""
    order = Order(
        job=PLAN, path=path, instance=speech.instance, level=speech.level, style=speech.style
    )
    result = Worker(order, _PLAN_GRACE).result(_PLAN_TIMEOUT, _HANGS)
    if result.state != State.DONE:
        raise _refused(result)
    return Plan.model_validate_json(result.message)


def _refused(result: Result) -> TenureError:
    error = ConfigError(result.message) if result.exit_code == ConfigError.exit_code else None
    return error or TenureError(f"plugins.toml could not be read: {result.message}")


def _taken(holder: str) -> TenureError:
    return TenureError(
        f"A daemon runs on this ledger already: {holder}",
        "Stop that one first; several at once need PostgreSQL",
    )


class View:
    """What others may know of a daemon, in any thread: whether it lives, leads and gets on."""

    def __init__(self) -> None:
        self.turned_at: datetime | None = None
        self.leads = False
        self.trouble: str | None = "the ledger was not opened yet"
        self.reloads = {"taken": 0, "refused": 0}
        self.refused = False  # what is in plugins.toml now


@dataclass
class Service:
    """A daemon over one ledger. `observers` are told of each run that ended."""

    plan: Plan
    speech: Speech
    lock: Lock
    once: bool = False
    observers: tuple[Observer, ...] = ()
    view: View = field(default_factory=View)
    hire: Callable[[Speech, Callable[[], None], Callable[[], datetime]], Processes] = Processes
    after_turn: list[Callable[[Turn, list[Ended]], None]] = field(default_factory=list)
    clock: Callable[[], datetime] = now

    def __post_init__(self) -> None:
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._crew = self.hire(self.speech, lambda: self._inbox.put(_nothing), self.clock)
        self._over, self._idle = threading.Event(), threading.Event()
        self._turn: Turn | None = None
        self._failures = 0
        self._tidied: date | None = None
        self._wants_plan = threading.Event()
        self._leading = False
        from tenure.daemon.alarms import Alarms  # noqa: PLC0415 - a tenth of a second

        self._alarms = Alarms(lambda: self._inbox.put(_nothing))
        self.exit_code = 0

    def run(self) -> int:
        """Go on until a signal, or with `once` until nothing is due; returns the exit code."""
        self._heed_signals()
        ready()
        watcher = self._beside(self._keep_lock)
        self._beside(self._read_when_asked)
        self._alarms.set(self.plan)
        try:
            while not self._over.is_set():
                self._settle()
                self._heed(0 if self._over.is_set() else self._pause())
        finally:
            self._end(watcher)
        return self.exit_code

    def require_alone(self) -> None:
        """Raise `TenureError` where another daemon has a ledger that only one may have."""
        with suppress(StoreError):  # that is said, and tried again, once it runs
            if not self.plan.is_shared and not self.lock.held():
                raise _taken(self.lock.holder())

    def stop(self) -> None:
        """Take no more work, and end."""
        self._inbox.put(self._over.set)

    def reload(self) -> None:
        """Read plugins.toml anew, once more though it is being read; mistakes change nothing."""
        self._wants_plan.set()

    def _heed_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # whoever runs us handles them
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        signal.signal(signal.SIGHUP, lambda *_: self._inbox.put(self.reload))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})

    def _heed(self, seconds: float) -> None:
        """Wait for a word, and do as all that came say."""
        try:
            act = self._inbox.get(timeout=seconds)
            while True:
                act()
                act = self._inbox.get_nowait()
        except Empty:
            return

    def _settle(self) -> None:
        """Turn the crank if it is ours to turn; a store that does not answer is tried again."""
        try:
            if not self._leading:
                return
            turn = self._open()
            ended = turn.tick(self.clock())
            if self.once:
                self.exit_code = max([self.exit_code, *(each.exit_code for each in ended)])
            for look in self.after_turn:
                look(turn, ended)
            self._tidy(turn.runs)
            turn.claims = not self.once
            if self.once and turn.is_idle:
                self._over.set()
            self._fine()
        except StoreError as error:
            self._troubled(error)
        finally:
            self.view.turned_at = self.clock()

    def _open(self) -> Turn:
        """The state of the crank; whoever has just come to lead takes over first."""
        if self._turn is None:
            store = Store.open(self.plan.store, patience=PATIENCE)
            runs = Runs(store, self.speech.instance)
            self._turn = Turn(self.plan, runs, self._crew, (self._say, *self.observers))
        if not self.view.leads:
            runs = self._turn.runs
            if lost := runs.take_over(self.clock()):
                what = counted(lost, "run")
                log.warning("a daemon that went away left %s, to be run again", what)
            self.view.leads = True
        return self._turn

    def _tidy(self, runs: Runs) -> None:
        """Forget old runs, once a day."""
        if self._tidied != (today := self.clock().date()):
            runs.prune(self.clock())
            self._tidied = today

    def _pause(self) -> float:
        if self._failures:
            return min(2.0 ** (self._failures - 1), _LONGEST_PAUSE)
        if self._turn is None or not self._leading:
            return BEAT
        soon = self._turn.soonest or timedelta(seconds=BEAT)
        return max(min(soon.total_seconds(), BEAT), 0.05)

    def _fine(self) -> None:
        if self._failures:
            log.info("the ledger answers again")
        self._failures, self.view.trouble = 0, None

    def _troubled(self, error: StoreError) -> None:
        if self.once:
            raise error
        self._failures += 1
        self.view.trouble = error.reason
        if self._turn is not None:
            self._turn.runs.store.engine.dispose()  # what was open is of no use any more
        log.error("%s; trying again in %.0f s", error, self._pause())

    def _say(self, ended: Ended) -> None:
        level = logging.INFO if ended.state in {State.DONE, State.PARTIAL} else logging.ERROR
        took = (ended.ended_at - ended.task.started_at).total_seconds()
        what = (ended.task.run, ended.task.job.name, ended.state, took, ended.message)
        log.log(level, "run %s: %s %s after %.1f s: %s", *what)

    def _beside(self, act: Callable[[], None]) -> threading.Thread:
        """Do it in a thread of its own."""

        def run() -> None:
            try:
                act()
            except Exception as error:  # noqa: BLE001 - unseen here, and nobody would do it any more
                self._inbox.put(partial(_raise, error))

        return begin(run)

    # The lock: looked at in a thread of its own, which the main one never keeps waiting, as long
    # as anybody works.

    def _keep_lock(self) -> None:
        leads: bool | None = None
        while not self._idle.is_set():
            leads = self._look(leads)
            self._idle.wait(PERIOD)

    def _look(self, before: bool | None) -> bool | None:  # noqa: FBT001 - what it returned before
        try:
            leads = self.lock.held()
        except StoreError as error:
            if self.view.trouble != error.reason:
                log.warning("%s", error.reason)
            self.view.trouble, broken = error.reason, error
            if self.once:
                self._inbox.put(lambda: self._troubled(broken))
            leads, said = False, None
        else:
            said = leads
        if leads and not before:
            self._inbox.put(self._lead)
        elif not leads and before:
            log.error("this daemon does not lead any more; its work is stopped")
            self._inbox.put(self._follow)  # first: or what dies would be started anew, and again
            self._crew.kill()
        if said is False and before is not False:
            self._inbox.put(partial(self._stand_by, self.lock.holder()))
        return said

    def _lead(self) -> None:
        log.info("this daemon leads")
        self._leading = True
        self._crew.resume()

    def _follow(self) -> None:
        self._crew.kill()  # what this thread was just starting, too
        self._leading = self.view.leads = False

    def _stand_by(self, holder: str) -> None:
        self.view.trouble = None
        if not self.plan.is_shared or self.once:
            raise _taken(holder)
        log.info("stands by: %s leads", holder)

    # A new plugins.toml.

    def _read_when_asked(self) -> None:
        while self._wants_plan.wait() and not self._idle.is_set():
            self._wants_plan.clear()
            self._read_again()

    def _read_again(self) -> None:
        try:
            plan = read_plan(self.plan.path, self.speech)
            if plan.store != self.plan.store:
                raise ConfigError("[tenure] store is another one", "Restart the daemon for that")
        # Another version of the program was installed, perhaps, or no file can be opened.
        except (TenureError, OSError, ValueError) as error:
            self._inbox.put(partial(self._keep, str(error)))
        else:
            self._inbox.put(partial(self._adopt, plan))

    def _keep(self, reason: str) -> None:
        log.error("plugins.toml is not taken over, the old one stays in force: %s", reason)
        self.view.reloads["refused"] += 1
        self.view.refused = True

    def _adopt(self, plan: Plan) -> None:
        self.view.reloads["taken"] += 1
        self.view.refused = False
        if plan.settings.listen != self.plan.settings.listen:
            log.warning("[daemon] listen is another one: restart the daemon for that")
        self.plan = plan
        if self._turn is not None:
            self._turn.plan = plan
        speak(self.speech, plan)
        self._alarms.set(plan)
        log.info("plugins.toml is taken over: %s", ", ".join(job.name for job in plan.jobs))

    def _end(self, watcher: threading.Thread) -> None:
        self._over.set()
        self._alarms.stop()
        self._crew.stop()
        self._idle.set()
        self._wants_plan.set()
        if self._turn is not None and self._leading:
            try:
                self._turn.tell()
            except StoreError as error:  # the next daemon finds them running, and runs them again
                log.warning("%s; how the last runs ended is not written down", error.reason)
        if self._turn is not None:
            self._turn.runs.store.engine.dispose()
        watcher.join(timeout=PATIENCE)
        self.lock.release()


def speak(speech: Speech, plan: Plan) -> None:
    """Log as the daemon, without a secret of the plan."""
    logs.setup(speech.level, speech.style, plan.secrets, {"instance": speech.instance})


def _raise(error: Exception) -> None:
    """Raise in the main thread what another one ran into."""
    raise error


def _nothing() -> None:
    """A word that only wakes the main thread."""
