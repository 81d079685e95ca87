"""A customer's life: what it buys, changes and leaves, drawn from a seed."""

from dataclasses import dataclass
from random import Random

from stripe_world.contracts import Contracts
from stripe_world.dunning import Dunning, Exhausted
from stripe_world.farewell import Farewell
from stripe_world.market import Level
from stripe_world.steps import STEPS
from stripe_world.tastes import Tastes
from tenure_connectors.stripe.world import render
from tenure_connectors.stripe.world.billing import Billing
from tenure_connectors.stripe.world.book import Book
from tenure_connectors.stripe.world.catalog import Catalog
from tenure_connectors.stripe.world.desk import Desk, Order
from tenure_connectors.stripe.world.moments import DAY, HOUR
from tenure_connectors.stripe.world.things import Person, Schedule, Sub
from tenure_connectors.stripe.world.vouchers import Vouchers

FAILING = 0.08  # of the payments
LIVE = 0.9  # of the customers: the others are of test mode
COUNTRIES = ("DE", "US", "GB", "JP", "KW", "IS")


@dataclass(frozen=True, slots=True)
class Birth:
    """Where and when a customer turns up; its events are kept from `told_from` on."""

    seed: str
    index: int
    at: int
    told_from: int


class Life:
    """One customer; `live(until)` goes on from where it stopped."""

    def __init__(self, birth: Birth, catalog: Catalog, level: Level) -> None:
        self.level = level
        self.rng = Random(f"{birth.seed}:{birth.index}")
        person = self.person(birth, catalog)
        tag = f"{birth.index:04d}"
        self.book = Book(self.rng, tag, catalog, person, birth.told_from, birth.at)
        self.desk = Desk(self.book, Billing(self.book), Vouchers(self.book))
        exhausted = Random(f"{birth.seed}:setting").choice(list(Exhausted))
        odds = FAILING if level >= Level.STATES else 0.0
        self.dunning = Dunning(self.book, self.desk.billing, self.desk, odds, exhausted)
        self.contracts = Contracts(self.book, self.desk.billing, self.desk)
        self.farewell = Farewell(self.book, self.desk)
        self.tastes = Tastes(self.rng, catalog, person.currency, level)
        steps = [(weight, step) for low, weight, step in STEPS if level >= low]
        self.weights, self.steps = zip(*steps, strict=True)
        self.book.at(birth.at, self.arrive)

    def person(self, birth: Birth, catalog: Catalog) -> Person:
        return Person(
            f"cus_1W{birth.index:04d}",
            f"Customer {birth.index}",
            f"billing@customer{birth.index}.example",
            self.rng.choice(COUNTRIES),
            self.rng.choice(sorted({price.currency for price in catalog.prices})),
            birth.at,
            livemode=self.level < Level.ADVANCED or self.chance(LIVE),
            metadata={"region": self.rng.choice(("north", "south"))},
        )

    def live(self, until: int) -> None:
        self.book.live(until)

    def chance(self, odds: float) -> bool:
        return self.rng.random() < odds

    # -- rhythm

    def arrive(self) -> None:
        person = self.book.person
        self.book.tell("customer.created", lambda: render.customer(person))
        self.begin()
        if self.level >= Level.DISCOUNTS and self.chance(0.15):
            self.book.at(self.book.now + self.rng.randrange(90 * DAY), self.begin)

    def wait(self, sub: Sub) -> None:
        """Nothing for some weeks, at an odd second of the day, then another step."""
        pause = int(self.rng.expovariate(1 / (50 * DAY))) + 2 * HOUR
        self.book.at(self.book.now + pause, lambda: self.step(sub))

    def step(self, sub: Sub) -> None:
        if sub.live:
            (step,) = self.rng.choices(self.steps, self.weights)
            step(self, sub)
            self.wait(sub)
        elif self.chance(0.4):
            self.begin()

    # -- starts

    def begin(self) -> None:
        """A subscription starts: plainly, or from level 6 on by one of several agreements."""
        if self.book.person.deleted_at is not None:
            return
        kind = self.rng.random() if self.level >= Level.SCHEDULES else 1.0
        if kind < 0.33:
            self.begin_scheduled(self.tastes.simple(), planned=kind < 0.1)
            return
        order = self.tastes.order(self.book.now)
        if kind < 0.41:
            self.wait(self.contracts.agree(order))
        else:
            if kind < 0.49:
                self.backdate(order)
            elif kind < 0.57 and not order.trial_days:
                order.anchor = self.book.now + self.rng.randrange(2, 6) * DAY
            self.wait(self.desk.subscribe(order))

    def begin_scheduled(self, order: Order, *, planned: bool) -> None:
        """Phases from now on, or a start on a day to come."""
        if not planned:
            self.begin_phases(order)
            return
        start = self.book.now + self.rng.randrange(3, 40) * DAY
        plan = self.contracts.plan(order, start)
        self.book.at(start, lambda: self.begin_planned(plan))

    def begin_planned(self, planned: Schedule) -> None:
        if self.book.person.deleted_at is None:
            self.wait(self.contracts.begin(planned))

    def begin_phases(self, order: Order) -> None:
        sub = self.desk.subscribe(order)
        (price, quantity), *_ = order.prices
        terms = [(price, quantity * 2)]
        if self.chance(0.6):
            terms.append((self.tastes.price(like=price), quantity))
        months = self.rng.choice((1, 2, 4, 6))
        self.contracts.schedule(sub, terms, months, self.rng.choice(("release", "cancel")))
        self.wait(sub)

    def backdate(self, order: Order) -> None:
        """The subscription is older than its record; coupons and trials are left to others."""
        order.coupon = order.item_coupon = None
        order.trial_days, order.no_card, order.flexible = 0, False, False
        short = order.prices[0][0].interval in ("day", "week")
        order.start = self.book.now - self.rng.randrange(1, 6 if short else 25) * DAY + HOUR
