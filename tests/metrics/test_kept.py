"""Figures that were kept and brought up to date are those made from scratch."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from asked import as_policy, asked, filled, has_begun, heavy
from copies import Copied, from_copy, from_ledger
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ledgers import day
from workspaces import workspace
from worlds import World, policies, questions, restated

from tenure import Customer, Subscription
from tenure.ledger.statements import LinkFact, state_links
from tenure.meta import Variant
from tenure.metrics.run import build

SEGMENTS = ("owner", "country", "plan", "acv_band", "cohort")
MANY = 200


def idle() -> list[Customer]:
    """So many customers of whom nothing changes that a few others are worth a look of their own."""
    return [Customer(id=f"idle {number}") for number in range(MANY)]


def in_dollars(record):
    """Other currencies have rates, which figures depend on too."""
    if not isinstance(record, Subscription):
        return record
    items = [
        replace(one, points=[replace(point, currency="USD") for point in one.points])
        for one in record.items
    ]
    return replace(record, items=items)


@settings(heavy, max_examples=settings().max_examples // 3)
@given(data=st.data(), policy=policies(), worlds=restated(), by=st.sampled_from(SEGMENTS))
def test_what_is_brought_up_to_date_is_what_is_made_anew(growing, data, policy, worlds, by):
    ledger, (world, later) = growing(), worlds
    policy = replace(policy, past_due_grace_days=None)
    question = data.draw(questions(world))
    days = data.draw(st.lists(st.integers(0, 60), min_size=2, max_size=2))
    variant = data.draw(st.sampled_from([Variant.COHORT, Variant.INCL_WINBACK]))
    ready = workspace(ledger.store.url, ledger.connector, zone=world.zone, policy=as_policy(policy))
    assume(has_begun(question))
    for stated, ahead in ((world.records, 0), (later, days[0]), (later, days[1])):
        records = [*idle(), *(in_dollars(record) for record in stated)]
        filled(ledger, World(world.zone, world.days, records, world.quotes))
        question = replace(question, now=question.now + timedelta(days=ahead))
        request = asked(question, by=(by,), variant=variant)
        there = build(ready, ledger.store, replace(request, attach=from_copy))
        assert there == build(ready, ledger.store, replace(request, attach=from_ledger))


@pytest.fixture
def grown(sqlite_database: str, caplog):
    caplog.set_level(logging.DEBUG)
    made = Copied(sqlite_database, idle())
    made.state(a=100, b=200)
    made.agrees()
    caplog.clear()
    yield made
    made.store.engine.dispose()


def test_a_few_changes_are_summed_alone(grown, caplog):
    grown.state(a=150, b=200, c=300)
    grown.agrees()
    assert "3 customers summed anew" in caplog.text  # two, and the one that is always there


def test_nothing_new_sums_one_customer(grown, caplog):
    grown.agrees()
    assert "1 customer summed anew" in caplog.text


def test_many_changes_are_made_from_scratch(grown, caplog):
    grown.state(**{f"n{number}": 10 for number in range(MANY)})
    grown.agrees()
    assert "summed anew" not in caplog.text


def test_an_account_that_is_joined_touches_all_its_customers(grown, caplog):
    keys = [
        int(str(key))
        for (key,) in grown.ledger.rows(
            "SELECT id FROM customer WHERE external_id LIKE 'customer of%' ORDER BY id"
        )
    ]
    state_links(
        grown.store, [LinkFact(customer_id=key, account="acme", rule="map") for key in keys]
    )
    grown.agrees()
    assert "summed anew" in caplog.text


def test_another_question_has_figures_of_its_own(grown, caplog):
    grown.agrees(by=())
    grown.agrees(first="2025-02")
    grown.agrees(where={"plan": "(none)"})
    assert "summed anew" not in caplog.text


def test_an_earlier_question_is_not_answered_from_later_figures(grown, caplog):
    grown.agrees(now=day(60))
    assert "summed anew" not in caplog.text


def test_figures_of_another_ledger_are_not_taken_for_this_one(tmp_path):
    second, first = (
        Copied(f"sqlite:///{tmp_path / name}.db", idle()) for name in ("second", "first")
    )
    second.state(a=1, b=2)
    first.state(a=100, b=200)
    first.agrees()
    second.state(a=1, b=3)  # so that little of it is newer than those figures
    for made in (first, second):
        made.ledger.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        made.store.engine.dispose()
    (tmp_path / "first.db").write_bytes((tmp_path / "second.db").read_bytes())
    first.agrees()
    first.store.engine.dispose()


@pytest.mark.parametrize("text", ["", "1\n{}", "x", "0\n[]"])
def test_damaged_figures_are_made_from_scratch(grown, text, caplog):
    (path,) = grown.folder.glob("figures-*.json")
    path.write_text(text)
    grown.agrees()
    assert "summed anew" not in caplog.text
