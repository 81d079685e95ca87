"""What is sold, by id: where an object names a price, a product or a coupon only by its id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenure_connectors.stripe.shapes import Coupon, Discount, Price, Product, TaxRate, id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The lists of an account by id; `plans` are prices under their former name."""

    prices: Mapping[str, Price] = field(default_factory=dict)
    products: Mapping[str, Product] = field(default_factory=dict)
    coupons: Mapping[str, Coupon] = field(default_factory=dict)
    tax_rates: Mapping[str, TaxRate] = field(default_factory=dict)
    sales: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What terms were found to be in money, kept for the next subscription with the same."""

    def plan_name(self, price: Price) -> str:
        """What people call a price."""
        return price.nickname or price.name or price.id

    def product_name(self, price: Price) -> str | None:
        """What people call the product of a price."""
        named = id_of(price.product)
        product = self.products.get(named or "")
        if product is None and isinstance(price.product, Product):
            product = price.product
        return (product.name if product else None) or named

    def coupon(self, discount: Discount) -> Coupon | None:
        """What a discount takes off: as it came, and what the listed coupon adds to it."""
        named = discount.coupon
        if named is None and discount.source is not None:
            named = discount.source.coupon
        listed = self.coupons.get(id_of(named) or "")
        if isinstance(named, Coupon) and _says_something(named):
            return named if named.applies_to or not listed else listed
        return listed

    def tax_rate(self, rate: TaxRate | str | None) -> TaxRate | None:
        """A tax rate with its percentage."""
        return self.tax_rates.get(rate) if isinstance(rate, str) else rate


def _says_something(coupon: Coupon) -> bool:
    return coupon.percent_off is not None or coupon.amount_off is not None
