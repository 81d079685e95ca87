"""`tenure demo`: a made-up company, from nothing to figures, in a workspace that one keeps."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tenure.cli import console
from tenure.cli.app import app, options


@app.command()
def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace.")] = Path(
        "tenure-demo"
    ),
) -> None:
    """Try everything on a made-up company: sync, report, push. Offline; nothing is overwritten."""
    from tenure.cli.push import run_all  # noqa: PLC0415 - see tenure.cli
    from tenure.config import load  # noqa: PLC0415 - see tenure.cli
    from tenure.demo.workspace import write  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store, now  # noqa: PLC0415 - see tenure.cli

    made = write(folder, now().date())
    out = console.out()
    kept = "" if made else " (yours, kept as it is)"
    out.print(f"[bold]{escape(str(folder))}[/]: a workspace of a made-up company{kept}")
    ready = load(folder / "plugins.toml")
    code = run_all(ready, Store.open(ready.store), quiet=options(context).quiet)
    out.print(_next(folder), markup=False)
    raise typer.Exit(code)


def _next(folder: Path) -> str:
    return f"""
The workspace is {folder}: its plugins.toml and subscriptions.csv are yours to edit.
{_page(folder)}Go on with:

{_activate()}  cd {shlex.quote(str(folder))}
  tenure report --period quarter --by plan         quarters, by plan
  tenure report --from 2025-01 --format json       for programs, exact to six places
  tenure report --format html --output nrr.html    a page to forward, with charts
  tenure status                                    how fresh it is, what waits for you"""


def _page(folder: Path) -> str:
    """Where the page is, unless its user's plugins.toml makes none."""
    page = folder / "out" / "retention.html"
    return f"The report with its charts is {page}: open it in a browser.\n" if page.exists() else ""


def _activate() -> str:
    """The first command of one who ran `make demo`: so far no shell finds `tenure`."""
    script = Path(sys.prefix) / "bin" / "activate"
    if shutil.which("tenure") or not script.exists():
        return ""
    here = script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script
    return f"  . {shlex.quote(str(here))}\n"
