"""The report as a mail: what a mail client shows without a network, a script or a style sheet.

Figures and tables are the page's, fewer of them; the pictures are PNGs that the HTML names by their
content ids.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenure import charts
from tenure.charts import Look, Spec
from tenure.html.page import content, pictures_of, template
from tenure.html.pictures import Artist, Picture, titled
from tenure.html.tables import Grid
from tenure.printing import MONEY
from tenure.report import Report

_LOOK = Look(width=560, height=210)
_SHOWN = (*MONEY, "NRR", "GRR")
"""Of the columns; others find no room."""
_MOST = 10
"""So many segments of an attribute; the csv beside it has them all."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's two bodies, and the pictures of the first by content id (PNG)."""

    html: str
    text: str
    pictures: Mapping[str, bytes]


class _Painter(Artist):
    """Draws for a white page of one width, in pixels."""

    def __init__(self, made: Report) -> None:
        super().__init__(made)
        self.pngs: list[bytes] = []

    def _drawn(
        self, title: str, words: str, spec: Callable[[Look], Spec], *, broad: bool = False
    ) -> Picture:
        drawn = spec(_LOOK)
        self.pngs.append(charts.png(drawn))
        return replace(titled(title, words, [drawn]), broad=broad)


def letter(made: Report, note: str = "") -> Letter:
    """The report as a mail; `note` stands above the figures, such as that it is a restatement."""
    painter, shown = _Painter(made), content(made)
    groups = pictures_of(painter, made)
    drawn = [picture for group in groups for picture in group]
    pngs = {f"picture-{number}": png for number, png in enumerate(painter.pngs, 1)}
    grids = list(_grids(shown["tables"]))
    shown |= {"note": note, "pictures": zip(pngs, drawn, strict=True), "tables": grids}
    shown["cards"] = list(shown["cards"])
    html = template("letter.html").render(**shown) + "\n"
    return Letter(html=html, text="\n".join(_text(shown)) + "\n", pictures=pngs)


def _grids(tables: Sequence[Grid]) -> Iterator[Grid]:
    """Every period, and the largest segments; without the columns that find no room."""
    for table in tables:
        is_segments = table.title.startswith("By ")
        if table.title != "Every period" and not is_segments:
            continue
        kept = [n for n, name in enumerate(table.columns) if not n or name in _SHOWN]
        rows = [[row[n] for n in kept] for row in table.rows]
        cut = len(rows) - 1 - _MOST if is_segments else 0
        if cut > 0:
            rows = [*rows[:_MOST], rows[-1]]
        more = f" {cut} more are in the csv." if cut > 0 else ""
        columns = [table.columns[n] for n in kept]
        yield replace(table, columns=columns, rows=rows, note=f"{table.note}{more}")


def _text(shown: Mapping[str, Any]) -> Iterator[str]:
    """The same for a client that shows no HTML."""
    meta = shown["meta"]
    yield f"{shown['title']}, {shown['period']}"
    yield f"{meta.currency}, days of {meta.timezone}, as known at {shown['known_at']}"
    if shown["note"]:
        yield from ("", shown["note"])
    yield ""
    for card in shown["cards"]:
        yield f"{card.name}: {card.value} ({' '.join(card.change)})"
    for table in shown["tables"]:
        yield from ("", table.title, *_lined(table))
    yield ""
    for name, at, incomplete in shown["sources"]:
        yield f"{name}: last whole sync {at}{', incomplete' * incomplete}"


def _lined(table: Grid) -> Iterator[str]:
    lines = [table.columns, *table.rows]
    widths = [min(40, max(map(len, cells))) for cells in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([first[:40].ljust(widths[0]), *cells]).rstrip()
