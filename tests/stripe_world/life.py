"""A customer's life: what it buys, changes and leaves, drawn from a seed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from stripe_world import render
from stripe_world.billing import Billing
from stripe_world.book import Book
from stripe_world.catalog import Catalog, Coupon, Price
from stripe_world.contracts import Contracts
from stripe_world.desk import Desk, Order
from stripe_world.dunning import Dunning, Exhausted
from stripe_world.farewell import Farewell
from stripe_world.market import Level
from stripe_world.moments import DAY, HOUR
from stripe_world.things import Item, Person, Sub

Step = Callable[["Life", Sub], None]
FAILING = 0.08  # of the payments
LIVE = 0.9  # of the customers: the others are of test mode
MIXED = frozenset({("month", 1), ("month", 3), ("year", 1), ("year", 2)})
"""Cycles that share their boundaries, so that they can end together."""

COUNTRIES = ("DE", "US", "GB", "JP", "KW", "IS")


@dataclass(slots=True)
class Life:
    """One customer; `live(until)` goes on from where it stopped."""

    book: Book
    desk: Desk
    dunning: Dunning
    contracts: Contracts
    farewell: Farewell
    level: Level
    steps: list[tuple[float, Step]] = field(default_factory=list)

    @classmethod
    def born(
        cls, seed: str, index: int, catalog: Catalog, level: Level, at: tuple[int, int]
    ) -> "Life":
        """A customer that turns up at `at[0]`, whose events count from `at[1]`."""
        rng = Random(f"{seed}:{index}")
        currency = rng.choice(sorted({price.currency for price in catalog.prices}))
        tag = f"{index:04d}"
        person = Person(
            f"cus_1W{tag}",
            f"Customer {index}",
            f"billing@customer{index}.example",
            rng.choice(COUNTRIES),
            currency,
            at[0],
            metadata={"region": rng.choice(("north", "south"))},
        )
        book = Book(rng, tag, catalog, person, at[1], at[0])
        desk = Desk(book, Billing(book))
        exhausted = Random(f"{seed}:setting").choice(list(Exhausted))
        odds = FAILING if level >= Level.STATES else 0.0
        dunning = Dunning(book, desk.billing, desk, odds, exhausted)
        contracts = Contracts(book, desk.billing, desk)
        life = cls(book, desk, dunning, contracts, Farewell(book, desk), level)
        person.livemode = level < Level.ADVANCED or rng.random() < LIVE
        life.steps = [(weight, step) for low, weight, step in STEPS if level >= low]
        book.at(at[0], life.arrive)
        return life

    def live(self, until: int) -> None:
        self.book.live(until)

    @property
    def rng(self) -> Random:
        return self.book.rng

    def chance(self, odds: float) -> bool:
        return self.rng.random() < odds

    # -- rhythm

    def arrive(self) -> None:
        person = self.book.person
        self.book.tell("customer.created", lambda: render.customer(person))
        self.begin()

    def begin(self) -> None:
        """A subscription starts: plainly, or from level 6 on by one of several agreements."""
        order = self.order()
        kind = self.rng.random() if self.level >= Level.SCHEDULES else 1.0
        if kind < 0.25 and self.simple(order):
            self.begin_phases(order)
        elif kind < 0.33 and self.simple(order):
            start = self.book.now + self.rng.randrange(3, 40) * DAY
            planned = self.contracts.plan(order, start)
            self.book.at(start, lambda: self.wait(self.contracts.begin(planned)))
        elif kind < 0.41:
            self.wait(self.contracts.agree(order))
        else:
            if kind < 0.49:
                self.backdate(order)
            elif kind < 0.57 and not order.trial_days:
                order.anchor = self.book.now + self.rng.randrange(2, 6) * DAY
            self.wait(self.desk.subscribe(order))

    def simple(self, order: Order) -> bool:
        """One price by the month, no trial: what phases of whole months are made for."""
        (price, _), *others = order.prices
        cycle = (price.interval, price.interval_count)
        return not others and cycle == ("month", 1) and not order.trial_days and not order.no_card

    def begin_phases(self, order: Order) -> None:
        sub = self.desk.subscribe(order)
        (price, quantity), *_ = order.prices
        terms = [(price, quantity * 2)]
        if self.chance(0.6):
            terms.append((self.price(like=price), quantity))
        months = self.rng.choice((1, 2, 4, 6))
        self.contracts.schedule(sub, terms, months, self.rng.choice(("release", "cancel")))
        self.wait(sub)

    def backdate(self, order: Order) -> None:
        """The subscription is older than its record; coupons and trials are left to others."""
        order.coupon = order.item_coupon = None
        order.trial_days, order.no_card, order.flexible = 0, False, False
        price = order.prices[0][0]
        short = price.interval in ("day", "week")
        order.start = self.book.now - self.rng.randrange(1, 6 if short else 25) * DAY + HOUR

    def wait(self, sub: Sub) -> None:
        """Nothing for some weeks, at an odd second of the day, then another step."""
        pause = int(self.rng.expovariate(1 / (50 * DAY))) + 2 * HOUR
        self.book.at(self.book.now + pause, lambda: self.step(sub))

    def step(self, sub: Sub) -> None:
        if sub.live:
            weights = [weight for weight, _ in self.steps]
            (step,) = self.rng.choices([step for _, step in self.steps], weights)
            step(self, sub)
            self.wait(sub)
        elif self.chance(0.4) and self.book.person.deleted_at is None:
            self.begin()

    # -- choices

    def order(self) -> Order:
        price = self.price()
        order = Order([(price, self.quantity())], flexible=self.chance(0.5))
        if self.level >= Level.ITEMS:
            self.more_items(order)
        if self.level >= Level.PRICES and self.chance(0.4):
            order.tax = self.rng.choice(self.book.catalog.tax_rates)
        if self.level >= Level.STATES and self.chance(0.15):
            order.no_card = price.interval not in ("day", "week")
            order.trial_end_behavior = self.rng.choice(("create_invoice", "pause", "cancel"))
        if self.level >= Level.ADVANCED:
            self.extras(order)
        if self.level >= Level.DISCOUNTS:
            if self.chance(0.3):
                order.coupon = self.coupon(price)
            if self.chance(0.1):
                order.item_coupon = self.coupon(price)
            if self.chance(0.25):
                order.trial_days = self.rng.choice((7, 14, 30))
        return order

    def extras(self, order: Order) -> None:
        """A set-up fee, or usage beside what is licensed (and then no amount off: see worth)."""
        currency = order.prices[0][0].currency
        odd = [p for p in self.book.catalog.prices if p.currency == currency and not ordinary(p)]
        if self.chance(0.25):
            order.fee = next(price for price in odd if price.one_time)
        cycle = (order.prices[0][0].interval, order.prices[0][0].interval_count)
        if self.chance(0.3) and (cycle == ("month", 1) or (order.flexible and cycle in MIXED)):
            order.prices.append((next(price for price in odd if price.metered), 0))
            order.coupon = order.item_coupon = None

    def more_items(self, order: Order) -> None:
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            price = self.beside([price for price, _ in order.prices], flexible=order.flexible)
            if price is not None:
                order.prices.append((price, self.quantity()))

    def beside(self, prices: list[Price], *, flexible: bool) -> Price | None:
        """A price that may stand beside others: of their cycle, or of any if mixed ones are."""
        cycles = {(price.interval, price.interval_count) for price in prices}
        if flexible and cycles <= MIXED:
            cycles = set(MIXED)
        found = [
            price
            for price in self.book.catalog.prices
            if price.currency == prices[0].currency
            and (price.interval, price.interval_count) in cycles
            and price not in prices
            and ordinary(price)
        ]
        return self.rng.choice(found) if found else None

    def quantity(self) -> int:
        return self.rng.choice((1, 1, 2, 3, 5, 8, 12, 26, 60))

    def price(self, like: Price | None = None) -> Price:
        """A price to start with; with `like`, another one of the same cycle."""
        mine = self.book.person.currency
        found = [p for p in self.book.catalog.prices if p.currency == mine and ordinary(p)]
        if like is not None:
            cycle = (like.interval, like.interval_count)
            same = [p for p in found if (p.interval, p.interval_count) == cycle and p != like]
            found = same or [like]
        return self.rng.choice(found)

    def coupon(self, price: Price) -> Coupon:
        now = self.book.now
        fit = [c for c in self.book.catalog.coupons if c.currency in (None, price.currency)]
        return self.rng.choice([c for c in fit if c.deleted_at is None or c.deleted_at > now])

    def proration(self) -> str:
        if self.level >= Level.ADVANCED and self.chance(0.3):
            return "none"
        return self.rng.choice(("create_prorations", "create_prorations", "always_invoice"))


def ordinary(price: Price) -> bool:
    return not price.metered and not price.one_time


# -- steps: what may happen to a subscription, from which level on and how often


def settled(sub: Sub) -> bool:
    """Active, not leaving, not paused: what most changes need."""
    free = sub.cancel_at is None and sub.pause is None and sub.schedule is None
    return sub.status == "active" and free


def any_item(life: Life, sub: Sub) -> Item | None:
    items = [item for item in sub.items if not item.price.metered]
    free = settled(sub) or (life.level >= Level.ADVANCED and on_trial(sub))
    return life.rng.choice(items) if items and free else None


def on_trial(sub: Sub) -> bool:
    return sub.status == "trialing" and sub.cancel_at is None


def change_quantity(life: Life, sub: Sub) -> None:
    item = any_item(life, sub)
    if item:
        quantity = life.rng.choice([n for n in (1, 2, 4, 7, 15, 40) if n != item.quantity])
        life.desk.change(sub, item, item.price, quantity, proration=life.proration())


def change_plan(life: Life, sub: Sub) -> None:
    item = any_item(life, sub)
    if item:
        price = life.price(like=item.price)
        if any(price == other.price for other in sub.items):
            return
        life.desk.change(sub, item, price, item.quantity, proration=life.proration())


def change_interval(life: Life, sub: Sub) -> None:
    item = any_item(life, sub)
    if item and len(sub.items) == 1 and settled(sub):
        price = life.price()
        if price.interval != item.price.interval:
            life.desk.change(sub, item, price, item.quantity, proration=life.proration())


def cancel_now(life: Life, sub: Sub) -> None:
    if sub.status != "incomplete":
        life.desk.cancel(sub)


def cancel_later(life: Life, sub: Sub) -> None:
    if settled(sub) or on_trial(sub):
        ends = {item.period[1] for item in sub.items}
        latest = max(ends) if len(ends) > 1 and life.chance(0.5) else None
        life.desk.request_end(sub, latest)


def add_coupon(life: Life, sub: Sub) -> None:
    if settled(sub) and not sub.discounts:
        life.desk.apply(sub, life.coupon(sub.items[0].price))


def add_item_coupon(life: Life, sub: Sub) -> None:
    item = any_item(life, sub)
    if item and not item.discounts:
        life.desk.apply(sub, life.coupon(item.price), item)


def give_coupon(life: Life, sub: Sub) -> None:
    if life.book.person.discount is None:
        life.desk.give(life.coupon(sub.items[0].price))


def add_item(life: Life, sub: Sub) -> None:
    if settled(sub) and len(sub.items) < 4:
        price = life.beside([item.price for item in sub.items], flexible=sub.flexible)
        if price is not None:
            life.desk.add(sub, price, life.quantity(), proration=life.proration())


def remove_item(life: Life, sub: Sub) -> None:
    item = any_item(life, sub)
    licensed = [one for one in sub.items if not one.price.metered]
    if item and len(licensed) > 1 and settled(sub):
        life.desk.remove(sub, item, proration=life.proration())


def pause(life: Life, sub: Sub) -> None:
    """One of three behaviors, with or without a day to resume; what is paused is resumed."""
    if sub.status == "paused":
        life.dunning.restart(sub)
    elif sub.pause is not None:
        life.dunning.resume(sub)
    elif settled(sub):
        behavior = life.rng.choice(("void", "mark_uncollectible", "keep_as_draft"))
        days = life.rng.choice((None, 20, 45, 90))
        until = None if days is None else life.book.now + days * DAY
        life.dunning.pause(sub, behavior, until)


def withdraw(life: Life, sub: Sub) -> None:
    if sub.cancel_at is not None and sub.canceled_at != sub.created:
        life.desk.withdraw(sub)


def remove_coupon(life: Life, sub: Sub) -> None:
    if settled(sub) and sub.discounts:
        life.desk.remove_discount(sub)


def move_trial(life: Life, sub: Sub) -> None:
    if on_trial(sub):
        life.desk.move_trial(sub, life.book.now + life.rng.choice((0, 7, 20)) * DAY)


def delete_customer(life: Life, sub: Sub) -> None:
    life.farewell.delete_customer()


def give_back(life: Life, sub: Sub) -> None:
    life.farewell.give_back()


def migrate(life: Life, sub: Sub) -> None:
    """Leave one subscription for another within the minute."""
    if settled(sub):
        life.desk.cancel(sub)
        life.book.at(life.book.now + 40, lambda: life.wait(life.desk.subscribe(life.order())))


STEPS: list[tuple[Level, float, Step]] = [
    (Level.BASIC, 4, change_quantity),
    (Level.BASIC, 2, change_plan),
    (Level.BASIC, 1, change_interval),
    (Level.BASIC, 0.3, cancel_now),
    (Level.BASIC, 0.4, cancel_later),
    (Level.DISCOUNTS, 1.5, add_coupon),
    (Level.DISCOUNTS, 0.7, add_item_coupon),
    (Level.DISCOUNTS, 0.7, give_coupon),
    (Level.ITEMS, 1.5, add_item),
    (Level.ITEMS, 1.2, remove_item),
    (Level.STATES, 2.5, pause),
    (Level.SCHEDULES, 0.4, migrate),
    (Level.ADVANCED, 2, withdraw),
    (Level.ADVANCED, 1.5, remove_coupon),
    (Level.ADVANCED, 1, move_trial),
    (Level.ADVANCED, 0.3, delete_customer),
    (Level.ADVANCED, 0.7, give_back),
]
