"""Threads and processes, of which the system may have no more to give."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from tenure.errors import TenureError

_LIMITS = "Raise the limits of this user, service or container: processes, files, memory"
_GONE = "Python is not where it was: restart the daemon"


def begin(act: Callable[..., object], *arguments: object) -> Thread:
    """Do it in a thread that ends with the process; raises `TenureError` where there is none."""
    thread = Thread(target=act, args=arguments, daemon=True)
    with begun("thread"):
        thread.start()
    return thread


@contextmanager
def begun(what: str) -> Iterator[None]:
    """Say in words that none is to be had."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        said = getattr(error, "strerror", None) or error
        remedy = _GONE if isinstance(error, FileNotFoundError) else _LIMITS
        raise TenureError(f"No {what} could be started: {said}", remedy) from None
