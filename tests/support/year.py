"""A made-up year: a simulated Stripe, HubSpot and Slack that live on, and what goes wrong there."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import slack_world
from stripe_paid import Paid

from stripe_world import Level, World
from stripe_world.compare import doubts_of
from tenure_connectors.hubspot import world as hubspot
from tenure_connectors.stripe import world as stripe
from tenure_connectors.stripe.world.keys import RESTRICTED
from tenure_connectors.stripe.world.moments import DAY, instant
from tenure_connectors.stripe.world.truth import FIELDS, GIVEN

STRIPE_ID = "stripe_customer_id"
CONFIG = f"""
[tenure]
store = "{{store}}"
timezone = "{{zone}}"
currency = "{{currency}}"
[connectors.billing]
use = "stripe"
api_base = "{{stripe}}"
api_key = "{RESTRICTED}"
max_attempts = 1
requests_per_second = 1000000
schedule = "{{sync}}"
[connectors.crm]
use = "hubspot"
api_base = "{{hubspot}}"
token = "{hubspot.TOKEN}"
max_attempts = 1
requests_per_second = 1000000
provides = ["attributes"]
schedule = "20 5,17 * * *"
[connectors.crm.attributes]
owner = {{{{ property = "hubspot_owner_id", history = true }}}}
tier = "tier"
{STRIPE_ID} = "{STRIPE_ID}"
[accounts]
match = ["property:{STRIPE_ID}"]
[metrics]
schedule = "5 0 * * 1"
segments = ["owner"]
gap_tolerance_hours = 0
[sinks.board]
use = "slack"
api_base = "{{slack}}"
token = "{slack_world.TOKEN}"
channel = "#revenue"
reports = ["monthly"]
max_attempts = 1
requests_per_second = 1000000
schedule = "0 9 1 * *"
[sinks.crm]
use = "hubspot"
api_base = "{{hubspot}}"
token = "{hubspot.TOKEN}"
max_attempts = 1
requests_per_second = 1000000
[daemon]
jitter = "1s"
wait = "6h"
"""
TIERS = ("gold", "silver")

TROUBLES = {
    "stripe": ("stripe down", "stripe storm", "stripe breaks"),
    "hubspot": ("hubspot down", "hubspot storm"),
    "slack": ("slack down", "slack storm", "slack loses answers"),
}
EVERYTHING = tuple(name for names in TROUBLES.values() for name in names)
Trouble = tuple[datetime, datetime, str]
_S, _H = stripe.Fault, hubspot.Fault
STRIPE_FAULTS = {
    "stripe down": (1.0, (_S.BROKEN,)),
    "stripe storm": (0.5, (_S.TOO_MANY, _S.TOO_MANY_WAIT)),
    "stripe breaks": (0.3, (_S.RESET, _S.TRUNCATED, _S.INVALID)),
}
HUBSPOT_FAULTS = {"hubspot down": (0, _H.BROKEN), "hubspot storm": (3, _H.BURST)}
EVER = 10**9
AT_ONCE = {"retry-after": "0"}


def account(seed: int, start: datetime, since: datetime, days: int) -> World:
    """The first account from a seed on that tells all of what was true, as of `start`.

    A real one keeps some things to itself for good, such as when somebody paused more than 30 days
    before it was read first: what is right of them nobody can say.
    """
    while True:
        late = _lived(seed, start + timedelta(days=days))
        known_from = int(start.timestamp()) - 30 * DAY
        doubts = doubts_of(late, late.tracks(), known_from, late.api_version)
        money = {*FIELDS, GIVEN, "point"} - {"discount_once", "plan", "product", "cause", "ends_at"}
        told = not any(
            doubt.end > since.timestamp() and money & set(doubt.names) and doubt.start < late.now
            for each in doubts.values()
            for doubt in each
        )
        if told:
            return _lived(seed, start)
        seed += 1


def _lived(seed: int, until: datetime) -> World:
    world = World(seed, Level.SCHEDULES, months=12, currencies=1)
    world.advance((until.timestamp() - world.now) / DAY)
    return world


@dataclass
class Town:
    """The three services; `now` is the true time, whatever anybody's clock says."""

    account: World
    chance: random.Random
    troubles: list[Trouble] = field(default_factory=list)
    met: Counter = field(default_factory=Counter)
    shown: dict[str, hubspot.Record] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limits = hubspot.Limits.none()  # they go by the time that really passes
        self.portal = hubspot.Portal(limits=limits, clock=lambda: self.now)
        named = hubspot.Property(STRIPE_ID, group="companyinformation", unique=True)
        self.portal.add_property("companies", named)
        self.portal.add_property("companies", hubspot.Property("tier", group="companyinformation"))
        names = (("Ann", "Lee"), ("Bob", "Moe"), ("Zoë", "Ray"))
        self.owners = [self.portal.add_owner(*each, f"{each[0]}@we.example") for each in names]
        self.slack = slack_world.World(now=lambda: float(self.account.now))
        self.slack.limits, self.slack.retry_after = True, "0"
        self.slack.fail, self.slack.lose = self._fail, self._lose
        self._meet_companies()

    @property
    def now(self) -> datetime:
        return instant(self.account.now)

    @property
    def currency(self) -> str:
        return self.account.catalog.prices[0].currency.upper()

    def paid(self) -> Paid:
        """What was true up to now."""
        return Paid.of(self.account.tracks())

    def live_until(self, when: datetime) -> None:
        """Live on: at Stripe by itself, at HubSpot as salespeople do; troubles come and go."""
        self.account.advance((when - self.now).total_seconds() / DAY)
        for life in self.account.lives:  # what Stripe forgets is not to fill the memory here
            events = life.book.shelf.events
            events[:] = [e for e in events if e.created > self.account.now - 31 * DAY]
        self._meet_companies()
        if self.chance.random() < 0.02:
            self._hand_over(self.chance.choice([*self.shown.values()]))
        for each in (self.stripe, self.hubspot, self.slack):
            each.asked.clear()
        self._count()
        self.stripe.plan, self.hubspot.plan = self._stripe(), self._hubspot()

    def _meet_companies(self) -> None:
        for life in self.account.lives:
            person = life.book.person
            if person.id not in self.shown:
                self.shown[person.id] = self.portal.add_company(
                    person.name,
                    person.email.partition("@")[2],
                    hubspot_owner_id=self.chance.choice(self.owners).id,
                    tier=self.chance.choice(TIERS),
                    stripe_customer_id=person.id,
                )

    def _hand_over(self, company: hubspot.Record) -> None:
        owner, tier = self.chance.choice(self.owners), self.chance.choice(TIERS)
        self.portal.update(company, hubspot_owner_id=owner.id, tier=tier)

    def attributes(self) -> dict[tuple[str, str], str]:
        """What is true of each company now."""
        names = {owner.id: f"{owner.first} {owner.last}" for owner in self.owners}
        found = {}
        for one in self.shown.values():
            found[one.id, "owner"] = names[str(one.value("hubspot_owner_id"))]
            found[one.id, "tier"] = str(one.value("tier"))
        return found

    # --- troubles

    def suffers(self, names: Mapping[str, object]) -> str | None:
        """The first of these troubles that is under way."""
        found = (what for a, b, what in self.troubles if a <= self.now < b and what in names)
        return next(found, None)

    def _count(self) -> None:
        """How many requests of the last hour were refused, or broke."""
        if self.stripe.plan:
            self.met["stripe refused"] += len(self.stripe.plan.met)
        if self.hubspot.plan:
            (when,) = self.hubspot.plan.faults
            self.met["hubspot refused"] += max(when.seen - when.after, 0)

    def _stripe(self) -> stripe.Plan | None:
        if (what := self.suffers(STRIPE_FAULTS)) is None:
            return None
        odds, kinds = STRIPE_FAULTS[what]
        return stripe.Plan(self.chance.randrange(EVER), odds, kinds, most=EVER)

    def _hubspot(self) -> hubspot.Plan | None:
        if (what := self.suffers(HUBSPOT_FAULTS)) is None:
            return None
        after, fault = HUBSPOT_FAULTS[what]
        return hubspot.Plan(hubspot.When(fault, after=after, times=EVER))

    def _fail(self, _method: str) -> httpx.Response | None:
        if self.suffers({"slack down": 0}):
            return self._refused("slack down", httpx.Response(503, text="down"))
        if self.suffers({"slack storm": 0}) and self.chance.random() < 0.3:
            return self._refused("slack storm", httpx.Response(429, text="slowly", headers=AT_ONCE))
        return None

    def _lose(self, _method: str) -> httpx.Response | None:
        if self.suffers({"slack loses answers": 0}) and self.chance.random() < 0.3:
            return self._refused("slack loses answers", httpx.Response(502, text="lost"))
        return None

    def _refused(self, what: str, answer: httpx.Response) -> httpx.Response:
        self.met[what] += 1
        return answer


@contextmanager
def open_town(town: Town) -> Iterator[Town]:
    """The services on loopback addresses."""
    with ExitStack() as stack:
        town.stripe = stack.enter_context(stripe.serving(town.account))
        town.hubspot = stack.enter_context(hubspot.serving(town.portal))
        slack = stack.enter_context(slack_world.serving(town.slack))
        town.urls = {"stripe": town.stripe.url, "hubspot": town.hubspot.url, "slack": slack}
        yield town


def troubles(chance: random.Random, start: datetime, days: int, ends: list) -> list[Trouble]:
    """Hours of trouble, some of them right when a month's figures are due."""
    found = []
    for _ in range(days // 8):
        at = start + timedelta(hours=chance.randrange(days * 24))
        found.append((at, at + timedelta(hours=chance.randrange(2, 11)), chance.choice(EVERYTHING)))
    for _, _, end in ends:
        at, what = end + timedelta(hours=chance.randrange(-3, 9)), chance.choice(EVERYTHING)
        found.append((at, at + timedelta(hours=12), what))
    return found


def month_ends(start: datetime, days: int, zone: ZoneInfo) -> list[tuple[str, datetime, datetime]]:
    """The calendar months that end within the days: label, first and last instant, in UTC."""
    found, local = [], start.astimezone(zone)
    year, month = local.year, local.month
    while True:
        opening = datetime(year, month, 1, tzinfo=zone).astimezone(UTC)
        following = (year + month // 12, month % 12 + 1)
        end = datetime(*following, 1, tzinfo=zone).astimezone(UTC)
        if end + timedelta(hours=33) > start + timedelta(days=days):
            return found
        found.append((f"{year}-{month:02}", opening, end))
        year, month = following
