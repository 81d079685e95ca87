"""`tenure cohorts`: who joined when, and how much of it is still there, as a triangle."""

from functools import partial
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
    rests_on,
)
from tenure.cohorts import Measure
from tenure.periods import Unit
from tenure.printing import counted

if TYPE_CHECKING:
    from tenure.cohorts import Cohorts


@app.command()
def cohorts(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    *,
    period: Annotated[Unit, typer.Option(help="How long a period is.")] = Unit.MONTH,
    first: First = None,
    last: Last = None,
    measure: Annotated[
        Measure, typer.Option(help="What the table shows; json and csv have both.")
    ] = Measure.REVENUE,
    where: Where = None,
    known_at: KnownAt = None,
    form: Form = Format.TABLE,
    output: Output = None,
) -> None:
    """Show customers by when they joined, and how much of their revenue is still there."""
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.cohorts import build  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.run import ReportRequest  # noqa: PLC0415 - see tenure.cli

    ready = workspace(context)
    asked = ReportRequest(
        unit=period,
        first=first,
        last=last,
        where=conditions(where),
        known_at=moment(known_at, ready.timezone),
    )
    made = build(ready, Store.open(ready.store), asked)
    hand_over(made, partial(show, measure=measure), form, output)


def show(made: "Cohorts", *, measure: Measure = Measure.REVENUE) -> None:
    """Print the triangle; a narrow terminal gets fewer ages, never half a number."""
    from tenure.printing import triangle, triangle_of  # noqa: PLC0415 - see tenure.cli

    out = console.out()
    columns = triangle(made, measure)
    hidden = 0
    while console.width_of(columns) > out.width and len(columns) > 4:  # noqa: PLR2004 - age 0 stays
        columns.popitem()
        hidden += 1
    rows = zip(*columns.values(), strict=True)
    grid = console.table(list(columns), rows, right=list(columns)[1:])
    for column, cells in zip(grid.columns, columns.items(), strict=True):
        column.min_width = console.width_of(dict([cells])) - 2
    out.print(grid, crop=False)
    for line in (triangle_of(made, measure), *rests_on(made.meta)):
        out.print(line, style="dim", markup=False)
    if hidden:
        out.print(f"no room for the last {counted(hidden, 'age')} (see --format csv)", style="dim")
