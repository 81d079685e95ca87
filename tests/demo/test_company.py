"""The made-up company: always the same, readable by the file connector, and believable."""

from datetime import date
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from tenure.config import load
from tenure.demo.company import COLUMNS, Stretch, live
from tenure.demo.workspace import write
from tenure.ledger.store import Store
from tenure.metrics.run import ReportRequest, build
from tenure.periods import Unit
from tenure.sync import SyncOptions, sync

LAST_MONTH = date(2025, 12, 1)
SEEDS = range(5)


@pytest.fixture(scope="module")
def company() -> list[Stretch]:
    """Everything that happened to it."""
    return list(live(LAST_MONTH))


def timelines(company):
    """The stretches of each item in order of time."""

    def item(stretch):
        return stretch.customer, stretch.subscription, stretch.item

    for _, stretches in groupby(sorted(company, key=lambda s: (*item(s), s.start)), key=item):
        yield list(stretches)


def test_the_same_seed_makes_the_same_company(company):
    assert list(live(LAST_MONTH)) == company
    assert list(live(LAST_MONTH, seed=8)) != company


@pytest.mark.parametrize("seed", SEEDS)
def test_the_stretches_of_an_item_follow_one_another(seed):
    for stretches in timelines(live(LAST_MONTH, seed)):
        assert all(a.end is not None and a.end <= b.start for a, b in pairwise(stretches))
        assert all(s.end is None or s.start <= s.end for s in stretches)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_end_is_requested_between_start_and_end(seed):
    asked = [s for s in live(LAST_MONTH, seed) if s.requested_at]
    assert asked
    assert all(s.end and s.start <= s.requested_at <= s.end for s in asked)


def test_some_of_everything_happens(company):
    assert {s.interval for s in company} == {"month", "year"}
    assert {s.plan for s in company} == {"Starter", "Growth", "Scale"}
    assert any(s.item != "seats" for s in company)
    assert any(s.trial_end for s in company)
    assert any(s.discount_percent for s in company)
    assert len({s.country for s in company}) > 3


def test_some_customers_come_back_and_some_get_another_owner(company):
    def several(name):
        seen = {}
        for stretch in company:
            seen.setdefault(stretch.customer, set()).add(getattr(stretch, name))
        return sum(len(values) > 1 for values in seen.values())

    assert several("subscription") > 3
    assert several("owner") > 10


def test_nothing_happens_after_the_last_month(company):
    assert max(s.start for s in company) < date(2026, 1, 1)
    assert len(company[0].cells()) == len(COLUMNS)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory):
    """Reports over the demo's workspace, by unit."""
    folder: Path = tmp_path_factory.mktemp("demo")
    write(folder, date(2026, 1, 15))
    ready = load(folder / "plugins.toml")
    store = Store.open(ready.store)
    (outcome,) = sync(ready, store, SyncOptions())
    assert (outcome.exit_code, outcome.counts.quarantined) == (0, 0)
    units = {Unit.MONTH: ("2024-01", "2025-12"), Unit.YEAR: ("2025", "2025")}
    made = {
        unit: build(ready, store, ReportRequest(unit=unit, first=first, last=last)).rows
        for unit, (first, last) in units.items()
    }
    store.engine.dispose()
    return made


def test_retention_is_that_of_a_company_that_does_well(figures):
    (year,) = figures[Unit.YEAR]
    kept, start = year.nrr
    assert 1.00 < kept / start < 1.16
    assert all(row.grr[0] / row.grr[1] > 0.93 for row in figures[Unit.MONTH])


def test_it_grows_every_year_and_keeps_most_of_its_customers(figures):
    months = figures[Unit.MONTH]
    assert 2 < months[-1].end_mrr / months[0].start_mrr < 8
    assert all(row.logo_retention[0] / row.logo_retention[1] > 0.93 for row in months)
