"""A file of any format as a header and rows."""

from collections.abc import Callable, Iterator

from tenure import SourceError
from tenure_connectors.file.cells import is_empty, shown
from tenure_connectors.file.options import FileConfig, SourceFile
from tenure_connectors.file.parquet import parquet_rows
from tenure_connectors.file.rows import SourceRow, Table
from tenure_connectors.file.texts import csv_rows, jsonl_rows


def _xlsx_rows(file: SourceFile, config: FileConfig) -> Iterator[SourceRow]:
    from tenure_connectors.file.sheets import xlsx_rows  # noqa: PLC0415 - loads openpyxl

    return xlsx_rows(file, config)


_READERS: dict[str, Callable[[SourceFile, FileConfig], Iterator[SourceRow]]] = {
    ".json": jsonl_rows,
    ".jsonl": jsonl_rows,
    ".ndjson": jsonl_rows,
    ".parquet": parquet_rows,
    ".xlsm": _xlsx_rows,
    ".xlsx": _xlsx_rows,
}
"""By the file's ending; everything else is csv."""

_NO_TEXT = {
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"PAR1": "a parquet file",
    b"\x1f\x8b": "compressed",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (xls)",
}
"""What begins with these bytes, and is no csv whatever its name says."""


def read(file: SourceFile, config: FileConfig) -> Table:
    """Open one file; raises `SourceError` when it cannot be read at all."""
    try:
        if file.path.stat().st_size == 0:
            return Table(file, (), iter(()))
        found = _reader(file)(file, config)
        header = next((row for row in found if row.torn or not _says_nothing(row)), None)
    except OSError as error:
        raise SourceError(
            f"{file.name} cannot be read: {error.strerror or error}",
            "Check its path and permissions",
        ) from None
    if header is None:
        return Table(file, (), iter(()))
    if header.torn:
        raise SourceError(
            f"The header of {header.ref} cannot be read: {header.torn}", "Check how it is written"
        )
    names = tuple(map(shown, header.cells))
    if not _is_text("".join(names)):
        raise SourceError(
            f"{file.name} is not {config.encoding}",
            'Say how it is written: encoding = "utf-16", "latin-1" or "cp1252"',
        )
    return Table(file, names, _fitted(found, len(names)))


def _reader(file: SourceFile) -> Callable[[SourceFile, FileConfig], Iterator[SourceRow]]:
    reader = _READERS.get(file.path.suffix.lower())
    if reader:
        return reader
    with file.path.open("rb") as opened:
        start = opened.read(4)
    for bytes_, kind in _NO_TEXT.items():
        if start.startswith(bytes_):
            raise SourceError(
                f"{file.name} is {kind}", "Save it as csv, xlsx, jsonl or parquet, named so"
            )
    return csv_rows


def _is_text(said: str) -> bool:
    try:
        said.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in said


def _says_nothing(row: SourceRow) -> bool:
    return all(map(is_empty, row.cells))


def _fitted(rows: Iterator[SourceRow], width: int) -> Iterator[SourceRow]:
    """The rows that say anything, each as wide as the header or torn."""
    for row in rows:
        cells = row.cells
        if row.torn:
            yield row
        elif _says_nothing(row):
            continue
        elif len(cells) == width or (len(cells) > width and all(map(is_empty, cells[width:]))):
            yield row
        else:
            reason = f"it has {len(cells)} cells, the header has {width}"
            yield SourceRow(row.ref, cells, reason)
