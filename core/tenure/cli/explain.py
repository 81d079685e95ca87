"""`tenure explain`: what is behind a figure, down to the record that said so."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli import console
from tenure.cli.app import app, workspace
from tenure.cli.options import FormTableOrJson, KnownAt, TableOrJson, Where, conditions, moment
from tenure.currency import minor_digits
from tenure.explanation import Metric
from tenure.printing import counted, money, percent

if TYPE_CHECKING:
    from tenure.explanation import Explanation, Timeline

_SHOWN = 50
"""Customers in the table; the rest is counted, and all are in the JSON."""


@app.command()
def explain(  # noqa: PLR0913 - each is an option
    context: typer.Context,
    period: Annotated[str | None, typer.Argument(help="2025, 2025-Q3, 2025-03 …")] = None,
    *,
    customer: Annotated[
        str | None, typer.Option(metavar="C", help="The timeline of one customer instead.")
    ] = None,
    metric: Annotated[Metric, typer.Option(help="Which figure.")] = Metric.NRR,
    trailing: Annotated[
        int | None, typer.Option(metavar="N", help="Open N months before the period's end.")
    ] = None,
    where: Where = None,
    known_at: KnownAt = None,
    form: FormTableOrJson = TableOrJson.TABLE,
) -> None:
    """Show which customers make a figure, or everything that is known of one customer."""
    from tenure.errors import UsageError  # noqa: PLC0415 - see tenure.cli
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics import explain as behind  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.run import ReportRequest  # noqa: PLC0415 - see tenure.cli
    from tenure.periods import unit_of  # noqa: PLC0415 - see tenure.cli

    if (period is None) == (customer is None):
        raise UsageError(
            "Say what to explain", "`tenure explain 2025-03`, or `tenure explain --customer ID`"
        )
    ready = workspace(context)
    store = Store.open(ready.store)
    known = moment(known_at, ready.timezone)
    if customer is not None:
        line = behind.timeline(ready, store, customer, known)
        if form is TableOrJson.JSON:
            typer.echo(json.dumps(line.as_json(), indent=1))
        else:
            show_timeline(line, ready.currency)
        return
    asked = ReportRequest(
        unit=unit_of(period or ""),
        first=period,
        last=period,
        trailing=trailing,
        where=conditions(where),
        known_at=known,
    )
    made = behind.build(ready, store, asked, metric)
    if form is TableOrJson.JSON:
        typer.echo(json.dumps(made.as_json(), indent=1))
    else:
        show(made)


def show(made: "Explanation") -> None:
    """The figure, its customers, largest part first, and what they add up to."""
    out, digits = console.out(), minor_digits(made.meta.currency)
    for line in _headline(made, digits):
        out.print(line, markup=False)
    counts = made.metric is Metric.LOGO_RETENTION
    part = str if counts else (lambda value: money(value, digits, plus="+"))
    has_fx = any(p.fx for p in made.parts)
    columns = ["customer", "movement", "M0", "M1", *(["fx"] if has_fx else []), "part"]
    rows = [
        [
            console.short(p.name or p.customer),
            p.kind or "",
            money(p.m0, digits),
            money(p.m1, digits),
            *([money(p.fx, digits, plus="+")] if has_fx else []),
            part(p.contribution),
        ]
        for p in made.parts[:_SHOWN]
    ]
    out.print(console.table(columns, rows, right=columns[2:]), crop=False)
    for line in _closing(made, part, digits):
        out.print(line, style="dim", markup=False)


def _headline(made: "Explanation", digits: int) -> list[str]:
    name = made.metric.value.upper() if made.metric in {Metric.NRR, Metric.GRR} else made.metric
    figure, currency = made.figure, made.meta.currency
    if isinstance(figure, int):
        return [f"{made.row.period}: {name} {money(figure, digits)} {currency}"]
    shown = [str(n) if made.metric is Metric.LOGO_RETENTION else money(n, digits) for n in figure]
    unit = "customers" if made.metric is Metric.LOGO_RETENTION else currency
    return [f"{made.row.period}: {name} {percent(figure)} = {shown[0]} ÷ {shown[1]} {unit}"]


def _closing(made: "Explanation", part: "object", digits: int) -> list[str]:
    rest = made.parts[_SHOWN:]
    lines = []
    if rest:
        sum_ = part(sum(p.contribution for p in rest))  # type: ignore[operator]
        lines.append(
            f"and {counted(len(rest), 'more customer')}, together {sum_} (all: --format json)"
        )
    held = f"{counted(made.unchanged, 'customer pays', 'customers pay')} the same at both ends"
    lines.append(f"{held}: {money(made.unchanged_mrr, digits)} {made.meta.currency}")
    total = part(made.total)  # type: ignore[operator]
    says = "numerator − denominator" if made.metric.is_ratio else "the figure"  # noqa: RUF001 - minus
    lines.append(f"the parts add up to {total}: {says}, to the last millionth")
    return lines


_LEAST_FIRST = ("recorded", "evidence", "state", "source", "plan")
"""Columns of a timeline that a narrow terminal leaves out, never half a number."""


def show_timeline(line: "Timeline", currency: str) -> None:
    """Each point with its reason, evidence, source record and when it was recorded."""
    out = console.out()
    name = f" · {line.name}" if line.name and line.name != line.customer else ""
    out.print(f"{line.customer}{name}", style="bold", markup=False)
    if line.attributes:
        said = (f"{n} {value}" for n, value in line.attributes.items() if n != "name")
        out.print(", ".join(said), style="dim", markup=False)
    columns = (
        "from",
        "plan",
        "state",
        "bills",
        "a month",
        "reason",
        "evidence",
        "source",
        "recorded",
    )
    rows = _cells(line, currency)
    found = {name: [row[n] for row in rows] for n, name in enumerate(columns)}
    hidden = []
    for name in _LEAST_FIRST:
        if console.width_of(found) > out.width:
            del found[name]
            hidden.append(name)
    grid = console.table(list(found), zip(*found.values(), strict=True), ("bills", "a month"))
    for column, cells in zip(grid.columns, found.items(), strict=True):
        column.min_width = console.width_of(dict([cells])) - 2
    out.print(grid, crop=False)
    if hidden:
        out.print(f"no room for: {', '.join(hidden)} (see --format json)", style="dim")
    out.print(f"as known at {line.known_at:%Y-%m-%d %H:%M} UTC", style="dim", markup=False)


def _cells(line: "Timeline", currency: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for fact in line.facts:
        digits = minor_digits(fact.currency)
        every = (
            f"{fact.interval_count} {fact.interval}s" if fact.interval_count > 1 else fact.interval
        )
        bills = f"{money(fact.amount, digits)} a {every}" if fact.amount else "-"
        level = money(fact.level, digits) + (
            "" if fact.currency == currency else f" {fact.currency}"
        )
        why = ", ".join(filter(None, [fact.reason, fact.cause]))
        recorded = f"{fact.recorded_at:%Y-%m-%d %H:%M}"
        start, plan, source = f"{fact.at:%Y-%m-%d}", fact.plan, fact.source_ref
        if fact.raw_deleted_at is not None:
            source += f" (deleted {fact.raw_deleted_at:%Y-%m-%d})"
        rows.append((start, plan, fact.state, bills, level, why, fact.evidence, source, recorded))
    return rows
