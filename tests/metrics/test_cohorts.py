"""Cohorts: by hand, in JSON and CSV, and against the reference on made-up worlds."""

import csv
import io
from dataclasses import replace
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from asked import NOBODY, as_policy, filled, heavy
from books import NOW, at, lasting, point
from hypothesis import given
from hypothesis import strategies as st
from reference import Cohort, Terms, Window, between, cohorts, payers, segment
from workspaces import workspace
from worlds import LATER, World, instants, policies, worlds

from tenure import Attribute, Customer, State, micros
from tenure.errors import UsageError
from tenure.ledger.statements import RateFact, state_rates
from tenure.metrics.cohorts import build
from tenure.metrics.run import ReportRequest
from tenure.periods import Unit

SEGMENTS = ("owner", "country", "plan", "product", "currency", "source", "acv_band", "cohort")


def made(book, first="2026-01", last="2026-03", **asked):
    """The cohorts of a book, from one month to another."""
    book.ledger.pull(book.records)
    request = ReportRequest(**{"first": first, "last": last, "now": NOW} | asked)
    return build(workspace(book.store.url), book.store, request)


def triangle(book, *range_: str, **asked):
    """Label, customers, base, revenue and logos of each cohort, money in major units."""
    return [
        (c.label, c.customers, c.base // 10**6, [r // 10**6 for r in c.revenue], list(c.logos))
        for c in made(book, *range_, **asked).cohorts
    ]


def quote(book, currency: str, day: str, tenths: int) -> None:
    """So many tenths of a dollar are one unit of the currency."""
    rate = RateFact(
        reporting="USD",
        currency=currency,
        day=date.fromisoformat(day),
        rate=tenths * 10**9,
        source_ref="made",
    )
    state_rates(book.store, [rate])


def test_customers_by_the_month_of_their_first_payment(book):
    book.add("A", [point("2026-01-10", 100), point("2026-02-10", 150), point("2026-03-10", None)])
    book.add("B", [point("2026-01-20", 50)])
    book.add("C", [point("2026-03-20", 70)])
    assert triangle(book) == [
        ("2026-01", 2, 150, [150, 200, 50], [2, 2, 1]),
        ("2026-03", 1, 70, [70], [1]),
    ]


def test_the_base_is_the_first_level_and_not_the_first_closing(book):
    book.add("A", [point("2026-01-10", 100), point("2026-01-20", 80)])
    assert triangle(book, "2026-01", "2026-01") == [("2026-01", 1, 100, [80], [1])]


def test_who_leaves_in_its_first_month_is_in_the_cohort(book):
    book.add("A", [point("2026-01-10", 100), point("2026-01-20", None), point("2026-03-02", 30)])
    assert triangle(book) == [("2026-01", 1, 100, [0, 0, 30], [0, 0, 1])]


def test_who_paid_before_the_range_is_in_no_cohort_of_it(book):
    book.add("A", [*lasting(), point("2026-01-05", None), point("2026-02-20", 100)])
    book.add("B", [point("2026-01-01", 10)])
    assert triangle(book) == [("2026-01", 1, 10, [10, 10, 10], [1, 1, 1])]


def test_a_trial_is_no_payment(book):
    book.add("A", [point("2026-01-10", 100, state=State.TRIAL), point("2026-02-10", 100)])
    assert triangle(book) == [("2026-02", 1, 100, [100, 100], [1, 1])]


def test_two_items_at_one_instant_are_one_base(book):
    book.add("A", [point("2026-01-10", 100)], [point("2026-01-10", 20), point("2026-02-03", None)])
    assert triangle(book, "2026-01", "2026-02") == [("2026-01", 1, 120, [120, 100], [1, 1])]


def test_a_gap_that_is_held_is_no_loss(book):
    back = point("2026-02-01T06:00", 100)
    book.add("A", [point("2026-01-10", 100), point("2026-01-31T20:00", None)], [back])
    assert triangle(book, "2026-01", "2026-02") == [("2026-01", 1, 100, [100, 100], [1, 1])]


def test_the_last_age_of_a_month_that_is_not_over_is_as_of_now(book):
    book.add("A", [point("2026-01-10", 100), point("2026-02-10", 150), point("2026-02-20", 170)])
    found = made(book, "2026-01", "2026-02", now=at("2026-02-15"))
    assert found.partial
    assert found.cohorts[0].revenue == (micros(100), micros(150))


def test_quarters(book):
    book.add("A", [point("2026-01-10", 100), point("2026-05-10", 150)])
    found = triangle(book, "2026-Q1", "2026-Q2", unit=Unit.QUARTER)
    assert found == [("2026-Q1", 1, 100, [100, 150], [1, 1])]


def test_only_some_customers_as_of_their_first_payment(book):
    owners = [Attribute(name="owner", value="ann", valid_from=at("2025-01-01"))]
    owners += [Attribute(name="owner", value="bob", valid_from=at("2026-02-01"))]
    book.records.append(Customer(id="A", attributes=owners))
    book.add("A", [point("2026-01-10", 100)])
    book.add("B", [point("2026-01-10", 10)])
    assert triangle(book, where={"owner": "ann"}) == [
        ("2026-01", 1, 100, [100, 100, 100], [1, 1, 1])
    ]
    with pytest.raises(UsageError, match="No customer has owner = 'bob'"):
        made(book, where={"owner": "bob"})


def test_as_it_was_known_before_a_restatement(book):
    book.add("A", [point("2026-01-10", 100)])
    before = made(book, now=None)
    book.records.clear()
    book.add("A", [point("2026-01-10", 100), point("2026-02-10", 120)])
    known = made(book, now=None, known_at=before.meta.known_at)
    assert known.cohorts == before.cohorts != made(book, now=None).cohorts


def test_an_end_stated_in_a_currency_that_nothing_is_paid_in(book):
    quote(book, "EUR", "2025-12-31", 11)
    over = point("2026-02-10", None, currency="JPY")
    book.add("A", [point("2026-01-10", 100, currency="EUR"), over])
    assert triangle(book, "2026-01", "2026-02") == [("2026-01", 1, 110, [110, 0], [1, 0])]


def test_all_ages_at_the_rate_of_the_start_of_the_cohort(book):
    quote(book, "EUR", "2025-12-31", 11)
    quote(book, "EUR", "2026-01-31", 20)
    book.add("A", [point("2026-01-10", 100, currency="EUR")], [point("2026-02-10", 7)])
    assert triangle(book, "2026-01", "2026-02") == [("2026-01", 1, 110, [110, 117], [1, 1])]


def test_json_and_csv_say_the_same(book):
    book.add("A", [point("2026-01-10", 100), point("2026-02-10", 150)])
    book.add("B", [point("2026-01-10", 200), point("2026-02-10", None)])
    found = made(book, "2026-01", "2026-02")
    (row,) = found.as_json()["rows"]
    assert row["ages"][1] == {
        "age": 1, "revenue": "150.000000", "logos": 1, "revenue_retention": "0.500000",
        "logo_retention": "0.500000",
    }  # fmt: skip
    lines = list(csv.DictReader(io.StringIO(found.as_csv())))
    assert [(line["cohort"], line["age"], line["revenue"]) for line in lines] == [
        ("2026-01", "0", "300.000000"),
        ("2026-01", "1", "150.000000"),
    ]


MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3}


def month(number: int) -> date:
    """The start of a month, counted from the first of 2022."""
    return date(2022 + number // 12, number % 12 + 1, 1)


def windows(world: World, unit: Unit, now) -> list[Window]:
    """Successive months from November 2022, or quarters from 2023, while there are rates."""
    first = {Unit.MONTH: 10, Unit.QUARTER: 12}[unit]
    days = [month(number) for number in range(first, 31, MONTHS[unit])]
    made = [between(a, b, ZoneInfo(world.zone), now) for a, b in pairwise(days)]
    return [window for window in made if window.opens < now]


def label(unit: Unit, zone: str):
    def of(instant) -> str:
        day = instant.astimezone(ZoneInfo(zone)).date()
        return f"{day:%Y-%m}" if unit is Unit.MONTH else f"{day.year}-Q{(day.month + 2) // 3}"

    return of


def joined_values(customers, shown: list[Window], by: str, terms: Terms) -> set[str]:
    """The values of an attribute as of the first payments in the periods."""
    return {
        segment(payer, window, by, terms)
        for window in shown
        for payer in customers.values()
        if (first := payer.first_paid()) and window.opens <= first < window.end
    }


@heavy
@given(data=st.data(), world=worlds(), policy=policies(), by=st.sampled_from(SEGMENTS))
def test_the_sql_agrees_with_the_reference(growing, data, world, policy, by):
    unit = data.draw(st.sampled_from([*MONTHS]))
    now = data.draw(st.just(LATER) | instants(world.zone, world.days))
    shown = windows(world, unit, now)
    first, last = (f"{one.label[:7]}" for one in (shown[0], shown[-1]))
    ledger = filled(growing(), world)
    ready = workspace(ledger.store.url, ledger.connector, zone=world.zone, policy=as_policy(policy))
    customers = payers([*world.records, NOBODY], now, policy, source=ledger.connector)
    terms = Terms(world.rates, cohort=label(unit, world.zone))
    values = sorted(joined_values(customers, shown, by, terms))
    some = [{by: data.draw(st.sampled_from(values))}] if values else []
    for where in [{}, *some]:  # all, and one segment
        asked = ReportRequest(unit=unit, first=first, last=last, now=now, where=where)
        found = build(ready, ledger.store, asked).cohorts
        expected = cohorts(customers, shown, replace(terms, where=where))
        assert {
            f"{c.start}": Cohort(c.customers, c.base, [*c.revenue], [*c.logos]) for c in found
        } == {name.split("/")[0]: cohort for name, cohort in expected.items()}
