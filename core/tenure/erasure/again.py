"""Who was forgotten stays forgotten when an older copy of the ledger takes its place."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, insert, inspect, select, update

from tenure.erasure import rows, who
from tenure.ledger.forgotten import Forgotten, salt_of
from tenure.ledger.tables import EPOCH, ConnectorState, Customer, ErasedId, LedgerClock, table

_STATE, _CUSTOMER = table(ConnectorState), table(Customer)
_CLOCK, _ERASED = table(LedgerClock), table(ErasedId)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The tokens of a ledger, by connector and its plugin, under the ledger's salt."""

    salt: str
    tokens: dict[tuple[str, str], set[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """How many customers were forgotten once more, and who could not be, since they pay there."""

    forgotten: int = 0
    paying: tuple[str, ...] = ()


@dataclass(slots=True)
class _Turn:
    connection: Connection
    stamp: datetime
    kept: frozenset[str]
    forgotten: int = 0
    paying: list[str] = field(default_factory=list)


def remember(connection: Connection) -> Remembered | None:
    """Whom this ledger has forgotten; None where there is no ledger, or one too old to know."""
    there = inspect(connection).has_table(_ERASED.name)
    if not there or not connection.scalar(select(_CLOCK.c.last_stamp > EPOCH)):
        return None
    query = select(_STATE.c.name, _STATE.c.plugin, _ERASED.c.token).join(
        _ERASED, _ERASED.c.connector_id == _STATE.c.id
    )
    found = defaultdict[tuple[str, str], set[str]](set)
    for name, plugin, token in connection.execute(query):
        found[name, plugin].add(token)
    return Remembered(salt=salt_of(connection), tokens=dict(found))


def forget_again(
    connection: Connection, stamp: datetime, remembered: Remembered, kept: frozenset[str]
) -> Again:
    """Forget whom a ledger remembered, in one that was restored in its place."""
    turn = _Turn(connection, stamp, kept)
    if not connection.scalar(select(func.count()).select_from(_ERASED)):
        connection.execute(update(_CLOCK).values(salt=remembered.salt))
    for connector, tokens in remembered.tokens.items():
        _forget(turn, _key(connection, *connector), Forgotten(remembered.salt, frozenset(tokens)))
    return Again(forgotten=turn.forgotten, paying=tuple(turn.paying))


def _key(connection: Connection, name: str, plugin: str) -> int:
    """The connector's key; a row of its own where the backup is older than its first sync."""
    known = connection.scalar(select(_STATE.c.id).where(_STATE.c.name == name))
    if known is not None:
        return int(known)
    new = insert(_STATE).values(name=name, plugin=plugin, held_retractions=0)
    return int(connection.execute(new.returning(_STATE.c.id)).scalar_one())


def _forget(turn: _Turn, connector: int, remembered: Forgotten) -> None:
    c, tokens = _CUSTOMER.c, set(remembered.tokens)
    alive = select(c.external_id).where(c.connector_id == connector, c.erased_at.is_(None))
    name = turn.connection.scalar(select(_STATE.c.name).where(_STATE.c.id == connector))
    for id_ in turn.connection.scalars(alive.order_by(c.id)).all():
        if remembered.covers(id_):
            tokens -= _one(turn, id_, str(name))
    rows.leave_out(turn.connection, connector, tokens)


def _one(turn: _Turn, id_: str, connector: str) -> set[str]:
    """Forget one with its account; the tokens of who still pays there, and has to end first."""
    salt = salt_of(turn.connection)
    people = who.find(turn.connection, id_, connector)
    work = rows.Work(turn.connection, turn.stamp, salt, people)
    if who.paying(turn.connection, work.keys):
        turn.paying.append(f"{connector}/{id_}")
        return rows.tokens(work)
    rows.erase(work, turn.kept)
    turn.forgotten += len(people)
    return set()
