"""The store: one database, one write lock, one stamp per transaction.

Everybody reads at any time. Who writes takes the ledger-wide lock first and gets a stamp that is
later than all stamps given before, whatever the wall clock says: so stamps are commit order, and
a report as known at a stamp never changes (metrics.md section 8).
"""

import hashlib
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, bindparam, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from tenure.errors import ConfigError, StoreError
from tenure.ledger import schema
from tenure.ledger.failures import explain
from tenure.ledger.gate import connection_class, gates
from tenure.ledger.tables import from_micros, to_micros
from tenure.modes import make_private

PATIENCE = 30.0
"""Seconds that a writer waits for another one before it gives up."""

# Both ends give up on a machine that is silent for 25 seconds. By default a server takes two hours,
# and whoever died there would hold the write lock for as long.
_SILENCE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25000,
}
_SERVERS_SILENCE = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=25000"
)


def this_process() -> str:
    """Names this process in leases and in the database's list of sessions; a fork is another."""
    return f"{socket.gethostname()}:{os.getpid()}"


def session_name(process: str) -> str:
    """The name of a process's sessions with PostgreSQL, which cuts longer ones."""
    return f"tenure {process}"[:63]


def now() -> datetime:
    """The wall clock: an aware UTC instant."""
    return datetime.now(UTC)


class Store:
    """A ledger in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = now) -> None:
        self.engine = engine
        self.clock = clock

    @classmethod
    def open(
        cls, url: str, *, clock: Callable[[], datetime] = now, patience: float = PATIENCE
    ) -> "Store":
        """Open the ledger at `url`, made if it is not there.

        Raises `StoreError` when it cannot be opened or its schema is not this program's.
        """
        store = cls(_engine(url, patience), clock)
        with store.errors():
            schema.ensure(store.engine)
        return store

    @classmethod
    def bare(cls, url: str) -> "Store":
        """The store as it is, of whatever schema; makes nothing until it is used."""
        return cls(_engine(url, PATIENCE))

    @classmethod
    def upgrade(cls, url: str) -> str:
        """Run the migrations that are missing; says what was done. Raises `StoreError`."""
        store = cls.bare(url)
        with store.errors():
            return schema.upgrade_known(store.engine)

    @classmethod
    def describe(cls, url: str) -> str:
        """One line about the store for `tenure check`; makes nothing. Raises `StoreError`."""
        shown = make_url(url).render_as_string(hide_password=True)
        path = sqlite_path(url)
        if path and not path.exists():
            if not os.access(path.parent, os.W_OK):
                raise StoreError(
                    f"The store {path} cannot be made: its folder is missing or read-only",
                    "Make the folder, or change [tenure] store",
                )
            return f"{shown}: will be made by the first sync"
        store = cls.bare(url)
        with store.errors():
            return f"{shown}: {schema.describe(store.engine)}"

    @classmethod
    def last_sync(cls, url: str, connector: str) -> datetime | None:
        """When a connector was last read to its end, for `tenure check`; makes nothing."""
        path = sqlite_path(url)
        if path and not path.exists():
            return None
        store = cls.bare(url)
        query = text("SELECT last_complete_at FROM connector_state WHERE name = :name")
        with store.errors():
            if schema.current(store.engine) != schema.HEAD:
                return None
            with store.read() as connection:
                last = connection.scalar(query, {"name": connector})
        return None if last is None else from_micros(last)

    @property
    def url(self) -> str:
        """The database URL with its password."""
        return self.engine.url.render_as_string(hide_password=False)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn database failures into a `StoreError` that says what to do."""
        try:
            yield
        except DBAPIError as error:
            raise explain(error.orig or error, self.engine) from error
        except self.engine.dialect.loaded_dbapi.Error as error:  # COPY is not SQLAlchemy's
            raise explain(error, self.engine) from error

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection of one's own; temporary tables live as long as it does."""
        with self.errors(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in one read transaction."""
        with self.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, connection: Connection | None = None) -> Iterator[tuple[Connection, datetime]]:
        """Hold the ledger's write lock until commit; yields the connection and the stamp."""
        if connection is None:
            with self.connect() as own, self.write(own) as held:
                yield held
            return
        with self.errors(), self._locked(connection):
            yield connection, self.stamp(connection)

    @contextmanager
    def aside(self) -> Iterator[Connection]:
        """A short transaction that states no fact: no stamp, and no lock where rows have theirs."""
        with self.connect() as connection, _writing(connection):
            yield connection

    @contextmanager
    def _locked(self, connection: Connection) -> Iterator[None]:
        with _writing(connection):
            schema.lock(connection)
            yield

    def stamp(self, connection: Connection) -> datetime:
        """The next stamp, for who holds the write lock."""
        last = connection.scalar(text("SELECT last_stamp FROM ledger_clock WHERE id = 1"))
        stamp = max(self.clock(), from_micros(last or 0) + timedelta(microseconds=1))
        connection.execute(
            text("UPDATE ledger_clock SET last_stamp = :stamp WHERE id = 1"),
            {"stamp": to_micros(stamp)},
        )
        return stamp

    def known_at(self) -> datetime | None:
        """The last stamp given: what "as known now" means. None while nothing was recorded."""
        with self.read() as connection:
            last = connection.scalar(text("SELECT last_stamp FROM ledger_clock WHERE id = 1"))
        return from_micros(last) if last else None

    def began_at(self, connectors: Sequence[str]) -> datetime | None:
        """When the first customer of these connectors was recorded; None while there is none."""
        query = text(
            "SELECT min(c.recorded_at) FROM customer AS c"
            " JOIN connector_state AS s ON s.id = c.connector_id WHERE s.name IN :names"
        ).bindparams(bindparam("names", expanding=True))
        with self.read() as connection:
            first = connection.scalar(query, {"names": list(connectors)})
        return None if first is None else from_micros(first)


@contextmanager
def _writing(connection: Connection) -> Iterator[None]:
    """A transaction that SQLite knows from its beginning to be one that writes."""
    if connection.dialect.name == "sqlite":
        connection.info["begin"] = "BEGIN IMMEDIATE"
    try:
        with connection.begin():
            connection.info.pop("begin", None)
            yield
    finally:
        connection.info.pop("begin", None)


def sqlite_path(url: str) -> Path | None:
    """The database file of an SQLite URL, else None."""
    parsed = make_url(url)
    named = parsed.get_backend_name() == "sqlite" and parsed.database
    return Path(str(parsed.database)) if named else None


def folder_of(url: str) -> Path:
    """Where files go that may be made again: beside an SQLite file, else in the user's cache."""
    if path := sqlite_path(url):
        return path.with_name(f"{path.name}.columns")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    shown = make_url(url).render_as_string(hide_password=True)
    return caches / "tenure" / hashlib.sha256(shown.encode()).hexdigest()[:16]


def scratch_of(url: str, connector: int) -> Path:
    """Where a connector keeps what a pull has read until it ends; it may not be there."""
    return folder_of(url) / f"pull-{connector}"


def require_there(url: str) -> None:
    """Raise `StoreError` for a file that is not there, instead of making an empty one."""
    path = sqlite_path(url)
    if path and not path.exists():
        raise StoreError(f"There is no store {path}", "`tenure sync` makes it, or check --config")


def _engine(url: str, patience: float) -> Engine:
    try:
        engine = create_engine(url, connect_args=_connect_args(url, patience), **_options(url))
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigError(
            f"The store URL cannot be used: {error}",
            "Write sqlite:///tenure.db or postgresql+psycopg://user@host/name "
            "(the latter needs `pip install 'tenure[postgres]'`)",
        ) from error
    if path := sqlite_path(url):
        make_private(path)  # SQLite's own files beside it get the same mode
        event.listen(engine, "connect", _sqlite_settings)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _options(url: str) -> dict[str, Any]:
    if make_url(url).get_backend_name() == "sqlite":
        return {"poolclass": NullPool}  # an idle connection would keep the gate closed
    # Whoever waited for the lock must see what the holder committed, whatever the server's default.
    return {"isolation_level": "READ COMMITTED"}


def _connect_args(url: str, patience: float) -> dict[str, Any]:
    if make_url(url).get_backend_name() == "postgresql":
        return {
            "application_name": session_name(this_process()),
            "connect_timeout": 10,
            **_SILENCE,
            "options": f"-c lock_timeout={int(patience * 1000)} {_SERVERS_SILENCE}",
        }
    path = str(sqlite_path(url))
    return {"timeout": patience, "factory": connection_class(gates[path])}


def _sqlite_settings(connection: Any, _record: object) -> None:
    # The driver's own transactions would begin deferred and commit behind our back.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -32000"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.info.get("begin", "BEGIN"))
