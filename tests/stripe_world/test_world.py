import time
from itertools import pairwise

import pytest

from stripe_world import Level, World
from stripe_world.catalog import micro_units
from stripe_world.reading import every

WORLDS = [(seed, level) for level in Level for seed in range(2)]


def truth(world):
    return {track.item.id: track.facts for track in world.tracks()}


@pytest.mark.parametrize(("seed", "level"), WORLDS)
def test_truth_is_strictly_increasing_and_ends_once(seed, level):
    for facts in truth(World(seed, level)).values():
        assert all(one.at < other.at for one, other in pairwise(facts))
        assert all(fact.state != "ended" for fact in facts[:-1])


@pytest.mark.parametrize("level", Level)
def test_living_on_is_living_longer(level):
    long, short = World(5, level, months=14), World(5, level, months=13)
    short.advance(10)
    short.advance((long.now - short.now) / 86_400)
    assert short.now == long.now
    assert truth(short) == truth(long)


@pytest.mark.parametrize(("seed", "level"), WORLDS)
def test_a_full_period_is_billed_at_what_its_item_was_worth(seed, level):
    """The lines of a whole period add up to the truth at its start, but for rounding."""
    world = World(seed, level)
    tracks = {track.item.id: track for track in world.tracks()}
    checked = 0
    for life in world.lives:
        for invoice in life.book.shelf.invoices:
            billed = [line for line in invoice.lines if line.item and not line.proration]
            for item in {line.item.id for line in billed}:
                track = tracks[item]
                lines = [line for line in billed if line.item.id == item]
                fact = track.at(lines[0].period[0])
                if fact is None or fact.state in ("trial", "ended") or track.usage:
                    continue
                cycles = {(n.price.interval, n.price.interval_count, n.price.meter) for n in billed}
                if len(cycles) > 1 and any(n.discount_amounts for n in billed):
                    continue  # Stripe spreads over the invoice, metrics.md over each cycle's own
                tax = sum(a for n in lines for rate, a in n.taxes if rate.inclusive)
                off = sum(amount for line in lines for _, amount in line.discount_amounts)
                net = sum(line.amount for line in lines) - off - tax
                cent = micro_units(1, lines[0].price.currency)
                worth = fact.amount - fact.discount - fact.discount_once
                assert abs(net * cent - worth) <= 2 * cent * len(lines), (invoice.id, item)
                checked += 1
    assert checked > 50


@pytest.mark.parametrize(("seed", "level"), WORLDS)
def test_what_lives_is_billed_for_the_present(seed, level):
    world = World(seed, level)
    for life in world.lives:
        for sub in life.book.shelf.subs:
            if sub.live and sub.status not in ("incomplete", "paused"):
                assert all(start <= world.now < end for start, end in (i.period for i in sub.items))


@pytest.mark.parametrize("level", Level)
def test_a_world_is_quick(level):
    started = time.process_time()
    World(1, level, customers=24)
    assert time.process_time() - started < 0.6  # well under 0.3 s on a machine at rest


def test_every_invoice_of_the_account_is_served():
    world = World(2, Level.DISCOUNTS)
    made = {invoice.id for life in world.lives for invoice in life.book.shelf.invoices}
    assert {invoice["id"] for invoice in every(world, "/v1/invoices")} == made
