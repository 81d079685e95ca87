import pytest

from stripe_world import Level, World
from stripe_world.reading import every, get
from tenure_connectors.stripe.world.events import replayed


@pytest.mark.parametrize("version", ["2026-09-30.endive", "2020-08-27"])
@pytest.mark.parametrize("level", Level)
def test_previous_attributes_lead_back_to_the_event_before(level, version):
    world = World(3, level, api_version=version)
    last, checked = {}, 0
    for event in reversed(list(every(world, "/v1/events", ("type", "customer.subscription.*")))):
        now = event["data"]["object"]
        if event["type"].endswith("updated"):
            before = replayed(now, event["data"]["previous_attributes"])
            assert before == last.get(now["id"], before)
            assert before != now
            checked += now["id"] in last
        last[now["id"]] = now
    assert checked
    for key, object_then in last.items():
        assert get(world, f"/v1/subscriptions/{key}", Stripe_Version=version) == object_then


def test_new_events_come_as_the_world_lives_on():
    world = World(3, Level.ADVANCED)
    before = {event["id"] for event in every(world, "/v1/events")}
    newest = world.now
    world.advance(7)
    events = list(every(world, "/v1/events"))
    assert {e["id"] for e in events if e["created"] <= newest} <= before
    assert any(event["created"] > newest for event in events)
