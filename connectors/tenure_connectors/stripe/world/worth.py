"""What an item bills per interval and what its discounts take off, exactly (metrics.md 2 and 3).

Percentages compound and amounts are spread in Stripe's order: the item's own discounts first,
then the subscription's, and the customer's only where neither has one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from tenure_connectors.stripe.world.catalog import Discount, micro_units
from tenure_connectors.stripe.world.things import Item, Sub

NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class Worth:
    """Micro-units per interval: before discounts, taken off while running, taken off by all."""

    amount: int = 0
    running: int = 0
    every: int = 0


def worths(sub: Sub, at: int) -> dict[str, Worth]:
    """What each licensed item bills at an instant, by item id."""
    found: dict[str, Worth] = {}
    licensed = [item for item in sub.items if not item.price.metered]
    cycle = sorted(licensed, key=lambda item: (*bill_of(item), item.id))
    for _, group in groupby(cycle, key=bill_of):
        found |= bill_worths(sub, list(group), at)
    return found


def bill_of(item: Item) -> tuple[str, int]:
    """Items of one interval are on one bill: an amount off comes off each bill of its own."""
    return item.price.interval, item.price.interval_count


def bill_worths(sub: Sub, items: list[Item], at: int) -> dict[str, Worth]:
    running = [discounts(sub, item, at, once=False) for item in items]
    every = [discounts(sub, item, at, once=True) for item in items]
    some = taken_off(items, running)
    full = some if every == running else taken_off(items, every)
    made = {}
    for item, *off in zip(items, some, full, strict=True):
        parts = (item.price.amount(item.quantity), *off)
        made[item.id] = Worth(*(stated(sub, item, part) for part in parts))
    return made


def stated(sub: Sub, item: Item, gross: Fraction) -> int:
    return micro_units(net(sub, item, gross), item.price.currency) if gross else 0


def net(sub: Sub, item: Item, gross: Fraction) -> Fraction:
    for rate in item.tax_rates or sub.tax_rates:
        gross = rate.net(gross)
    return gross


def discounts(sub: Sub, item: Item, at: int, *, once: bool) -> list[Discount]:
    """The discounts in force on an item, in the order in which Stripe applies them."""
    used = item.once if at < item.period[1] else []
    own = [*item.discounts, *(d for d in used if d.subscription_item == item.id)]
    shared = [*inherited(sub, at), *(d for d in used if d.subscription_item is None)]
    found = [*in_force(own, at, once=once), *in_force(shared, at, once=once)]
    return [discount for discount in found if discount.fits(item.price)]


def inherited(sub: Sub, at: int) -> list[Discount]:
    """The subscription's discounts; they and those of its items replace the customer's."""
    used = [d for item in sub.items if at < item.period[1] for d in item.once if d.subscription]
    own = [*sub.discounts, *(d for item in sub.items for d in item.discounts)]
    if used or any(d.end is None or at < d.end for d in own):
        return sub.discounts
    customer = sub.customer.discount
    return [customer] if customer else []


def in_force(discounts: Iterable[Discount], at: int, *, once: bool) -> Iterator[Discount]:
    """Running discounts, and with `once` those that the present bill has used."""
    kept = {d.id: d for d in discounts if d.end is None or at < d.end}
    for found in sorted(kept.values(), key=lambda d: (d.start, d.id)):
        if not found.once or (once and found.used_by):
            yield found


def taken_off(items: list[Item], applied: list[list[Discount]]) -> list[Fraction]:
    """What the discounts take off each item of one bill, in minor units."""
    if not any(applied):
        return [NOTHING] * len(items)
    whole = [item.price.amount(item.quantity) for item in items]
    left = list(whole)
    for discount in ordered(applied):
        eligible = [n for n, own in enumerate(applied) if discount in own]
        weights = [left[n] for n in eligible]
        for n, off in zip(
            eligible, shares(discount, items[0].price.currency, weights), strict=True
        ):
            left[n] -= off
    return [before - after for before, after in zip(whole, left, strict=True)]


def ordered(applied: list[list[Discount]]) -> list[Discount]:
    """Each discount once: those of single items first, then the shared ones."""
    every = {d.id: d for own in applied for d in own}
    return sorted(every.values(), key=lambda d: (d.subscription_item is None, d.start, d.id))


def shares(discount: Discount, currency: str, weights: list[Fraction]) -> list[Fraction]:
    """One discount's parts by item: by amount, whole micro-units, largest remainder, floor 0."""
    coupon = discount.coupon
    if coupon.percent_off is not None:
        return [weight * Fraction(coupon.percent_off) / 100 for weight in weights]
    total = sum(weights)
    off = Fraction(coupon.amount_off or 0)
    if off >= total:
        return weights
    unit = micro_units(Fraction(1), currency)
    exact = [off * unit * weight / total for weight in weights]
    floors = [int(part) for part in exact]
    short = int(off * unit) - sum(floors)
    by_rest = sorted(range(len(exact)), key=lambda n: (floors[n] - exact[n], n))
    for n in by_rest[:short]:
        floors[n] += 1
    return [Fraction(part, unit) for part in floors]
