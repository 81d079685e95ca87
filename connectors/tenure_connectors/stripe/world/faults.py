"""What goes wrong on the way, from a seed: refusals, breaks, slowness, lists that move."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from tenure_connectors.stripe.world import errors


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
    """`odds` of a fault per request; only the first `most` requests for a page meet one."""

    seed: int
    odds: float = 0.1
    kinds: tuple[Fault, ...] = tuple(Fault)
    most: int = 2
    slow: float = 0.05
    retry_after: str = "0"
    met: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def next(self, target: str) -> Fault | None:
        """The fault that the next request for `target` meets, in whatever order they come."""
        count = self.counts[target] = self.counts.get(target, 0) + 1
        rng = Random(f"{self.seed}:{target}:{count}")
        if count > self.most or rng.random() >= self.odds:
            return None
        fault = rng.choice(self.kinds)
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
