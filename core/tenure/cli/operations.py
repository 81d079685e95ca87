"""What whoever runs tenure in production needs: doctor, backup, restore, forget."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli import console
from tenure.cli.app import app, workspace
from tenure.cli.options import FormTableOrJson, TableOrJson
from tenure.printing import counted
from tenure.redaction import redact

if TYPE_CHECKING:
    from tenure.backup import Backup, Restored
    from tenure.doctor import Finding
    from tenure.erasure import Erased


@app.command()
def doctor(
    context: typer.Context,
    *,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended safely.")] = False,
    form: FormTableOrJson = TableOrJson.TABLE,
) -> None:
    """Say what is wrong with this workspace, and what to do. Changes nothing without `--fix`."""
    from tenure import doctor as examining  # noqa: PLC0415 - see tenure.cli

    loaded, said, worst = workspace(context), list["Finding"](), 0
    for finding in examining.examine(loaded):
        said.append(examining.mend(finding) if fix else finding)
        worst = max(worst, int(finding.grade is examining.Grade.WRONG and not said[-1].mended))
        if form is TableOrJson.TABLE:
            _show(said[-1], loaded.secrets)
    if form is TableOrJson.JSON:
        typer.echo(redact(json.dumps([one.as_json() for one in said]), loaded.secrets))
    raise typer.Exit(worst)


def _show(finding: "Finding", secrets: Iterable[str]) -> None:
    style = {"ok": "green", "warning": "yellow", "wrong": "bold red"}[finding.grade]
    said = redact(f"{finding.kind}: {finding.text}", secrets)
    out = console.out()
    out.print(f"{'mended' if finding.mended else finding.grade:7}", style=style, end=" ")
    out.print(said, markup=False)
    if finding.todo and not finding.mended:
        out.print(f"          {redact(finding.todo, secrets)}", markup=False, style="dim")


@app.command()
def backup(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A file, or a folder for one named by the time.")],
) -> None:
    """Copy the whole ledger into one file, while it is in use. Secrets are not in it."""
    from tenure.backup import place, save  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store, require_there  # noqa: PLC0415 - see tenure.cli

    url = workspace(context).store
    require_there(url)
    store = Store.bare(url)
    file = place(path, store.clock())
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
    from tenure.backup import Asked  # noqa: PLC0415 - see tenure.cli
    from tenure.backup import restore as put_back  # noqa: PLC0415 - see tenure.cli
    from tenure.erasure.who import cut_by  # noqa: PLC0415 - see tenure.cli

    ready = workspace(context)
    done = put_back(ready.store, path, Asked(replace=replace, kept=cut_by(ready)))
    typer.echo(f"restored {path}: {_counted(done.backup)}")
    for line in _remembered(done):
        typer.echo(line)


def _remembered(done: "Restored") -> Iterator[str]:
    """What became of those who were forgotten after the backup."""
    if done.again is None:
        yield "Whoever was forgotten after that is in it again: `tenure forget` them."
        return
    if done.again.forgotten:
        who = counted(done.again.forgotten, "customer")
        yield f"{who} forgotten again, as in the ledger before"
    for name in done.again.paying:
        yield f"{name} is in it again, for it still pays there: sync, then `tenure forget {name}`"


@app.command()
def forget(
    context: typer.Context,
    customer: Annotated[
        str, typer.Argument(help="Its id, as `tenure customers --format csv` has it.")
    ],
    *,
    connector: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where several have that id.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted.")] = False,
) -> None:
    """Erase who a customer is, and keep the amounts: figures stay as they were."""
    from tenure.erasure import Asked  # noqa: PLC0415 - see tenure.cli
    from tenure.erasure import forget as erase  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli

    ready = workspace(context)
    asked = Asked(customer=customer, connector=connector, dry_run=dry_run)
    done = erase(ready, Store.open(ready.store), asked)
    typer.echo("\n".join(_said(done, [entry.name for entry in ready.sinks], dry_run=dry_run)))


def _said(done: "Erased", sinks: list[str], *, dry_run: bool) -> Iterator[str]:
    if done.before:
        yield f"{done.token}: forgotten before; the store was cleaned once more"
        return
    yield f"{'would be' if dry_run else 'is now'} {done.token}"
    yield from (f"  {what}: {number:,}" for what, number in done.counts.items() if number)
    if sinks:
        end = ":" if done.sinks else "."
        yield f"Remove by hand what was sent elsewhere ({', '.join(sinks)}){end}"
        yield from (f"  {line}" for line in done.sinks)
    if done.alike:
        yield "Other customers have that name or e-mail; forget them, too, if they are the same:"
        yield from (f"  {line}" for line in done.alike)
    yield "Earlier backups, logs and files of yours still name the customer."


def _counted(made: "Backup") -> str:
    from tenure.printing import when  # noqa: PLC0415 - see tenure.cli

    said = (
        f"{counted(made.rows, 'row')} of {counted(len(made.tables), 'table')}, schema {made.schema}"
    )
    return f"{said}, as known at {when(made.known_at)}"
