"""Rows as csv, which people open in a spreadsheet: text of other systems is no formula there."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, by OWASP's page on csv injection; the last four are full-width."""

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def csv_text(rows: Iterable[Mapping[str, object]], names: Sequence[str] = ()) -> str:
    """A line of names and one for each row, as `defused`; the first row's names unless said."""
    lines = iter(rows)
    first = list(next(([row] for row in lines), []))
    head = list(names or (first[0] if first else ()))
    text = io.StringIO()
    usual = csv.writer(text, lineterminator="\n")
    quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    named = [dict(zip(head, head, strict=True))] if head else []
    for row in chain(named, first, lines):
        cells = [defused(row[name]) for name in head]
        # csv quotes what its own line end consists of; to a spreadsheet this one ends a line, too.
        breaks = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoted if breaks else usual).writerow(cells)
    return text.getvalue()


def defused(cell: object) -> object:
    """A cell; text that a spreadsheet would run has `'` before it, a number never."""
    runs = isinstance(cell, str) and cell.startswith(_BEGINS) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if runs else cell
