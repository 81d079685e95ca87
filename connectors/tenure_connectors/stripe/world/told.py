"""An account to which a story happened: the stretches of a company, done as its merchant would.

    with serving(told(company)) as server:
        ...

A stretch says how long one item kept its terms. Where the next one has others, its subscription
was changed; what is asked for and done on one day keeps to an order by the hour. Every change is
billed at once, so that the invoices date it for good.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import partial
from itertools import groupby, pairwise
from random import Random

from tenure import Company, Stretch
from tenure_connectors.stripe.world import render
from tenure_connectors.stripe.world.billing import Billing
from tenure_connectors.stripe.world.book import Book
from tenure_connectors.stripe.world.catalog import Catalog, Coupon, Price, Product
from tenure_connectors.stripe.world.desk import Desk, Order
from tenure_connectors.stripe.world.moments import DAY, HOUR
from tenure_connectors.stripe.world.things import Item, Person, Sub
from tenure_connectors.stripe.world.vouchers import Vouchers
from tenure_connectors.stripe.world.world import World

EVENTS_KEPT = 30 * DAY
SIGNS_UP, STARTS, CHANGES, REQUESTS, ENDS = (hour * HOUR for hour in (6, 8, 12, 15, 18))
"""From when on in a day (of UTC) these things happen."""

AT_ONCE = "always_invoice"


def told(company: Company) -> World:
    """The account of a company at its `now`."""
    now = int(company.now.timestamp())
    opened = midnight(min(row.start for row in company.stretches)) - DAY
    shop = Shop(opened)
    lives = [Told(number, rows, shop, now) for number, rows in enumerate(company.customers())]
    for life in lives:
        life.book.live(now)
    return World(opened=opened, now=now, catalog=shop.catalog, lives=lives)


def midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


@dataclass(slots=True)
class Shop:
    """What is sold, made when somebody first buys it."""

    opened: int
    catalog: Catalog = field(default_factory=Catalog)
    products: dict[str, Product] = field(default_factory=dict)
    prices: dict[tuple[str, str, int], Price] = field(default_factory=dict)
    coupons: dict[int, Coupon] = field(default_factory=dict)

    def price(self, row: Stretch) -> Price:
        """The price of a stretch: of its plan, or of what is added to any plan."""
        name = row.plan if row.item == "seats" else row.product
        key = name, row.interval, row.amount
        if key not in self.prices:
            self.prices[key] = Price(
                f"price_{name}_{row.interval}ly".lower(),
                self.product(row.product),
                row.currency.lower(),
                self.opened,
                interval=row.interval,
                unit=Decimal(row.amount * 100),
                nickname=name,
            )
            self.catalog.prices.append(self.prices[key])
        return self.prices[key]

    def product(self, name: str) -> Product:
        if name not in self.products:
            self.products[name] = Product(f"prod_{name.lower()}", name, self.opened)
            self.catalog.products.append(self.products[name])
        return self.products[name]

    def coupon(self, percent: int | None) -> Coupon | None:
        if percent is None:
            return None
        if percent not in self.coupons:
            name = f"{percent}% off"
            made = Coupon(f"OFF{percent}", "forever", self.opened, Decimal(percent), name=name)
            self.coupons[percent] = made
            self.catalog.coupons.append(made)
        return self.coupons[percent]


class Told:
    """One customer: what its stretches say is put on the agenda of its books."""

    def __init__(self, number: int, rows: Sequence[Stretch], shop: Shop, now: int) -> None:
        self.rng = Random(rows[0].customer)
        self.shop = shop
        person = person_of(rows[0], self.second(rows[0].start, SIGNS_UP))
        told_from = now - EVENTS_KEPT
        self.book = Book(self.rng, f"{number + 1:04}", shop.catalog, person, told_from)
        self.desk = Desk(self.book, Billing(self.book), Vouchers(self.book))
        self.subs: dict[str, Sub] = {}
        self.items: dict[tuple[str, str], Item] = {}
        self.book.at(person.created, self.sign_up)
        for _, item in groupby(sorted(rows, key=in_order), key=lambda row: in_order(row)[:-1]):
            self.plan(list(item))

    def second(self, day: date, hour: int) -> int:
        """An odd second of a day, within the two hours from `hour` on."""
        return midnight(day) + hour + self.rng.randrange(2 * HOUR)

    def plan(self, rows: Sequence[Stretch]) -> None:
        """All that happens to an item; its subscription begins and ends with that of the seats."""
        first, last = rows[0], rows[-1]
        if first.item == "seats":
            self.book.at(self.second(first.start, STARTS), partial(self.subscribe, first))
            self.plan_end(last)
        else:
            self.book.at(self.second(first.start, CHANGES), partial(self.add, first))
        for before, row in pairwise(rows):
            if terms(before) != terms(row):
                self.book.at(self.second(row.start, CHANGES), partial(self.change, row))

    def plan_end(self, last: Stretch) -> None:
        if last.end is None:
            return
        end = self.second(last.end, ENDS)
        if last.requested_at is None:
            self.book.at(end, lambda: self.desk.cancel(self.subs[last.subscription]))
        else:
            asked = self.second(last.requested_at, REQUESTS)
            self.book.at(asked, lambda: self.desk.request_end(self.subs[last.subscription], end))

    # -- what happens

    def sign_up(self) -> None:
        self.book.tell("customer.created", lambda: render.customer(self.book.person))

    def subscribe(self, row: Stretch) -> None:
        order = Order(
            [(self.shop.price(row), row.quantity)],
            trial_days=(row.trial_end - row.start).days if row.trial_end else 0,
            item_coupon=self.shop.coupon(row.discount_percent),
            flexible=True,  # what is added may be billed by the month beside seats by the year
        )
        sub = self.subs[row.subscription] = self.desk.subscribe(order)
        self.items[row.subscription, row.item] = sub.items[0]

    def add(self, row: Stretch) -> None:
        sub, price = self.subs[row.subscription], self.shop.price(row)
        item = self.desk.add(sub, price, row.quantity, proration=AT_ONCE)
        self.items[row.subscription, row.item] = item

    def change(self, row: Stretch) -> None:
        sub, item = self.subs[row.subscription], self.items[row.subscription, row.item]
        self.desk.change(sub, item, self.shop.price(row), row.quantity, proration=AT_ONCE)


def in_order(row: Stretch) -> tuple[str, bool, str, date]:
    """Subscription by subscription, its seats first."""
    return row.subscription, row.item != "seats", row.item, row.start


def terms(row: Stretch) -> tuple[str, int, int]:
    """What a subscription's change would change."""
    return row.plan, row.amount, row.quantity


def person_of(row: Stretch, created: int) -> Person:
    return Person(
        row.customer,
        row.customer_name,
        f"billing@{row.domain}",
        row.country,
        row.currency.lower(),
        created,
    )
