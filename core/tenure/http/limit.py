"""A token bucket that also obeys what the service answers.

In any window of n seconds at most `rate` * n + `burst` requests are let through. The burst is a
twentieth of a second's worth: a published limit per second is nearly kept by itself, and a sleep
that lasts a little too long costs no throughput.
"""

import re
import threading
from collections.abc import Mapping

from tenure.http.options import Clock
from tenure.http.retry import LONGEST_WAIT, seconds_until

_ITEM = re.compile(r"\b(r|remaining|t|reset)\s*=\s*(\d+)")


class RateLimit:
    """The requests of one client, from any number of threads."""

    def __init__(self, rate: float | None, clock: Clock, burst: float | None = None) -> None:
        self._clock = clock
        self._gap = 1 / rate if rate else 0.0
        self.burst = burst or max(1.0, (rate or 0) / 20)
        self._slack = (self.burst - 1) * self._gap
        self._due = self._held = clock.monotonic()
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """Wait until one more request may be sent."""
        while wait := self._take():
            self._clock.sleep(wait)

    def hold(self, seconds: float) -> None:
        """Let nothing through for so long, at most `LONGEST_WAIT`."""
        until = self._clock.monotonic() + min(seconds, LONGEST_WAIT)
        with self._lock:
            self._held = max(self._held, until)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Hold until the service's window ends if it says that nothing remains in this one."""
        remaining, reset = _quota(headers)
        if remaining == "0" and reset is not None:
            wait = seconds_until(reset, self._clock.wall())
            self.hold(wait or 0.0)

    def _take(self) -> float:
        """Seconds still to wait; 0.0 when the request may go now, which is then counted."""
        with self._lock:
            now = self._clock.monotonic()
            wait = max(self._due - self._slack, self._held) - now
            if wait > 0:
                return wait
            self._due = max(self._due, now) + self._gap
            return 0.0


def _quota(headers: Mapping[str, str]) -> tuple[str | None, str | None]:
    """What remains and when that ends, in whichever of the customary spellings."""
    for prefix in ("x-ratelimit", "x-rate-limit", "ratelimit"):
        if f"{prefix}-remaining" in headers:
            return headers[f"{prefix}-remaining"].strip(), headers.get(f"{prefix}-reset")
    items = dict(_ITEM.findall(headers.get("ratelimit", "")))
    return items.get("r", items.get("remaining")), items.get("t", items.get("reset"))
