"""What each job does, in the worker: pull, make figures, push, warn."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tenure.config import Workspace
from tenure.daemon.work import Result
from tenure.ledger.store import Store
from tenure.printing import counted

if TYPE_CHECKING:
    from datetime import datetime

    from tenure.delivery import Delivered
    from tenure.delivery.alerting import Finding
    from tenure.report import Report
    from tenure.sync import Outcome

_MOST_REMARKS = 3


def perform(workspace: Workspace, job: str) -> Result:
    """Do the job; raises what its command would raise."""
    kind, _, name = job.partition(":")
    store = Store.open(workspace.store)
    try:
        return _ACTS[kind](workspace, store, name)
    finally:
        store.engine.dispose()


def _sync(workspace: Workspace, store: Store, name: str) -> Result:
    from tenure.sync import SyncOptions, sync  # noqa: PLC0415 - what another job needs not

    return _outcome(sync(workspace, store, SyncOptions(names=(name,))))


def _rates(workspace: Workspace, store: Store, _name: str) -> Result:
    from tenure.sync import sync_rates  # noqa: PLC0415 - likewise

    return _outcome(sync_rates(workspace, store))


def _outcome(outcomes: "Iterable[Outcome]") -> Result:
    found = list(outcomes)
    code = max((one.exit_code for one in found), default=0)
    errors = [str(one.error) for one in found if one.error]
    if errors:
        return Result(state="failed", message="; ".join(errors), exit_code=code)
    said = "; ".join(map(_said, found))
    return Result(state="partial" if code else "done", message=said, exit_code=code)


def _said(one: "Outcome") -> str:
    said = [f"{one.name}: {one.summary}", *one.remarks[:_MOST_REMARKS]]
    if one.quarantined and not one.remarks:  # those have no quarantine
        said.append(f"{one.quarantined:,} in quarantine")
    return "; ".join(said)


def _report(workspace: Workspace, store: Store, _name: str) -> Result:
    from tenure.errors import TenureError  # noqa: PLC0415 - likewise
    from tenure.printing import percent  # noqa: PLC0415 - likewise

    try:
        made = _publishable(workspace, store)
    except TenureError as error:
        _warn(workspace, store, error)
        raise
    total = [row for row in made.rows if row.segment is None][-1:]
    said = [f"{row.period}: NRR {percent(row.nrr)}" for row in total]
    return _alerted(_warn(workspace, store, made), said)


def _push(workspace: Workspace, store: Store, name: str) -> Result:
    from tenure import delivery  # noqa: PLC0415 - likewise

    made = _publishable(workspace, store)
    asked = delivery.Asked(names=(name,), patient=_is_held(store, name))
    return _delivered(delivery.deliver(workspace, store, made, asked)[0])


def _alerts(workspace: Workspace, store: Store, _name: str) -> Result:
    return _alerted(_warn(workspace, store, None), [])


def _warn(workspace: Workspace, store: Store, finding: "Finding") -> "list[Delivered]":
    """Say what the sinks' alerts ask for, of the figures or of the sources alone."""
    from tenure.delivery import alerting  # noqa: PLC0415 - likewise

    told = []
    for entry in workspace.sinks:
        if entry.enabled and entry.alerts:
            patient = _is_held(store, entry.name)
            watch = alerting.Watch(workspace, store, finding, patient=patient)
            told += alerting.send(watch, (entry.name,))
    return told


def _alerted(told: "Sequence[Delivered]", said: list[str]) -> Result:
    said += [f"{one.sink}: {one.alert.title}" for one in told if one.alert and not one.error]
    failed = [f"{one.sink}: {one.error}" for one in told if one.error]
    code = max((one.exit_code for one in told), default=0)
    state = "failed" if failed else "done"
    return Result(state=state, message="; ".join(said + failed), exit_code=code)


def _is_held(store: Store, name: str) -> bool:
    """Whether somebody holds the sink back; else the daemon's patience is its own."""
    from tenure.delivery.outbox import Outbox, State  # noqa: PLC0415 - likewise

    last = Outbox(store).last(name)
    return last is not None and last.state is State.HELD


def _delivered(one: "Delivered") -> Result:
    if one.error is not None:
        return Result(state="failed", message=str(one.error), exit_code=one.exit_code)
    if one.held is not None:
        return Result(state="done", message=f"held, until `tenure push {one.sink}`")
    said = f"{counted(len(one.changes), 'change')} delivered" if one.changes else "up to date"
    return Result(state="done", message=f"{said} (delivery {one.run})" if one.run else said)


def _publishable(workspace: Workspace, store: Store) -> "Report":
    """The figures that sinks get; raises `WithheldError` or `InvariantError`.

    Nobody looks at them before they are sent: so every source of money was read after their end.
    """
    from tenure import delivery  # noqa: PLC0415 - likewise
    from tenure.delivery.reports import usual  # noqa: PLC0415 - likewise
    from tenure.errors import WithheldError  # noqa: PLC0415 - likewise

    made = usual(workspace, store)
    delivery.require_publishable(workspace, made)
    if behind := list(_behind(workspace, made, store.clock())):
        raise WithheldError(
            f"Nothing was published: since the end of {made.rows[-1].period} nobody has read "
            f"{', '.join(behind)}",
            "It is published once they were read; `tenure push` publishes it as it is",
        )
    return made


def _behind(workspace: Workspace, made: "Report", now: "datetime") -> Iterator[str]:
    """The sources of money that were read last before the figures' end, or nobody knows when.

    One that is not enabled counts as it is: nobody will read it.
    """
    from tenure.periods import day_start  # noqa: PLC0415 - likewise
    from tenure.status import is_ahead  # noqa: PLC0415 - likewise

    ends = [day_start(row.end, workspace.timezone) for row in made.rows if not row.partial]
    money = {one.name for one in workspace.connectors if one.enabled and not one.is_directory}
    for source in made.meta.sources:
        last = source.last_complete_sync
        if source.name not in money or last is None:
            continue
        if last < max(ends, default=last) or is_ahead(last, now):
            yield source.name


_ACTS: dict[str, Callable[[Workspace, Store, str], Result]] = {
    "sync": _sync,
    "rates": _rates,
    "report": _report,
    "push": _push,
    "alerts": _alerts,
}
