"""One request, one answer: Stripe's read API over an `Account`, as a pure function.

    answer(world, "GET", "/v1/invoices", [("limit", "100")], {"Authorization": "Bearer …"})
    -> (200, headers, body)

Lists are newest first and paged by `limit`, `starting_after` and `ending_before`; inner lists
are read at their `url`; what is refused is refused in Stripe's own words.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from tenure_connectors.stripe.world import errors
from tenure_connectors.stripe.world.account import ACCOUNT, Account, Entry
from tenure_connectors.stripe.world.expand import expanded
from tenure_connectors.stripe.world.filters import LISTS, kept
from tenure_connectors.stripe.world.keys import permission_of, the_key
from tenure_connectors.stripe.world.older import shaped
from tenure_connectors.stripe.world.request import Request, parsed, whole

Json = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Query = Sequence[tuple[str, str]]


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
            return matching(account, kind, request, livemode=livemode)
    raise errors.unknown_url("GET", request.path)


def matching(account: Account, kind: str, request: Request, *, livemode: bool) -> list[Entry]:
    """The objects that a list's filters let through, found once for all its pages."""
    asked = (kind, livemode, account.world.mixed_modes, request.filters)
    if asked not in account.matching:
        entries = [e for e in account.lists[kind] if e.listed and shown(account, e, livemode)]
        account.matching[asked] = [e for e in entries if kept(kind, e.json, request)]
    return account.matching[asked]


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
