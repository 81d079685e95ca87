"""Things as Stripe's JSON of version 2026-09-30.endive; `older` turns that into earlier shapes.

References are ids: what `expand[]` asks for is put in when a request is answered.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tenure_connectors.stripe.world.catalog import Coupon, Discount, Price, Product, TaxRate
from tenure_connectors.stripe.world.things import Person, Phase, Schedule

Json = dict[str, Any]
PAGE = 10


def number(value: Decimal | None) -> str | None:
    """A decimal as Stripe writes it: no exponent, no zeros at the end."""
    if value is None:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def integral(value: Decimal | None) -> int | None:
    return int(value) if value is not None and value == int(value) else None


def page(data: list[Any], url: str, *, size: int = PAGE) -> Json:
    """An inner list: its first ten, whether there are more, and where to read it whole."""
    shown = data[:size]
    return {"object": "list", "data": shown, "has_more": len(data) > size, "url": url}


def product(thing: Product, *, livemode: bool = True) -> Json:
    return {
        "id": thing.id,
        "object": "product",
        "active": True,
        "created": thing.created,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": livemode,
        "marketing_features": [],
        "metadata": {},
        "name": thing.name,
        "type": "service",
        "unit_label": None,
        "updated": thing.created,
        "url": None,
    }


def price(thing: Price) -> Json:
    tiered = thing.unit is None
    packages = {"divide_by": thing.divide_by, "round": "up" if thing.round_up else "down"}
    return {
        "id": thing.id,
        "object": "price",
        "active": thing.active,
        "billing_scheme": "tiered" if tiered else "per_unit",
        "created": thing.created,
        "currency": thing.currency,
        "custom_unit_amount": None,
        "livemode": thing.livemode,
        "lookup_key": None,
        "metadata": {},
        "nickname": thing.nickname,
        "product": thing.product.id,
        "recurring": None if thing.one_time else recurring(thing),
        "tax_behavior": thing.tax_behavior,
        "tiers_mode": thing.tiers_mode,
        "transform_quantity": packages if thing.divide_by > 1 else None,
        "type": "one_time" if thing.one_time else "recurring",
        "unit_amount": integral(thing.unit),
        "unit_amount_decimal": number(thing.unit),
    }


def recurring(thing: Price) -> Json:
    return {
        "interval": thing.interval,
        "interval_count": thing.interval_count,
        "meter": thing.meter,
        "trial_period_days": None,
        "usage_type": "metered" if thing.metered else "licensed",
    }


def plan(thing: Price) -> Json:
    """The same price in the words of the older Plan API."""
    packages = {"divide_by": thing.divide_by, "round": "up" if thing.round_up else "down"}
    return {
        "id": thing.id,
        "object": "plan",
        "active": thing.active,
        "amount": integral(thing.unit),
        "amount_decimal": number(thing.unit),
        "billing_scheme": "tiered" if thing.unit is None else "per_unit",
        "created": thing.created,
        "currency": thing.currency,
        "interval": thing.interval,
        "interval_count": thing.interval_count,
        "livemode": thing.livemode,
        "metadata": {},
        "meter": thing.meter,
        "nickname": thing.nickname,
        "product": thing.product.id,
        "tiers_mode": thing.tiers_mode,
        "transform_usage": packages if thing.divide_by > 1 else None,
        "trial_period_days": None,
        "usage_type": "metered" if thing.metered else "licensed",
    }


def tiers(thing: Price) -> list[Json]:
    """What `expand[]=data.tiers` adds to a price."""
    return [
        {
            "flat_amount": integral(tier.flat) if tier.flat else None,
            "flat_amount_decimal": number(tier.flat) if tier.flat else None,
            "unit_amount": integral(tier.unit),
            "unit_amount_decimal": number(tier.unit),
            "up_to": tier.up_to,
        }
        for tier in thing.tiers
    ]


def coupon(thing: Coupon) -> Json:
    percent = thing.percent_off
    return {
        "id": thing.id,
        "object": "coupon",
        "amount_off": thing.amount_off,
        "created": thing.created,
        "currency": thing.currency,
        "duration": thing.duration,
        "duration_in_months": thing.duration_in_months,
        "livemode": thing.livemode,
        "max_redemptions": None,
        "metadata": {},
        "name": thing.name,
        "percent_off": None if percent is None else float(percent),
        "redeem_by": None,
        "times_redeemed": 1,
        "valid": thing.deleted_at is None,
    }


def discount(thing: Discount) -> Json:
    """A discount; one that was taken off by hand is a deleted discount, which has no `end`."""
    made: Json = {
        "id": thing.id,
        "object": "discount",
        "checkout_session": None,
        "customer": thing.customer,
        "end": thing.end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": thing.coupon.id, "type": "coupon"},
        "start": thing.start,
        "subscription": thing.subscription,
        "subscription_item": thing.subscription_item,
    }
    if thing.removed is not None:
        del made["end"]
        made["deleted"] = True
    return made


def tax_rate(thing: TaxRate) -> Json:
    return {
        "id": thing.id,
        "object": "tax_rate",
        "active": True,
        "country": "DE",
        "created": thing.created,
        "display_name": "VAT",
        "inclusive": thing.inclusive,
        "jurisdiction": "DE",
        "livemode": True,
        "metadata": {},
        "percentage": float(thing.percentage),
        "rate_type": "percentage",
        "tax_type": "vat",
    }


def customer(thing: Person) -> Json:
    if thing.deleted_at is not None:
        return {"id": thing.id, "object": "customer", "deleted": True}
    return {
        "id": thing.id,
        "object": "customer",
        "address": {"city": None, "country": thing.country, "line1": None, "line2": None}
        | {"postal_code": None, "state": None},
        "balance": 0,
        "created": thing.created,
        "currency": thing.currency,
        "default_source": None,
        "delinquent": thing.delinquent,
        "description": None,
        "discount": discount(thing.discount) if thing.discount else None,
        "email": thing.email,
        "invoice_prefix": thing.id[-8:].upper(),
        "invoice_settings": {"custom_fields": None, "default_payment_method": None}
        | {"footer": None, "rendering_options": None},
        "livemode": thing.livemode,
        "metadata": dict(thing.metadata),
        "name": thing.name,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def schedule(thing: Schedule, now: int) -> Json:
    inside = thing.status == "active"
    current = next((p for p in thing.phases if p.start <= now < p.end), None) if inside else None
    released = thing.status == "released"
    subscription = thing.sub.id if thing.sub else None
    return {
        "id": thing.id,
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": {"type": "classic"},
        "canceled_at": thing.canceled_at,
        "completed_at": thing.completed_at,
        "created": thing.created,
        "current_phase": {"start_date": current.start, "end_date": current.end}
        if current
        else None,
        "customer": thing.customer.id,
        "default_settings": {"billing_cycle_anchor": "automatic", "collection_method": None},
        "end_behavior": thing.end_behavior,
        "livemode": thing.customer.livemode,
        "metadata": {},
        "phases": phases(thing.phases),
        "released_at": thing.released_at,
        "released_subscription": subscription if released else None,
        "status": thing.status,
        "subscription": None if released else subscription,
        "test_clock": None,
    }


def phases(things: Sequence[Phase]) -> list[Json]:
    return [
        {
            "add_invoice_items": [],
            "billing_cycle_anchor": None,
            "collection_method": None,
            "currency": thing.price.currency,
            "default_tax_rates": [],
            "description": None,
            "discounts": [],
            "end_date": thing.end,
            "items": [
                {"discounts": [], "metadata": {}, "price": thing.price.id}
                | {"plan": thing.price.id, "quantity": thing.quantity, "tax_rates": []}
            ],
            "metadata": {},
            "proration_behavior": "none",
            "start_date": thing.start,
            "trial_end": None,
        }
        for thing in things
    ]
