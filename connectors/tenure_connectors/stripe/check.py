"""Whether a key can read what a pull reads: one record of each list is asked for.

A restricted key says itself which permission it lacks; all of them are named at once.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec

from tenure import ConfigError, Context
from tenure_connectors.stripe.account import EVENTS, LISTS, METERS
from tenure_connectors.stripe.client import API_VERSION, Api, Refusal
from tenure_connectors.stripe.options import StripeConfig

_PERMISSION = re.compile(r"\brak_[a-z0-9_]+\b")

NAMES = {
    "/v1/customers": ("Customers", "rak_customer_read"),
    "/v1/products": ("Products", "rak_product_read"),
    "/v1/prices": ("Prices", "rak_plan_read"),
    "/v1/coupons": ("Coupons", "rak_coupon_read"),
    "/v1/tax_rates": ("Tax rates", "rak_tax_rate_read"),
    "/v1/subscriptions": ("Subscriptions", "rak_subscription_read"),
    "/v1/subscription_schedules": ("Subscriptions", "rak_subscription_read"),
    "/v1/invoices": ("Invoices", "rak_invoice_read"),
    "/v1/invoiceitems": ("Invoices", "rak_invoice_read"),
    "/v1/credit_notes": ("Credit notes", "rak_credit_note_read"),
    "/v1/billing/meters": ("Billing meters", "rak_billing_meter_read"),
    "/v1/events": ("Events", "rak_event_read"),
}
"""What the dashboard calls each permission, and its own name: for a refusal that names none."""

KEPT = timedelta(days=30)


class _One(msgspec.Struct):
    data: list[msgspec.Raw]


def check(context: Context, config: StripeConfig) -> Iterator[str]:
    """A line for each list that can be read; raises `ConfigError` for what is missing."""
    api, lacking = Api(context, config), dict[str, str]()
    meters = (METERS,) if config.usage_so_far else ()
    for listing in (*LISTS, *meters, EVENTS):
        name = listing.path.removeprefix("/v1/")
        asked = {**listing.params, "limit": 1}
        found = api.ask(listing.path, asked, _One)
        if isinstance(found, Refusal):
            _other(api, found)
            lacking[name] = _permission(found, listing.path)
        else:
            yield f"{name}: {'can be read' if found.data else 'can be read; there are none'}"
    if lacking:
        raise _missing(api, lacking)
    yield from _mode(config)
    yield from _age(context, api)


def _permission(refusal: Refusal, path: str) -> str:
    label, usual = NAMES[path]
    named = _PERMISSION.search(refusal.message)
    return f"{label}: Read ({named[0] if named else usual})"


def _other(api: Api, refusal: Refusal) -> None:
    """A 403 that no permission would change."""
    if refusal.code == "account_invalid" or "does not have access to account" in refusal.message:
        raise ConfigError(
            f"{api.table} the key has no access to `account`",
            "Check the id acct_…, and that the account is still connected to your platform",
        )


def _missing(api: Api, lacking: dict[str, str]) -> ConfigError:
    names = ", ".join(dict.fromkeys(lacking.values()))
    return ConfigError(
        f"{api.table} the key may not read {', '.join(lacking)}: it lacks {names}",
        "Edit the restricted key in Stripe's dashboard (Developers, API keys) and add them",
    )


def _mode(config: StripeConfig) -> Iterator[str]:
    if config.is_test:
        yield "the key is of test mode: everything in the ledger will be made-up money"
    yield f"objects are asked for in API version {API_VERSION}"


def _age(context: Context, api: Api) -> Iterator[str]:
    """What an old account and an empty ledger lose by every day of waiting."""
    if context.last_sync is not None:
        return
    before = int((context.clock() - KEPT).timestamp())
    asked: dict[str, Any] = {"status": "all", "limit": 1, "created": {"lt": before}}
    if api.get("/v1/subscriptions", asked, _One).data:
        yield (
            "subscriptions are older than the 30 days for which Stripe keeps events, and nothing"
            " was synced yet: sync early, each day without a sync is a day known less exactly"
        )
