"""What a file is made of: rows of cells, each with the line that it stands on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tenure_connectors.file.cells import Cell, Fault, shown
from tenure_connectors.file.options import SourceFile

MAX_CELL = 100_000
MAX_LINE = 1_000_000
MAX_COLUMNS = 20_000
"""Characters and columns beyond which a file is broken, so that memory is bounded by these."""

_MAX_RAW = 10_000


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row: where it stands, its cells under the header, and why it is torn if it is."""

    ref: str
    cells: Sequence[Cell]
    torn: str | None = None

    def raw(self) -> str:
        """The row as a line of text, for people."""
        return ",".join(shown(cell) for cell in self.cells)[:_MAX_RAW]


@dataclass(frozen=True, slots=True)
class Table:
    """A file's header and its rows; the rows can be read once."""

    file: SourceFile
    header: tuple[str, ...]
    rows: Iterator[SourceRow]


def flat(cells: Sequence[Cell]) -> Sequence[Cell]:
    """The cells, with a fault where one holds no single value."""
    if _NESTED.isdisjoint(map(type, cells)):
        return cells
    return [
        Fault("it holds a list, an object or bytes") if type(c) in _NESTED else c for c in cells
    ]


_NESTED = frozenset({dict, list, tuple, bytes})
