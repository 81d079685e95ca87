"""Money in Stripe, people in HubSpot: an account of one and a portal of the other.

Most Stripe customers have a company that names them in `stripe_customer_id`.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hubspot_world.agreed import Steps, value_at
from hubspot_world.compare import said
from hubspot_world.life import Life
from hubspot_world.people import People
from stripe_world import World
from stripe_world.market import Level
from tenure_connectors.hubspot.world import Portal, Property

NOBODY = "(none)"


@dataclass
class Mixed:
    """Both services, and which company stands for which Stripe customer."""

    seed: int
    stripe: World = field(init=False)
    life: Life = field(init=False)
    people: People = field(init=False)
    companies: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.stripe = World(self.seed, Level.DISCOUNTS, customers=9)  # in one currency
        start = datetime.fromtimestamp(self.stripe.opened, UTC) - timedelta(days=30)
        self.life = Life(Random(f"mixed:{self.seed}"), ZoneInfo("UTC"), 3, start)
        self.people = People(self.life)
        unique = Property("stripe_customer_id", label="Stripe customer", unique=True)
        self.portal.add_property("companies", unique)
        for number, life in enumerate(self.stripe.lives):
            if self.life.chance(0.85):
                record = self.people.company(number, start)
                person = life.book.person.id
                self.portal.update(record, start, stripe_customer_id=person)
                self.companies[person] = record.id
                self.people.changes(record, start.date(), self.now.date())
        self.life.until(self.now)

    @property
    def portal(self) -> Portal:
        return self.life.portal

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.stripe.now, UTC)

    @property
    def currency(self) -> str:
        return str(self.stripe.catalog.prices[0].currency.upper())

    def owner(self, person: str, at: datetime) -> str:
        """Who looked after a Stripe customer at an instant."""
        if person not in self.companies:
            return NOBODY
        told = self.people.told[self.companies[person]]["owner"]
        return said(told, at) or NOBODY

    def by_owner(self, levels: dict[tuple[str, str], Steps], day: date) -> dict[str, int]:
        """What each owner's customers pay just before a day begins."""
        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        found: dict[str, int] = {}
        for (person, _), steps in levels.items():
            level = value_at(steps, at - timedelta(microseconds=1))
            if level:
                owner = self.owner(person, at)
                found[owner] = found.get(owner, 0) + level
        return found
