"""Which of Stripe's events are asked for."""

KEPT = (
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.discount.created",
    "customer.discount.updated",
    "customer.discount.deleted",
)
"""Events that are kept for good."""

_BILLS = (
    *KEPT,
    "invoice.created",
    "invoice.updated",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "invoice.deleted",
    "invoiceitem.created",
    "invoiceitem.deleted",
)
_THINGS = (
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "product.created",
    "product.updated",
    "price.created",
    "price.updated",
    "coupon.created",
    "coupon.updated",
    "tax_rate.created",
    "tax_rate.updated",
    "subscription_schedule.created",
    "subscription_schedule.updated",
    "subscription_schedule.aborted",
    "subscription_schedule.canceled",
    "subscription_schedule.completed",
    "subscription_schedule.released",
    "credit_note.created",
    "credit_note.voided",
)
TYPES = (_BILLS, _THINGS)
"""One list names at most 20 types of events."""
