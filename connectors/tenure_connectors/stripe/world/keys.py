"""API keys: whose they are, what they may read, and the permission that each path asks for."""

from collections.abc import Mapping
from dataclasses import dataclass

from tenure_connectors.stripe.world.errors import expired_key, invalid_key

LIVE = "sk_live_world"
TEST = "sk_test_world"
RESTRICTED = "rk_live_world_reads_everything"
REVOKED = "rk_live_world_was_once_allowed"

PERMISSIONS = {
    "account": "rak_accounts_kyc_basic_read",
    "accounts": "rak_accounts_kyc_basic_read",
    "billing": "rak_billing_meter_read",
    "coupons": "rak_coupon_read",
    "credit_notes": "rak_credit_note_read",
    "customers": "rak_customer_read",
    "events": "rak_event_read",
    "invoiceitems": "rak_invoice_read",
    "invoices": "rak_invoice_read",
    "prices": "rak_plan_read",
    "products": "rak_product_read",
    "subscription_items": "rak_subscription_read",
    "subscription_schedules": "rak_subscription_read",
    "subscriptions": "rak_subscription_read",
    "tax_rates": "rak_tax_rate_read",
}


@dataclass(frozen=True, slots=True)
class Key:
    """`permissions` of None: a secret key, which may do everything."""

    livemode: bool = True
    permissions: frozenset[str] | None = None
    revoked: bool = False


def usual_keys() -> dict[str, Key]:
    return {
        LIVE: Key(),
        TEST: Key(livemode=False),
        RESTRICTED: Key(permissions=frozenset(PERMISSIONS.values())),
        REVOKED: Key(revoked=True),
    }


def without(*permissions: str) -> Key:
    """A restricted key that lacks some permissions."""
    return Key(permissions=frozenset(PERMISSIONS.values()) - frozenset(permissions))


def the_key(keys: Mapping[str, Key], token: str) -> Key:
    key = keys.get(token)
    if key is None:
        raise invalid_key(token)
    if key.revoked:
        raise expired_key(token)
    return key


def permission_of(path: str) -> str | None:
    parts = path.strip("/").split("/")
    return PERMISSIONS.get(parts[1]) if len(parts) > 1 else None
