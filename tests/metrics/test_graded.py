"""What of each connector stands on which grade of evidence now."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from asked import filled
from books import Book, at, point
from ledgers import Ledger
from workspaces import workspace
from worlds import World

from tenure import Evidence, Interval, Item, ItemKind, State, Subscription, micros
from tenure.metrics import customers
from tenure.metrics.graded import NOTHING, Grade, build
from tenure.metrics.policy import Policy
from tenure.metrics.run import ReportRequest

NOW = ReportRequest(now=datetime(2026, 7, 1, tzinfo=UTC))
QUOTES = {"EUR": {date(2026, 6, 30): Decimal("1.1")}}


def graded(book: Book, **policy):
    book.ledger.pull(book.records)
    ready = workspace(book.store.url, policy=Policy(**policy))
    return build(ready, book.store, NOW)["test"]


def rests(evidence: Evidence, amount: int, day: str = "2026-01-01", **facts):
    return replace(point(day, amount), evidence=evidence, **facts)


def test_items_and_mrr_stand_on_the_grade_of_their_point_in_force(book):
    book.add("A", [rests(Evidence.ASSUMED, 10), rests(Evidence.OBSERVED, 30, "2026-02-01")])
    book.add("B", [rests(Evidence.INFERRED, 20)], [rests(Evidence.INFERRED, 5)])
    book.add("C", [rests(Evidence.INFERRED, 40), rests(Evidence.OBSERVED, 50, "2026-09-01")])
    assert graded(book) == {
        Evidence.OBSERVED: Grade(items=1, mrr=micros(30)),
        Evidence.INFERRED: Grade(items=3, mrr=micros(65)),
        Evidence.ASSUMED: NOTHING,
    }


def test_what_ended_and_what_is_usage_stand_on_nothing(book):
    book.add("A", [rests(Evidence.OBSERVED, 10), point("2026-02-01", None)])
    book.add("B", [rests(Evidence.OBSERVED, 10)], kind=ItemKind.USAGE)
    assert graded(book)[Evidence.OBSERVED] == NOTHING


def test_an_item_that_does_not_count_now_is_an_item_all_the_same(book):
    book.add("A", [rests(Evidence.INFERRED, 10, state=State.TRIAL)])
    assert graded(book)[Evidence.INFERRED] == Grade(items=1, mrr=0)
    assert graded(book, trials="include")[Evidence.INFERRED].mrr == micros(10)
    assert graded(book, exclude=("customer:A",))[Evidence.INFERRED] == NOTHING


@pytest.fixture
def abroad(book) -> Ledger:
    """Euros with a rate, pounds without."""
    made = [
        (c, rests(Evidence.INFERRED, 10, currency=c, effective_at=at("2026-01-01")))
        for c in ("EUR", "GBP", "USD")
    ]
    records = [Subscription(id=c, customer=c, items=[Item(id=c, points=[one])]) for c, one in made]
    return filled(book.ledger, World("UTC", [], records, QUOTES))


def test_a_currency_without_a_rate_is_told_apart(book, abroad):
    found = build(workspace(book.store.url), book.store, NOW)["test"]
    assert found[Evidence.INFERRED] == Grade(
        items=3, mrr=micros(21), unconverted={"GBP": micros(10)}
    )


def test_the_grades_add_up_to_what_customers_pay(book):
    book.add(
        "A", [rests(Evidence.ASSUMED, 100, interval=Interval.YEAR)], [rests(Evidence.OBSERVED, 7)]
    )
    book.add("B", [rests(Evidence.INFERRED, 11, state=State.PAST_DUE)])
    book.ledger.pull(book.records)
    ready = workspace(book.store.url)
    paid = sum(row.mrr for row in customers.build(ready, book.store, NOW).rows)
    assert sum(grade.mrr for grade in build(ready, book.store, NOW)["test"].values()) == paid


def test_before_any_sync_there_is_nothing(book):
    assert build(workspace(book.store.url), book.store, NOW) == {
        "test": dict.fromkeys(Evidence, NOTHING)
    }
