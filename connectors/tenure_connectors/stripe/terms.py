"""What an item is sold for, and what that is in money."""

from dataclasses import dataclass, field
from fractions import Fraction

from tenure_connectors.stripe.catalog import Catalog
from tenure_connectors.stripe.prices import (
    Cadence,
    Quantity,
    UnpricedError,
    cadence,
    charge,
    is_metered,
)
from tenure_connectors.stripe.shapes import Price, id_of


@dataclass(frozen=True, slots=True)
class Terms:
    """A price and a quantity of it; `net` is the share that is no inclusive tax, where known."""

    price: str
    quantity: Quantity
    named: Price | str | None = field(default=None, compare=False)
    net: Fraction | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Bill:
    """What an invoice billed for a full period of some terms, in minor units."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Sale:
    """Terms in money: `gross` minor units per interval, inclusive tax in them."""

    gross: Fraction
    net: Fraction
    currency: str
    cadence: Cadence
    plan: str
    product: str | None
    product_id: str | None


class Pricing:
    """Turns terms into money; remembers what invoices billed where a price does not say it.

    `currency` is the subscription's own, if it says one.
    """

    def __init__(self, catalog: Catalog, currency: str | None) -> None:
        self.catalog = catalog
        self.currency = (currency or "").upper()
        self._billed: dict[tuple[str, Terms], Bill] = {}
        self._net: dict[str, tuple[int, Fraction]] = {}

    def remember(self, item: str, terms: Terms, bill: Bill, at: int) -> None:
        """Keep what was billed for the terms of an item in the period that began `at`."""
        self._billed[item, terms] = bill
        self.remember_net(item, terms.net, at)

    def remember_net(self, item: str, net: Fraction | None, at: int) -> None:
        """Keep the last share of an item's price, or that of all (""), that is no tax."""
        known = self._net.get(item)
        if net is not None and (known is None or (at, net) >= known):
            self._net[item] = at, net

    def price(self, terms: Terms) -> Price:
        """Raises `UnpricedError` where the price is not known."""
        price = self.catalog.price(terms.named, terms.price)
        if price is None:
            raise UnpricedError(f"price {terms.price or '?'} is not known")
        return price

    def is_metered(self, terms: Terms) -> bool:
        """Whether the terms bill what was used; a price that is not known does not."""
        price = self.catalog.price(terms.named, terms.price)
        return price is not None and is_metered(price)

    def sale(self, item: str, terms: Terms) -> Sale:
        """What an item bills per interval. Raises `UnpricedError` where nothing says it."""
        price = self.price(terms)
        currency = self.currency or (price.currency or "").upper()
        try:
            gross = charge(price, terms.quantity, currency)
        except UnpricedError:
            bill = self._billed.get((item, terms))
            if bill is None:
                raise
            gross, currency = Fraction(bill.amount), bill.currency
        net = terms.net or (self._net.get(item) or self._net.get("") or (0, Fraction(1)))[1]
        return Sale(
            gross=gross,
            net=net,
            currency=currency,
            cadence=cadence(price),
            plan=self.catalog.plan_name(price),
            product=self.catalog.product_name(price),
            product_id=id_of(price.product),
        )
