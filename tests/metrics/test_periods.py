"""Periods: labels, days that begin late or never, default ranges, what is refused."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.errors import UsageError
from tenure.periods import DEFAULT_COUNT, Range, Span, Unit, day_start, parse, periods

EARLY = datetime(2011, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
ZONES = ["UTC", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia", "Asia/Kathmandu"]


def labels(unit, first=None, last=None, now=NOW):
    return [
        period.label
        for period in periods(Range(unit=Unit(unit), first=first, last=last), UTC_ZONE, now)
    ]


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("2025", "2025-01-01", "2026-01-01"),
        ("2025-Q3", "2025-07-01", "2025-10-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2026-W01", "2025-12-29", "2026-01-05"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
    ],
)
def test_what_a_period_is_called(text, first, end):
    assert parse(text) == Span(date.fromisoformat(first), date.fromisoformat(end))


@pytest.mark.parametrize(
    "text", ["", "soon", "2025-13", "2025-Q5", "2025-W54", "2025-02-29", "25", "9999"]
)
def test_what_names_no_period(text):
    with pytest.raises(UsageError, match="2025-Q3"):
        parse(text)


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),  # midnight does not exist
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00"),  # likewise
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),  # the whole day does not exist
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30"),  # from 23:30 to 0:30
        ("America/Havana", "2025-11-02", "2025-11-02T04:00"),  # midnight happens twice
    ],
)
def test_a_day_begins_at_its_first_existing_instant(zone, day, expected):
    found = day_start(date.fromisoformat(day), ZoneInfo(zone))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@given(
    zone=st.sampled_from(ZONES),
    unit=st.sampled_from(["day", "week", "month", "quarter", "year"]),
    now=st.timedeltas(timedelta(0), timedelta(days=7000)).map(EARLY.__add__),
)
def test_periods_follow_each_other_without_a_gap(zone, unit, now):
    made = periods(Range(unit=Unit(unit)), ZoneInfo(zone), now)
    assert all(a.closes == b.opens and a.end == b.start for a, b in pairwise(made))
    assert len(made) == DEFAULT_COUNT[Unit(unit)]


@pytest.mark.parametrize(
    ("unit", "last"),
    [
        ("day", "2026-07-14"),
        ("week", "2026-W28"),
        ("month", "2026-06"),
        ("quarter", "2026-Q2"),
        ("year", "2025"),
    ],
)
def test_the_usual_range_ends_with_the_last_complete_period(unit, last):
    assert labels(unit)[-1] == last


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Range(count=2), ["2026-05", "2026-06"]),
        (Range(count=2, running=True), ["2026-05", "2026-06", "2026-07"]),
        (Range(first="2026-06", running=True), ["2026-06", "2026-07"]),
        (Range(last="2026-06", count=2, running=True), ["2026-05", "2026-06"]),
        (Range(unit=Unit.WEEK, count=1, running=True), ["2026-W28", "2026-W29"]),
    ],
)
def test_so_many_complete_periods_and_the_running_one(asked, expected):
    assert [period.label for period in periods(asked, UTC_ZONE, NOW)] == expected


def test_both_ends_of_a_range_belong_to_it():
    assert labels("month", "2025-Q4", "2026-01-31") == ["2025-10", "2025-11", "2025-12", "2026-01"]


def test_a_custom_period_is_one_of_whole_days():
    (made,) = periods(Range(unit=Unit.CUSTOM, first="2025-03-10", last="2025-03-20"), UTC_ZONE, NOW)
    assert made.label == "2025-03-10/2025-03-20"
    assert made.closes - made.opens == timedelta(days=11)


def test_a_period_that_is_not_over_is_partial():
    whole, partial = periods(Range(first="2026-06", last="2026-07"), UTC_ZONE, NOW)
    assert (whole.as_of, partial.as_of) == (None, NOW)


@pytest.mark.parametrize(
    ("unit", "first", "last", "said"),
    [
        ("month", "2026-03", "2026-01", "Swap"),
        ("month", "2027-01", "2027-02", "not begun"),
        ("custom", "2025-03-10", None, "--to DAY"),
        ("custom", "2025-03-10", "2025-03-01", "Swap"),
        ("day", "1000", "2026", "longer --period"),
    ],
)
def test_ranges_that_are_refused(unit, first, last, said):
    with pytest.raises(UsageError, match=said):
        labels(unit, first, last)


@pytest.mark.parametrize(
    ("unit", "last", "months", "opens"),
    [
        ("month", "2026-03", 12, "2025-04-01"),
        ("day", "2026-03-30", 1, "2026-02-28"),  # ends on 31 March
        ("day", "2024-03-29", 1, "2024-02-29"),
        ("quarter", "2026-Q1", 3, "2026-01-01"),
        ("day", "2026-01-01", 14, "2024-11-02"),
    ],
)
def test_a_trailing_period_opens_so_many_months_before_its_end(unit, last, months, opens):
    asked = Range(unit=Unit(unit), first=last, last=last, trailing=months)
    (made,) = periods(asked, UTC_ZONE, NOW)
    assert (made.label, made.start.isoformat()) == (last, opens)
    assert made.opens == day_start(made.start, UTC_ZONE)


@pytest.mark.parametrize("months", [0, -1, 50_000])
def test_no_number_of_months(months):
    with pytest.raises(UsageError, match="month"):
        periods(Range(trailing=months), UTC_ZONE, NOW)
