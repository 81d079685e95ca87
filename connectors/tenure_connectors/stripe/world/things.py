"""The things of an account that change: subscriptions, items, invoices, events, schedules."""

from dataclasses import dataclass, field
from typing import Any

from tenure_connectors.stripe.world.catalog import Discount, Price, TaxRate


@dataclass(slots=True, eq=False)
class Person:
    """A customer."""

    id: str
    name: str
    email: str
    country: str
    currency: str
    created: int
    livemode: bool = True
    discount: Discount | None = None
    deleted_at: int | None = None
    delinquent: bool = False
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Item:
    """A subscription item; `removed` is set when it leaves before its subscription does."""

    id: str
    price: Price
    quantity: int
    created: int
    start: int
    period: tuple[int, int] = (0, 0)
    discounts: list[Discount] = field(default_factory=list)
    once: list[Discount] = field(default_factory=list)  # used for the current period
    tax_rates: list[TaxRate] = field(default_factory=list)
    removed: int | None = None
    origin: int = 0  # where the period began in which it came: no bill before shows it
    usage: int = 0  # units since the period began, for a metered price


@dataclass(slots=True, eq=False)
class Sub:
    """A subscription."""

    id: str
    customer: Person
    created: int
    start: int
    anchor: int
    items: list[Item] = field(default_factory=list)
    gone: list[Item] = field(default_factory=list)
    status: str = "active"
    flexible: bool = False
    collection_method: str = "charge_automatically"
    days_until_due: int | None = None
    discounts: list[Discount] = field(default_factory=list)
    tax_rates: list[TaxRate] = field(default_factory=list)
    trial: tuple[int, int] | None = None
    trial_end_behavior: str = "create_invoice"
    no_card: bool = False
    pause: str | None = None
    resumes_at: int | None = None
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    ended_at: int | None = None
    reason: str | None = None
    schedule: "Schedule | None" = None
    latest_invoice: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        return self.ended_at is None


@dataclass(slots=True, eq=False)
class Line:
    """A line of an invoice, or an invoice item that waits for one."""

    id: str
    price: Price | None
    quantity: int
    amount: int
    period: tuple[int, int]
    sub: Sub | None
    item: Item | None
    description: str
    proration: bool = False
    invoice_item: str | None = None
    unit: Any = None
    discountable: bool = True
    discounts: list[Discount] = field(default_factory=list)
    discount_amounts: list[tuple[Discount, int]] = field(default_factory=list)
    taxes: list[tuple[TaxRate, int]] = field(default_factory=list)
    date: int = 0
    invoice: "Invoice | None" = None
    dropped: bool = False


@dataclass(slots=True, eq=False)
class Invoice:
    id: str
    number: str
    customer: Person
    sub: Sub | None
    created: int
    billing_reason: str
    period: tuple[int, int]
    lines: list[Line]
    collection_method: str = "charge_automatically"
    discounts: list[Discount] = field(default_factory=list)
    status: str = "draft"
    auto_advance: bool = True
    attempts: int = 0
    due_date: int | None = None
    finalized_at: int | None = None
    paid_at: int | None = None
    voided_at: int | None = None
    uncollectible_at: int | None = None
    uncollectible_reason: str | None = None
    paused: str | None = None
    credited: int = 0

    @property
    def subtotal(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def discounted(self) -> int:
        return sum(amount for line in self.lines for _, amount in line.discount_amounts)

    def tax(self, *, inclusive: bool) -> int:
        return sum(
            a for line in self.lines for rate, a in line.taxes if rate.inclusive is inclusive
        )

    @property
    def total(self) -> int:
        return self.subtotal - self.discounted + self.tax(inclusive=False)


@dataclass(slots=True, eq=False)
class CreditNote:
    id: str
    invoice: Invoice
    created: int
    amount: int


@dataclass(slots=True)
class Phase:
    start: int
    end: int
    price: Price
    quantity: int


@dataclass(slots=True, eq=False)
class Schedule:
    id: str
    customer: Person
    created: int
    phases: list[Phase]
    end_behavior: str = "release"
    sub: Sub | None = None
    status: str = "active"
    canceled_at: int | None = None
    completed_at: int | None = None
    released_at: int | None = None


@dataclass(slots=True)
class Event:
    """Something that happened: the object after it, and before it where it was an update."""

    id: str
    type: str
    created: int
    object: dict[str, Any]
    before: dict[str, Any] | None = None
