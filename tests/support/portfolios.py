"""Made-up portfolios that sit where figures break: boundaries, gaps, leap days, huge amounts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tenure import Attribute, Customer, Evidence, Interval, Item, Point, State, Subscription
from tenure.money import MAX_AMOUNT
from tenure.periods import day_start

ZONES = {
    "UTC": date(2024, 1, 1),
    "America/New_York": date(2024, 1, 1),
    "America/Sao_Paulo": date(2018, 9, 1),  # midnight of 2018-11-04 does not exist
    "Africa/Cairo": date(2024, 2, 1),  # nor that of 2024-04-26
    "Pacific/Apia": date(2011, 11, 1),  # the whole of 2011-12-30 does not exist
}
MONTHS = 4

moments = st.one_of(
    st.sampled_from([timedelta(), timedelta(microseconds=-1), timedelta(microseconds=1)]),
    st.sampled_from([timedelta(hours=h) for h in (-25, -24, -23, 1, 5, 23, 24, 25)]),
    st.timedeltas(timedelta(0), timedelta(days=31)),
)
amounts = st.one_of(
    st.sampled_from([0, 1, 2, 3, 5, 7, 10**6, 100 * 10**6, MAX_AMOUNT, MAX_AMOUNT - 1]),
    st.integers(0, 10**9),
)
states = st.sampled_from(
    [State.ACTIVE] * 4 + [State.ENDED] * 3 + [s for s in State if s is not State.ENDED]
)


@st.composite
def points(draw, instants):
    """One point at any of the instants."""
    state = draw(states)
    amount = 0 if state is State.ENDED else draw(amounts)
    return Point(
        effective_at=draw(instants),
        amount=amount,
        discount=draw(st.sampled_from([0, 0, 0, amount // 3, amount])),
        currency="USD",
        source_ref="made:up",
        interval=draw(st.sampled_from(Interval)),
        interval_count=draw(st.sampled_from([1, 1, 1, 2, 3, 4, 7])),
        plan=draw(st.sampled_from(["pro", "basic", None])),
        state=state,
        evidence=draw(st.sampled_from(Evidence)),
    )


@st.composite
def portfolios(draw):
    """A zone, its first day, and the records of up to eight customers."""
    zone = draw(st.sampled_from(sorted(ZONES)))
    first = ZONES[zone]
    starts = [day_start(_month(first, n), ZoneInfo(zone)) for n in range(-1, MONTHS + 2)]
    starts += [day_start(date(2024, 2, 29), UTC)] if first.year == 2024 else []
    instants = st.builds(lambda start, more: start + more, st.sampled_from(starts), moments)
    records = []
    for number in range(draw(st.integers(1, 8))):
        items = [
            Item(id=str(n), points=draw(st.lists(points(instants), max_size=5)))
            for n in range(draw(st.integers(1, 3)))
        ]
        records.append(Subscription(id="s", customer=f"c{number}", items=items))
        changes = draw(
            st.lists(st.tuples(st.sampled_from(["ann", "bob", None]), instants), max_size=3)
        )
        owners = [Attribute(name="owner", value=v, valid_from=t) for v, t in changes]
        records.append(Customer(id=f"c{number}", attributes=owners))
    return zone, first, records


def _month(first: date, number: int) -> date:
    count = first.year * 12 + first.month - 1 + number
    return date(count // 12, count % 12 + 1, 1)


def month_labels(first: date) -> tuple[str, str]:
    """The first and the last month of the range that a portfolio is about."""
    return f"{first:%Y-%m}", f"{_month(first, MONTHS - 1):%Y-%m}"


def as_of(first: date) -> datetime:
    """An instant in the last month: that period is partial."""
    return datetime(*_month(first, MONTHS - 1).timetuple()[:3], tzinfo=UTC) + timedelta(days=9)
