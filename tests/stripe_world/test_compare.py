"""The judge: the truth is equal to itself, a wrong field is one difference, doubts are few."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_world import Level, World, compare
from stripe_world.future import NO_CARD_KNOWN, NOT_USED_YET, OTHER_ITEM, coming
from tenure_connectors.stripe.world.desk import ONCE_CHANGED

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def stated(world):
    """The truth itself, with what is already settled to come."""
    return {
        track.item.id: [*track.facts, *coming(track, world.now)]
        for track in world.tracks()
        if track.facts and track.sub.customer.livemode
    }


@given(st.integers(0, 10_000), st.sampled_from(Level))
def test_the_truth_is_equal_to_itself(seed, level):
    world = World(seed, level, months=12, customers=8)
    result = compare(world, stated(world))
    assert result.differences == []
    assert result.equal == result.total
    assert result.within == result.doubtful


@given(st.integers(0, 10_000), st.sampled_from(Level))
def test_who_saw_every_event_is_in_doubt_of_conventions_only(seed, level):
    world = World(seed, level, months=12, customers=8)
    result = compare(world, stated(world), known_from=BEGINNING)
    assert set(result.reasons) <= {ONCE_CHANGED, NO_CARD_KNOWN, NOT_USED_YET, OTHER_ITEM}
    assert result.total >= compare(world, stated(world)).total


@pytest.mark.parametrize(
    ("name", "value"),
    [("amount", 1), ("quantity", 1), ("plan", "none"), ("state", "paused"), ("ends_at", 1)],
)
def test_one_wrong_field_is_one_difference(name, value):
    world = World(1)
    said = stated(world)
    key = next(key for key, facts in said.items() if len(facts) > 3)
    said[key][1] = replace(said[key][1], **{name: value})
    result = compare(world, said)
    assert {difference.name for difference in result.differences} == {name}
    assert {difference.item for difference in result.differences} == {key}
    assert result.equal < result.total
    assert key in str(result.differences[0])


def test_what_is_missing_and_what_never_was_are_differences():
    world = World(1)
    said = stated(world)
    gone = said.pop(next(iter(said)))
    said["si_stranger"] = gone
    items = {difference.item for difference in compare(world, said).differences}
    assert "si_stranger" in items
    assert len(items) == 2


def test_an_item_of_test_mode_is_a_difference():
    world = next(w for w in (World(seed, Level.ADVANCED) for seed in range(20)) if of_test_mode(w))
    said = stated(world) | {(test := of_test_mode(world)[0]).item.id: test.facts}
    assert {d.item for d in compare(world, said).differences} == {test.item.id}


def of_test_mode(world):
    return [t for t in world.tracks() if t.facts and not t.sub.customer.livemode]
