"""The limits of the API: calls in ten seconds, searches in one, calls a day.

Searches have their own limit and are exempt from the one of ten seconds; their answers carry no
header of it.
"""

import time
from collections import deque
from dataclasses import dataclass, field

from tenure_connectors.hubspot.world.errors import too_many

WINDOW = 10.0


@dataclass
class Limits:
    """How many calls are let through; `None` lets all."""

    ten_secondly: int | None = 190
    secondly: int | None = 5
    daily: int | None = 650_000
    calls: deque[float] = field(default_factory=deque)
    searches: deque[float] = field(default_factory=deque)
    today: int = 0
    refused: int = 0

    @classmethod
    def none(cls) -> "Limits":
        """No limits, for what is not about them."""
        return cls(None, None, None)

    def admit(self, *, search: bool) -> None:
        """Count a call; one too many is refused, and is not counted."""
        if self.daily is not None and self.today >= self.daily:
            self._refuse("DAILY")
        now = time.monotonic()
        if search:
            self._take(self.searches, now - 1.0, self.secondly, "SECONDLY")
            self.searches.append(now)
        else:
            self._take(self.calls, now - WINDOW, self.ten_secondly, "TEN_SECONDLY_ROLLING")
            self.calls.append(now)
        self.today += 1

    def headers(self, *, search: bool) -> dict[str, str]:
        """What an answer says of the limits."""
        said = {}
        if self.daily is not None:
            said["X-HubSpot-RateLimit-Daily"] = str(self.daily)
            said["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(0, self.daily - self.today))
        if self.ten_secondly is not None and not search:
            left = max(0, self.ten_secondly - len(self.calls))
            said["X-HubSpot-RateLimit-Interval-Milliseconds"] = "10000"
            said["X-HubSpot-RateLimit-Max"] = str(self.ten_secondly)
            said["X-HubSpot-RateLimit-Remaining"] = str(left)
        return said

    def _take(self, calls: deque[float], since: float, most: int | None, policy: str) -> None:
        while calls and calls[0] <= since:
            calls.popleft()
        if most is not None and len(calls) >= most:
            self._refuse(policy)

    def _refuse(self, policy: str) -> None:
        self.refused += 1
        raise too_many(policy)
