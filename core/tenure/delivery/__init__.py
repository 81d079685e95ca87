"""Delivery: every sink gets the report once, and nothing is lost in between.

    gate      what may be published at all
    sending   one sink's turn: what would change, send, how it ended
    lent      what a sink may look at besides the report
    outbox    a row per delivery, written before anything is sent and marked after
    memory    what sinks wrote value by value, and what stood there before

A publication keeps the figures as they were published. A crash in the middle is sent again, and
sinks take twice as well as once. What a sink already holds is not sent again: it is asked first.
The content is the figures with the policy, currency and time zone they were made under; fresher
sources alone are no new content.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, insert, select

from tenure.config import Workspace
from tenure.delivery.gate import require_publishable
from tenure.delivery.memory import SinkMemory
from tenure.delivery.outbox import Content, Outbox
from tenure.delivery.sending import Delivered, Turn, Work, look, send
from tenure.errors import UsageError
from tenure.ledger.store import Store
from tenure.ledger.tables import Policy, Publication, table
from tenure.plugin import Sink, Unwritten
from tenure.report import Report

__all__ = [
    "Asked",
    "Delivered",
    "content_hash",
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


def content_hash(report: Report) -> str:
    """The digest of what a report says, without when its sources were read."""
    meta = report.meta
    under = (meta.policy, meta.currency, meta.timezone, meta.variant)
    said = json.dumps([under, [row.as_json() for row in report.rows]])
    return hashlib.sha256(said.encode()).hexdigest()


def preview(
    workspace: Workspace, store: Store, report: Report, asked: Asked = ALL
) -> list[Delivered]:
    """What each sink would change; writes nothing."""
    return [look(turn, _of(report)) for turn in _turns(workspace, store, report, asked)]


def deliver(
    workspace: Workspace, store: Store, report: Report, asked: Asked = ALL
) -> list[Delivered]:
    """Publish the report and bring it to every enabled sink, or to those named."""
    turns = _turns(workspace, store, report, asked)
    publication = _publish(workspace, store, report) if turns else 0
    digest, done = content_hash(report), []
    for turn in turns:
        content = Content(sink=turn.name, digest=digest, publication=publication)
        done.append(send(turn, _of(report), content, patient=asked.patient))
    return done


def hold(workspace: Workspace, store: Store, report: Report, asked: Asked = ALL) -> list[Delivered]:
    """Publish the report, and send nothing by itself until somebody pushes by hand."""
    turns = _turns(workspace, store, report, asked)
    publication = _publish(workspace, store, report) if turns else 0
    outbox, digest = Outbox(store), content_hash(report)
    contents = [Content(sink=t.name, digest=digest, publication=publication) for t in turns]
    return [Delivered(sink=each.sink, held=outbox.hold(each)) for each in contents]


def undo(
    workspace: Workspace, store: Store, name: str, number: int, *, dry_run: bool = False
) -> Delivered:
    """Put back what stood there before a delivery; raises `UsageError` where that cannot be.

    What was written again since stays as it is, and so does what somebody changed by hand.
    """
    (entry,) = workspace.chosen("sink", [name])
    run = Outbox(store).run(name, number)
    if isinstance(entry.plugin, Sink) and not entry.plugin.remembers:
        raise UsageError(
            f"Sink {name!r} cannot take anything back", "Its plugin keeps no earlier values"
        )
    changes, written_again = SinkMemory(store, name).inverse(number)
    stays = f"{written_again} values were written again since, and stay"
    left = [Unwritten(target=name, reason=stays)] if written_again else []
    if dry_run or not changes:
        return Delivered(sink=name, changes=changes, left=left)
    turn = Turn(workspace, store, entry, run.recorded_at)
    back = Work(lambda _sink, _context: changes, lambda sink, *what: sink.restore(*what))
    content = Content(
        sink=name, digest=f"undo:{number}", publication=run.publication_id, undoes=number
    )
    done = send(turn, back, content)
    return replace(done, left=(*left, *done.left))


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
