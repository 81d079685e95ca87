"""Segments: as of the start of the period, or of the first paid instant in it."""

import pytest
from books import Book, at, lasting, point
from ledgers import Ledger
from workspaces import workspace

from tenure import Attribute, Customer, Interval, State, micros
from tenure.errors import UsageError
from tenure.ledger.statements import LinkFact, state_links
from tenure.metrics.run import ReportRequest, build


def owner(customer: str, **values: str | None) -> Customer:
    """`y2026_01_10="ann"`: ann from that day on."""
    days = {name[1:].replace("_", "-"): value for name, value in values.items()}
    made = [Attribute(name="owner", value=v, valid_from=at(day)) for day, v in days.items()]
    return Customer(id=customer, attributes=made)


def starts(book: Book, by: str, *range_: str) -> list[dict[str, int]]:
    """Opening MRR of each segment, by period."""
    report = book.report(*range_, by=(by,))
    found = {row.period: {} for row in report.rows}
    for row in report.rows:
        if row.segment:
            found[row.period][row.segment[by]] = row.start_mrr // micros(1)
    return list(found.values())


def test_a_change_within_a_period_counts_from_the_next_one(book):
    book.add("A", lasting())
    book.records.append(owner("A", y2025_01_01="ann", y2026_01_10="bob"))
    assert starts(book, "owner", "2026-01", "2026-02") == [{"ann": 100}, {"bob": 100}]


def test_a_change_at_the_start_of_a_period_counts_in_it(book):
    book.add("A", lasting())
    book.records.append(owner("A", y2025_01_01="ann", y2026_01_01="bob"))
    assert starts(book, "owner") == [{"bob": 100}]


def test_a_new_customer_is_in_the_segment_of_its_first_paid_instant(book):
    book.add("A", [point("2026-01-05", 100, state=State.TRIAL), point("2026-01-15", 100)])
    book.records.append(owner("A", y2025_01_01="ann", y2026_01_10="bob", y2026_01_20="eve"))
    _, row = book.rows(by=("owner",))
    assert (row.segment, row.new) == ({"owner": "bob"}, micros(100))


def test_nobody_s_customers_are_a_segment_too(book):
    book.add("A", lasting())
    book.add("B", lasting(amount=50))
    book.records.append(owner("A", y2025_01_01="ann", y2026_01_10=None))
    assert starts(book, "owner", "2026-01", "2026-02") == [
        {"(none)": 50, "ann": 100},
        {"(none)": 150},
    ]


def test_the_plan_is_that_of_the_largest_item_by_level(book):
    yearly = lasting(amount=600, interval=Interval.YEAR, plan="yearly")
    book.add("A", yearly, lasting(amount=60, plan="monthly"))
    assert starts(book, "plan") == [{"monthly": 110}]


def test_a_churned_customer_leaves_the_plan_it_had(book):
    book.add("A", [*lasting(plan="pro"), point("2026-01-01", None, plan="other")])
    _, row = book.rows(by=("plan",))
    assert (row.segment, row.churn) == ({"plan": "pro"}, micros(100))


def test_equal_items_are_told_apart_by_name(book):
    book.add("A", lasting(plan="b"), lasting(plan="a"))
    assert starts(book, "plan") == [{"a": 200}]


def test_an_unknown_attribute_names_the_nearest_one(book):
    book.add("A", lasting())
    book.records.append(owner("A", y2025_01_01="ann"))
    with pytest.raises(UsageError, match="Did you mean 'owner'"):
        book.report(by=("ownr",))


@pytest.mark.parametrize(("order", "value"), [("ab", "of a"), ("ba", "of b")])
def test_one_account_has_the_attribute_of_the_first_connector(book, order, value):
    for name in "ab":
        one = Book(book.store)
        one.add("c", lasting())
        one.records.append(owner("c", y2025_01_01=f"of {name}"))
        Ledger(book.store, name).pull(one.records)
    ids = book.ledger.rows("SELECT id FROM customer")
    links = [LinkFact(customer_id=n, account="one", rule="map") for (n,) in ids]
    state_links(book.store, links)
    request = ReportRequest(first="2026-01", last="2026-01", by=("owner",), now=at("2026-07-01"))
    total, row = build(workspace(book.store.url, *order), book.store, request).rows
    assert (total.customers_start, total.start_mrr) == (1, micros(200))
    assert row.segment == {"owner": value}
