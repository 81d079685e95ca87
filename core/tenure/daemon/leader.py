"""Who leads: of all daemons on one ledger, the one that holds its lock.

PostgreSQL frees a session's lock when the session ends, which the server notices at once when a
process dies, and within seconds when a machine does. On SQLite, where all daemons are on one
machine, the lock is on a file, and a second daemon is refused.
"""

import fcntl
import os
import select
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from sqlalchemy import make_url

from tenure.errors import StoreError
from tenure.ledger.schema import WRITE_LOCK, holder_query
from tenure.ledger.store import sqlite_path

if TYPE_CHECKING:
    import psycopg

PERIOD = 2.0
"""Seconds between two looks at the lock."""

_KEY = WRITE_LOCK + 1
_HOLDER = holder_query(_KEY)

_ANSWER = 4.0
"""Seconds in which the server, or what is between, has to answer."""

# Both ends give a silent connection up after some 6 seconds: the daemon stops working before
# the server lets another one lead.
_OURS = {
    "connect_timeout": 3,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 4000,
}
_SERVERS = (
    "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=6000 -c statement_timeout=4000"
)


class Lock(Protocol):
    """What one daemon can hold at a time."""

    def held(self) -> bool:
        """Take it, or make sure that it is still ours; raises `StoreError` where nobody can say."""

    def holder(self) -> str:
        """Who holds it."""

    def release(self) -> None:
        """Let another one have it."""


def lock_of(url: str, instance: str) -> Lock:
    """The lock of the ledger at `url`."""
    path = sqlite_path(url)
    return FileLock(Path(f"{path}.daemon")) if path else PostgresLock(url, instance)


class FileLock:
    """A lock on a file beside an SQLite ledger, gone with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def held(self) -> bool:
        """Take it, and keep it as long as it is the file that another daemon would find."""
        if self._file is not None and not self._is_there(self._file):
            self.release()
        if self._file is None:
            self._file = self._locked()
        return self._file is not None

    def holder(self) -> str:
        """The process that wrote itself into the file."""
        said = ""
        with suppress(OSError):  # it is for people, and may be gone already
            said = self._path.read_text(encoding="utf-8").strip()
        return said or "another process"

    def release(self) -> None:
        """Unlock the file; it stays, for another daemon may wait at it."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _is_there(self, file: IO[str]) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._path.stat())
        except OSError:
            return False

    def _locked(self) -> IO[str] | None:
        try:
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise StoreError(
                f"{self._path} cannot be written: {error.strerror}",
                "The daemon needs a file beside the ledger; check the permissions of the folder",
            ) from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return None
        said = f"process {os.getpid()} on {socket.gethostname()}\n"
        with suppress(OSError):  # the disk is full; the name is for people, the lock holds anyway
            os.truncate(file.fileno(), 0)
            os.write(file.fileno(), said.encode())
        return file


class PostgresLock:
    """An advisory lock of a session that does nothing else."""

    def __init__(self, url: str, instance: str) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._name = f"tenure daemon {instance}"[:63]
        self._session: psycopg.Connection[Any] | None = None
        self._is_ours = False

    def held(self) -> bool:
        """Ask the server; a session that broke off has lost it."""
        import psycopg  # noqa: PLC0415 - only where there is a PostgreSQL

        try:
            if self._session is None:
                self._session = self._connect()
            query = "SELECT true" if self._is_ours else f"SELECT pg_try_advisory_lock({_KEY})"
            self._is_ours = _ask(self._session, query) == b"t"
        except psycopg.Error as error:
            self.release()
            said = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise StoreError(f"The ledger does not answer: {said}", "Trying again") from None
        return self._is_ours

    def holder(self) -> str:
        """The name of the session that has it."""
        name = None
        with suppress(Exception):  # it is for people; the next look says what is wrong
            name = _ask(self._session, _HOLDER) if self._session else None
        return name.decode().removeprefix("tenure daemon ") if name else "another daemon"

    def release(self) -> None:
        """End the session, and the lock with it."""
        session, self._session, self._is_ours = self._session, None, False
        if session is not None:
            with suppress(Exception):  # it may be broken already
                session.close()

    def _connect(self) -> "psycopg.Connection[Any]":
        import psycopg  # noqa: PLC0415 - likewise

        ours: dict[str, Any] = {**_OURS, "application_name": self._name, "options": _SERVERS}
        return psycopg.connect(self._url, autocommit=True, **ours)


def _ask(session: "psycopg.Connection[Any]", query: str) -> bytes | None:
    """The first value of the answer, in time: TCP notices no proxy and no server that hangs."""
    import psycopg  # noqa: PLC0415 - likewise

    line, value, late = session.pgconn, None, time.monotonic() + _ANSWER
    arrives = select.poll()
    arrives.register(line.socket, select.POLLIN)
    line.send_query(query.encode())
    while True:
        while line.is_busy():
            if not arrives.poll(max(late - time.monotonic(), 0) * 1000):
                raise psycopg.OperationalError(f"no word in {_ANSWER} s")
            line.consume_input()
        if (result := line.get_result()) is None:
            return value
        if result.status != psycopg.pq.ExecStatus.TUPLES_OK:
            raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
        value = result.get_value(0, 0) if result.ntuples else None
