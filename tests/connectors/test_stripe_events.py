"""What is kept of events for good, and the snapshots that they hold."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe_objects import coupon, day, decoded, discount, event, item, sub

from tenure_connectors.stripe import shapes
from tenure_connectors.stripe.events import observation, snapshots


def kept(*events):
    return [observation(decoded(one, shapes.Event)) for one in events]


def seen(*events):
    return [(s.at, s.before, s.subscription.quantity) for s in snapshots(kept(*events))]


def updated(name, at, quantity, before):
    return event(name, at, sub(quantity=quantity), {"quantity": before})


def test_what_is_kept_is_json_without_floats_of_the_fields_that_matter():
    half = coupon(percent_off=33.333)
    now = sub(discounts=[discount("di_1", half)], description="of no use", latest_invoice="in_1")
    before = {
        "discounts": [],
        "description": None,
        "discount": {"coupon": {"id": "c", "percent_off": 25.5}},
    }
    (one,) = kept(event("evt_1", "2025-03-01", now, before))
    assert (one.subject, one.key, int(one.at.timestamp())) == ("sub_1", "evt_1", day("2025-03-01"))
    assert "float" not in {type(value).__name__ for value in flat(one.data)}
    assert json.loads(json.dumps(one.data)) == one.data
    assert one.data["before"] == {
        "discounts": [],
        "discount": {"coupon": {"id": "c", "percent_off": "25.5"}},
    }
    assert not {"description", "latest_invoice"} & one.data["object"].keys()


def flat(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    yield value
    for one in inner:
        yield from flat(one)


@pytest.mark.parametrize(
    ("given_", "subject"),
    [
        (discount("di_1", coupon()), "sub_1"),
        (discount("di_1", coupon(), subscription=None), "cus_1"),
    ],
)
def test_a_discount_is_of_its_subscription_or_of_its_customer(given_, subject):
    assert (
        kept(event("evt_1", "2025-03-01", given_, kind="customer.discount.created"))[0].subject
        == subject
    )


@pytest.mark.parametrize("kind", ["invoice.paid", "customer.updated", "charge.succeeded"])
def test_other_events_say_nothing_of_recurring_revenue(kind):
    assert kept(event("evt_1", "2025-03-01", {"id": "x", "object": "y"}, kind=kind)) == [None]


@pytest.mark.parametrize(
    "before",
    [{"status": 5}, {"items": 7}, {"created": 10**13}, [1], "active", {"quantity": "1e400"}],
)
def test_what_cannot_be_read_again_is_not_kept_for_good(before):
    with pytest.raises(msgspec.ValidationError):
        kept(event("evt_1", "2025-03-01", sub(), before))


def test_an_event_is_a_snapshot_of_before_and_one_of_after():
    at = day("2025-03-01")
    assert seen(updated("evt_1", "2025-03-01", 3, 2)) == [(at, True, 2), (at, False, 3)]


def test_what_changed_within_an_object_is_put_back_into_it():
    now = sub(pause_collection={"behavior": "void", "resumes_at": 9})
    for before, behavior in (({"behavior": "keep_as_draft"}, "keep_as_draft"), (None, None)):
        was = snapshots(kept(event("evt_1", "2025-03-01", now, {"pause_collection": before})))[0]
        pause = was.subscription.pause_collection
        assert (pause.behavior if pause else None) == behavior


def test_a_new_subscription_was_nothing_before():
    new = event("evt_1", "2025-01-01", sub(), kind="customer.subscription.created")
    assert [s.before for s in snapshots(kept(new))] == [False]


@given(st.permutations([1, 2, 3, 4]))
def test_events_of_one_second_are_in_the_order_in_which_each_follows_on_the_last(names):
    """Their ids say nothing: what each found and left does."""
    events = [
        updated(f"evt_{name}", "2025-03-01", after, after - 1)
        for name, after in zip(names, (2, 3, 4, 5), strict=True)
    ]
    first = event("evt_0", "2025-03-01", sub(quantity=1), kind="customer.subscription.created")
    assert [quantity for _, before, quantity in seen(*events, first) if not before] == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_the_items_of_before_replace_those_of_after():
    now = sub(item("si_1"), item("si_2"))
    was = snapshots(kept(event("evt_1", "2025-03-01", now, {"items": {"data": [item("si_1")]}})))[0]
    assert [one.id for one in was.subscription.items.data] == ["si_1"]
