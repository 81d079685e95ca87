"""Made-up accounts of every difficulty, synced over HTTP: the ledger holds the truth."""

import os
from collections.abc import Iterator

import pytest
from stripe_syncs import Synced, synced

from stripe_world.market import Level
from stripe_world.world import World

LEVELS = list(Level)
WORLDS = 300 if os.environ.get("TENURE_SOAK") else 20
MOVING = 100 if os.environ.get("TENURE_SOAK") else 2


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_ledger_holds_what_the_api_determines(tmp_path, seed):
    level = LEVELS[seed % len(LEVELS)]
    with synced(World(seed, level), tmp_path) as account:
        assert account.sync().counts.balanced
        result = account.compared()
    assert result.total > 0
    assert not [str(one) for one in result.differences]


@pytest.fixture(scope="module", params=range(MOVING))
def moved(request, tmp_path_factory) -> Iterator[Synced]:
    """An advanced account that was synced now and then, as it lived on.

    Some of its events are forgotten by now, and the last changes came without a sweep.
    """
    folder = tmp_path_factory.mktemp("kept")
    with synced(World(request.param, Level.ADVANCED), folder) as account:
        for days in (3, 9, 28, 2, 4):
            account.sync()
            account.world.advance(days)
        account.sync()
        yield account


def test_a_full_sweep_after_increments_writes_nothing(moved):
    facts = moved.ledger.writes()
    assert moved.sync(full=True).counts.stored == 0
    assert [row[:2] for row in moved.ledger.writes()] == [row[:2] for row in facts]


def test_no_sweep_finds_an_increment_wrong(moved):
    assert not moved.ledger.rows("SELECT subject FROM observation WHERE key LIKE 'differed:%'")


def test_a_fresh_ledger_agrees_on_what_the_api_still_determines(moved, tmp_path):
    with moved.beside(tmp_path) as fresh:
        fresh.sync()
        results = moved.compared(), fresh.compared(), fresh.compared(truth=moved)
    assert results[-1].total > 0
    assert not [str(one) for result in results for one in result.differences]


def test_what_a_proration_proved_stays_known_when_a_cancellation_drops_it(tmp_path):
    """Fewer seats in September, another product in November, the end in April."""
    with synced(World(1, Level.DISCOUNTS, months=12), tmp_path) as account:
        account.sync()
        known = account.said()["si_1W000800001"]
        account.world.advance(70)
        account.sync()
        *before, end = account.said()["si_1W000800001"]
    assert len(known) == 3
    assert (before, end.state) == (known, "ended")


def test_a_discount_that_waits_for_the_bill_of_an_item_that_left_replaces_nothing(tmp_path):
    """The customer's counts from the day on which that item was taken off its subscription."""
    world = World(372486, Level.SCHEDULES, months=12, currencies=1)
    world.advance(75)
    with synced(world, tmp_path) as account:
        account.sync()
        for _ in range(7):
            world.advance(26.5)
            account.sync()
        assert not [str(one) for one in account.compared().differences]
