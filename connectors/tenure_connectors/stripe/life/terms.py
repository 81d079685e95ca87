"""What an item is sold for, and what that is in money."""

from typing import NamedTuple

import msgspec

from tenure_connectors.stripe.catalog import Catalog
from tenure_connectors.stripe.life.prices import (
    Cadence,
    Exact,
    UnpricedError,
    cadence,
    charge,
    is_metered,
)
from tenure_connectors.stripe.shapes import Price, id_of


class Terms(NamedTuple):
    """A price, by its id, and a quantity of it."""

    price: str
    quantity: Exact


class Bill(NamedTuple):
    """What an invoice billed for a full period of some terms, in minor units."""

    start: int
    amount: int
    currency: str


class Sale(msgspec.Struct, frozen=True, gc=False):
    """Terms in money: `gross` minor units per interval, of which `net` is the share without tax."""

    gross: Exact
    net: Exact
    currency: str
    cadence: Cadence
    plan: str
    product: str | None
    product_id: str | None


class Pricing:
    """Turns the terms of one subscription into money.

    Besides the catalog it knows what the subscription's own evidence says: prices that came with
    it, inclusive taxes, and what was billed where a price does not say it. `currency` is the
    subscription's own, if it says one.
    """

    def __init__(self, catalog: Catalog, currency: str | None) -> None:
        self.catalog = catalog
        self.currency = (currency or "").upper()
        self._prices: dict[str, Price] = {}
        self._bills: dict[tuple[str, Terms], Bill] = {}
        self._nets: dict[tuple[str, Terms | None], tuple[int, Exact]] = {}

    # --- what the evidence says

    def terms(self, named: Price | str | None, quantity: Exact | None) -> Terms:
        """Terms of a price as it came; the first that tells of one that is not listed counts."""
        if isinstance(named, Price):
            self._prices.setdefault(named.id, named)
        return Terms(id_of(named) or "", 1 if quantity is None else quantity)

    def billed(self, item: str, terms: Terms, bill: Bill) -> None:
        """The terms of an item were billed; the last bill counts."""
        self._bills[item, terms] = max(self._bills.get((item, terms), bill), bill)

    def taxed(self, item: str, terms: Terms | None, net: Exact | None, at: int) -> None:
        """A share of what an item costs is no inclusive tax; of "" that of all other items."""
        if net is not None:
            for key in ((item, terms), (item, None)):
                self._nets[key] = max(self._nets.get(key, (at, net)), (at, net))

    # --- what follows

    def price(self, terms: Terms) -> Price:
        """Raises `UnpricedError` where the price is not known."""
        price = self._find(terms.price)
        if price is None:
            raise UnpricedError(f"price {terms.price or '?'} is not known")
        return price

    def product_id(self, terms: Terms) -> str | None:
        """The product of a price, as far as it is known."""
        price = self._find(terms.price)
        return id_of(price.product) if price is not None else None

    def is_metered(self, terms: Terms) -> bool:
        """Whether the terms bill what was used; a price that is not known does not."""
        price = self._find(terms.price)
        return price is not None and is_metered(price)

    def is_tiered(self, named: Price | str | None) -> bool:
        """Whether a price has a line for each tier."""
        price = self._find(id_of(named) or "") or (named if isinstance(named, Price) else None)
        return price is not None and price.billing_scheme == "tiered"

    def as_often(self, named: Price | str | None, terms: Terms) -> bool:
        """Whether a price bills as often as the terms do; one that is not known does."""
        one, other = self._find(id_of(named) or ""), self._find(terms.price)
        if one is None or other is None:
            return True
        return cadence(one) == cadence(other)

    def sale(self, item: str, terms: Terms) -> Sale:
        """What an item bills per interval. Raises `UnpricedError` where nothing says it."""
        price = self.price(terms)
        gross, currency = self._gross(item, terms, price)
        return Sale(
            gross=gross,
            net=self._net(item, terms),
            currency=currency,
            cadence=cadence(price),
            plan=self.catalog.plan_name(price),
            product=self.catalog.product_name(price),
            product_id=id_of(price.product),
        )

    def _find(self, name: str) -> Price | None:
        return self.catalog.prices.get(name) or self._prices.get(name)

    def _gross(self, item: str, terms: Terms, price: Price) -> tuple[Exact, str]:
        currency = self.currency or (price.currency or "").upper()
        try:
            return charge(price, terms.quantity, currency), currency
        except UnpricedError:
            bill = self._bills.get((item, terms))
            if bill is None:
                raise
            return bill.amount, bill.currency

    def _net(self, item: str, terms: Terms) -> Exact:
        nets = self._nets
        known = nets.get((item, terms)) or nets.get((item, None)) or nets.get(("", None))
        return known[1] if known else 1
