"""What was seen once stays known, though Stripe shows it no more."""

import pytest
from stripe_books import THEN, Book, subscription

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
