"""When something is due: weekdays, the two odd nights of a year, and what was missed."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from tenure.config import schedule
from tenure.daemon.alarms import Due

BERLIN, NEW_YORK, LORD_HOWE = map(
    ZoneInfo, ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dues(text: str, zone: ZoneInfo, after: str, count: int) -> list[str]:
    found = islice(schedule.following(text, zone, at(after)), count)
    return [due.strftime("%m-%d %H:%M") for due in found]


# 2026-03-01 is a Sunday.
@pytest.mark.parametrize(
    ("weekday", "day"),
    [
        ("1", "02"),
        ("MON", "02"),
        ("mon", "02"),
        ("0", "01"),
        ("7", "01"),
        ("SUN", "01"),
        ("6", "07"),
    ],
)
def test_monday_is_1_and_sunday_is_0_and_7(weekday, day):
    assert dues(f"0 9 * * {weekday}", ZoneInfo("UTC"), "2026-03-01", 1) == [f"03-{day} 09:00"]


# The clock goes from 02:00 to 03:00, in Lord Howe from 02:00 to 02:30.
@pytest.mark.parametrize(
    ("zone", "before", "expected"),
    [
        (BERLIN, "2026-03-28T12:00", ["03-29 01:00", "03-30 00:15"]),
        (NEW_YORK, "2026-03-07T12:00", ["03-08 07:00", "03-09 06:15"]),
        (LORD_HOWE, "2026-10-03T12:00", ["10-03 15:30", "10-04 15:15"]),
    ],
)
def test_a_time_that_does_not_exist_is_the_next_one_that_does(zone, before, expected):
    assert dues("15 2 * * *", zone, before, 2) == expected


# The clock goes back from 03:00 to 02:00; from 02:00 to 01:00; from 02:00 to 01:30.
@pytest.mark.parametrize(
    ("zone", "line", "before", "expected"),
    [
        (BERLIN, "30 2 * * *", "2026-10-24T12:00", ["10-25 00:30", "10-26 01:30"]),
        (NEW_YORK, "30 1 * * *", "2026-10-31T12:00", ["11-01 05:30", "11-02 06:30"]),
        (LORD_HOWE, "45 1 * * *", "2026-04-04T02:00", ["04-04 14:45", "04-05 15:15"]),
    ],
)
def test_a_time_that_comes_twice_counts_the_first_time(zone, line, before, expected):
    assert dues(line, zone, before, 2) == expected


def test_between_the_two_same_times_nothing_that_was_is_due_again():
    assert dues("30 2 * * *", BERLIN, "2026-10-25T01:10", 1) == ["10-26 01:30"]


@pytest.mark.parametrize("night", ["2026-10-24T22:00", "2026-03-28T22:00"])
def test_a_line_that_begins_with_a_star_goes_by_real_time(night):
    found = list(islice(schedule.following("*/15 * * * *", BERLIN, at(night)), 40))
    assert {later - one for one, later in pairwise(found)} == {timedelta(minutes=15)}


def test_every_counts_from_1970_whenever_it_is_asked():
    assert dues("every 90m", BERLIN, "2026-01-01T00:01", 2) == ["01-01 01:30", "01-01 03:00"]


@pytest.mark.parametrize("line", ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 * 2 1#6"])
def test_a_day_that_never_comes_is_a_mistake(line):
    with pytest.raises(ValueError, match="not a schedule"):
        schedule.validate(line)


def test_a_leap_day_is_a_day():
    assert schedule.validate("0 0 29 2 *") == "0 0 29 2 *"
    due = schedule.latest("0 0 29 2 *", BERLIN, at("2027-01-01"))
    assert due == at("2024-02-28T23:00")


@pytest.mark.parametrize(
    "line", ["*/15 * * * *", "5 0 * * *", "0 9 1 * *", "every 3h", "0 9 * * 1"]
)
def test_the_last_due_is_the_one_before_the_next(line):
    now = at("2026-10-25T01:10")
    last = schedule.latest(line, BERLIN, now)
    assert last is not None
    assert last <= now < next(schedule.following(line, BERLIN, last))


def test_a_due_instant_itself_is_due():
    assert schedule.latest("5 0 * * *", BERLIN, at("2026-01-01T23:05")) == at("2026-01-01T23:05")


def test_the_alarm_clock_leaves_out_what_was_missed():
    clock = Due("every 1h", BERLIN)
    assert clock.get_next_fire_time(at("2025-01-01"), at("2026-01-01T00:10")) == at("2026-01-01T01")


@pytest.mark.parametrize("text", ["", "15", "m", "0m", "1.5h", "15 minutes"])
def test_what_is_no_span_of_time_says_how_to_write_one(text):
    with pytest.raises(ValueError, match="write `24h`"):
        schedule.span(text)
