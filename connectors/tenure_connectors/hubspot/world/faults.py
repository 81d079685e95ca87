"""What a test plans: which requests go wrong, how, and how often.

Plan(When(Fault.BROKEN, "batch/read", times=2), When(Fault.EXPIRED, after=10))
"""

from dataclasses import dataclass
from enum import Enum, auto

from tenure_connectors.hubspot.world.errors import RefusedError, broken, expired, too_many


class Fault(Enum):
    """What goes wrong with an answer."""

    BROKEN = auto()  # 500
    BAD_GATEWAY = auto()  # 502 with a page of HTML
    EXPIRED = auto()  # 401 in the middle of a run
    BURST = auto()  # 429 of ten seconds
    SEARCHES = auto()  # 429 of searches
    DAILY = auto()  # 429 of a day
    RESET = auto()  # the connection breaks before an answer
    TRUNCATED = auto()  # … and in the middle of one
    INVALID = auto()  # 200 with half of a JSON text
    SLOW = auto()


@dataclass
class When:
    """A fault for requests whose path holds `path`: from the one `after` so many, `times` times."""

    fault: Fault
    path: str = ""
    after: int = 0
    times: int = 1
    seen: int = 0

    def next(self, path: str) -> Fault | None:
        """The fault of this request, if it is one of those that are meant."""
        if self.path not in path:
            return None
        self.seen += 1
        return self.fault if self.after < self.seen <= self.after + self.times else None


class Plan:
    """Faults in the order in which they are looked up; the first that is due happens."""

    def __init__(self, *faults: When, slow: float = 0.2) -> None:
        self.faults = faults
        self.slow = slow

    def next(self, path: str) -> Fault | None:
        """The fault of the next request."""
        due = [when.next(path) for when in self.faults]
        return next((fault for fault in due if fault is not None), None)


def refusal(fault: Fault | None) -> RefusedError | None:
    """The answer that stands in for the true one."""
    match fault:
        case Fault.BROKEN:
            return broken()
        case Fault.EXPIRED:
            return expired()
        case Fault.BURST:
            return too_many("TEN_SECONDLY_ROLLING")
        case Fault.SEARCHES:
            return too_many("SECONDLY")
        case Fault.DAILY:
            return too_many("DAILY")
        case _:
            return None
