"""Raw objects that were kept long enough: their bytes go, and that they were there stays.

No rebuild needs them: what only a source's past knows is kept for good as observations. The same
content that is sent again later is kept again.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, func, select, update

from tenure.ledger.store import Store
from tenure.ledger.tables import RawObject, table

AT_ONCE = 50
"""Pages in one transaction: others may write in between."""

MOST = 200
"""Transactions in one go: of a long past the rest is left to the next syncs."""

_RAW = table(RawObject)
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


def _old(connection: Connection, before: object) -> list[int]:
    query = select(_RAW.c.id).where(_KEPT, _RAW.c.recorded_at < before)
    return list(connection.scalars(query.order_by(_RAW.c.recorded_at).limit(AT_ONCE)))
