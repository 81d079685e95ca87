"""A Stripe account that has lived for months: `World(seed, level)`, and what it can show.

world = World(7, Level.DISCOUNTS)
world.answer("GET", "/v1/subscriptions", {"status": "all"}, headers)   # see `answer`
world.advance(10)                                                      # and live on
world.tracks()                                                         # the truth
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from stripe_world.life import Birth, Life
from stripe_world.market import Level, stock
from tenure_connectors.stripe.world.moments import DAY, epoch, later
from tenure_connectors.stripe.world.truth import Track
from tenure_connectors.stripe.world.world import World as Served

OPENED = epoch("2024-01-31T10:11:12")
"""When the account was opened: a day that most months do not have."""

SPARE = 5000
"""Seconds after a month's end at which a world is looked at: its first renewal is done then."""

EVENTS_KEPT = 30 * DAY


@dataclass
class World(Served):
    """An account from its seed. Equal seeds and spans give equal accounts, however advanced."""

    seed: int
    level: Level = Level.BASIC
    months: int = 18
    customers: int = 24
    currencies: int = 3
    inserted: int = 0
    mixed_modes: bool | None = field(default=None, kw_only=True)  # None: from level 7 on
    opened: int = field(default=OPENED, kw_only=True)
    born: int = field(init=False)
    lives: list[Life] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        if self.mixed_modes is None:
            self.mixed_modes = self.level >= Level.ADVANCED
        rng = Random(f"catalog:{self.seed}:{self.level}")
        self.catalog = stock(rng, self.level, OPENED - DAY, self.currencies)
        self.arrivals = self._arrivals(Random(f"arrivals:{self.seed}:{self.level}"))
        self.due = next(self.arrivals)
        self.now = OPENED
        self.born = later(OPENED, "month", self.months) + SPARE
        self._live_until(self.born)

    def _arrivals(self, rng: Random) -> Iterator[int]:
        """New customers come for ever, at the rate that brings `customers` by the end."""
        spacing = 18 * 30.4 * DAY / self.customers
        at = OPENED
        while True:
            yield at
            at += int(rng.expovariate(1 / spacing)) + 1

    def _live_until(self, when: int) -> None:
        told_from = self.born - EVENTS_KEPT
        while self.due <= when:
            birth = Birth(f"{self.seed}:{self.level}", len(self.lives), self.due, told_from)
            self.lives.append(Life(birth, self.catalog, self.level))
            self.due = next(self.arrivals)
        for life in self.lives:
            life.live(when)
        self.now = when
        self.changed()

    def advance(self, days: float) -> None:
        """Live on: the same account later, with new events and old ones forgotten."""
        self._live_until(self.now + int(days * DAY))

    def tracks(self) -> list[Track]:
        """The truth of every item there ever was."""
        return [track for life in self.lives for track in life.book.shelf.tracks.values()]

    def insert(self) -> None:
        """A new customer signs up this very second: lists that are being read grow at the top."""
        index = 9000 + self.inserted
        self.inserted += 1
        birth = Birth(f"{self.seed}:insert", index, self.now, self.born - EVENTS_KEPT)
        life = Life(birth, self.catalog, self.level)
        life.live(self.now)
        self.lives.append(life)
        self.changed()
