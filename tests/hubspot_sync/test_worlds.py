"""The ledger holds what the seller's customers agreed to, for each way that HubSpot keeps revenue.

The cells that were compared are printed (`pytest -s`); `TENURE_SOAK=1` lives hundreds of worlds.
"""

import os
from collections import Counter

import pytest
from hubspot_syncs import synced

from hubspot_world import Level, Way, World

WORLDS = 300 if os.environ.get("TENURE_SOAK") else 20
CELLS: Counter[str] = Counter()


def drawn(seed: int) -> World:
    """Ways and levels in turn; every other world is first seen when it is young."""
    way, level = list(Way)[seed % 3], list(Level)[seed // 3 % 3]
    return World(seed, way, level, months=30 if seed % 2 else 14)


@pytest.fixture(scope="module", autouse=True)
def told():
    yield
    print("".join(f"\n{name}: {many}" for name, many in sorted(CELLS.items())))  # noqa: T201


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_ledger_holds_what_was_agreed(tmp_path, seed):
    world = drawn(seed)
    with synced(world, tmp_path) as portal:
        assert portal.sync().counts.balanced
        for days in () if seed % 2 else (97, 383):
            world.advance(days)
            portal.settle()
        money, people = portal.compared(), portal.compared_attributes()
        for name, result in ((world.way.value, money), ("attributes", people)):
            CELLS[f"{name} equal"] += result.equal
            CELLS[f"{name} total"] += result.total
        parents = {k: v for k, v in portal.now("parent").items() if v and k not in world.gone()}
    assert money.total > 0
    assert not money.differences
    assert not people.differences
    assert parents == {key: value for key, value in world.people.parents.items() if value}
