"""Who may read a file that holds secrets or somebody's customers."""

import os
from contextlib import suppress
from pathlib import Path

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


def make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, where there is none."""
    with suppress(OSError):  # whoever opens it next says better what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
