"""The world keeps its own laws: what it bills is what is true, however long it has lived."""

from functools import lru_cache
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stripe_world import Level, World
from stripe_world.future import coming
from stripe_world.reading import every
from tenure_connectors.stripe.world.catalog import micro_units

SEEDS = st.integers(0, 10_000)
LEVELS = st.sampled_from(Level)


@lru_cache(maxsize=32)
def lived(seed, level):
    return World(seed, level, months=12, customers=8)


def truth(world):
    return {track.item.id: track.facts for track in world.tracks()}


@given(SEEDS, LEVELS)
def test_truth_is_strictly_increasing_and_ends_once(seed, level):
    world = lived(seed, level)
    for track in world.tracks():
        facts = [*track.facts, *coming(track, world.now)]
        assert all(one.at < other.at for one, other in pairwise(facts))
        assert all(fact.state != "ended" for fact in facts[:-1])


@given(SEEDS, LEVELS)
def test_living_on_is_living_longer(seed, level):
    long = World(seed, level, months=9, customers=8)
    short = World(seed, level, months=8, customers=8)
    short.advance(10)
    short.advance((long.now - short.now) / 86_400)
    assert short.now == long.now
    assert truth(short) == truth(long)


@given(SEEDS, LEVELS)
def test_a_full_period_is_billed_at_what_its_item_was_worth(seed, level):
    """The lines of a whole period add up to the truth at its start, but for rounding."""
    for invoice in invoices(lived(seed, level)):
        for track, lines in billed_in_full(lived(seed, level), invoice):
            fact = track.at(lines[0].period[0])
            if fact is None or fact.state in ("trial", "ended"):
                continue
            tax = sum(amount for n in lines for rate, amount in n.taxes if rate.inclusive)
            off = sum(amount for line in lines for _, amount in line.discount_amounts)
            net = sum(line.amount for line in lines) - off - tax
            cent = micro_units(1, lines[0].price.currency)
            worth = fact.amount - fact.discount - fact.discount_once
            assert abs(net * cent - worth) <= 2 * cent * len(lines), (invoice.id, track.item.id)


def invoices(world):
    return [invoice for life in world.lives for invoice in life.book.shelf.invoices]


def billed_in_full(world, invoice):
    """Each item with its lines of a whole period.

    Not where an amount off meets several cycles or usage: Stripe spreads it over the invoice,
    metrics.md over each cycle's own bill.
    """
    billed = [line for line in invoice.lines if line.item and not line.proration]
    kinds = {(n.price.interval, n.price.interval_count, n.price.meter) for n in billed}
    if len(kinds) > 1 and any(n.discount_amounts for n in billed):
        return
    tracks = {track.item.id: track for track in world.tracks()}
    for key in sorted({line.item.id for line in billed if not line.price.metered}):
        yield tracks[key], [line for line in billed if line.item.id == key]


@given(SEEDS, LEVELS)
def test_what_lives_is_billed_for_the_present(seed, level):
    world = lived(seed, level)
    for life in world.lives:
        for sub in life.book.shelf.subs:
            if sub.live and sub.status not in ("incomplete", "paused"):
                periods = [item.period for item in sub.items]
                assert all(start <= world.now < end for start, end in periods), sub.id


def test_every_invoice_of_the_account_is_served():
    world = lived(2, Level.DISCOUNTS)
    made = {invoice.id for invoice in invoices(world)}
    assert {invoice["id"] for invoice in every(world, "/v1/invoices")} == made


def test_the_advanced_world_has_all_and_the_basic_one_little():
    assert seen_in(World(1)) == {"active", "ended"}
    everything = set().union(*(seen_in(World(seed, Level.ADVANCED)) for seed in range(4)))
    states = {"active", "ended", "trial", "past_due", "unpaid", "incomplete"}
    states |= {"paused", "paused_draft"}
    assert everything == states | {"discount", "week", "items", "phases", "usage", "test mode"}


def seen_in(world):
    facts = [fact for track in world.tracks() for fact in track.facts]
    shelves = [life.book.shelf for life in world.lives]
    found = {
        "discount": any(fact.discount for fact in facts),
        "week": any(fact.interval == "week" for fact in facts),
        "items": any(sub.gone for shelf in shelves for sub in shelf.subs),
        "phases": any(shelf.schedules for shelf in shelves),
        "usage": any(track.usage for track in world.tracks()),
        "test mode": any(not life.book.person.livemode for life in world.lives),
    }
    return {name for name, there in found.items() if there} | {fact.state for fact in facts}
