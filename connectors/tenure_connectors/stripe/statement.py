"""One subscription after the other: what was read and what is known of it, rebuilt and stated."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from tenure import Checkpoint, Json, Observation, Record, Tombstone, TombstoneKind
from tenure_connectors.decoding import decoder
from tenure_connectors.spool import Pieces, Spool, merged
from tenure_connectors.stripe import shapes
from tenure_connectors.stripe.catalog import Catalog
from tenure_connectors.stripe.cursor import missed
from tenure_connectors.stripe.events import sighting
from tenure_connectors.stripe.memory import Known, Memory, Shelf, changes
from tenure_connectors.stripe.pieces import T, decoded, decoded_list, encoded
from tenure_connectors.stripe.timeline import Evidence, Rebuilt, rebuild

EVERY = 2_000
"""Subscriptions between two checkpoints."""

Ask = Callable[[str, str], bytes | None]
"""Reads the object of a kind and id from Stripe."""

Lines = Callable[[str], None]
"""Reads the lines of an invoice from Stripe, and lays the coupons that come with them aside."""


@dataclass(slots=True)
class Statement:
    """States subscriptions; `differing` are those that an increment had not got right."""

    spool: Spool
    memory: Memory
    now: datetime
    livemode: bool | None
    whole: bool
    """Whether everything was read, so that what was not is no more."""
    lines: Lines
    ask: Ask = lambda _kind, _id: None
    began: datetime | None = None
    """When everything began to be read, if events may have been missed before."""
    differing: list[str] = field(default_factory=list)
    _news: list[Observation] = field(init=False, default_factory=list)
    catalog: Catalog = field(init=False)
    _shelves: Sequence[Shelf[Any]] = field(init=False)
    _coupons: Shelf[shapes.Coupon] = field(init=False)
    _sought: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        def shelf(kind: str, shape: type[T]) -> Shelf[T]:
            return Shelf((kind, shape), self.spool, self.memory, lambda key: self.ask(kind, key))

        self._coupons = shelf("coupon", shapes.Coupon)
        self.catalog = Catalog(
            prices=shelf("price", shapes.Price),
            products=shelf("product", shapes.Product),
            coupons=self._coupons,
            tax_rates=shelf("tax_rate", shapes.TaxRate),
        )
        self._shelves = [
            getattr(self.catalog, f) for f in ("prices", "products", "coupons", "tax_rates")
        ]

    def all(self, subjects: Iterable[tuple[str, Pieces]], cursor: Json) -> Iterator[Record]:
        """Every subject, with a checkpoint now and then."""
        remaining = iter(subjects)
        while batch := list(islice(remaining, EVERY)):
            self.memory.look_ahead({name for one in batch for name in _concerned(*one)})
            for subject, pieces in batch:
                yield from self.of(subject, pieces)
            yield Checkpoint(cursor=cursor)

    def of(self, subject: str, fresh: Pieces) -> Iterator[Record]:
        """Everything about one subject, what is kept of it included."""
        known = self.memory.known(subject)
        pieces = self._pieces(known, fresh)
        changed = changes(known.pieces, pieces)
        if not pieces:
            yield from self._undone(subject, known, changed)
            return
        if changed:
            yield self.memory.patch(subject, known, changed)
        found, before = assembled(pieces), assembled(known.pieces) if known.pieces else Assembled()
        if changed and found.subscription:
            yield from self._seen_again(known, found.subscription)
        self._seek_coupons(found)
        rebuilt = self._rebuilt(subject, known, found)
        if self.whole and changed and known.pieces:
            earlier = self._rebuilt(subject, known, before)
            if _facts(earlier) != _facts(rebuilt):
                self.differing.append(subject)
        for used in sorted(self._used(found) - self._used(before)):
            yield self.memory.use(used, subject)
        for news in (self._news, *(shelf.news for shelf in self._shelves)):
            yield from news
            news.clear()
        yield from self._doubted(subject, found.customer, rebuilt)

    def _seen_again(self, known: Known, sub: shapes.Subscription) -> Iterator[Observation]:
        """What changed where events may have been missed is kept as one would be."""
        if self.began is None or known.changed_at is None:
            return
        gap = missed(known.changed_at, self.began)
        if gap is not None:
            seen = sighting(sub, (self.began, self.now), gap)
            known.events.append(seen)
            yield seen

    def _undone(self, subject: str, known: Known, changed: Pieces) -> Iterator[Record]:
        """Of a schedule that became a subscription, nothing is left."""
        if changed:
            yield self.memory.patch(subject, known, changed)
            yield Tombstone(kind=TombstoneKind.SUBSCRIPTION, id=subject)

    def _pieces(self, known: Known, fresh: Pieces) -> Pieces:
        """What is evidence now. Of what is known, only what can be undone may be gone."""
        there = merged(known.pieces, fresh)
        if self.whole:
            for name in known.pieces.keys() - fresh.keys():
                if _is_draft(name, known.pieces[name]):
                    there[name] = None
        return {name: data for name, data in there.items() if data is not None}

    def _rebuilt(self, subject: str, known: Known, found: "Assembled") -> Rebuilt:
        customer, events = self._customer(found.customer)
        return rebuild(
            Evidence(
                id=subject,
                now=self.now,
                catalog=self.catalog,
                subscription=found.subscription,
                customer=customer,
                invoices=found.invoices,
                invoice_items=found.items,
                schedule=found.schedule,
                discounts=found.told,
                observations=[*known.events, *events],
                livemode=self.livemode,
            )
        )

    def _seek_coupons(self, found: "Assembled") -> None:
        """A deleted coupon is in no list; where only items had it, their lines still tell it.

        An item's discount names its coupon by id: more does not fit into the four levels of
        `expand`. Stripe's lists of lines have two levels less above it.
        """
        coupons = self._coupons
        for coupon, invoice in found.taken_off():
            if coupon not in self._sought and coupon not in coupons:
                self._sought.add(coupon)
                self.lines(invoice)
                coupons.forget(coupon)

    def _customer(self, key: str | None) -> tuple[shapes.Customer | None, list[Observation]]:
        """The customer with its discount; one that was not listed is gone."""
        if key is None:
            return None, []
        known = self.memory.known(key)
        kept = known.pieces.get("customer")
        data = self.spool.get(f"customer:{key}") or (not self.whole and kept)
        data = data or encoded(shapes.Customer(id=key, deleted=self.whole))
        if data != (kept or encoded(shapes.Customer(id=key))):
            self._news.append(self.memory.patch(key, known, {"customer": data}))
        return decoded(data, shapes.Customer), known.events

    def _used(self, found: "Assembled") -> set[str]:
        """Whose change is a change of this subscription: its customer, its products."""
        prices = {shapes.id_of(one) for one in found.prices()} - {None}
        listed = [(price, self.catalog.prices.get(price or "")) for price in prices]
        products = {(one and shapes.id_of(one.product)) or price or "" for price, one in listed}
        return products | ({found.customer} if found.customer else set())

    def _doubted(self, subject: str, customer: str | None, rebuilt: Rebuilt) -> Iterator[Record]:
        """Where something could not be read, what is known of the items stays."""
        stated = rebuilt.subscription
        if stated is not None and self.spool.doubted("*", subject, customer or ""):
            items = [replace(item, complete=False) for item in stated.items]
            rebuilt = replace(rebuilt, subscription=replace(stated, items=items))
        yield from rebuilt.records()


@dataclass(slots=True)
class Assembled:
    """Pieces of one subject as objects again."""

    subscription: shapes.Subscription | None = None
    invoices: list[shapes.Invoice] = field(default_factory=list)
    items: list[shapes.InvoiceItem] = field(default_factory=list)
    schedules: list[shapes.Schedule] = field(default_factory=list)
    told: list[shapes.Discount] = field(default_factory=list)

    @property
    def customer(self) -> str | None:
        """Whose it is."""
        for one in (self.subscription, *self.schedules, *self.invoices):
            if one is not None:
                return shapes.id_of(one.customer)
        return None

    @property
    def schedule(self) -> shapes.Schedule | None:
        """The schedule in charge: the one that the subscription names, else the newest."""
        named = self.subscription and self.subscription.schedule
        if self.subscription is not None and not named:
            return None
        mine = [one for one in self.schedules if named in (None, one.id)]
        return max(mine, key=lambda one: (one.created or 0, one.id), default=None)

    def discounts(self) -> Iterator[shapes.Discount]:
        """Every discount that stands anywhere as more than its id."""
        yield from self.told
        sub = self.subscription
        holders: list[Any] = [
            *self.invoices,
            *(line for i in self.invoices for line in i.lines.data),
        ]
        if sub is not None:
            holders += [sub, *(sub.items.data if sub.items else ())]
        for holder in holders:
            yield from (d for d in holder.discounts or () if isinstance(d, shapes.Discount))

    def taken_off(self) -> Iterator[tuple[str, str]]:
        """Every coupon that a line names by its id, and the line's invoice."""
        for invoice in self.invoices:
            for one in (d for line in invoice.lines.data for d in line.discounts or ()):
                held = (
                    one.source.coupon if isinstance(one, shapes.Discount) and one.source else None
                )
                if isinstance(held, str):
                    yield held, invoice.id

    def prices(self) -> Iterator[shapes.Price | str | None]:
        """Every price that is named anywhere."""
        sub = self.subscription
        if sub is not None:
            yield sub.plan
            yield from (item.price or item.plan for item in (sub.items.data if sub.items else ()))
        lines = [line for one in self.invoices for line in one.lines.data]
        charges: list[shapes.Line | shapes.InvoiceItem] = [*lines, *self.items]
        for charge in charges:
            details = charge.pricing.price_details if charge.pricing else None
            yield charge.price or charge.plan or (details.price if details else None)


_SHAPES: Mapping[str, type[shapes.Shape]] = {
    "subscription": shapes.Subscription,
    "invoice": shapes.Invoice,
    "item": shapes.InvoiceItem,
    "schedule": shapes.Schedule,
    "discount": shapes.Discount,
}


def assembled(pieces: Mapping[str, bytes | None]) -> Assembled:
    """The objects that pieces are of, with their inner lists."""
    found: dict[str, list[Any]] = defaultdict(list)
    lines, items = defaultdict[str, list[shapes.Line]](list), list[shapes.SubscriptionItem]()
    for name in sorted(pieces):
        data = pieces[name]
        kind, _, key = name.partition(":")
        if data is None:
            continue
        if kind == "lines":
            lines[key.partition(":")[0]] += decoded_list(data, shapes.Line)
        elif kind == "items":
            items += decoded_list(data, shapes.SubscriptionItem)
        elif kind in _SHAPES:
            found[kind].append(decoded(data, _SHAPES[kind]))
    for invoice in found["invoice"]:
        invoice.lines.data += lines[invoice.id]
    sub = found["subscription"][0] if found["subscription"] else None
    if sub is not None and items:
        sub.items = shapes.Page(data=items)
    return Assembled(sub, found["invoice"], found["item"], found["schedule"], found["discount"])


class _Owned(msgspec.Struct):
    customer: str | None = None


def _concerned(subject: str, pieces: Pieces) -> Iterator[str]:
    """The subject and its customer, as far as the pieces tell."""
    yield subject
    for data in (pieces.get("subscription"), *islice(pieces.values(), 1)):
        if data is not None and data.startswith(b"{"):
            owned = decoder(_Owned).decode(data)
            if owned.customer:
                yield owned.customer
                return


def _is_draft(name: str, data: bytes) -> bool:
    return name.startswith("invoice:") and decoded(data, shapes.Invoice).status == "draft"


def _facts(rebuilt: Rebuilt) -> object:
    """What is stated, whatever it rests on."""
    stated = rebuilt.subscription
    if stated is None:
        return None
    return sorted(
        (item.id, item.kind, [replace(point, source_ref="") for point in item.points])
        for item in stated.items
    )
