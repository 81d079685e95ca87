"""Made-up workspaces where the rules meet: currencies, policies, segments, short months, usage."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, cycle, pairwise, takewhile
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from portfolios import amounts, moments
from reference import TICK, Policy, Rates, Window, between, day_start, months_before

from tenure import (
    BEGINNING,
    Attribute,
    Customer,
    Evidence,
    Interval,
    Item,
    ItemKind,
    Point,
    State,
    Subscription,
    micros,
)

ZONES = ("UTC", "America/New_York", "Africa/Cairo")  # Cairo's midnight of 2024-04-26 is skipped
BOUNDARIES = [date(2023, month, 1) for month in (11, 12)]
BOUNDARIES += [date(2024, month, 1) for month in range(1, 8)]
BOUNDARIES += [date(2024, 2, day) for day in (28, 29)] + [date(2024, 4, day) for day in (26, 30)]
BOUNDARIES += [date(2024, month, day) for month in (3, 5) for day in (29, 30, 31)]
EARLY = datetime(2022, 11, 15, tzinfo=UTC)  # before every period
LATER = datetime(2026, 1, 1, tzinfo=UTC)
QUOTED = (date(2022, 10, 1), date(2024, 9, 1))
CURRENCIES = ("USD", "EUR", "JPY")
BAND_AMOUNTS = [micros(n) for n in (100, 999, 1000, 4166, 4167, 20_833, 20_834)]  # about the edges
STATES = [State.ACTIVE] * 9 + [State.ENDED] * 5 + [State.PAST_DUE] + list(State)
WEEK_FACTORS = [Fraction(52, 12), Fraction(433, 100), Fraction(4), Fraction(36_525, 8_400)]
DAY_FACTORS = [Fraction(365, 12), Fraction(30)]
RULES = ("customer:c0", "domain:example.com", "domain:ACME.test", "attribute:internal=true")


@dataclass(frozen=True)
class World:
    """A workspace: its zone, the days about which things happen, records, and rates to USD."""

    zone: str
    days: list[date]
    records: list[Subscription | Customer]
    quotes: dict[str, dict[date, Decimal]]

    @property
    def rates(self) -> Rates:
        return Rates(self.quotes, zone=ZoneInfo(self.zone))


@dataclass(frozen=True)
class Question:
    """A period that a report is asked for: from one day to before another, at a time."""

    zone: str
    first: date
    end: date
    now: datetime
    trailing: int | None = None

    @property
    def window(self) -> Window:
        return between(self.first, self.end, ZoneInfo(self.zone), self.now)


def instants(zone: str, days: list[date]) -> st.SearchStrategy[datetime]:
    """At the starts of a few days, around them, and in the month after."""
    starts = [day_start(day, ZoneInfo(zone)) for day in days]
    return st.builds(lambda start, more: start + more, st.sampled_from(starts), moments)


@st.composite
def quotes(draw, max_gap: int = 35) -> dict[str, dict[date, Decimal]]:
    """Rates of 10 places with gaps of days, none so long that a rate is missing."""
    return {currency: draw(_series(max_gap)) for currency in CURRENCIES if currency != "USD"}


@st.composite
def _series(draw, max_gap):
    gaps = draw(st.lists(st.sampled_from([1, 1, 2, 3, 7, 30, max_gap]), min_size=1, max_size=4))
    exact = st.integers(1, 10**11).map(lambda units: Decimal(units).scaleb(-10))
    usual = st.sampled_from(["1.1", "1.05", "0.9090909091", "0.0066666667", "1"]).map(Decimal)
    values = cycle(draw(st.lists(usual | exact, min_size=1, max_size=4)))
    days = accumulate(cycle(gaps), lambda day, gap: day + timedelta(days=gap), initial=QUOTED[0])
    return dict(zip(takewhile(lambda day: day < QUOTED[1], days), values, strict=False))


@st.composite
def points(draw, when, currency) -> Point:
    """One point, mostly in the item's own currency."""
    state = draw(st.sampled_from(STATES))
    amount = 0 if state is State.ENDED else draw(st.sampled_from(BAND_AMOUNTS) | amounts)
    return Point(
        effective_at=draw(when),
        amount=amount,
        discount=draw(st.sampled_from([0] * 5 + [amount // 3, amount])),
        discount_once=draw(st.sampled_from([0] * 4 + [amount // 7, amount])),
        currency=draw(st.sampled_from([currency] * 4 + list(CURRENCIES))),
        source_ref="made:up",
        interval=draw(st.sampled_from(Interval)),
        interval_count=draw(st.sampled_from([1, 1, 1, 2, 3, 7])),
        plan=draw(st.sampled_from(["pro", "basic", None])),
        product=draw(st.sampled_from(["seats", "storage", None])),
        state=state,
        ends_at=draw(st.one_of(st.none(), st.none(), st.none(), when)),
        evidence=draw(st.sampled_from(Evidence)),
    )


@st.composite
def items(draw, name, when) -> Item:
    """An item, one in five metered; a run of one state may have begun before it was seen."""
    currency = draw(st.sampled_from(CURRENCIES))
    made = draw(st.lists(points(when, currency), min_size=1, max_size=6))
    if draw(st.booleans()):
        made[0] = replace(made[0], effective_at=EARLY)
    if draw(st.integers(0, 2)) == 0:
        made = draw(_left_and_returned(when, currency))
    early = draw(st.sampled_from([None, None, timedelta(0), timedelta(days=3)]))
    kind = draw(st.sampled_from([ItemKind.LICENSED] * 4 + [ItemKind.USAGE]))
    return Item(id=name, points=made if early is None else _since(made, early), kind=kind)


@st.composite
def _left_and_returned(draw, when, currency):
    """Paid, over, and paid again: within the tolerance for gaps, or after it."""
    first, last = draw(points(when, currency)), draw(points(when, currency))
    away = draw(st.sampled_from([timedelta(hours=h) for h in (1, 24, 25, 24 * 33)]))
    gone = draw(when)
    return [
        replace(first, effective_at=EARLY),
        replace(first, effective_at=gone, amount=0, state=State.ENDED),
        replace(last, effective_at=gone + away),
    ]


def _since(made, early):
    """The points with the start of their state's run stated, as much before the first of it."""
    ordered = sorted({point.effective_at: point for point in made}.values(), key=_time)
    stated, since = [], None
    for before, point in pairwise([None, *ordered]):
        if before is None or before.state is not point.state:
            since = point.effective_at - early
        stated.append(replace(point, state_since=since))
    return stated


def _time(point):
    return point.effective_at


@st.composite
def customers(draw, name, when) -> list[Subscription | Customer]:
    """A customer with a subscription, and attributes that change."""
    lines = [draw(items(str(n), when)) for n in range(draw(st.sampled_from([1, 1, 2, 3])))]
    choices = [("owner", "ann"), ("owner", "bob"), ("owner", None), ("country", "DE")]
    choices += [("country", "US"), ("internal", "true")]
    changes = draw(
        st.lists(st.tuples(st.sampled_from(choices), when | st.just(BEGINNING)), max_size=4)
    )
    stated = {(what, t): value for (what, value), t in changes}
    attributes = [Attribute(name=n, value=v, valid_from=t) for (n, t), v in stated.items()]
    domain = draw(st.sampled_from(["example.com", "acme.test"]))
    return [
        Subscription(id="s", customer=name, items=lines),
        Customer(id=name, email=f"{name}@{domain}", attributes=attributes),
    ]


@st.composite
def records(draw, when) -> list[Subscription | Customer]:
    """Everything of up to five customers."""
    names = [f"c{number}" for number in range(draw(st.integers(1, 5)))]
    return [record for name in names for record in draw(customers(name, when))]


@st.composite
def worlds(draw) -> World:
    """A workspace with rates for every day."""
    zone = draw(st.sampled_from(ZONES))
    chosen = st.lists(st.sampled_from(BOUNDARIES), min_size=3, max_size=5, unique=True)
    days = sorted(draw(chosen))
    return World(zone, days, draw(records(instants(zone, days))), draw(quotes()))


@st.composite
def restated(draw) -> tuple[World, list[Subscription | Customer]]:
    """A workspace, and what its source says of the same time later on."""
    world = draw(worlds())
    return world, draw(records(instants(world.zone, world.days)))


def policies() -> st.SearchStrategy[Policy]:
    """Any choices of a finance team."""
    return st.builds(
        Policy,
        discounts=st.sampled_from(["recurring", "all", "none"]),
        trials=st.sampled_from(["exclude", "include"]),
        churn_date=st.sampled_from(["service_end", "request"]),
        pause=st.sampled_from(["zero", "keep", "zero_all"]),
        week_factor=st.sampled_from(WEEK_FACTORS),
        day_factor=st.sampled_from(DAY_FACTORS),
        gap_tolerance_hours=st.sampled_from([24, 24, 0, 1, 72, 24 * 40]),
        past_due_grace_days=st.sampled_from([None, 0, 1, 3, 14, 31]),
        exclude=st.sampled_from([(), (), (), *((rule,) for rule in RULES), RULES[:2]]),
    )


@st.composite
def questions(draw, world: World) -> Question:
    """From one of the world's days to a later one, or a trailing period; one in four partial."""
    end = draw(st.sampled_from(world.days[1:]))
    first = draw(st.sampled_from([day for day in world.days if day < end]))
    trailing = draw(st.sampled_from([None, None, 1, 2, 3, 12]))
    first = months_before(end, trailing) if trailing else first
    begun = day_start(first, ZoneInfo(world.zone)) + TICK
    early = draw(st.integers(0, 3)) == 0
    now = draw(instants(world.zone, world.days)) if early else LATER
    return Question(world.zone, first, end, max(now, begun), trailing)
