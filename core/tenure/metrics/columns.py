"""A copy of the ledger's large tables in columns, from which reports of a large ledger are made.

The ledger is append-only: rows are added, and a row is closed (superseded) at most once. So the
copy of a table is a few Parquet files that never change: its rows, those added since, and which of
them were closed since. A refresh reads only what came after the copy. `copy.json` names the files
of one state with their checksums and is replaced at once, so that a reader meets a whole state.

A copy that is damaged, of another ledger or of another layout is made anew. It is only ever a
copy: its folder may be deleted at any time, and where it cannot be written the ledger is read.
"""

import fcntl
import json
import logging
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from tenure.ledger.store import folder_of

LARGE = 200_000
"""From how many points on a copy is kept: fewer are read in the time that it takes to check one."""

SCHEMA = "ledger"
"""Where the tables of the copy are, by their names in the ledger."""

_LAYOUT = 2
_MOST_PIECES = 8
"""How many additions a table may have before they are sorted into one file again."""

_LOG = logging.getLogger(__name__)

Read = Callable[[str], Any]
"""Runs a query on the ledger and returns an Arrow stream."""


@dataclass(frozen=True, slots=True)
class _Table:
    """What is copied of a table. No column may begin with NULL: SQLite's have no type."""

    columns: str
    order: str
    closed: str = "0"
    """When a row was closed."""

    @property
    def query(self) -> str:
        """The columns, with 0 for a row that is not closed."""
        return f"SELECT {self.columns}, recorded_at, coalesce({self.closed}, 0) AS superseded_at"


TABLES = {
    "point": _Table(
        columns="id, item_id, customer_id, effective_at, amount, discount, discount_once, quantity,"
        " \"interval\", interval_count, currency, coalesce(plan, '') AS plan,"
        " coalesce(product, '') AS product, state, state_since, coalesce(ends_at, 0) AS ends_at,"
        " coalesce(cause, '') AS cause, evidence, source_ref",
        order="customer_id, item_id, effective_at, id",
        closed="superseded_at",
    ),
    "customer_attribute": _Table(
        columns="id, customer_id, name, coalesce(value, '') AS value, valid_from",
        order="name, customer_id, valid_from, id",
        closed="superseded_at",
    ),
    "account_link": _Table(
        columns="id, customer_id, account_id", order="customer_id, id", closed="superseded_at"
    ),
    "customer": _Table(columns="id, connector_id, external_id", order="id"),
    "subscription": _Table(columns="id, external_id", order="id"),
    "item": _Table(columns="id, subscription_id, external_id, kind", order="id"),
}


@dataclass(frozen=True, slots=True)
class _File:
    """One of the files, and what tells that it is as it was written."""

    name: str
    size: int
    checksum: int


Files = tuple[_File, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    """What is held of one table.

    `last` is the greatest id, `recorded` when it was; `shut` is the row that was closed last, at
    `closed`. Another ledger, or an older one put back, has other rows there.
    """

    rows: Files = ()
    closings: Files = ()
    last: int = 0
    recorded: int = 0
    shut: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class _State:
    """All that the ledger had recorded at `stamp`, and maybe some of what came after.

    `erased` is how many customers had been forgotten: that alone changes rows that were there.
    """

    stamp: int
    tables: dict[str, _Held]
    erased: int

    @property
    def files(self) -> Iterator[_File]:
        """Every file of it."""
        for held in self.tables.values():
            yield from (*held.rows, *held.closings)


@contextmanager
def copied(
    url: str, duck: duckdb.DuckDBPyConnection, read: Read, large: int = LARGE
) -> Iterator[bool]:
    """Give `duck` the schema `ledger`, up to date; False where the ledger itself is to be read."""
    copy = _Copy(folder_of(url), duck, read)
    if copy.row("SELECT coalesce(max(id), 0) FROM point") < (large,):
        yield False
        return
    try:
        lock = copy.hold()
    except (OSError, duckdb.IOException) as error:
        _LOG.warning("No copy of the ledger can be kept, so reports take longer: %s", error)
        yield False
        return
    try:
        yield True
    finally:
        os.close(lock)


class _Copy:
    """The copy in a folder, of the ledger that `read` reads."""

    def __init__(self, folder: Path, duck: duckdb.DuckDBPyConnection, read: Read) -> None:
        self._folder = folder
        self._duck = duck
        self._read = read

    def row(self, query: str) -> tuple[Any, ...]:
        """The one row that a query on the ledger finds."""
        stream = self._read(query)  # noqa: F841 - DuckDB finds it by its name
        return self._duck.execute("SELECT * FROM stream").fetchall()[0]

    def hold(self) -> int:
        """Bring the copy up to date and make its views; they hold until the descriptor is closed.

        Raises `OSError` or DuckDB's `IOException` where it cannot be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            self._tidy(lock)
            fcntl.flock(lock, fcntl.LOCK_SH)
            self._views(self._fresh())
        except BaseException:
            os.close(lock)
            raise
        return lock

    def _tidy(self, lock: int) -> None:
        """Delete what no state needs, if nobody else holds the copy."""
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        state = self._kept()
        needed = {file.name for file in state.files} if state else set()
        for path in (*self._folder.glob("*.parquet"), *self._folder.glob("*.new")):
            if path.name not in needed:
                path.unlink()

    def _fresh(self) -> _State:
        (stamp,) = self.row("SELECT last_stamp FROM ledger_clock")
        (erased,) = self.row("SELECT coalesce(max(id), 0) FROM erasure")
        state = self._kept()
        if state and not (state.erased == erased and self._is_good(state, stamp)):
            state = None
        if state is None:
            for path in self._folder.glob("figures-*.json"):  # made from what is no more
                path.unlink(missing_ok=True)
        if state and state.stamp == stamp:
            return state
        before = state or _State(0, dict.fromkeys(TABLES, _Held()), erased)
        tables = {name: self._after(name, before) for name in TABLES}
        return self._keep(_State(stamp, tables, erased))

    def _kept(self) -> _State | None:
        """What `copy.json` says; None where that is nothing which this program understands."""
        try:
            found = json.loads((self._folder / "copy.json").read_text(encoding="utf-8"))
            if found["layout"] != _LAYOUT:
                return None
            tables = {name: _held(found["tables"][name]) for name in TABLES}
            return _State(found["stamp"], tables, found["erased"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def _keep(self, state: _State) -> _State:
        made = self._folder / f"{uuid4().hex}.new"
        made.write_text(json.dumps({"layout": _LAYOUT} | asdict(state)), encoding="utf-8")
        made.replace(self._folder / "copy.json")
        return state

    def _is_good(self, state: _State, stamp: int) -> bool:
        """Whether the state is whole and of this ledger."""
        for file in state.files:
            if self._file(file.name) != file:
                _LOG.warning("%s is damaged: copying the ledger anew", self._folder / file.name)
                return False
        return state.stamp <= stamp and all(
            self._proof(name, held.last, held.shut) == (held.recorded, held.closed)
            for name, held in state.tables.items()
        )

    def _proof(self, table: str, last: int, shut: int) -> tuple[Any, ...]:
        """When the ledger recorded one row and closed another one; 0 for never."""
        closed = TABLES[table].closed
        return self.row(
            f"SELECT coalesce((SELECT recorded_at FROM {table} WHERE id = {last}), 0),"  # noqa: S608 - ours
            f" coalesce((SELECT {closed} FROM {table} WHERE id = {shut}), 0)"
        )

    def _after(self, table: str, before: _State) -> _Held:
        """What is held of a table with all that the ledger has besides."""
        what, held = TABLES[table], before.tables[table]
        new = self._read(f"{what.query} FROM {table} WHERE id > {held.last}")
        rows, closings = (*held.rows, *self._write(new, what.order)), held.closings
        if held.rows:
            query = f"SELECT id, {what.closed} AS superseded_at FROM {table} WHERE {what.closed}"  # noqa: S608 - ours
            shut = self._read(f"{query} > {before.stamp}")
            closings = (*closings, *self._write(shut, "id"))
        if len(rows) + len(closings) > _MOST_PIECES:
            merged = self._duck.sql(self._merged(rows, closings))
            rows, closings = self._write(merged, what.order), ()
        return self._held(table, rows, closings)

    def _held(self, table: str, rows: Files, closings: Files) -> _Held:
        if not rows:
            return _Held()
        last, shut = self._duck.execute(
            "SELECT max(id), coalesce(arg_max(id, superseded_at) FILTER (superseded_at > 0), 0)"  # noqa: S608 - ours
            f" FROM ({self._merged(rows, closings)})"
        ).fetchall()[0]
        recorded, closed = self._proof(table, last, shut)
        return _Held(rows, closings, last, recorded, shut, closed)

    def _merged(self, rows: Files, closings: Files) -> str:
        """SQL for the rows with what closed them."""
        query = f"SELECT * FROM {self._parquet(rows)}"  # noqa: S608 - ours
        if not closings:
            return query
        return (
            "SELECT r.* REPLACE (greatest(r.superseded_at, coalesce(c.superseded_at, 0))"  # noqa: S608 - ours
            f" AS superseded_at) FROM ({query}) AS r LEFT JOIN (SELECT DISTINCT id, superseded_at"
            f" FROM {self._parquet(closings)}) AS c ON c.id = r.id"
        )

    def _parquet(self, files: Files) -> str:
        paths = (str(self._folder / file.name).replace("'", "''") for file in files)
        return "read_parquet([" + ", ".join(f"'{path}'" for path in paths) + "])"

    def _views(self, state: _State) -> None:
        self._duck.execute(f"CREATE SCHEMA {SCHEMA}")
        for name, held in state.tables.items():
            if held.rows:
                rows, kind = f"({self._merged(held.rows, held.closings)})", "VIEW"
            else:
                stream = self._read(f"{TABLES[name].query} FROM {name}")  # noqa: F841 - by its name
                rows, kind = "stream", "TABLE"
            self._duck.execute(
                f"CREATE {kind} {SCHEMA}.{name} AS SELECT * REPLACE"  # noqa: S608 - ours
                f" (nullif(superseded_at, 0) AS superseded_at) FROM {rows}"
            )

    def _write(self, rows: Any, order: str) -> Files:  # noqa: ARG002 - DuckDB finds it by its name
        """A file of the rows; none where there are none."""
        name = f"{uuid4().hex}.parquet"
        path = str(self._folder / name).replace("'", "''")
        copy = f"COPY (SELECT * FROM rows ORDER BY {order}) TO '{path}' (COMPRESSION zstd)"  # noqa: S608 - ours
        (count,) = self._duck.execute(copy).fetchall()[0]
        if not count:
            (self._folder / name).unlink()
            return ()
        return (self._file(name),)

    def _file(self, name: str) -> _File:
        """The file as it is; of size 0 where it is not."""
        checksum = size = 0
        try:
            with (self._folder / name).open("rb") as file:
                while block := file.read(1 << 22):
                    checksum, size = zlib.crc32(block, checksum), size + len(block)
        except FileNotFoundError:
            pass
        return _File(name, size, checksum)


def _held(found: dict[str, Any]) -> _Held:
    """What is held of a table, from JSON."""
    files = {name: tuple(_File(**file) for file in found[name]) for name in ("rows", "closings")}
    return _Held(**(found | files))
