"""The ledger holds what the seller's customers agreed to, for each way that HubSpot keeps revenue.

The cells that were compared are printed (`pytest -s`); `TENURE_SOAK=1` lives hundreds of worlds.
"""

import os
from collections import Counter

import pytest
from hubspot_syncs import synced

from hubspot_world import Level, Way, World
from tenure_connectors.hubspot.world import Fault, Plan, When

SOAK = bool(os.environ.get("TENURE_SOAK"))
WORLDS = 300 if SOAK else 20
ON_POSTGRES = 20 if SOAK else 3  # each way of revenue once
CELLS: Counter[str] = Counter()


def drawn(seed: int) -> World:
    """Ways and levels in turn; every fourth world is first seen when it is young."""
    way, level = list(Way)[seed % 3], list(Level)[seed // 3 % 3]
    return World(seed, way, level, months=30 if seed % 4 else 14)


@pytest.fixture(scope="module", autouse=True)
def told():
    yield
    print("".join(f"\n{name}: {many}" for name, many in sorted(CELLS.items())))  # noqa: T201


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_ledger_holds_what_was_agreed(tmp_path, seed):
    world = drawn(seed)
    with synced(world, tmp_path) as portal:
        lived(portal, () if seed % 4 else (97, 383))


@pytest.mark.parametrize("seed", range(ON_POSTGRES))
def test_a_ledger_in_postgres_holds_it_too(tmp_path, postgres_database, seed):
    world = drawn(seed)
    with synced(world, tmp_path, store_url=postgres_database) as portal:
        lived(portal, (97,))


def lived(portal, steps):
    """Sync now and after each step of days, and compare with the truth."""
    world = portal.world
    assert portal.sync().counts.balanced
    for days in steps:
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


def test_a_portal_that_fails_now_and_then_is_read_all_the_same(tmp_path):
    faults = (Fault.BROKEN, Fault.TRUNCATED)
    plan = Plan(*(When(fault, after=2 * number) for number, fault in enumerate(faults, 1)))
    with synced(World(6, Way.LINE_ITEMS, Level.HARD), tmp_path, plan) as portal:
        assert portal.sync().counts.balanced
        assert not portal.compared().differences


def test_a_token_that_expires_loses_nothing_that_was_read(tmp_path):
    plan = Plan(When(Fault.EXPIRED, after=7, times=99))
    with synced(World(1, Way.LINE_ITEMS, Level.USUAL), tmp_path, plan) as portal:
        assert portal.sync().error
        portal.server.plan = None
        assert not portal.sync().error
        assert not portal.compared().differences
