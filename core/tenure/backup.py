"""A copy of the whole ledger in one file, made while it is in use, and put back into any database.

    manifest.json    which schema, made when, of every table its columns, rows and checksum
    TABLE.jsonl      a JSON array per row, in order of the key; bytes as base64

It is a zip that reads the same from SQLite and from PostgreSQL, so it is also the way from one to
the other. All tables are read in one snapshot, and put back in one transaction: whoever is killed
in between leaves the old ledger, or the old file. plugins.toml and `.env` are not in it.
"""

import base64
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, LargeBinary, MetaData, Table, func, inspect, select, text
from sqlmodel import SQLModel

from tenure._version import __version__
from tenure.delivery.lease import refuse_if_pushing
from tenure.erasure import clean
from tenure.erasure.again import Again, Remembered, forget_again, remember
from tenure.errors import ConfigError, StoreError, TenureError
from tenure.ledger import schema
from tenure.ledger.lease import refuse_if_held
from tenure.ledger.store import Store
from tenure.ledger.tables import ConnectorState, SinkLease, from_micros, table

FORMAT = 1
_MANIFEST = "manifest.json"
_BATCH = 2_000
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError, EOFError, AttributeError),
    RuntimeError,  # encrypted, packed in another way, nested without end
)
"""What a file that is no backup, or half of one, may raise while it is read."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table: the columns of its rows, how many there are, and the digest of its lines."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds; `known_at` is the last stamp that the ledger had given, if any."""

    schema: str
    made_at: datetime
    known_at: datetime | None
    tables: Mapping[str, Part]

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(part.rows for part in self.tables.values())


def save(store: Store, path: Path) -> Backup:
    """Write the ledger as it stands now, of whatever schema, into a file, whole or not at all.

    Raises `StoreError` where there is none.
    """
    made_at = store.clock()
    with store.errors():
        version = schema.require_known(store.engine)
    how: Any = {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 1}
    with _written(path) as file, zipfile.ZipFile(file, "w", **how) as out:
        with _snapshot(store) as connection:
            parts = {each.name: _save_table(connection, each, out) for each in _ours(connection)}
            last = connection.scalar(text("SELECT last_stamp FROM ledger_clock"))
        known_at = from_micros(last) if last else None
        made = Backup(version, made_at, known_at, parts)
        out.writestr(_MANIFEST, json.dumps(_said(made), indent=1))
    return made


def place(path: Path, now: datetime) -> Path:
    """Where to write: the path itself, or a file named by the time in the folder that it is.

    What is not there and has no suffix is such a folder, and made.
    """
    try:
        if not path.suffix and not path.exists():
            path.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise _unwritable(path, error) from error
    return path / f"tenure-{now:%Y-%m-%dT%H%M%SZ}.zip" if path.is_dir() else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How to restore: over a ledger, too, and with which attributes of who was forgotten since."""

    replace: bool = False
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back, and who was forgotten in the ledger that it replaced."""

    backup: Backup
    again: Again | None = None


def restore(url: str, path: Path, asked: Asked = Asked()) -> Restored:
    """Put a backup into the store, brought to this program's schema; raises `StoreError`.

    A store with anything in it is refused unless it is to be replaced; whom that one has forgotten
    is forgotten again.
    """
    with _opened(path) as (archive, backup):
        store = Store.bare(url)
        with store.errors():
            _require_room(store, replace=asked.replace)
            with schema.writing(store.engine) as connection:
                forgotten = remember(connection)
                _drop(connection)
                schema.migrate(connection, backup.schema)
                for each in _ours(connection):
                    _fill(connection, each, archive, backup)
                schema.migrate(connection, "head")
                _let_go(connection)
                again = _forget_again(store, connection, forgotten, asked.kept)
        if again and again.forgotten:
            clean(store)
    return Restored(backup=backup, again=again)


def _forget_again(
    store: Store, connection: Connection, forgotten: Remembered | None, kept: frozenset[str]
) -> Again | None:
    if forgotten is None or not forgotten.tokens:
        return None if forgotten is None else Again()
    return forget_again(connection, store.stamp(connection), forgotten, kept)


def _unwritable(path: Path, error: OSError) -> TenureError:
    return TenureError(
        f"The backup {path} cannot be written: {error.strerror}",
        "Name a folder that may be written and has room; no earlier backup was touched",
    )


@contextmanager
def _written(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the path's place once it is whole and on the disk."""
    part = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _snapshot(store: Store) -> Iterator[Connection]:
    """A connection that sees the ledger as of one instant, whoever writes meanwhile."""
    with store.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():  # SQLite's WAL shows a transaction what its first read saw
            yield connection


def _ours(connection: Connection) -> list[Table]:
    """The ledger's tables as they are in the database, the ones that others refer to first."""
    there = set(inspect(connection).get_table_names()) & set(SQLModel.metadata.tables)
    found = MetaData()
    found.reflect(connection, only=sorted(there))
    return found.sorted_tables


def _save_table(connection: Connection, each: Table, out: zipfile.ZipFile) -> Part:
    digest, count = hashlib.sha256(), 0
    query = each.select().order_by(*each.primary_key).execution_options(yield_per=_BATCH)
    with out.open(f"{each.name}.jsonl", "w", force_zip64=True) as file:
        for row in connection.execute(query):
            line = json.dumps(list(row), default=_bytes, separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            file.write(line)
            count += 1
    return Part(tuple(each.columns.keys()), count, digest.hexdigest())


def _bytes(value: Any) -> str:
    return base64.b64encode(value).decode("ascii")


def _said(made: Backup) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "tenure": __version__,
        "schema": made.schema,
        "made_at": made.made_at.isoformat(),
        "known_at": None if made.known_at is None else made.known_at.isoformat(),
        "tables": {name: asdict(part) for name, part in made.tables.items()},
    }


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Backup]]:
    """The archive and what it says of itself; whatever is wrong with it is a `StoreError`."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive, _backup(archive)
    except OSError as error:
        raise ConfigError(
            f"The backup {path} cannot be read: {error.strerror}", "Name a file of `tenure backup`"
        ) from error
    except _BROKEN as error:
        raise StoreError(
            f"{path} is no whole backup of tenure ({error}), and nothing was changed",
            "Take an earlier one",
        ) from error


def _backup(archive: zipfile.ZipFile) -> Backup:
    said = json.loads(archive.read(_MANIFEST))
    if said["format"] != FORMAT or said["schema"] not in schema.KNOWN:
        raise StoreError(
            f"The backup was made by tenure {said['tenure']}, which is newer than this one",
            "Upgrade tenure: `pip install --upgrade tenure`",
        )
    known_at = said["known_at"]
    return Backup(
        said["schema"],
        datetime.fromisoformat(said["made_at"]),
        None if known_at is None else datetime.fromisoformat(known_at),
        {name: Part(**part) for name, part in said["tables"].items()},
    )


def _require_room(store: Store, *, replace: bool) -> None:
    """Raise unless the store is empty, or may be replaced and nobody is at work in it."""
    version = schema.current(store.engine)
    if version is None:
        return schema.require_no_strangers(store.engine)
    if not replace and _is_used(store):
        raise StoreError(
            "The store is not empty",
            "Point [tenure] store at a new one, or say `tenure restore --replace PATH`",
        )
    if version == schema.HEAD:
        state = table(ConnectorState)
        with store.read() as connection:
            for one in connection.execute(state.select()):
                refuse_if_held(one, store.clock())
            refuse_if_pushing(connection, store.clock())
    return None


def _is_used(store: Store) -> bool:
    with store.read() as connection:
        return bool(connection.scalar(text("SELECT last_stamp FROM ledger_clock")))


def _drop(connection: Connection) -> None:
    mine = _ours(connection)
    if mine:
        mine[0].metadata.drop_all(connection, tables=mine)
    connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


def _fill(connection: Connection, each: Table, archive: zipfile.ZipFile, backup: Backup) -> None:
    """Put the rows of a table back; raises `ValueError` where they are not what was saved."""
    part, digest = backup.tables.get(each.name), hashlib.sha256()
    if part is None:
        raise ValueError(f"table {each.name} is missing")
    connection.execute(each.delete())  # what the migrations themselves put there
    binary = {column.name for column in each.columns if isinstance(column.type, LargeBinary)}
    count = 0
    with archive.open(f"{each.name}.jsonl") as file:
        rows = _rows(_digested(file, digest), part.columns, binary)
        while few := list(islice(rows, _BATCH)):
            connection.execute(each.insert(), few)
            count += len(few)
    if (count, digest.hexdigest()) != (part.rows, part.sha256):
        raise ValueError(f"table {each.name} is damaged")
    _number_on(connection, each)


def _digested(lines: Iterable[bytes], digest: Any) -> Iterator[bytes]:
    for line in lines:
        digest.update(line)
        yield line


def _rows(
    lines: Iterable[bytes], columns: Iterable[str], binary: Iterable[str]
) -> Iterator[dict[str, Any]]:
    for line in lines:
        row = dict(zip(columns, json.loads(line), strict=True))
        for name in binary:
            row[name] = None if row[name] is None else base64.b64decode(row[name])
        yield row


def _number_on(connection: Connection, each: Table) -> None:
    """Let PostgreSQL go on counting after the greatest key; SQLite does by itself."""
    if connection.dialect.name == "postgresql" and "id" in each.columns:
        sequence = func.pg_get_serial_sequence(each.name, "id")
        connection.execute(select(func.setval(sequence, func.max(each.c.id))))


def _let_go(connection: Connection) -> None:
    """Whoever held a lease when the backup was made does not hold it here."""
    for each in _ours(connection):
        if "lease_holder" in each.columns:
            connection.execute(each.update().values(lease_holder=None))
        if each.name == SinkLease.__tablename__:
            connection.execute(each.delete())
