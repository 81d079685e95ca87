"""Which discounts a subscription had, what they take off, and when each was in force."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tenure_connectors.stripe.catalog import Catalog
from tenure_connectors.stripe.conditions import items_of
from tenure_connectors.stripe.discounts import Deal
from tenure_connectors.stripe.events import DiscountEvent, Snapshot
from tenure_connectors.stripe.invoices import Service
from tenure_connectors.stripe.prices import minor_unit
from tenure_connectors.stripe.shapes import Customer, Discount, Invoice, Subscription, id_of
from tenure_connectors.stripe.tracks import Said, Step, Trust, fold

AT_ONCE = 5
"""Seconds between a subscription and the discount that it was made with."""


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice with its full periods of service, and the discounts that it carries by key.

    A discount's value is what it took off, in minor units, or None where only its name is there.
    """

    invoice: Invoice
    services: Sequence[Service]
    carried: Mapping[str, int | None]

    @property
    def renewed(self) -> list[Service]:
        """What was billed in advance and had a price: what discounts apply to."""
        return [s for s in self.services if not s.metered and not s.trial and s.bill.amount]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """Everything that may say something of discounts; `snapshots` end with the current state."""

    start: int
    now: int
    currency: str
    snapshots: Sequence[Snapshot]
    events: Sequence[DiscountEvent]
    customer: Customer | None
    billed: Sequence[Billed]


@dataclass(frozen=True, slots=True)
class Granted:
    """A discount and the steps of its being in force; without `deal` it is not understood."""

    key: str
    deal: Deal | None
    item: str | None
    steps: Sequence[Step[bool]]


@dataclass(frozen=True, slots=True)
class _Found:
    key: str
    place: tuple[int, int] = (0, 0)
    item: str | None = None
    of_customer: bool = False
    discount: Discount | None = None


def granted(seen: Sightings, catalog: Catalog) -> list[Granted]:
    """All discounts there ever were, in the order in which the source applies them."""
    found = _found(seen)
    ordered = sorted(found.values(), key=lambda f: (f.place, _start(f), f.key))
    return [_granted(one, seen, catalog) for one in ordered]


def billed(invoice: Invoice, services: Sequence[Service]) -> Billed:
    """The invoice with the discounts that it carries."""
    carried: dict[str, int | None] = {}
    for one in _on_invoice(invoice):
        carried.setdefault(_key(one), None)
    for service in services:
        for charge in service.charges:
            for taken in charge.discounts:
                if taken.discount is not None:
                    key = _key(taken.discount)
                    carried[key] = (carried.get(key) or 0) + taken.amount
    return Billed(invoice, services, carried)


# --- what there was


def _found(seen: Sightings) -> dict[str, _Found]:
    """By key; what a subscription or customer says of a discount is more than what bills say."""
    found: dict[str, _Found] = {}
    for one in _mentions(seen):
        known = found.get(one.key)
        if known is None:
            found[one.key] = one
        else:
            told = known.discount if _tells(known.discount) else one.discount
            found[one.key] = replace(known, discount=told or known.discount)
    return found


def _mentions(seen: Sightings) -> Iterator[_Found]:
    latest_first = sorted(seen.snapshots, key=lambda s: (s.at, s.order), reverse=True)
    for snapshot in latest_first:
        for place, (item, one) in enumerate(_listed(snapshot.subscription)):
            yield _mention(one, (0, place), item)
    if seen.customer is not None and seen.customer.discount is not None:
        yield replace(_mention(seen.customer.discount, (2, 0), None), of_customer=True)
    for event in sorted(seen.events, key=lambda e: (e.at, e.ref)):
        own = event.discount.subscription is None
        item = event.discount.subscription_item
        yield replace(_mention(event.discount, (1, 0), item), of_customer=own)
    for bill in sorted(seen.billed, key=lambda b: b.invoice.id):
        for place, one in enumerate(_on_invoice(bill.invoice)):
            yield _by_its_own_word(_mention(one, (1, place), None))
        for service in bill.services:
            for charge in service.charges:
                for taken in charge.discounts:
                    if taken.discount is not None:
                        yield _by_its_own_word(_mention(taken.discount, (1, 99), None))


def _mention(one: Discount | str, place: tuple[int, int], item: str | None) -> _Found:
    return _Found(_key(one), place, item, discount=one if isinstance(one, Discount) else None)


def _by_its_own_word(found: _Found) -> _Found:
    """A discount on a bill says itself what it is of."""
    d = found.discount
    if d is None:
        return found
    own = d.subscription is None and d.subscription_item is None and d.invoice is None
    return replace(found, item=d.subscription_item, of_customer=own and d.customer is not None)


def _tells(discount: Discount | None) -> bool:
    return discount is not None and (discount.coupon is not None or discount.source is not None)


def _listed(sub: Subscription) -> Iterator[tuple[str | None, Discount | str]]:
    for name, item in items_of(sub):
        for one in item.discounts or ():
            yield name, one
    for one in sub.discounts or ([sub.discount] if sub.discount else ()):
        yield None, one


def _on_invoice(invoice: Invoice) -> Iterator[Discount | str]:
    yield from invoice.discounts or ([invoice.discount] if invoice.discount else ())
    for line in invoice.lines.data:
        yield from line.discounts or ()


def _key(one: Discount | str) -> str:
    if isinstance(one, str):
        return one
    coupon = one.coupon or (one.source.coupon if one.source else None)
    return one.id or f"{id_of(coupon)}@{one.subscription_item or ''}"


# --- what it takes off


def _granted(found: _Found, seen: Sightings, catalog: Catalog) -> Granted:
    deal = _deal(found, seen, catalog)
    once = deal is not None and deal.once
    said = list(_once(found, seen) if once else _running(found, deal, seen))
    return Granted(found.key, deal, found.item, fold(said, seen.start))


def _deal(found: _Found, seen: Sightings, catalog: Catalog) -> Deal | None:
    coupon = catalog.coupon(found.discount) if found.discount else None
    if coupon is None:
        return _from_amounts(found, seen)
    amount = coupon.amount_off
    option = (coupon.currency_options or {}).get(seen.currency.lower())
    if option is not None:
        amount = option.amount_off
    elif amount is not None and (coupon.currency or "").upper() != seen.currency:
        return None
    return Deal(
        percent=None if coupon.percent_off is None else Fraction(coupon.percent_off),
        amount=None if amount is None else amount * minor_unit(seen.currency),
        item=found.item,
        products=frozenset(coupon.applies_to.products) if coupon.applies_to else None,
        once=coupon.duration == "once" or bool(found.discount and found.discount.invoice),
        of_customer=found.of_customer,
    )


def _from_amounts(found: _Found, seen: Sightings) -> Deal | None:
    """A discount whose coupon nobody tells: what it last took off, and whether that was once."""
    by_time = sorted(seen.billed, key=lambda bill: (bill.invoice.created or 0, bill.invoice.id))
    took = [amount for bill in by_time if (amount := bill.carried.get(found.key)) is not None]
    if not took:
        return None
    unit = minor_unit(seen.currency)
    once = len(took) == 1 and found.discount is None
    return Deal(amount=took[-1] * unit, item=found.item, once=once, of_customer=found.of_customer)


# --- when it was in force


def _once(found: _Found, seen: Sightings) -> Iterator[Said[bool]]:
    """For the period of the first bill that carries it; until there is one, from its start on."""
    used = [
        (min(s.start for s in bill.renewed), max(s.end for s in bill.renewed), bill.renewed[0].ref)
        for bill in seen.billed
        if found.key in bill.carried and bill.renewed
    ]
    yield Said(seen.start, value=False, trust=Trust.ASSUMED, ref=found.key)
    if used:
        start, end, ref = min(used)
        yield Said(start, value=True, trust=Trust.INFERRED, ref=ref)
        yield Said(end, value=False, trust=Trust.INFERRED, ref=ref)
    elif found.discount is not None and found.discount.start is not None:
        yield Said(found.discount.start, value=True, trust=Trust.OBSERVED, ref=found.key)
        yield from _in_snapshots(found, seen)


def _running(found: _Found, deal: Deal | None, seen: Sightings) -> Iterator[Said[bool]]:
    """From its own start to its own end, unless something says that it was taken away."""
    start, end = _start(found), found.discount.end if found.discount else None
    if start:
        yield Said(seen.start, value=False, trust=Trust.ASSUMED, ref=found.key)
        yield Said(start, value=True, trust=Trust.OBSERVED, ref=found.key)
    if end is not None:
        yield Said(end, value=False, trust=Trust.OBSERVED, ref=found.key)
    for bill in seen.billed:
        yield from _on_bill(found, deal, bill, start, end)
    yield from _in_snapshots(found, seen)
    for event in seen.events:
        if _key(event.discount) == found.key:
            yield Said(event.at, event.given, Trust.OBSERVED, event.ref)
    yield from _at_customer(found, seen)


def _start(found: _Found) -> int:
    return (found.discount.start or 0) if found.discount else 0


def _on_bill(
    found: _Found, deal: Deal | None, bill: Billed, start: int, end: int | None
) -> Iterator[Said[bool]]:
    """A bill for an item that it is for either carries it, or it was not in force."""
    concerned = [s for s in bill.renewed if found.item in {None, s.item}]
    if not concerned:
        return
    at, ref = min(s.start for s in concerned), concerned[0].ref
    if found.key in bill.carried:
        if end is None or at < end:
            yield Said(at, value=True, trust=Trust.INFERRED, ref=ref)
    elif at >= start and not (found.of_customer and bill.carried) and not (deal and deal.products):
        yield Said(at, value=False, trust=Trust.INFERRED, ref=ref)


def _in_snapshots(found: _Found, seen: Sightings) -> Iterator[Said[bool]]:
    if found.of_customer:
        return
    end = found.discount.end if found.discount else None
    for s in seen.snapshots:
        on = any(_key(one) == found.key for _, one in _listed(s.subscription))
        on = on and (end is None or s.at <= end)
        yield Said(s.at, on, Trust.OBSERVED, s.ref, s.before, s.order)


def _at_customer(found: _Found, seen: Sightings) -> Iterator[Said[bool]]:
    """The customer shows its discount now; a deleted one shows none, whatever it had."""
    customer = seen.customer
    if not found.of_customer or customer is None or customer.deleted:
        return
    end = found.discount.end if found.discount else None
    on = customer.discount is not None and _key(customer.discount) == found.key
    on = on and (end is None or seen.now < end)
    yield Said(seen.now, on, Trust.OBSERVED, customer.id, before=True)
