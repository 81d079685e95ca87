"""One customer's part of the account: what exists, what is due next, what has been told."""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from tenure_connectors.stripe.world import render, render_billing
from tenure_connectors.stripe.world.catalog import Catalog, Discount, micro_units
from tenure_connectors.stripe.world.things import (
    CreditNote,
    Event,
    Invoice,
    Item,
    Line,
    Person,
    Schedule,
    Sub,
)
from tenure_connectors.stripe.world.truth import Track, fact_of
from tenure_connectors.stripe.world.worth import Worth, stated, worths

Json = dict[str, Any]
SIGNS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(slots=True)
class Shelf:
    """Everything of one customer that the API can show, and the truth behind it."""

    subs: list[Sub] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)  # invoice items, pending or invoiced
    discounts: list[Discount] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    credit_notes: list[CreditNote] = field(default_factory=list)
    usage: list[tuple[str, int, int, int]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    tracks: dict[str, Track] = field(default_factory=dict)


@dataclass(slots=True)
class Book:
    """The customer's books. Events are kept from `told_from` on: older ones are never served."""

    rng: Random
    tag: str
    catalog: Catalog
    person: Person
    told_from: int
    now: int = 0
    lag: int = 0  # seconds by which what is being made is later than what it is about
    shelf: Shelf = field(default_factory=Shelf)
    agenda: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)

    def id(self, prefix: str) -> str:
        """The next id of a kind, the same in every run: `in_1W00420007`."""
        count = self.counters[prefix] = self.counters.get(prefix, 0) + 1
        return f"{prefix}_1W{self.tag}{count:05d}"

    def at(self, when: int, action: Callable[[], None], *, first: bool = False) -> None:
        """Do something later; `first`: before all else that is due at that instant."""
        order = self.counters["agenda"] = self.counters.get("agenda", 0) + 1
        heapq.heappush(self.agenda, (max(when, self.now), -order if first else order, action))

    def live(self, until: int) -> None:
        """Do everything that is due up to `until`."""
        while self.agenda and self.agenda[0][0] <= until:
            self.now, _, action = heapq.heappop(self.agenda)
            action()
        self.now = max(self.now, until)

    def dally(self, seconds: int) -> None:
        """Be late with what is made now, but for what is to happen next."""
        before = self.agenda[0][0] - self.now if self.agenda else seconds
        self.lag = min(self.rng.randrange(seconds), max(before - 1, 0))

    # -- what was true

    def note(self, sub: Sub, hidden: str | None = None, proof: Line | None = None) -> None:
        """Write down what every item of a subscription bills from now on."""
        found = worths(sub, self.now) if sub.live else {}
        for item in (*sub.items, *sub.gone):
            track = self.shelf.tracks.get(item.id)
            if track is None:
                track = self.shelf.tracks[item.id] = Track(item, sub)
                taxed = [rate for rate in (item.tax_rates or sub.tax_rates) if rate.inclusive]
                track.slack = micro_units(Fraction(1), item.price.currency) if taxed else 0
            if track.closed or (item.price.metered and not track.facts):
                continue
            over = item.removed is not None or not sub.live
            if item.price.metered and not over:
                continue
            start = self.now if track.facts else item.start
            track.note(fact_of(sub, item, found.get(item.id, Worth()), start), hidden, proof)
            if item.removed is not None:
                track.free.add("cause")
            track.closed = over

    def used(self, sub: Sub, item: Item) -> None:
        """A service period of a metered price ends: its charge stands at that instant."""
        charge = stated(sub, item, item.price.amount(item.usage))
        self.shelf.tracks[item.id].note(fact_of(sub, item, Worth(charge), self.now))

    def pin(self, sub: Sub, names: tuple[str, ...], proof: Line | None = None) -> None:
        for item in (*sub.items, *sub.gone):
            self.shelf.tracks[item.id].pin(self.now, names, proof)

    # -- what was told

    @property
    def telling(self) -> bool:
        return self.now >= self.told_from

    def tell(self, kind: str, made: Callable[[], Json], before: Json | None = None) -> None:
        if self.telling:
            event = Event(self.event_id(), kind, self.now + self.lag, made(), before)
            self.shelf.events.append(event)

    def event_id(self) -> str:
        """Its second and its place in that: the same from whenever on events are told."""
        place = self.counters[f"evt {self.now}"] = self.counters.get(f"evt {self.now}", 0) + 1
        return f"evt_1W{self.tag}{self.now}{place:02d}"

    @contextmanager
    def updating(self, sub: Sub) -> Iterator[None]:
        """Tell what changes in a subscription within, if anything does."""
        before = render_billing.subscription(sub) if self.telling else {}
        yield
        if self.telling:
            after = render_billing.subscription(sub)
            if before != after:
                self.tell("customer.subscription.updated", lambda: after, before)
                for item in (*sub.items, *sub.gone):
                    if item.id in self.shelf.tracks:
                        self.shelf.tracks[item.id].seen(self.now)

    def tell_invoice(self, kind: str, invoice: Invoice) -> None:
        self.tell(f"invoice.{kind}", lambda: render_billing.invoice(invoice))

    def tell_discount(self, kind: str, discount: Discount) -> None:
        bare = copy(discount)
        self.tell(f"customer.discount.{kind}", lambda: render.discount(bare))

    def item(self, sub: Sub, price: Any, quantity: int, start: int | None = None) -> Item:
        item = Item(self.id("si"), price, quantity, self.now, self.now if start is None else start)
        sub.items.append(item)
        return item
