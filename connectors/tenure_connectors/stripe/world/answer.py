"""One request, one answer: Stripe's read API over an `Account`, as a pure function.

    answer(world, "GET", "/v1/invoices", [("limit", "100")], {"Authorization": "Bearer …"})
    -> (200, headers, body)

Lists are newest first and paged by `limit`, `starting_after` and `ending_before`; inner lists
are read at their `url`; what is refused is refused in Stripe's own words.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tenure_connectors.stripe.world import errors
from tenure_connectors.stripe.world.account import ACCOUNT, Account, Entry
from tenure_connectors.stripe.world.expand import expanded
from tenure_connectors.stripe.world.keys import permission_of, the_key
from tenure_connectors.stripe.world.older import shaped

Json = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Query = Sequence[tuple[str, str]]
RANGES = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
PAGING = {"limit", "starting_after", "ending_before", "expand"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request taken apart: `one` has single parameters, `many` those with `[]` or `[0]`."""

    path: str
    one: dict[str, str]
    many: dict[str, list[str]]
    ranges: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        return {*self.one, *self.many, *self.ranges}


Keep = Callable[[Json, Request], bool]


def answer(
    account: Account, method: str, target: str, query: Query, headers: Mapping[str, str]
) -> Answer:
    """Status, headers and body for one request."""
    lower = {name.lower(): value for name, value in headers.items()}
    version = lower.get("stripe-version", account.world.api_version)
    try:
        path, _, inline = target.partition("?")
        request = parsed(path, [*query, *parse_qsl(inline, keep_blank_values=True)])
        livemode = admitted(account, path, lower)
        if method != "GET":
            raise errors.unknown_url(method, path)
        body = shaped(found(account, request, livemode=livemode), version, account)
        status, more = 200, {}
    except errors.RefusedError as refused:
        status, body, more = refused.status, refused.body, refused.headers
    return reply(account, status, body, version, more)


def reply(account: Account, status: int, body: Json, version: str, more: dict[str, str]) -> Answer:
    account.world.requests += 1
    told = {
        "Content-Type": "application/json",
        "Request-Id": f"req_1W{account.world.requests:08d}",
        "Stripe-Version": version,
        "Stripe-Should-Retry": "true" if status in (409, 429, 500) else "false",
    }
    return status, told | more, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def parsed(path: str, query: Iterable[tuple[str, str]]) -> Request:
    request = Request(path.rstrip("/"), {}, {})
    for name, value in query:
        base, _, inner = name.partition("[")
        inner = inner.rstrip("]")
        if inner in RANGES:
            request.ranges.setdefault(base, []).append((inner, whole(base, value)))
        elif inner or name.endswith("[]"):
            key = base if inner.isdigit() or not inner else f"{base}[{inner}]"
            request.many.setdefault(key, []).append(value)
        else:
            request.one[base] = value
    return request


def whole(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        message = f"Invalid integer: {value}"
        raise errors.refused(400, message, code="parameter_invalid_integer", param=name) from None


def admitted(account: Account, path: str, headers: Mapping[str, str]) -> bool:
    """Whether the key reads live objects; raises when it may not read these."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        token = base64.b64decode(token).decode().partition(":")[0]
    if not token:
        raise errors.no_key()
    key = the_key(account.world.keys, token)
    other = headers.get("stripe-account")
    if other is not None and other not in (ACCOUNT, *account.world.connected):
        raise errors.no_access(token, other)
    needed = permission_of(path)
    if needed is not None and key.permissions is not None and needed not in key.permissions:
        raise errors.forbidden(token, ACCOUNT, needed)
    return key.livemode


# -- what there is


def found(account: Account, request: Request, *, livemode: bool) -> Json:
    parts = request.path.strip("/").split("/")
    if parts[:1] != ["v1"]:
        raise errors.unknown_url("GET", request.path)
    match parts[1:]:
        case ["account"] | ["accounts", _]:
            return the_account(account)
        case [kind, key] if kind in SINGULAR:
            made = the_one(account, kind, key, livemode=livemode).json
            return expanded(account, made, request.many.get("expand", []))
    return listed(account, request, the_list(account, request, parts[1:], livemode=livemode))


def the_list(
    account: Account, request: Request, parts: list[str], *, livemode: bool
) -> list[Entry]:
    match parts:
        case ["billing", "meters"]:
            return account.lists.get("meters", [])
        case ["billing", "meters", meter, "event_summaries"]:
            return account.summaries(meter, request.one)
        case ["subscription_items"]:
            return the_items(account, request)
        case ["invoices", key, "lines"]:
            lines = the_one(account, "invoices", key, livemode=livemode).inner["lines"]
            return [account.by_id[line] for line in lines]
        case [kind] if kind in LISTS:
            entries = [e for e in account.lists[kind] if e.listed and shown(account, e, livemode)]
            return [e for e in entries if kept(kind, e.json, request)]
    raise errors.unknown_url("GET", request.path)


def shown(account: Account, entry: Entry, livemode: bool) -> bool:  # noqa: FBT001
    return entry.livemode is livemode or bool(account.world.mixed_modes)


def the_one(account: Account, kind: str, key: str, *, livemode: bool) -> Entry:
    entry = account.by_id.get(key)
    right = entry is not None and any(e is entry for e in account.lists[kind])
    if entry is None or not right or not entry.found or key in account.world.vanished:
        raise errors.missing(SINGULAR[kind], key)
    if not shown(account, entry, livemode):
        raise errors.missing(SINGULAR[kind], key)
    return entry


def the_account(account: Account) -> Json:
    return {
        "id": ACCOUNT,
        "object": "account",
        "business_profile": {"name": "World"},
        "charges_enabled": True,
        "country": "US",
        "created": account.world.opened,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "owner@world.example",
        "settings": {"dashboard": {"display_name": "World", "timezone": "Etc/UTC"}},
        "type": "standard",
    }


def the_items(account: Account, request: Request) -> list[Entry]:
    if "subscription" not in request.one:
        message = "Missing required param: subscription."
        raise errors.refused(400, message, code="parameter_missing", param="subscription")
    sub = account.by_id.get(request.one["subscription"])
    if sub is None:
        raise errors.missing("subscription", request.one["subscription"], "subscription")
    return [account.by_id[key] for key in sub.inner["items"]]


# -- lists


def listed(account: Account, request: Request, entries: list[Entry]) -> Json:
    """One page of a list, with what it was asked to expand."""
    limit = whole("limit", request.one.get("limit", "10"))
    if not 1 <= limit <= 100:
        raise errors.refused(400, "This value must be between 1 and 100.", param="limit")
    after, before = request.one.get("starting_after"), request.one.get("ending_before")
    if after is not None and before is not None:
        message = (
            "Received both starting_after and ending_before parameters. Please pass in only one."
        )
        raise errors.refused(400, message)
    entries = [e for e in entries if e.key not in account.world.vanished]
    if before is not None:
        rest = entries[: place(entries, before, "ending_before")]
        data, more = rest[-limit:], len(rest) > limit
    else:
        rest = entries if after is None else entries[place(entries, after, "starting_after") + 1 :]
        data, more = rest[:limit], len(rest) > limit
    made = {"object": "list", "data": [e.json for e in data], "has_more": more, "url": request.path}
    return expanded(account, made, request.many.get("expand", []))


def place(entries: list[Entry], key: str, param: str) -> int:
    for n, entry in enumerate(entries):
        if entry.key == key:
            return n
    raise errors.missing("object", key, param, 400)


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
SINGULAR = {
    "customers": "customer",
    "products": "product",
    "prices": "price",
    "coupons": "coupon",
    "tax_rates": "tax rate",
    "subscriptions": "subscription",
    "subscription_items": "subscription_item",
    "subscription_schedules": "subscription schedule",
    "invoices": "invoice",
    "invoiceitems": "invoiceitem",
    "credit_notes": "credit note",
    "events": "event",
}
