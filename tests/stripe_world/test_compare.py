from dataclasses import replace

import pytest

from stripe_world import Level, World, compare
from stripe_world.future import coming

SEEDS = range(3)


def stated(world):
    """The truth itself, with what is already settled to come."""
    return {
        track.item.id: [*track.facts, *coming(track, world.now)]
        for track in world.tracks()
        if track.facts and track.sub.customer.livemode
    }


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_truth_is_equal_to_itself(seed, level):
    world = World(seed, level)
    result = compare(world, stated(world))
    assert result.differences == []
    assert result.equal == result.total > 50
    assert result.within == result.doubtful


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
