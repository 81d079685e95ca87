"""How the ledger stands, and what one may do about it: status, state, quarantine, db."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tenure.cli import console
from tenure.cli.app import app, workspace
from tenure.cli.options import FormTableOrJson, TableOrJson
from tenure.errors import UsageError
from tenure.printing import counted, when

if TYPE_CHECKING:
    from tenure.config import Workspace
    from tenure.ledger.store import Store
    from tenure.metrics.graded import Grade
    from tenure.records import Evidence
    from tenure.status import ConnectorStatus, RatesStatus


class _ShowFirst(TyperGroup):
    """`state NAME` is `state show NAME`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = bool(args) and not args[0].startswith("-") and args[0] not in self.commands
        return super().parse_args(ctx, ["show", *args] if named else args)


state_app = typer.Typer(
    help="Cursors of the connectors.", invoke_without_command=True, cls=_ShowFirst
)
quarantine_app = typer.Typer(help="What could not be read, and why.", invoke_without_command=True)
db_app = typer.Typer(help="Migrations of the store.", no_args_is_help=True)
app.add_typer(state_app, name="state")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(db_app, name="db")


def _open(context: typer.Context) -> "tuple[Workspace, Store]":
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli

    ready = workspace(context)
    return ready, Store.open(ready.store)


@app.command()
def status(
    context: typer.Context,
    *,
    form: FormTableOrJson = TableOrJson.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Freshness, last runs, evidence, quarantine, accounts, pending deliveries."""
    from tenure import accounts  # noqa: PLC0415 - see tenure.cli
    from tenure import status as ledger  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger import retention  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.graded import build  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.run import ReportRequest  # noqa: PLC0415 - see tenure.cli

    ready, store = _open(context)
    found = ledger.connectors(store, tuple(entry.name for entry in ready.connectors))
    graded = build(ready, store, ReportRequest())
    deliveries = ledger.open_deliveries(store)
    rates = ledger.rates(store, ready.currency) if ready.fx.entry else None
    joined = accounts.standing(store) if ready.accounts else None
    raw = retention.status(store)
    if as_json or form is TableOrJson.JSON:
        said = {
            "connectors": [_as_json(one, graded.get(one.name, {})) for one in found],
            "currency": ready.currency,
            "rates": asdict(rates) if rates else None,
            "accounts": asdict(joined) if joined else None,
            "pending_deliveries": sum(deliveries.values()),
            "deliveries": deliveries,
            "raw": asdict(raw),
        }
        typer.echo(json.dumps(said, default=_text))
        return
    _show_connectors(found, store.clock())
    _show_grades(graded, ready.currency)
    for one in found:
        if one.message:
            console.err().print(f"{one.name}: {one.message}", markup=False)
    if rates:
        _show_rates(rates)
    if joined:
        console.out().print(f"accounts: {joined}", markup=False)
    counts = ", ".join(f"{number} {state}" for state, number in deliveries.items())
    console.out().print(f"deliveries: {counts}")
    kept = f"{counted(raw.kept, 'page')} ({raw.size / 1e6:,.1f} MB) kept, {raw.deleted:,} deleted"
    console.out().print(f"what sources sent: {kept}")


def _as_json(one: "ConnectorStatus", grades: "Mapping[Evidence, Grade]") -> dict[str, Any]:
    evidence = {name.value: grade.as_json() for name, grade in grades.items()}
    return asdict(one) | {"incomplete": one.incomplete, "evidence": evidence}


def _show_connectors(found: "Sequence[ConnectorStatus]", now: datetime) -> None:
    from tenure.status import when_read  # noqa: PLC0415 - see tenure.cli

    columns = ("connector", "last complete sync", "last run", "rows read", "quarantined", "held")
    table = console.table(
        columns,
        [
            (
                one.name if one.configured else f"{one.name} (not in plugins.toml: not counted)",
                when_read(one.last_complete_sync, now),
                f"{when(one.last_run)} {one.outcome or ''}".strip(),
                f"{one.counts.get('read', 0):,}",
                f"{one.quarantined:,}",
                f"{one.held:,}",
            )
            for one in found
        ],
        right=columns[3:],
    )
    console.out().print(table)


def _show_grades(graded: "Mapping[str, Mapping[Evidence, Grade]]", currency: str) -> None:
    """What stands on each grade of evidence; an amount without a rate in its own currency."""
    from tenure.currency import minor_digits  # noqa: PLC0415 - see tenure.cli
    from tenure.printing import money  # noqa: PLC0415 - see tenure.cli

    def amount(name: str, mrr: int) -> str:
        return money(mrr, minor_digits(name))

    rows = [
        (
            connector,
            name.value,
            f"{grade.items:,}",
            amount(currency, grade.mrr),
            ", ".join(f"{amount(*own)} {own[0]}" for own in grade.unconverted.items()),
        )
        for connector, grades in graded.items()
        for name, grade in grades.items()
        if grade.items
    ]
    columns = ("connector", "evidence", "items", f"MRR now, {currency}", "without a rate")
    if rows:
        console.out().print(console.table(columns, rows, right=columns[2:]))


def _show_rates(rates: "RatesStatus") -> None:
    columns = ("rates from", "last day", "currencies", "rates")
    rows = [
        (one.source, str(one.last_day), f"{one.currencies:,}", f"{one.rates:,}")
        for one in rates.sources
    ]
    if rows:
        console.out().print(console.table(columns, rows, right=columns[2:]))
    last = f"{when(rates.last_run)} {rates.outcome or ''}".strip()
    console.out().print(f"exchange rates: last run {last}")
    for line in rates.message.splitlines():
        console.err().print(f"fx: {line}", markup=False)


@state_app.callback()
def state(context: typer.Context) -> None:
    """Show the cursors of the connectors."""
    if context.invoked_subcommand is None:
        _show_state(context, None)


@state_app.command("show", hidden=True)
def show_state(context: typer.Context, name: Annotated[str, typer.Argument()]) -> None:
    """Show one connector's cursor."""
    _show_state(context, name)


def _show_state(context: typer.Context, name: str | None) -> None:
    from tenure import status as ledger  # noqa: PLC0415 - see tenure.cli

    ready, store = _open(context)
    found = ledger.connectors(store, tuple(entry.name for entry in ready.connectors))
    if name is not None and name not in {one.name for one in found}:
        raise UsageError(f"There is no connector {name!r}", "`tenure state` lists them")
    rows = [
        (one.name, json.dumps(one.cursor), "unfinished pull" if one.unfinished else "")
        for one in found
        if name in {None, one.name}
    ]
    console.out().print(console.table(("connector", "cursor", ""), rows))


@state_app.command("reset")
def reset_state(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The connector.")],
    to: Annotated[str | None, typer.Option(help="Read from this date on, 2025-03-01.")] = None,
) -> None:
    """Forget a connector's cursor: the next sync reads it again. The ledger stays."""
    from tenure import status as ledger  # noqa: PLC0415 - see tenure.cli

    ready, store = _open(context)
    ledger.reset(store, name, None if to is None else _instant(ready, to))
    typer.echo(f"{name}: the next sync reads from {to or 'the start'}")


def _instant(ready: "Workspace", to: str) -> datetime:
    try:
        day = date.fromisoformat(to)
        return datetime(day.year, day.month, day.day, tzinfo=ready.timezone).astimezone(UTC)
    except (ValueError, OverflowError):  # in UTC it may be before year 1
        raise UsageError(f"{to!r} is no date", "Write it as 2025-03-01") from None


@quarantine_app.callback()
def quarantine(context: typer.Context) -> None:
    """List what could not be read, and why."""
    if context.invoked_subcommand is None:
        list_quarantine(context)


@quarantine_app.command("list")
def list_quarantine(context: typer.Context) -> None:
    """List what could not be read, and why."""
    from tenure import status as ledger  # noqa: PLC0415 - see tenure.cli

    found = ledger.quarantine(_open(context)[1])
    if not found:
        typer.echo("Everything that was read could be understood.")
        return
    rows = [
        (str(q.id), q.connector, q.source_ref, q.column or "", q.reason, str(q.rows), q.raw[:60])
        for q in found
    ]
    columns = ("id", "connector", "where", "column", "reason", "rows", "row")
    console.out().print(console.table(columns, rows, right=("id", "rows")))


@quarantine_app.command("retry")
def retry_quarantine(context: typer.Context) -> None:
    """Read the sources with quarantined rows again, from the start."""
    from tenure import status as ledger  # noqa: PLC0415 - see tenure.cli
    from tenure.cli.sync import run_sync  # noqa: PLC0415 - see tenure.cli
    from tenure.sync import SyncOptions  # noqa: PLC0415 - see tenure.cli

    ready, store = _open(context)
    configured = {entry.name for entry in ready.connectors}
    names = sorted({row.connector for row in ledger.quarantine(store)} & configured)
    for one in ledger.connectors(store, tuple(names)):
        if one.name in names and one.unfinished:  # which would go on behind what it could not read
            ledger.reset(store, one.name, None)
    if names:
        raise typer.Exit(run_sync(ready, store, SyncOptions(names=names, full=True)))
    typer.echo("Nothing to read again.")


@quarantine_app.command("accept")
def accept_quarantine(
    context: typer.Context, row: Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1)]
) -> None:
    """Say that a row is known to be bad, so that it no longer makes a sync fail."""
    from tenure import status as ledger  # noqa: PLC0415 - see tenure.cli

    ledger.accept(_open(context)[1], row)
    typer.echo(f"Row {row} is accepted as bad: it stays out and is no longer complained about")


@db_app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the store's schema to this program's."""
    from tenure.ledger import schema  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli

    typer.echo(f"The store is at schema {schema.HEAD}: {Store.upgrade(workspace(context).store)}")


@db_app.command()
def current(context: typer.Context) -> None:
    """Say which schema the store has."""
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli

    typer.echo(Store.describe(workspace(context).store))


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
