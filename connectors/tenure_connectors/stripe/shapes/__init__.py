"""What is needed of Stripe's objects, in the shapes of every API version since 2013.

Field names are Stripe's own. An object that a field names may come as its id or expanded, a list
with its first page inline; unknown fields are ignored, unknown values of an enum are kept as they
are. Money is an integer of the currency's minor unit, or a decimal of it; a time is Unix seconds.

    Subscription ── items ── Price ── Tier          Invoice ── lines
                 └─ discounts ── Coupon             InvoiceItem ── a proration not yet invoiced
    Customer ── discount                            Schedule ── phases ── items
    CreditNote ── of an invoice
    Event ── an object as it was, and what it was before
"""

from tenure_connectors.decoding import learn
from tenure_connectors.stripe.shapes.billed import (
    CreditedItems,
    CreditNote,
    DiscountAmount,
    Invoice,
    InvoiceItem,
    InvoiceParent,
    Line,
    LineOrigin,
    LineParent,
    Meter,
    MeterSummary,
    PriceDetails,
    Pricing,
    ProrationDetails,
    StatusDetails,
    StatusTransitions,
    SubscriptionDetails,
    Tax,
    TaxRateDetails,
    Uncollectible,
)
from tenure_connectors.stripe.shapes.bought import (
    Address,
    CancellationDetails,
    Customer,
    EndBehavior,
    Event,
    EventData,
    PauseCollection,
    Phase,
    PhaseItem,
    Schedule,
    Shipping,
    Subscription,
    SubscriptionItem,
    TrialSettings,
)
from tenure_connectors.stripe.shapes.parts import (
    Page,
    Period,
    Ref,
    Shape,
    id_of,
)
from tenure_connectors.stripe.shapes.sold import (
    AmountOff,
    Coupon,
    CurrencyOption,
    Discount,
    DiscountSource,
    Price,
    Product,
    Products,
    Recurring,
    TaxRate,
    Tier,
    Transform,
)

learn(Shape)

__all__ = [
    "Address",
    "AmountOff",
    "CancellationDetails",
    "Coupon",
    "CreditNote",
    "CreditedItems",
    "CurrencyOption",
    "Customer",
    "Discount",
    "DiscountAmount",
    "DiscountSource",
    "EndBehavior",
    "Event",
    "EventData",
    "Invoice",
    "InvoiceItem",
    "InvoiceParent",
    "Line",
    "LineOrigin",
    "LineParent",
    "Meter",
    "MeterSummary",
    "Page",
    "PauseCollection",
    "Period",
    "Phase",
    "PhaseItem",
    "Price",
    "PriceDetails",
    "Pricing",
    "Product",
    "Products",
    "ProrationDetails",
    "Recurring",
    "Ref",
    "Schedule",
    "Shape",
    "Shipping",
    "StatusDetails",
    "StatusTransitions",
    "Subscription",
    "SubscriptionDetails",
    "SubscriptionItem",
    "Tax",
    "TaxRate",
    "TaxRateDetails",
    "Tier",
    "Transform",
    "TrialSettings",
    "Uncollectible",
    "id_of",
]
