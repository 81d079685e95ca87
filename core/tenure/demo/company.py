"""A made-up software company: some 400 customers over 30 months, the same for the same seed.

Customers arrive, try, add seats, move up a plan, buy an add-on, shrink, leave, and some come back;
small and young ones leave more. Every row is one stretch of one subscription item under unchanged
terms, as a spreadsheet of subscriptions has it. Nobody in it exists.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from random import Random

MONTHS = 30
FOUNDERS = 95
"""Customers that pay when the history begins."""

COLUMNS = (
    "customer", "customer_name", "subscription", "item", "plan", "product", "start", "end",
    "amount", "interval", "quantity", "currency", "trial_end", "discount_percent",
    "requested_at", "owner", "country",
)  # fmt: skip

_COUNTRIES = (("US", 44), ("GB", 14), ("DE", 13), ("FR", 9), ("NL", 7), ("CA", 7), ("AU", 6))
_OWNERS = {"US": "Maya Torres", "CA": "Maya Torres", "AU": "Maya Torres", "GB": "Owen Price"}
_ON_THE_CONTINENT = "Lena Vogt"
_LEFT, _TOOK_OVER = "Owen Price", "Priya Raman"
_SYLLABLES = "al bra cor dun el fen gra hol ir jas kel lum mor nev ost pra quil ros sel tam ulm ver wes yar zen".split()  # noqa: E501, SIM905 - a list of words
_ENDINGS = ("a", "ex", "io", "on", "is", "ora", "um", "yx")
_TRADES = ("Foods", "Freight", "Health", "Labs", "Legal", "Media", "Retail", "Robotics", "Travel")


@dataclass(frozen=True, slots=True)
class Plan:
    """A price per seat and month, and how its customers behave in a month."""

    name: str
    price: int
    seats: tuple[int, int]
    weight: int
    annual: float
    leaves: float


PLANS = (
    Plan("Starter", 29, (2, 9), 52, 0.10, 0.024),
    Plan("Growth", 59, (5, 24), 36, 0.35, 0.011),
    Plan("Scale", 99, (15, 60), 12, 0.65, 0.005),
)
ADD_ON_PRICE = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A row of the spreadsheet: one item under unchanged terms."""

    customer: str
    customer_name: str
    subscription: str
    item: str
    plan: str
    product: str
    start: date
    end: date | None = None
    amount: int
    interval: str
    quantity: int
    currency: str = "USD"
    trial_end: date | None = None
    discount_percent: int | None = None
    requested_at: date | None = None
    owner: str
    country: str

    def cells(self) -> list[str]:
        """The row as texts, in the order of `COLUMNS`."""
        values = asdict(self)
        return ["" if values[name] is None else str(values[name]) for name in COLUMNS]

    @property
    def domain(self) -> str:
        """The customer's, on the web: nobody's, as `.example` never is anybody's."""
        return f"{self.customer_name.lower().replace(' ', '-')}.example"


@dataclass(frozen=True, slots=True)
class Company:
    """The company until `now`, for simulated services to show (`Connector.world`).

    `now` is an aware UTC instant after every stretch has begun. Ids stay the same as it lives on.
    """

    now: datetime
    stretches: Sequence[Stretch]

    def customers(self) -> Iterator[list[Stretch]]:
        """The stretches of each customer, in the order of their starts."""
        rows = sorted(self.stretches, key=lambda row: (row.customer, row.start, row.item))
        for _, own in groupby(rows, key=lambda row: row.customer):
            yield list(own)


@dataclass(slots=True)
class _Customer:
    """What a customer has now, and the stretches that are over."""

    seats: Stretch
    plan: int
    add_on: Stretch | None = None
    past: list[Stretch] = field(default_factory=list)
    left: date | None = None
    subscriptions: int = 1


def live(last_month: date, seed: int = 7) -> Iterator[Stretch]:
    """Every stretch of the 30 months that end with the month of `last_month`."""
    chance = Random(seed)  # noqa: S311 - a made-up company, the same every time
    months = [_add_months(last_month.replace(day=1), n - MONTHS + 1) for n in range(MONTHS)]
    handover = months[MONTHS * 3 // 5] + timedelta(days=14)
    for number in range(_arrivals(MONTHS)):
        arrival = next(m for m in range(-1, MONTHS) if number < _arrivals(m + 1))
        customer = _arrive(chance, number, months, arrival)
        for month in months[max(arrival, 0) :]:
            if customer.seats.start < month:
                _month(chance, customer, month)
        yield from _handed_over(customer, handover)


def _arrivals(months: int) -> int:
    """Customers who ever came until so many months have passed."""
    return FOUNDERS + sum(7 + n // 4 for n in range(months))


def _arrive(chance: Random, number: int, months: list[date], arrival: int) -> _Customer:
    plan = chance.choices(range(len(PLANS)), [p.weight for p in PLANS])[0]
    country = chance.choices([c for c, _ in _COUNTRIES], [w for _, w in _COUNTRIES])[0]
    terms = PLANS[plan]
    start = _day_in(chance, months[arrival] if arrival >= 0 else _add_months(months[0], -1))
    if arrival < 0:
        start = _day_in(chance, _add_months(months[0], -chance.randint(1, 20)))
    annual = chance.random() < terms.annual
    tries = arrival >= 0 and not annual and chance.random() < 0.3
    customer = f"cus_{number + 1:04}"
    return _Customer(
        plan=plan,
        seats=Stretch(
            customer=customer,
            customer_name=_name(chance),
            subscription=f"sub_{number + 1:04}_1",
            item="seats",
            plan=terms.name,
            product="Platform",
            start=start,
            amount=terms.price * (10 if annual else 1),
            interval="year" if annual else "month",
            quantity=chance.randint(*terms.seats),
            trial_end=start + timedelta(days=14) if tries else None,
            discount_percent=chance.choice((10, 15, 20, 25)) if chance.random() < 0.12 else None,
            owner=_OWNERS.get(country, _ON_THE_CONTINENT),
            country=country,
        ),
    )


def _month(chance: Random, customer: _Customer, month: date) -> None:
    """What happens to a customer in a month, if anything."""
    day = _day_in(chance, month)
    if customer.left is not None:
        if day - customer.left > timedelta(days=50) and chance.random() < 0.025:
            _return(chance, customer, day)
        return
    what = chance.random()
    leaves = _leaving(customer, month)
    if what < leaves:
        _leave(chance, customer, day)
    elif what < leaves + 0.055:
        _change(customer, day, quantity=_more(chance, customer.seats.quantity))
    elif what < leaves + 0.070:
        _change(customer, day, quantity=max(1, customer.seats.quantity * 3 // 4))
    elif what < leaves + 0.079 and customer.plan + 1 < len(PLANS):
        _move_up(customer, day)
    elif what < leaves + 0.092 and customer.add_on is None and customer.plan:
        _add_on(customer, day)


def _tries(seats: Stretch, day: date) -> bool:
    return seats.trial_end is not None and day <= seats.trial_end


def _leaving(customer: _Customer, month: date) -> float:
    """The chance to leave this month: more when young; with a yearly bill only at its end."""
    chance = PLANS[customer.plan].leaves
    age = (month.year - customer.seats.start.year) * 12 + month.month - customer.seats.start.month
    if customer.seats.interval == "year":
        return chance * 8 if month.month == customer.seats.start.month and age else 0.0
    return chance * (1.6 if age < 6 else 1.0)


def _more(chance: Random, seats: int) -> int:
    return seats + max(1, round(seats * chance.uniform(0.08, 0.30)))


def _change(customer: _Customer, day: date, **terms: object) -> None:
    """End the stretch and begin the next one under other terms."""
    seats = customer.seats
    if day <= seats.start or _tries(seats, day):
        return
    customer.past.append(replace(seats, end=day))
    customer.seats = replace(seats, start=day, trial_end=None, **terms)  # type: ignore[arg-type]  # terms are its fields


def _move_up(customer: _Customer, day: date) -> None:
    after = PLANS[customer.plan + 1]
    factor = 10 if customer.seats.interval == "year" else 1
    if day > customer.seats.start:
        customer.plan += 1
        seats = max(customer.seats.quantity * 4 // 5, after.seats[0])
        _change(customer, day, plan=after.name, amount=after.price * factor, quantity=seats)


def _add_on(customer: _Customer, day: date) -> None:
    if _tries(customer.seats, day):
        return
    customer.add_on = replace(
        customer.seats,
        item="insights",
        product="Insights",
        start=max(day, customer.seats.start),
        amount=ADD_ON_PRICE,
        interval="month",
        quantity=1,
        trial_end=None,
        discount_percent=None,
    )


def _leave(chance: Random, customer: _Customer, day: date) -> None:
    seats = customer.seats
    if day <= seats.start:
        return
    asked = max(seats.start, day - timedelta(days=chance.randint(3, 40)))
    requested = asked if chance.random() < 0.7 else None
    for stretch in filter(None, (seats, customer.add_on)):
        begun = max(stretch.start, requested) if requested else None
        if day > stretch.start:
            customer.past.append(replace(stretch, end=day, requested_at=begun))
    customer.add_on = None
    customer.left = day


def _return(chance: Random, customer: _Customer, day: date) -> None:
    customer.subscriptions += 1
    base = customer.seats.subscription.rpartition("_")[0]
    customer.seats = replace(
        customer.seats,
        subscription=f"{base}_{customer.subscriptions}",
        start=day,
        trial_end=None,
        discount_percent=chance.choice((None, 10)),
    )
    customer.left = None


def _handed_over(customer: _Customer, day: date) -> Iterator[Stretch]:
    """The customer's stretches; where its success manager left, cut at the day of the handover."""
    now = [] if customer.left else [customer.seats]
    for stretch in (*customer.past, *now, *filter(None, [customer.add_on])):
        if stretch.owner != _LEFT or (stretch.end and stretch.end <= day):
            yield stretch
        elif stretch.start >= day:
            yield replace(stretch, owner=_TOOK_OVER)
        else:
            asked, trial = stretch.requested_at, stretch.trial_end
            yield replace(stretch, end=day, requested_at=None)
            yield replace(
                stretch,
                start=day,
                owner=_TOOK_OVER,
                requested_at=asked and max(asked, day),
                trial_end=trial if trial and trial > day else None,
            )


def _name(chance: Random) -> str:
    word = "".join(chance.sample(_SYLLABLES, 2)).capitalize() + chance.choice(_ENDINGS)
    return f"{word} {chance.choice(_TRADES)}"


def _day_in(chance: Random, month: date) -> date:
    return month + timedelta(days=chance.randint(0, 27))


def _add_months(month: date, number: int) -> date:
    count = month.year * 12 + month.month - 1 + number
    return date(count // 12, count % 12 + 1, 1)
