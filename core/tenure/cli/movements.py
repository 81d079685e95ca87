"""`tenure movements`: every change of what a customer pays, with its reasons."""

from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli import console
from tenure.cli.app import app, workspace
from tenure.cli.options import (
    First,
    Form,
    Format,
    KnownAt,
    Last,
    Output,
    Where,
    conditions,
    hand_over,
    moment,
)
from tenure.currency import minor_digits
from tenure.periods import Unit
from tenure.printing import counted, money

if TYPE_CHECKING:
    from tenure.movements import MovementLog


@app.command()
def movements(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    *,
    period: Annotated[Unit, typer.Option(help="How long a period is.")] = Unit.MONTH,
    first: First = None,
    last: Last = None,
    where: Where = None,
    known_at: KnownAt = None,
    form: Form = Format.TABLE,
    output: Output = None,
) -> None:
    """Show who moved when, from what to what, and why; in the last complete period unless said."""
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.movements import build, last_period  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.run import ReportRequest  # noqa: PLC0415 - see tenure.cli

    ready = workspace(context)
    store = Store.open(ready.store)
    asked = ReportRequest(
        unit=period,
        first=first,
        last=last,
        where=conditions(where),
        known_at=moment(known_at, ready.timezone),
    )
    made = build(ready, store, asked if first or last else last_period(ready, store, asked))
    hand_over(made, show, form, output)


def show(made: "MovementLog") -> None:
    """Print the log for people, and what each period comes to."""
    out, digits = console.out(), minor_digits(made.meta.currency)
    rows = [
        (
            f"{m.at:%Y-%m-%d}",
            console.short(m.name or m.customer),
            m.kind,
            money(m.before, digits),
            money(m.after, digits),
            money(m.change, digits, plus="+"),
            ", ".join(m.reasons_and_causes),
        )
        for m in made.movements
    ]
    columns = ("day", "customer", "movement", "before", "after", "change", "reasons")
    out.print(console.table(columns, rows, right=("before", "after", "change")), crop=False)
    change = sum(m.change for m in made.movements)
    sum_ = f"{money(change, digits, plus='+')} {made.meta.currency}"
    said = f"{counted(len(rows), 'movement')}, {sum_} a month"
    out.print(said, style="dim", markup=False)
