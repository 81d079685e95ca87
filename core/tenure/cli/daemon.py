"""`tenure daemon` and `tenure runs`: everything on its schedule, and how that went."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli import console
from tenure.cli.app import app, options, workspace
from tenure.cli.options import FormTableOrJson, TableOrJson

if TYPE_CHECKING:
    from tenure.daemon.runs import Run


@app.command()
def daemon(
    context: typer.Context,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Run what is due now, once, and end.")
    ] = False,
) -> None:
    """Sync, report and push on their schedules, until it is stopped."""
    from tenure.config.load import find  # noqa: PLC0415 - see tenure.cli
    from tenure.daemon.start import start  # noqa: PLC0415 - see tenure.cli

    asked = options(context)
    path = find(asked.config)
    raise typer.Exit(start(path, asked.level, asked.log_format, once=once))


@app.command()
def runs(
    context: typer.Context,
    job: Annotated[
        str | None, typer.Argument(help="sync:billing, report, push:board; all unless named.")
    ] = None,
    *,
    last: Annotated[int, typer.Option(min=1, help="So many of each job.")] = 1,
    form: FormTableOrJson = TableOrJson.TABLE,
    as_json: Annotated[bool, typer.Option("--json", hidden=True)] = False,
) -> None:
    """The last runs of the daemon's jobs: due, start, end, result, message."""
    from tenure.daemon.runs import Runs  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli

    known = Runs(Store.open(workspace(context).store), "")
    found = [run for name in [job] if name for run in known.recent(name, last)]
    if job is None:
        found = [run for name in known.jobs() for run in known.recent(name, last)]
    if as_json or form is TableOrJson.JSON:
        typer.echo(json.dumps({"runs": [run.as_json() for run in found]}))
    elif found:
        _show(found)
    else:
        typer.echo("The daemon ran nothing yet." if job is None else f"{job} never ran.")


def _show(found: "list[Run]") -> None:
    columns = ("run", "job", "due (UTC)", "start (UTC)", "took", "result", "message")
    rows = [
        (
            str(run.id),
            run.job,
            f"{run.due_at:%Y-%m-%d %H:%M}",
            f"{run.started_at:%Y-%m-%d %H:%M:%S}" if run.started_at else "",
            _took(run),
            f"{run.state} ({run.attempt})" if run.attempt > 1 else str(run.state),
            run.message,
        )
        for run in found
    ]
    console.out().print(console.table(columns, rows, right=("run", "took")))


def _took(run: "Run") -> str:
    if run.started_at is None or run.ended_at is None:
        return ""
    return f"{(run.ended_at - run.started_at).total_seconds():,.1f} s"
