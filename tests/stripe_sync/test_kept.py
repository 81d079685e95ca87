"""What was seen once stays known, though Stripe shows it no more; what was to come does not."""

from itertools import pairwise

import pytest
import time_machine
from stripe_books import MONTH, THEN, Book, line, price, subscription

DAY = 86_400
HALF = {"id": "half", "percent_off": 50, "duration": "forever", "created": THEN}


@pytest.fixture
def account(lists, tmp_path):
    """A small account before its first sync."""
    found = Book(lists, tmp_path)
    found.add("/v1/customers", {"id": "cus_1", "created": THEN, "name": "Ann"})
    yield found
    found.store.engine.dispose()


def of_items(*items):
    return subscription(items={"data": list(items), "has_more": False})


def test_what_a_discount_takes_off_stays_known_when_its_item_leaves(account):
    """Events name it by its id: only the first sync saw it whole, and no bill ever had it."""
    (item,) = subscription()["items"]["data"]
    other = item | {"id": "si_2"}
    account.add("/v1/coupons", HALF)
    off = {"id": "di_1", "source": {"coupon": "half"}, "start": THEN}
    account.add("/v1/subscriptions", of_items(item | {"discounts": [off]}, other))
    account.sync()
    before = of_items(item | {"discounts": ["di_1"]}, other)
    account.happens("customer.subscription.updated", of_items(other), items=before["items"])
    assert account.sync().quarantined == 0
    assert [point[1:3] for point in account.points() if point[0] == "si_1"] == [(20, 10), (0, 0)]


def part(number, at, quantity, amount, item="si_1"):
    """A proration for the rest of the year, or what it gives back for that."""
    told = {"type": "invoiceitem", "proration": True, "quantity": quantity, "amount": amount}
    period = {"start": at, "end": THEN + 365 * DAY}
    return line(number, item=item) | told | {"period": period}


def billed(day, *lines):
    return {
        "id": f"in_{day}", "created": THEN + day * DAY, "customer": "cus_1", "status": "paid",
        "currency": "usd", "subscription": "sub_1", "lines": {"data": [*lines], "has_more": False},
    }  # fmt: skip


def seen_for_the_last_time(account, sub):
    """By an event, and by the first sync; the next one comes after 50 days."""
    account.add("/v1/coupons", HALF)
    account.now = THEN + 9 * DAY
    account.add("/v1/subscriptions", sub)
    account.happens("customer.subscription.updated", sub)
    with time_machine.travel(THEN + 10 * DAY):
        account.sync()


OFF = {"id": "di_1", "source": {"coupon": "half"}, "start": THEN, "end": THEN + 90 * DAY}
"""A discount whose end is still to come, so that a point for it is known ahead."""


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("quantities", [[1, 3], [1, 3, 1]])
def test_what_changed_while_events_were_missed_is_known_from_the_invoices(
    account, quantities, full
):
    """What was observed before says nothing of it, nor what was to come then."""
    seen_for_the_last_time(account, subscription(discounts=[OFF]))
    account.add("/v1/subscriptions", subscription(quantity=quantities[-1], discounts=[OFF]))
    for day, (before, after) in enumerate(pairwise(quantities), 12):
        at = THEN + day * DAY
        credit, debit = part(1, at, before, -900 * before), part(2, at, after, 900 * after)
        account.add("/v1/invoices", billed(day, credit, debit))
    with time_machine.travel(THEN + 60 * DAY):
        account.sync(full=full)
    steps = [point[1:4] for point in account.points()]
    levels = [(20 * n, 10 * n, n) for n in quantities] + [(20 * quantities[-1], 0, quantities[-1])]
    assert [one for n, one in enumerate(steps) if one != steps[n - 1]] == levels


def test_an_event_after_those_that_were_missed_does_not_hide_them(account):
    """It is kept before what it is of is read, and sees that as the last one did."""
    seen_for_the_last_time(account, subscription())
    for day, (before, after) in enumerate([(1, 3), (3, 1)], 12):
        at = THEN + day * DAY
        account.add("/v1/invoices", billed(day, part(1, at, before, -1), part(2, at, after, 1)))
    account.now = THEN + 55 * DAY
    now = account.add("/v1/subscriptions", subscription(cancel_at=THEN + 90 * DAY))
    account.happens("customer.subscription.updated", now, cancel_at=None)
    with time_machine.travel(THEN + 60 * DAY):
        account.sync()
    quantities = [point[3] for point in account.points()]
    assert [n for n, one in pairwise([*quantities, 0]) if n != one] == [1, 3, 1]


def test_what_left_while_events_were_missed_does_not_come_back_when_a_discount_ends(account):
    (item,) = subscription()["items"]["data"]
    other = item | {"id": "si_2"}
    seen_for_the_last_time(account, of_items(item, other) | {"discounts": [OFF]})
    account.add("/v1/subscriptions", of_items(item) | {"discounts": [OFF]})
    account.add("/v1/invoices", billed(12, part(1, THEN + 12 * DAY, 1, -1800, "si_2")))
    with time_machine.travel(THEN + 60 * DAY):
        account.sync()
    assert [point[1:3] for point in account.points() if point[0] == "si_2"][-2:] == [
        (20, 10),
        (0, 0),
    ]


def test_usage_goes_on_when_its_end_is_called_off(account):
    """What bills say of it is never as sure as an end that is asked for seems to be."""
    usage = {"interval": "month", "interval_count": 1, "usage_type": "metered"}
    calls = account.add("/v1/prices", price("calls", recurring=usage))
    (item,) = subscription()["items"]["data"]
    goes_on = of_items({name: item[name] for name in ("id", "created")} | {"price": calls})
    over = THEN + 2 * MONTH
    asked = {"cancel_at": over, "canceled_at": THEN + 31 * DAY}
    account.add("/v1/subscriptions", goes_on | asked)
    account.add("/v1/invoices", billed(30, line(1) | {"price": calls}))
    with time_machine.travel(THEN + 32 * DAY):
        account.sync()
    assert account.last("si_1")[6] == "ended"
    account.now = THEN + 40 * DAY
    account.add("/v1/subscriptions", goes_on)
    account.happens("customer.subscription.updated", goes_on, **asked)
    with time_machine.travel(THEN + 41 * DAY):
        account.sync()
    assert account.last("si_1")[6] == "active"
