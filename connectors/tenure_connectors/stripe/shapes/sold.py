"""Products, prices, taxes and coupons."""

from decimal import Decimal

import msgspec

from tenure_connectors.stripe.shapes.parts import Ref, Shape, Time, check_decimals


class Product(Shape):
    """A product; a deleted one has no name."""

    id: str
    name: str | None = None
    livemode: bool | None = None
    deleted: bool = False


class Recurring(Shape):
    """How often a price bills, and whether for what was used."""

    interval: str
    interval_count: int = 1
    usage_type: str = "licensed"
    meter: str | None = None


class Tier(Shape):
    """Units up to `up_to` (None: the rest), of a unit price, a flat fee or both."""

    up_to: int | str | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    flat_amount: int | None = None
    flat_amount_decimal: Decimal | None = None

    def __post_init__(self) -> None:
        check_decimals(self.unit_amount_decimal, self.flat_amount_decimal)


class Transform(Shape):
    """Units are sold in packages of `divide_by`; `round` is up or down."""

    divide_by: int
    round: str = "up"


class CurrencyOption(Shape):
    """What a price bills in another currency."""

    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    tiers: list[Tier] | None = None

    def __post_init__(self) -> None:
        check_decimals(self.unit_amount_decimal)


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
    currency_options: dict[str, CurrencyOption] | None = None
    recurring: Recurring | None = None
    interval: str | None = None
    interval_count: int | None = None
    usage_type: str | None = None
    livemode: bool | None = None
    deleted: bool = False

    def __post_init__(self) -> None:
        check_decimals(self.unit_amount_decimal, self.amount_decimal)


class TaxRate(Shape):
    """A tax; an inclusive one is part of the price."""

    id: str
    percentage: Decimal | None = None
    effective_percentage: Decimal | None = None
    inclusive: bool = False

    def __post_init__(self) -> None:
        check_decimals(self.percentage, self.effective_percentage)


class Products(Shape):
    """The ids of products."""

    products: list[str] = msgspec.field(default_factory=list)


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

    def __post_init__(self) -> None:
        check_decimals(self.percent_off)


class DiscountSource(Shape):
    """Where a discount comes from, since 2025-09-30."""

    coupon: Coupon | str | None = None


class Discount(Shape):
    """A coupon in force for a customer, a subscription or an item, from `start` to `end`."""

    id: str | None = None
    coupon: Coupon | str | None = None
    source: DiscountSource | None = None
    start: Time | None = None
    end: Time | None = None
    customer: Ref | str | None = None
    subscription: str | None = None
    subscription_item: str | None = None
    invoice: str | None = None
    invoice_item: str | None = None
