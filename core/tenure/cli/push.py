"""`tenure push` and `tenure run`: the figures to where people work."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from tenure.cli import console
from tenure.cli.app import app, options, workspace
from tenure.logs import secrets
from tenure.redaction import redact

if TYPE_CHECKING:
    from tenure.config import Workspace
    from tenure.delivery import Delivered
    from tenure.ledger.store import Store
    from tenure.report import Report


@app.command()
def push(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Sinks; all unless named.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Deliver the report of the last complete months to the sinks."""
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli

    ready = workspace(context)
    store = Store.open(ready.store)
    made = report_to_push(ready, store)
    raise typer.Exit(run_push(ready, store, made, tuple(names or ()), dry_run=dry_run))


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
    from tenure.sync import SyncOptions  # noqa: PLC0415 - see tenure.cli

    synced = run_sync(workspace, store, SyncOptions(), quiet=quiet)
    made = report_to_push(workspace, store)
    show(_total(made))
    return max(synced, run_push(workspace, store, made))


def report_to_push(workspace: "Workspace", store: "Store") -> "Report":
    """The complete months, of the total and of every segment that the workspace names."""
    from tenure.metrics import page  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.run import ReportRequest  # noqa: PLC0415 - see tenure.cli

    return page.build(workspace, store, ReportRequest(by=workspace.metrics.segments))


def run_push(
    workspace: "Workspace",
    store: "Store",
    made: "Report",
    names: tuple[str, ...] = (),
    *,
    dry_run: bool = False,
) -> int:
    """Deliver, say what changed where, and return the exit code."""
    from tenure import delivery  # noqa: PLC0415 - see tenure.cli

    if dry_run:
        found = delivery.preview(workspace, made, names)
    else:
        found = delivery.deliver(workspace, store, made, names)
    if not found:
        console.err().print("There is no sink in plugins.toml to push to.")
    for one in found:
        _show(one, dry_run=dry_run)
    return max((one.exit_code for one in found), default=0)


def _show(one: "Delivered", *, dry_run: bool) -> None:
    out = console.out()
    if one.error is not None:
        out.print(f"[bold]{escape(one.sink)}[/]: [red]failed[/]")
        console.err().print(escape(str(one.error)))
        return
    if not one.changes:
        out.print(f"[bold]{escape(one.sink)}[/]: up to date")
        return
    verb = "would change" if dry_run else "delivered"
    out.print(f"[bold]{escape(one.sink)}[/]: {verb}")
    hidden = secrets()  # a sink may name a URL that has one in it
    rows = [
        tuple(redact(str(cell), hidden) for cell in (c.target, c.field, c.old or "", c.new or ""))
        for c in one.changes
    ]
    out.print(console.table(("where", "what", "from", "to"), rows))


def _total(made: "Report") -> "Report":
    from dataclasses import replace  # noqa: PLC0415 - see tenure.cli

    return replace(made, rows=tuple(row for row in made.rows if row.segment is None))
