"""A world in a ledger, and a question about it in the words of a report."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from ledgers import Ledger
from reference import day_start
from sqlalchemy import text

from tenure import BEGINNING, Attribute, Customer
from tenure.ledger.statements import RateFact, state_rates
from tenure.metrics.policy import Policy
from tenure.metrics.run import ReportRequest
from tenure.periods import Unit

heavy = settings(
    max_examples=settings().max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""For tests that fill a ledger and ask for several figures in each example."""

NOBODY = Customer(
    id="nobody",
    attributes=[
        Attribute(name=name, value="x", valid_from=BEGINNING)
        for name in ("owner", "country", "internal")
    ],
)


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


def cohort_of(question):
    zone = ZoneInfo(question.zone)
    form = "%Y-%m-%d" if question.trailing and question.end.day > 1 else "%Y-%m"
    return lambda instant: instant.astimezone(zone).strftime(form)
