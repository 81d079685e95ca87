"""The movement log: what moved when, why, and that it adds up to the bridge."""

from datetime import timedelta

import pytest
from asked import as_policy, asked, cohort_of, filled, has_begun, heavy
from books import NOW, Book, at, lasting, point
from hypothesis import assume, given
from hypothesis import strategies as st
from reference import Terms, log, payers
from workspaces import workspace
from worlds import policies, questions, worlds

from tenure import Attribute, Cause, Customer, State, micros
from tenure.metrics.movements import build
from tenure.metrics.run import ReportRequest

JAN = "2026-01-15"


def logged(book: Book, first: str = "2026-01", last: str | None = None, **more):
    """The log of some months."""
    book.ledger.pull(book.records)
    request = ReportRequest(first=first, last=last or first, now=NOW, **more)
    return build(workspace(book.store.url), book.store, request).movements


def told(movements) -> list[tuple[str, int]]:
    return [(m.kind, m.change // micros(1)) for m in movements]


def test_G22_in_the_log(book):
    first = [point("2025-11-01", 50), point("2026-02-01", None)]
    again = [point("2026-04-01", 50), point("2026-06-01", 75)]
    book.add("one", first, again)
    assert told(logged(book, "2025-11", "2026-06")) == [
        ("new", 50),
        ("churn", -50),
        ("reactivation", 50),
        ("expansion", 25),
    ]


def test_G30_in_the_log(book):
    book.add("A", [*lasting(), point("2026-01-05", 150), point("2026-01-20", 100)])
    assert told(logged(book)) == [("expansion", 50), ("contraction", -50)]


def test_G31_is_one_movement_made_of_two_items(book):
    book.add("A", [*lasting(), point(JAN, None)], [*lasting(amount=50), point(JAN, 120)])
    (movement,) = logged(book)
    assert told([movement]) == [("contraction", -30)]
    assert sorted(cause.change // micros(1) for cause in movement.causes) == [-100, 70]


def test_G39_in_the_log(book):
    book.add("A", [*lasting(amount=50), point("2026-01-05", 80), point("2026-01-25", 120)])
    assert told(logged(book)) == [("expansion", 30), ("expansion", 40)]


def test_G44_in_the_log(book):
    book.add("A", [point("2026-03-05", 50), point("2026-03-25", None)])
    book.add("B", lasting())
    assert told(logged(book, "2026-03")) == [("new", 50), ("churn", -50)]


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([*lasting(), point(JAN, 120)], "price"),
        ([*lasting(), point(JAN, 120, quantity=2 * 10**6)], "quantity"),
        ([*lasting(plan="basic"), point(JAN, 120, plan="pro")], "plan"),
        ([*lasting(), point(JAN, 100, discount=micros(10))], "discount_started"),
        ([*lasting(discount=micros(10)), point(JAN, 100)], "discount_expired"),
        ([*lasting(state=State.TRIAL), point(JAN, 100)], "trial_converted"),
        ([*lasting(), point(JAN, 0)], "to_free"),
        ([*lasting(), point(JAN, 100, state=State.PAUSED)], "pause"),
        ([*lasting(state=State.PAUSED), point(JAN, 100)], "resume"),
        ([*lasting(), point(JAN, None)], "product_removed"),
        (lasting(JAN), "product_added"),
        ([*lasting(), point("2025-06-01", None), point(JAN, 100)], "winback"),
        ([*lasting(), point(JAN, 100, state=State.UNPAID)], "unpaid"),
    ],
)
def test_why_an_item_changed(book, points, reason):
    book.add("A", points)
    (movement,) = logged(book)
    assert movement.reasons == (reason,)


@pytest.mark.parametrize(("plan", "reason"), [("pro", "price"), ("basic", "plan")])
def test_an_item_that_ends_and_one_that_starts_are_one_change(book, plan, reason):
    book.add(
        "A", [*lasting(plan="pro"), point(JAN, None, plan="pro")], lasting(JAN, 120, plan=plan)
    )
    (movement,) = logged(book)
    assert (movement.kind, movement.reasons) == ("expansion", (reason,))


def test_an_end_says_who_wanted_it(book):
    book.add("A", [*lasting(), point(JAN, None, cause=Cause.REQUESTED)])
    ((cause,),) = [movement.causes for movement in logged(book)]
    assert (cause.reason, cause.cause, cause.source_ref) == ("product_removed", "requested", "made")


def test_a_short_absence_is_no_movement(book):
    back = (at(JAN) + timedelta(hours=20)).replace(tzinfo=None).isoformat()
    book.add("A", [*lasting(), point(JAN, None), point(back, 130)])
    assert told(logged(book)) == [("expansion", 30)]


def test_only_some_customers(book):
    book.add("A", [point("2026-01-05", 50), point("2026-01-25", None)])
    book.add("B", [*lasting(), point(JAN, 120)])
    owner = Attribute(name="owner", value="ann", valid_from=at("2025-01-01"))
    book.records.append(Customer(id="A", name="Acme", attributes=[owner]))
    found = logged(book, where={"owner": "ann"})
    assert [(m.name, *one) for m, one in zip(found, told(found), strict=True)] == [
        ("Acme", "new", 50),
        ("Acme", "churn", -50),
    ]


@heavy
@given(data=st.data(), world=worlds(), policy=policies())
def test_the_log_is_that_of_the_reference(growing, data, world, policy):
    question = data.draw(questions(world))
    assume(has_begun(question) and not question.trailing)
    ledger = filled(growing(), world)
    ready = workspace(ledger.store.url, ledger.connector, zone=world.zone, policy=as_policy(policy))
    found = build(ready, ledger.store, asked(question)).movements
    customers = payers(world.records, question.now, policy, source=ledger.connector)
    expected = log(customers, question.window, Terms(world.rates, cohort=cohort_of(question)))
    assert [(m.customer, m.at, m.kind, m.before, m.after) for m in found] == [
        (m.customer, m.instant, m.kind, m.before, m.after) for m in expected
    ]
