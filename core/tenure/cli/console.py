"""Results for people: rich consoles and tables, plain text where there is no terminal.

Rich itself minds `NO_COLOR` and leaves colours out of a pipe or a file.
"""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDE = 10_000
"""Columns of a "terminal" that is none: a file is read by programs and must not be wrapped."""


def out() -> Console:
    """Where results go: stdout."""
    console = Console(highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(highlight=False, width=WIDE)


def err() -> Console:
    """Where progress and remarks go: stderr."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()
) -> Table:
    """A table of plain text; the columns named in `right` hold numbers."""
    grid = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        grid.add_column(escape(column), justify="right" if column in right else "left")
    for row in rows:
        grid.add_row(*(escape(cell) for cell in row))
    return grid


def width_of(columns: Mapping[str, Sequence[str]]) -> int:
    """How wide a table of these columns is."""
    from rich.cells import cell_len  # noqa: PLC0415 - see tenure.cli

    return sum(max(map(cell_len, [name, *cells])) + 2 for name, cells in columns.items())
