"""Lines of invoices and pending invoice items, in the one shape that the rebuild reads."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import msgspec

from tenure_connectors.stripe.catalog import Catalog
from tenure_connectors.stripe.life.prices import Exact, exact, net_share
from tenure_connectors.stripe.shapes import (
    DiscountAmount,
    Invoice,
    InvoiceItem,
    Line,
    LineOrigin,
    Price,
    Tax,
    id_of,
)


class Charge(msgspec.Struct, frozen=True, gc=False):
    """What was billed of one subscription item for a period, in minor units.

    `amount` is before discounts, inclusive tax in it; `net` is the share of it that is no tax,
    None where the line does not say. A credit gives back what a proration took away.
    """

    ref: str
    invoice: str | None
    item: str | None
    price: Price | str | None
    quantity: Exact
    amount: int
    currency: str
    start: int
    end: int
    proration: bool
    credit: bool
    net: Exact | None
    discounts: tuple[DiscountAmount, ...]


def charges_of(invoice: Invoice, subscription: str, catalog: Catalog) -> Iterator[Charge]:
    """The lines of an invoice that bill items of the subscription; one-time lines are left out."""
    currency = (invoice.currency or "").upper()
    for line in invoice.lines.data:
        charge = _charge(line, f"{invoice.id}/{line.id}", invoice.id, currency, catalog)
        if charge and owner_of(line) in {None, subscription} and recurs(line):
            yield charge


def pending(items: Iterable[InvoiceItem], subscription: str, catalog: Catalog) -> Iterator[Charge]:
    """The prorations of the subscription that wait for an invoice, or were dropped."""
    for item in items:
        if item.proration and owner_of(item) == subscription:
            charge = _charge(item, item.id, None, (item.currency or "").upper(), catalog)
            if charge:
                yield charge


def net_from_taxes(amount: int, taxes: Sequence[Tax]) -> Exact | None:
    """The share of a taxed amount that is no inclusive tax."""
    inclusive = sum(t.amount for t in taxes if t.inclusive or t.tax_behavior == "inclusive")
    return Fraction(amount - inclusive, amount) if amount else None


def _charge(
    line: Line | InvoiceItem, ref: str, invoice: str | None, currency: str, catalog: Catalog
) -> Charge | None:
    if line.period is None or line.period.end < line.period.start:
        return None
    origin = origin_of(line)
    details = line.proration_details or (origin.proration_details if origin else None)
    quantity = line.quantity if line.quantity_decimal is None else exact(line.quantity_decimal)
    price = (
        line.pricing.price_details.price if line.pricing and line.pricing.price_details else None
    )
    proration = line.proration or bool(origin and origin.proration)
    unused = (line.description or "").startswith("Unused time")
    return Charge(
        ref=ref,
        invoice=invoice,
        item=line.subscription_item or (origin.subscription_item if origin else None),
        price=line.price or line.plan or price,
        quantity=1 if quantity is None else quantity,
        amount=line.amount,
        currency=(line.currency or currency).upper(),
        start=line.period.start,
        end=line.period.end,
        proration=proration,
        credit=proration
        and (line.amount < 0 or bool(details and details.credited_items) or unused),
        net=_net(line, catalog),
        discounts=tuple(line.discount_amounts or ()) if isinstance(line, Line) else (),
    )


def origin_of(line: Line | InvoiceItem) -> LineOrigin | None:
    """What made a line."""
    parent = line.parent
    if parent is None:
        return None
    return (
        parent.subscription_item_details
        or parent.invoice_item_details
        or parent.subscription_details
    )


def owner_of(line: Line | InvoiceItem) -> str | None:
    """The subscription that a line is of; in 2013, that of a subscription's line was its own id."""
    origin = origin_of(line)
    named = id_of(line.subscription) or (origin.subscription if origin else None)
    return named or (line.id if line.id.startswith("sub_") else None)


def recurs(line: Line) -> bool:
    """Whether a line is of a subscription item, and not a charge made by hand."""
    if line.parent is not None:
        origin = origin_of(line)
        prorated = origin is not None and origin.proration and bool(origin.subscription_item)
        return line.parent.type == "subscription_item_details" or prorated
    return line.type == "subscription" or line.proration


def _net(line: Line | InvoiceItem, catalog: Catalog) -> Exact | None:
    """From the rates, which are exact; else from the amounts, which Stripe rounded."""
    if not isinstance(line, Line):
        return None
    taxes = [*(line.tax_amounts or ()), *(line.taxes or ())]
    if not taxes:
        return net_share(line.tax_rates) if line.tax_rates else None
    inclusive = [t for t in taxes if t.inclusive or t.tax_behavior == "inclusive"]
    left = line.amount - sum(taken.amount for taken in line.discount_amounts or ())
    if left and not any(tax.amount for tax in inclusive):
        return 1
    rates = [catalog.tax_rate(t.tax_rate or (t.tax_rate_details and t.tax_rate_details.tax_rate))
             for t in inclusive]  # fmt: skip
    known = [rate for rate in rates if rate is not None and rate.percentage is not None]
    return net_share(known) if len(known) == len(inclusive) else net_from_taxes(left, taxes)
