"""The rules that no worked example shows, and the laws that hold for any world."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from facts import at, lasting, point
from hypothesis import given
from hypothesis import strategies as st
from reference import (
    COUNTS,
    NAMES,
    VARIANTS,
    MissingRateError,
    Policy,
    Rates,
    Terms,
    bridge,
    cohorts,
    contracted_mrr,
    day_start,
    log,
    logo_retention,
    monthly,
    mrr,
    payers,
    retention,
    trailing,
)
from verdicts import EUR, JANUARY, NOW, UTC_ZONE, a, days, months, moved, total
from worlds import World, policies, questions, worlds

from tenure import Attribute, Customer, Interval, ItemKind, State, micros


def test_a_gap_of_a_day_is_no_movement():
    ends, returns = point("2026-01-10", None), lasting("2026-01-11", 150)
    records = [a("A", [*lasting(), ends], returns)]
    assert moved(records, JANUARY) == [("expansion", 50, "11 Jan")]
    strict = payers(records, NOW, Policy(gap_tolerance_hours=23))
    assert [m.kind for m in log(strict, JANUARY)] == ["churn", "reactivation"]


def test_a_gap_that_a_pause_made_is_one():
    paused = point("2026-01-10", 100, state=State.PAUSED)
    records = [a("A", [*lasting(), paused, point("2026-01-11", 100)])]
    assert [kind for kind, *_ in moved(records, JANUARY)] == ["churn", "reactivation"]


@pytest.mark.parametrize(("days_of_grace", "expected"), [(None, []), (0, [10]), (5, [15])])
def test_grace_runs_from_the_start_of_the_state(days_of_grace, expected):
    late = point("2026-01-12", 100, state=State.PAST_DUE, state_since=at("2026-01-10"))
    again = point("2026-01-13", 100, state=State.PAST_DUE)
    customers = payers(
        [a("A", [*lasting(), late, again])], NOW, Policy(past_due_grace_days=days_of_grace)
    )
    found = [(m.kind, m.instant.day) for m in log(customers, JANUARY)]
    assert found == [("churn", max(day, 12)) for day in expected]


@pytest.mark.parametrize(
    ("policy", "point_", "expected"),
    [
        ({}, {"state": State.TRIAL}, 0),
        ({"trials": "include"}, {"state": State.TRIAL}, 100),
        ({}, {"state": State.PAUSED_DRAFT}, 100),
        ({"pause": "keep"}, {"state": State.PAUSED}, 100),
        ({"pause": "zero_all"}, {"state": State.PAUSED_DRAFT}, 0),
        ({"discounts": "none"}, {"discount": micros(30)}, 100),
        ({"churn_date": "request"}, {"ends_at": NOW}, 0),
        ({"week_factor": Fraction(4)}, {"interval": Interval.WEEK}, 400),
        ({"day_factor": Fraction(30)}, {"interval": Interval.DAY}, 3000),
        ({}, {"state": State.UNPAID}, 0),
    ],
)
def test_policies_change_what_a_point_counts(policy, point_, expected):
    assert total([a("A", lasting(**point_))], **policy).get("end_mrr", 0) == micros(expected)


@pytest.mark.parametrize(
    "rule", ["customer:A", "domain:ACME.test", "attribute:internal=true", "customer:B"]
)
def test_exclusion(rule):
    inside = Attribute(name="internal", value="true", valid_from=at("2026-05-01"))
    who = Customer(id="A", email="x@acme.test", attributes=[inside])
    row = total([a("A", lasting()), who], exclude=(rule,))
    assert row.get("start_mrr", 0) == (micros(100) if rule == "customer:B" else 0)


def test_usage_is_left_out():
    assert total([a("A", lasting(), kind=ItemKind.USAGE)]) == {}


def test_contracted_mrr_knows_what_is_scheduled():
    records = [a("A", [*lasting(), point("2026-02-10", 130), point("2026-03-01", None)])]
    whole, january = payers(records), JANUARY
    found = [contracted_mrr(whole, january, timedelta(days=n)) for n in (0, 9, 10, 27, 28, 29)]
    assert found == [micros(n) for n in (100, 100, 130, 130, 130, 0)]


@pytest.mark.parametrize(
    ("end", "months", "opens"),
    [
        ("2024-03-31", 1, "2024-02-29"),
        ("2023-03-30", 1, "2023-02-28"),
        ("2026-01-01", 12, "2025-01-01"),
    ],
)
def test_trailing_opens_on_a_day_that_exists(end, months, opens):
    window = trailing(date.fromisoformat(end), months, UTC_ZONE, NOW)
    assert (window.opens, window.closes) == (at(opens), at(end))


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        ("2024-04-26", "Africa/Cairo", "2024-04-25T22:00"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00"),
        ("2024-01-01", "Pacific/Kiritimati", "2023-12-31T10:00"),
    ],
)
def test_a_day_begins_at_its_first_instant(day, zone, expected):
    assert day_start(date.fromisoformat(day), ZoneInfo(zone)) == at(expected)


def test_months_of_a_window_are_counted_back_from_its_end():
    window = trailing(date(2024, 5, 31), 3, UTC_ZONE, at("2024-04-30"))
    found = [(m.opens, m.closes, m.as_of) for m in monthly(window, UTC_ZONE)]
    feb, march, april, may = map(at, ("2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"))
    assert found == [(feb, march, None), (march, april, None), (april, may, april)]


def test_a_rate_is_the_last_one_before_the_day_and_not_too_old():
    rates = Rates({"EUR": {date(2026, 1, 1): Decimal("1.1"), date(2026, 3, 1): Decimal(2)}})
    assert rates.at("EUR", at("2026-01-02")) == Fraction(11, 10)
    assert rates.at("EUR", at("2026-02-06T12:00")) == Fraction(11, 10)
    assert rates.at("EUR", at("2026-03-02")) == 2
    with pytest.raises(MissingRateError, match="EUR for 2026-02-06"):
        rates.at("EUR", at("2026-02-07"))
    with pytest.raises(LookupError, match="EUR for 2025-12-31"):
        rates.at("EUR", at("2026-01-01T23:59"))
    late = Rates(rates.quotes, zone=ZoneInfo("America/New_York"))
    with pytest.raises(MissingRateError):
        late.at("EUR", at("2026-01-02"))


def test_levels_are_converted_each_on_its_own_half_to_even():
    rates = Rates({"EUR": {date(2025, 12, 31): Decimal("0.5")}})
    lines = [lasting(amount=Decimal(micro) / 10**6, currency="EUR") for micro in (1, 1, 3, 5)]
    assert mrr(payers([a("A", *lines)], NOW), days("2025-12-01", "2026-01-01"), Terms(rates)) == 4


def test_segments_are_as_of_the_start_and_of_the_first_paid_instant():
    owners = [("2025-01-01", "ann"), ("2026-01-01", "bob"), ("2026-01-20", "cy")]
    attributes = [Attribute(name="owner", value=v, valid_from=at(t)) for t, v in owners]
    records = [a("old", lasting()), a("new", lasting("2026-01-25", 50))]
    records += [Customer(id=name, attributes=attributes) for name in ("old", "new")]
    found = bridge(payers(records, NOW), JANUARY, "owner")
    assert {name: row["end_mrr"] for name, row in found.items()} == {
        "bob": micros(100),
        "cy": micros(50),
    }
    where = Terms(where={"owner": "cy"})
    assert list(bridge(payers(records, NOW), JANUARY, ("owner", "plan"), where)) == [
        ("cy", "(none)")
    ]


@pytest.mark.parametrize(
    ("amount", "band"),
    [(999, "<12k"), (1000, "12–50k"), (4167, "50–250k"), (20_833, "50–250k"), (20_834, "≥250k")],  # noqa: RUF001
)
def test_bands_hold_their_lower_edge(amount, band):
    assert list(bridge(payers([a("A", lasting(amount=amount))], NOW), JANUARY, "acv_band")) == [
        band
    ]


def test_the_largest_item_gives_plan_and_currency_ties_by_name():
    small = lasting(amount=100, plan="a", currency="EUR")  # 110 USD
    large = [lasting(amount=110, plan=plan) for plan in ("c", "b")]
    customers, terms = payers([a("A", small, *large)], NOW, source="billing"), Terms(Rates(EUR))
    by = ("plan", "currency", "source")
    assert list(bridge(customers, JANUARY, by, terms)) == [("a", "EUR", "billing")]


def test_cohorts_follow_customers_from_their_first_paid_instant():
    records = [
        a("A", [point("2026-01-10", 100), point("2026-01-20", 120), point("2026-03-05", None)]),
        a("B", lasting("2026-01-31", 60)),
        a("C", lasting("2026-02-01", 10)),
    ]
    found = cohorts(payers(records, NOW), months(1, 3))
    january, february = found.values()
    assert (january.customers, january.base) == (2, micros(160))
    assert january.revenue == [micros(180), micros(180), micros(60)]
    assert january.logos == [2, 2, 1]
    assert (february.base, february.revenue) == (micros(10), [micros(10), micros(10)])


BY = ("owner", "plan", "product", "currency", "source", "acv_band", "cohort")


@given(worlds(), policies(), st.data())
def test_the_laws_hold_for_any_world(world: World, policy: Policy, data):
    """Section 9: the bridge ties, parts add up, the log sums to it, 0 <= GRR <= 1 and <= NRR."""
    question = data.draw(questions(world))
    by = data.draw(st.lists(st.sampled_from(BY), min_size=1, max_size=3, unique=True).map(tuple))
    customers, window = payers(world.records, question.now, policy), question.window
    terms = Terms(world.rates, cohort=lambda instant: f"{instant:%Y-%m}")
    parts = bridge(customers, window, by, terms)
    whole = bridge(customers, window, None, terms).get(None, {})
    assert whole == summed(parts.values())
    for row in (whole, *parts.values()):
        assert tied(row)
    assert sum(m.amount for m in log(customers, window, terms)) == change(whole)
    for found in (retention(customers, window, v, terms) for v in ("cohort", "compounded")):
        if found.nrr:
            nrr, grr = found.nrr[0] / found.nrr[1], found.grr[0] / found.grr[1]
            assert 0 <= grr <= min(1, nrr)
    for variant in VARIANTS:
        assert retention(customers, window, variant, terms).nrr is None or whole["start_mrr"] > 0
    logos = logo_retention(customers, window, terms)
    assert logos is None or logos[1] - logos[0] == whole["customers_churned"]


def summed(rows) -> dict[str, int]:
    rows = list(rows)
    return {name: sum(row[name] for row in rows) for name in (*NAMES, *COUNTS)} if rows else {}


def change(row: dict[str, int]) -> int:
    """What the movements of a bridge add up to."""
    gains = sum(row.get(name, 0) for name in ("new", "reactivation", "expansion"))
    return gains - row.get("contraction", 0) - row.get("churn", 0)


def tied(row: dict[str, int]) -> bool:
    return not row or row["start_mrr"] + change(row) + row["fx"] == row["end_mrr"]
