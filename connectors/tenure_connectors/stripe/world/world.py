"""What a Stripe account is made of, and how it is asked.

world.answer("GET", "/v1/subscriptions", {"status": "all"}, headers)   # see `answer`
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from tenure_connectors.stripe.world.account import Account
from tenure_connectors.stripe.world.answer import Answer, Query, answer
from tenure_connectors.stripe.world.book import Book
from tenure_connectors.stripe.world.catalog import Catalog
from tenure_connectors.stripe.world.keys import Key, usual_keys

LATEST = "2026-09-30.endive"


class Living(Protocol):
    """A customer with its books."""

    @property
    def book(self) -> Book:
        """All that is known of it."""
        ...


@dataclass(kw_only=True)
class World:
    """An account at the instant `now`. Whoever changes what it holds says so with `changed`."""

    opened: int
    now: int = 0
    catalog: Catalog = field(default_factory=Catalog)
    lives: Sequence[Living] = ()
    api_version: str = LATEST
    keys: dict[str, Key] = field(default_factory=usual_keys)
    connected: tuple[str, ...] = ()
    mixed_modes: bool | None = False  # a live key is shown test objects, as it may happen
    vanished: set[str] = field(default_factory=set)
    altered: dict[str, dict[str, Any]] = field(default_factory=dict)  # by id: fields made odd
    requests: int = 0

    @cached_property
    def account(self) -> Account:
        """What it shows now."""
        return Account(self)

    def changed(self) -> None:
        """Look again: what it shows is another thing now."""
        self.__dict__.pop("account", None)

    def answer(
        self, method: str, path: str, query: Query = (), headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Status, headers and body for one request (see `answer`)."""
        return answer(self.account, method, path, query, headers or {})

    def insert(self) -> None:
        """A new customer signs up this very second, where any can."""

    def alter(self, key: str, **fields: Any) -> None:
        """Serve an object with some fields that it never had: an unknown status, say."""
        self.altered[key] = fields
        self.changed()

    def vanish(self, key: str) -> None:
        """From now on nothing has this id."""
        self.vanished.add(key)
