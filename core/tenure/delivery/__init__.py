"""Delivery: every sink gets the report once, and nothing is lost in between.

    gate      what may be published at all
    reports   the report of each sink, by its segments and periods
    sending   one sink's turn: what would change, send, how it ended
    alerting  what a sink is to say at once, and when that is over
    lease     one push to a sink at a time
    lent      what a sink may look at besides the report
    outbox    a row per delivery, written before anything is sent and marked after
    memory    what sinks wrote value by value, and what stood there before

A publication keeps the figures as they were published. A crash in the middle is sent again, and
sinks take twice as well as once. What a sink already holds is not sent again: it is asked first.
The content is the figures with the policy, currency and time zone they were made under; fresher
sources alone are no new content.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, insert, select

from tenure.config import Workspace
from tenure.delivery.gate import require_publishable
from tenure.delivery.memory import SinkMemory
from tenure.delivery.outbox import Content, Outbox
from tenure.delivery.reports import Reports
from tenure.delivery.sending import Delivered, Turn, Work, look, send, unmade
from tenure.errors import TenureError, UsageError
from tenure.ledger.store import Store
from tenure.ledger.tables import Policy, Publication, table
from tenure.plugin import Change, Sink, SinkContext, Unwritten
from tenure.printing import counted
from tenure.report import Report

__all__ = [
    "Asked",
    "Delivered",
    "deliver",
    "hold",
    "preview",
    "require_publishable",
    "undo",
]

_POLICY, _PUBLICATION = table(Policy), table(Publication)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which sinks, and how: `patient` leaves alone what failed a moment ago, or too often."""

    names: Sequence[str] = ()
    only_failed: bool = False
    patient: bool = False


ALL = Asked()


def preview(
    workspace: Workspace, store: Store, report: Report, asked: Asked = ALL
) -> list[Delivered]:
    """What each sink would change; writes nothing."""
    reports = Reports(workspace, store, report)
    return [
        _said(turn, lambda turn: look(turn, _of(reports.of(turn.entry))))
        for turn in _turns(workspace, store, report, asked)
    ]


def deliver(
    workspace: Workspace, store: Store, report: Report, asked: Asked = ALL
) -> list[Delivered]:
    """Publish the report and bring it to every enabled sink, or to those named.

    A sink whose table says other segments or periods gets a report of its own.
    """
    reports = Reports(workspace, store, report)

    def sent(turn: Turn) -> Delivered:
        try:
            made = reports.of(turn.entry)
        except TenureError as error:
            return unmade(turn, error)
        return send(turn, _of(made), _content(turn, made), patient=asked.patient)

    return [_said(turn, sent) for turn in _turns(workspace, store, report, asked)]


def hold(workspace: Workspace, store: Store, report: Report, asked: Asked = ALL) -> list[Delivered]:
    """Publish the report, and send nothing by itself until somebody pushes by hand."""
    reports, outbox = Reports(workspace, store, report), Outbox(store)

    def held(turn: Turn) -> Delivered:
        content = _content(turn, reports.of(turn.entry))
        return Delivered(sink=turn.name, held=outbox.hold(content))

    return [_said(turn, held) for turn in _turns(workspace, store, report, asked)]


def undo(
    workspace: Workspace, store: Store, name: str, number: int, *, dry_run: bool = False
) -> Delivered:
    """Put back what stood there before a delivery; raises `UsageError` where that cannot be.

    What was written again since stays as it is, and so does what somebody changed by hand.
    """
    (entry,) = workspace.chosen("sink", [name])
    run = Outbox(store).run(name, number)
    if isinstance(entry.plugin, Sink) and type(entry.plugin).restore is Sink.restore:
        raise UsageError(
            f"Sink {name!r} cannot take anything back", "Its plugin keeps no earlier values"
        )
    changes, written_again = SinkMemory(store, name).inverse(number)
    stays = f"written again since, and left: {counted(written_again, 'value')}"
    left = [Unwritten(target=name, reason=stays)] if written_again else []
    if not changes:
        return Delivered(sink=name, left=left)

    def standing(sink: Sink, context: SinkContext) -> Sequence[Change]:
        found = sink.restorable(changes, context)
        left.extend(found.left)
        return found.changes

    turn = Turn(workspace, store, entry, run.recorded_at)
    back = Work(standing, lambda sink, *what: sink.restore(*what))
    content = Content(
        sink=name, digest=f"undo:{number}", publication=run.publication_id, undoes=number
    )
    done = look(turn, back) if dry_run else send(turn, back, content)
    return replace(done, left=(*left, *done.left))


def _said(turn: Turn, act: Callable[[Turn], Delivered]) -> Delivered:
    """Act; a report that cannot be made or kept is that sink's failure."""
    try:
        return act(turn)
    except TenureError as error:
        return Delivered(sink=turn.name, error=error)


def _content(turn: Turn, report: Report) -> Content:
    publication = _publish(turn.workspace, turn.store, report)
    return Content(sink=turn.name, digest=report.content_hash, publication=publication)


def _of(report: Report) -> Work:
    return Work(
        lambda sink, context: sink.preview(report, context),
        lambda sink, changes, context: sink.deliver(report, changes, context),
    )


def _turns(workspace: Workspace, store: Store, report: Report, asked: Asked) -> list[Turn]:
    found = workspace.chosen("sink", asked.names)
    if asked.only_failed:
        last = {entry.name: Outbox(store).last(entry.name) for entry in found}
        found = [e for e in found if (run := last[e.name]) is not None and run.is_open]
    return [Turn(workspace, store, entry, report.meta.known_at) for entry in found]


def _publish(workspace: Workspace, store: Store, report: Report) -> int:
    """Keep the figures as published, once per content."""
    digest, policy = report.content_hash, workspace.metrics.policy
    published = select(_PUBLICATION.c.id).where(_PUBLICATION.c.content_hash == digest)
    with store.read() as connection:  # a push with nothing new leaves no trace
        if (known := _scalar(connection, published)) is not None:
            return known
    with store.write() as (connection, stamp):
        if (known := _scalar(connection, published)) is not None:
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
