"""Customers, subscriptions, what is planned for them and what happened to them."""

from decimal import Decimal
from typing import Any

import msgspec

from tenure_connectors.stripe.shapes.parts import Page, Ref, Shape, Time, check_decimals
from tenure_connectors.stripe.shapes.sold import Discount, Price, TaxRate


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
    created: Time | None = None
    livemode: bool | None = None
    deleted: bool = False


class SubscriptionItem(Shape):
    """A priced line of a subscription."""

    id: str
    created: Time | None = None
    price: Price | str | None = None
    plan: Price | str | None = None
    quantity: int | None = None
    quantity_decimal: Decimal | None = None
    discounts: list[Discount | str] | None = None
    tax_rates: list[TaxRate] | None = None
    current_period_start: Time | None = None
    current_period_end: Time | None = None
    deleted: bool = False

    def __post_init__(self) -> None:
        check_decimals(self.quantity_decimal)


class PauseCollection(Shape):
    """Invoices are made and not collected."""

    behavior: str
    resumes_at: Time | None = None


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
    created: Time | None = None
    start_date: Time | None = None
    start: Time | None = None
    current_period_start: Time | None = None
    current_period_end: Time | None = None
    trial_start: Time | None = None
    trial_end: Time | None = None
    trial_settings: TrialSettings | None = None
    cancel_at: Time | None = None
    cancel_at_period_end: bool = False
    canceled_at: Time | None = None
    ended_at: Time | None = None
    cancellation_details: CancellationDetails | None = None
    pause_collection: PauseCollection | None = None
    discount: Discount | None = None
    discounts: list[Discount | str] | None = None
    default_tax_rates: list[TaxRate] | None = None
    schedule: Ref | str | None = None
    livemode: bool | None = None


class PhaseItem(Shape):
    """A priced line of a phase."""

    price: Price | str | None = None
    plan: Price | str | None = None
    quantity: int | None = None


class Phase(Shape):
    """What a subscription is from `start_date` to `end_date`."""

    start_date: Time
    end_date: Time | None = None
    items: list[PhaseItem] | None = None
    plans: list[PhaseItem] | None = None
    trial_end: Time | None = None
    currency: str | None = None


class Schedule(Shape):
    """A plan of phases; at its end the subscription is released, or canceled."""

    id: str
    subscription: Ref | str | None = None
    released_subscription: Ref | str | None = None
    customer: Ref | str | None = None
    status: str = "active"
    end_behavior: str = "release"
    phases: list[Phase] = msgspec.field(default_factory=list)
    created: Time | None = None
    canceled_at: Time | None = None
    released_at: Time | None = None
    livemode: bool | None = None


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
    created: Time
    data: EventData
    livemode: bool | None = None
