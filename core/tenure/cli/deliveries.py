"""`tenure deliveries`: what was sent where, when, and how that ended."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli import console
from tenure.cli.app import app, workspace
from tenure.cli.options import Form, Format
from tenure.sheet import csv_text

if TYPE_CHECKING:
    from tenure.delivery.outbox import Run


@app.command()
def deliveries(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Only of this sink.")] = None,
    *,
    last: Annotated[int, typer.Option(min=1, help="So many, the newest first.")] = 50,
    form: Form = Format.TABLE,
) -> None:
    """List what was delivered, what is tried again, and what was given up."""
    from tenure.delivery.outbox import Outbox  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli

    store = Store.open(workspace(context).store)
    found = Outbox(store).runs(name)[:last]
    if form == Format.TABLE:
        _show(found)
    else:
        rows = [run.as_json() for run in found]
        text = (
            json.dumps({"rows": rows}, indent=1) + "\n" if form == Format.JSON else csv_text(rows)
        )
        typer.echo(text, nl=False)


def _show(runs: "list[Run]") -> None:
    from tenure.printing import when  # noqa: PLC0415 - see tenure.cli

    if not runs:
        typer.echo("Nothing was delivered yet.")
        return
    rows = [
        (
            str(run.id),
            run.sink,
            when(run.delivered_at or run.recorded_at),
            _state(run),
            str(run.attempts),
            f"{run.written:,}",
            run.remote_id or "",
            run.message,
        )
        for run in runs
    ]
    columns = ("delivery", "sink", "when", "state", "attempts", "written", "remote id", "message")
    console.out().print(console.table(columns, rows, right=("delivery", "attempts", "written")))


def _state(run: "Run") -> str:
    about = f"undoes {run.undoes}" if run.undoes else f"alert {run.alert}" if run.alert else ""
    return f"{run.state} ({about})" if about else run.state.value
