"""Rows of xlsx files: the first sheet that is not hidden, as its cells were last computed.

`openpyxl.load_workbook` keeps every text and a stub of every row in memory. So its parsers are
used one row at a time here, and the texts that cells share lie on disk.
"""

import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from typing import IO, Any

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._reader import DATA_TAG, FORMULA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from tenure import SourceError
from tenure_connectors.file.cells import Cell, Fault
from tenure_connectors.file.options import FileConfig, SourceFile
from tenure_connectors.file.rows import SourceRow

_TEXTS_TAG, _TEXT_TAG = f"{{{SHEET_MAIN_NS}}}sst", f"{{{SHEET_MAIN_NS}}}si"
_UNCOMPUTED = Fault("it is a formula without a value: open the file, let it compute, save it")


def xlsx_rows(file: SourceFile, _config: FileConfig) -> Iterator[SourceRow]:
    """The rows of the first visible sheet, none narrower than the first of them."""
    width = 0
    try:
        with closing(_Book(file)) as book:
            for number, cells in book.rows():
                width = width or len(cells)
                padding = [None] * (width - len(cells))
                yield SourceRow(f"{file.name}:{number}", [*cells, *padding])
    except Exception as error:  # noqa: BLE001 - a broken file raises what it likes
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise SourceError(
            f"{file.name} is no whole xlsx file: {reason}", "Save it again as xlsx"
        ) from None


class _Book:
    """An open workbook."""

    def __init__(self, file: SourceFile) -> None:
        self._reader = ExcelReader(file.path, read_only=True, data_only=True, keep_links=False)
        self._reader.read_manifest()
        self._texts = _Texts()
        package: Any = self._reader.package
        shared = package.find(SHARED_STRINGS)
        if shared is not None:
            with self._reader.archive.open(shared.PartName[1:]) as source:
                self._texts.read(source)
        with warnings.catch_warnings(action="ignore"):
            self._reader.read_workbook()
            apply_stylesheet(self._reader.archive, self._reader.wb)

    def close(self) -> None:
        self._reader.archive.close()
        self._texts.close()

    def rows(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        """The rows that are stated and their numbers, each up to its last cell."""
        book: Any = self._reader.wb
        with self._reader.archive.open(self._first_visible()) as source:
            parser = _Parser(
                source,
                self._texts,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,  # noqa: SLF001 - nothing else says which numbers are days
                timedelta_formats=book._timedelta_formats,  # noqa: SLF001 - likewise
            )
            yield from parser.rows()

    def _first_visible(self) -> str:
        for sheet, part in self._reader.parser.find_sheets():
            if sheet.state == "visible" and "chartsheet" not in part.Type:
                return str(part.target)
        raise ValueError("it has no visible sheet")


class _Parser(WorkSheetParser):
    """Reads a sheet row by row; an error or a formula that was never computed is a fault."""

    source: Any

    def rows(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        for element in _elements(self.source, ROW_TAG, DATA_TAG):
            with warnings.catch_warnings(action="ignore"):
                number, cells = self.parse_row(element)
            self.row_dimensions.clear()
            values = {cell["column"]: cell["value"] for cell in cells if cell["value"] is not None}
            yield number, [values.get(at) for at in range(1, max(values, default=0) + 1)]

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["data_type"] == "e":
            cell["value"] = Fault(f"it is the error {cell['value']}")
        elif cell["value"] is None and element.get("t") != "str":  # a formula may say ""
            cell["value"] = None if element.find(FORMULA_TAG) is None else _UNCOMPUTED
        return cell


class _Texts:
    """The texts that cells share, on disk, by their number."""

    def __init__(self) -> None:
        self._disk = sqlite3.connect("")
        self._disk.execute("CREATE TABLE text (id INTEGER PRIMARY KEY, said TEXT)")
        self._get = lru_cache(4096)(self._find)
        self.close = self._disk.close

    def read(self, source: IO[bytes]) -> None:
        found = (
            (number, _text(element))
            for number, element in enumerate(_elements(source, _TEXT_TAG, _TEXTS_TAG))
        )
        self._disk.executemany("INSERT INTO text VALUES (?, ?)", found)

    def __getitem__(self, number: int) -> str:
        return self._get(number)

    def _find(self, number: int) -> str:
        row = self._disk.execute("SELECT said FROM text WHERE id = ?", [number]).fetchone()
        if row is None:
            raise ValueError(f"it has no shared text number {number}")
        return str(row[0])


def _text(element: Any) -> str:
    text: Any = Text.from_tree(element)
    return str(text.content)


def _elements(source: IO[bytes], wanted: str, parent: str) -> Iterator[Any]:
    """The elements of this tag in their parent, each let go before the next one is read."""
    holder = None
    for event, element in iterparse(source, ("start", "end")):
        if event == "start":
            holder = element if element.tag == parent else holder
        elif element.tag == wanted and holder is not None:
            yield element
            holder.clear()
        elif element.tag == parent:
            return
