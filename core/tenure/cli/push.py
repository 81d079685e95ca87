"""`tenure push` and `tenure run`: the figures to where people work."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from tenure.cli import console
from tenure.cli.app import app, options, workspace
from tenure.logs import secrets
from tenure.printing import counted
from tenure.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tenure.config import Workspace
    from tenure.delivery import Asked, Delivered
    from tenure.delivery.alerting import Finding
    from tenure.ledger.store import Store
    from tenure.plugin import Change
    from tenure.report import Report

SHOWN = 200
"""So many changes of a sink are for people; the outbox counts all."""


@app.command()
def push(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Sinks; all unless named.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    only_failed: Annotated[
        bool, typer.Option("--only-failed", help="Only to sinks that did not get the last ones.")
    ] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also over sources that are not read to their end.")
    ] = False,
    hold: Annotated[
        bool, typer.Option("--hold", help="Send nothing by `tenure run` until the next push.")
    ] = False,
    undo: Annotated[
        int | None,
        typer.Option(metavar="DELIVERY", help="Put back what stood there before it."),
    ] = None,
) -> None:
    """Deliver the report of the last complete months to the sinks."""
    from tenure.delivery import Asked  # noqa: PLC0415 - see tenure.cli
    from tenure.delivery.reports import usual  # noqa: PLC0415 - see tenure.cli
    from tenure.errors import UsageError  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli

    if hold and (dry_run or undo is not None):
        raise UsageError(
            "--hold goes with neither --dry-run nor --undo", "Leave one of the two out"
        )
    ready = workspace(context)
    store = Store.open(ready.store)
    asked = Asked(names=tuple(names or ()), only_failed=only_failed)
    if undo is not None:
        raise typer.Exit(_undo(ready, store, asked.names, undo, dry_run=dry_run))
    if hold:
        raise typer.Exit(_hold(ready, store, usual(ready, store), asked))
    with _said_if_withheld(ready, store, asked, dry_run=dry_run):
        made = usual(ready, store)
    raise typer.Exit(run_push(ready, store, made, asked, dry_run=dry_run, anyway=anyway))


def _hold(ready: "Workspace", store: "Store", made: "Report", asked: "Asked") -> int:
    from tenure import delivery  # noqa: PLC0415 - see tenure.cli

    found = delivery.hold(ready, store, made, asked)
    for one in found:
        _show(one, dry_run=False)
    return max((one.exit_code for one in found), default=0)


def _undo(
    ready: "Workspace", store: "Store", names: "Sequence[str]", number: int, *, dry_run: bool
) -> int:
    from tenure import delivery  # noqa: PLC0415 - see tenure.cli
    from tenure.errors import UsageError  # noqa: PLC0415 - see tenure.cli

    if len(names) != 1:
        raise UsageError(
            "--undo takes back what one sink got", "Write `tenure push NAME --undo DELIVERY`"
        )
    done = delivery.undo(ready, store, names[0], number, dry_run=dry_run)
    _show(done, dry_run=dry_run)
    return done.exit_code


@app.command()
def run(context: typer.Context) -> None:
    """Sync, report and push, once."""
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli

    ready = workspace(context)
    raise typer.Exit(run_all(ready, Store.open(ready.store), quiet=options(context).quiet))


def run_all(workspace: "Workspace", store: "Store", *, quiet: bool = False) -> int:
    """Sync, show the report of the last twelve months, push; returns the highest exit code."""
    from tenure.cli.report import show  # noqa: PLC0415 - see tenure.cli
    from tenure.cli.sync import run_sync  # noqa: PLC0415 - see tenure.cli
    from tenure.delivery import Asked  # noqa: PLC0415 - see tenure.cli
    from tenure.delivery.reports import usual  # noqa: PLC0415 - see tenure.cli
    from tenure.sync import SyncOptions  # noqa: PLC0415 - see tenure.cli

    synced = run_sync(workspace, store, SyncOptions(), quiet=quiet)
    asked = Asked(patient=True)
    with _said_if_withheld(workspace, store, asked):
        made = usual(workspace, store)
    show(_total(made))
    return max(synced, run_push(workspace, store, made, asked))


def run_push(  # noqa: PLR0913 - each is an option
    workspace: "Workspace",
    store: "Store",
    made: "Report",
    asked: "Asked",
    *,
    dry_run: bool = False,
    anyway: bool = False,
    shown: int = SHOWN,
) -> int:
    """Deliver, say what changed where, and return the exit code."""
    from tenure import delivery  # noqa: PLC0415 - see tenure.cli

    if not anyway:
        with _said_if_withheld(workspace, store, asked, dry_run=dry_run):
            delivery.require_publishable(workspace, made)
    act = delivery.preview if dry_run else delivery.deliver
    found = act(workspace, store, made, asked)
    if not found and asked.only_failed:
        console.err().print("Every sink has what it was to get.")
    elif not found:
        console.err().print("There is no sink in plugins.toml to push to.")
    for one in found:
        _show(one, dry_run=dry_run, shown=shown)
    told = _alerts(workspace, store, made, asked, dry_run=dry_run)
    return max((one.exit_code for one in (*found, *told)), default=0)


@contextmanager
def _said_if_withheld(
    workspace: "Workspace", store: "Store", asked: "Asked", *, dry_run: bool = False
) -> "Iterator[None]":
    """Sinks that are to say it do so where nothing may be published."""
    from tenure.errors import InvariantError, WithheldError  # noqa: PLC0415 - see tenure.cli

    try:
        yield
    except (InvariantError, WithheldError) as error:
        _alerts(workspace, store, error, asked, dry_run=dry_run)
        raise


def _alerts(
    workspace: "Workspace", store: "Store", finding: "Finding", asked: "Asked", *, dry_run: bool
) -> "list[Delivered]":
    """Send what is to be said at once, or only show it."""
    from tenure.delivery import alerting  # noqa: PLC0415 - see tenure.cli

    watch = alerting.Watch(
        workspace, store, finding, patient=asked.patient, only_failed=asked.only_failed
    )
    act = alerting.preview if dry_run else alerting.send
    told = act(watch, asked.names)
    for one in told:
        _show_alert(one, dry_run=dry_run)
    return told


def _show_alert(one: "Delivered", *, dry_run: bool) -> None:
    verb = "would say" if dry_run else "said"
    verb = "[red]failed to say[/]" if one.error is not None else verb
    what = redact(one.alert.text if one.alert else "what is due", secrets())
    console.out().print(f"[bold]{escape(one.sink)}[/]: {verb}: {escape(what)}")
    if one.error is not None:
        console.err().print(escape(str(one.error)))


def _show(one: "Delivered", *, dry_run: bool, shown: int = SHOWN) -> None:
    out, hidden = console.out(), secrets()  # a sink may name a URL that has a secret in it
    name = f"[bold]{escape(one.sink)}[/]"
    for each in one.left:
        line = f"{each.target}: {each.reason}" if each.target != one.sink else each.reason
        console.err().print(redact(line, hidden), markup=False)
    if one.error is not None and not one.changes:
        out.print(f"{name}: [red]failed[/]")
        console.err().print(escape(str(one.error)))
        return
    if one.held is not None:
        out.print(f"{name}: held, until `tenure push {escape(one.sink)}`")
        return
    if not one.changes:
        out.print(f"{name}: up to date")
        return
    verb = "would change" if dry_run else "delivered"
    told = "[red]failed in part[/]" if one.error else verb
    out.print(f"{name}: {told}" + (f" (delivery {one.run})" if one.run else ""))
    columns = ["where", "what", "from", "to"] + ["why"] * any(c.note for c in one.changes)
    rows = [
        tuple(redact(cell, hidden) for cell in _cells(change)[: len(columns)])
        for change in one.changes[:shown]
    ]
    out.print(console.table(columns, rows))
    if (more := len(one.changes) - shown) > 0:
        out.print(f"and {counted(more, 'more change')}", style="dim", markup=False)
    if one.error is not None:
        console.err().print(escape(str(one.error)))


def _cells(change: "Change") -> tuple[str, ...]:
    where = f"{console.short(change.label)} ({change.target})" if change.label else change.target
    return where, change.field, change.old or "", change.new or "", change.note


def _total(made: "Report") -> "Report":
    from dataclasses import replace  # noqa: PLC0415 - see tenure.cli

    return replace(made, rows=tuple(row for row in made.rows if row.segment is None))
