import json

import pytest

from stripe_world import Level, World
from stripe_world.reading import asked, every, get
from tenure_connectors.stripe.world.keys import LIVE, RESTRICTED, REVOKED, TEST, without

LISTS = ("customers", "products", "prices", "coupons", "subscriptions", "invoices", "invoiceitems")
LISTS += ("events", "credit_notes", "subscription_schedules")


@pytest.fixture(scope="module")
def world():
    return World(4, Level.ADVANCED)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("limit", [9, 100])
def test_paging_gives_everything_once_and_newest_first(world, name, limit):
    query = [("status", "all")] if name == "subscriptions" else []
    found = list(every(world, f"/v1/{name}", *query, limit=limit))
    whole = [entry.key for entry in world.account.lists[name] if entry.listed]
    assert [one["id"] for one in found] == whole
    times = [one.get("created", one.get("date")) for one in found]
    assert times == sorted(times, reverse=True)


def test_paging_backwards_gives_the_same_pages(world):
    first = get(world, "/v1/invoices", ("limit", "20"))["data"]
    after = get(world, "/v1/invoices", ("limit", "5"), ("starting_after", first[9]["id"]))
    before = get(world, "/v1/invoices", ("limit", "5"), ("ending_before", first[15]["id"]))
    assert after["data"] == before["data"] == first[10:15]
    assert before["has_more"]


def test_inner_lists_are_read_at_their_url():
    world = World(4, Level.PRICES)
    invoice = max(every(world, "/v1/invoices"), key=lambda one: one["lines"]["has_more"])
    lines = list(every(world, invoice["lines"]["url"], limit=3))
    assert lines[: len(invoice["lines"]["data"])] == invoice["lines"]["data"]
    assert sum(line["amount"] for line in lines) == invoice["subtotal"]


def test_filters(world):
    everyone = list(every(world, "/v1/subscriptions", ("status", "all")))
    canceled = [one for one in everyone if one["status"] == "canceled"]
    assert canceled == list(every(world, "/v1/subscriptions", ("status", "canceled")))
    listed = list(every(world, "/v1/subscriptions"))
    assert listed == [one for one in everyone if one["status"] != "canceled"]
    price = listed[0]["items"]["data"][0]["price"]["id"]
    priced = list(every(world, "/v1/subscriptions", ("price", price)))
    assert listed[0] in priced
    since = str(everyone[5]["created"])
    assert (
        list(every(world, "/v1/subscriptions", ("status", "all"), ("created[gt]", since)))[-1]
        == everyone[4]
    )
    mine = list(every(world, "/v1/invoices", ("subscription", everyone[-1]["id"])))
    assert mine
    assert {one["customer"] for one in mine} == {everyone[-1]["customer"]}


def test_events_are_filtered_by_type_and_no_older_than_thirty_days(world):
    events = list(every(world, "/v1/events"))
    assert min(event["created"] for event in events) >= world.now - 30 * 86_400
    kinds = {"invoice.paid", "customer.subscription.updated"}
    some = list(every(world, "/v1/events", *(("types[]", kind) for kind in kinds)))
    assert some == [event for event in events if event["type"] in kinds]
    star = list(every(world, "/v1/events", ("type", "customer.subscription.*")))
    assert {event["type"] for event in star} == {
        event["type"] for event in events if event["type"].startswith("customer.subscription.")
    }


def test_expand_goes_four_levels_deep(world):
    page = get(world, "/v1/prices", ("limit", "100"), ("expand[]", "data.tiers"))
    assert any("tiers" in price for price in page["data"])
    assert not any("tiers" in price for price in get(world, "/v1/prices")["data"])
    sub = get(world, "/v1/subscriptions", ("limit", "1"), ("expand[]", "data.customer"))["data"][0]
    assert sub["customer"]["object"] == "customer"
    status, body = asked(world, "/v1/subscriptions", ("expand[]", "data.items.data.price.tiers"))
    assert status == 400
    assert body["error"]["code"] == "property_expansion_max_depth"
    status, body = asked(world, "/v1/subscriptions", ("expand[]", "customer"))
    assert status == 400
    assert "data.customer" in body["error"]["message"]


@pytest.mark.parametrize(
    ("key", "path", "status", "words"),
    [
        ("sk_live_51unknown", "customers", 401, "Invalid API Key provided: sk_live_"),
        (REVOKED, "customers", 401, "Expired API Key provided"),
        ("rk_live_51lacks", "invoices", 403, "Having the 'rak_invoice_read' permission"),
        ("rk_live_51lacks", "customers", 200, ""),
        (RESTRICTED, "events", 200, ""),
        (LIVE, "customers/cus_none", 404, "No such customer: 'cus_none'"),
        (LIVE, "nothing", 404, "Unrecognized request URL (GET: /v1/nothing)"),
        (LIVE, "invoices?limit=101", 400, "between 1 and 100"),
        (LIVE, "invoices?color=red", 400, "Received unknown parameter: color"),
    ],
)
def test_refusals_are_in_the_words_of_stripe(world, key, path, status, words):
    world.keys["rk_live_51lacks"] = without("rak_invoice_read")
    found, body = asked(world, f"/v1/{path}", key=key)
    assert found == status
    assert words in body.get("error", {}).get("message", "")


def test_no_key_is_named_in_a_refusal(world):
    _, _, body = world.answer("GET", "/v1/customers", (), {"Authorization": f"Bearer {REVOKED}"})
    assert REVOKED not in body.decode()


def test_a_key_sees_the_objects_of_its_mode_only():
    world = World(4, Level.ADVANCED, mixed_modes=False)
    for key, livemode in ((LIVE, True), (TEST, False)):
        found = get(world, "/v1/customers", ("limit", "100"), key=key)["data"]
        assert found
        assert {one["livemode"] for one in found} == {livemode}


def test_without_a_key_nothing_is_told(world):
    status, _, _ = world.answer("GET", "/v1/customers", (), {})
    assert status == 401


def test_every_answer_names_its_request_and_version(world):
    headers = {"Authorization": f"Bearer {LIVE}", "Stripe-Version": "2025-03-31.basil"}
    _, first, _ = world.answer("GET", "/v1/customers", (), headers)
    _, second, _ = world.answer("GET", "/v1/customers", (), headers)
    assert first["Stripe-Version"] == "2025-03-31.basil"
    assert first["Request-Id"] != second["Request-Id"]


def test_older_shapes_have_the_period_on_the_subscription_and_one_discount(world):
    old = list(every(world, "/v1/subscriptions", ("status", "all"), Stripe_Version="2020-08-27"))
    new = list(every(world, "/v1/subscriptions", ("status", "all")))
    for before, after in zip(old, new, strict=True):
        ends = [item["current_period_end"] for item in after["items"]["data"]]
        assert before["current_period_end"] == min(ends, default=None)
        assert "current_period_end" not in json.dumps(before["items"])
        if after["discounts"]:
            assert before["discount"]["coupon"]["object"] == "coupon"
    line = get(world, "/v1/invoices", Stripe_Version="2020-08-27")["data"][0]["lines"]["data"][0]
    assert line["type"] in ("subscription", "invoiceitem")
    assert line["price"]["object"] == "price"
    assert "parent" not in line
