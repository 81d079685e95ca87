"""Subscriptions, invoices and what is on them, as JSON (see `render`)."""

from typing import Any

from tenure_connectors.stripe.world import render
from tenure_connectors.stripe.world.render import Json, number, page
from tenure_connectors.stripe.world.things import CreditNote, Invoice, Item, Line, Sub


def item(thing: Item, sub: Sub) -> Json:
    made: Json = {
        "id": thing.id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": thing.created,
        "current_period_end": thing.period[1],
        "current_period_start": thing.period[0],
        "discounts": [discount.id for discount in thing.discounts],
        "metadata": {},
        "plan": render.plan(thing.price),
        "price": render.price(thing.price),
        "quantity": thing.quantity,
        "subscription": sub.id,
        "tax_rates": [render.tax_rate(rate) for rate in thing.tax_rates],
    }
    if thing.price.metered:
        del made["quantity"]
    return made


def subscription(thing: Sub) -> Json:
    pause = {"behavior": thing.pause, "resumes_at": thing.resumes_at} if thing.pause else None
    items = sorted(thing.items, key=lambda one: (one.created, one.id))
    url = f"/v1/subscription_items?subscription={thing.id}"
    single = items[0] if len(items) == 1 else None
    mode = {"type": "flexible", "flexible": {"proration_discounts": "included"}}
    return {
        "id": thing.id,
        "object": "subscription",
        "application": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": thing.anchor,
        "billing_mode": mode if thing.flexible else {"type": "classic", "flexible": None},
        "cancel_at": thing.cancel_at,
        "cancel_at_period_end": thing.cancel_at_period_end,
        "canceled_at": thing.canceled_at,
        "cancellation_details": {"comment": None, "feedback": None, "reason": thing.reason},
        "collection_method": thing.collection_method,
        "created": thing.created,
        "currency": items[0].price.currency if items else thing.customer.currency,
        "customer": thing.customer.id,
        "days_until_due": thing.days_until_due,
        "default_payment_method": None,
        "default_tax_rates": [render.tax_rate(rate) for rate in thing.tax_rates],
        "description": None,
        "discounts": [discount.id for discount in thing.discounts],
        "ended_at": thing.ended_at,
        "items": page([item(one, thing) for one in items], url),
        "latest_invoice": thing.latest_invoice,
        "livemode": thing.customer.livemode,
        "metadata": dict(thing.metadata),
        "next_pending_invoice_item_invoice": None,
        "pause_collection": pause,
        "pending_update": None,
        "plan": render.plan(single.price) if single else None,
        "quantity": single.quantity if single and not single.price.metered else None,
        "schedule": thing.schedule.id if thing.schedule else None,
        "start_date": thing.start,
        "status": thing.status,
        "test_clock": None,
        "trial_end": thing.trial[1] if thing.trial else None,
        "trial_settings": {"end_behavior": {"missing_payment_method": thing.trial_end_behavior}},
        "trial_start": thing.trial[0] if thing.trial else None,
    }


def pricing(thing: Line) -> Json | None:
    if thing.price is None:
        return None
    details = {"price": thing.price.id, "product": thing.price.product.id}
    unit = None if thing.proration else number(thing.unit)
    return {"price_details": details, "type": "price_details", "unit_amount_decimal": unit}


def line_parent(thing: Line) -> Json:
    proration: Json = {"proration": thing.proration, "proration_details": {"credited_items": None}}
    if thing.item is None:
        on = thing.sub.id if thing.sub else None
        details = {"invoice_item": thing.invoice_item, "subscription": on} | proration
        kind = "invoice_item_details"
        return {kind: details, "subscription_item_details": None, "type": kind}
    assert thing.sub is not None
    details = {"invoice_item": thing.invoice_item, "subscription": thing.sub.id}
    details |= {"subscription_item": thing.item.id} | proration
    kind = "subscription_item_details"
    return {"invoice_item_details": None, kind: details, "type": kind}


def taxes(thing: Line) -> list[Json]:
    taxable = thing.amount - sum(amount for _, amount in thing.discount_amounts)
    return [
        {
            "amount": amount,
            "tax_behavior": "inclusive" if rate.inclusive else "exclusive",
            "tax_rate_details": {"tax_rate": rate.id},
            "taxability_reason": "standard_rated",
            "taxable_amount": taxable - (amount if rate.inclusive else 0),
            "type": "tax_rate_details",
        }
        for rate, amount in thing.taxes
    ]


def amounts_off(pairs: list[tuple[Any, int]]) -> list[Json]:
    return [{"amount": amount, "discount": discount.id} for discount, amount in pairs]


def line(thing: Line) -> Json:
    assert thing.invoice is not None
    return {
        "id": thing.id,
        "object": "line_item",
        "amount": thing.amount,
        "currency": currency(thing),
        "description": thing.description,
        "discount_amounts": amounts_off(thing.discount_amounts),
        "discountable": thing.discountable,
        "discounts": [discount.id for discount in thing.discounts],
        "invoice": thing.invoice.id,
        "livemode": thing.invoice.customer.livemode,
        "metadata": {},
        "parent": line_parent(thing),
        "period": {"end": thing.period[1], "start": thing.period[0]},
        "pretax_credit_amounts": [],
        "pricing": pricing(thing),
        "quantity": thing.quantity,
        "quantity_decimal": str(thing.quantity),
        "subtotal": thing.amount,
        "taxes": taxes(thing),
    }


def currency(thing: Line) -> str:
    assert thing.price is not None
    return thing.price.currency


def invoice_item(thing: Line, customer: str, *, livemode: bool) -> Json:
    """A pending (or by now invoiced) invoice item: a proration waits as one of these."""
    details = {
        "subscription": thing.sub.id if thing.sub else None,
        "subscription_item": thing.item.id if thing.item else None,
    }
    parent = {"subscription_details": details, "type": "subscription_details"}
    return {
        "id": thing.invoice_item,
        "object": "invoiceitem",
        "amount": thing.amount,
        "currency": currency(thing),
        "customer": customer,
        "date": thing.date,
        "description": thing.description,
        "discountable": thing.discountable,
        "discounts": [discount.id for discount in thing.discounts],
        "invoice": thing.invoice.id if thing.invoice else None,
        "livemode": livemode,
        "metadata": {},
        "net_amount": thing.amount,
        "parent": parent if thing.sub else None,
        "period": {"end": thing.period[1], "start": thing.period[0]},
        "pricing": pricing(thing),
        "proration": thing.proration,
        "quantity": thing.quantity,
        "quantity_decimal": str(thing.quantity),
        "tax_rates": [],
        "test_clock": None,
    }


def totals_off(thing: Invoice) -> list[Json]:
    summed: dict[str, int] = {}
    for one in thing.lines:
        for discount, amount in one.discount_amounts:
            summed[discount.id] = summed.get(discount.id, 0) + amount
    return [{"amount": amount, "discount": found} for found, amount in summed.items()]


def invoice(thing: Invoice) -> Json:
    paid = thing.total if thing.status == "paid" else 0
    due = max(0, thing.total)
    sub = thing.sub
    parent: Json = {"quote_details": None, "type": "subscription_details"}
    parent |= {"subscription_details": {"metadata": {}, "subscription": sub.id if sub else None}}
    included = thing.tax(inclusive=True)
    made: Json = {
        "id": thing.id,
        "object": "invoice",
        "account_country": "US",
        "amount_due": due,
        "amount_overpaid": 0,
        "amount_paid": max(0, paid),
        "amount_remaining": due - max(0, paid),
        "attempt_count": thing.attempts,
        "attempted": thing.attempts > 0 or thing.status == "paid",
        "auto_advance": thing.auto_advance and thing.status in ("draft", "open"),
        "billing_reason": thing.billing_reason,
        "collection_method": thing.collection_method,
        "created": thing.created,
        "currency": thing.lines[0].price.currency
        if thing.lines and thing.lines[0].price
        else "usd",
        "customer": thing.customer.id,
        "customer_email": thing.customer.email,
        "customer_name": thing.customer.name,
        "default_tax_rates": [render.tax_rate(r) for r in sub.tax_rates] if sub else [],
        "description": None,
        "discounts": [discount.id for discount in thing.discounts],
        "due_date": thing.due_date,
        "effective_at": thing.finalized_at,
        "ending_balance": None if thing.status == "draft" else 0,
        "from_invoice": None,
        "lines": page([line(one) for one in thing.lines], f"/v1/invoices/{thing.id}/lines"),
        "livemode": thing.customer.livemode,
        "metadata": {},
        "number": None if thing.status == "draft" else thing.number,
        "parent": parent if sub else None,
        "period_end": thing.period[1],
        "period_start": thing.period[0],
        "post_payment_credit_notes_amount": thing.credited,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": thing.status,
        "status_transitions": transitions(thing),
        "subtotal": thing.subtotal,
        "subtotal_excluding_tax": thing.subtotal - included,
        "test_clock": None,
        "total": thing.total,
        "total_discount_amounts": totals_off(thing),
        "total_excluding_tax": thing.total - included - thing.tax(inclusive=False),
        "total_taxes": [tax for one in thing.lines for tax in taxes(one)],
    }
    if thing.status == "uncollectible":
        reason = thing.uncollectible_reason or "user_forgiven"
        made["status_details"] = {"uncollectible": {"reason": reason}}
    return made


def transitions(thing: Invoice) -> Json:
    return {
        "finalized_at": thing.finalized_at,
        "marked_uncollectible_at": thing.uncollectible_at,
        "paid_at": thing.paid_at,
        "voided_at": thing.voided_at,
    }


def credit_note(thing: CreditNote) -> Json:
    return {
        "id": thing.id,
        "object": "credit_note",
        "amount": thing.amount,
        "created": thing.created,
        "currency": invoice(thing.invoice)["currency"],
        "customer": thing.invoice.customer.id,
        "discount_amount": 0,
        "invoice": thing.invoice.id,
        "lines": page([], f"/v1/credit_notes/{thing.id}/lines"),
        "livemode": thing.invoice.customer.livemode,
        "memo": None,
        "number": f"{thing.invoice.number}-CN-01",
        "post_payment_amount": thing.amount,
        "pre_payment_amount": 0,
        "reason": None,
        "status": "issued",
        "subtotal": thing.amount,
        "total": thing.amount,
        "type": "post_payment",
        "voided_at": None,
    }
