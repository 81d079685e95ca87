"""Which discounts a subscription had, what they take off, and when each was in force."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from tenure_connectors.stripe.life.conditions import items_of
from tenure_connectors.stripe.life.discounts import Deal
from tenure_connectors.stripe.life.invoices import Service
from tenure_connectors.stripe.life.prices import minor_unit
from tenure_connectors.stripe.life.sightings import (
    Billed,
    Found,
    Sightings,
    found_in,
    key_of,
    listed_on,
)
from tenure_connectors.stripe.life.terms import Pricing
from tenure_connectors.stripe.life.tracks import Said, Step, Trust, fold, in_force
from tenure_connectors.stripe.shapes import Coupon


class Reach(NamedTuple):
    """Whether a discount is there, and what it is in force for: `items` (None: all there are).

    One for once is there before any bill carries it; until then it is in force for nothing.
    """

    there: bool
    items: frozenset[str] | None = None


GONE = Reach(there=False, items=frozenset())
WAITING = Reach(there=True, items=frozenset())


@dataclass(frozen=True, slots=True)
class Granted:
    """A discount, the item it is of (None: all), and the steps of its reach.

    Without `deal` it is not understood.
    """

    key: str
    deal: Deal | None
    of_customer: bool
    steps: Sequence[Step[Reach]]
    item: str | None


def granted(seen: Sightings) -> list[Granted]:
    """All discounts there ever were, in the order in which the source applies them."""
    found = found_in(seen)
    theirs = {one.key for one in found.values() if one.of_customer}
    ordered = sorted(found.values(), key=lambda f: (f.start, f.place, f.key))
    return [_granted(one, seen, theirs) for one in ordered]


# --- what it takes off


def _granted(found: Found, seen: Sightings, theirs: Collection[str]) -> Granted:
    """The discount with its steps; `theirs` are those of the customer, which others replace."""
    coupon = seen.pricing.catalog.coupon(found.discount) if found.discount else None
    deal = _from_amounts(found, seen) if coupon is None else _deal(found, coupon, seen)
    said = _once(found, seen) if deal and deal.once else _running(found, deal, seen, theirs)
    steps = _when_made(fold(said, seen.start), seen)
    if coupon is None:  # what it takes off is a guess, however well its dates are known
        steps = [step._replace(trust=Trust.ASSUMED) for step in steps]
    return Granted(found.key, deal, found.of_customer, steps, found.item)


def _when_made(steps: Sequence[Step[Reach]], seen: Sightings) -> list[Step[Reach]]:
    """What was there when a subscription was made counts from its start, which may be earlier."""
    then = in_force(steps, seen.made)
    since = [then._replace(at=seen.start)] if then else []
    return [*since, *(step for step in steps if step.at > seen.made)]


def _deal(found: Found, coupon: Coupon, seen: Sightings) -> Deal | None:
    amount, own = coupon.amount_off, (coupon.currency or "").upper()
    currency = seen.pricing.currency or own
    option = (coupon.currency_options or {}).get(currency.lower())
    if option is not None:
        amount = option.amount_off
    elif amount is not None and own != currency:
        return None
    return Deal(
        percent=None if coupon.percent_off is None else Fraction(coupon.percent_off),
        amount=None if amount is None else amount * minor_unit(currency),
        of_item=found.item is not None,
        products=frozenset(coupon.applies_to.products) if coupon.applies_to else None,
        once=coupon.duration == "once" or bool(found.discount and found.discount.invoice),
    )


def _from_amounts(found: Found, seen: Sightings) -> Deal | None:
    """A discount whose coupon nobody tells: what it last took off, and whether that was once."""
    by_time = sorted(seen.billed, key=lambda bill: (bill.invoice.created or 0, bill.invoice.id))
    took = [bill for bill in by_time if bill.carried.get(found.key)]
    if not took:
        return None
    latest = max(seen.snapshots, key=lambda s: (s.at, s.order), default=None)
    listed = latest is not None and found.key in {
        key_of(one) for _, one in listed_on(latest.subscription)
    }
    unit = minor_unit((took[-1].invoice.currency or "").upper())
    amount = took[-1].carried[found.key] or 0
    once = len(took) == 1 and not listed
    return Deal(amount=amount * unit, of_item=found.item is not None, once=once)


# --- when it was in force


def _once(found: Found, seen: Sightings) -> Iterator[Said[Reach]]:
    """It waits from its start on, and is in force for what the bill that carries it bills.

    A bill also names one that it takes nothing off, as none of its lines is eligible: only the
    lines' `discount_amounts` say which bill used it up (docs.stripe.com/api/invoice-line-item).
    """
    yield from _begins(found, WAITING, seen)
    bills = [bill for bill in seen.billed if bill.carried.get(found.key) is not None]
    if not bills:
        yield from _in_snapshots(found, seen, WAITING)
        return
    took = [bill for bill in bills if bill.carried[found.key]]
    bill = min(took or bills, key=lambda one: (one.start, one.invoice.id))
    spans = {s.item: (s.start, _until(s, seen)) for s in bill.ahead if _concerns(found, s)}
    edges = {bill.start, *(edge for span in spans.values() for edge in span)}
    for at in sorted(edges):
        within = frozenset(item for item, (start, end) in spans.items() if start <= at < end)
        reach = Reach(there=True, items=within) if within else GONE
        yield Said(at, reach, Trust.OBSERVED, bill.ref)


def _until(service: Service, seen: Sightings) -> int:
    """The end of a period, or where the item was billed anew before it."""
    anew = (
        charge.start
        for charge in seen.charges
        if charge.item == service.item
        and not charge.credit
        and service.start < charge.start < service.end
        and (charge.end > service.end or not seen.pricing.as_often(charge.price, service.terms))
    )
    return min(anew, default=service.end)


def _concerns(found: Found, service: Service) -> bool:
    return found.item in {None, service.item}


def _running(
    found: Found, deal: Deal | None, seen: Sightings, theirs: Collection[str]
) -> Iterator[Said[Reach]]:
    """From its own start to its own end, unless something says that it was taken away."""
    full = _full(found)
    end = found.discount.end if found.discount else None
    yield from _begins(found, full, seen)
    if end is not None:
        yield Said(end, GONE, Trust.OBSERVED, found.key)
    for bill in seen.billed:
        yield from _on_bill(found, deal, bill, seen.pricing, theirs)
    yield from _in_snapshots(found, seen, full)
    for event in seen.events:
        if key_of(event.discount) == found.key:
            yield Said(event.at, full if event.given else GONE, Trust.OBSERVED, event.ref)
    yield from _at_customer(found, seen)


def _begins(found: Found, reach: Reach, seen: Sightings) -> Iterator[Said[Reach]]:
    """It may have been there before the subscription was, if it is the customer's."""
    start = found.start
    if start > seen.start or (not start and reach is WAITING):
        yield Said(seen.start, GONE, Trust.ASSUMED, found.key)
    if start:
        at = max(start, seen.start)
        yield Said(at, GONE if found.over(at) else reach, Trust.OBSERVED, found.key)


def _full(found: Found) -> Reach:
    return Reach(there=True, items=None if found.item is None else frozenset({found.item}))


def _on_bill(
    found: Found, deal: Deal | None, bill: Billed, pricing: Pricing, theirs: Collection[str]
) -> Iterator[Said[Reach]]:
    """A bill for an item that it is for either carries it, or it was not in force.

    One that carries the customer's says so whatever it bills, as it would replace that.
    """
    products = deal.products if deal else None
    alone = not (found.of_customer or bill.carried.keys().isdisjoint(theirs))
    concerned = [
        s
        for s in bill.renewed
        if alone
        or (_concerns(found, s) and (products is None or pricing.product_id(s.terms) in products))
    ]
    if not concerned:
        return
    at, ref = min(s.start for s in concerned), concerned[0].ref
    replaced = found.of_customer and bill.carried
    if found.key in bill.carried:
        if not found.over(at):
            yield Said(at, _full(found), Trust.INFERRED, ref)
    elif at >= found.start and not replaced:
        yield Said(at, GONE, Trust.INFERRED, ref)


def _in_snapshots(found: Found, seen: Sightings, listed: Reach) -> Iterator[Said[Reach]]:
    if found.of_customer:
        return
    for s in seen.snapshots:
        if found.item is not None and found.item not in dict(items_of(s.subscription)):
            continue  # gone with its item, not taken away
        there = any(key_of(one) == found.key for _, one in listed_on(s.subscription))
        reach = listed if there and not found.over(s.at - s.before) else GONE
        yield Said(s.at, reach, Trust.OBSERVED, s.ref, s.before, s.order)


def _at_customer(found: Found, seen: Sightings) -> Iterator[Said[Reach]]:
    """The customer shows its discount now; a deleted one shows none, whatever it had."""
    customer = seen.customer
    if not found.of_customer or customer is None or customer.deleted:
        return
    there = customer.discount is not None and key_of(customer.discount) == found.key
    reach = _full(found) if there and not found.over(seen.now) else GONE
    yield Said(seen.now, reach, Trust.OBSERVED, customer.id, before=True)
