"""How often one list may be asked for: Stripe limits each of its endpoints, too."""

import time
from collections.abc import Callable

ENDPOINT_READS = 25.0
"""Requests per second that one endpoint takes, of the 100 that an account may send."""


class Pace:
    """Seconds until a list may be asked for; one that may be is counted."""

    def __init__(
        self, requests_per_second: float | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # Somebody whom Stripe allows more is allowed more of each list, too.
        self._gap = 1 / max(ENDPOINT_READS, (requests_per_second or 0) / 4)
        self._clock = clock
        self._due: dict[str, float] = {}

    def __call__(self, name: str) -> float:
        """0.0 if the list may be asked for now."""
        now = self._clock()
        wait = self._due.get(name, now) - now
        if wait > 0:
            return wait
        self._due[name] = max(self._due.get(name, now), now - self._gap) + self._gap
        return 0.0
