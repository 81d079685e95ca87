"""`tenure accounts`: who is one customer across connectors, and what is open."""

from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli import console
from tenure.cli.app import app, workspace
from tenure.cli.options import Form, Format, Output, hand_over

if TYPE_CHECKING:
    from tenure.accounts.listing import AccountRow, Accounts, Member

SHOWN = 50
"""So many accounts are for people; programs get all."""


@app.command()
def accounts(
    context: typer.Context,
    *,
    unmatched: Annotated[
        bool, typer.Option("--unmatched", help="Only who is with nobody else, and why.")
    ] = False,
    ambiguous: Annotated[
        bool, typer.Option("--ambiguous", help="Only what fits several, and what would settle it.")
    ] = False,
    form: Form = Format.TABLE,
    output: Output = None,
) -> None:
    """Show which customers are one account across connectors, by which rule, since when."""
    from tenure.accounts.listing import State, build  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli

    ready = workspace(context)
    asked = [State.UNMATCHED] * unmatched + [State.AMBIGUOUS] * ambiguous
    limit = SHOWN if form == Format.TABLE else None
    made = build(ready, Store.open(ready.store), asked, limit)
    hand_over(made, show, form, output)
    for remark in made.remarks:
        console.err().print(remark, markup=False)
    raise typer.Exit(int(bool(made.remarks)))


def show(made: "Accounts") -> None:
    """Print the accounts for people, and count the rest."""
    out = console.out()
    columns = ("account", "name", "customers", "rule", "since", "open", "would settle it")
    rows = [_cells(row) for row in made.rows]
    used = [n for n in range(len(columns)) if any(row[n] for row in rows)]
    if rows:
        cells = [[row[n] for n in used] for row in rows]
        out.print(console.table([columns[n] for n in used], cells))
    if made.total > len(rows):
        rest = f"and {made.total - len(rows):,} more (see --format csv)"
        out.print(rest, style="dim", markup=False)
    out.print(str(made.counts), style="dim", markup=False)


def _first(row: "AccountRow") -> "list[Member]":
    """The customers, whom the account is named after before the others."""
    return sorted(row.customers, key=lambda one: one.name != row.account)


def _cells(row: "AccountRow") -> list[str]:
    rules = dict.fromkeys(one.rule for one in row.customers if one.rule)
    since = min((one.since for one in row.customers if one.since), default=None)
    return [
        row.account,
        console.short(next((one.called for one in _first(row) if one.called), "")),
        ", ".join(one.name for one in row.customers),
        ", ".join(rules),
        f"{since:%Y-%m-%d}" if since else "",
        "; ".join(row.reasons),
        row.settle or "",
    ]
