"""Who may read a file that holds secrets or somebody's customers, or write one that is run."""

import os
from contextlib import suppress
from pathlib import Path
from stat import S_ISVTX

_OTHERS, _GROUP = 0o007, 0o070


def open_to(path: Path) -> str | None:
    """Who besides its owner may get at a file; None for nobody, or where there is no file."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if mode & _OTHERS:
        return "every user of this machine"
    return "its group" if mode & _GROUP else None


def written_by(path: Path) -> str | None:
    """Who besides its owner may change a file or what is in a folder; None for nobody.

    A group of the owner alone, as many systems give each user one, is nobody.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    if found.st_mode & 0o002 and not found.st_mode & S_ISVTX:
        return "every user of this machine"
    own = found.st_gid == found.st_uid
    return "its group" if found.st_mode & 0o020 and not own else None


def make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, where there is none."""
    with suppress(OSError):  # whoever opens it next says better what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
