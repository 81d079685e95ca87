"""A sign of life to somebody outside: a daemon that is dead cannot say so.

The address is called when the daemon comes to rest and no job waits to be tried again. Who expects
that, say once a day, raises the alarm when it stays out.
"""

import logging
import urllib.request
from http.client import HTTPException
from threading import Thread

log = logging.getLogger("tenure.daemon")

_TIMEOUT = 10.0


def beat(url: str) -> Thread:
    """Call the address, in a thread; a failure is only logged."""
    thread = Thread(target=_call, args=(url,), daemon=True)
    thread.start()
    return thread


def _call(url: str) -> None:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:  # noqa: S310 - plugins.toml allows http and https alone
            answer.read(1)
    except (OSError, ValueError, HTTPException) as error:
        # Not the address: it may be a secret.
        log.warning("the heartbeat was not heard: %s", type(error).__name__)
