"""Rows of csv and jsonl files."""

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TextIO

from tenure import SourceError
from tenure_connectors.file.cells import Cell
from tenure_connectors.file.options import FileConfig, SourceFile
from tenure_connectors.file.rows import (
    MAX_CELL,
    MAX_COLUMNS,
    MAX_LINE,
    SourceRow,
    flat,
)


class _LongLineError(ValueError):
    def __init__(self) -> None:
        super().__init__(f"the line has more than {MAX_LINE:,} characters")


class _Lines:
    """The lines of a text, counted; of one that is too long no more than a part is ever held.

    Bytes that are not of the encoding become surrogates, so that only the cells that have them
    are unreadable.
    """

    def __init__(self, text: TextIO, file: SourceFile, encoding: str) -> None:
        self.number = 0
        self._text = text
        self._file = file
        self._encoding = encoding

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._part()
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == MAX_LINE:
            while line and not line.endswith(("\n", "\r")):
                line = self._part()
            raise _LongLineError
        return line.removeprefix("\ufeff") if self.number == 1 else line

    def _part(self) -> str:
        try:
            return self._text.readline(MAX_LINE)
        except UnicodeError as error:
            raise SourceError(
                f"{self._file.name} is not {self._encoding} after line {self.number} ({error})",
                'Say how it is written: encoding = "utf-8", "latin-1" or "cp1252"',
            ) from None


@contextmanager
def _lines(file: SourceFile, config: FileConfig) -> Iterator[_Lines]:
    with file.path.open(encoding=config.encoding, errors="surrogateescape", newline="") as text:
        yield _Lines(text, file, config.encoding)


def csv_rows(file: SourceFile, config: FileConfig) -> Iterator[SourceRow]:
    """The rows of a csv; one that is cut off or wrongly quoted is torn, and the next is read."""
    csv.field_size_limit(MAX_CELL)
    with _lines(file, config) as lines:
        reader = csv.reader(lines, delimiter=config.delimiter, strict=True)
        while True:
            ref = f"{file.name}:{lines.number + 1}"
            try:
                yield SourceRow(ref, next(reader))
            except StopIteration:
                return
            except csv.Error as error:
                yield SourceRow(ref, (), f"it is no csv, perhaps a quote is not closed: {error}")
            except _LongLineError as error:
                yield SourceRow(ref, (), str(error))


def jsonl_rows(file: SourceFile, config: FileConfig) -> Iterator[SourceRow]:
    """An object a line; the header is every key of any line, which takes a reading of its own."""
    names: dict[str, None] = {}
    for _, said in _objects(file, config):
        if not isinstance(said, str):
            names |= dict.fromkeys(said)
        if len(names) > MAX_COLUMNS:
            raise SourceError(
                f"{file.name} has more than {MAX_COLUMNS:,} different keys", "Use fixed names"
            )
    if not names:
        raise SourceError(f"No line of {file.name} is a JSON object", "Write an object a line")
    yield SourceRow(file.name, tuple(names))
    for ref, said in _objects(file, config):
        if isinstance(said, str):
            yield SourceRow(ref, (), said)
        else:
            yield SourceRow(ref, flat([*map(said.get, names)]))


def _objects(file: SourceFile, config: FileConfig) -> Iterator[tuple[str, dict[str, Cell] | str]]:
    """The object of each line that is not blank, or why there is none."""
    with _lines(file, config) as lines:
        while True:
            ref = f"{file.name}:{lines.number + 1}"
            try:
                line = next(lines)
            except StopIteration:
                return
            except _LongLineError as error:
                yield ref, str(error)
            else:
                if line.strip():
                    yield ref, _object(line.rstrip())


def _object(line: str) -> dict[str, Cell] | str:
    try:
        found = json.loads(line, parse_float=Decimal, object_pairs_hook=_unique)
    except (ValueError, ArithmeticError, RecursionError) as error:
        return f"it is no JSON: {str(error)[:80]}"
    return found if isinstance(found, dict) else "it is no JSON object"


def _unique(pairs: Sequence[tuple[str, Cell]]) -> dict[str, Cell]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has the key {twice[:40]!r} twice")
    return found
