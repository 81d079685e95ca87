"""Results for people: rich consoles and tables, plain text where there is no terminal.

Rich itself minds `NO_COLOR` and leaves colours out of a pipe or a file.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

WIDE = 10_000
"""Columns of a "terminal" that is none: a file is read by programs and must not be wrapped."""

_LONGEST_NAME = 60

_DRIVES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What would move the cursor, colour or turn around what stands beside it, or cannot be written."""


class _Plain(Console):
    """A console that the texts of other systems cannot drive."""

    def render_str(self, text: str, **how: Any) -> Text:
        """The text with a space for each character that is no part of it."""
        return super().render_str(_DRIVES.sub(" ", text), **how)


def out() -> Console:
    """Where results go: stdout."""
    console = _Plain(highlight=False, soft_wrap=True)
    return console if console.is_terminal else _Plain(highlight=False, width=WIDE)


def err() -> Console:
    """Where progress and remarks go: stderr."""
    return _Plain(stderr=True, highlight=False, soft_wrap=True)


def short(name: str) -> str:
    """A name that leaves room for what is said of it."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()
) -> Table:
    """A table of plain text; the columns named in `right` hold numbers."""
    grid = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        grid.add_column(escape(column), justify="right" if column in right else "left")
    for row in rows:
        grid.add_row(*(escape(cell.replace("\n", " ")) for cell in row))
    return grid


def width_of(columns: Mapping[str, Sequence[str]]) -> int:
    """How wide a table of these columns is."""
    from rich.cells import cell_len  # noqa: PLC0415 - see tenure.cli

    return sum(max(map(cell_len, [name, *cells])) + 2 for name, cells in columns.items())
