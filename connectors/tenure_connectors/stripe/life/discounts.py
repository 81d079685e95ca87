"""What discounts take off the items of one bill, exactly: fractions of the bill's unit of money.

Discounts compound in the source's order: those of an item first, then those of the subscription
(docs.stripe.com/api/subscriptions/object, `discounts`). Nothing falls below zero. An amount is
spread over the eligible items by what is left of them, in whole units, by largest remainder, ties
by item id, so that the shares add up to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tenure_connectors.stripe.life.prices import Exact


@dataclass(frozen=True, slots=True)
class Deal:
    """What a discount takes off: `percent` of what is left, or `amount` of the bill.

    `items` and `products` are the only ones it is for (None: all).
    """

    percent: Fraction | None = None
    amount: int | None = None
    of_item: bool = False
    items: frozenset[str] | None = None
    products: frozenset[str] | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """An item of a bill: what it costs before discounts."""

    item: str
    amount: Exact
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Deduction:
    """What running discounts take off an item, and what all take off it, `once` included."""

    running: Exact
    total: Exact


def deductions(bill: Sequence[Due], deals: Sequence[Deal]) -> dict[str, Deduction]:
    """What `deals`, in their order, take off each item of the bill."""
    ordered = sorted(deals, key=lambda deal: not deal.of_item)
    total = _taken(bill, ordered)
    running = _taken(bill, [deal for deal in ordered if not deal.once]) if _once(deals) else total
    return {due.item: Deduction(running[due.item], total[due.item]) for due in bill}


def spread(amount: int, weights: Mapping[str, Exact]) -> dict[str, Exact]:
    """Whole shares of `amount` by weight that add up to it; all of the weights if that is less."""
    whole = sum(weights.values())
    if amount >= whole:
        return dict(weights)
    exact = {name: Fraction(weight) * amount / whole for name, weight in weights.items()}
    shares = {name: int(share) for name, share in exact.items()}
    short = amount - sum(shares.values())
    by_remainder = sorted(exact, key=lambda name: (shares[name] - exact[name], name))
    for name in by_remainder[:short]:
        shares[name] += 1
    return {name: min(share, weights[name]) for name, share in shares.items()}


def _once(deals: Iterable[Deal]) -> bool:
    return any(deal.once for deal in deals)


def _taken(bill: Sequence[Due], deals: Iterable[Deal]) -> dict[str, Exact]:
    left = {due.item: due.amount for due in bill}
    for deal in deals:
        _take(deal, {due.item: left[due.item] for due in bill if _is_for(deal, due)}, left)
    return {due.item: due.amount - left[due.item] for due in bill}


def _is_for(deal: Deal, due: Due) -> bool:
    meant = deal.items is None or due.item in deal.items
    return meant and (deal.products is None or due.product in deal.products)


def _take(deal: Deal, eligible: Mapping[str, Exact], left: dict[str, Exact]) -> None:
    if deal.percent is not None:
        for item, amount in eligible.items():
            left[item] -= amount * min(deal.percent, Fraction(100)) / 100
    elif deal.amount and eligible:
        for item, share in spread(deal.amount, eligible).items():
            left[item] -= share
