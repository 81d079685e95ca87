"""What the merchant and its customers do to a subscription, one method per request of the API."""

from dataclasses import dataclass
from fractions import Fraction

from tenure_connectors.stripe.world import render_billing
from tenure_connectors.stripe.world.billing import STATE, Billing
from tenure_connectors.stripe.world.book import Book
from tenure_connectors.stripe.world.catalog import Coupon, Price, TaxRate
from tenure_connectors.stripe.world.moments import DAY, later
from tenure_connectors.stripe.world.things import Invoice, Item, Line, Sub
from tenure_connectors.stripe.world.truth import EVERYTHING, GIVEN, OFF, TERMS, Doubt
from tenure_connectors.stripe.world.vouchers import Vouchers
from tenure_connectors.stripe.world.worth import worths

NO_PRORATION = "a change without proration, known only by the next renewal"
NOTHING = "a proration of nothing, which only words tell from a credit"
IN_TRIAL = "a change during a trial, which no invoice shows before its end"
WITHDRAWN = "a request to cancel that was withdrawn"
OVERTAKEN = "a request to cancel that an immediate cancel overtook"
ONCE_CHANGED = "a discount for once after an item of its bill changed"


@dataclass(slots=True)
class Order:
    """What a new subscription is made of."""

    prices: list[tuple[Price, int]]
    trial_days: int = 0
    coupon: Coupon | None = None
    item_coupon: Coupon | None = None
    tax: TaxRate | None = None
    fee: Price | None = None
    days_until_due: int | None = None  # by invoice, not by card
    flexible: bool = False
    no_card: bool = False
    start: int | None = None  # before now: backdated
    anchor: int | None = None  # after now: the first period is a short one
    trial_end_behavior: str = "create_invoice"


@dataclass(slots=True)
class Desk:
    """Acts on the subscriptions of one customer, now."""

    book: Book
    billing: Billing
    vouchers: Vouchers

    # -- starts

    def subscribe(self, order: Order) -> Sub:
        book, now = self.book, self.book.now
        start = now if order.start is None else order.start
        anchor = order.anchor or now
        sub = Sub(book.id("sub"), book.person, now, start, anchor, flexible=order.flexible)
        sub.tax_rates = [order.tax] if order.tax else []
        if order.days_until_due is not None:
            sub.collection_method, sub.days_until_due = "send_invoice", order.days_until_due
        sub.no_card = order.no_card
        sub.trial_end_behavior = order.trial_end_behavior
        book.shelf.subs.append(sub)
        for price, quantity in order.prices:
            book.item(sub, price, quantity, start)
        if order.coupon:
            sub.discounts.append(self.vouchers.discounted(order.coupon, sub))
        if order.item_coupon:
            item = sub.items[0]
            item.discounts.append(self.vouchers.discounted(order.item_coupon, sub, item))
        if order.trial_days:
            self.begin_trial(sub, order.trial_days)
        elif order.no_card:
            sub.status = "incomplete"
        book.note(sub)
        if order.fee is not None:
            self.billing.fee(sub, order.fee)
        if order.start is not None:
            self.billing.backdate(sub)
        self.billing.first(sub)
        book.note(sub)
        book.tell("customer.subscription.created", lambda: render_billing.subscription(sub))
        return sub

    def begin_trial(self, sub: Sub, days: int) -> None:
        sub.trial = (self.book.now, later(self.book.now, "day", days))
        sub.status = "trialing"
        sub.anchor = sub.trial[1]
        self.book.at(sub.trial[1], lambda: self.end_trial(sub))

    def end_trial(self, sub: Sub) -> None:
        """The trial converts: its end is the anchor, and the first full period is billed."""
        if sub.status != "trialing" or sub.trial is None or sub.trial[1] > self.book.now:
            return
        if sub.cancel_at is not None and sub.cancel_at <= self.book.now:
            return
        if sub.no_card and sub.trial_end_behavior == "cancel":
            self.cancel(sub, None)
            return
        with self.book.updating(sub):
            paused = sub.no_card and sub.trial_end_behavior == "pause"
            sub.status = "paused" if paused else "active"
        if paused:
            kind = "customer.subscription.paused"
            self.book.tell(kind, lambda: render_billing.subscription(sub))
        self.billing.renew(sub)
        self.book.note(sub)

    # -- trials by hand

    def move_trial(self, sub: Sub, end: int) -> None:
        """The end of a running trial is set anew: to a later day, or to now."""
        assert sub.trial is not None
        with self.book.updating(sub):
            sub.trial = (sub.trial[0], end)
            sub.anchor = end
            for item in sub.items:
                item.period = (item.period[0], end)
        self.book.at(end, lambda: self.end_trial(sub))

    # -- changes

    def change(
        self,
        sub: Sub,
        item: Item,
        price: Price,
        quantity: int,
        *,
        proration: str = "create_prorations",
    ) -> None:
        """Another price or quantity: the API's `proration_behavior` is one of its three."""
        new_cycle = (price.interval, price.interval_count) != (
            item.price.interval,
            item.price.interval_count,
        )
        with self.book.updating(sub):
            if sub.status == "trialing":
                item.price, item.quantity = price, quantity
                self.book.note(sub, IN_TRIAL)
            elif new_cycle:
                self.restart_cycle(sub, item, price, quantity, proration)
            else:
                self.change_within(sub, item, price, quantity, proration)

    def change_within(
        self, sub: Sub, item: Item, price: Price, quantity: int, proration: str
    ) -> None:
        if proration == "none" or price.metered:
            item.price, item.quantity = price, quantity
            self.book.note(sub, NO_PRORATION)
            return
        credit = self.credit(sub, item)
        self.cut_once(sub)
        item.price, item.quantity = price, quantity
        self.settle(sub, [self.charge(sub, item), credit], proration)

    def settle(
        self, sub: Sub, proofs: list[Line], proration: str, hidden: str | None = None
    ) -> None:
        """Bill the prorations at once, or let them wait for the next invoice."""
        if proration == "always_invoice" and proofs:
            self.invoice_now(sub)
        proof = proofs[0] if proofs and proofs[0].invoice is None else None
        if proofs and not any(line.amount for line in proofs):
            hidden, proofs = NOTHING, []
        self.book.note(sub, hidden, proof)
        for line in proofs:
            if line.item is not None:
                track = self.book.shelf.tracks[line.item.id]
                over = (GIVEN,) if line.item.removed is not None else ()
                track.pin(self.book.now, (*TERMS, "discount", *over), proof)

    def restart_cycle(
        self, sub: Sub, item: Item, price: Price, quantity: int, proration: str
    ) -> None:
        """From month to year, say: the cycle begins anew and is billed at once."""
        if proration != "none":
            self.credit(sub, item)
        sub.anchor = self.book.now
        item.price, item.quantity = price, quantity
        item.period = self.billing.period(sub, item, self.book.now)
        marked = proration != "none" and sub.flexible
        if marked:
            self.charge(sub, item)
        self.cut_once(sub)
        item.once = []
        self.invoice_now(sub, [] if marked else [item])
        self.book.note(sub)
        self.book.shelf.tracks[item.id].pin(self.book.now, (*TERMS, *OFF))
        self.billing.await_renewal(sub)

    def invoice_now(self, sub: Sub, items: list[Item] | None = None) -> Invoice:
        invoice = self.billing.invoice(sub, "subscription_update", items or [])
        self.billing.finalize(invoice)
        return invoice

    def credit(self, sub: Sub, item: Item) -> Line:
        return self.billing.prorate(sub, item, -1, self.gross(sub, item), item.price)

    def charge(self, sub: Sub, item: Item) -> Line:
        return self.billing.prorate(sub, item, 1, self.gross(sub, item), item.price)

    def gross(self, sub: Sub, item: Item) -> Fraction:
        """What a whole period costs after the running discounts: what a proration is part of."""
        worth = worths(sub, self.book.now)[item.id]
        full = item.price.amount(item.quantity)
        return full * (worth.amount - worth.running) / worth.amount if worth.amount else full

    def cut_once(self, sub: Sub) -> None:
        """What a discount for once is worth after a change in its period is a convention."""
        for item in (item for item in sub.items if item.once):
            track = self.book.shelf.tracks[item.id]
            until = item.period[1]
            doubt = Doubt(self.book.now, until, ("discount_once",), ONCE_CHANGED, known_by=-1)
            track.extra.append(doubt)

    def add(self, sub: Sub, price: Price, quantity: int, *, proration: str) -> Item:
        """Another item in mid-period; its period is counted from the subscription's anchor."""
        with self.book.updating(sub):
            item = self.book.item(sub, price, quantity)
            item.period = self.billing.period(sub, item, self.book.now)
            item.origin = item.period[0]
            unpaid = proration == "none" or price.metered
            proofs = [] if unpaid else [self.charge(sub, item)]
            self.settle(sub, proofs, proration, NO_PRORATION if unpaid else None)
            self.billing.await_renewal(sub)
        return item

    def remove(self, sub: Sub, item: Item, *, proration: str) -> None:
        """An item leaves before its subscription does."""
        with self.book.updating(sub):
            proofs = [] if proration == "none" else [self.credit(sub, item)]
            self.cut_once(sub)
            for discount in item.discounts:
                self.vouchers.forget_unused(discount, known_by=discount.start)
                self.vouchers.forget_terms(discount, item)
            sub.items.remove(item)
            sub.gone.append(item)
            item.removed = self.book.now
            for line in proofs:
                line.item = item
            hidden = NO_PRORATION if proration == "none" else None
            self.settle(sub, proofs, proration, hidden)
            self.book.at(item.period[1], lambda: self.miss(sub, item))
            self.billing.await_renewal(sub)

    def miss(self, sub: Sub, item: Item) -> None:
        """An item that is gone is missed on the bill of its next period."""
        if sub.live:
            self.book.shelf.tracks[item.id].pin(self.book.now, EVERYTHING)

    # -- ends

    def request_end(self, sub: Sub, cancel_at: int | None = None) -> None:
        """Cancel at the period's end (the earliest of the items', say the docs), or on a day."""
        with self.book.updating(sub):
            sub.cancel_at_period_end = cancel_at is None
            sub.cancel_at = cancel_at or min(item.period[1] for item in sub.items)
            sub.canceled_at = self.book.now
            sub.reason = "cancellation_requested"
        self.book.note(sub)
        self.book.at(sub.cancel_at, lambda: self.end_as_asked(sub))

    def withdraw(self, sub: Sub) -> None:
        """The customer stays: nothing but an event says that it had asked to go."""
        self.forget_request(sub, WITHDRAWN, known_by=self.book.now)
        with self.book.updating(sub):
            sub.cancel_at = sub.canceled_at = sub.reason = None
            sub.cancel_at_period_end = False
        self.book.note(sub)

    def forget_request(self, sub: Sub, reason: str, known_by: int) -> None:
        assert sub.canceled_at is not None
        values: dict[str, frozenset[object]] = {"ends_at": frozenset({None, sub.cancel_at})}
        for item in sub.items:
            doubt = Doubt(sub.canceled_at, self.book.now, ("ends_at",), reason, values, known_by)
            self.book.shelf.tracks[item.id].extra.append(doubt)

    def end_as_asked(self, sub: Sub) -> None:
        if sub.live and sub.cancel_at == self.book.now:
            self.bill_leftovers(sub)
            self.close(sub)

    def bill_leftovers(self, sub: Sub) -> None:
        """At a period's end, what still waits (and usage) is billed; nothing new is."""
        metered = [item for item in sub.items if item.price.metered]
        if metered or any(line.invoice is None for line in self.billing.pending(sub)):
            invoice = self.billing.invoice(sub, "subscription_cycle", [], arrears=metered)
            self.billing.finalize(invoice)

    def cancel(self, sub: Sub, reason: str | None = "cancellation_requested") -> None:
        """End at once: prorations that wait are dropped with it."""
        for line in self.billing.pending(sub):
            line.dropped = line.invoice is None
            if line.dropped:
                self.billing.tell_item("deleted", line)
        if sub.canceled_at is not None:
            self.forget_request(sub, OVERTAKEN, known_by=sub.canceled_at)
        sub.canceled_at = self.book.now
        sub.cancel_at = None
        sub.cancel_at_period_end = False
        sub.reason = reason
        self.close(sub)

    def close(self, sub: Sub) -> None:
        self.forget_drafts(sub)
        sub.status = "canceled"
        sub.ended_at = self.book.now
        sub.canceled_at = self.book.now if sub.canceled_at is None else sub.canceled_at
        self.book.note(sub)
        self.book.pin(sub, (*TERMS, *STATE, GIVEN))
        kind = "customer.subscription.deleted"
        self.book.tell(kind, lambda: render_billing.subscription(sub))

    def forget_drafts(self, sub: Sub) -> None:
        """A draft of today that the end of its subscription leaves behind tells no pause."""
        today = self.book.now - DAY
        drafts = [i for i in self.book.shelf.invoices if i.sub is sub and i.status == "draft"]
        untold = {invoice.period[1] for invoice in drafts if invoice.period[1] > today}
        for item in sub.items:
            track = self.book.shelf.tracks[item.id]
            track.pins = [p for p in track.pins if p.names != STATE or p.at not in untold]
