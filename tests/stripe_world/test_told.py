"""An account that a story happened to: what it shows, and that it stays itself as it lives on."""

from datetime import UTC, date, datetime, timedelta

import pytest

from stripe_world.reading import every
from tenure import Company
from tenure.demo.company import live
from tenure_connectors.stripe.world import World, told

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
LISTS = ("customers", "products", "prices", "coupons", "invoices", "invoiceitems", "events")


def company(now: datetime = NOW) -> Company:
    """A twelfth of it: what happens to its customers does not depend on the others."""
    rows = [row for row in live(date(2025, 12, 1)) if int(row.customer[-4:]) % 12 == 0]
    return Company(now, rows)


@pytest.fixture(scope="module")
def world() -> World:
    return told(company())


def shown(world: World, path: str) -> dict[str, dict]:
    return {one["id"]: one for one in every(world, f"/v1/{path}")}


def subscriptions(world: World) -> list[dict]:
    return list(every(world, "/v1/subscriptions", ("status", "all")))


def test_every_subscription_of_the_story_is_there(world):
    told_of = {row.subscription: row for row in sorted(company().stretches, key=lambda r: r.start)}
    ended = sum(row.end is not None for row in told_of.values())
    found = subscriptions(world)
    assert len(found) == len(told_of)
    assert sum(one["status"] == "canceled" for one in found) == ended


def test_an_end_that_was_asked_for_tells_when(world):
    asked = {row.customer for row in company().stretches if row.requested_at}
    told_both = {
        one["customer"] for one in subscriptions(world) if one["canceled_at"] != one["ended_at"]
    }
    assert asked
    assert told_both == asked


def test_changes_are_billed_as_prorations_at_once(world):
    waiting = [one for one in shown(world, "invoiceitems").values() if one["invoice"] is None]
    assert len(shown(world, "invoiceitems")) > 10
    assert waiting == []


def test_events_are_of_thirty_days(world):
    oldest = min(one["created"] for one in shown(world, "events").values())
    assert NOW - timedelta(days=30) <= datetime.fromtimestamp(oldest, UTC) < NOW


def test_a_week_later_it_is_the_same_account(world):
    """Objects keep their ids, and so do the events that both can tell."""
    later = told(company(NOW + timedelta(days=7)))
    for path in LISTS:
        before, after = shown(world, path), shown(later, path)
        gone = {key for key in before if key not in after}
        assert all(before[key]["created"] < later.now - 30 * 86_400 for key in gone)
        assert path == "events" or not gone
    before, after = shown(world, "events"), shown(later, "events")
    both = before.keys() & after.keys()
    assert len(both) > 10
    assert all(before[key] == after[key] for key in both)
