"""Who pushes to a sink: one at a time, or two would each send what neither has marked yet.

A holder renews its lease while it sends. One that is dead on this machine holds nothing, one on
another machine until its lease runs out.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, text, update

from tenure.errors import SourceError, StoreError
from tenure.ledger.lease import holding, is_alive
from tenure.ledger.store import Store
from tenure.ledger.tables import Instant, SinkLease, table
from tenure.threads import begin

LEASE_TIME = timedelta(minutes=5)
"""How long a silent holder keeps others out."""

_LEASE = table(SinkLease)
_TAKE = text(
    """INSERT INTO sink_lease (sink, holder, until) VALUES (:sink, :holder, :until)
    ON CONFLICT (sink) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE sink_lease.holder = :before"""
).bindparams(bindparam("until", type_=Instant))
"""Nothing where somebody else was faster: two may have seen the same dead one."""


@contextmanager
def hold(store: Store, sink: str) -> Iterator[None]:
    """Hold the sink's lease; raises `SourceError` that names who has it."""
    with holding() as holder:
        _take(store, sink, holder)
        over = Event()
        renewing = begin(_renew, store, holder, over)
        try:
            yield
        finally:
            over.set()
            renewing.join()
            # If that fails too, what failed before is what should be said; the lease runs out.
            with suppress(StoreError), store.aside() as connection:
                connection.execute(delete(_LEASE).where(_LEASE.c.holder == holder))


def refuse_if_pushing(connection: Connection, now: datetime) -> None:
    """Raise `SourceError` that names who pushes to any sink now."""
    for held in connection.execute(select(_LEASE).order_by(_LEASE.c.sink)):
        if held.until > now and is_alive(held.holder):
            raise _busy(held)


def _busy(held: Any) -> SourceError:
    return SourceError(
        f"Sink {held.sink!r} is being pushed to by {held.holder.partition('/')[0]}",
        f"Wait until it is done, or if it died, until {held.until:%Y-%m-%d %H:%M} UTC",
    )


def _take(store: Store, sink: str, holder: str) -> None:
    now = store.clock()
    mine = select(_LEASE).where(_LEASE.c.sink == sink)
    with store.aside() as connection:
        held = connection.execute(mine).first()
        if held is None or held.until <= now or not is_alive(held.holder):
            values = {"sink": sink, "holder": holder, "until": now + LEASE_TIME}
            before = held.holder if held else None
            connection.execute(_TAKE, {**values, "before": before})
            held = connection.execute(mine).one()
    if held.holder != holder:
        raise _busy(held)


def _renew(store: Store, holder: str, over: Event) -> None:
    while not over.wait(LEASE_TIME.total_seconds() / 3):
        renewed = update(_LEASE).where(_LEASE.c.holder == holder)
        with suppress(StoreError), store.aside() as connection:  # tried again in a while
            connection.execute(renewed.values(until=store.clock() + LEASE_TIME))
