"""How fast HubSpot may be asked, besides what its client keeps by itself.

Searches have a limit of their own, and every answer but theirs says how many requests remain.
"""

import threading
import time
from collections.abc import Callable, Mapping

from tenure_connectors.hubspot.options import READS

SEARCHES = 5.0
"""Searches in a second that a portal takes."""


class Pace:
    """Waits before a request; any number of threads share it."""

    def __init__(
        self,
        requests_per_second: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # Somebody whom HubSpot allows more requests is allowed more searches, too.
        self._gap = 1 / (SEARCHES * max(1.0, (requests_per_second or READS) / READS))
        self._clock, self._sleep = clock, sleep
        self._search = self._held = clock()
        self._lock = threading.Lock()

    def before(self, *, search: bool) -> None:
        """Wait until the request may go."""
        while (wait := self._wait(search=search)) > 0:
            self._sleep(wait)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Hold until the window is over if HubSpot says that nothing remains of it."""
        if headers.get("x-hubspot-ratelimit-remaining") != "0":
            return
        window = headers.get("x-hubspot-ratelimit-interval-milliseconds", "")
        seconds = int(window) / 1000 if window.isdecimal() else 10.0
        with self._lock:
            self._held = max(self._held, self._clock() + min(seconds, 60.0))

    def _wait(self, *, search: bool) -> float:
        with self._lock:
            now = self._clock()
            wait = max(self._held, self._search if search else now) - now
            if wait <= 0 and search:
                self._search = max(self._search, now) + self._gap
            return wait
