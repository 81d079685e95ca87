"""Whatever goes wrong on the way, and whenever the process dies, the ledger is the same."""

import itertools
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest
from everything import QUERIES
from stripe_syncs import Synced, synced

from stripe_world.market import Level
from stripe_world.world import World
from tenure_connectors.stripe.world.faults import Fault, Plan
from tenure_connectors.stripe.world.server import serving

SOAK = bool(os.environ.get("TENURE_SOAK"))
SEEDS = range(50 if SOAK else 3)
KILLS = 30 if SOAK else 3
ON_THE_WIRE = tuple(f for f in Fault if f not in {Fault.INSERT, Fault.VANISH})


def world() -> World:
    return World(2, Level.ITEMS, customers=8)


def facts(account: Synced) -> list[list[str]]:
    """Every fact; a value without a history counts from the moment it was read."""
    rows = account.ledger.rows
    return [sorted(map(repr, rows(QUERIES[name]))) for name in ("points", "attributes")]


class Undisturbed(NamedTuple):
    """What a first sync asks for, and the facts after it and after the next one."""

    asked: list[str]
    facts: tuple[list[list[str]], list[list[str]]]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    with synced(world(), tmp_path_factory.mktemp("undisturbed")) as account:
        account.sync()
        asked, first = [*account.server.asked], facts(account)
        account.world.advance(3)
        account.sync()
        return Undisturbed(asked, (first, facts(account)))


def plan_of(seed: int, asked: Sequence[str]) -> Plan:
    """Faults that follow from a seed, some of which will be met."""
    numbers = itertools.count(seed, step=len(SEEDS))
    plans = (Plan(number, odds=0.2, kinds=ON_THE_WIRE, slow=0.01) for number in numbers)
    return next(plan for plan in plans if any(map(replace(plan, met=[], counts={}).next, asked)))


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_on_the_wire_change_nothing(tmp_path, undisturbed, seed):
    plan = plan_of(seed, undisturbed.asked)
    with synced(world(), tmp_path, plan) as account:
        for number, expected in enumerate(undisturbed.facts):
            outcome = account.sync()
            assert outcome.error is None
            assert facts(account) == expected
            if not number:
                account.world.advance(3)
    assert plan.met


@pytest.mark.parametrize("seed", SEEDS)
def test_an_account_that_moves_while_it_is_read_is_right_after_the_next_sync(tmp_path, seed):
    plan = Plan(seed, odds=0.3, kinds=(Fault.INSERT,))
    with synced(world(), tmp_path, plan) as account:
        assert account.sync().error is None
        account.server.plan = None
        account.sync()
        moved = facts(account)
        account.sync(full=True)
        assert facts(account) == moved
        assert not account.compared().differences


def test_a_source_that_stays_down_keeps_what_was_committed(tmp_path):
    with synced(world(), tmp_path) as account:
        account.sync()
        before = facts(account)
        account.world.advance(2)
        account.server.plan = Plan(1, odds=1.0, kinds=(Fault.INVALID,), most=10**6)
        outcome = account.sync()
        assert outcome.exit_code == 1
        assert "/v1/events" in str(outcome.error)
        assert facts(account) == before


def test_a_killed_sync_is_finished_by_the_next(tmp_path, undisturbed, work):
    """Each sync is killed later in its course than the one before it."""
    chance = random.Random(5)
    folder, whole = tmp_path / "killed", tmp_path / "whole"
    with serving(world(), latency=0.05) as server:
        for made in (folder, whole):
            made.mkdir()
            Synced(server.world, server, made).store.engine.dispose()
        began = time.monotonic()
        work.start(whole, server.world.now)
        work.wait()
        took = time.monotonic() - began
        for number in range(KILLS):
            process = work.start(folder, server.world.now)
            time.sleep(took * (number + chance.random()) / KILLS)
            os.kill(process, signal.SIGKILL)
            work.wait()
        account = Synced(server.world, server, folder)
        account.sync()
        assert facts(account) == undisturbed.facts[0]
        assert account.sync().counts.stored == 0
        account.store.engine.dispose()
