"""Made-up workspaces where the rules meet: currencies, policies, segments, short months, usage."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, cycle, pairwise, takewhile
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from portfolios import amounts, moments, states
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
MONTHS = [date(2023 + (10 + n) // 12, (10 + n) % 12 + 1, 1) for n in range(9)]  # 2023-11 to 2024-07
SHORT = [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 29), date(2024, 3, 30)]
SHORT += [date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31)]
WEEK_FACTORS = [Fraction(52, 12), Fraction(433, 100), Fraction(4), Fraction(36_525, 8_400)]
DAY_FACTORS = [Fraction(365, 12), Fraction(30)]
LATER = datetime(2026, 1, 1, tzinfo=UTC)
QUOTED = (date(2022, 10, 1), date(2024, 8, 1))
CURRENCIES = ("USD", "EUR", "JPY")
BAND_AMOUNTS = [micros(n) for n in (999, 1000, 4166, 4167, 20_833, 20_834)]  # about the edges


@dataclass(frozen=True)
class World:
    """A workspace: its zone, its records, and rates to USD by currency and day."""

    zone: str
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


def instants(zone: str) -> st.SearchStrategy[datetime]:
    """At, and around, the starts of months and of the last days of short ones."""
    starts = [day_start(day, ZoneInfo(zone)) for day in (*MONTHS, *SHORT)]
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
    state = draw(states)
    amount = 0 if state is State.ENDED else draw(amounts | st.sampled_from(BAND_AMOUNTS))
    return Point(
        effective_at=draw(when),
        amount=amount,
        discount=draw(st.sampled_from([0, 0, 0, amount // 3, amount])),
        discount_once=draw(st.sampled_from([0, 0, amount // 7, amount])),
        currency=draw(st.sampled_from([currency] * 4 + list(CURRENCIES))),
        source_ref="made:up",
        interval=draw(st.sampled_from(Interval)),
        interval_count=draw(st.sampled_from([1, 1, 1, 2, 3, 7])),
        plan=draw(st.sampled_from(["pro", "basic", None])),
        product=draw(st.sampled_from(["seats", "storage", None])),
        state=state,
        ends_at=draw(st.none() | when) if state is not State.ENDED else None,
        evidence=draw(st.sampled_from(Evidence)),
    )


@st.composite
def items(draw, name, when) -> Item:
    """An item, one in five metered; a run of one state may have begun before it was seen."""
    made = draw(st.lists(points(when, draw(st.sampled_from(CURRENCIES))), max_size=5))
    if early := draw(st.sampled_from([None, None, timedelta(0), timedelta(days=3)])):
        made = _since(made, early)
    kind = draw(st.sampled_from([ItemKind.LICENSED] * 4 + [ItemKind.USAGE]))
    return Item(id=name, points=made, kind=kind)


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
    lines = [draw(items(str(n), when)) for n in range(draw(st.integers(1, 3)))]
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
def records(draw, zone: str) -> list[Subscription | Customer]:
    """Everything of up to five customers."""
    when = instants(zone)
    return [
        record
        for number in range(draw(st.integers(1, 5)))
        for record in draw(customers(f"c{number}", when))
    ]


@st.composite
def worlds(draw) -> World:
    """A workspace with rates for every day."""
    zone = draw(st.sampled_from(ZONES))
    return World(zone, draw(records(zone)), draw(quotes()))


@st.composite
def restated(draw) -> tuple[World, list[Subscription | Customer]]:
    """A workspace, and what its source says of the same time later on."""
    world = draw(worlds())
    return world, draw(records(world.zone))


def policies() -> st.SearchStrategy[Policy]:
    """Any choices of a finance team."""
    rules = ["customer:c0", "domain:example.com", "domain:ACME.test", "attribute:internal=true"]
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
        exclude=st.lists(st.sampled_from(rules), max_size=2, unique=True).map(tuple),
    )


@st.composite
def questions(draw, zone: str) -> Question:
    """Any two days, mostly whole months, or a trailing period; one in four is partial."""
    end = draw(st.sampled_from([*MONTHS[2:], *SHORT]))
    trailing = draw(st.sampled_from([None, None, 1, 2, 3, 12]))
    back = draw(st.sampled_from([1, 7, 29, 30, 31, 60]))
    earlier = [day for day in MONTHS if day < end] + [end - timedelta(days=back)]
    first = months_before(end, trailing) if trailing else draw(st.sampled_from(earlier))
    begun = day_start(first, ZoneInfo(zone)) + TICK
    now = draw(instants(zone)) if draw(st.integers(0, 3)) == 0 else LATER
    return Question(zone, first, end, max(now, begun), trailing)
