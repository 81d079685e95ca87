"""A connector's row of state, held by one process at a time.

The lease names its holder, so that a second `sync` of the same connector can say who is at it. It
runs out by itself, and a holder that is dead on this machine, or has no session with PostgreSQL
any more, holds nothing. Every commit checks that the lease is still its own.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, insert, select, text, update

from tenure.errors import PluginError, SourceError, StoreError
from tenure.ledger.store import Store, session_name, this_process
from tenure.ledger.tables import ConnectorState, PullItem, table
from tenure.records import Checkpoint, Json

LEASE_TIME = timedelta(minutes=15)
"""How long a silent holder keeps others out."""

_STATE = table(ConnectorState)
_SAID = table(PullItem)
_ours: set[str] = set()
"""The leases that threads of this process hold; no other one with its name is alive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a pull is asked for. `secrets` are kept out of what is quarantined.

    A pull of an `incremental` connector that ends well has read what changed.
    """

    name: str
    plugin: str
    full: bool = False
    accept_loss: bool = False
    incremental: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to commit for one connector, and where its last pull stood.

    `pull_started_at` is a stamp: it names the pull, and what the ledger knew before it. `resumed`
    says that an unfinished pull is gone on with. `unfinished` is where that stood, even of a pull
    that was to be gone on with no more.
    """

    store: Store
    ask: Ask
    holder: str
    connector: int
    pull_started_at: datetime
    resumed: bool
    cursor: Json
    unfinished: Json
    watermark: datetime | None

    def keep_cursor(self, connection: Connection, cursor: Json) -> None:
        """Keep the cursor of a checkpoint, in its transaction."""
        self._update(connection, cursor=self._dump(cursor))

    def finish(self, connection: Connection, checkpoint: Checkpoint | None, held: int) -> None:
        """Close the pull. One that held something back will be read again from the start."""
        now = self.store.clock()
        values: dict[str, object] = {}
        if checkpoint is not None:
            values = {"cursor": self._dump(checkpoint.cursor), "watermark": self.pull_started_at}
            values["last_complete_at"] = now
        elif self.ask.incremental:  # all that changed was read: as good as all there is
            whole = _STATE.c.last_complete_at
            values["last_complete_at"] = case(
                (whole.is_not(None), bindparam("now", now, whole.type))
            )
        if held:
            values |= {"cursor": None, "watermark": None}
        self._update(
            connection, pull_started_at=None, last_sync_at=now, held_retractions=held, **values
        )

    def renew(self) -> None:
        """Stay the holder while a source is slow."""
        with self.store.write() as (connection, _):
            self._update(connection)

    def _update(self, connection: Connection, **values: object) -> None:
        until = self.store.clock() + LEASE_TIME
        done = connection.execute(
            update(_STATE)
            .where(_STATE.c.id == self.connector)
            .where(_STATE.c.lease_holder == self.holder)
            .values(lease_until=until, **values)
        )
        if not done.rowcount:
            raise SourceError(
                f"Connector {self.ask.name!r} was taken over by another process",
                "What was committed is kept; the other process goes on from there",
            )

    def _dump(self, cursor: Json) -> str | None:
        try:
            return None if cursor is None else json.dumps(cursor)
        except (TypeError, ValueError, RecursionError) as error:
            raise PluginError(
                f"Connector {self.ask.name!r} yielded a cursor that is not JSON: {error}",
                "Tell the plugin's author; what was committed before it is kept",
            ) from None


@contextmanager
def hold(store: Store, ask: Ask) -> Iterator[Lease]:
    """Hold the connector's lease; raises `SourceError` that names who has it."""
    with holding() as holder:
        lease = _acquire(store, ask, holder)
        try:
            yield lease
        finally:
            # If that fails too, what failed before is what should be said; the lease runs out.
            with suppress(StoreError):
                _release(lease)


@contextmanager
def holding() -> Iterator[str]:
    """The name of a holder who is alive until the end."""
    # Not the process alone: another thread of it is another holder.
    holder = f"{this_process()}/{token_hex(4)}"
    _ours.add(holder)
    try:
        yield holder
    finally:
        _ours.discard(holder)


def _release(lease: Lease) -> None:
    with lease.store.write() as (connection, _):
        connection.execute(
            update(_STATE)
            .where(_STATE.c.id == lease.connector)
            .where(_STATE.c.lease_holder == lease.holder)
            .values(lease_holder=None, lease_until=None)
        )


def _acquire(store: Store, ask: Ask, holder: str) -> Lease:
    with store.write() as (connection, stamp):
        now = store.clock()
        state = _state(connection, ask.name)
        if state is None:
            connection.execute(
                insert(_STATE).values(name=ask.name, plugin=ask.plugin, held_retractions=0)
            )
            state = _state(connection, ask.name)
        if state.lease_holder and _is_connected(connection, state.lease_holder):
            refuse_if_held(state, now)
        # Another plugin under the same name knows nothing of this one's cursor.
        afresh = ask.full or state.plugin != ask.plugin
        resumed = bool(state.pull_started_at and state.cursor) and not afresh
        if not resumed:
            connection.execute(delete(_SAID).where(_SAID.c.connector_id == state.id))
        started = state.pull_started_at if resumed else stamp
        connection.execute(
            update(_STATE)
            .where(_STATE.c.id == state.id)
            .values(
                plugin=ask.plugin,
                pull_started_at=started,
                lease_holder=holder,
                lease_until=now + LEASE_TIME,
            )
        )
    # A watermark ahead of the clock is from a time when the clock was wrong: it says nothing.
    stood = json.loads(state.cursor) if state.cursor and state.plugin == ask.plugin else None
    ahead = state.watermark is not None and state.watermark > now
    return Lease(
        store=store,
        ask=ask,
        holder=holder,
        connector=state.id,
        pull_started_at=started,
        resumed=resumed,
        cursor=None if afresh else stood,
        unfinished=stood if state.pull_started_at else None,
        watermark=None if afresh or ahead else state.watermark,
    )


def _state(connection: Connection, name: str) -> Any:
    return connection.execute(select(_STATE).where(_STATE.c.name == name)).first()


def refuse_if_held(state: Any, now: datetime) -> None:
    """Raise `SourceError` if somebody holds the lease of this row of `connector_state`."""
    holder = state.lease_holder
    if holder and state.lease_until > now and is_alive(holder):
        raise SourceError(
            f"Connector {state.name!r} is being synced by {holder.partition('/')[0]}",
            f"Wait until it is done, or if it died, until {state.lease_until:%Y-%m-%d %H:%M} UTC",
        )


def _is_connected(connection: Connection, holder: str) -> bool:
    """Whether a holder, wherever it is, has a session: one that pulls has two as long as it lives.

    One that lost them commits nothing, and PostgreSQL gives a dead machine's up within a minute.
    """
    if connection.dialect.name != "postgresql":
        return True
    named = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = :name AND datname = current_database()"
    )
    return bool(connection.scalar(named, {"name": session_name(holder.partition("/")[0])}))


def is_alive(holder: str) -> bool:
    """Whether the holder may still run; of another machine's nothing is known."""
    process = holder.partition("/")[0]
    if process == this_process():
        return holder in _ours  # else a dead one had our number, as in a container started again
    host, _, pid = process.rpartition(":")
    if host != this_process().rpartition(":")[0]:
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
