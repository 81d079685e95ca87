"""Every choice of the policy changes the figures over one ledger, and its hash."""

import pytest
from books import at, lasting, point
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tenure import Interval, State, micros
from tenure.metrics.policy import Policy
from tenure.money import MAX_AMOUNT, half_even

JAN = "2026-01-15"


def mrr(book, policy: Policy, *points) -> int:
    book.add("one", points)
    return book.rows(policy=policy)[0].end_mrr


@pytest.mark.parametrize(("choice", "left"), [("recurring", 90), ("all", 70), ("none", 100)])
def test_which_discounts_are_taken_off(book, choice, left):
    price = point(JAN, 100, discount=micros(10), discount_once=micros(20))
    assert mrr(book, Policy(discounts=choice), price) == micros(left)


@pytest.mark.parametrize(("choice", "level"), [("exclude", 0), ("include", 100)])
def test_a_trial_counts_or_not(book, choice, level):
    assert mrr(book, Policy(trials=choice), point(JAN, 100, state=State.TRIAL)) == micros(level)


@pytest.mark.parametrize(
    ("choice", "paused", "draft"), [("zero", 0, 1), ("keep", 1, 1), ("zero_all", 0, 0)]
)
def test_what_a_pause_does(book, choice, paused, draft):
    book.add("draft", lasting(amount=10, state=State.PAUSED_DRAFT))
    found = mrr(book, Policy(pause=choice), point(JAN, 1, state=State.PAUSED))
    assert found == micros(10 * draft + paused)


def test_a_requested_end_may_count_at_once(book):
    asked = point("2026-05-20", 100, ends_at=at("2026-06-15"))
    book.add("A", [*lasting(), asked, point("2026-06-15", None)])
    rows = book.rows("2026-05", "2026-06", policy=Policy(churn_date="request"))
    assert [row.churn for row in rows] == [micros(100), 0]


@pytest.mark.parametrize(
    ("factor", "level"), [("4", "400"), ("4.33", "433"), ("365.25/84", "434.821429")]
)
def test_weeks_in_a_month(book, factor, level):
    price = point(JAN, 100, interval=Interval.WEEK)
    assert mrr(book, Policy(week_factor=factor), price) == micros(level)


def test_days_in_a_month(book):
    price = point(JAN, 10, interval=Interval.DAY)
    assert mrr(book, Policy(day_factor="30"), price) == micros(300)


@pytest.mark.parametrize(("hours", "churned"), [(24, 0), (23, 1)])
def test_how_long_a_gap_may_be(book, hours, churned):
    gap = [point(JAN, None), point("2026-01-16", 120)]
    book.add("one", [*lasting(), *gap[:1]], gap[1:])
    policy = Policy(gap_tolerance_hours=hours)
    first, second = book.rows(
        "2026-01-15", "2026-01-16", unit="day", policy=policy, now=at("2026-03-01")
    )
    assert first.customers_churned == churned
    assert second.customers_end == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"week_factor": 4.33},
        {"week_factor": "0"},
        {"week_factor": "a/b"},
        {"week_factor": "4/0"},
        {"week_factor": "1/2/3"},
        {"week_factor": "4.333333333333"},
        {"day_factor": "300"},
        {"discounts": "some"},
        {"gap_tolerance_hours": -1},
        {"grace": 3},
    ],
)
def test_what_a_policy_may_not_say(wrong):
    with pytest.raises(ValidationError):
        Policy(**wrong)


def test_the_hash_knows_what_is_said_and_not_how():
    assert Policy(week_factor="52/12").hash == Policy().hash
    assert Policy(week_factor="4").hash != Policy().hash
    assert Policy().hash.startswith("sha256:")


@given(
    amount=st.integers(0, MAX_AMOUNT),
    numerator=st.integers(1, 31 * 10**6),
    denominator=st.integers(1, 10**6),
    count=st.integers(1, 1200),
)
def test_the_division_in_sql_is_exact_and_half_even(duck, amount, numerator, denominator, count):
    query = "SELECT half_even(?::BIGINT, ?::BIGINT, ?::BIGINT * ?::BIGINT)"
    if numerator > 31 * denominator:
        numerator = numerator % (31 * denominator) + 1
    (found,) = duck.execute(query, [amount, numerator, denominator, count]).fetchone()
    assert found == half_even(amount * numerator, denominator * count)


def test_a_customer_is_left_out_where_no_customer_has_an_attribute(book):
    book.add("A", lasting())
    book.add("B", lasting(amount=30))
    policy = Policy(exclude=("customer:A", "domain:a.com", "attribute:owner=ann"))
    assert book.rows(policy=policy)[0].start_mrr == micros(30)
