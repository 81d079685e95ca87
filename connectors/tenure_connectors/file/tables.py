"""Rows of csv, jsonl, xlsx and parquet files, one at a time, with the line that each stands on."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tenure import SourceError
from tenure_connectors.file.cells import Cell, is_empty, text
from tenure_connectors.file.options import FileConfig

MAX_CELL = 100_000
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row: where it stands, its cells under the header, and why it is torn if it is."""

    ref: str
    cells: Sequence[Cell]
    torn: str | None = None

    def raw(self) -> str:
        """The row as a line of text, for people."""
        return ",".join(text(cell) for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """A file's header and its rows; the rows can be read once."""

    path: Path
    header: tuple[str, ...]
    rows: Iterator[SourceRow]


def read(path: Path, config: FileConfig) -> Table:
    """Open one file; raises `SourceError` when it cannot be read at all."""
    reader = _READERS.get(path.suffix.lower(), _csv)
    try:
        if path.stat().st_size == 0:
            return Table(path, (), iter(()))
        found = reader(path, config)
        header = next(found, None)
    except OSError as error:
        raise SourceError(
            f"{path.name} cannot be read: {error.strerror or error}",
            "Check its path and permissions",
        ) from None
    names = tuple(text(cell) for cell in header.cells) if header else ()
    return Table(path, names, _fitted(found, len(names)))


def _fitted(rows: Iterator[SourceRow], width: int) -> Iterator[SourceRow]:
    """The rows that say anything, each as wide as the header or torn."""
    for row in rows:
        cells = row.cells
        if all(map(is_empty, cells)):
            continue
        if len(cells) != width and (len(cells) < width or not all(map(is_empty, cells[width:]))):
            reason = f"it has {len(cells)} cells, the header has {width}"
            yield SourceRow(row.ref, cells, row.torn or reason)
        else:
            yield row


def _csv(path: Path, config: FileConfig) -> Iterator[SourceRow]:
    csv.field_size_limit(MAX_CELL)
    with _lines(path, config) as lines:
        reader = csv.reader(lines, delimiter=config.delimiter)
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield SourceRow(f"{path.name}:{line}", ("",), f"it is no csv: {error}")
            except UnicodeDecodeError as error:
                raise _undecodable(path, config, line, error) from None
            else:
                yield SourceRow(f"{path.name}:{line}", cells)
            line = reader.line_num + 1


def _lines(path: Path, config: FileConfig) -> io.TextIOBase:
    try:
        return path.open(encoding=config.encoding, newline="")
    except LookupError:
        raise SourceError(
            f"encoding = {config.encoding!r} is unknown", "Try utf-8, latin-1 or cp1252"
        ) from None


def _undecodable(
    path: Path, config: FileConfig, line: int, error: UnicodeDecodeError
) -> SourceError:
    return SourceError(
        f"{path.name} is not {config.encoding} from about line {line} on ({error.reason})",
        'Say how it is written: encoding = "latin-1" or "cp1252"',
    )


def _jsonl(path: Path, config: FileConfig) -> Iterator[SourceRow]:
    """An object a line; the header is every key of the first thousand lines."""
    names: dict[str, None] = {}
    for _, found in zip(range(1000), _objects(path, config), strict=False):
        names |= dict.fromkeys(found[1] or {})
    yield SourceRow(path.name, tuple(names))
    for ref, said, torn in _objects(path, config):
        cells = ("?",) * len(names) if said is None else tuple(said.get(name) for name in names)
        yield SourceRow(ref, cells, torn)


def _objects(
    path: Path, config: FileConfig
) -> Iterator[tuple[str, dict[str, Cell] | None, str | None]]:
    with _lines(path, config) as lines:
        number = 0
        try:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield f"{path.name}:{number}", *_object(line)
        except UnicodeDecodeError as error:
            raise _undecodable(path, config, number + 1, error) from None


def _object(line: str) -> tuple[dict[str, Cell] | None, str | None]:
    try:
        found = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        return None, f"it is no JSON: {str(error)[:80]}"
    return (found, None) if isinstance(found, dict) else (None, "it is no JSON object")


def _xlsx(path: Path, _config: FileConfig) -> Iterator[SourceRow]:
    from openpyxl import load_workbook  # noqa: PLC0415 - only for such files

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # noqa: BLE001 - a broken file raises what it likes
        raise SourceError(
            f"{path.name} is no xlsx file: {error}", "Save it again as xlsx"
        ) from None
    try:
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            yield SourceRow(f"{path.name}:{number}", _trimmed(cells))
    finally:
        book.close()


def _trimmed(cells: Sequence[Cell]) -> Sequence[Cell]:
    """Without the empty cells at the end, that a spreadsheet pads its rows with."""
    count = len(cells)
    while count and cells[count - 1] is None:
        count -= 1
    return cells if count == len(cells) else (*cells[:count], *cells[count:])


def _parquet(path: Path, _config: FileConfig) -> Iterator[SourceRow]:
    import duckdb  # noqa: PLC0415 - only for such files

    with duckdb.connect() as duck:
        try:
            found = duck.execute("SELECT * FROM read_parquet(?)", [str(path)])
            yield SourceRow(path.name, tuple(column[0] for column in found.description or ()))
            number = 0
            while rows := found.fetchmany(_BATCH):
                for cells in rows:
                    number += 1
                    yield SourceRow(f"{path.name}:{number}", cells)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise SourceError(
                f"{path.name} is no parquet file: {reason}", "Write it again"
            ) from None


_READERS: dict[str, Callable[[Path, FileConfig], Iterator[SourceRow]]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".xlsx": _xlsx,
    ".parquet": _parquet,
}
"""By the file's ending; everything else is csv."""
