"""One sink's turn: ask it what would change, write the delivery down, send, mark how it ended.

What a sink warns of is kept with its delivery, and said again only when it is something else.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from tenure.alerts import Alert
from tenure.config import Entry, Workspace
from tenure.delivery.lease import hold
from tenure.delivery.lent import context_for
from tenure.delivery.memory import SinkMemory
from tenure.delivery.outbox import Content, Outbox, Run, State
from tenure.errors import PluginError, SourceError, TenureError, TransientError
from tenure.ledger.store import Store
from tenure.lending import give_back
from tenure.meta import instant_string
from tenure.plugin import Change, Receipt, Sink, SinkContext, Unwritten
from tenure.plugins import isolated
from tenure.printing import counted
from tenure.redaction import redact

_LOG = logging.getLogger("tenure.delivery")

_UNMADE = "unmade"
"""The digest of figures that there are none of."""

_NAMED = 5
"""So many refused targets are named in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How one sink's delivery ended; `changes` is what it had to change (or would have to)."""

    sink: str
    changes: Sequence[Change] = ()
    error: TenureError | None = None
    run: int | None = None
    """Its number in the outbox; None: nothing had to be sent."""
    left: Sequence[Unwritten] = ()
    """What was not put back, on purpose."""
    alert: Alert | None = None
    """What was said at once, or would be."""
    held: Run | None = None
    """Why nothing was sent: it waits for a push by hand."""

    @property
    def exit_code(self) -> int:
        """0 when the sink holds the report."""
        return self.error.exit_code if self.error else 0


@dataclass(frozen=True, slots=True)
class Turn:
    """A sink, and the instant that its figures are known at."""

    workspace: Workspace
    store: Store
    entry: Entry
    known_at: datetime
    warnings: list[str] = field(default_factory=list)
    """What the sink warned of."""

    @property
    def name(self) -> str:
        """The sink's table."""
        return self.entry.name

    @contextmanager
    def opened(self, known: str = "") -> Iterator[tuple[Sink, SinkContext]]:
        """The sink and what it is lent; whatever it raises is a `TenureError` that names it.

        What it warns of is said, but for the lines that are `known`.
        """
        if self.entry.problem is not None:
            raise self.entry.problem
        if not isinstance(self.entry.plugin, Sink):
            raise PluginError(f"Sink {self.name!r} is disabled", "Remove `enabled = false`")
        lent = context_for(self.workspace, self.store, self.entry, self.known_at)
        context = replace(lent, warn=partial(self._warn, known.splitlines()))
        try:
            failed = f"Sink {self.name!r} failed inside its plugin {self.entry.use!r}"
            with isolated(failed, self.entry.secrets):
                yield self.entry.plugin, context
        finally:
            give_back(context)

    def _warn(self, known: Sequence[str], text: str) -> None:
        line = redact(" ".join(text.split()), self.entry.secrets)
        self.warnings.append(line)
        if line not in known:
            _LOG.warning("%s: %s", self.name, line)


@dataclass(frozen=True, slots=True)
class Work:
    """What a turn is for: `plan` says what would change, `write` does it."""

    plan: Callable[[Sink, SinkContext], Any]
    write: Callable[[Sink, Sequence[Change], SinkContext], Any]


def look(turn: Turn, work: Work) -> Delivered:
    """What would change; writes nothing."""
    try:
        with turn.opened() as (sink, context):
            return Delivered(sink=turn.name, changes=_planned(turn, work, sink, context))
    except TenureError as error:
        return Delivered(sink=turn.name, error=error)


def send(turn: Turn, work: Work, content: Content, *, patient: bool = False) -> Delivered:
    """Bring it to the sink; what failed is in what is returned, and in the outbox."""
    try:
        with hold(turn.store, turn.name):
            return _send(turn, work, content, patient=patient)
    except TenureError as error:
        return Delivered(sink=turn.name, error=error)


def _send(turn: Turn, work: Work, content: Content, *, patient: bool) -> Delivered:
    outbox = Outbox(turn.store)
    last = outbox.last(turn.name)
    same = last if last is not None and last.content_hash == content.digest else None
    if patient and last is not None and last.state is State.HELD:
        return Delivered(sink=turn.name, held=last)
    if patient and same is not None and same.waits(turn.store.clock()):
        return Delivered(sink=turn.name, error=waiting(same), run=same.id)
    run: Run | None = None
    try:
        with turn.opened(last.message if last else "") as (sink, context):
            changes = _planned(turn, work, sink, context)
            if not changes and same is not None and same.state is State.DELIVERED:
                outbox.remark(same, turn.warnings)
                return Delivered(sink=turn.name)
            run = outbox.begin(content)
            receipt = Receipt(written=0)
            if changes and sink.remembers:
                SinkMemory(turn.store, turn.name).intend(run.id, changes)
            if changes:
                done = work.write(sink, changes, replace(context, key=run.key))
                receipt = receipt_of(done, "deliver")
    except TenureError as error:
        run = run or outbox.begin(content)
        with turn.store.write() as (connection, _):
            outbox.failed(connection, run, error)
        return Delivered(sink=turn.name, error=error, run=run.id)
    refused = finish(turn, run, receipt, changes)
    told = run.id if changes else None
    return Delivered(
        sink=turn.name, changes=changes, error=refused, run=told, left=tuple(receipt.left)
    )


def unmade(turn: Turn, error: TenureError) -> Delivered:
    """Keep that the sink's report could not be made; what is held stays so."""
    outbox = Outbox(turn.store)
    last = outbox.last(turn.name)
    if last is not None and last.state is State.HELD:
        return Delivered(sink=turn.name, error=error)
    run = outbox.begin(Content(sink=turn.name, digest=_UNMADE, publication=None))
    with turn.store.write() as (connection, _):
        outbox.failed(connection, run, error)
    return Delivered(sink=turn.name, error=error, run=run.id)


def finish(turn: Turn, run: Run, receipt: Receipt, changes: Sequence[Change]) -> TenureError | None:
    """Mark how a delivery ended; the error where some targets were refused."""
    outbox, error = Outbox(turn.store), None
    memory = SinkMemory(turn.store, turn.name)
    unsure = {each.target for each in (*receipt.unwritten, *receipt.left)}
    with turn.store.write() as (connection, stamp):
        memory.confirm(connection, run.id, unsure, stamp)
        memory.name(connection, run.id, receipt.remote_ids)
        if receipt.unwritten:
            error = _refused(turn.name, receipt, changes)
            error.hide(turn.entry.secrets)
            outbox.failed(connection, run, error, receipt)
        else:
            outbox.delivered(connection, run, receipt, stamp)
    if error is None:
        outbox.remark(run, turn.warnings)
    return error


def _planned(turn: Turn, work: Work, sink: Sink, context: SinkContext) -> Sequence[Change]:
    found = work.plan(sink, context)
    if not isinstance(found, list | tuple) or not all(isinstance(each, Change) for each in found):
        raise TypeError(f"preview() should return a list of Change, not {type(found).__name__}")
    return SinkMemory(turn.store, turn.name).noted(found) if sink.remembers else found


def receipt_of(found: Any, method: str) -> Receipt:
    """What a plugin's method gave back, if that is a receipt."""
    if not isinstance(found, Receipt):
        raise TypeError(f"{method}() should return a Receipt, not {type(found).__name__}")
    return found


def _refused(sink: str, receipt: Receipt, changes: Sequence[Change]) -> TenureError:
    several = len(receipt.unwritten)
    labels = {change.target: change.label for change in changes if change.label}
    named = "; ".join(
        f"{_called(labels.get(each.target), each.target)}: {each.reason}"
        for each in receipt.unwritten[:_NAMED]
    )
    more = f"; and {several - _NAMED} more" if several > _NAMED else ""
    return SourceError(
        f"Sink {sink!r} wrote {counted(receipt.written, 'target')}, and "
        f"{counted(several, 'was', 'were')} refused: {named}{more}",
        "Mend what is said; the next push tries these again",
    )


def _called(label: str | None, target: str) -> str:
    return f"{label} ({target})" if label else target


def waiting(run: Run) -> TenureError:
    """Why a delivery is not tried now."""
    again = f"`tenure push {run.sink}` tries it at once"
    if run.state is State.DEAD:
        tried = counted(run.attempts, "attempt")
        return SourceError(f"Sink {run.sink!r} was given up after {tried}: {run.message}", again)
    until = instant_string(run.next_attempt_at)
    return TransientError(f"Sink {run.sink!r} waits until {until}: {run.message}", again)
