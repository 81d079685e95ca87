"""`tenure demo --services`: the real connectors and sinks, against services on this machine."""

import shlex
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from tenure import logs
from tenure.cli import console
from tenure.cli.app import Options

if TYPE_CHECKING:
    from tenure.config import Workspace
    from tenure.demo.services import Story
    from tenure.ledger.store import Store

BY = "owner"
SHOWN = 16
"""Changes of a sink that are printed; the first ones say what kind they are."""


def run_services(
    asked: Options,
    folder: Path,
    story: "Story",
    meanwhile: Callable[[], None] | None = None,
) -> int:
    """Start the services, sync, report and push; they stop when `meanwhile` returns."""
    from tenure.config import load  # noqa: PLC0415 - see tenure.cli
    from tenure.demo.services import running  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store, now  # noqa: PLC0415 - see tenure.cli

    out, again = console.out(), (folder / ".env").exists()
    out.print(f"[bold]{escape(str(folder))}[/]: a made-up company behind services on this machine")
    with running(folder, now(), story) as services:
        for name, url in services.items():
            out.print(f"  {name:<8}  {url}", markup=False)
        if again:
            out.print("They begin anew: what was pushed to HubSpot before is gone from it.")
        ready = load(folder / "plugins.toml")
        logs.setup(asked.level, asked.log_format, ready.secrets)
        code = _run(ready, Store.open(ready.store), now().date(), quiet=asked.quiet)
        out.print(ended(folder) if meanwhile is None else _kept(folder), markup=False)
        if meanwhile is not None:
            meanwhile()
    return code


def until_interrupted() -> None:
    """Wait for Ctrl-C."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.out().print("\nThe services are stopped.")


def _run(workspace: "Workspace", store: "Store", today: date, *, quiet: bool) -> int:
    from tenure.cli.push import run_push  # noqa: PLC0415 - see tenure.cli
    from tenure.cli.report import show  # noqa: PLC0415 - see tenure.cli
    from tenure.cli.sync import run_sync  # noqa: PLC0415 - see tenure.cli
    from tenure.delivery import Asked  # noqa: PLC0415 - see tenure.cli
    from tenure.delivery.reports import usual  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.run import ReportRequest, build  # noqa: PLC0415 - see tenure.cli
    from tenure.periods import Unit  # noqa: PLC0415 - see tenure.cli
    from tenure.sync import SyncOptions  # noqa: PLC0415 - see tenure.cli

    first = _a_year_ago(today)
    _typed("sync")
    synced = run_sync(workspace, store, SyncOptions(), quiet=quiet)
    _typed(f"report --period quarter --by {BY} --from {first}")
    show(build(workspace, store, ReportRequest(unit=Unit.QUARTER, first=first, by=(BY,))))
    _typed("push")
    made = usual(workspace, store)
    return max(synced, run_push(workspace, store, made, Asked(patient=True), shown=SHOWN))


def _typed(command: str) -> None:
    """The command that does what follows."""
    console.out().print(f"\n$ tenure {command}", style="dim", markup=False)


def _a_year_ago(today: date) -> str:
    """The quarter four before the one of today: with it begin the last four complete ones."""
    return f"{today.year - 1}-Q{(today.month + 2) // 3}"


def ended(folder: Path) -> str:
    """What is said when the services are gone."""
    name = shlex.quote(str(folder))
    return f"""
The services ended with this command; the figures stay in {folder}. Go on with:

  tenure demo --services {name} --keep       they run until Ctrl-C, for commands of your own
  tenure demo --services {name} --verbose    every request that is made

  cd {name}
  tenure report --by country --period year       the CRM's countries, Stripe's money
  tenure explain --customer cus_0008             from a customer's figures down to the invoice

plugins.toml reads your own Stripe and HubSpot without its `api_base` lines and with your keys."""


def _kept(folder: Path) -> str:
    return f"""
The services run until Ctrl-C. In another terminal:

  cd {shlex.quote(str(folder))}
  tenure sync --full --verbose                   every request that is made
  tenure push --dry-run                          nothing: HubSpot has the figures
  tenure deliveries                              what was written, as which DELIVERY
  tenure push crm --undo DELIVERY                and takes it back"""
