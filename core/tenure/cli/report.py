"""`tenure report`: the figures, as a table or a page for people, as JSON or CSV for programs."""

from dataclasses import replace
from enum import StrEnum
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli import console
from tenure.cli.app import app, workspace
from tenure.cli.options import (
    First,
    KnownAt,
    Last,
    Output,
    Where,
    conditions,
    days,
    hand_over,
    moment,
    rests_on,
    share,
    write,
)
from tenure.meta import DEFINITIONS, Variant
from tenure.periods import Unit

if TYPE_CHECKING:
    from rich.console import Console

    from tenure.report import Report


class PageFormat(StrEnum):
    """How a report is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


@app.command()
def report(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    *,
    period: Annotated[Unit, typer.Option(help="How long a period is.")] = Unit.MONTH,
    first: First = None,
    last: Last = None,
    trailing: Annotated[
        int | None, typer.Option(metavar="N", help="Open N months before each period's end.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="ATTR", help="Segments, also several: plan, owner, acv_band …"),
    ] = None,
    where: Where = None,
    variant: Annotated[
        Variant, typer.Option(help="Which reading of retention; all: side by side.")
    ] = Variant.COHORT,
    measures: Annotated[
        bool, typer.Option("--measures", help="Churn, committed, contracted and LTV in the table.")
    ] = False,
    horizon: Annotated[
        str | None, typer.Option(metavar="90d", help="Contracted MRR so many days later.")
    ] = None,
    gross_margin: Annotated[
        str | None,
        typer.Option(metavar="0.8", help="Gross margin for LTV, by each period's churn."),
    ] = None,
    known_at: KnownAt = None,
    form: Annotated[
        PageFormat, typer.Option("--format", help="How it is printed.")
    ] = PageFormat.TABLE,
    output: Output = None,
) -> None:
    """Show retention: where recurring revenue started, what moved it, what was kept."""
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics import page, run  # noqa: PLC0415 - see tenure.cli

    ready, is_page = workspace(context), form is PageFormat.HTML
    usual = ready.metrics.segments[:1] if is_page else ()
    asked = run.ReportRequest(
        unit=period,
        first=first,
        last=last,
        trailing=trailing,
        by=tuple(dict.fromkeys(by or usual)),
        where=conditions(where),
        variant=variant,
        known_at=moment(known_at, ready.timezone),
        horizon=None if horizon is None else days(horizon),
        gross_margin=None if gross_margin is None else share(gross_margin),
    )
    build = page.build if is_page else run.build
    made = build(ready, Store.open(ready.store), asked)
    if is_page:
        _hand_over_page(made.as_html(), output)
    else:
        hand_over(made, partial(show, measures=measures), form, output)


def _hand_over_page(page: str, output: Path | None) -> None:
    if output is not None:
        write(output, page)
    else:  # bytes: it says that it is UTF-8, whatever the terminal is
        typer.echo(page.encode(), nl=False)


def show(made: "Report", *, measures: bool = False) -> None:
    """Print a report for people; a narrow terminal gets fewer columns, never half a number."""
    from tenure import printing  # noqa: PLC0415 - see tenure.cli
    from tenure.folding import folded_by_period  # noqa: PLC0415 - see tenure.cli

    out = console.out()
    kept = folded_by_period(made.rows)
    columns = printing.columns(replace(made, rows=kept))
    if measures:
        columns |= printing.measures(replace(made, rows=kept))
    hidden = _fit(columns, out.width)
    text = ("period", "segment")
    grid = console.table(
        list(columns),
        zip(*columns.values(), strict=True),
        right=[name for name in columns if name not in text],
    )
    for column, cells in zip(grid.columns, columns.items(), strict=True):
        column.min_width = console.width_of(dict([cells])) - 2
    out.print(grid, crop=False)
    for line in (*_spark(made, out), *rests_on(made.meta), *_readings(made)):
        out.print(line, style="dim", markup=False)
    if len(kept) < len(made.rows):
        out.print("(other): the smallest segments; --format csv has them all", style="dim")
    if measures and made.meta.gross_margin is not None:
        out.print(_LTV, style="dim")
    if hidden:
        named = ", ".join(hidden)
        out.print(f"no room for: {named} (see --format csv)", style="dim", markup=False)


_LTV = (
    "LTV: ARPA × gross margin ÷ the revenue churn of the row's own period, so use monthly rows, "  # noqa: RUF001 - times
    "and compare only rows of one length"
)


def _fit(columns: dict[str, list[str]], width: int) -> list[str]:
    """Take out columns, the least important first, until the rest fits; their names."""
    hidden = []
    for name in _LEAST_FIRST:
        if console.width_of(columns) <= width:
            break
        del columns[name]
        hidden.append(name)
    return hidden


_LEAST_FIRST = ("customers", "logos", "back", "start", "new", "lost", "down", "up", "GRR")


_BLOCKS = "▁▂▃▄▅▆▇█"


def _spark(made: "Report", out: "Console") -> list[str]:
    """NRR as a line of blocks, on a terminal that has them: a file is for figures."""
    from tenure.printing import percent  # noqa: PLC0415 - see tenure.cli

    known = [row.nrr for row in made.rows if not row.segment and row.nrr and row.nrr[1]]
    if len(known) < 2 or not out.is_terminal or not out.encoding.lower().startswith("utf"):  # noqa: PLR2004
        return []
    shares = [Fraction(*ratio) for ratio in known[-max(8, out.width - 40) :]]
    low, high = min(shares), max(shares)
    top = len(_BLOCKS) - 1
    blocks = "".join(_BLOCKS[int((one - low) * top / ((high - low) or 1))] for one in shares)
    lowest, highest = (percent(one.as_integer_ratio()) for one in (low, high))
    return [f"NRR {blocks} {lowest} to {highest}"]


def _readings(made: "Report") -> list[str]:
    """Which reading of retention is shown, in a sentence each."""
    from tenure.printing import counted, side_by_side  # noqa: PLC0415 - see tenure.cli

    meta, lines = made.meta, []
    if meta.trailing:
        lines.append(f"each period opens {counted(meta.trailing, 'month')} before its end")
    named = [Variant.COHORT, *side_by_side(made)]
    if meta.variant is not Variant.ALL:
        named = [meta.variant] if meta.variant is not Variant.COHORT else []
    lines += [f"{variant}: {DEFINITIONS[variant]}" for variant in named]
    return lines
