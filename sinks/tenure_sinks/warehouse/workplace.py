"""The folder that dlt works in: gone afterwards, and with it what pushes that were killed left."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

_PREFIX = "tenure-warehouse-"
_LOCK = "lock"


@contextmanager
def workplace() -> Iterator[str]:
    """A folder of one's own; nobody else may read it."""
    for left in Path(gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody works there, or it is another user's
            _remove(left)
    with TemporaryDirectory(prefix=_PREFIX) as folder, Path(folder, _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _remove(left: Path) -> None:
    """Raises `BlockingIOError` where a push that lives holds it."""
    with (left / _LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left, ignore_errors=True)
