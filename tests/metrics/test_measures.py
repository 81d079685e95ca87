"""Committed and contracted MRR, churn and lifetime value: by hand and against the reference."""

from dataclasses import replace
from datetime import timedelta

from asked import NOBODY, as_policy, asked, cohort_of, filled, has_begun, heavy
from books import at, lasting, point
from hypothesis import assume, given
from hypothesis import strategies as st
from reference import Terms, committed_mrr, contracted_mrr, payers
from reference.segments import chosen
from workspaces import workspace
from worlds import policies, questions, worlds

from tenure import micros
from tenure.folding import folded
from tenure.metrics.run import build
from tenure.money import decimal_string

SEGMENTS = ("owner", "country", "plan", "currency", "acv_band", "cohort")
NINETY = timedelta(days=90)


def test_G15_committed(book):
    asked_to_end = point("2026-02-10", 100, ends_at=at("2026-03-01"))
    book.add("one", lasting("2026-01-01"))
    book.add("two", [point("2026-02-01", 100), asked_to_end, point("2026-03-01", None)])
    rows = book.rows("2026-01", "2026-03")
    assert [row.committed_mrr for row in rows] == [micros(100)] * 3
    assert [row.end_mrr for row in rows] == [micros(100), micros(200), micros(100)]


def test_G37_committed_goes_with_the_request(book):
    asked_to_end = point("2026-05-20", 100, ends_at=at("2026-06-15"))
    book.add("A", [*lasting(), asked_to_end, point("2026-06-15", None)])
    rows = book.rows("2026-04", "2026-06", now=at("2026-07-01"))
    assert [row.committed_mrr for row in rows] == [micros(100), 0, 0]


def test_a_request_that_was_taken_back(book):
    asked_to_end = point("2026-01-10", 100, ends_at=at("2026-03-01"))
    book.add("A", [*lasting(), asked_to_end, point("2026-02-10", 100)])
    assert [row.committed_mrr for row in book.rows("2026-01", "2026-02")] == [0, micros(100)]


def test_contracted_counts_what_is_scheduled(book):
    book.add("A", [*lasting(), point("2026-08-01", None)])
    book.add("B", [point("2026-09-01", 30)])
    rows = book.rows("2026-06", horizon=NINETY, now=at("2026-07-05"))
    assert (rows[0].end_mrr, rows[0].contracted_mrr) == (micros(100), micros(30))
    assert book.rows("2026-06", now=at("2026-07-05"))[0].contracted_mrr is None


def test_a_segment_that_only_begins_later_has_a_row(book):
    book.add("A", lasting(plan="basic"))
    book.add("B", [point("2026-08-01", 30, plan="pro")])
    total, basic, pro = book.rows("2026-06", horizon=NINETY, now=at("2026-07-05"), by=("plan",))
    assert total.contracted_mrr == micros(130)
    assert (basic.segment, basic.contracted_mrr) == ({"plan": "basic"}, micros(100))
    assert (pro.segment, pro.contracted_mrr, pro.end_mrr) == ({"plan": "pro"}, micros(30), 0)


def test_only_some_customers(book):
    book.add("A", [*lasting(plan="pro"), point("2026-08-01", 50, plan="pro")])
    book.add("B", lasting(plan="basic"))
    (row,) = book.rows("2026-06", horizon=NINETY, now=at("2026-07-05"), where={"plan": "pro"})
    assert (row.committed_mrr, row.contracted_mrr) == (micros(100), micros(50))


def test_lifetime_value_is_exact(book):
    for name, after in (("A", 100), ("B", 100), ("C", None)):
        book.add(name, [*lasting(), point("2026-01-10", after)])
    (row,) = book.rows(gross_margin=(4, 5))
    said = row.as_json()
    assert (said["revenue_churn"], said["logo_churn"]) == ("0.333333", "0.333333")
    assert said["ltv"] == decimal_string(micros(240))  # 100 x 0.8 / (1/3)


def test_no_lifetime_value_while_nobody_churns(book):
    book.add("A", lasting())
    said = book.rows(gross_margin=(4, 5))[0].as_json()
    assert said["ltv"] is None
    assert said["reasons"]["ltv"] == "no revenue churned, or no customer pays at the end"


def test_what_is_folded_adds_up(book):
    for name in "abc":
        book.add(name, [*lasting(plan=name), point("2026-01-10", 100, ends_at=at("2026-03-01"))])
    rows = book.rows(by=("plan",), horizon=NINETY)[1:]
    assert folded(rows, 1)[1].contracted_mrr == micros(200)
    assert folded(rows, 1)[1].committed_mrr == 0


@heavy
@given(data=st.data(), world=worlds(), policy=policies(), by=st.sampled_from(SEGMENTS))
def test_the_sql_agrees_with_the_reference(growing, data, world, policy, by):
    question = data.draw(questions(world))
    assume(has_begun(question))
    horizon = timedelta(days=data.draw(st.sampled_from([1, 30, 31, 90])))
    ledger = filled(growing(), world)
    ready = workspace(ledger.store.url, ledger.connector, zone=world.zone, policy=as_policy(policy))
    rows = build(ready, ledger.store, asked(question, by=(by,), horizon=horizon)).rows
    records = [*world.records, NOBODY]
    now = payers(records, question.now, policy, source=ledger.connector)
    terms = Terms(world.rates, cohort=cohort_of(question))
    later = payers(records, policy=replace(policy, exclude=()), source=ledger.connector)
    counted = {name: payer for name, payer in later.items() if name in now}
    window = question.window
    assert rows[0].committed_mrr == committed_mrr(now, window, terms)
    assert rows[0].contracted_mrr == contracted_mrr(counted, window, horizon, terms)
    for row in rows[1:]:
        inside = chosen(now, window, replace(terms, where=row.segment))
        assert row.committed_mrr == committed_mrr(inside, window, terms), row.segment
