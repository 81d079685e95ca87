"""What was read of a service, on disk: lists go in, subject after subject comes out.

An anonymous SQLite database is a temporary file that vanishes with the connection, so memory does
not grow with the service. One with a name lasts as far as it was kept: a process that is killed, or
a power cut, takes it back to there. A piece is an object, or a part of one, as JSON in the shape of
`shapes`; of the same piece the newest one counts.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from tenure import SourceError

_BATCH = 2_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS piece (subject TEXT, name TEXT, rank INTEGER, data BLOB);
CREATE TABLE IF NOT EXISTS shelf (name TEXT PRIMARY KEY, data BLOB) WITHOUT ROWID;
"""

_PUT_OVER = "INSERT OR REPLACE INTO shelf VALUES (?, ?)"
_PUT_BESIDE = "INSERT OR IGNORE INTO shelf VALUES (?, ?)"

Pieces = dict[str, bytes | None]
"""Pieces by name; None for one that is gone."""


class NoRoomError(SourceError):
    """The disk is full."""

    def __init__(self, error: sqlite3.OperationalError) -> None:
        super().__init__(
            f"There is no room for what was read ({error})",
            "Free some space beside the store and where temporary files go (TMPDIR)",
        )


class InUseError(SourceError):
    """Somebody else's pull is not over, though its lease is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"Another process still uses what was read in {folder}", "Wait until it has ended"
        )


class Spool:
    """Takes pieces, then gives them back by subject; besides, a shelf of objects by name."""

    def __init__(self, file: Path | None = None) -> None:
        self.doubts: set[str] = set()
        self._waiting: list[tuple[str, str, int, bytes | None]] = []
        self._laid: dict[str, bytes] = {}
        self._disk = sqlite3.connect(file or "", timeout=1.0, isolation_level=None)
        safety = (
            ("locking_mode = EXCLUSIVE",) if file else ("journal_mode = OFF", "synchronous = OFF")
        )
        for pragma in (*safety, "cache_size = -16000"):
            self._disk.execute(f"PRAGMA {pragma}")
        self._disk.executescript(_SCHEMA)
        self._disk.execute("BEGIN")  # nobody else reads it

    @classmethod
    def at(cls, folder: Path | None) -> "Spool":
        """What was kept in the folder. Without one that can be written it lasts as we do."""
        if folder is None:
            return cls()
        file = folder / "spool.db"
        try:
            for made in (folder.parent, folder):  # what `parents` makes on the way is open to all
                made.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
        except OSError:
            return cls()
        try:
            return cls._whole(file)
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise InUseError(folder) from None
            if isinstance(error, sqlite3.OperationalError):
                raise NoRoomError(error) from None
            for left in folder.iterdir():  # its journal is of no other file
                left.unlink()
            file.touch(mode=0o600)
            return cls(file)

    @classmethod
    def _whole(cls, file: Path) -> "Spool":
        spool = cls(file)
        if spool._disk.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            spool.close()
            raise sqlite3.DatabaseError
        return spool

    def clear(self) -> None:
        """Forget what was kept."""
        self._run("DELETE FROM piece")
        self._run("DELETE FROM shelf")

    def keep(self) -> None:
        """Write everything so far down for good, if there is a file."""
        self._flush()
        self._run("COMMIT")
        self._run("BEGIN")

    def close(self) -> None:
        """Give the disk space back."""
        self._disk.close()

    def add(self, subject: str, name: str, data: bytes | None, rank: int = 0) -> None:
        """Keep a piece; the one of the highest rank counts, of equal ranks the last."""
        self._waiting.append((subject, name, rank, data))
        if len(self._waiting) >= _BATCH:
            self._flush()

    def put(self, name: str, data: bytes, *, over: bool = True) -> None:
        """Lay an object on the shelf, over the one that lies there or only where none does."""
        if over:
            self._laid[name] = data
        elif name not in self._laid:
            self._run(_PUT_BESIDE, (name, data))
        if len(self._laid) >= _BATCH:
            self._flush()

    def get(self, name: str) -> bytes | None:
        """The object on the shelf."""
        if name in self._laid:
            return self._laid[name]
        found = self._run("SELECT data FROM shelf WHERE name = ?", (name,)).fetchone()
        return found[0] if found else None

    def shelf(self) -> Iterator[tuple[str, bytes]]:
        """Everything on the shelf."""
        self._flush()
        yield from self._run("SELECT name, data FROM shelf ORDER BY name")

    def doubt(self, subject: str) -> None:
        """Something of the subject could not be read."""
        self.doubts.add(subject)

    def doubted(self, *subjects: str) -> bool:
        """Whether something of any of them could not be read."""
        return not self.doubts.isdisjoint(subjects)

    def subjects(self) -> Iterator[tuple[str, Pieces]]:
        """Every subject with its pieces, in order."""
        self._flush()
        query = "SELECT subject, name, data FROM piece ORDER BY subject, name, rank, rowid"
        try:
            for subject, rows in groupby(self._disk.execute(query), itemgetter(0)):
                yield subject, {name: data for _, name, data in rows}
        except sqlite3.OperationalError as error:
            raise NoRoomError(error) from None

    def _flush(self) -> None:
        try:
            self._disk.executemany("INSERT INTO piece VALUES (?, ?, ?, ?)", self._waiting)
            self._disk.executemany(_PUT_OVER, self._laid.items())
        except sqlite3.OperationalError as error:
            raise NoRoomError(error) from None
        self._waiting.clear()
        self._laid.clear()

    def _run(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._disk.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise NoRoomError(error) from None


def merged(known: Mapping[str, bytes | None], fresh: Pieces) -> Pieces:
    """What was known, with what is new; a new object brings all its inner list with it."""
    if not known:
        return fresh
    anew = tuple(f"lines:{n.partition(':')[2]}:" for n in fresh if n.startswith("invoice:"))
    if "subscription" in fresh:
        anew += ("items:",)
    stale = [name for name in known if anew and name.startswith(anew)]
    return {**known, **dict.fromkeys(stale), **fresh}
