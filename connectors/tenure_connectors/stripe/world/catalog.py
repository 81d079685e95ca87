"""What an account sells: products, prices in all of Stripe's schemes, coupons, tax rates."""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

MINOR_DIGITS = {"jpy": 0, "kwd": 3}
"""Digits after the point that an API amount is counted in; two unless named (isk counts two)."""


def micro_units(minor: Fraction, currency: str) -> int:
    """Whole micro-units of the major unit, half to even (metrics.md section 1)."""
    return round(minor * Fraction(10) ** (6 - MINOR_DIGITS.get(currency, 2)))


def whole(minor: Fraction) -> int:
    """An amount as an invoice prints it: whole minor units, half away from zero."""
    sign = -1 if minor < 0 else 1
    return sign * int(abs(minor) + Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class Product:
    id: str
    name: str
    created: int


@dataclass(frozen=True, slots=True)
class Tier:
    """Units up to and including `up_to` (None: all) cost `unit` each, and the tier `flat`."""

    up_to: int | None
    unit: Decimal
    flat: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bill:
    """One line that a price makes of a quantity; a flat fee counts quantity 0."""

    quantity: int
    amount: Fraction
    unit: Decimal | None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    id: str
    product: Product
    currency: str
    created: int
    interval: str = "month"
    interval_count: int = 1
    unit: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    tiers_mode: str | None = None
    divide_by: int = 1
    round_up: bool = True
    nickname: str | None = None
    tax_behavior: str = "unspecified"
    meter: str | None = None
    one_time: bool = False
    active: bool = True
    livemode: bool = True
    known: dict[int, Fraction] = field(default_factory=dict, compare=False, repr=False)

    @property
    def metered(self) -> bool:
        return self.meter is not None

    @property
    def plan(self) -> str:
        return self.nickname or self.id

    def bills(self, quantity: int) -> list[Bill]:
        """The lines of a full period, in minor units and not rounded."""
        if self.unit is not None:
            units = self.packages(quantity)
            return [Bill(quantity, Fraction(self.unit) * units, self.unit)]
        if self.tiers_mode == "volume":
            tier = next(t for t in self.tiers if t.up_to is None or quantity <= t.up_to)
            return self.tier_bills(tier, quantity)
        return [
            bill for tier, units in self.filled(quantity) for bill in self.tier_bills(tier, units)
        ]

    def packages(self, quantity: int) -> int:
        up = self.divide_by - 1 if self.round_up else 0
        return (quantity + up) // self.divide_by

    def filled(self, quantity: int) -> list[tuple[Tier, int]]:
        below, filled = 0, []
        for tier in self.tiers:
            top = quantity if tier.up_to is None else min(quantity, tier.up_to)
            if top > below:
                filled.append((tier, top - below))
            below = max(below, top)
        return filled

    def tier_bills(self, tier: Tier, units: int) -> list[Bill]:
        bills = [Bill(units, Fraction(tier.unit) * units, tier.unit)]
        if tier.flat:
            bills.append(Bill(0, Fraction(tier.flat), tier.flat, "Flat fee"))
        return bills

    def amount(self, quantity: int) -> Fraction:
        """What a full period costs, in minor units and not rounded."""
        if quantity not in self.known:
            self.known[quantity] = sum((b.amount for b in self.bills(quantity)), Fraction(0))
        return self.known[quantity]


@dataclass(frozen=True, slots=True)
class TaxRate:
    id: str
    percentage: Decimal
    inclusive: bool
    created: int

    def net(self, gross: Fraction) -> Fraction:
        """The amount without the tax that stands in it."""
        return gross * 100 / (100 + Fraction(self.percentage)) if self.inclusive else gross


@dataclass(slots=True)
class Coupon:
    id: str
    duration: str
    created: int
    percent_off: Decimal | None = None
    amount_off: int | None = None
    currency: str | None = None
    duration_in_months: int | None = None
    name: str = ""
    products: tuple[str, ...] = ()  # those that it applies to; none: all
    deleted_at: int | None = None
    livemode: bool = True


@dataclass(slots=True)
class Discount:
    """A coupon in use. `end` is its natural end; `removed` the instant a hand took it off."""

    id: str
    coupon: Coupon
    start: int
    customer: str
    end: int | None = None
    subscription: str | None = None
    subscription_item: str | None = None
    removed: int | None = None
    used_by: set[str] = field(default_factory=set)  # subscriptions whose invoices show it

    @property
    def once(self) -> bool:
        return self.coupon.duration == "once"

    def fits(self, price: Price | None) -> bool:
        products = self.coupon.products
        return not products or (price is not None and price.product.id in products)


@dataclass(slots=True)
class Catalog:
    """All that every customer of the account can buy."""

    products: list[Product] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    coupons: list[Coupon] = field(default_factory=list)
    tax_rates: list[TaxRate] = field(default_factory=list)
