"""What changed since the last pull, from its events: they carry the objects as they became.

Only what an event does not carry is asked for: more than the first lines of an invoice, a discount
that comes as its id, tiers, a subscription of which nothing is known yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from tenure import Checkpoint, PullRequest, Quarantined, Record
from tenure_connectors.decoding import decoder
from tenure_connectors.spool import Pieces
from tenure_connectors.stripe import pieces, shapes
from tenure_connectors.stripe.account import (
    EVENTS,
    INVOICE_ITEMS,
    INVOICES,
    PRICES,
    SCHEDULES,
    SHELVES,
    SUBSCRIPTIONS,
    Account,
    stated,
)
from tenure_connectors.stripe.catalog import Catalog
from tenure_connectors.stripe.cursor import OVERLAP, Cursor
from tenure_connectors.stripe.events import discount_events, snapshots
from tenure_connectors.stripe.listing import Listing
from tenure_connectors.stripe.memory import Memory
from tenure_connectors.stripe.pieces import decoded, encoded
from tenure_connectors.stripe.statement import Statement, assembled
from tenure_connectors.stripe.sweep import News
from tenure_connectors.stripe.topics import TYPES

_KINDS: tuple[tuple[str, type[shapes.Shape]], ...] = (
    ("customer.subscription.", shapes.Subscription),
    ("customer.discount.", shapes.Discount),
    ("customer.", shapes.Customer),
    ("invoiceitem.", shapes.InvoiceItem),
    ("invoice.", shapes.Invoice),
    ("product.", shapes.Product),
    ("price.", shapes.Price),
    ("coupon.", shapes.Coupon),
    ("tax_rate.", shapes.TaxRate),
    ("subscription_schedule.", shapes.Schedule),
    ("credit_note.", shapes.CreditNote),
)

_PROGRESS = {"draft": 0, "open": 1, "uncollectible": 2, "paid": 3, "void": 3}
"""Of two states of an invoice in the same second, the one further on came later."""

_LAST = 2**62
"""The rank of what was read just now."""


@dataclass(slots=True)
class Increment:
    """One pull of what changed; `reached` tells whether the events went back to the cursor."""

    request: PullRequest
    account: Account
    cursor: Cursor
    memory: Memory = field(init=False)
    news: News = field(init=False)
    _known: frozenset[str] = field(init=False)
    _came_back: bool = field(init=False, default=False)
    _arrived: int = field(init=False, default=0)
    _newest: dict[str, int] = field(init=False, default_factory=dict)
    _new_prices: bool = field(init=False, default=False)
    _lines: set[str] = field(init=False, default_factory=set)
    _asked: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.memory = Memory(self.request, self.request.clock())
        self.news = News(self.cursor.until, self.request.clock())
        self._known = frozenset(self.cursor.seen)

    @property
    def reached(self) -> bool:
        """An event that was seen before comes again, unless Stripe has forgotten it."""
        return self._came_back or not self.cursor.seen

    def read(self) -> Iterator[Record]:
        """Read the events; what they say lies on the spool then."""
        since = self.cursor.since or EVENTS.since
        events = replace(EVENTS, since=since, narrow=6 * OVERLAP, known=self._known)
        lists = [replace(events, params={"types": types}) for types in TYPES]
        for page in self.account.pages(*lists):
            if page.listing.kind is not shapes.Event:
                yield from self.account.taken(page)
                continue
            yield from self.account.raw(page)
            for event in page.objects:
                yield from self._event(event)
        if self._new_prices:
            yield from self.account.read(replace(PRICES, since=since))

    def state(self) -> Iterator[Record]:
        """State every subscription that was touched."""
        spool, account = self.account.spool, self.account
        statement = Statement(
            spool,
            self.memory,
            self.request.clock(),
            account.livemode,
            whole=False,
            lines=account.lay_coupons,
            ask=account.ask,
        )
        yield Checkpoint(cursor=self.cursor.as_json())  # what was observed is known from here on
        yield from account.read(*self._again())
        self._use_up(statement.catalog)
        current = ((s, self._current(s, fresh)[0]) for s, fresh in spool.subjects())
        yield from statement.all(current, self.cursor.as_json())
        until, seen = self.news.until, self.news.seen
        if until == self.cursor.until:  # not all of the old ones were read again
            seen = tuple(sorted({*seen, *self.cursor.seen}))
        self.cursor = replace(self.cursor, until=until, seen=seen, read_at=self.request.clock())
        yield Checkpoint(cursor=self.cursor.as_json())

    # --- events

    def _event(self, event: shapes.Event) -> Iterator[Record]:
        self.news.add(event)
        if event.id in self._known:
            self._came_back = True
            return
        yield from self.account.observed(event)
        self._arrived += 1
        kind = next((kind for prefix, kind in _KINDS if event.type.startswith(prefix)), None)
        if kind is None or not self.account.is_ours(event):
            return
        try:
            one = decoder(kind).decode(event.data.object)
        except msgspec.ValidationError as error:
            if not event.type.startswith(("customer.subscription.", "customer.discount.")):
                raw = bytes(event.data.object).decode(errors="replace")
                yield Quarantined(source_ref=event.id, reason=str(error), raw=raw)
            return
        yield from self._happened(event, one)

    def _happened(self, event: shapes.Event, one: Any) -> Iterator[Record]:
        """What an event says: pieces, things for the shelf, and who is touched."""
        gone, rank = event.type.endswith(".deleted"), self._rank(event, one)
        if isinstance(one, shapes.Subscription):
            yield from self.account.take(one, rank)
        elif isinstance(one, shapes.Discount):
            self._discount(one, rank, gone=gone)
        elif isinstance(one, shapes.Customer):
            yield from self._customer(one, rank, gone=gone)
        elif isinstance(one, shapes.Price):
            self._price(event, one)
        elif isinstance(one, shapes.Product | shapes.Coupon | shapes.TaxRate):
            self._thing(one, rank)
        elif isinstance(one, shapes.Invoice):
            yield from self._invoice(one, rank, gone=gone)
        elif isinstance(one, shapes.InvoiceItem):
            one.deleted = one.deleted or gone
            yield from self.account.take(one, rank)
        else:
            yield from self.account.take(one, rank)

    def _rank(self, event: shapes.Event, one: Any) -> int:
        """Later is higher; of one second, what came first in the list, which is newest first."""
        progress = _PROGRESS.get(one.status or "", 0) if isinstance(one, shapes.Invoice) else 0
        return (event.created * 4 + progress) * 10**6 - min(self._arrived, 10**6 - 1)

    def _is_newer(self, name: str, rank: int) -> bool:
        newer = rank > self._newest.get(name, -1)
        if newer:
            self._newest[name] = rank
        return newer

    def _invoice(self, one: shapes.Invoice, rank: int, *, gone: bool) -> Iterator[Record]:
        if gone:
            for piece in pieces.of_invoice(one, self.account.aside):
                self.account.spool.add(piece.subject, piece.name, None, _LAST)
            return
        if one.lines.has_more and one.id in self._lines:
            one.lines = shapes.Page()
        elif one.lines.has_more:
            self._lines.add(one.id)
        yield from self.account.take(one, rank)

    def _discount(self, one: shapes.Discount, rank: int, *, gone: bool) -> None:
        customer = shapes.id_of(one.customer)
        if one.subscription is not None:
            self._touch(one.subscription)
        elif customer is not None and self._is_newer(f"customer:{customer}", rank):
            held = shapes.Customer(id=customer, discount=None if gone else one)
            self._hold(held)

    def _customer(self, one: shapes.Customer, rank: int, *, gone: bool) -> Iterator[Record]:
        if not self._is_newer(f"customer:{one.id}", rank):
            return
        one.deleted = one.deleted or gone
        if not one.deleted:
            yield stated(one)
        self._hold(one)

    def _hold(self, one: shapes.Customer) -> None:
        """A customer whose discount is another one touches all its subscriptions."""
        data, known = pieces.of_customer(one, self.account.aside), self.memory.known(one.id)
        self.account.spool.put(f"customer:{one.id}", data)
        if data != known.pieces.get("customer", encoded(shapes.Customer(id=one.id))):
            self._touch(*self.memory.users(one.id))

    def _thing(self, one: Any, rank: int) -> None:
        kind = SHELVES[type(one)]
        name = f"{kind}:{one.id}"
        if not self._is_newer(name, rank):
            return
        known = self.memory.known(one.id)
        before = known.pieces.get(kind)
        if kind == "product":
            self.account.spool.put(name, encoded(one))
            if before and decoded(before, shapes.Product).name != one.name:
                self._touch(*self.memory.users(one.id))
        elif before is None:  # an event tells less of a coupon than its list does
            self.account.spool.put(f"inside {name}", encoded(one), over=False)

    def _price(self, event: shapes.Event, one: shapes.Price) -> None:
        """A new price is read with its tiers; of an old one little can change."""
        known = self.memory.known(one.id)
        before = known.pieces.get("price")
        if event.type == "price.created" or before is None:
            self._new_prices = True
            return
        old = decoded(before, shapes.Price)
        if old.nickname != one.nickname:
            now = self.account.ask("price", one.id)
            if now is not None:
                self.account.spool.put(f"price:{one.id}", now)
            product = shapes.id_of(old.product) or one.id
            self._touch(*self.memory.users(product))

    def _touch(self, *subscriptions: str) -> None:
        for one in subscriptions:
            self.account.spool.add(one, "touched", None)

    # --- what an event does not carry

    def _current(self, subject: str, fresh: Pieces) -> tuple[Pieces, bool]:
        """The pieces with their discounts filled in; whether the subscription has an unknown one.

        Events carry a discount as its id: an earlier object or an event of its own tells the rest.
        """
        known = self.memory.known(subject)
        before, there = assembled(known.pieces), assembled(fresh)
        ours = self._discounts(there.customer or before.customer)
        told = {one.id: one for one in (*before.discounts(), *there.discounts(), *ours)}
        told |= {one.discount.id: one.discount for one in discount_events(known.events)}
        current, unknown = dict(fresh), False
        for name, data in fresh.items():
            if data is not None and name.startswith("invoice:"):
                invoice = decoded(data, shapes.Invoice)
                pieces.tell(invoice, told)
                current[name] = encoded(invoice)
        data, seen = fresh.get("subscription"), snapshots(known.events)
        if data and seen and decoded(data, shapes.Subscription).customer not in self._asked:
            sub = seen[-1].subscription  # of events of one second, the last by what each changed
            unknown = pieces.tell(sub, told)
            current |= {p.name: p.data for p in pieces.of_subscription(sub, self.account.aside)}
        return current, unknown

    def _discounts(self, customer: str | None) -> Iterator[shapes.Discount]:
        """What is told of the discounts of a customer."""
        if customer is None:
            return
        known = self.memory.known(customer)
        for data in (known.pieces.get("customer"), self.account.spool.get(f"customer:{customer}")):
            held = decoded(data, shapes.Customer).discount if data else None
            if held is not None:
                yield held
        yield from (one.discount for one in discount_events(known.events))

    def _held(self, customer: str) -> shapes.Discount | None:
        """The discount that a customer has now, as far as is told."""
        known = self.memory.known(customer).pieces.get("customer")
        data = self.account.spool.get(f"customer:{customer}") or known
        return decoded(data, shapes.Customer).discount if data else None

    def _use_up(self, catalog: Catalog) -> None:
        """What a customer had off for once is gone with the bill that took it; no event says so.

        Whoever else's next bill it waited for, it is taken from the customer.
        """
        for _, fresh in self.account.spool.subjects():
            for bill in assembled(fresh).invoices:
                amounts = bill.total_discount_amounts or ()
                taken = {shapes.id_of(one.discount) for one in amounts if one.amount}
                customer = shapes.id_of(bill.customer) if taken else None
                held = self._held(customer) if customer else None
                coupon = catalog.coupon(held) if held and held.id in taken else None
                if customer and coupon and coupon.duration == "once":
                    self._hold(shapes.Customer(id=customer))

    def _again(self) -> Iterator[Listing]:
        """What has to be asked for: all of an unknown subscription, discounts known by id alone."""
        for subject, fresh in self.account.spool.subjects():
            customer = assembled(fresh).customer
            if customer is None:
                continue
            whole = self._is_unknown(subject)
            if whole or self._current(subject, fresh)[1]:
                self._asked.add(customer)
                yield _asked(SUBSCRIPTIONS, customer=customer)
            if whole:
                yield _asked(INVOICES, subscription=subject)
                yield _asked(INVOICE_ITEMS, customer=customer)
                yield _asked(SCHEDULES, customer=customer)

    def _is_unknown(self, subject: str) -> bool:
        """Whether an earlier pull did not see a subscription that did not begin since."""
        known = self.memory.known(subject)
        began = any(str(e.data["type"]).endswith("subscription.created") for e in known.events)
        planned = any(name.startswith("schedule:") for name in known.pieces) or subject.startswith(
            "sub_sched_"
        )
        return not (known.pieces or began or planned)


def _asked(listing: Listing, **of: str) -> Listing:
    return replace(listing, params={**listing.params, **of}, rank=_LAST)
