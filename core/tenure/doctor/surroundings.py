"""What a ledger stands on: plugins.toml, plugins, files, disk, zones."""

import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from tenure.doctor import Finding, Grade
from tenure.ledger.store import sqlite_path
from tenure.modes import open_to, written_by
from tenure.plugins import is_local

if TYPE_CHECKING:
    from tenure.config import Workspace

FULL = 100 << 20
"""Bytes below which a disk is as good as full."""

_OLD_ZONES = 2
"""Years after which rules of time zones will have changed somewhere."""


def examine(workspace: "Workspace") -> Iterator[Finding]:
    """Look at all of it."""
    yield Finding(kind="config", text=str(workspace.path))
    for warning in workspace.warnings:
        yield Finding(kind="config", text=warning, grade=Grade.WARNING)
    yield from _plugins(workspace)
    yield from _modes(workspace)
    yield from _disk(workspace)
    yield _timezones(workspace)


def _plugins(workspace: "Workspace") -> Iterator[Finding]:
    from tenure._version import __version__  # noqa: PLC0415 - a word of the finding only
    from tenure.plugins import available  # noqa: PLC0415 - loads pluggy

    for entry in workspace.entries:
        if entry.problem is not None:
            yield Finding(
                kind="plugins",
                text=f"{entry.kind} {entry.name}: {entry.problem.reason}",
                grade=Grade.WRONG,
                todo=entry.problem.instruction,
            )
    used = {entry.use for entry in workspace.entries}
    found = {f"{p.distribution} {p.version}" for p in available() if p.name in used}
    python = ".".join(map(str, sys.version_info[:3]))
    ours = f"tenure {__version__}"
    said = [ours, f"Python {python}", *sorted(found - {ours})]
    yield Finding(kind="plugins", text=", ".join(said))


def _modes(workspace: "Workspace") -> Iterator[Finding]:
    files = [workspace.folder / ".env"]
    if path := sqlite_path(workspace.store):
        files += [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]
    found = [_read_by(file, who) for file in files if file.is_file() and (who := open_to(file))]
    found += [_written_by(file, who) for file in _code(workspace) if (who := written_by(file))]
    said = "secrets and ledger are their owner's alone"
    yield from found or [Finding(kind="modes", text=said)]


def _code(workspace: "Workspace") -> list[Path]:
    """What decides which code is run."""
    plugins = [workspace.folder / entry.use for entry in workspace.entries if is_local(entry.use)]
    return list(dict.fromkeys([workspace.path, workspace.path.absolute().parent, *plugins]))


def _read_by(file: Path, who: str) -> Finding:
    return Finding(
        kind="modes",
        text=f"{file} is open to {who}",
        grade=Grade.WARNING,
        todo=f"chmod 600 {file}",
        mend=partial(Path.chmod, file, 0o600),
    )


def _written_by(file: Path, who: str) -> Finding:
    return Finding(
        kind="modes",
        text=f"{who} may write {file}, and so decide which code runs as you",
        grade=Grade.WRONG,
        todo=f"chmod go-w {file}",
        mend=lambda: file.chmod(file.stat().st_mode & 0o7755),
    )


def _disk(workspace: "Workspace") -> Iterator[Finding]:
    """Writing the ledger anew, or a backup beside it, takes as much again."""
    path = sqlite_path(workspace.store)
    size = path.stat().st_size if path and path.exists() else 0
    folders = {path.parent if path else workspace.folder: size, Path(gettempdir()): 0}
    for folder, needed in folders.items():
        free = shutil.disk_usage(folder if folder.exists() else workspace.folder).free
        said = f"{folder}: {free / 1e9:,.1f} GB free"
        if free < max(needed, FULL):
            grade = Grade.WRONG if free < FULL else Grade.WARNING
            todo = "Free some space: syncs stop when there is none; what was committed is kept"
            yield Finding(kind="disk", text=said, grade=grade, todo=todo)
        else:
            yield Finding(kind="disk", text=said)


def _timezones(workspace: "Workspace") -> Finding:
    rules = version("tzdata")
    said = f"{workspace.timezone.key}, rules of {rules}"
    if int(rules.partition(".")[0]) <= datetime.now(UTC).year - _OLD_ZONES:
        todo = "pip install --upgrade tzdata: a day may begin at another hour by now"
        return Finding(kind="timezones", text=said, grade=Grade.WARNING, todo=todo)
    return Finding(kind="timezones", text=said)
