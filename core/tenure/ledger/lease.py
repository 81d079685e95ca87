"""A connector's row of state, held by one process at a time.

The lease names its holder, so that a second `sync` of the same connector can say who is at it. It
runs out by itself, and a holder on this machine that is dead holds nothing. Every commit checks
that the lease is still its own.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from tenure.errors import SourceError
from tenure.ledger.store import HOLDER, Store
from tenure.ledger.tables import ConnectorState, PullItem, table
from tenure.records import Checkpoint, Json

LEASE_TIME = timedelta(minutes=15)
"""How long a silent holder keeps others out."""

_STATE = table(ConnectorState)
_SAID = table(PullItem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a pull is asked for."""

    name: str
    plugin: str
    full: bool = False
    accept_loss: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to commit for one connector, and where its last pull stood."""

    store: Store
    ask: Ask
    connector: int
    pull_started_at: datetime
    cursor: Json
    watermark: datetime | None

    def keep_cursor(self, connection: Connection, cursor: Json) -> None:
        """Keep the cursor of a checkpoint, in its transaction."""
        self._update(connection, cursor=_dump(cursor))

    def finish(self, connection: Connection, checkpoint: Checkpoint | None, held: int) -> None:
        """Close the pull. One that held something back keeps no cursor: it will be read again."""
        now = self.store.clock()
        self._update(connection, pull_started_at=None, last_sync_at=now, held_retractions=held)
        if checkpoint is not None:
            cursor = None if held else _dump(checkpoint.cursor)
            started = self.pull_started_at
            self._update(connection, cursor=cursor, last_complete_at=now, watermark=started)

    def renew(self) -> None:
        """Stay the holder while a source is slow."""
        with self.store.write() as (connection, _):
            self._update(connection)

    def _update(self, connection: Connection, **values: object) -> None:
        until = self.store.clock() + LEASE_TIME
        done = connection.execute(
            update(_STATE)
            .where(_STATE.c.id == self.connector)
            .where(_STATE.c.lease_holder == HOLDER)
            .values(lease_until=until, **values)
        )
        if not done.rowcount:
            raise SourceError(
                f"Connector {self.ask.name!r} was taken over by another process",
                "What was committed is kept; the other process goes on from there",
            )


@contextmanager
def hold(store: Store, ask: Ask) -> Iterator[Lease]:
    """Hold the connector's lease; raises `SourceError` that names who has it."""
    lease = _acquire(store, ask)
    try:
        yield lease
    finally:
        with store.write() as (connection, _):
            connection.execute(
                update(_STATE)
                .where(_STATE.c.id == lease.connector)
                .where(_STATE.c.lease_holder == HOLDER)
                .values(lease_holder=None, lease_until=None)
            )


def _acquire(store: Store, ask: Ask) -> Lease:
    now = store.clock()
    with store.write() as (connection, _):
        state = _state(connection, ask.name)
        if state is None:
            connection.execute(
                insert(_STATE).values(name=ask.name, plugin=ask.plugin, held_retractions=0)
            )
            state = _state(connection, ask.name)
        _refuse_if_held(state, now)
        resumes = bool(state.pull_started_at and state.cursor) and not ask.full
        if not resumes:
            connection.execute(delete(_SAID).where(_SAID.c.connector_id == state.id))
        started = state.pull_started_at if resumes else now
        connection.execute(
            update(_STATE)
            .where(_STATE.c.id == state.id)
            .values(
                plugin=ask.plugin,
                pull_started_at=started,
                lease_holder=HOLDER,
                lease_until=now + LEASE_TIME,
            )
        )
    return Lease(
        store=store,
        ask=ask,
        connector=state.id,
        pull_started_at=started,
        cursor=json.loads(state.cursor) if state.cursor and not ask.full else None,
        watermark=None if ask.full else state.watermark,
    )


def _state(connection: Connection, name: str) -> Any:
    return connection.execute(select(_STATE).where(_STATE.c.name == name)).first()


def _refuse_if_held(state: Any, now: datetime) -> None:
    holder = state.lease_holder
    if holder and holder != HOLDER and state.lease_until > now and _alive(holder):
        raise SourceError(
            f"Connector {state.name!r} is being synced by {holder}",
            f"Wait until it is done; its lease runs out at {state.lease_until:%Y-%m-%d %H:%M} UTC",
        )


def _alive(holder: str) -> bool:
    """Whether the holder may still run; of another machine's nothing is known."""
    host, _, pid = holder.rpartition(":")
    if host != HOLDER.rpartition(":")[0]:
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _dump(cursor: Json) -> str | None:
    return None if cursor is None else json.dumps(cursor)
