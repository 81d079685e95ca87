"""The table `daemon_run`: a row per job and due instant, which is how nothing runs twice.

    waiting ──► running ──► done, partial
       ▲           │
       └── later ── failed, withheld, timeout, crashed, interrupted

Who inserts the row has claimed the run. Each step is taken only from where its daemon left the run,
so one that was taken for dead changes nothing any more. Of a job the last due counts alone: what
still waits of an earlier one is skipped.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, text, update

from tenure.ledger.store import Store
from tenure.ledger.tables import DaemonRun, table, to_micros
from tenure.meta import instant_string
from tenure.records import Json
from tenure.status import SKEW

KEPT = timedelta(days=90)
"""How long runs are kept; the last of each job stays for good."""

_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)

_RUN = table(DaemonRun)
_CLAIM = text(
    "INSERT INTO daemon_run"
    " (job, due_at, state, attempt, instance, claimed_at, not_before, message)"
    " VALUES (:job, :due, :state, 0, :instance, :now, :not_before, '')"
    " ON CONFLICT (job, due_at) DO UPDATE SET state = excluded.state, attempt = 0,"
    " instance = excluded.instance, claimed_at = excluded.claimed_at,"
    " not_before = excluded.not_before, started_at = NULL, ended_at = NULL"
    " WHERE daemon_run.claimed_at > :void AND daemon_run.state <> 'running'"
)


class State(StrEnum):
    """How a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    PARTIAL = "partial"  # done, with something that somebody has to look at
    FAILED = "failed"
    WITHHELD = "withheld"  # figures that may not be published
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"


GOOD = (State.DONE, State.PARTIAL, State.SKIPPED)
"""What is not tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One row; `not_before` is the earliest instant of its next attempt."""

    id: int
    job: str
    due_at: datetime
    state: State
    attempt: int
    instance: str
    claimed_at: datetime
    not_before: datetime
    started_at: datetime | None
    ended_at: datetime | None
    message: str

    @property
    def is_wanted(self) -> bool:
        """Whether it still has to be run."""
        return self.state not in GOOD and self.state is not State.RUNNING

    def as_json(self) -> dict[str, Json]:
        """The run as `tenure runs --format json` prints it."""
        return {
            "id": self.id,
            "job": self.job,
            "due": instant_string(self.due_at),
            "start": instant_string(self.started_at),
            "end": instant_string(self.ended_at),
            "result": self.state.value,
            "attempt": self.attempt,
            "next_attempt": instant_string(self.not_before) if self.is_wanted else None,
            "instance": self.instance,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that is due, or was: `SKIPPED` marks from where on it counts."""

    job: str
    due_at: datetime
    not_before: datetime
    state: State = State.WAITING


class Runs:
    """The runs of one ledger, as the daemon `instance` writes them."""

    def __init__(self, store: Store, instance: str) -> None:
        self.store = store
        self.instance = instance

    def last(self, jobs: Iterable[str], now: datetime) -> dict[str, Run]:
        """The run of each job that was due last, but for those of a clock that was wrong."""
        past = _newest().where(_RUN.c.claimed_at <= now + SKEW).limit(1)
        with self.store.read() as connection:
            found = {job: connection.execute(past.where(_RUN.c.job == job)).first() for job in jobs}
        return {job: _run(row) for job, row in found.items() if row is not None}

    def running(self) -> list[Run]:
        """What is under way by the word of any daemon, though a later one of its job waits."""
        with self.store.read() as connection:
            found = connection.execute(_newest().where(_RUN.c.state == State.RUNNING))
            return [_run(row) for row in found]

    def recent(self, job: str, count: int) -> list[Run]:
        """The last runs of a job, the newest first, and one that still runs however old it is."""
        last = _newest().where(_RUN.c.job == job).limit(count).subquery()
        runs = and_(_RUN.c.job == job, _RUN.c.state == State.RUNNING)
        which = or_(_RUN.c.id.in_(select(last.c.id)), runs)
        with self.store.read() as connection:
            return [_run(row) for row in connection.execute(_newest().where(which))]

    def jobs(self) -> list[str]:
        """Every job that ever ran."""
        with self.store.read() as connection:
            return list(connection.scalars(select(_RUN.c.job).distinct().order_by(_RUN.c.job)))

    def claim(self, claims: Collection[Claim], now: datetime) -> None:
        """Write down what is due; whoever did so before keeps it."""
        values = [
            {
                "job": claim.job,
                "due": to_micros(claim.due_at),
                "state": claim.state,
                "instance": self.instance,
                "now": to_micros(now),
                "not_before": to_micros(claim.not_before),
                "void": to_micros(now + SKEW),
            }
            for claim in claims
        ]
        older = update(_RUN).where(_RUN.c.state == State.WAITING).values(state=State.SKIPPED)
        with self.store.aside() as connection:
            connection.execute(_CLAIM, values)
            for claim in claims:
                earlier = older.where(_RUN.c.job == claim.job, _RUN.c.due_at < claim.due_at)
                connection.execute(earlier.values(message="the next one was due"))

    def begin(self, run: Run, now: datetime) -> bool:
        """Mark the next attempt as running; False where somebody else did."""
        begun = self._mark(
            (_RUN.c.id == run.id) & (_RUN.c.attempt == run.attempt) & (_RUN.c.state == run.state),
            state=State.RUNNING,
            attempt=run.attempt + 1,
            instance=self.instance,
            started_at=now,
            ended_at=None,
        )
        return bool(begun)

    def end(self, number: int, state: State, message: str, now: datetime) -> None:
        """Mark how a run ended, unless it is somebody else's by now."""
        mine = (_RUN.c.id == number) & (_RUN.c.instance == self.instance)
        with self.store.read() as connection:
            attempt = connection.scalar(select(_RUN.c.attempt).where(_RUN.c.id == number)) or 1
        wait = min(_FIRST_WAIT * 2 ** min(attempt - 1, 10), _LONGEST_WAIT)
        again = now if state is State.INTERRUPTED else now + wait
        self._mark(
            mine & (_RUN.c.state == State.RUNNING),
            state=state,
            message=message,
            ended_at=now,
            not_before=again,
        )

    def take_over(self, now: datetime) -> int:
        """Whatever runs by the word of another daemon does so no more; how many that were."""
        return self._lose(_RUN.c.instance != self.instance, "its daemon went away", now)

    def give_up(self, run: Run, now: datetime) -> None:
        """Mark a run that nobody is at as interrupted."""
        same = (_RUN.c.id == run.id) & (_RUN.c.attempt == run.attempt)
        self._lose(same, "nobody was at it", now)

    def prune(self, now: datetime) -> None:
        """Forget old runs."""
        last = select(func.max(_RUN.c.due_at)).group_by(_RUN.c.job)
        old = (_RUN.c.due_at < now - KEPT) & _RUN.c.due_at.not_in(last)
        with self.store.aside() as connection:
            connection.execute(delete(_RUN).where(old))

    def _lose(self, which: ColumnElement[bool], said: str, now: datetime) -> int:
        values = {"state": State.INTERRUPTED, "ended_at": now, "not_before": now, "message": said}
        return self._mark(which & (_RUN.c.state == State.RUNNING), **values)

    def _mark(self, which: ColumnElement[bool], **values: object) -> int:
        with self.store.aside() as connection:
            return connection.execute(update(_RUN).where(which).values(**values)).rowcount


_FIELDS = tuple(Run.__dataclass_fields__)


def _newest() -> Select[tuple[object, ...]]:
    return select(*(_RUN.c[name] for name in _FIELDS)).order_by(_RUN.c.due_at.desc())


def _run(row: Sequence[object]) -> Run:
    values = dict(zip(_FIELDS, row, strict=True))
    return Run(**values | {"state": State(str(values["state"]))})  # type: ignore[arg-type]
