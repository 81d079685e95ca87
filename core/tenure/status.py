"""How the ledger stands: freshness, last runs, quarantine, rates, deliveries, for `status`."""

import json
import re
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from tenure.errors import UsageError
from tenure.ledger.lease import refuse_if_held
from tenure.ledger.store import Store, scratch_of
from tenure.ledger.tables import (
    EPOCH,
    ConnectorState,
    Customer,
    Delivery,
    Item,
    Quarantine,
    Rate,
    Run,
    Subscription,
    table,
)
from tenure.printing import when
from tenure.records import Json

_STATE, _QUARANTINE = table(ConnectorState), table(Quarantine)
_RUN, _DELIVERY, _RATE = table(Run), table(Delivery), table(Rate)
_CUSTOMER, _SUBSCRIPTION, _ITEM = table(Customer), table(Subscription), table(Item)
_LINE = re.compile(r":\d+$")
_HAS_ITEMS = select(
    select(_ITEM.c.id)
    .join(_SUBSCRIPTION, _SUBSCRIPTION.c.id == _ITEM.c.subscription_id)
    .join(_CUSTOMER, _CUSTOMER.c.id == _SUBSCRIPTION.c.customer_id)
    .where(_CUSTOMER.c.connector_id == bindparam("connector"))
    .exists()
)
_OPEN = _QUARANTINE.c.resolved_at.is_(None) & _QUARANTINE.c.accepted_at.is_(None)


SKEW = timedelta(minutes=5)
"""What lies further in the future was timed by a clock that was wrong."""


def is_ahead(last: datetime, now: datetime) -> bool:
    """Whether a clock that was ahead timed it, so that nobody knows when it was."""
    return last - now > SKEW


def when_read(last: datetime | None, now: datetime) -> str:
    """When a source was read to its end, as far as anybody knows."""
    return when(last) + " (clock ahead)" * (last is not None and is_ahead(last, now))


def is_fresh(last: datetime | None, now: datetime, bound: timedelta) -> bool:
    """Whether a source was read to its end within the bound, as far as anybody knows."""
    return last is not None and now - last <= bound and not is_ahead(last, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorStatus:
    """One connector: its last complete sync, its last run, and what waits for somebody."""

    name: str
    configured: bool
    last_complete_sync: datetime | None
    last_run: datetime | None
    outcome: str | None
    message: str
    counts: dict[str, Json]
    quarantined: int
    only_quarantined: bool
    """Whether rows could not be read, and none that could ever was an item."""
    held: int
    cursor: Json
    unfinished: bool
    holder: str | None

    @property
    def incomplete(self) -> bool:
        """Whether figures over it may miss something."""
        return self.unfinished or bool(self.held) or self.last_complete_sync is None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOfRates:
    """What is in force of one source: how far its rates go, of how many currencies."""

    source: str
    last_day: date
    currencies: int
    rates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesStatus:
    """The exchange rates into the workspace's currency, and how the last pull of them ended."""

    last_run: datetime | None
    outcome: str | None
    message: str
    counts: dict[str, Json]
    sources: list[SourceOfRates]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedRow:
    """A row that could not be read and is neither mended nor accepted."""

    id: int
    connector: str
    source_ref: str
    column: str | None
    reason: str
    raw: str
    rows: int


def connectors(store: Store, configured: tuple[str, ...]) -> list[ConnectorStatus]:
    """Every connector that is configured or has a ledger, in the order of plugins.toml."""
    with store.read() as connection:
        states = {row.name: row for row in connection.execute(select(_STATE))}
        names = [*configured, *(name for name in states if name not in configured)]
        return [_status(connection, name, states.get(name), name in configured) for name in names]


def _status(connection: Connection, name: str, state: Any, configured: bool) -> ConnectorStatus:  # noqa: FBT001 - one caller, above
    return ConnectorStatus(
        name=name,
        configured=configured,
        last_complete_sync=state.last_complete_at if state else None,
        **_last_run(connection, "sync", name),
        quarantined=(waiting := _open_rows(connection, state.id) if state else 0),
        only_quarantined=waiting > 0 and not connection.scalar(_HAS_ITEMS, {"connector": state.id}),
        held=state.held_retractions if state else 0,
        cursor=json.loads(state.cursor) if state and state.cursor else None,
        unfinished=bool(state and state.pull_started_at),
        holder=state.lease_holder if state else None,
    )


def _last_run(connection: Connection, kind: str, subject: str) -> dict[str, Any]:
    query = select(_RUN).where(_RUN.c.kind == kind, _RUN.c.subject == subject)
    run: Any = connection.execute(query.order_by(_RUN.c.id.desc()).limit(1)).first()
    return {
        "last_run": run.started_at if run else None,
        "outcome": (run.outcome or "running or killed") if run else None,
        "message": run.message if run else "",
        "counts": json.loads(run.counts) if run else {},
    }


def rates(store: Store, currency: str) -> RatesStatus:
    """The rates into this currency: a source's lines are one, newest source first."""
    r = _RATE.c
    query = (
        select(r.source_ref, r.currency, func.max(r.day), func.count())
        .where(r.reporting == currency, r.superseded_at.is_(None))
        .group_by(r.source_ref, r.currency)
    )
    found: dict[str, list[tuple[str, int, int]]] = {}
    with store.read() as connection:
        for ref, *facts in connection.execute(query):
            found.setdefault(_LINE.sub("", ref), []).append((facts[0], facts[1], facts[2]))
        run = _last_run(connection, "rates", "fx")
    sources = [_source_of_rates(source, rows) for source, rows in found.items()]
    sources.sort(key=lambda one: (one.last_day, one.source), reverse=True)
    return RatesStatus(sources=sources, **run)


def _source_of_rates(source: str, rows: list[tuple[str, int, int]]) -> SourceOfRates:
    return SourceOfRates(
        source=source,
        last_day=EPOCH.date() + timedelta(days=max(day for _, day, _ in rows)),
        currencies=len({currency for currency, _, _ in rows}),
        rates=sum(count for *_, count in rows),
    )


def _open_rows(connection: Connection, connector: int) -> int:
    total = func.coalesce(func.sum(_QUARANTINE.c.rows), 0)
    query = select(total).where(_OPEN, _QUARANTINE.c.connector_id == connector)
    return int(connection.scalar(query) or 0)


def open_deliveries(store: Store) -> dict[str, int]:
    """How many deliveries are pending, failed (and tried again later), dead or held."""
    counts = dict.fromkeys(_NOT_SENT, 0)
    query = select(_DELIVERY.c.state, func.count()).where(_DELIVERY.c.state.in_(_NOT_SENT))
    with store.read() as connection:
        found = connection.execute(query.group_by(_DELIVERY.c.state))
        return counts | {str(state): int(number) for state, number in found}


_NOT_SENT = ("pending", "failed", "dead", "held")


def pending_deliveries(store: Store) -> int:
    """How many deliveries no sink has got yet."""
    return sum(open_deliveries(store).values())


def quarantine(store: Store) -> list[QuarantinedRow]:
    """Every open row, oldest first."""
    q = _QUARANTINE.c
    query = (
        select(q.id, _STATE.c.name, q.source_ref, q.column, q.reason, q.raw, q.rows)
        .join(_STATE, _STATE.c.id == q.connector_id)
        .where(_OPEN)
        .order_by(q.id)
    )
    names = ("id", "connector", "source_ref", "column", "reason", "raw", "rows")
    with store.read() as connection:
        found = connection.execute(query).all()
    return [QuarantinedRow(**dict(zip(names, row, strict=True))) for row in found]


def accept(store: Store, row: int) -> None:
    """Say that a quarantined row is known to be bad; raises `UsageError` if there is none."""
    # What it hid was held back, and a pull that held something back is read again anyway.
    with store.write() as (connection, stamp):
        done = connection.execute(
            update(_QUARANTINE).where(_OPEN, _QUARANTINE.c.id == row).values(accepted_at=stamp)
        )
    if not done.rowcount:
        raise UsageError(
            f"There is no open quarantined row {row}", "`tenure quarantine` lists them"
        )


def reset(store: Store, name: str, to: datetime | None) -> None:
    """Forget a connector's cursor, so that the next sync reads from `to` or from the start."""
    with store.write() as (connection, _):
        state = connection.execute(select(_STATE).where(_STATE.c.name == name)).first()
        if state is None:
            raise UsageError(f"Connector {name!r} was never synced", "`tenure state` lists them")
        refuse_if_held(state, store.clock())  # the pull would bring its cursor back
        values = {"cursor": None, "watermark": to, "pull_started_at": None}
        connection.execute(update(_STATE).where(_STATE.c.id == state.id).values(**values))
    shutil.rmtree(scratch_of(store.url, state.id), ignore_errors=True)
