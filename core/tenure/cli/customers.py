"""`tenure customers`: one row per customer, as of now."""

from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli import console
from tenure.cli.app import app, workspace
from tenure.cli.options import (
    Form,
    Format,
    KnownAt,
    Output,
    Where,
    conditions,
    hand_over,
    moment,
    rests_on,
)
from tenure.customers import Sort, attribute_columns

if TYPE_CHECKING:
    from tenure.customers import CustomerRow, Customers

SHOWN = 50
"""So many customers are for people; programs get all."""


@app.command()
def customers(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    *,
    where: Where = None,
    known_at: KnownAt = None,
    sort: Annotated[Sort, typer.Option(help="In which order.")] = Sort.MRR,
    form: Form = Format.TABLE,
    output: Output = None,
) -> None:
    """Show each customer: what it pays, since when, and what happened last."""
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.customers import build  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.run import ReportRequest  # noqa: PLC0415 - see tenure.cli

    ready = workspace(context)
    asked = ReportRequest(where=conditions(where), known_at=moment(known_at, ready.timezone))
    hand_over(build(ready, Store.open(ready.store), asked, sort), show, form, output)


def show(made: "Customers") -> None:
    """Print the largest customers for people, and count the rest."""
    from tenure.currency import minor_digits  # noqa: PLC0415 - see tenure.cli
    from tenure.printing import money  # noqa: PLC0415 - see tenure.cli

    out, digits = console.out(), minor_digits(made.meta.currency)
    top = {id(row) for row in sorted(made.rows, key=lambda row: (-row.mrr, row.id))[:SHOWN]}
    shown = [row for row in made.rows if id(row) in top]
    fixed = ("customer", "mrr", "since", "last movement", "day", "amount")
    names = (*fixed, *attribute_columns(made.attributes, fixed))
    cells = [_cells(row, digits, made.attributes) for row in shown]
    columns = {name: [line[n] for line in cells] for n, name in enumerate(names)}
    hidden = _fit(columns, out.width)
    rows = zip(*columns.values(), strict=True)
    grid = console.table(list(columns), rows, right=("mrr", "amount"))
    for column, texts in zip(grid.columns, columns.items(), strict=True):
        column.min_width = console.width_of(dict([texts])) - 2
    out.print(grid, crop=False)
    if rest := [row for row in made.rows if id(row) not in top]:
        paid = money(sum(row.mrr for row in rest), digits)
        line = f"and {len(rest):,} more with {paid} together (see --format csv)"
        out.print(line, style="dim", markup=False)
    if made.prospects:
        line = f"not among them: {made.prospects:,} who never had a subscription"
        out.print(line, style="dim", markup=False)
    for line in rests_on(made.meta):
        out.print(line, style="dim", markup=False)
    if hidden:
        named = ", ".join(hidden)
        out.print(f"no room for: {named} (see --format csv)", style="dim", markup=False)


def _fit(columns: dict[str, list[str]], width: int) -> list[str]:
    """Take out the last columns until the rest fits; their names."""
    hidden: list[str] = []
    while console.width_of(columns) > width and len(columns) > 2:  # noqa: PLR2004 - who pays what
        hidden.insert(0, columns.popitem()[0])
    return hidden


def _cells(row: "CustomerRow", digits: int, attributes: tuple[str, ...]) -> list[str]:
    from tenure.printing import NOTHING, money  # noqa: PLC0415 - see tenure.cli

    last = row.last
    amount = (
        NOTHING if last is None or last.amount is None else money(last.amount, digits, plus="+")
    )
    return [
        console.short(row.name or row.id),
        money(row.mrr, digits),
        f"{row.since or NOTHING}",
        last.kind if last else NOTHING,
        f"{last.day}" if last else NOTHING,
        amount,
        *(row.attributes[name] or NOTHING for name in attributes),
    ]
