"""One SQLite in a process at a time.

The columnar reader brings an SQLite library of its own. POSIX file locks belong to a process, not
to a library: with both open on one file, the one that closes last deletes the write-ahead log that
the other one still writes to, and what is committed after that is lost. So the reader waits until
no connection of ours is open, and ours wait until it is done. Other processes are safe as ever.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Any

from tenure.errors import StoreError

PATIENCE = 600.0
"""Seconds that either side waits for the other."""


class Gate:
    """Counts our own connections to one file, or admits one foreign reader."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._ours = 0
        self._foreign = False

    def enter(self) -> None:
        """Before a connection of ours is opened."""
        with self._changed:
            self._wait(lambda: not self._foreign)
            self._ours += 1

    def leave(self) -> None:
        """After a connection of ours was closed."""
        with self._changed:
            self._ours -= 1
            self._changed.notify_all()

    @contextmanager
    def foreign(self) -> Iterator[None]:
        """Keep our own connections out while another library reads the file."""
        with self._changed:
            self._wait(lambda: not self._ours and not self._foreign)
            self._foreign = True
        try:
            yield
        finally:
            with self._changed:
                self._foreign = False
                self._changed.notify_all()

    def _wait(self, condition: Any) -> None:
        if not self._changed.wait_for(condition, PATIENCE):
            raise StoreError(
                "The ledger is in use by another part of this program",
                "Run the command again when it is done",
            )


gates: defaultdict[str, Gate] = defaultdict(Gate)
"""By the database's path."""


def connection_class(gate: Gate) -> type[sqlite3.Connection]:
    """A connection that passes the gate when it is opened and when it is closed."""

    class Gated(sqlite3.Connection):
        _inside = False

        def __init__(self, *args: Any, **options: Any) -> None:
            gate.enter()
            try:
                super().__init__(*args, **options)
            except BaseException:
                gate.leave()
                raise
            self._inside = True

        def close(self) -> None:
            super().close()
            if self._inside:
                self._inside = False
                gate.leave()

    return Gated
