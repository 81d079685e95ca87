"""What a database failure means to the person who reads it."""

import os
from pathlib import Path

from sqlalchemy import Engine, text

from tenure.errors import StoreError
from tenure.ledger.schema import WRITE_LOCK, holder_query

_MEANINGS = (
    ("readonly database", "cannot be written", "Check the permissions of the file and its folder"),
    ("read-only", "cannot be written", "Check the permissions of the file and its folder"),
    ("full", "has no room left", "Free some disk space and run the command again"),
    ("No space left", "has no room left", "Free some disk space and run the command again"),
    ("disk I/O error", "cannot be written (disk full, quota or a broken disk)",
     "Free some disk space and run the command again; what was committed is kept"),
    ("unable to open", "cannot be opened", "Check that its folder exists and may be written"),
    ("not a database", "is not a ledger", "Point [tenure] store at another file"),
    ("malformed", "is damaged", "Restore it from a backup, or sync into a new file"),
    ("password authentication", "refused the password", "Check the URL in [tenure] store"),
    ("does not exist", "does not exist", "Create the database, or check [tenure] store"),
    ("connection is lost", "broke off", "Run the command again; what was committed is kept"),
    ("terminating connection", "broke off", "Run the command again; what was committed is kept"),
    ("connection failed", "does not answer", "Check that the server runs and the URL is right"),
    ("connection refused", "does not answer", "Check that the server runs and the URL is right"),
)  # fmt: skip


def explain(fault: BaseException, engine: Engine) -> StoreError:
    """The `StoreError` for an exception of the driver; it names no secret."""
    said = (str(fault).strip() or type(fault).__name__).splitlines()[0]
    name = engine.url.set(query={}).render_as_string(hide_password=True)
    if any(sign in said for sign in ("locked", "lock timeout", "LockNotAvailable")):
        holder = _holder(engine)
        return StoreError(
            f"The ledger {name} is being written by {holder}",
            "Wait until it is done, or stop it, and run the command again",
        )
    for sign, meaning, advice in _MEANINGS:
        if sign.lower() in said.lower():
            return StoreError(f"The ledger {name} {meaning} ({said})", advice)
    return StoreError(f"The ledger {name} failed: {said}", "Nothing uncommitted was kept")


def _holder(engine: Engine) -> str:
    if engine.dialect.name == "sqlite":
        return _file_lock_holder(Path(str(engine.url.database)))
    with engine.connect() as connection:
        row = connection.execute(text(holder_query(WRITE_LOCK))).first()
    return f"{row[0]} (session {row[1]})" if row else "another session"


def _file_lock_holder(path: Path) -> str:
    """The process that holds a lock on the database, from the kernel's table where it has one."""
    inodes = {
        str(file.stat().st_ino)
        for suffix in ("", "-shm", "-wal")
        if (file := Path(f"{path}{suffix}")).exists()
    }
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return "another process"
    for fields in map(str.split, lines):
        writes = "WRITE" in fields
        if writes and fields[-3].rpartition(":")[2] in inodes and fields[-4] != str(os.getpid()):
            return f"process {fields[-4]} ({_command(fields[-4])})"
    return "another process"


def _command(pid: str) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "unknown"
    return " ".join(Path(w.decode(errors="replace")).name for w in words[:3] if w)
