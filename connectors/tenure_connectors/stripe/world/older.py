"""Earlier API versions' shapes of the newest objects.

before 2026-09-30  no `status_details` on invoices
before 2025-09-30  a discount has its coupon in it, not as `source.coupon`
before 2025-03-31  periods on the subscription, `discount` beside `discounts`, and invoice
                   lines with `type`, `proration`, `price`, `plan`, `tax_amounts`
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tenure_connectors.stripe.world.render import plan

if TYPE_CHECKING:
    from tenure_connectors.stripe.world.account import Account

Json = dict[str, Any]
Older = Callable[[Json, "Account"], Json]


def shaped(made: Any, version: str, account: "Account") -> Any:
    """A response as `version` (a date, with or without its name) would give it."""
    day = version[:10]
    steps = [steps for before, steps in SHAPES if day < before]
    return older(made, steps, account) if steps else made


def older(made: Any, steps: list[dict[str, Older]], account: "Account") -> Any:
    if isinstance(made, list):
        return [older(one, steps, account) for one in made]
    if not isinstance(made, dict) or made.get("object") == "event":
        return made  # an event keeps the shape that it was made in
    made = {name: older(value, steps, account) for name, value in made.items()}
    for step in steps:
        change = step.get(str(made.get("object")))
        if change is not None:
            made = change(made, account)
    return made


def no_status_details(made: Json, account: "Account") -> Json:
    return {name: value for name, value in made.items() if name != "status_details"}


def coupon_within(made: Json, account: "Account") -> Json:
    source = made.pop("source", None)
    if source is not None:
        coupon = source["coupon"]
        made["coupon"] = account.by_id[coupon].json if isinstance(coupon, str) else coupon
    return made


def period_on_subscription(made: Json, account: "Account") -> Json:
    items = made["items"]["data"]
    starts = [item.pop("current_period_start") for item in items if "current_period_start" in item]
    ends = [item.pop("current_period_end") for item in items if "current_period_end" in item]
    made["current_period_start"] = max(starts, default=None)
    made["current_period_end"] = min(ends, default=None)
    made["discount"] = first_discount(made, account)
    made.pop("billing_mode", None)
    return made


def first_discount(made: Json, account: "Account") -> Json | None:
    first = (made.get("discounts") or [None])[0]
    if isinstance(first, str):
        first = dict(account.by_id[first].json)
    return coupon_within(first, account) if isinstance(first, dict) else None


def invoice_before_parent(made: Json, account: "Account") -> Json:
    parent = made.pop("parent", None)
    details = (parent or {}).get("subscription_details") or {}
    made["subscription"] = details.get("subscription")
    made["discount"] = first_discount(made, account)
    made["paid"] = made["status"] == "paid"
    taxes = made.pop("total_taxes", [])
    made["total_tax_amounts"] = [old_tax(tax) for tax in taxes]
    made["tax"] = sum(tax["amount"] for tax in taxes) if taxes else None
    return made


def old_tax(tax: Json) -> Json:
    return {
        "amount": tax["amount"],
        "inclusive": tax["tax_behavior"] == "inclusive",
        "tax_rate": tax["tax_rate_details"]["tax_rate"],
        "taxability_reason": tax["taxability_reason"],
        "taxable_amount": tax["taxable_amount"],
    }


def line_before_parent(made: Json, account: "Account") -> Json:
    parent = made.pop("parent")
    details = parent[parent["type"]]
    made["subscription"] = details.get("subscription")
    made["subscription_item"] = details.get("subscription_item")
    made["proration"] = details["proration"]
    made["proration_details"] = details["proration_details"]
    made["type"] = "invoiceitem" if details["invoice_item"] else "subscription"
    if details["invoice_item"]:
        made["invoice_item"] = details["invoice_item"]
    made["tax_amounts"] = [old_tax(tax) for tax in made.pop("taxes")]
    return priced(made, account)


def priced(made: Json, account: "Account") -> Json:
    """A line or invoice item with its price and plan in it, as they were before `pricing`."""
    pricing = made.pop("pricing", None)
    key = pricing["price_details"]["price"] if pricing else None
    key = key["id"] if isinstance(key, dict) else key
    price = account.by_id[key].json if key else None
    made["price"] = price
    made["plan"] = plan(account.price_tiers[key]) if key else None
    return made


def item_before_parent(made: Json, account: "Account") -> Json:
    parent = made.pop("parent", None)
    details = (parent or {}).get("subscription_details") or {}
    made["subscription"] = details.get("subscription")
    made["subscription_item"] = details.get("subscription_item")
    return priced(made, account)


SHAPES: list[tuple[str, dict[str, Older]]] = [
    ("2026-09-30", {"invoice": no_status_details}),
    ("2025-09-30", {"discount": coupon_within}),
    (
        "2025-03-31",
        {
            "subscription": period_on_subscription,
            "invoice": invoice_before_parent,
            "line_item": line_before_parent,
            "invoiceitem": item_before_parent,
        },
    ),
]
