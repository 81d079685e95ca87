"""What whoever runs tenure in production needs: backup, restore."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli.app import app, workspace

if TYPE_CHECKING:
    from tenure.backup import Backup


@app.command()
def backup(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A file, or a folder for one named by the time.")],
) -> None:
    """Copy the whole ledger into one file, while it is in use. Secrets are not in it."""
    from tenure.backup import save  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli

    store = Store.open(workspace(context).store)
    named = f"tenure-{store.clock():%Y-%m-%dT%H%M%SZ}.zip"
    file = path / named if path.is_dir() else path
    typer.echo(f"{file}: {_counted(save(store, file))}")


@app.command()
def restore(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A file of `tenure backup`.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Even if the store holds a ledger: that one is gone.")
    ] = False,
) -> None:
    """Put a backup into the store of plugins.toml, SQLite or PostgreSQL, whichever it came from."""
    from tenure import backup as copies  # noqa: PLC0415 - see tenure.cli

    made = copies.restore(workspace(context).store, path, replace=replace)
    typer.echo(f"restored {path}: {_counted(made)}")


def _counted(made: "Backup") -> str:
    from tenure.printing import when  # noqa: PLC0415 - see tenure.cli

    said = f"{made.rows:,} rows of {len(made.tables)} tables, schema {made.schema}"
    return f"{said}, as known at {when(made.known_at)}"
