"""The connector: files in, records out, customer by customer."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from tenure import (
    Checkpoint,
    Connector,
    Context,
    Json,
    PullRequest,
    Quarantined,
    RawChunk,
    Record,
    SourceError,
)
from tenure_connectors.file.cells import Cells, UnreadableError
from tenure_connectors.file.columns import Columns, Layout, understand
from tenure_connectors.file.grouping import (
    Build,
    doubted,
    monthly_item,
    records,
    row_items,
    timeline_item,
)
from tenure_connectors.file.options import FileConfig, SourceFile, found_files
from tenure_connectors.file.parsed import Parsed
from tenure_connectors.file.parsing import Parser
from tenure_connectors.file.rows import Table
from tenure_connectors.file.spill import NoRoomError, Spill
from tenure_connectors.file.tables import read

CHECKPOINT_ROWS = 50_000
_CHUNK = 1 << 20
_PROGRESS_ROWS = 5_000


class File(Connector):
    """Subscriptions from csv, xlsx, jsonl or parquet files."""

    name = "file"
    api = 1
    Config = FileConfig
    config: FileConfig
    provides: ClassVar[frozenset[str]] = frozenset({"revenue", "attributes"})
    incremental = True  # files that are those of the last pull were read to their end now, too

    @classmethod
    def guess(cls, path: Path) -> Mapping[str, Json] | None:
        """Options for a file, guessed from its first rows."""
        from tenure_connectors.file.guess import guess  # noqa: PLC0415 - only `init` needs it

        return guess(path)

    def check(self, context: Context) -> Iterator[str]:
        """Read the first row of every file."""
        for file in self._files(context.folder):
            table = read(file, self.config)
            if not table.header:
                yield f"{file.name}: empty"
                continue
            columns = understand(file.name, table.header, self.config)
            first = next(table.rows, None)
            yield f"{file.name}: {_described(columns)}"
            if first is not None:
                yield f"{file.name}: first row {first.raw()[:80]}"

    def pull(self, request: PullRequest) -> Iterator[Record]:
        """Every row of every file; nothing where the files are those of the last pull."""
        files = self._files(request.folder)
        cursor: Json = {"fingerprint": self._fingerprint(files, request)}
        if cursor == request.cursor and not request.full:
            yield Checkpoint(cursor=cursor)
            return
        yield from _chunks(files)
        with closing(Spill()) as spill:
            reading = _Reading(self.config, request, spill)
            for file in files:
                yield from reading.quarantined(file)
            yield from reading.records()
            if reading.failures:
                yield Checkpoint()
                raise _joined(reading.failures)
            yield Checkpoint(cursor=cursor, complete=True, source_count=reading.rows)

    def _files(self, folder: Path) -> list[SourceFile]:
        files = found_files(self.config, folder)
        if not files:
            raise SourceError(
                f"There is no file {self.config.path} in {folder}",
                "Check `path`; it is relative to plugins.toml",
            )
        return files

    def _fingerprint(self, files: list[SourceFile], request: PullRequest) -> str:
        """What the records depend on: the files, how they are read, and by which code."""
        options = self.config.model_dump_json()
        known = f"{version('tenure')} {options} {request.timezone} {request.currency}"
        digest = hashlib.sha256(known.encode())
        for file in files:
            digest.update(file.name.encode() + b"\0")
            for _, data in _blocks(file):
                digest.update(data)
        return digest.hexdigest()


class _Reading:
    """One pass over all files: parsed rows go to the spill, unreadable ones come out at once."""

    def __init__(self, config: FileConfig, request: PullRequest, spill: Spill) -> None:
        self.rows = 0
        self.failures: list[SourceError] = []
        self._config = config
        self._cells = Cells(config, request.timezone)
        self._request = request
        self._spill = spill
        self._build: Build | None = None
        self._doubtful = False

    def quarantined(self, file: SourceFile) -> Iterator[Quarantined]:
        """Read a file; yields what could not be read. One that is broken does not stop others."""
        try:
            yield from self._file(file)
        except NoRoomError:
            raise
        except SourceError as error:
            self.failures.append(error)
            self._doubtful = True

    def _file(self, file: SourceFile) -> Iterator[Quarantined]:
        table = read(file, self._config)
        if not table.header:
            self.rows += 1
            yield Quarantined(source_ref=file.name, reason="the file is empty")
            return
        columns = understand(file.name, table.header, self._config)
        self._agree(file, _builder(columns))
        request = self._request
        parser = Parser(columns, self._cells, request.timezone, request.currency)
        yield from self._read(table, parser)

    def _agree(self, file: SourceFile, build: Build) -> None:
        """One item may have rows in several files, so all of them have to be of one kind."""
        if self._build not in {None, build}:
            raise SourceError(
                f"{file.name} has another layout than the files before it",
                "Give each layout a table of its own in plugins.toml",
            )
        self._build = build

    def _read(self, table: Table, parser: Parser) -> Iterator[Quarantined]:
        for row in table.rows:
            self.rows += 1
            if self.rows % _PROGRESS_ROWS == 0:
                self._request.progress(self.rows, None)
            try:
                for parsed in parser.rows(row, self.rows):
                    self._spill.add(parsed)
            except UnreadableError as error:
                yield Quarantined(
                    source_ref=row.ref, reason=str(error), column=error.column, raw=row.raw()
                )
                self._remember(parser, parser.broken(row, self.rows))

    def _remember(self, parser: Parser, broken: Parsed | None) -> None:
        """That an item lacks a row; if nobody knows which one, any may that has several."""
        if broken is not None:
            self._spill.add(broken)
        elif parser.joins_rows:
            self._doubtful = True

    def records(self) -> Iterator[Record]:
        """What was read, with a checkpoint now and then."""
        done, committed = 0, 0
        build = self._build or row_items
        for used, record in records(
            self._spill.sorted(), doubted(build) if self._doubtful else build
        ):
            yield record
            done += used
            if done - committed >= CHECKPOINT_ROWS:
                committed = done
                self._request.progress(done, self.rows)
                yield Checkpoint()


def _builder(columns: Columns) -> Build:
    if columns.layout is not Layout.PERIODS:
        return monthly_item
    return timeline_item if "item" in columns.at else row_items


def _described(columns: Columns) -> str:
    names = ", ".join([*columns.at, *columns.attributes])
    months = f", {len(columns.months)} months" if columns.months else ""
    return f"{columns.layout} layout; understood: {names}{months}"


def _joined(failures: Sequence[SourceError]) -> SourceError:
    """One error for all the files that failed."""
    reasons = dict.fromkeys(error.reason for error in failures)
    return SourceError("; ".join(reasons), failures[0].instruction)


def _chunks(files: list[SourceFile]) -> Iterator[RawChunk]:
    for file in files:
        for position, data in _blocks(file):
            yield RawChunk(name=file.name, position=position, data=data)


def _blocks(file: SourceFile) -> Iterator[tuple[int, bytes]]:
    try:
        with file.path.open("rb") as opened:
            position = 0
            while data := opened.read(_CHUNK):
                yield position, data
                position += len(data)
    except OSError as error:
        raise SourceError(
            f"{file.name} cannot be read: {error.strerror}", "Check its permissions"
        ) from None
