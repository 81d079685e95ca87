"""`tenure sync`: pull every source, with a bar on a terminal and the counts at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from tenure.cli import console
from tenure.cli.app import app, options, workspace
from tenure.printing import counted

if TYPE_CHECKING:
    from tenure.config import Workspace
    from tenure.ledger.store import Store
    from tenure.sync import Outcome, SyncOptions


@app.command()
def sync(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Connectors; all unless named.")] = None,
    *,
    full: Annotated[bool, typer.Option(help="Read everything, not only what changed.")] = False,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Believe a source that lost many items.")
    ] = False,
) -> None:
    """Pull the sources into the ledger. Safe to stop at any moment and to repeat."""
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli
    from tenure.sync import SyncOptions  # noqa: PLC0415 - see tenure.cli

    ready = workspace(context)
    asked = SyncOptions(names=tuple(names or ()), full=full, accept_loss=accept_loss)
    quiet = options(context).quiet
    raise typer.Exit(run_sync(ready, Store.open(ready.store), asked, quiet=quiet))


def run_sync(
    workspace: "Workspace", store: "Store", asked: "SyncOptions", *, quiet: bool = False
) -> int:
    """Pull, print what became of the rows, and return the exit code."""
    from tenure.sync import sync as pull  # noqa: PLC0415 - see tenure.cli

    with _bar(hidden=quiet) as progress:
        outcomes = pull(workspace, store, asked, progress)
    if not outcomes:
        console.err().print("There is no connector in plugins.toml to sync.")
    for outcome in outcomes:
        _show(outcome)
    return max((outcome.exit_code for outcome in outcomes), default=0)


@contextmanager
def _bar(*, hidden: bool) -> Iterator[Callable[[str, int, int | None], None]]:
    """A progress bar on a terminal; elsewhere nothing."""
    terminal = console.err()
    if hidden or not terminal.is_terminal:
        yield lambda _name, _done, _total: None
        return
    from rich import progress  # noqa: PLC0415 - only a terminal needs it

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TextColumn("{task.completed:,} rows"),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=terminal, transient=True) as bar:
        tasks: dict[str, progress.TaskID] = {}

        def update(name: str, done: int, total: int | None) -> None:
            task = tasks.setdefault(name, progress.TaskID(-1))
            if task < 0:
                task = tasks[name] = bar.add_task(escape(name), total=total)
            bar.update(task, completed=done, total=total)

        yield update


def _show(outcome: "Outcome") -> None:
    out = console.out()
    if outcome.error is not None:
        out.print(f"[bold]{escape(outcome.name)}[/]: [red]failed[/]")
        console.err().print(escape(str(outcome.error)))
    if outcome.counts.read or outcome.error is None:
        out.print(f"[bold]{escape(outcome.name)}[/]: {outcome.summary}")
    for remark in _remarks(outcome):
        console.err().print(f"  [yellow]![/] {escape(remark)}")


def _remarks(outcome: "Outcome") -> Iterator[str]:
    c, name = outcome.counts, outcome.name
    if outcome.remarks:  # rates have no quarantine to look into
        yield from outcome.remarks
    elif outcome.quarantined:
        yield (
            f"{counted(outcome.quarantined, 'row')} could not be read; `tenure quarantine` says "
            "why, `tenure quarantine accept ID` that one is known to be bad"
        )
    if c.held_by == "loss":
        yield (
            f"{counted(c.held, 'item is', 'items are')} gone from the source, more than one in "
            f"five, and counted until `tenure sync {name} --accept-loss`"
        )
    elif c.held:
        yield (
            f"{counted(c.held, 'item is', 'items are')} gone from the source, and counted until "
            "the rows that could not be read are mended or accepted"
        )
    if c.contradictions:
        weaker = counted(
            c.contradictions, "weaker statement contradicts", "weaker statements contradict"
        )
        yield f"{weaker} what is known; nothing changed"
    if not c.balanced and outcome.error is None:
        said = "" if c.source_count is None else f" of {c.source_count:,} in the source"
        yield f"the rows do not add up: {c.read:,} read{said}; figures are withheld until they do"
