"""A small account in Stripe's lists, made by hand, and the ledger of it."""

from datetime import UTC, datetime

from ledgers import Ledger
from stripe_lists import KEY

from tenure.config import load
from tenure.ledger.store import Store
from tenure.sync import SyncOptions, sync

THEN = 1_750_000_000
MONTH = 30 * 86_400
NAMES = (
    "coupons", "tax_rates", "customers", "subscriptions", "invoices", "invoiceitems",
    "subscription_schedules", "credit_notes", "events",
)  # fmt: skip
TOML = f"""
[tenure]
store = "sqlite:///ledger.db"
[connectors.billing]
use = "stripe"
api_key = "{KEY}"
requests_per_second = 100000
"""


class Book:
    """Lists that hold a small account, the ledger of it, and what the last sync asked for."""

    def __init__(self, lists, folder, more=""):
        self.lists, self.folder = lists, folder
        (folder / "plugins.toml").write_text(TOML + more)
        self.workspace = load(folder / "plugins.toml")
        self.store = Store.open(self.workspace.store)
        self.ledger = Ledger(self.store, "billing")
        self.events = 0
        now = int(datetime.now(UTC).timestamp())
        self.now = now - 3600
        if not lists.lists:
            for name in NAMES:
                lists.lists[f"/v1/{name}"] = []
            self.add("/v1/products", {"id": "prod_1", "name": "Suite", "created": THEN})
            self.add("/v1/prices", price())

    def add(self, path, one):
        held = self.lists.lists[path]
        held[:] = [other for other in held if other["id"] != one["id"]] + [one]
        return one

    def happens(self, kind, one, **before):
        self.events += 1
        data = {"object": one, "previous_attributes": before}
        event = {"id": f"evt_{self.events:05}", "type": kind, "created": self.now + self.events}
        self.add("/v1/events", event | {"livemode": True, "data": data})

    def sync(self, **options):
        self.lists.asked.clear()
        (outcome,) = sync(self.workspace, self.store, SyncOptions(**options))
        assert outcome.error is None
        return outcome

    @property
    def asked(self):
        return [r.url.path.removeprefix("/v1/") for r in self.lists.asked]

    def points(self):
        query = (
            "SELECT i.external_id, p.amount, p.discount, p.quantity, p.plan, p.product, p.state"
            " FROM point AS p JOIN item AS i ON i.id = p.item_id WHERE p.superseded_at IS NULL"
            " ORDER BY i.external_id, p.effective_at"
        )
        return [
            (i, a // 10**6, d // 10**6, q // 10**6, *rest)
            for i, a, d, q, *rest in self.ledger.rows(query)
        ]

    def last(self, item):
        """The item as it is now."""
        return [point for point in self.points() if point[0] == item][-1]


def price(name="price_1", amount=2000, **more):
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
    made = {"id": name, "created": THEN, "product": "prod_1", "currency": "usd", "nickname": "Team"}
    return (
        made | {"unit_amount": amount, "billing_scheme": "per_unit", "recurring": recurring} | more
    )


def subscription(number=1, quantity=1, **more):
    item = {
        "id": f"si_{number}", "created": THEN, "quantity": quantity, "price": price(),
        "current_period_start": THEN, "current_period_end": THEN + MONTH,
    }  # fmt: skip
    made = {
        "id": f"sub_{number}", "customer": f"cus_{number}", "status": "active", "created": THEN,
        "currency": "usd", "items": {"data": [item], "has_more": False}, "start_date": THEN,
    }  # fmt: skip
    return made | more


def line(number, sub="sub_1", item="si_1"):
    return {
        "id": f"il_{number:05}", "created": number, "type": "subscription", "amount": 2000,
        "currency": "usd", "subscription": sub, "subscription_item": item, "price": price(),
        "period": {"start": THEN, "end": THEN + MONTH},
    }  # fmt: skip
