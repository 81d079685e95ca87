"""What changed: which subscriptions an event touches, and what has to be asked for besides."""

import shutil
from copy import deepcopy
from datetime import UTC, datetime

import pytest
import respx
from stripe_books import MONTH, THEN, Book, line, price, subscription
from stripe_lists import HOST, Lists

ONCE = {"id": "once", "percent_off": 10, "duration": "once", "created": THEN}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A small account whose first sync is done."""
    folder = tmp_path_factory.mktemp("first")
    with respx.mock(assert_all_called=False) as wire:
        lists = Lists()
        wire.route(host=HOST).mock(side_effect=lists)
        found = Book(lists, folder)
        for number in range(1, 8):
            found.add("/v1/customers", {"id": f"cus_{number}", "created": THEN, "name": "Ann"})
            found.add("/v1/subscriptions", subscription(number))
        found.sync()
        found.store.engine.dispose()
    return found


@pytest.fixture
def account(first, lists, tmp_path):
    shutil.copy(first.folder / "ledger.db", tmp_path)
    lists.lists.update(deepcopy(first.lists.lists))
    found = Book(lists, tmp_path)
    yield found
    found.store.engine.dispose()


def test_a_changed_subscription_takes_no_request_of_its_own(account):
    account.happens("customer.subscription.updated", subscription(quantity=3))
    assert account.sync().counts.read == 1
    assert account.asked == ["events", "events"]
    assert account.last("si_1") == ("si_1", 60, 0, 3, "Team", "Suite", "active")
    assert account.last("si_2") == ("si_2", 20, 0, 1, "Team", "Suite", "active")


def test_after_a_sweep_that_saw_no_event_those_since_are_asked_for(account):
    """A clock that is ahead by hours must not hide any; windows back to 2010 would be waste."""
    account.happens("customer.subscription.updated", subscription(quantity=3))
    account.sync()
    since = [int(r.url.params["created[gte]"]) for r in account.lists.asked]
    assert all(80_000 < account.now - at < 2 * 86_400 for at in since)


def test_of_several_events_the_last_one_counts_in_whatever_order_they_come(account):
    for quantity in (5, 4, 3, 2):
        account.happens("customer.subscription.updated", subscription(quantity=quantity))
    account.sync()
    assert account.last("si_1")[3] == 2


def test_a_new_subscription_with_a_new_price_asks_for_the_prices_that_are_new(account):
    account.now = int(datetime.now(UTC).timestamp())
    new = account.add("/v1/prices", price("price_9", 900, created=account.now, nickname="New"))
    made = subscription(9)
    made["items"]["data"][0]["price"] = new
    account.happens("price.created", new)
    account.happens("customer.subscription.created", made)
    account.sync()
    assert sorted(account.asked) == ["events", "events", "prices"]
    assert account.points()[-1][:5] == ("si_9", 9, 0, 1, "New")


def test_a_price_that_nobody_told_of_is_asked_for(account):
    account.add("/v1/prices", price("price_9", 900, nickname="Quiet"))
    made = subscription(9)
    made["items"]["data"][0]["price"] = "price_9"
    account.happens("customer.subscription.created", made)
    account.sync()
    assert "prices/price_9" in account.asked
    assert account.points()[-1][:5] == ("si_9", 9, 0, 1, "Quiet")


def test_a_renamed_product_touches_its_subscriptions(account):
    account.happens("product.updated", {"id": "prod_1", "name": "Works"}, name="Suite")
    account.sync()
    assert {p[5] for p in account.points()} == {"Works"}
    assert account.asked == ["events", "events"]


def test_a_product_that_keeps_its_name_touches_nothing(account):
    account.happens("product.updated", {"id": "prod_1", "name": "Suite", "description": "new"})
    assert account.sync().counts.read == 0


def test_a_renamed_price_touches_its_subscriptions(account):
    account.add("/v1/prices", price(nickname="Crew"))
    account.happens("price.updated", price(nickname="Crew"), nickname="Team")
    account.sync()
    assert {p[4] for p in account.points()} == {"Crew"}
    assert sorted(account.asked) == ["events", "events", "prices/price_1"]


def test_a_discount_of_a_customer_touches_its_subscriptions_alone(account):
    coupon = account.add(
        "/v1/coupons", {"id": "half", "percent_off": 50, "duration": "forever", "created": 5}
    )
    discount = {
        "id": "di_1",
        "customer": "cus_1",
        "source": {"coupon": "half"},
        "start": account.now,
    }
    account.happens("coupon.created", coupon)
    account.happens("customer.discount.created", discount)
    account.happens("customer.updated", {"id": "cus_1", "name": "Ann", "discount": discount})
    assert account.sync().counts.read == 1
    assert account.last("si_1")[:3] == ("si_1", 20, 10)
    assert account.last("si_2")[:3] == ("si_2", 20, 0)


def test_a_discount_known_only_by_its_id_is_asked_for(account):
    coupon = {"id": "half", "percent_off": 50, "duration": "forever"}
    discount = {
        "id": "di_1",
        "subscription": "sub_1",
        "source": {"coupon": coupon},
        "start": account.now,
    }
    account.add("/v1/subscriptions", subscription(discounts=[discount]))
    account.happens("customer.subscription.updated", subscription(discounts=["di_1"]))
    account.sync()
    assert account.asked.count("subscriptions") == 1
    assert account.last("si_1")[:3] == ("si_1", 20, 10)


def discounted(held):
    """A subscription whose item has a discount of the coupon that is `held`, and its bill."""
    off = {"id": "di_1", "source": {"coupon": held}, "start": THEN, "subscription_item": "si_1"}
    sub = subscription(quantity=4)
    sub["items"]["data"][0]["discounts"] = [off]
    charged = line(1) | {"quantity": 4, "amount": 8000, "discounts": [off]}
    charged["discount_amounts"] = [{"amount": 800, "discount": "di_1"}]
    return sub, charged


def test_a_deleted_coupon_of_an_item_is_read_with_the_line_that_it_was_taken_off(account):
    sub, charged = discounted("gone")
    whole = discounted({"id": "gone", "percent_off": 10, "duration": "forever"})[1]
    account.add("/v1/subscriptions", sub)
    account.add("/v1/invoices", billed(lines={"data": [charged], "has_more": False}))
    account.lists.lists["/v1/invoices/in_1/lines"] = [whole]
    assert account.sync(full=True).counts.quarantined == 0
    assert account.asked.count("invoices/in_1/lines") == 1
    sub["items"]["data"][0]["quantity"] = 3
    account.happens("customer.subscription.updated", sub)
    account.sync()
    assert account.last("si_1")[:4] == ("si_1", 60, 6, 3)  # a tenth of it, and not what it was
    account.sync(full=True)
    assert "invoices/in_1/lines" not in account.asked


def test_a_deleted_coupon_that_no_line_tells_is_asked_for_once(account):
    sub, charged = discounted("gone")
    account.add("/v1/subscriptions", sub)
    account.add("/v1/invoices", billed(lines={"data": [charged], "has_more": False}))
    second = billed(id="in_2", lines={"data": [charged | {"id": "il_2"}], "has_more": False})
    account.add("/v1/invoices", second)
    account.lists.lists["/v1/invoices/in_1/lines"] = [charged]
    account.lists.lists["/v1/invoices/in_2/lines"] = [charged]
    account.sync(full=True)
    assert sum(one.endswith("/lines") for one in account.asked) == 1
    assert account.last("si_1")[:4] == ("si_1", 80, 8, 4)


def test_a_discount_that_was_used_up_is_told_by_what_was_known_before(account):
    account.add("/v1/coupons", ONCE)
    held, charged = discounted("once")
    account.add("/v1/subscriptions", held)
    account.sync(full=True)
    used = account.add("/v1/subscriptions", subscription(quantity=4))
    bill = billed(lines={"data": [charged | {"discounts": ["di_1"]}], "has_more": False})
    account.happens("invoice.created", bill)
    account.happens("customer.subscription.updated", used)
    account.sync()
    account.add("/v1/invoices", billed(lines={"data": [charged], "has_more": False}))
    assert_nothing_is_new(account)


def assert_nothing_is_new(account):
    """A full sweep finds what the increment found."""
    facts = account.ledger.writes()
    account.sync(full=True)
    assert [row[:2] for row in account.ledger.writes()] == [row[:2] for row in facts]


def test_a_discount_of_a_customer_for_once_is_gone_with_its_bill(account):
    """No event says so."""
    account.add("/v1/coupons", ONCE)
    off = {"id": "di_1", "customer": "cus_1", "source": {"coupon": "once"}, "start": THEN}
    account.add("/v1/customers", {"id": "cus_1", "created": THEN, "name": "Ann", "discount": off})
    account.sync(full=True)
    account.add("/v1/customers", {"id": "cus_1", "created": THEN, "name": "Ann"})
    took = {"total_discount_amounts": [{"amount": 800, "discount": "di_1"}]}
    account.happens("invoice.created", billed(discounts=["di_1"], **took))
    account.sync()
    account.add("/v1/invoices", billed(discounts=[off], **took))
    assert_nothing_is_new(account)


def test_a_customer_that_is_deleted_takes_nothing_off(account):
    """Its last event still shows the discount."""
    account.add("/v1/coupons", ONCE)
    off = {"id": "di_1", "customer": "cus_1", "source": {"coupon": "once"}, "start": THEN}
    gone = account.add("/v1/customers", {"id": "cus_1", "created": THEN, "discount": off})
    account.sync(full=True)
    account.lists.lists["/v1/customers"].remove(gone)
    account.happens("customer.deleted", gone)
    account.sync()
    assert_nothing_is_new(account)


def test_more_lines_than_an_event_carries_are_asked_for_once(account):
    lines = [line(n) for n in range(130)]
    made = {
        "id": "in_1", "created": THEN, "subscription": "sub_1", "customer": "cus_1",
        "status": "open", "lines": {"data": lines[:10], "has_more": True},
    }  # fmt: skip
    account.lists.lists["/v1/invoices/in_1/lines"] = lines
    for kind in ("created", "finalized", "paid"):
        account.happens(f"invoice.{kind}", made)
    account.sync()
    assert account.asked.count("invoices/in_1/lines") == 2


def test_what_is_not_known_of_a_subscription_is_read_whole(account):
    """Its first events were missed: another one is the first that is heard of it."""
    account.add("/v1/subscriptions", subscription(9))
    account.happens("customer.subscription.updated", subscription(9))
    account.sync()
    assert sorted(account.asked)[2:] == [
        "invoiceitems",
        "invoices",
        "subscription_schedules",
        "subscriptions",
    ]
    assert account.points()[-1][:2] == ("si_9", 20)


def test_a_new_name_of_a_customer_is_kept_and_touches_nothing(account):
    account.happens("customer.updated", {"id": "cus_1", "name": "Bea", "created": THEN}, name="Ann")
    assert account.sync().counts.read == 0
    names = account.ledger.rows(
        "SELECT value FROM customer_attribute WHERE name = 'name' AND value = 'Bea'"
    )
    assert names == [("Bea",)]


def test_a_schedule_that_begins_gives_way_to_its_subscription(account):
    phase = {
        "start_date": account.now + MONTH,
        "end_date": None,
        "items": [{"price": "price_1", "quantity": 2}],
    }
    waiting = {
        "id": "sub_sched_1",
        "customer": "cus_1",
        "status": "not_started",
        "phases": [phase],
        "created": THEN,
    }
    account.happens("subscription_schedule.created", waiting)
    account.sync()
    assert any(p[0].startswith("sub_sched_1") for p in account.points())
    account.happens("customer.subscription.created", subscription(9, schedule="sub_sched_1"))
    account.happens(
        "subscription_schedule.updated", waiting | {"status": "active", "subscription": "sub_9"}
    )
    account.sync()
    assert not any(p[0].startswith("sub_sched_1") for p in account.points())
    assert account.points()[-1][0] == "si_9"


def test_an_event_that_cannot_be_read_is_quarantined_and_costs_no_other(account):
    account.happens(
        "customer.subscription.updated", {"id": "sub_1", "customer": 7, "status": "active"}
    )
    account.happens("customer.subscription.updated", subscription(2, quantity=4))
    outcome = account.sync()
    assert (outcome.counts.quarantined, outcome.exit_code) == (1, 1)
    assert account.last("si_2")[3] == 4


def test_events_of_the_overlap_are_not_counted_twice(account):
    account.happens("customer.subscription.updated", subscription(quantity=3))
    account.sync()
    before = account.ledger.writes()
    assert account.sync().counts.read == 0
    assert account.ledger.writes() == before


def test_an_event_ahead_of_its_time_does_not_hide_those_before_it(account):
    account.now += 2 * 86_400
    account.happens("customer.subscription.updated", subscription(1, 2))
    account.sync()
    account.now += 3_540 - 2 * 86_400  # a minute ago
    account.happens("customer.subscription.updated", subscription(2, 5), quantity=1)
    account.sync()
    assert account.last("si_2")[3] == 5


def test_a_busy_minute_is_not_read_again_for_ever(account):
    for number in range(900):
        account.happens(
            "customer.updated", {"id": "cus_1", "name": f"Ann {number}", "created": THEN}
        )
        account.events -= number % 2  # two at a time
        account.lists.lists["/v1/events"][-1]["id"] += "b" * (number % 2)
    account.sync()
    account.sync()
    assert len(account.asked) <= 5


def credit_note(name="cn_1", **more):
    made = {"id": name, "created": THEN, "invoice": "in_1", "customer": "cus_1", "amount": 2000}
    return made | {"currency": "usd", "status": "issued", "type": "post_payment"} | more


def billed(**more):
    """An invoice that is evidence: what it bills is not what the subscription is now."""
    lines = {"data": [line(1) | {"quantity": 4, "amount": 8000}], "has_more": False}
    made = {"id": "in_1", "created": THEN, "customer": "cus_1", "subscription": "sub_1"}
    return made | {"status": "paid", "currency": "usd", "lines": lines} | more


def test_a_credit_note_of_a_whole_invoice_is_kept_and_changes_no_figure(account):
    account.add("/v1/invoices", billed())
    account.sync(full=True)
    before = account.points()
    assert before[0][:4] == ("si_1", 80, 0, 4)
    account.add("/v1/credit_notes", credit_note(amount=8000))
    account.happens("credit_note.created", credit_note(amount=8000))
    account.happens("invoice.updated", billed(post_payment_credit_notes_amount=8000))
    account.sync()
    account.sync(full=True)
    assert account.points() == before
    query = "SELECT subject, key FROM observation WHERE key LIKE 'cn_%'"
    assert account.ledger.rows(query) == [("in_1", "cn_1:issued")]


def test_a_credit_note_that_is_voided_is_known_to_be(account):
    account.add("/v1/credit_notes", credit_note(status="void", voided_at=THEN + 60))
    account.happens("credit_note.voided", credit_note(status="void", voided_at=THEN + 60))
    account.sync()
    assert_nothing_is_new(account)
    query = "SELECT key FROM observation WHERE key LIKE 'cn_%'"
    assert account.ledger.rows(query) == [("cn_1:void",)]
