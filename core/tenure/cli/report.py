"""`tenure report`: the figures, as a table or a page for people, as JSON or CSV for programs."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenure.cli import console
from tenure.cli.app import app, workspace
from tenure.periods import Unit
from tenure.report import DEFINITIONS, Variant

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from tenure.report import Report


class Format(StrEnum):
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
    first: Annotated[
        str | None, typer.Option("--from", metavar="P", help="First period: 2025-03, 2025-Q3 …")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="P", help="Last period.")] = None,
    trailing: Annotated[
        int | None, typer.Option(metavar="N", help="Open N months before each period's end.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="ATTR", help="Segments: plan, owner, acv_band, cohort …")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="ATTR=VALUE", help="Only these customers.")
    ] = None,
    variant: Annotated[
        Variant, typer.Option(help="Which reading of retention; all: side by side.")
    ] = Variant.COHORT,
    known_at: Annotated[
        str | None, typer.Option(metavar="T", help="As it was known then: a date or an instant.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How it is printed.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write it into this file.")] = None,
) -> None:
    """Show retention: where recurring revenue started, what moved it, what was kept."""
    from tenure.ledger.store import Store  # noqa: PLC0415 - see tenure.cli
    from tenure.metrics.run import ReportRequest, build  # noqa: PLC0415 - see tenure.cli

    ready = workspace(context)
    asked = ReportRequest(
        unit=period,
        first=first,
        last=last,
        trailing=trailing,
        by=(by,) if by else (),
        where=dict(condition(one) for one in where or ()),
        variant=variant,
        known_at=None if known_at is None else instant(known_at, ready.timezone),
        page=form is Format.HTML,
    )
    made = build(ready, Store.open(ready.store), asked)
    if output is not None:
        _write(output, _text(made, form))
    elif form is Format.TABLE:
        show(made)
    else:
        # Bytes: a page says that it is UTF-8, whatever the terminal is.
        typer.echo(_text(made, form).encode(), nl=False)


def condition(text: str) -> tuple[str, str]:
    """`owner=ann` as attribute and value; raises `UsageError` for anything else."""
    from tenure.errors import UsageError  # noqa: PLC0415 - see tenure.cli

    attribute, equals, value = text.partition("=")
    if not (attribute and equals and value):
        raise UsageError(f"{text!r} is no condition", "Write --where owner=ann")
    return attribute, value


def instant(text: str, zone: "ZoneInfo") -> datetime:
    """An instant, or the end of a day; raises `UsageError` for anything else."""
    from tenure.errors import UsageError  # noqa: PLC0415 - see tenure.cli
    from tenure.periods import day_start  # noqa: PLC0415 - see tenure.cli

    try:
        if len(text) == len("2025-03-01"):
            return day_start(date.fromisoformat(text) + timedelta(days=1), zone) - _A_MOMENT
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no instant", "Write 2025-03-01 or 2025-03-01T12:00Z"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


_A_MOMENT = timedelta(microseconds=1)


def _text(made: "Report", form: Format) -> str:
    if form is Format.JSON:
        return json.dumps(made.as_json(), indent=1) + "\n"
    if form is Format.CSV:
        return made.as_csv()
    if form is Format.HTML:
        return made.as_html()
    with console.out().capture() as captured:
        show(made)
    return captured.get()


def _write(path: Path, text: str) -> None:
    """Write a whole file or none."""
    from tenure.errors import TenureError  # noqa: PLC0415 - see tenure.cli

    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)  # noqa: PTH105 - the same either way
    except OSError as error:
        raise TenureError(
            f"{path} cannot be written: {error.strerror}", "Choose another --output"
        ) from None
    finally:
        part.unlink(missing_ok=True)


def show(made: "Report") -> None:
    """Print a report for people; a narrow terminal gets fewer columns, never half a number."""
    from tenure import printing  # noqa: PLC0415 - see tenure.cli

    out = console.out()
    columns = printing.columns(made)
    hidden = _fit(columns, out.width)
    text = ("period", "segment")
    grid = console.table(
        list(columns),
        zip(*columns.values(), strict=True),
        right=[name for name in columns if name not in text],
    )
    for column, cells in zip(grid.columns, columns.items(), strict=True):
        column.min_width = _width(dict([cells])) - 2
    out.print(grid, crop=False)
    for line in (*_spark(made, out), *_footer(made)):
        out.print(line, style="dim", markup=False)
    if hidden:
        named = ", ".join(hidden)
        out.print(f"no room for: {named} (see --format csv)", style="dim", markup=False)


def _fit(columns: dict[str, list[str]], width: int) -> list[str]:
    """Take out columns, the least important first, until the rest fits; their names."""
    hidden = []
    for name in _LEAST_FIRST:
        if _width(columns) <= width:
            break
        del columns[name]
        hidden.append(name)
    return hidden


def _width(columns: dict[str, list[str]]) -> int:
    from rich.cells import cell_len  # noqa: PLC0415 - see tenure.cli

    return sum(max(map(cell_len, [name, *cells])) + 2 for name, cells in columns.items())


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


def _footer(made: "Report") -> list[str]:
    from tenure.printing import shares, side_by_side, when  # noqa: PLC0415 - see tenure.cli

    meta = made.meta
    graded = ", ".join(f"{share} {grade}" for grade, share in shares(meta))
    fresh = ", ".join(
        f"{source.name} {when(source.last_complete_sync)}{' (incomplete)' * source.incomplete}"
        for source in meta.sources
    )
    lines = [
        f"MRR in {meta.currency}, days of {meta.timezone}, as known at {when(meta.known_at)}",
        f"sources: {fresh or 'none'}" + (f" · evidence: {graded}" if graded else ""),
    ]
    if meta.where:
        lines.append(
            "only customers with " + " and ".join(f"{a} {v}" for a, v in meta.where.items())
        )
    if meta.trailing:
        lines.append(f"each period opens {meta.trailing} months before its end")
    named = [Variant.COHORT, *side_by_side(made)]
    if meta.variant is not Variant.ALL:
        named = [meta.variant] if meta.variant is not Variant.COHORT else []
    lines += [f"{variant}: {DEFINITIONS[variant]}" for variant in named]
    if meta.quarantined or meta.excluded:
        lines.append(f"left out: {meta.quarantined} quarantined rows, {meta.excluded} excluded")
    if meta.excluded_customers:
        lines.append(f"left out by the policy: {meta.excluded_customers:,} customers")
    if meta.ignored_connectors:
        names = ", ".join(meta.ignored_connectors)
        lines.append(f"not counted, since plugins.toml does not name them: {names}")
    return lines
