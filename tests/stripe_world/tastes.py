"""What a customer would order, drawn from its seed."""

from dataclasses import dataclass
from random import Random

from stripe_world.market import Level
from tenure_connectors.stripe.world.catalog import Catalog, Coupon, Price
from tenure_connectors.stripe.world.desk import Order

MIXED = frozenset({("month", 1), ("month", 3), ("year", 1), ("year", 2)})
"""Cycles that share their boundaries, so that they can end together."""


@dataclass(slots=True)
class Tastes:
    """The choices of one customer: what is rich in them grows with the level."""

    rng: Random
    catalog: Catalog
    currency: str
    level: Level

    def chance(self, odds: float) -> bool:
        return self.rng.random() < odds

    def order(self, now: int) -> Order:
        price = self.price()
        order = Order([(price, self.quantity())], flexible=self.chance(0.5))
        if self.level >= Level.ITEMS:
            self.more_items(order)
        if self.level >= Level.PRICES and self.chance(0.4):
            order.tax = self.rng.choice(self.catalog.tax_rates)
        if self.level >= Level.STATES and self.chance(0.15):
            order.no_card = price.interval not in ("day", "week")
            order.trial_end_behavior = self.rng.choice(("create_invoice", "pause", "cancel"))
        elif self.level >= Level.STATES and slow(order) and self.chance(0.15):
            order.days_until_due = self.rng.choice((7, 14))
        if self.level >= Level.ADVANCED:
            self.extras(order)
        if self.level >= Level.DISCOUNTS:
            if self.chance(0.3):
                order.coupon = self.coupon(price, now)
            if self.chance(0.1):
                order.item_coupon = self.coupon(price, now)
            if self.chance(0.25):
                order.trial_days = self.rng.choice((7, 14, 30))
        return order

    def simple(self) -> Order:
        """One price by the month, no trial: what phases of whole months are made for."""
        found = [p for p in self.catalog.prices if p.currency == self.currency and ordinary(p)]
        monthly = [p for p in found if (p.interval, p.interval_count) == ("month", 1)]
        return Order([(self.rng.choice(monthly), self.quantity())])

    def extras(self, order: Order) -> None:
        """A set-up fee, or usage beside what is licensed (and then no amount off: see worth)."""
        currency = order.prices[0][0].currency
        odd = [p for p in self.catalog.prices if p.currency == currency and not ordinary(p)]
        if self.chance(0.25):
            order.fee = next(price for price in odd if price.one_time)
        cycle = (order.prices[0][0].interval, order.prices[0][0].interval_count)
        if self.chance(0.3) and (cycle == ("month", 1) or (order.flexible and cycle in MIXED)):
            order.prices.append((next(price for price in odd if price.metered), 0))
            order.coupon = order.item_coupon = None

    def more_items(self, order: Order) -> None:
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            price = self.beside([price for price, _ in order.prices], flexible=order.flexible)
            if price is not None:
                order.prices.append((price, self.quantity()))

    def beside(self, prices: list[Price], *, flexible: bool) -> Price | None:
        """A price that may stand beside others: of their cycle, or of any if mixed ones are."""
        cycles = {(price.interval, price.interval_count) for price in prices}
        if flexible and cycles <= MIXED:
            cycles = set(MIXED)
        found = [
            price
            for price in self.catalog.prices
            if price.currency == prices[0].currency
            and (price.interval, price.interval_count) in cycles
            and price not in prices
            and ordinary(price)
        ]
        return self.rng.choice(found) if found else None

    def quantity(self) -> int:
        return self.rng.choice((1, 1, 2, 3, 5, 8, 12, 26, 60))

    def price(self, like: Price | None = None) -> Price:
        """A price to start with; with `like`, another one of the same cycle."""
        found = [p for p in self.catalog.prices if p.currency == self.currency and ordinary(p)]
        if like is not None:
            cycle = (like.interval, like.interval_count)
            same = [p for p in found if (p.interval, p.interval_count) == cycle and p != like]
            found = same or [like]
        return self.rng.choice(found)

    def coupon(self, price: Price, now: int) -> Coupon:
        """A coupon that is still there."""
        fit = [c for c in self.catalog.coupons if c.currency in (None, price.currency)]
        return self.rng.choice([c for c in fit if c.deleted_at is None or c.deleted_at > now])

    def proration(self) -> str:
        if self.level >= Level.ADVANCED and self.chance(0.3):
            return "none"
        return self.rng.choice(("create_prorations", "create_prorations", "always_invoice"))


def slow(order: Order) -> bool:
    """Whether an invoice is due well before the next one is written."""
    return all(price.interval in ("month", "year") for price, _ in order.prices)


def ordinary(price: Price) -> bool:
    return not price.metered and not price.one_time
