"""Made-up accounts of every difficulty, synced over HTTP: the ledger holds the truth."""

import os

import pytest
from stripe_syncs import synced

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


@pytest.mark.parametrize("seed", range(MOVING))
def test_a_full_sweep_after_increments_writes_nothing(tmp_path, seed):
    with synced(World(seed, Level.ADVANCED), tmp_path) as account:
        for days in (3, 9, 14):
            account.sync()
            account.world.advance(days)
        account.sync()
        facts = account.ledger.writes()
        assert account.sync(full=True).counts.stored == 0
        assert [row[:2] for row in account.ledger.writes()] == [row[:2] for row in facts]
