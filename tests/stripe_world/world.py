"""A Stripe account that has lived for months: `World(seed, level)`, and what it can show.

world = World(7, Level.DISCOUNTS)
world.answer("GET", "/v1/subscriptions", {"status": "all"}, headers)   # see `answer`
world.advance(10)                                                      # and live on
world.tracks()                                                         # the truth
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any

from stripe_world.account import Account
from stripe_world.answer import Answer, Query, answer
from stripe_world.catalog import Catalog
from stripe_world.keys import Key, usual_keys
from stripe_world.life import Birth, Life
from stripe_world.market import Level, stock
from stripe_world.moments import DAY, epoch, later
from stripe_world.truth import Track

OPENED = epoch("2024-01-31T10:11:12")
"""When the account was opened: a day that most months do not have."""

SPARE = 5000
"""Seconds after a month's end at which a world is looked at: its first renewal is done then."""

EVENTS_KEPT = 30 * DAY
LATEST = "2026-09-30.endive"


@dataclass
class World:
    """An account from its seed. Equal seeds and spans give equal accounts, however advanced."""

    seed: int
    level: Level = Level.BASIC
    months: int = 18
    customers: int = 24
    api_version: str = LATEST
    keys: dict[str, Key] = field(default_factory=usual_keys)
    connected: tuple[str, ...] = ()
    mixed_modes: bool | None = None  # None: from level 7 on, a live key is shown test objects
    vanished: set[str] = field(default_factory=set)
    altered: dict[str, dict[str, Any]] = field(default_factory=dict)  # by id: fields made odd
    requests: int = 0
    inserted: int = 0
    opened: int = OPENED
    now: int = field(init=False)
    born: int = field(init=False)
    lives: list[Life] = field(init=False, default_factory=list)
    catalog: Catalog = field(init=False)

    def __post_init__(self) -> None:
        if self.mixed_modes is None:
            self.mixed_modes = self.level >= Level.ADVANCED
        rng = Random(f"catalog:{self.seed}:{self.level}")
        self.catalog = stock(rng, self.level, OPENED - DAY)
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
        self.__dict__.pop("account", None)

    def advance(self, days: float) -> None:
        """Live on: the same account later, with new events and old ones forgotten."""
        self._live_until(self.now + int(days * DAY))

    def tracks(self) -> list[Track]:
        """The truth of every item there ever was."""
        return [track for life in self.lives for track in life.book.shelf.tracks.values()]

    @cached_property
    def account(self) -> Account:
        return Account(self)

    def answer(
        self, method: str, path: str, query: Query = (), headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Status, headers and body for one request (see `answer`)."""
        return answer(self.account, method, path, query, headers or {})

    def insert(self) -> None:
        """A new customer signs up this very second: lists that are being read grow at the top."""
        index = 9000 + self.inserted
        self.inserted += 1
        birth = Birth(f"{self.seed}:insert", index, self.now, self.born - EVENTS_KEPT)
        life = Life(birth, self.catalog, self.level)
        life.live(self.now)
        self.lives.append(life)
        self.__dict__.pop("account", None)

    def alter(self, key: str, **fields: Any) -> None:
        """Serve an object with some fields that it never had: an unknown status, say."""
        self.altered[key] = fields
        self.__dict__.pop("account", None)

    def vanish(self, key: str) -> None:
        """From now on nothing has this id."""
        self.vanished.add(key)
