"""A clock for tests of what waits."""

from dataclasses import dataclass, field

from tenure.http import Clock


@dataclass
class Time:
    """A clock that jumps over every wait and remembers it."""

    now: float = 1_800_000_000.0
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now, wall=lambda: self.now, sleep=self.sleep)
