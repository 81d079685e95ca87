"""What is needed of Stripe's objects, in the shapes of every API version since 2013.

Field names are Stripe's own. An object that a field names may come as its id or expanded, a list
with its first page inline; unknown fields are ignored, unknown values of an enum are kept as they
are. Money is an integer of the currency's minor unit, or a decimal of it; a time is Unix seconds.

    Subscription ── items ── Price ── Tier          Invoice ── lines
                 └─ discounts ── Coupon             InvoiceItem ── a proration not yet invoiced
    Customer ── discount                            Schedule ── phases ── items
    Event ── an object as it was, and what it was before
"""

from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Shape(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """A part of an object; what is left out has its default when it is written, too."""


class Ref(Shape):
    """An expanded object of which only the id is needed."""

    id: str


class Page(Shape, Generic[T]):
    """A list, of which `data` is all when `has_more` is false."""

    data: list[T] = []
    has_more: bool = False
    total_count: int | None = None


class Period(Shape):
    """Service from `start` to `end`."""

    start: int
    end: int


# --- what is sold


class Product(Shape):
    """A product; a deleted one has no name."""

    id: str
    name: str | None = None
    livemode: bool | None = None
    metadata: dict[str, Any] | None = None
    deleted: bool = False


class Recurring(Shape):
    """How often a price bills, and whether for what was used."""

    interval: str
    interval_count: int = 1
    usage_type: str = "licensed"
    aggregate_usage: str | None = None
    meter: str | None = None


class Tier(Shape):
    """Units up to `up_to` (None: the rest), of a unit price, a flat fee or both."""

    up_to: int | str | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    flat_amount: int | None = None
    flat_amount_decimal: Decimal | None = None


class Transform(Shape):
    """Units are sold in packages of `divide_by`; `round` is up or down."""

    divide_by: int
    round: str = "up"


class CurrencyOption(Shape):
    """What a price bills in another currency."""

    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    tiers: list[Tier] | None = None
    tax_behavior: str | None = None


class Price(Shape):
    """A price, or a plan: the same with other names for `recurring` and the amounts.

    `tiers` are there only where they were asked for.
    """

    id: str
    nickname: str | None = None
    name: str | None = None
    product: Product | str | None = None
    currency: str | None = None
    type: str | None = None
    billing_scheme: str | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    amount: int | None = None
    amount_decimal: Decimal | None = None
    tiers: list[Tier] | None = None
    tiers_mode: str | None = None
    transform_quantity: Transform | None = None
    transform_usage: Transform | None = None
    tax_behavior: str | None = None
    currency_options: dict[str, CurrencyOption] | None = None
    recurring: Recurring | None = None
    interval: str | None = None
    interval_count: int | None = None
    usage_type: str | None = None
    livemode: bool | None = None
    deleted: bool = False


class TaxRate(Shape):
    """A tax; an inclusive one is part of the price."""

    id: str
    percentage: Decimal | None = None
    effective_percentage: Decimal | None = None
    inclusive: bool = False


class Products(Shape):
    """The ids of products."""

    products: list[str] = []


class AmountOff(Shape):
    """What a coupon takes off in another currency."""

    amount_off: int


class Coupon(Shape):
    """What a discount takes off; `applies_to` is there only where it was asked for."""

    id: str
    percent_off: Decimal | None = None
    amount_off: int | None = None
    currency: str | None = None
    currency_options: dict[str, AmountOff] | None = None
    duration: str | None = None
    duration_in_months: int | None = None
    applies_to: Products | None = None
    livemode: bool | None = None
    deleted: bool = False


class DiscountSource(Shape):
    """Where a discount comes from, since 2025-09-30."""

    coupon: Coupon | str | None = None
    type: str | None = None


class Discount(Shape):
    """A coupon in force for a customer, a subscription or an item, from `start` to `end`."""

    id: str | None = None
    coupon: Coupon | str | None = None
    source: DiscountSource | None = None
    start: int | None = None
    end: int | None = None
    customer: Ref | str | None = None
    subscription: str | None = None
    subscription_item: str | None = None
    invoice: str | None = None
    invoice_item: str | None = None
    deleted: bool = False


# --- who buys what


class Address(Shape):
    """Of an address only the country."""

    country: str | None = None


class Shipping(Shape):
    """Where to."""

    address: Address | None = None


class Customer(Shape):
    """A customer; of a deleted one nothing is left but the id."""

    id: str
    name: str | None = None
    email: str | None = None
    description: str | None = None
    currency: str | None = None
    address: Address | None = None
    shipping: Shipping | None = None
    discount: Discount | None = None
    metadata: dict[str, Any] | None = None
    created: int | None = None
    livemode: bool | None = None
    deleted: bool = False


class SubscriptionItem(Shape):
    """A priced line of a subscription."""

    id: str
    created: int | None = None
    price: Price | str | None = None
    plan: Price | str | None = None
    quantity: int | None = None
    quantity_decimal: Decimal | None = None
    discounts: list[Discount | str] | None = None
    tax_rates: list[TaxRate] | None = None
    current_period_start: int | None = None
    current_period_end: int | None = None
    deleted: bool = False


class PauseCollection(Shape):
    """Invoices are made and not collected."""

    behavior: str
    resumes_at: int | None = None


class CancellationDetails(Shape):
    """Why: cancellation_requested, payment_disputed or payment_failed."""

    reason: str | None = None


class EndBehavior(Shape):
    """What follows a trial without a payment method: create_invoice, pause or cancel."""

    missing_payment_method: str | None = None


class TrialSettings(Shape):
    """How a trial ends."""

    end_behavior: EndBehavior | None = None


class Subscription(Shape):
    """A subscription as it is now, or as an event saw it."""

    id: str
    customer: Ref | str
    status: str
    items: Page[SubscriptionItem] | None = None
    plan: Price | str | None = None
    quantity: int | None = None
    currency: str | None = None
    created: int | None = None
    start_date: int | None = None
    start: int | None = None
    billing_cycle_anchor: int | None = None
    current_period_start: int | None = None
    current_period_end: int | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    trial_settings: TrialSettings | None = None
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    ended_at: int | None = None
    cancellation_details: CancellationDetails | None = None
    pause_collection: PauseCollection | None = None
    discount: Discount | None = None
    discounts: list[Discount | str] | None = None
    default_tax_rates: list[TaxRate] | None = None
    tax_percent: Decimal | None = None
    schedule: Ref | str | None = None
    livemode: bool | None = None


# --- what was billed


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
    taxable_amount: int | None = None
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


class Line(Shape):
    """A line of an invoice; `amount` is before discounts."""

    id: str
    amount: int = 0
    amount_excluding_tax: int | None = None
    currency: str | None = None
    description: str | None = None
    type: str | None = None
    period: Period | None = None
    quantity: int | None = None
    quantity_decimal: Decimal | None = None
    proration: bool = False
    proration_details: ProrationDetails | None = None
    subscription: Ref | str | None = None
    subscription_item: str | None = None
    invoice_item: Ref | str | None = None
    parent: LineParent | None = None
    price: Price | str | None = None
    plan: Price | str | None = None
    pricing: Pricing | None = None
    discounts: list[Discount | str] | None = None
    discount_amounts: list[DiscountAmount] | None = None
    tax_amounts: list[Tax] | None = None
    taxes: list[Tax] | None = None
    tax_rates: list[TaxRate] | None = None


class StatusTransitions(Shape):
    """When an invoice became what."""

    finalized_at: int | None = None
    marked_uncollectible_at: int | None = None
    paid_at: int | None = None
    voided_at: int | None = None


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
    created: int | None = None
    date: int | None = None
    currency: str | None = None
    period_start: int | None = None
    period_end: int | None = None
    lines: Page[Line] = msgspec.field(default_factory=Page)
    discount: Discount | None = None
    discounts: list[Discount | str] | None = None
    total_discount_amounts: list[DiscountAmount] | None = None
    status_transitions: StatusTransitions | None = None
    status_details: StatusDetails | None = None
    next_payment_attempt: int | None = None
    due_date: int | None = None
    attempt_count: int | None = None
    auto_advance: bool | None = None
    attempted: bool | None = None
    paid: bool | None = None
    closed: bool | None = None
    forgiven: bool | None = None
    livemode: bool | None = None


class InvoiceItem(Shape):
    """A charge or credit that waits for the next invoice, or was put on `invoice`."""

    id: str
    amount: int = 0
    currency: str | None = None
    customer: Ref | str | None = None
    date: int | None = None
    description: str | None = None
    invoice: Ref | str | None = None
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
    livemode: bool | None = None
    deleted: bool = False


# --- what is planned


class PhaseDiscount(Shape):
    """A discount that a phase will give: by its coupon, or one that is there already."""

    coupon: Coupon | str | None = None
    discount: Discount | str | None = None
    promotion_code: Ref | str | None = None


class PhaseItem(Shape):
    """A priced line of a phase."""

    price: Price | str | None = None
    plan: Price | str | None = None
    quantity: int | None = None
    discounts: list[PhaseDiscount] | None = None
    tax_rates: list[TaxRate] | None = None


class Phase(Shape):
    """What a subscription is from `start_date` to `end_date`."""

    start_date: int
    end_date: int | None = None
    items: list[PhaseItem] | None = None
    plans: list[PhaseItem] | None = None
    coupon: Coupon | str | None = None
    discounts: list[PhaseDiscount] | None = None
    default_tax_rates: list[TaxRate] | None = None
    trial_end: int | None = None
    currency: str | None = None


class Schedule(Shape):
    """A plan of phases; at its end the subscription is released, or canceled."""

    id: str
    subscription: Ref | str | None = None
    released_subscription: Ref | str | None = None
    customer: Ref | str | None = None
    status: str = "active"
    end_behavior: str = "release"
    phases: list[Phase] = []
    created: int | None = None
    canceled_at: int | None = None
    completed_at: int | None = None
    released_at: int | None = None
    livemode: bool | None = None


# --- what happened


class EventData(Shape):
    """An object as it was after the event, and the fields that changed as they were before.

    Both are decoded once the event's type has said what they are.
    """

    object: msgspec.Raw
    previous_attributes: msgspec.Raw = msgspec.Raw(b"null")


class Event(Shape):
    """Something that happened; Stripe keeps it for 30 days."""

    id: str
    type: str
    created: int
    data: EventData
    livemode: bool | None = None
    api_version: str | None = None


def id_of(value: Any) -> str | None:
    """The id of an object that is named by its id or expanded."""
    return value if isinstance(value, str) or value is None else value.id
