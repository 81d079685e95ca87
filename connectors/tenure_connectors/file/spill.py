"""Rows sorted on disk: they come in the order of the file and go out customer by customer.

An anonymous SQLite database is a temporary file that vanishes with the connection, so memory does
not grow with the file.
"""

import sqlite3
from collections.abc import Iterator

from tenure import SourceError
from tenure_connectors.file.parsed import Parsed

_BATCH = 5_000
_MARKS = ", ".join("?" * len(Parsed._fields))


class Spill:
    """Takes parsed rows, then gives them back in order."""

    def __init__(self) -> None:
        self._waiting: list[Parsed] = []
        self._disk = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16000"):
            self._disk.execute(f"PRAGMA {pragma}")
        columns = ", ".join(f'"{name}"' for name in Parsed._fields)
        self._disk.execute(f"CREATE TABLE row ({columns})")

    def close(self) -> None:
        """Give the disk space back."""
        self._disk.close()

    def add(self, row: Parsed) -> None:
        """Keep a row."""
        self._waiting.append(row)
        if len(self._waiting) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        try:
            self._disk.execute("BEGIN")
            self._disk.executemany(f"INSERT INTO row VALUES ({_MARKS})", self._waiting)  # noqa: S608 - marks
            self._disk.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise SourceError(
                f"There is no room to sort the rows ({error})",
                "Free some space where temporary files go (TMPDIR)",
            ) from None
        self._waiting.clear()

    def sorted(self) -> Iterator[Parsed]:
        """Every row, by customer, subscription, item, then time; open rows last."""
        self._flush()
        order = 'customer, subscription, item, start, "end", number'
        try:
            yield from map(Parsed._make, self._disk.execute(f"SELECT * FROM row ORDER BY {order}"))  # noqa: S608 - ours
        except sqlite3.OperationalError as error:
            raise SourceError(
                f"There is no room to sort the rows ({error})",
                "Free some space where temporary files go (TMPDIR)",
            ) from None
