"""A world from its seed, its way and its level.

world = World(7, Way.LINE_ITEMS, Level.HARD)
world.portal      what the connector reads
world.advance(60) # and live on
world.truth()     by company and currency: what it pays a month, from each instant on
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum, IntEnum
from random import Random
from zoneinfo import ZoneInfo

from hubspot_world.agreed import Steps, added, chained, steps, subscribed
from hubspot_world.commerce import Subscriptions
from hubspot_world.deals import LineItems, RecurringRevenue
from hubspot_world.life import Customer, Life
from hubspot_world.people import People
from tenure_connectors.hubspot.world import Portal

OPENED = date(2023, 1, 31)
MONTHS = 30
PLANNED = timedelta(days=1500)  # longer than any world is looked at
GAP_DAYS = 90
CURRENCIES = ("USD", "EUR", "JPY", "KWD")
ZONES = ("UTC", "America/New_York", "Asia/Tokyo")


class Way(Enum):
    """How a portal keeps its revenue."""

    LINE_ITEMS = "line_items"
    RECURRING_REVENUE = "recurring_revenue"
    SUBSCRIPTIONS = "subscriptions"


class Level(IntEnum):
    """PLAIN: sales, renewals, takeovers. USUAL: discounts, delays, edits, deals undone, pauses.

    HARD: broken quantities, other companies on deals, merges, archived companies.
    """

    PLAIN = 1
    USUAL = 2
    HARD = 3


@dataclass
class World:
    """A portal that has lived for months. Equal seeds give equal worlds, however advanced."""

    seed: int
    way: Way = Way.LINE_ITEMS
    level: Level = Level.PLAIN
    customers: int = 7
    months: int = MONTHS
    life: Life = field(init=False)
    people: People = field(init=False)

    def __post_init__(self) -> None:
        rng = Random(f"{self.way.value}:{self.seed}:{self.level}")
        zone = ZoneInfo(rng.choice(ZONES) if self.level > 1 else "UTC")
        opened = datetime(OPENED.year, OPENED.month, OPENED.day, tzinfo=UTC) - timedelta(days=100)
        self.life = Life(rng, zone, self.level, opened)
        self.people = People(self.life)
        self.products = [self.portal.add("products", {"name": n}, opened) for n in self.names()]
        end = OPENED + PLANNED
        for number in range(self.customers):
            self.arrive(number, OPENED + timedelta(days=rng.randrange(200)), end)
        self.twists()
        self.life.until(opened + timedelta(days=100 + self.months * 30, hours=7))

    @property
    def portal(self) -> Portal:
        return self.life.portal

    @property
    def buyers(self) -> list[Customer]:
        return self.life.customers

    @property
    def now(self) -> datetime:
        return self.life.now

    def advance(self, days: int) -> None:
        """Live on."""
        self.life.until(self.now + timedelta(days=days))

    def names(self) -> list[str]:
        return [f"Product {n}" for n in range(2 * self.customers)]

    def arrive(self, number: int, start: date, end: date) -> None:
        """A customer, with all that it will do."""
        life = self.life
        at = life.hour(start - timedelta(days=60))
        customer = Customer(self.people.company(number, at), life.pick(CURRENCIES))
        self.life.customers.append(customer)
        self.people.changes(customer.record, start, end)
        if self.way is Way.LINE_ITEMS:  # products of its own: two that merge never share one
            own = self.products[2 * number : 2 * number + life.pick([1, 1, 2])]
            for product in own:
                LineItems(life, customer, product, alone=len(own) == 1).live(start, end)
        elif self.way is Way.RECURRING_REVENUE:
            RecurringRevenue(life, customer).live(start, end)
        else:
            Subscriptions(life, customer).live(start, end)

    def twists(self) -> None:
        """Parents; and, where it is hard, a merge, an owner who leaves, an archived company."""
        life, people, all_ = self.life, self.people, self.buyers
        day = OPENED + timedelta(days=400)
        one, other, child = all_[0], all_[1], all_[2]
        if life.level > 1:
            parent = life.hour(day)
            life.at(parent, lambda at: people.parent(child.record, one.record, at))
            life.at(life.hour(day + timedelta(days=9)), lambda _: people.leaves(people.owners[1]))
        if life.level > 2:
            merged = life.hour(day + timedelta(days=life.rng.randrange(30, 400)))
            life.at(merged, lambda at: people.merge(one, other, at))
            away = life.hour(day + timedelta(days=life.rng.randrange(300)))
            life.at(away, lambda at: people.away_and_back(all_[3].record, at))

    # -- the truth

    def truth(self) -> dict[tuple[str, str], Steps]:
        """By company and currency: what it pays a month, from each instant on."""
        found: dict[tuple[str, str], list[Steps]] = {}
        for company in dict.fromkeys(customer.record.id for customer in self.buyers):
            same = [customer for customer in self.buyers if customer.record.id == company]
            for currency, brought in self.brought(same):
                found.setdefault((company, currency), []).append(brought)
        return {key: added(many) for key, many in found.items()}

    def brought(self, same: list[Customer]) -> Iterator[tuple[str, Steps]]:
        """What each agreement of a company brings, with its currency."""
        zone = self.life.zone
        agreed = [one for customer in same for one in customer.agreements]
        if self.way is Way.SUBSCRIPTIONS:
            for customer in same:
                made = [one for one in customer.subscribed if one.lines]
                yield from ((customer.currency, subscribed(one, zone)) for one in made)
        elif self.way is Way.RECURRING_REVENUE:
            yield from ((one.currency, steps(one, zone)) for one in agreed if one.valid)
        else:
            for product in dict.fromkeys(one.product for one in agreed):
                base = product.partition("+")[0]
                left = [day for customer in same for day in customer.left.get(base, ())]
                kept = chained([a for a in agreed if a.product == product], left, GAP_DAYS)
                yield from ((one.currency, steps(one, zone)) for one in kept)

    def gone(self) -> set[str]:
        """Companies that were merged away: no customer is left under their ids."""
        return {key for kind, key in self.portal.survivors if kind == "companies"}
