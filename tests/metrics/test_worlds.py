"""The SQL agrees with the reference on made-up worlds: currencies, policies, segments, variants."""

from datetime import timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ledgers import Ledger
from reference import COUNTS, NAMES, VARIANTS, Terms, bridge, day_start, payers, retention
from sqlalchemy import text
from workspaces import workspace
from worlds import policies, questions, worlds

from tenure import BEGINNING, Attribute, Customer
from tenure.ledger.statements import RateFact, state_rates
from tenure.ledger.store import Store
from tenure.metrics.policy import Policy
from tenure.metrics.run import ReportRequest, build
from tenure.periods import Unit
from tenure.report import Variant

NOBODY = Customer(
    id="nobody",
    attributes=[
        Attribute(name=name, value="x", valid_from=BEGINNING)
        for name in ("owner", "country", "internal")
    ],
)
SEGMENTS = ("owner", "country", "plan", "product", "currency", "source", "acv_band", "cohort")
slow = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture
def fresh(store_url: str):
    """A connector of its own for each example, in one store."""
    store = Store.open(store_url)
    numbers = iter(range(10**6))
    yield lambda: Ledger(store, f"c{next(numbers)}")
    store.engine.dispose()


def filled(ledger: Ledger, world) -> Ledger:
    with ledger.store.write() as (connection, _):
        connection.execute(text("DELETE FROM rate"))  # those of the example before
    ledger.pull([*world.records, NOBODY], accept_loss=True)
    state_rates(
        ledger.store,
        [
            RateFact(
                reporting="USD",
                currency=currency,
                day=day,
                rate=int(rate.scaleb(10)),
                source_ref="made",
            )
            for currency, quotes in world.quotes.items()
            for day, rate in quotes.items()
        ],
    )
    return ledger


def as_policy(policy) -> Policy:
    """The reference's choices, as plugins.toml would say them."""
    return Policy(
        discounts=policy.discounts,
        trials=policy.trials,
        churn_date=policy.churn_date,
        pause=policy.pause,
        week_factor=str(policy.week_factor),
        day_factor=str(policy.day_factor),
        gap_tolerance_hours=policy.gap_tolerance_hours,
        past_due_grace_days=policy.past_due_grace_days,
        exclude=policy.exclude,
    )


def asked(question, **more) -> ReportRequest:
    last = f"{question.end - timedelta(days=1)}"
    if question.trailing and question.end.day == 1:
        last = last[:7]
        more |= {"unit": Unit.MONTH, "first": last, "trailing": question.trailing}
    elif question.trailing:
        more |= {"unit": Unit.DAY, "first": last, "trailing": question.trailing}
    else:
        more |= {"unit": Unit.CUSTOM, "first": f"{question.first}"}
    return ReportRequest(last=last, now=question.now, **more)


def has_begun(question) -> bool:
    """Whether there is a report: not of a trailing period whose last day or month lies ahead."""
    last = question.end - timedelta(days=1)
    first = last.replace(day=1) if question.end.day == 1 else last
    return not question.trailing or day_start(first, ZoneInfo(question.zone)) < question.now


def figures(row) -> dict[str, int]:
    return {name: getattr(row, name) for name in (*NAMES, *COUNTS)}


BLANK = dict.fromkeys((*NAMES, *COUNTS), 0)


def agree(ledger: Ledger, world, question, policy, by: str) -> None:
    """The report equals the reference: total, segments, variants, coverage."""
    ready = workspace(ledger.store.url, ledger.connector, zone=world.zone, policy=as_policy(policy))
    report = build(ready, ledger.store, asked(question, by=(by,), variant=Variant.ALL))
    customers = payers([*world.records, NOBODY], question.now, policy, source=ledger.connector)
    terms = Terms(world.rates, cohort=cohort_of(question))
    total = bridge(customers, question.window, terms=terms).get(None, BLANK)
    assert figures(report.rows[0]) == total
    parts = {row.segment[by]: figures(row) for row in report.rows[1:]}
    expected = bridge(customers, question.window, by, terms)
    assert parts == {name: row for name, row in expected.items() if any(row.values())}
    for name in VARIANTS:
        if name == "compounded" and not question.first.day == question.end.day == 1:
            assert report.rows[0].variants[Variant.COMPOUNDED].nrr is None
            continue
        ours = report.rows[0].variants.get(Variant(name), report.rows[0].cohort)
        theirs = retention(customers, question.window, name, terms)
        assert (ratio(ours.nrr), ratio(ours.grr)) == (ratio(theirs.nrr), ratio(theirs.grr)), name


def ratio(pair) -> Fraction | None:
    return Fraction(pair[0]) / pair[1] if pair is not None and pair[1] else None


def cohort_of(question):
    zone = ZoneInfo(question.zone)
    form = "%Y-%m-%d" if question.trailing and question.end.day > 1 else "%Y-%m"
    return lambda instant: instant.astimezone(zone).strftime(form)


@slow
@given(data=st.data(), world=worlds(), policy=policies(), by=st.sampled_from(SEGMENTS))
def test_the_sql_agrees_with_the_reference(fresh, data, world, policy, by):
    question = data.draw(questions(world))
    assume(has_begun(question))
    agree(filled(fresh(), world), world, question, policy, by)
