"""What goes wrong on the way, from a seed: refusals, breaks, slowness, lists that move."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from stripe_world import errors

ORDINARY = 0.0


class Fault(StrEnum):
    TOO_MANY = "429"
    TOO_MANY_WAIT = "429 with Retry-After"
    BROKEN = "500"
    RESET = "connection reset"
    TRUNCATED = "truncated JSON"
    INVALID = "invalid JSON"
    SLOW = "slow body"
    INSERT = "an insert between two pages"
    VANISH = "an object vanishes between list and read"


@dataclass
class Plan:
    """`odds` of a fault per request; no path and page meets more than `most` of them in a row."""

    seed: int
    odds: float = 0.1
    kinds: tuple[Fault, ...] = tuple(Fault)
    most: int = 2
    slow: float = 0.05
    retry_after: str = "0"
    met: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = Random(f"faults:{self.seed}")

    def next(self, target: str) -> Fault | None:
        """The fault that a request meets. Deterministic as long as the requests come in order."""
        if self.counts.get(target, 0) >= self.most or self.rng.random() >= self.odds:
            return None
        self.counts[target] = self.counts.get(target, 0) + 1
        fault = self.rng.choice(self.kinds)
        self.met.append(fault)
        return fault


def refusal(fault: Fault, plan: Plan) -> tuple[int, dict[str, object], Mapping[str, str]] | None:
    """The answer that a fault stands in for, where it is one."""
    if fault is Fault.BROKEN:
        found = errors.broken()
    elif fault in (Fault.TOO_MANY, Fault.TOO_MANY_WAIT):
        found = errors.too_many()
        found.headers["Stripe-Rate-Limited-Reason"] = "global-rate"
        if fault is Fault.TOO_MANY_WAIT:
            found.headers["Retry-After"] = plan.retry_after
    else:
        return None
    return found.status, found.body, found.headers
