"""Invoices, their lines, and what waits for the next one."""

from decimal import Decimal

import msgspec

from tenure_connectors.stripe.shapes.parts import Page, Period, Ref, Shape, Time, check_decimals
from tenure_connectors.stripe.shapes.sold import Discount, Price, TaxRate


class DiscountAmount(Shape):
    """What one discount took off a line."""

    amount: int
    discount: Discount | str | None = None


class TaxRateDetails(Shape):
    """Which tax rate a tax was of."""

    tax_rate: str | None = None


class Tax(Shape):
    """A tax of a line: `inclusive` until 2025-03-31, `tax_behavior` since."""

    amount: int
    inclusive: bool = False
    tax_behavior: str | None = None
    tax_rate: TaxRate | str | None = None
    tax_rate_details: TaxRateDetails | None = None


class CreditedItems(Shape):
    """The lines that a credit proration gives back."""

    invoice: str | None = None
    invoice_item: str | None = None
    invoice_line_items: list[str] | None = None


class ProrationDetails(Shape):
    """What a proration is of."""

    credited_items: CreditedItems | None = None


class LineOrigin(Shape):
    """What made a line, since 2025-03-31."""

    subscription: str | None = None
    subscription_item: str | None = None
    invoice_item: str | None = None
    proration: bool = False
    proration_details: ProrationDetails | None = None


class LineParent(Shape):
    """The origin of a line, by its `type`."""

    type: str | None = None
    subscription_item_details: LineOrigin | None = None
    invoice_item_details: LineOrigin | None = None
    subscription_details: LineOrigin | None = None


class PriceDetails(Shape):
    """The price of a line and its product, as ids."""

    price: Price | str | None = None
    product: str | None = None


class Pricing(Shape):
    """The price of a line, since 2025-03-31."""

    price_details: PriceDetails | None = None
    unit_amount_decimal: Decimal | None = None

    def __post_init__(self) -> None:
        check_decimals(self.unit_amount_decimal)


class Billed(Shape):
    """What a line and an invoice item have in common; `amount` is before discounts."""

    id: str
    amount: int = 0
    currency: str | None = None
    description: str | None = None
    period: Period | None = None
    quantity: int | None = None
    quantity_decimal: Decimal | None = None
    proration: bool = False
    proration_details: ProrationDetails | None = None
    subscription: Ref | str | None = None
    subscription_item: str | None = None
    parent: LineParent | None = None
    price: Price | str | None = None
    plan: Price | str | None = None
    pricing: Pricing | None = None
    discounts: list[Discount | str] | None = None
    tax_rates: list[TaxRate] | None = None

    def __post_init__(self) -> None:
        check_decimals(self.quantity_decimal)


class Line(Billed):
    """A line of an invoice."""

    type: str | None = None
    invoice_item: Ref | str | None = None
    discount_amounts: list[DiscountAmount] | None = None
    tax_amounts: list[Tax] | None = None
    taxes: list[Tax] | None = None


class StatusTransitions(Shape):
    """When an invoice became what."""

    finalized_at: Time | None = None
    marked_uncollectible_at: Time | None = None
    paid_at: Time | None = None
    voided_at: Time | None = None


class Uncollectible(Shape):
    """Why an invoice was written off: subscription_paused, user_forgiven and others."""

    reason: str | None = None


class StatusDetails(Shape):
    """Why an invoice is what it is, since 2026-09-30."""

    uncollectible: Uncollectible | None = None


class SubscriptionDetails(Shape):
    """The subscription that an invoice is of."""

    subscription: Ref | str | None = None


class InvoiceParent(Shape):
    """What made an invoice, since 2025-03-31."""

    type: str | None = None
    subscription_details: SubscriptionDetails | None = None


class Invoice(Shape):
    """An invoice; `lines` must be complete before it is evidence."""

    id: str
    customer: Ref | str | None = None
    subscription: Ref | str | None = None
    parent: InvoiceParent | None = None
    status: str | None = None
    billing_reason: str | None = None
    collection_method: str | None = None
    created: Time | None = None
    date: Time | None = None
    currency: str | None = None
    lines: Page[Line] = msgspec.field(default_factory=Page)
    discount: Discount | None = None
    discounts: list[Discount | str] | None = None
    total_discount_amounts: list[DiscountAmount] | None = None
    status_transitions: StatusTransitions | None = None
    status_details: StatusDetails | None = None
    due_date: Time | None = None
    attempt_count: int | None = None
    auto_advance: bool | None = None
    livemode: bool | None = None


class InvoiceItem(Billed):
    """A charge or credit that waits for the next invoice, or was put on `invoice`."""

    customer: Ref | str | None = None
    date: Time | None = None
    invoice: Ref | str | None = None
    livemode: bool | None = None
    deleted: bool = False


class CreditNote(Shape):
    """Money given back of an invoice, or an invoice that is owed less; `amount` is no MRR."""

    id: str
    invoice: Ref | str
    customer: Ref | str | None = None
    status: str = "issued"
    type: str | None = None
    reason: str | None = None
    amount: int = 0
    currency: str | None = None
    created: Time | None = None
    voided_at: Time | None = None
    livemode: bool | None = None


class Meter(Shape):
    """What metered prices count."""

    id: str


class MeterSummary(Shape):
    """How much of a meter a customer used from `start_time` to `end_time`."""

    id: str
    meter: str
    aggregated_value: Decimal
    start_time: Time
    end_time: Time
    livemode: bool | None = None
