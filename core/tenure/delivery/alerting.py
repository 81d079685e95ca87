"""Alerts: what a sink is to say at once, each condition once for as long as it lasts.

An alert is a delivery in the outbox whose digest is its key. While the condition lasts, the row
keeps it from being said again; once it is over the row says so, and the next time is a new key:
`stale_after:billing#1`, then `stale_after:billing#2`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tenure import status
from tenure.alerts import OF_FIGURES, Alert, Facts, Loss, due
from tenure.config import Workspace
from tenure.delivery.lease import hold
from tenure.delivery.outbox import ALERT, Content, Outbox, Run, State
from tenure.delivery.sending import Delivered, Turn, finish, receipt_of, waiting
from tenure.errors import TenureError
from tenure.ledger.store import Store
from tenure.movements import MovementLog
from tenure.plugin import SinkContext
from tenure.report import Report, Row

Finding = Report | TenureError | None
"""The figures, or why none were published; None: only the sources are looked at."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the alerts of one push rest on; `patient` leaves alone what failed a moment ago."""

    workspace: Workspace
    store: Store
    finding: Finding
    patient: bool = False
    only_failed: bool = False

    def turns(self, names: Sequence[str]) -> list[Turn]:
        """The sinks that have something to watch."""
        finding = self.finding
        known_at = finding.meta.known_at if isinstance(finding, Report) else self.store.known_at()
        known_at = known_at or self.store.clock()
        chosen = self.workspace.chosen("sink", names)
        return [Turn(self.workspace, self.store, each, known_at) for each in chosen if each.alerts]

    def facts(self, context: SinkContext) -> Facts:
        """What the rules are held against."""
        finding = self.finding
        row = _last_complete(finding) if isinstance(finding, Report) else None
        names = tuple(each.name for each in self.workspace.connectors if each.enabled)
        found = status.connectors(self.store, names)
        return Facts(
            now=self.store.clock(),
            currency=self.workspace.currency,
            row=row,
            losses=lambda: lost(context.movements(row.period)) if row else (),
            sources=[(one.name, one.last_complete_sync) for one in found if one.configured],
            withheld=finding.reason if isinstance(finding, TenureError) else None,
        )

    def is_judged(self, kind: str) -> bool:
        """Whether what is not due of this kind is over; of figures that are not there none is."""
        if isinstance(self.finding, Report):
            return True
        return kind not in OF_FIGURES and (kind != "withheld" or self.finding is not None)


def preview(watch: Watch, names: Sequence[str] = ()) -> list[Delivered]:
    """The alerts that would be sent; writes nothing."""
    return [
        Delivered(sink=turn.name, alert=alert, error=error)
        for turn in watch.turns(names)
        for alert, error in _looked_at(watch, turn)
    ]


def send(watch: Watch, names: Sequence[str] = ()) -> list[Delivered]:
    """Send what is due and was not said yet; what failed is in what is returned."""
    return [one for turn in watch.turns(names) for one in _turn(watch, turn)]


def lost(log: MovementLog) -> list[Loss]:
    """Who pays less at the end of the log than at its start, everything in between added up."""
    changes: dict[str, int] = {}
    for each in log.movements:
        changes[each.customer] = changes.get(each.customer, 0) + each.change
    last = {each.customer: each for each in log.movements}
    return [
        Loss(customer=customer, name=one.name or customer, amount=-change, reasons=one.reasons)
        for customer, one in last.items()
        if (change := changes[customer]) < 0
    ]


def _last_complete(report: Report) -> Row | None:
    rows = [row for row in report.rows if row.segment is None and not row.partial]
    return rows[-1] if rows else None


def _looked_at(watch: Watch, turn: Turn) -> list[tuple[Alert | None, TenureError | None]]:
    try:
        found = _due(watch, turn)
    except TenureError as error:
        return [(None, error)]
    known = {run.alert: run for run in Outbox(turn.store).alerts(turn.name)}
    return [(alert, None) for alert in found if _is_wanted(watch, known.get(alert.key))]


def _due(watch: Watch, turn: Turn) -> list[Alert]:
    """What the sink's rules ask for now, each under the key of this time."""
    with turn.opened() as (_, context):
        assert turn.entry.alerts is not None  # noqa: S101 - see Watch.turns
        found = due(turn.entry.alerts, watch.facts(context))
    runs = Outbox(turn.store).alerts(turn.name)
    return [replace(alert, key=_key(alert.key, runs)) for alert in found]


def _key(condition: str, runs: Sequence[Run]) -> str:
    before = [run for run in runs if _condition(run) == condition]
    lasting = [run.alert for run in before if run.over_at is None]
    return next(iter(lasting), None) or f"{condition}#{len(before) + 1}"


def _condition(run: Run) -> str:
    return (run.alert or "").rpartition("#")[0]  # an id may have one, too


def _is_wanted(watch: Watch, run: Run | None) -> bool:
    """Whether an alert is still to be said."""
    return run.is_open if run else not watch.only_failed


def _turn(watch: Watch, turn: Turn) -> list[Delivered]:
    outbox = Outbox(turn.store)
    last = outbox.last(turn.name)
    if watch.patient and last is not None and last.state is State.HELD:
        return []  # which the report's turn has said
    try:
        with hold(turn.store, turn.name):
            found = _due(watch, turn)
            runs = outbox.alerts(turn.name)
            if over := list(_over(watch, runs, found)):
                outbox.end(over)
            known = {run.alert: run for run in runs}
            return [
                _said(watch, turn, alert, known.get(alert.key))
                for alert in found
                if _is_wanted(watch, known.get(alert.key))
            ]
    except TenureError as error:
        return [Delivered(sink=turn.name, error=error)]


def _over(watch: Watch, runs: Iterable[Run], found: Sequence[Alert]) -> Iterable[Run]:
    """The alerts whose conditions do not last."""
    due_now = {alert.key for alert in found}
    for run in runs:
        kind = _condition(run).partition(":")[0]
        if run.over_at is None and run.alert not in due_now and watch.is_judged(kind):
            yield run


def _said(watch: Watch, turn: Turn, alert: Alert, before: Run | None) -> Delivered:
    """Send one alert, and mark how that ended."""
    done = Delivered(sink=turn.name, alert=alert)
    if watch.patient and before is not None and before.waits(turn.store.clock()):
        return replace(done, error=waiting(before), run=before.id)
    outbox = Outbox(turn.store)
    run = outbox.begin(Content(sink=turn.name, digest=ALERT + alert.key, publication=None))
    try:
        with turn.opened() as (sink, context):
            receipt = receipt_of(sink.alert(alert, replace(context, key=run.key)), "alert")
    except TenureError as error:
        with turn.store.write() as (connection, _):
            outbox.failed(connection, run, error)
        return replace(done, error=error, run=run.id)
    return replace(done, error=finish(turn, run, receipt, ()), run=run.id)
