"""Which lists there are, and the filters that each of them knows."""

from collections.abc import Callable
from typing import Any

from tenure_connectors.stripe.world import errors
from tenure_connectors.stripe.world.request import PAGING, RANGES, Request

Json = dict[str, Any]
Keep = Callable[[Json, Request], bool]


def kept(kind: str, made: Json, request: Request) -> bool:
    """Whether an object passes the filters of its list; unknown ones are refused."""
    known = LISTS[kind]
    for name in request.names - PAGING:
        if name not in known and name != "created":
            raise errors.unknown_parameter(name)
    for name, ranges in request.ranges.items():
        if not all(
            RANGES[word](made.get(name) or made.get("date", 0), bound) for word, bound in ranges
        ):
            return False
    if "status" in known and not known["status"](made, request):
        return False
    wanted = ((*request.one, *request.many), known)
    return all(
        known[name](made, request) for name in wanted[0] if name in known and name != "status"
    ) and ("created" not in request.one or made["created"] == int(request.one["created"]))


def equal(name: str, *path: str) -> Keep:
    """The parameter is the object's own value at `path` (or of the same name)."""

    def keep(made: Json, request: Request) -> bool:
        value: Any = made
        for step in path or (name,):
            value = value.get(step) if isinstance(value, dict) else None
        said = str(value).lower() if isinstance(value, bool) else value
        return bool(said == request.one[name])

    return keep


def status(made: Json, request: Request) -> bool:
    """Without a status, Stripe lists the subscriptions that have not been canceled."""
    wanted = request.one.get("status")
    if wanted is None:
        return bool(made["status"] != "canceled")
    if wanted == "ended":
        return made["status"] in ("canceled", "incomplete_expired")
    return wanted in ("all", made["status"])


def has_price(made: Json, request: Request) -> bool:
    prices = {item["price"]["id"] for item in made["items"]["data"]}
    return request.one.get("price", request.one.get("plan")) in prices


def of_subscription(made: Json, request: Request) -> bool:
    parent = made.get("parent") or {}
    details = parent.get("subscription_details") or {}
    return details.get("subscription") == request.one["subscription"]


def pending(made: Json, request: Request) -> bool:
    return (made["invoice"] is None) is (request.one["pending"] == "true")


def of_type(made: Json, request: Request) -> bool:
    wanted = request.many.get("type", request.many.get("types", []))
    wanted = [*wanted, *([request.one["type"]] if "type" in request.one else [])]
    return any(matches(made["type"], one) for one in wanted)


def matches(kind: str, pattern: str) -> bool:
    """`customer.subscription.*` stands for every type that begins so."""
    return kind == pattern or (pattern.endswith("*") and kind.startswith(pattern[:-1]))


def any_invoice(made: Json, request: Request) -> bool:
    return request.one.get("status") in (None, made["status"])


def of_ids(made: Json, request: Request) -> bool:
    return made["id"] in request.many["ids"]


def always(made: Json, request: Request) -> bool:
    return True


LISTS: dict[str, dict[str, Keep]] = {
    "customers": {"email": equal("email")},
    "products": {"active": equal("active"), "ids": of_ids},
    "prices": {
        "active": equal("active"),
        "product": equal("product"),
        "currency": equal("currency"),
        "type": equal("type"),
    },
    "coupons": {},
    "tax_rates": {"active": equal("active")},
    "subscriptions": {
        "status": status,
        "customer": equal("customer"),
        "price": has_price,
        "plan": has_price,
        "collection_method": equal("collection_method"),
    },
    "subscription_schedules": {"customer": equal("customer")},
    "invoices": {
        "status": any_invoice,
        "customer": equal("customer"),
        "subscription": of_subscription,
        "collection_method": equal("collection_method"),
    },
    "invoiceitems": {
        "customer": equal("customer"),
        "invoice": equal("invoice"),
        "pending": pending,
    },
    "credit_notes": {"customer": equal("customer"), "invoice": equal("invoice")},
    "events": {"type": of_type, "types": of_type, "delivery_success": always},
}
