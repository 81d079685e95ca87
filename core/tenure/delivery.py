"""Delivery: every sink gets the report once, and nothing is lost in between.

A publication keeps the figures as they were published. A delivery is a row per sink and content,
written before anything is sent and marked after: a crash in between is sent again, and sinks take
twice as well as once. What a sink already holds is not sent again. The content is the figures with
the policy, currency and time zone they were made under; fresher sources alone are no new content.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from tenure.config import Entry, Workspace
from tenure.errors import PluginError, TenureError, UsageError
from tenure.ledger.store import Store
from tenure.ledger.tables import Delivery, Policy, Publication, table
from tenure.lending import give_back, lend
from tenure.plugin import Change, Context, Receipt, Sink
from tenure.plugins import isolated
from tenure.report import Report

_POLICY, _PUBLICATION, _DELIVERY = table(Policy), table(Publication), table(Delivery)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How one sink's delivery ended; `changes` is what it had to change (or would have to)."""

    sink: str
    changes: Sequence[Change] = ()
    error: TenureError | None = None

    @property
    def exit_code(self) -> int:
        """0 when the sink holds the report."""
        return self.error.exit_code if self.error else 0


def content_hash(report: Report) -> str:
    """The digest of what a report says, without when its sources were read."""
    meta = report.meta
    under = (meta.policy, meta.currency, meta.timezone, meta.variant)
    said = json.dumps([under, [row.as_json() for row in report.rows]])
    return hashlib.sha256(said.encode()).hexdigest()


def preview(workspace: Workspace, report: Report, names: Sequence[str] = ()) -> list[Delivered]:
    """What each sink would change; writes nothing."""
    return [_preview(workspace, entry, report) for entry in _chosen(workspace, names)]


def deliver(
    workspace: Workspace, store: Store, report: Report, names: Sequence[str] = ()
) -> list[Delivered]:
    """Publish the report and bring it to every enabled sink, or to those named."""
    chosen = _chosen(workspace, names)
    publication = _publish(workspace, store, report) if chosen else 0
    return [_deliver(workspace, store, _Sending(entry, report, publication)) for entry in chosen]


def _chosen(workspace: Workspace, names: Sequence[str]) -> list[Entry]:
    known = {entry.name: entry for entry in workspace.sinks}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}"
            none = f"It has no sink at all: write a table [sinks.{name}]"
            raise UsageError(
                f"There is no sink {name!r} in {workspace.path.name}", hint if known else none
            )
    asked = [known[name] for name in dict.fromkeys(names)]
    return asked or [entry for entry in workspace.sinks if entry.enabled]


def _publish(workspace: Workspace, store: Store, report: Report) -> int:
    """Keep the figures as published, once per content."""
    digest, policy = content_hash(report), workspace.metrics.policy
    with store.write() as (connection, stamp):
        known = _scalar(
            connection, select(_PUBLICATION.c.id).where(_PUBLICATION.c.content_hash == digest)
        )
        if known is not None:
            return known
        if not _scalar(connection, select(func.count()).where(_POLICY.c.hash == policy.hash)):
            values = {"hash": policy.hash, "document": policy.canonical(), "recorded_at": stamp}
            connection.execute(insert(_POLICY).values(**values))
        made = insert(_PUBLICATION).values(
            content_hash=digest,
            policy_hash=policy.hash,
            known_at=report.meta.known_at,
            document=json.dumps(report.as_json()),
            recorded_at=stamp,
        )
        return int(connection.execute(made.returning(_PUBLICATION.c.id)).scalar_one())


def _scalar(connection: Connection, query: object) -> int | None:
    found = connection.scalar(query)  # type: ignore[call-overload]  # any select
    return None if found is None else int(found)


@dataclass(frozen=True, slots=True)
class _Sending:
    entry: Entry
    report: Report
    publication: int


def _preview(workspace: Workspace, entry: Entry, report: Report) -> Delivered:
    try:
        with _opened(workspace, entry) as (sink, context):
            changes = _changes(sink.preview(report, context))
    except TenureError as error:
        return Delivered(sink=entry.name, error=error)
    return Delivered(sink=entry.name, changes=changes)


def _deliver(workspace: Workspace, store: Store, sending: _Sending) -> Delivered:
    entry, report = sending.entry, sending.report
    row = _enqueue(store, sending)
    try:
        with _opened(workspace, entry) as (sink, context):
            changes, receipt = _changes(sink.preview(report, context)), Receipt(written=0)
            if changes:
                receipt = _receipt(sink.deliver(report, changes, context))
    except TenureError as error:
        _mark(store, row, state="failed", message=str(error))
        return Delivered(sink=entry.name, error=error)
    _mark(store, row, state="delivered", message="", remote_id=receipt.remote_id)
    return Delivered(sink=entry.name, changes=changes)


@contextmanager
def _opened(workspace: Workspace, entry: Entry) -> Iterator[tuple[Sink, Context]]:
    """The sink and what it is lent; whatever it raises is a `TenureError` that names it."""
    if entry.problem is not None:
        raise entry.problem
    if not isinstance(entry.plugin, Sink):
        raise PluginError(f"Sink {entry.name!r} is disabled", "Remove `enabled = false`")
    context = lend(workspace, entry)
    try:
        failed = f"Sink {entry.name!r} failed inside its plugin {entry.use!r}"
        with isolated(failed, entry.secrets):
            yield entry.plugin, context
    finally:
        give_back(context)


def _changes(found: Any) -> Sequence[Change]:
    if not isinstance(found, list | tuple) or not all(isinstance(each, Change) for each in found):
        raise TypeError(f"preview() should return a list of Change, not {type(found).__name__}")
    return found


def _receipt(found: Any) -> Receipt:
    if not isinstance(found, Receipt):
        raise TypeError(f"deliver() should return a Receipt, not {type(found).__name__}")
    return found


def _enqueue(store: Store, sending: _Sending) -> int:
    """Write the delivery down before anything is sent."""
    digest, sink = content_hash(sending.report), sending.entry.name
    known = select(_DELIVERY.c.id).where(
        _DELIVERY.c.sink == sink, _DELIVERY.c.content_hash == digest
    )
    with store.write() as (connection, stamp):
        # What a sink never got of older figures is not wanted any more.
        connection.execute(
            update(_DELIVERY)
            .where(_DELIVERY.c.sink == sink, _DELIVERY.c.state != "delivered")
            .values(state="superseded")
        )
        row = _scalar(connection, known)
        if row is None:
            made = insert(_DELIVERY).values(
                sink=sink,
                content_hash=digest,
                publication_id=sending.publication,
                state="pending",
                attempts=1,
                message="",
                recorded_at=stamp,
            )
            return int(connection.execute(made.returning(_DELIVERY.c.id)).scalar_one())
        again = {"state": "pending", "attempts": _DELIVERY.c.attempts + 1}
        connection.execute(update(_DELIVERY).where(_DELIVERY.c.id == row).values(**again))
        return row


def _mark(
    store: Store, row: int, *, state: str, message: str, remote_id: str | None = None
) -> None:
    values = {"state": state, "message": message, "remote_id": remote_id}
    with store.write() as (connection, stamp):
        delivered_at = stamp if state == "delivered" else None
        connection.execute(
            update(_DELIVERY)
            .where(_DELIVERY.c.id == row)
            .values(delivered_at=delivered_at, **values)
        )
