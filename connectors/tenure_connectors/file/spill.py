"""Rows sorted on disk: they come in the order of the file and go out customer by customer.

An anonymous SQLite database is a temporary file that vanishes with the connection, so memory does
not grow with the file. It sees what it sorts by; the rest of a row is one packed value.
"""

import marshal
import sqlite3
from collections.abc import Iterator

from tenure import SourceError
from tenure_connectors.file.parsed import SORTED_BY, Parsed

_BATCH = 5_000
_KEYS = len(SORTED_BY)
_COLUMNS = ", ".join(f'"{name}"' for name in SORTED_BY)
_INSERT = f"INSERT INTO row VALUES ({', '.join('?' * _KEYS)}, ?)"  # noqa: S608 - marks


class NoRoomError(SourceError):
    """The disk is full."""

    def __init__(self, error: sqlite3.OperationalError) -> None:
        super().__init__(
            f"There is no room to sort the rows ({error})",
            "Free some space where temporary files go (TMPDIR)",
        )


class Spill:
    """Takes parsed rows, then gives them back in order."""

    def __init__(self) -> None:
        self._waiting: list[tuple[object, ...]] = []
        self._disk = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16000"):
            self._disk.execute(f"PRAGMA {pragma}")
        self._disk.execute(f"CREATE TABLE row ({_COLUMNS}, rest)")

    def close(self) -> None:
        """Give the disk space back."""
        self._disk.close()

    def add(self, row: Parsed) -> None:
        """Keep a row."""
        self._waiting.append((*row[:_KEYS], marshal.dumps(row[_KEYS:])))
        if len(self._waiting) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        try:
            self._disk.execute("BEGIN")
            self._disk.executemany(_INSERT, self._waiting)
            self._disk.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise NoRoomError(error) from None
        self._waiting.clear()

    def sorted(self) -> Iterator[Parsed]:
        """Every row, by customer, subscription, item, then time; open rows last."""
        self._flush()
        try:
            for row in self._disk.execute(f"SELECT * FROM row ORDER BY {_COLUMNS}"):  # noqa: S608 - ours
                yield Parsed._make(row[:_KEYS] + marshal.loads(row[_KEYS]))  # noqa: S302 - our own bytes
        except sqlite3.OperationalError as error:
            raise NoRoomError(error) from None
