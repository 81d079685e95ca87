"""What the account shows at one moment: every list, newest first, and every object by its id."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from tenure_connectors.stripe.world import errors, render, render_billing
from tenure_connectors.stripe.world.events import event_json

if TYPE_CHECKING:
    from tenure_connectors.stripe.world.world import Living, World

Json = dict[str, Any]
ACCOUNT = "acct_1Wworld"


@dataclass(slots=True)
class Entry:
    """An object: in its list (unless `listed` is false), by its id (unless deleted), expanded."""

    key: str
    created: int
    make: Callable[[], Json]
    listed: bool = True
    found: bool = True
    livemode: bool = True
    inner: dict[str, list[Any]] = field(default_factory=dict)
    made: Json | None = None
    altered: Json = field(default_factory=dict)

    @property
    def json(self) -> Json:
        """The object, rendered once; whoever changes it copies it first."""
        if self.made is None:
            self.made = self.make() | self.altered
        return self.made


class Account:
    """A photograph of a world: what follows in the world is not in it."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.now = world.now
        self.lists: dict[str, list[Entry]] = {}
        self.by_id: dict[str, Entry] = {}
        self.matching: dict[tuple[object, ...], list[Entry]] = {}  # by list and filters
        self.coupon_products = {coupon.id: coupon.products for coupon in world.catalog.coupons}
        self.price_tiers = {price.id: price for price in world.catalog.prices}
        for kind, entries in self.everything():
            self.lists[kind] = sorted(entries, key=lambda e: (e.created, e.key), reverse=True)
            self.by_id |= {entry.key: entry for entry in entries}
        for key, altered in world.altered.items():
            self.by_id[key].altered = altered

    def everything(self) -> Iterator[tuple[str, list[Entry]]]:
        catalog = self.world.catalog
        yield (
            "products",
            [Entry(p.id, p.created, partial(render.product, p)) for p in catalog.products],
        )
        yield (
            "prices",
            [
                Entry(p.id, p.created, partial(render.price, p), livemode=p.livemode)
                for p in catalog.prices
            ],
        )
        yield (
            "coupons",
            [
                Entry(c.id, c.created, partial(render.coupon, c), gone is None, gone is None)
                for c in catalog.coupons
                for gone in [c.deleted_at]
            ],
        )
        yield (
            "tax_rates",
            [Entry(r.id, r.created, partial(render.tax_rate, r)) for r in catalog.tax_rates],
        )
        meters = sorted({price.meter for price in catalog.prices if price.meter})
        yield "meters", [Entry(key, 0, partial(a_meter, key)) for key in meters]
        for kind, made in PER_CUSTOMER.items():
            yield kind, [entry for life in self.world.lives for entry in made(self, life)]

    def summaries(self, meter: str, query: dict[str, str]) -> list[Entry]:
        """What a customer used in a span of time: one summary, if anything was used in it."""
        start, end = int(query["start_time"]), int(query["end_time"])
        if start % 60 or end % 60:
            raise errors.refused(400, "Times must be aligned with minute boundaries.")
        lives = [life for life in self.world.lives if life.book.person.id == query["customer"]]
        used = sum(
            units * max(min(until, end) - max(since, start), 0) // (until - since)
            for life in lives
            for since, until, units in (*self.billed(life), *self.running(life, meter))
        )
        make = partial(summary, meter, (start, end, used))
        return [Entry(f"mtrusg_{meter}_{start}", start, make)] if used else []

    def billed(self, life: "Living") -> Iterator[tuple[int, int, int]]:
        """Periods of service that are over, and how much was used in each."""
        for _, since, until, units in life.book.shelf.usage:
            yield since, until, units

    def running(self, life: "Living", meter: str) -> Iterator[tuple[int, int, int]]:
        """Those under way, in which one unit is used an hour."""
        for sub in life.book.shelf.subs:
            for item in sub.items:
                since, until = item.period
                if sub.live and item.price.meter == meter and until > since:
                    yield since, until, (until - since) // 3600

    # -- per customer

    def customers(self, life: "Living") -> Iterator[Entry]:
        person = life.book.person
        listed = person.deleted_at is None
        yield Entry(
            person.id,
            person.created,
            partial(render.customer, person),
            listed,
            livemode=person.livemode,
        )

    def subscriptions(self, life: "Living") -> Iterator[Entry]:
        for sub in life.book.shelf.subs:
            items = [item.id for item in sub.items]
            yield self.entry(
                life,
                sub.id,
                sub.created,
                partial(render_billing.subscription, sub),
                {"items": items},
            )

    def subscription_items(self, life: "Living") -> Iterator[Entry]:
        for sub in life.book.shelf.subs:
            for item in sub.items:
                make = partial(render_billing.item, item, sub)
                yield self.entry(life, item.id, item.created, make)

    def invoices(self, life: "Living") -> Iterator[Entry]:
        for invoice in life.book.shelf.invoices:
            make = partial(render_billing.invoice, invoice)
            lines = {"lines": [line.id for line in invoice.lines]}
            yield self.entry(life, invoice.id, invoice.created, make, lines)

    def lines(self, life: "Living") -> Iterator[Entry]:
        for invoice in life.book.shelf.invoices:
            for line in invoice.lines:
                make = partial(render_billing.line, line)
                yield self.entry(life, line.id, invoice.created, make)

    def invoiceitems(self, life: "Living") -> Iterator[Entry]:
        person = life.book.person
        for line in life.book.shelf.lines:
            if not line.dropped:
                yield self.entry(
                    life,
                    str(line.invoice_item),
                    line.date,
                    partial(render_billing.invoice_item, line, person.id, livemode=person.livemode),
                )

    def discounts(self, life: "Living") -> Iterator[Entry]:
        for discount in life.book.shelf.discounts:
            yield self.entry(life, discount.id, discount.start, partial(render.discount, discount))

    def schedules(self, life: "Living") -> Iterator[Entry]:
        for schedule in life.book.shelf.schedules:
            make = partial(render.schedule, schedule, self.now)
            yield self.entry(life, schedule.id, schedule.created, make)

    def credit_notes(self, life: "Living") -> Iterator[Entry]:
        for note in life.book.shelf.credit_notes:
            yield self.entry(life, note.id, note.created, partial(render_billing.credit_note, note))

    def events(self, life: "Living") -> Iterator[Entry]:
        oldest = self.now - 30 * 86_400
        for event in life.book.shelf.events:
            if event.created >= oldest:
                make = partial(event_json, event, self)
                yield self.entry(life, event.id, event.created, make)

    def entry(
        self,
        life: "Living",
        key: str,
        created: int,
        make: Callable[[], Json],
        inner: dict[str, list[Any]] | None = None,
    ) -> Entry:
        return Entry(key, created, make, livemode=life.book.person.livemode, inner=inner or {})


def summary(meter: str, used: tuple[int, int, int]) -> Json:
    return {
        "id": f"mtrusg_{meter}_{used[0]}",
        "object": "billing.meter_event_summary",
        "aggregated_value": used[2],
        "end_time": used[1],
        "livemode": True,
        "meter": meter,
        "start_time": used[0],
    }


def a_meter(key: str) -> Json:
    return {
        "id": key,
        "object": "billing.meter",
        "created": 0,
        "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
        "default_aggregation": {"formula": "sum"},
        "display_name": "Calls",
        "event_name": "calls",
        "livemode": True,
        "status": "active",
        "value_settings": {"event_payload_key": "value"},
    }


Made = Callable[[Account, "Living"], Iterable[Entry]]
PER_CUSTOMER: dict[str, Made] = {
    "customers": Account.customers,
    "subscriptions": Account.subscriptions,
    "subscription_items": Account.subscription_items,
    "invoices": Account.invoices,
    "lines": Account.lines,
    "invoiceitems": Account.invoiceitems,
    "discounts": Account.discounts,
    "subscription_schedules": Account.schedules,
    "credit_notes": Account.credit_notes,
    "events": Account.events,
}
