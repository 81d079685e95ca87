"""Discounts given, lapsed and taken away, and what nothing tells of them afterwards."""

from dataclasses import dataclass

from tenure_connectors.stripe.world import render
from tenure_connectors.stripe.world.book import Book
from tenure_connectors.stripe.world.catalog import Coupon, Discount
from tenure_connectors.stripe.world.moments import later
from tenure_connectors.stripe.world.things import Item, Sub
from tenure_connectors.stripe.world.truth import FIELDS, GIVEN, Change, Doubt

UNUSED = "a discount that came and went between two invoices"
ID_ALONE = "an item that went with a discount of which nothing tells but its id"
HAND_REMOVED = "a discount removed by hand, known by the next invoice"


@dataclass(slots=True)
class Vouchers:
    """The discounts of one customer, of its subscriptions and of their items."""

    book: Book

    def discounted(self, coupon: Coupon, sub: Sub | None, item: Item | None = None) -> Discount:
        now = self.book.now
        months = coupon.duration_in_months
        made = Discount(
            self.book.id("di"),
            coupon,
            now,
            self.book.person.id,
            end=later(now, "month", months) if months else None,
            subscription=sub.id if sub else None,
            subscription_item=item.id if item else None,
        )
        self.book.shelf.discounts.append(made)
        self.book.tell_discount("created", made)
        if made.end is not None:
            self.book.at(made.end, lambda: self.lapse(made))
        return made

    def apply(self, sub: Sub, coupon: Coupon, item: Item | None = None) -> None:
        with self.book.updating(sub):
            made = self.discounted(coupon, sub, item)
            (item or sub).discounts = [*(item or sub).discounts, made]
        self.book.note(sub)

    def give(self, coupon: Coupon) -> None:
        """A discount of the customer, for every subscription without one of its own."""
        before = render.customer(self.book.person)
        self.book.person.discount = self.discounted(coupon, None)
        self.tell_customer(before)
        self.note_all()

    def tell_customer(self, before: render.Json) -> None:
        person = self.book.person
        self.book.tell("customer.updated", lambda: render.customer(person), before)

    def note_all(self, hidden: str | None = None) -> None:
        for sub in self.book.shelf.subs:
            if sub.live:
                self.book.note(sub, hidden)

    def lapse(self, discount: Discount) -> None:
        """A repeating discount reaches its end."""
        if discount.removed is None:
            self.take_away(discount)
            self.note_all()

    def take_away(self, discount: Discount) -> None:
        person = self.book.person
        self.forget_unused(discount, known_by=self.book.now)
        if person.discount is discount:
            before = render.customer(person)
            person.discount = None
            self.tell_customer(before)
        for sub in self.book.shelf.subs:
            every: list[Sub | Item] = [sub, *sub.items]
            holders = [h for h in every if discount in h.discounts]
            if holders and sub.live:
                with self.book.updating(sub):
                    for holder in holders:
                        holder.discounts = [d for d in holder.discounts if d is not discount]
        self.book.tell_discount("deleted", discount)

    def forget_unused(self, discount: Discount, *, known_by: int) -> None:
        """Nothing but an event tells of a discount that is gone and was on no invoice.

        Nor, if the customer had one, that it replaced that on every item.
        """
        now = self.book.now
        replaced = discount.subscription is not None and any(
            d.subscription is None and d.start < now and (d.end or now) > discount.start
            for d in self.book.shelf.discounts
        )
        for sub in self.book.shelf.subs:
            held = discount.subscription in (None, sub.id)
            if not held or sub.id in discount.used_by:
                continue
            own = discount.subscription_item
            for item in (*sub.items, *sub.gone):
                track = self.book.shelf.tracks[item.id]
                span = list(track.between(discount.start, now))
                its = own in (None, item.id) and any(fact.discount for fact in span)
                if span and (its or replaced):
                    within = track.discounts_within(discount.start, now, UNUSED, known_by)
                    track.extra.append(within)

    def forget_terms(self, discount: Discount, item: Item) -> None:
        """Events name the discounts of an item by id: what one takes off, only a bill tells then.

        So the item is set aside, as nothing of it can be stated without a guess, since the last
        bill that does not name it: when it began, its id does not tell either.
        """
        if self.book.telling and not discount.used_by:
            track, names, start = (
                self.book.shelf.tracks[item.id],
                (*FIELDS, "point"),
                discount.start,
            )
            since = track.last_pin(GIVEN, start)
            track.extra.append(Doubt(since, self.book.now, names, ID_ALONE, known_by=start))

    def remove(self, sub: Sub) -> None:
        """A hand takes the subscription's discounts off in mid-period.

        That is a change of what there is, even where another discount or another product makes
        it come to the same: only the next bill tells it, whatever happens before.
        """
        now = self.book.now
        for discount in list(sub.discounts):
            discount.removed = now
            self.take_away(discount)
        self.note_all(HAND_REMOVED)
        for item in sub.items:
            track = self.book.shelf.tracks[item.id]
            track.changes.append(Change(now, ("discount",), HAND_REMOVED))
