"""Webhooks: what Stripe signed is taken, in any order and any number; all else is refused."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from tenure_connectors.stripe.events import observation
from tenure_connectors.stripe.shapes import Event
from tenure_connectors.stripe.webhooks import LARGEST, Delivery, receive

SECRET = "whsec_ofTheTests"
NOW = datetime(2025, 8, 1, 12, tzinfo=UTC)


def event(number=1, kind="customer.subscription.updated", **more):
    sub = {
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_1",
        "status": "active",
        "created": 5,
    }
    data = {"object": sub, "previous_attributes": {"status": "trialing"}}
    made = {
        "id": f"evt_{number}",
        "object": "event",
        "type": kind,
        "created": 1_754_000_000 + number,
    }
    return made | {"livemode": True, "data": data} | more


def signed(body, at=NOW, secret=SECRET):
    stamp = int(at.timestamp())
    header = stripe.WebhookSignature.generate_signature_header(body, secret, stamp)
    return Delivery(headers={"Stripe-Signature": header}, body=body.encode())


def verdict(body=None, at=NOW, secret=SECRET):
    return receive(signed(body or json.dumps(event()), at, secret), SECRET, NOW)


def test_what_stripes_own_library_signs_is_taken():
    taken = verdict()
    assert (taken.status, taken.event) == (200, "evt_1")
    assert taken.observation == observation(decoded(event()))
    assert taken.observation.subject == "sub_1"


def test_text_that_was_cut_in_the_middle_of_a_character_is_mended_after_it_was_verified():
    made = event()
    made["data"]["object"]["schedule"] = "Ann \ud83d"
    taken = verdict(json.dumps(made))
    assert (taken.status, taken.observation.data["object"]["schedule"]) == (200, "Ann \ufffd")


def test_a_body_that_is_nested_too_deep_is_refused():
    assert verdict('{"id":' + "[" * 100_000).status == 400


def test_duplicates_and_order_change_nothing():
    bodies = [json.dumps(event(n)) for n in (1, 2, 3)]
    kept = {
        frozenset((o.subject, o.key, json.dumps(o.data)) for o in map(taken, order))
        for order in itertools.permutations([*bodies, bodies[0]])
    }
    assert len(kept) == 1
    assert len(kept.pop()) == 3


def test_an_event_that_says_nothing_is_thanked_for():
    thanked = verdict(json.dumps(event(kind="charge.succeeded")))
    assert (thanked.status, thanked.observation) == (200, None)


def test_one_right_signature_of_several_is_enough():
    body = json.dumps(event())
    one = signed(body).headers["Stripe-Signature"]
    both = Delivery(headers={"STRIPE-SIGNATURE": f"{one},v1=beef,v0=cafe"}, body=body.encode())
    assert receive(both, SECRET, NOW).status == 200


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_early_signature_is_refused(minutes):
    refused = verdict(at=NOW + timedelta(minutes=minutes))
    assert (refused.status, refused.observation) == (400, None)
    assert "too old" in refused.reason


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_differ_a_little(minutes):
    assert verdict(at=NOW + timedelta(minutes=minutes)).status == 200


def test_another_secret_is_refused():
    assert verdict(secret="whsec_another").status == 400


def test_no_secret_verifies_nothing():
    assert receive(signed("{}", secret=""), "", NOW).status == 400


@pytest.mark.parametrize(
    "header", ["", "t=", "t=now,v1=00", "v1=00", "t=1,t=1754049600,v1=00", "=", "t=²,v1=é"]
)
def test_a_header_that_is_none_is_refused(header):
    broken = Delivery(headers={"stripe-signature": header} if header else {}, body=b"{}")
    assert receive(broken, SECRET, NOW).status == 400


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_body_that_was_touched_is_refused(at, byte):
    whole = signed(json.dumps(event()))
    body = bytearray(whole.body)
    body[at % len(body)] ^= byte or 1
    assert receive(Delivery(headers=whole.headers, body=bytes(body)), SECRET, NOW).status == 400


@pytest.mark.parametrize("body", ["[]", "{}", "not json", json.dumps(event() | {"created": "x"})])
def test_a_signed_body_that_is_no_event_is_refused(body):
    assert verdict(body).status == 400


def test_a_body_without_end_is_refused_unread():
    assert receive(Delivery(headers={}, body=b" " * (LARGEST + 1)), SECRET, NOW).status == 413


def test_an_event_of_the_other_mode_is_thanked_for_and_not_kept():
    other = receive(signed(json.dumps(event(livemode=False))), SECRET, NOW, livemode=True)
    assert (other.status, other.observation) == (200, None)


def taken(body):
    return verdict(body).observation


def decoded(made):
    import msgspec  # noqa: PLC0415 - only here

    return msgspec.json.decode(json.dumps(made), type=Event)
