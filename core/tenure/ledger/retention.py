"""What was kept long enough: raw objects, whose bytes go, and runs, of which the last stays.

No rebuild needs raw objects: what only a source's past knows is kept for good as observations. That
one was there stays; the same content that is sent again later is kept again.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select, update

from tenure.ledger.store import Store
from tenure.ledger.tables import RawObject, Run, table

AT_ONCE = 50
"""Pages in one transaction: others may write in between."""

MOST = 200
"""Transactions in one go: of a long past the rest is left to the next syncs."""

RUNS = timedelta(days=90)
"""How long it is kept how a sync went; the last one of each connector stays for good."""

_RAW, _RUN = table(RawObject), table(Run)
_KEPT = _RAW.c.deleted_at.is_(None)


@dataclass(frozen=True, slots=True)
class RawStatus:
    """How many pages are kept, how large they were when they came, and how many were deleted."""

    kept: int
    size: int
    deleted: int


def status(store: Store) -> RawStatus:
    """What is kept of what sources sent."""
    total = func.coalesce(func.sum(_RAW.c.size), 0)
    with store.read() as connection:
        kept, size = connection.execute(select(func.count(), total).where(_KEPT)).one()
        gone = connection.scalar(select(func.count()).where(_RAW.c.deleted_at.is_not(None)))
    return RawStatus(kept, int(size), gone or 0)


def prune(store: Store, keep: timedelta) -> int:
    """Delete what was recorded longer ago than that; returns how many pages."""
    before, deleted = store.clock() - keep, 0
    with store.connect() as own:
        if own.dialect.name == "sqlite":
            own.connection.execute("PRAGMA secure_delete = ON")
        for _ in range(MOST):
            with own.begin():
                old = _old(own, before)
            if not old:
                break
            with store.write(own) as (connection, stamp):
                gone = {"data": b"", "deleted_at": stamp}
                connection.execute(update(_RAW).where(_RAW.c.id.in_(old)).values(gone))
            deleted += len(old)
    return deleted


def prune_runs(store: Store) -> int:
    """Delete what nobody asks for any more of how syncs went; returns how many that were."""
    last = select(func.max(_RUN.c.id)).group_by(_RUN.c.kind, _RUN.c.subject)
    old = (_RUN.c.started_at < store.clock() - RUNS) & _RUN.c.id.not_in(last)
    with store.aside() as connection:
        return connection.execute(delete(_RUN).where(old)).rowcount


def _old(connection: Connection, before: object) -> list[int]:
    query = select(_RAW.c.id).where(_KEPT, _RAW.c.recorded_at < before)
    return list(connection.scalars(query.order_by(_RAW.c.recorded_at).limit(AT_ONCE)))
