"""The ledger itself: whether it is whole, and what in it waits for somebody."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select, text, update

from tenure import status
from tenure.doctor import Finding, Grade
from tenure.ledger import schema
from tenure.ledger.lease import is_alive
from tenure.ledger.store import Store, sqlite_path
from tenure.ledger.tables import ConnectorState, SinkLease, from_micros, table
from tenure.printing import counted

if TYPE_CHECKING:
    from tenure.config import Workspace

SKEW = timedelta(seconds=30)
"""How far the clocks of this machine and of the database may be apart."""

_OFF = "not enabled, so not read; what it read before is counted"
_ELSEWHERE = "in the ledger, not in plugins.toml, so not counted"

_STATE, _LEASE = table(ConnectorState), table(SinkLease)

NEVER = {
    "points of one item and instant that are in force at once": (
        "SELECT count(*) FROM (SELECT 1 FROM point WHERE superseded_at IS NULL"
        " GROUP BY item_id, effective_at HAVING count(*) > 1) AS twice"
    ),
    "points that were closed before they were recorded": (
        "SELECT count(*) FROM point WHERE superseded_at < recorded_at"
    ),
    "points recorded after the last stamp": (
        "SELECT count(*) FROM point WHERE recorded_at > (SELECT last_stamp FROM ledger_clock)"
        " OR superseded_at > (SELECT last_stamp FROM ledger_clock)"
    ),
    "points whose item is another customer's, or nobody's": (
        "SELECT count(*) FROM point AS p LEFT JOIN item AS i ON i.id = p.item_id"
        " WHERE i.id IS NULL OR i.customer_id <> p.customer_id"
    ),
    "items whose subscription is another customer's, or nobody's": (
        "SELECT count(*) FROM item AS i LEFT JOIN subscription AS s ON s.id = i.subscription_id"
        " WHERE s.id IS NULL OR s.customer_id <> i.customer_id"
    ),
    "customers of no connector": (
        "SELECT count(*) FROM customer WHERE connector_id NOT IN (SELECT id FROM connector_state)"
    ),
    "attributes of nobody": (
        "SELECT count(*) FROM customer_attribute WHERE customer_id NOT IN (SELECT id FROM customer)"
    ),
    "clocks too few or too many": "SELECT abs(count(*) - 1) FROM ledger_clock",
    "points that bill less than nothing": "SELECT count(*) FROM point WHERE amount < 0",
}
"""What may never be in a ledger, each with a query that counts it."""

RESTORE = "Stop tenure, keep the file as it is, and `tenure restore --replace` the last backup"


def examine(workspace: "Workspace") -> Iterator[Finding]:
    """Look at all of it; raises `StoreError` for a store that cannot be read."""
    said = Store.describe(workspace.store)
    yield Finding(kind="store", text=said)
    path = sqlite_path(workspace.store)
    if path and not path.exists():
        return
    store = Store.bare(workspace.store)
    with store.errors():
        if schema.current(store.engine) is None:
            schema.require_no_strangers(store.engine)
            return
        missing = list(schema.missing(store.engine))
    for name in missing:
        yield Finding(kind="integrity", text=f"{name} is missing", grade=Grade.WRONG, todo=RESTORE)
    with store.read() as connection:
        yield _clock(connection, store.clock())
        yield from _integrity(connection)
        yield from _never(connection)
        yield from _leases(connection, store)
    yield from _freshness(workspace, store)
    yield from _waiting(store)


def _clock(connection: Connection, now: datetime) -> Finding:
    last = from_micros(connection.scalar(text("SELECT last_stamp FROM ledger_clock")) or 0)
    theirs = now
    if connection.dialect.name == "postgresql":
        theirs = connection.scalar(text("SELECT clock_timestamp()")) or now
    apart = max(abs(theirs - now), last - now)
    if apart > SKEW:
        return Finding(
            kind="clock",
            text=f"this machine's clock is {apart} away from that of the ledger",
            grade=Grade.WARNING,
            todo="Let the time be set by NTP; stamps keep their order, but lie in the future",
        )
    return Finding(kind="clock", text=f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _integrity(connection: Connection) -> Iterator[Finding]:
    """What the database says of itself."""
    if connection.dialect.name == "sqlite":
        said = list(connection.scalars(text("PRAGMA quick_check(20)")))
        broken = [] if said == ["ok"] else said
        orphans = connection.execute(text("PRAGMA foreign_key_check")).all()
        broken += [f"a row of {row[0]} refers to none of {row[2]}" for row in orphans[:20]]
    else:
        query = "SELECT CAST(indexrelid AS regclass) FROM pg_index WHERE NOT indisvalid"
        broken = [f"index {name} is not valid" for name in connection.scalars(text(query))]
    for line in broken:
        yield Finding(kind="integrity", text=line, grade=Grade.WRONG, todo=RESTORE)
    if not broken:
        yield Finding(kind="integrity", text="the database finds nothing wrong with itself")


def _never(connection: Connection) -> Iterator[Finding]:
    counts = {what: connection.scalar(text(query)) or 0 for what, query in NEVER.items()}
    for what, count in counts.items():
        if count:
            text_ = f"{count:,} {what}"
            yield Finding(kind="ledger", text=text_, grade=Grade.WRONG, todo=RESTORE)
    if not any(counts.values()):
        yield Finding(kind="ledger", text=f"none of {len(NEVER)} things that may never be")


def _leases(connection: Connection, store: Store) -> Iterator[Finding]:
    s, now, held = _STATE.c, store.clock(), False
    syncs = select(s.name, s.lease_holder, s.lease_until).where(s.lease_holder.is_not(None))
    pushes = select(_LEASE.c.sink, _LEASE.c.holder, _LEASE.c.until)
    for name, holder, until in (*connection.execute(syncs), *connection.execute(pushes)):
        held = True
        if until > now and is_alive(holder):
            yield Finding(kind="leases", text=f"{name}: {holder} is at it")
            continue
        yield Finding(
            kind="leases",
            text=f"{name}: {holder} is dead or silent and holds it",
            grade=Grade.WARNING,
            todo="Nothing: the next sync or push takes it over",
            mend=partial(_release, store, holder),
        )
    if not held:
        yield Finding(kind="leases", text="nobody holds a connector or a sink")


def _release(store: Store, holder: str) -> None:
    free = {"lease_holder": None, "lease_until": None}
    with store.write() as (connection, _):
        connection.execute(update(_STATE).where(_STATE.c.lease_holder == holder).values(**free))
        connection.execute(delete(_LEASE).where(_LEASE.c.holder == holder))


def _freshness(workspace: "Workspace", store: Store) -> Iterator[Finding]:
    from tenure.daemon.jobs import plan  # noqa: PLC0415 - what the daemon goes by, and it alone

    now = store.clock()
    limits = plan(workspace, "").bounds(now)
    names = tuple(entry.name for entry in workspace.connectors)
    for one in status.connectors(store, names):
        if one.name not in limits:
            said = _OFF if one.configured else _ELSEWHERE
            yield Finding(kind="freshness", text=f"{one.name}: {said}")
            continue
        last = one.last_complete_sync
        said = f"{one.name}: read to its end {status.when_read(last, now)}"
        if one.held:
            said += f"; {counted(one.held, 'item')} held back"
        fresh = status.is_fresh(last, now, limits[one.name])
        todo = f"tenure sync {one.name}" + (f": {one.message}" if one.message else "")
        if fresh and not one.held and not one.unfinished:
            yield Finding(kind="freshness", text=said)
        else:
            grade = Grade.WARNING if fresh else Grade.WRONG
            yield Finding(kind="freshness", text=said, grade=grade, todo=todo)


def _waiting(store: Store) -> Iterator[Finding]:
    rows = sum(one.rows for one in status.quarantine(store))
    bad = Grade.WARNING if rows else Grade.OK
    todo = "tenure quarantine says why; mend the source, or `tenure quarantine accept ID`"
    yield Finding(
        kind="quarantine",
        text=f"{counted(rows, 'row')} could not be read",
        grade=bad,
        todo=todo if rows else "",
    )
    counts = status.open_deliveries(store)
    dead = counts["dead"]
    yield Finding(
        kind="deliveries",
        text=", ".join(f"{number:,} {state}" for state, number in counts.items()),
        grade=Grade.WRONG if dead else Grade.WARNING if counts["failed"] else Grade.OK,
        todo="tenure deliveries says why; then `tenure push --only-failed`"
        if dead or counts["failed"]
        else "",
    )
