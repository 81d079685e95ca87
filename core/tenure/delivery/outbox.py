"""The outbox: every delivery is a row before anything is sent, and says how it stands.

    pending ──► delivered
       │ ▲
       ▼ │ again, later each time
    failed ──► dead, after so many attempts

What is `held` is sent by nothing but a push by hand, and nothing newer either. What waits of older
figures is `superseded` by newer ones. A crash leaves a row pending, and the
next push takes it up under the same idempotency key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import Connection, Select, insert, select, update

from tenure.errors import TenureError, UsageError
from tenure.ledger.store import Store
from tenure.ledger.tables import Delivery, table
from tenure.meta import instant_string
from tenure.plugin import Receipt
from tenure.records import Json

ATTEMPTS = 8
"""So many failures and nothing but a push by hand tries it again."""

_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)

_DELIVERY = table(Delivery)


ALERT = "alert:"
"""What the digest of an alert begins with; its key follows."""

_IS_ALERT = _DELIVERY.c.content_hash.startswith(ALERT, autoescape=True)


class State(StrEnum):
    """How a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    DEAD = "dead"
    HELD = "held"
    SUPERSEDED = "superseded"


OPEN = (State.PENDING, State.FAILED, State.DEAD, State.HELD)
"""What a sink has not got yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One delivery to one sink; `id` is what `tenure push NAME --undo DELIVERY` takes."""

    id: int
    sink: str
    content_hash: str
    publication_id: int | None
    key: str
    undoes: int | None
    state: State
    attempts: int
    written: int
    message: str
    remote_id: str | None
    recorded_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    over_at: datetime | None

    @property
    def alert(self) -> str | None:
        """The key of the alert that it is; None: it is a report."""
        return (
            self.content_hash.removeprefix(ALERT) if self.content_hash.startswith(ALERT) else None
        )

    @property
    def is_open(self) -> bool:
        """Whether the sink has not got it yet, nor anything newer."""
        return self.state in OPEN

    def waits(self, now: datetime) -> bool:
        """Whether it is not to be tried by itself now."""
        later = self.next_attempt_at is not None and self.next_attempt_at > now
        return self.state is State.DEAD or (self.state is State.FAILED and later)

    def as_json(self) -> dict[str, Json]:
        """The run as `tenure deliveries --format json` prints it."""
        return {
            "id": self.id,
            "sink": self.sink,
            "undoes": self.undoes,
            "alert": self.alert,
            "state": self.state.value,
            "attempts": self.attempts,
            "written": self.written,
            "message": self.message,
            "remote_id": self.remote_id,
            "key": self.key,
            "created_at": instant_string(self.recorded_at),
            "next_attempt_at": instant_string(self.next_attempt_at),
            "delivered_at": instant_string(self.delivered_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is to be delivered: a digest of it, and the figures as they were published."""

    sink: str
    digest: str
    publication: int | None
    undoes: int | None = None

    @property
    def is_alert(self) -> bool:
        """Whether it is no report: neither of the two supersedes the other."""
        return self.digest.startswith(ALERT)


class Outbox:
    """The deliveries of one ledger."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def runs(self, sink: str | None = None) -> list[Run]:
        """Every delivery, the newest first."""
        query = _runs() if sink is None else _runs().where(_DELIVERY.c.sink == sink)
        with self._store.read() as connection:
            return [_run(row) for row in connection.execute(query)]

    def last(self, sink: str) -> Run | None:
        """The sink's newest delivery of a report."""
        with self._store.read() as connection:
            return _first(connection, _runs().where(_DELIVERY.c.sink == sink, ~_IS_ALERT))

    def alerts(self, sink: str) -> list[Run]:
        """Every alert of the sink, the newest first."""
        with self._store.read() as connection:
            query = _runs().where(_DELIVERY.c.sink == sink, _IS_ALERT)
            return [_run(row) for row in connection.execute(query)]

    def end(self, alerts: Sequence[Run]) -> None:
        """These alerts are due no more; what has not got out will not."""
        mine = _DELIVERY.c.id.in_([run.id for run in alerts])
        with self._store.write() as (connection, stamp):
            connection.execute(update(_DELIVERY).where(mine).values(over_at=stamp))
            unsaid = update(_DELIVERY).where(mine, _DELIVERY.c.state.in_(OPEN))
            connection.execute(unsaid.values(state=State.SUPERSEDED))

    def run(self, sink: str, number: int) -> Run:
        """One delivery of the sink; raises `UsageError` where it has none of that number."""
        query = _runs().where(_DELIVERY.c.sink == sink, _DELIVERY.c.id == number)
        with self._store.read() as connection:
            found = _first(connection, query)
        if found is None:
            raise UsageError(
                f"Sink {sink!r} has no delivery {number}", "`tenure deliveries` lists them"
            )
        return found

    def begin(self, content: Content) -> Run:
        """Write a delivery down, or take up the one of the same content that is open."""
        again = {"state": State.PENDING, "attempts": _DELIVERY.c.attempts + 1}
        return self._open(content, again)

    def hold(self, content: Content) -> Run:
        """Write a delivery down that is not to be sent by itself."""
        return self._open(content, {"state": State.HELD})

    def _open(self, content: Content, values: dict[str, object]) -> Run:
        mine = _DELIVERY.c.sink == content.sink
        same = mine & (_DELIVERY.c.content_hash == content.digest) & _DELIVERY.c.state.in_(OPEN)
        with self._store.write() as (connection, stamp):
            row = connection.scalar(select(_DELIVERY.c.id).where(same).order_by(_NEWEST))
            if row is None:
                row = self._insert(connection, content, stamp)
            # What a sink never got of older figures is not wanted any more.
            older = mine & _DELIVERY.c.state.in_(OPEN) & (_DELIVERY.c.id != row) & ~_IS_ALERT
            if not content.is_alert:
                connection.execute(update(_DELIVERY).where(older).values(state=State.SUPERSEDED))
            connection.execute(update(_DELIVERY).where(_DELIVERY.c.id == row).values(**values))
            found = _first(connection, _runs().where(_DELIVERY.c.id == row))
        assert found is not None  # noqa: S101 - it was written above
        return found

    def _insert(self, connection: Connection, content: Content, stamp: datetime) -> int:
        made = insert(_DELIVERY).values(
            sink=content.sink,
            content_hash=content.digest,
            publication_id=content.publication,
            undoes=content.undoes,
            key=str(uuid4()),
            state=State.PENDING,
            attempts=0,
            written=0,
            message="",
            recorded_at=stamp,
        )
        return int(connection.execute(made.returning(_DELIVERY.c.id)).scalar_one())

    def delivered(self, connection: Connection, run: Run, receipt: Receipt, at: datetime) -> None:
        """The sink holds it; in the transaction that also confirms what was written."""
        values = {"state": State.DELIVERED, "message": "", "delivered_at": at}
        self._mark(connection, run, {**values, **_got(run, receipt), "next_attempt_at": None})

    def remark(self, run: Run, warnings: Sequence[str]) -> None:
        """Keep with a delivery that ended well what its sink warned of."""
        message = "\n".join(warnings)
        if message != run.message:
            with self._store.write() as (connection, _):
                self._mark(connection, run, {"message": message})

    def failed(
        self, connection: Connection, run: Run, error: TenureError, receipt: Receipt | None = None
    ) -> None:
        """The sink does not, or not wholly; when to try again, unless it was tried often enough."""
        dead = run.attempts >= ATTEMPTS
        wait = min(_FIRST_WAIT * 2 ** (run.attempts - 1), _LONGEST_WAIT)
        values = {
            "state": State.DEAD if dead else State.FAILED,
            "message": str(error),
            "next_attempt_at": None if dead else self._store.clock() + wait,
        }
        self._mark(connection, run, values | (_got(run, receipt) if receipt else {}))

    def _mark(self, connection: Connection, run: Run, values: dict[str, object]) -> None:
        connection.execute(update(_DELIVERY).where(_DELIVERY.c.id == run.id).values(**values))


_NEWEST = _DELIVERY.c.id.desc()
_FIELDS = tuple(Run.__dataclass_fields__)


def _got(run: Run, receipt: Receipt) -> dict[str, object]:
    """What a sink says of an attempt, added to those before."""
    return {
        "written": run.written + receipt.written,
        "remote_id": receipt.remote_id or run.remote_id,
    }


def _runs() -> Select[tuple[object, ...]]:
    return select(*(_DELIVERY.c[name] for name in _FIELDS)).order_by(_NEWEST)


def _first(connection: Connection, query: Select[tuple[object, ...]]) -> Run | None:
    found = connection.execute(query.limit(1)).first()
    return None if found is None else _run(found)


def _run(row: Sequence[object]) -> Run:
    values = dict(zip(_FIELDS, row, strict=True))
    return Run(**values | {"state": State(str(values["state"]))})  # type: ignore[arg-type]
