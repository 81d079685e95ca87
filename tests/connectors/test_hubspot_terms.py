"""When a line item starts and ends, and what it bills a month: HubSpot's rules."""

from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure import Interval
from tenure_connectors.hubspot.levels import FREQUENCIES, level
from tenure_connectors.hubspot.terms import after, term

UTC_ZONE = ZoneInfo("UTC")
MONTHS = {Interval.MONTH: Fraction(1), Interval.YEAR: Fraction(12), Interval.WEEK: Fraction(12, 52)}
START, END = "hs_recurring_billing_start_date", "hs_recurring_billing_end_date"
PERIOD, BILLED = "hs_recurring_billing_period", "recurringbillingfrequency"


def span(closed: str | None = "2025-03-10T12:00:00Z", zone: str = "UTC", **properties: str):
    found = term(properties, closed, ZoneInfo(zone))
    return str(found.start), found.end and str(found.end)


@pytest.mark.parametrize(
    ("frequency", "price", "a_month"),
    [
        ("weekly", "12", "52"),
        ("biweekly", "24", "52"),
        ("monthly", "9.99", "9.99"),
        ("quarterly", "30", "10"),
        ("per_six_months", "60", "10"),
        ("annually", "120", "10"),
        ("per_two_years", "240", "10"),
        ("per_three_years", "360", "10"),
        ("per_four_years", "480", "10"),
        ("per_five_years", "600", "10"),
    ],
)
def test_each_frequency_is_an_interval(frequency, price, a_month):
    found = level({BILLED: frequency, "price": price})
    months = MONTHS[found.interval] * found.count
    assert Fraction(found.amount, 10**6) / months == Fraction(a_month)


def test_no_other_frequency_is_known():
    assert len(FREQUENCIES) == 10
    with pytest.raises(ValueError, match="'hourly' is none of weekly"):
        level({BILLED: "hourly", "price": "1"})


@pytest.mark.parametrize("period", [None, "P12M"])
def test_without_a_frequency_it_is_billed_once_whatever_its_term(period):
    assert level({"price": "6000", PERIOD: period}) is None


@pytest.mark.parametrize(
    ("period", "end"),
    [
        ("P8M", "2026-05-01"),
        ("P1Y", "2026-09-01"),
        ("P3Y", "2028-09-01"),
        ("P24M", "2027-09-01"),
        ("P12W", "2025-11-24"),
        ("P30D", "2025-10-01"),
        ("P1Y6M", "2027-03-01"),
    ],
)
def test_the_period_is_the_term(period, end):
    assert span(**{START: "2025-09-01", PERIOD: period}) == ("2025-09-01", end)


def test_without_a_period_it_renews():
    assert span(**{START: "2025-09-01"}) == ("2025-09-01", None)


def test_an_earlier_end_wins_and_a_later_one_does_not():
    known = {START: "2025-09-01", PERIOD: "P12M"}
    assert span(**known, **{END: "2026-01-01"})[1] == "2026-01-01"
    assert span(**known, **{END: "2027-01-01"})[1] == "2026-09-01"
    assert span(**{START: "2025-09-01", END: "2026-01-01"})[1] == "2026-01-01"


def test_a_month_too_short_ends_on_its_last_day():
    assert after(date(2025, 1, 31), "P1M") == date(2025, 2, 28)
    assert after(date(2024, 2, 29), "P1Y") == date(2025, 2, 28)


@pytest.mark.parametrize(
    ("properties", "start"),
    [
        ({}, "2025-03-10"),
        ({"hs_billing_start_delay_days": "30"}, "2025-04-09"),
        ({"hs_billing_start_delay_months": "2"}, "2025-05-10"),
        ({START: "2025-01-01", "hs_billing_start_delay_days": "30"}, "2025-01-01"),
        ({START: "1735689600000"}, "2025-01-01"),
    ],
)
def test_it_starts_on_its_date_else_after_the_delay_else_when_the_deal_closed(properties, start):
    assert span(**properties)[0] == start


def test_the_close_date_is_the_day_of_the_workspace():
    assert span("2025-03-10T23:30:00Z", "Asia/Tokyo")[0] == "2025-03-11"
    assert span("2025-03-10T01:00:00Z", "America/New_York")[0] == "2025-03-09"


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({START: "0225-01-01"}, "lies in the year 225"),
        ({START: "tomorrow"}, "is no date"),
        ({START: "2025-03-01", END: "2025-01-01"}, "before it starts"),
        ({PERIOD: "12 months"}, "is no period such as P12M"),
        ({PERIOD: "P0M"}, "is no period"),
        ({PERIOD: "P9000Y"}, "can hardly be meant"),
        ({"hs_billing_start_delay_days": "-3"}, "no whole number"),
    ],
)
def test_what_can_hardly_be_meant_is_refused(properties, said):
    with pytest.raises(ValueError, match=said):
        span(**properties)


def test_neither_start_nor_close_date():
    with pytest.raises(ValueError, match="neither it has a start"):
        span(None)


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_terms_add_up_for_days_that_every_month_has(start, one, other):
    first = start.replace(day=min(start.day, 28))
    both = after(first, f"P{one + other + 1}M")
    assert after(after(first, f"P{one + 1}M"), f"P{other}M" if other else "P0Y1D") == (
        both if other else both.fromordinal(both.toordinal() + 1)
    )
