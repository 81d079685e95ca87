"""`tenure demo`: a made-up company, from nothing to figures, in a workspace that one keeps."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tenure.cli import console
from tenure.cli.app import Options, app, options
from tenure.errors import UsageError


@app.command()
def demo(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="The workspace; else ./tenure-demo, or -services."),
    ] = None,
    *,
    services: Annotated[
        bool, typer.Option("--services", help="Read it from a Stripe and a HubSpot on loopback.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="With --services: they run until Ctrl-C.")
    ] = False,
) -> None:
    """Try everything on a made-up company: sync, report, push. Offline; nothing is overwritten."""
    asked = options(context)
    if keep and not services:
        raise UsageError("--keep needs --services", "Write `tenure demo --services --keep`")
    if services:
        raise typer.Exit(_with_services(asked, folder or Path("tenure-services"), keep=keep))
    raise typer.Exit(_with_a_file(folder or Path("tenure-demo"), quiet=asked.quiet))


def _with_services(asked: Options, folder: Path, *, keep: bool) -> int:
    from tenure.cli.services import run_services, until_interrupted  # noqa: PLC0415 - see tenure.cli
    from tenure.demo.company import live  # noqa: PLC0415 - see tenure.cli

    return run_services(asked, folder, live, until_interrupted if keep else None)


def _with_a_file(folder: Path, *, quiet: bool) -> int:
    from tenure.cli.push import run_all  # noqa: PLC0415 - see tenure.cli
    from tenure.config import load  # noqa: PLC0415 - see tenure.cli
    from tenure.demo.workspace import write  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store, now  # noqa: PLC0415 - see tenure.cli

    made = write(folder, now().date())
    out = console.out()
    kept = "" if made else " (yours, kept as it is)"
    out.print(f"[bold]{escape(str(folder))}[/]: a workspace of a made-up company{kept}")
    ready = load(folder / "plugins.toml")
    code = run_all(ready, Store.open(ready.store), quiet=quiet)
    out.print(_next(folder), markup=False)
    return code


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
