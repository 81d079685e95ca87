"""A sign of life to somebody outside: a daemon that is dead cannot say so.

systemd waits until the daemon is ready, and sends it no signal before.

The address is called when the daemon comes to rest and no job waits to be tried again. Who expects
that, say once a day, raises the alarm when it stays out.
"""

import logging
import os
import socket
import urllib.request
from http.client import HTTPException
from threading import Thread
from urllib.error import URLError

from tenure.threads import begin

log = logging.getLogger("tenure.daemon")

_TIMEOUT = 10.0


def ready() -> None:
    """Tell systemd, if it asked for that, that the daemon heeds signals: sd_notify(3)."""
    address = os.environ.pop("NOTIFY_SOCKET", "")  # a plugin has nothing to tell
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.connect("\0" + address[1:] if address.startswith("@") else address)
            line.send(b"READY=1")
    except OSError as error:
        log.warning("systemd was not told that the daemon is ready: %s", error.strerror)


def beat(url: str) -> Thread:
    """Call the address, in a thread; a failure is only logged."""
    return begin(_call, url)


def _call(url: str) -> None:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:  # noqa: S310 - plugins.toml allows http and https alone
            answer.read(1)
    except (OSError, ValueError, HTTPException) as error:
        # Not the address, which may be a secret, nor what may quote it.
        said = f" ({error.reason})" if isinstance(error, URLError) else ""
        log.warning("the heartbeat was not heard: %s%s", type(error).__name__, said)
