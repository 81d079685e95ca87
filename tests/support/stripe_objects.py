"""Small Stripe objects for tests of the rebuild, and what it made of them in one line a point.

Objects are plain JSON, decoded as the connector does it. A day is its midnight in UTC. Amounts
are cents, as Stripe states them; stories and levels are in major units.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import msgspec

from tenure_connectors.stripe import shapes
from tenure_connectors.stripe.catalog import Catalog
from tenure_connectors.stripe.events import observation
from tenure_connectors.stripe.life.history import Evidence
from tenure_connectors.stripe.timeline import Rebuilt, rebuild

MONTHS = {
    "day": Fraction(365, 12),
    "week": Fraction(52, 12),
    "month": Fraction(1),
    "year": Fraction(1, 12),
}
COUNTS = {"active", "past_due", "paused_draft"}


def day(text: str, seconds: int = 0) -> int:
    """Unix seconds of a day, or of an instant."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) + seconds


def decoded(value, kind):
    return msgspec.json.decode(json.dumps(value), type=kind)


# --- objects


def price(name="price_a", amount=1000, interval="month", count=1, **more):
    """`usage_type` and other fields of `recurring` belong to it."""
    recurring = {"interval": interval, "interval_count": count, "usage_type": "licensed"}
    recurring |= {key: more.pop(key) for key in ("usage_type",) if key in more}
    return {
        "id": name,
        "object": "price",
        "currency": "usd",
        "billing_scheme": "per_unit",
        "unit_amount": amount,
        "product": "prod_a",
        "recurring": recurring,
    } | more


def tiered(mode, *tiers, name="price_t", **more):
    """Each tier is (up_to, unit amount, flat amount)."""
    return price(
        name,
        None,
        billing_scheme="tiered",
        tiers_mode=mode,
        tiers=[{"up_to": up, "unit_amount": unit, "flat_amount": flat} for up, unit, flat in tiers],
        **more,
    )


def item(name="si_1", of=None, quantity=1, **more):
    return {"id": name, "price": of or price(), "quantity": quantity} | more


def sub(*items, start="2025-01-01", status="active", **more):
    return {
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_1",
        "status": status,
        "currency": "usd",
        "created": day(start),
        "start_date": day(start),
        "livemode": True,
        "items": {"data": list(items or (item(),))},
    } | more


def coupon(name="HALF", duration="forever", **more):
    return {"id": name, "duration": duration} | more


def discount(name, of, start="2025-01-01", end=None, **more):
    given = {"id": name, "coupon": of, "start": day(start), "end": end and day(end)}
    return given | {"customer": "cus_1", "subscription": "sub_1"} | more


def line(start, end, of=None, amount=None, quantity=1, **more):
    of = of or price()
    amount = of["unit_amount"] * quantity if amount is None else amount
    return {
        "id": more.pop("name", "il_1"),
        "type": "subscription",
        "amount": amount,
        "currency": "usd",
        "period": {"start": day(start), "end": day(end)},
        "price": of,
        "quantity": quantity,
        "subscription": "sub_1",
        "subscription_item": more.pop("item", "si_1"),
    } | more


def proration(start, end, of, amount, quantity=1, **more):
    word = "Unused" if amount < 0 else "Remaining"
    told = {"proration": True, "type": "invoiceitem", "description": f"{word} time on it"}
    return line(start, end, of, amount, quantity, **told | more)


def invoice(name, *lines, status="paid", **more):
    made = min(one["period"]["start"] for one in lines)
    return {
        "id": name,
        "subscription": "sub_1",
        "status": status,
        "currency": "usd",
        "created": made,
        "billing_reason": "subscription_cycle",
        "collection_method": "charge_automatically",
        "auto_advance": False,
        "attempt_count": 1,
        "status_transitions": {"finalized_at": made, "paid_at": made if status == "paid" else None},
        "lines": {"data": list(lines)},
    } | more


def event(name, at, now, before=None, kind="customer.subscription.updated"):
    data = {"object": now} | ({"previous_attributes": before} if before else {})
    return {
        "id": name,
        "type": kind,
        "created": at if isinstance(at, int) else day(at),
        "data": data,
    }


# --- the rebuild


def evidence(now, at="2025-12-31", **more):
    """The evidence of a subscription `now`, read `at` a day; lists of JSON by their name."""
    of = {"invoices": shapes.Invoice, "invoice_items": shapes.InvoiceItem}
    lists = {name: [decoded(one, kind) for one in more.get(name, ())] for name, kind in of.items()}
    seen = [observation(decoded(one, shapes.Event)) for one in more.get("events", ())]
    named = {"prices": shapes.Price, "products": shapes.Product, "coupons": shapes.Coupon,
             "tax_rates": shapes.TaxRate}  # fmt: skip
    listed = {
        name: {one["id"]: decoded(one, kind) for one in more.get(name, ())}
        for name, kind in named.items()
    }
    whole = {"customer": shapes.Customer, "schedule": shapes.Schedule}
    others = {name: decoded(more[name], kind) for name, kind in whole.items() if name in more}
    return Evidence(
        id=more.get("id", "sub_1"),
        now=datetime.fromtimestamp(day(at), UTC),
        catalog=Catalog(**listed),
        subscription=None if now is None else decoded(now, shapes.Subscription),
        observations=[one for one in seen if one is not None],
        livemode=more.get("livemode", True),
        **lists,
        **others,
    )


def rebuilt(now, at="2025-12-31", **more) -> Rebuilt:
    return rebuild(evidence(now, at, **more))


def points(made: Rebuilt, name="si_1"):
    assert made.subscription is not None, made.quarantined
    return next(list(one.points) for one in made.subscription.items if one.id == name)


def story(made: Rebuilt, name="si_1"):
    """Each point as `day what-it-bills state`, and its grade."""
    return [f"{when(p.effective_at)} {net(p):f} {p.state} {p.evidence}" for p in points(made, name)]


def when(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if at.hour == at.minute == at.second == 0 else f"{at:%Y-%m-%d %H:%M:%S}"


def net(point) -> Decimal:
    return (Decimal(point.amount - point.discount) / 1_000_000).normalize() + 0


def mrr(made: Rebuilt, at: str) -> Fraction:
    """What all items come to a month under the default policy, in micro-units."""
    total = Fraction(0)
    for one in made.subscription.items if made.subscription else ():
        past = [p for p in one.points if p.effective_at.timestamp() <= day(at)]
        if past and past[-1].state in COUNTS and one.kind == "licensed":
            p = past[-1]
            total += round((p.amount - p.discount) * MONTHS[p.interval] / p.interval_count)
    return total
