"""Which discounts a subscription had, what they take off, and when each was in force."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from tenure_connectors.stripe.events import DiscountEvent, Snapshot
from tenure_connectors.stripe.life.conditions import items_of
from tenure_connectors.stripe.life.discounts import Deal
from tenure_connectors.stripe.life.invoices import Service
from tenure_connectors.stripe.life.lines import Charge
from tenure_connectors.stripe.life.prices import minor_unit
from tenure_connectors.stripe.life.terms import Pricing
from tenure_connectors.stripe.life.tracks import Said, Step, Trust, fold
from tenure_connectors.stripe.shapes import Coupon, Customer, Discount, Invoice, Subscription, id_of


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice with its full periods of service, and the discounts that it carries.

    `carried` has what each took off by its key, in minor units, None where no line says it.
    """

    invoice: Invoice
    services: Sequence[Service]
    named: Sequence[Discount | str]
    carried: Mapping[str, int | None]

    @property
    def ahead(self) -> list[Service]:
        """What was billed in advance, be it free."""
        return [s for s in self.services if not s.metered and not s.trial]

    @property
    def renewed(self) -> list[Service]:
        """What was billed in advance and had a price: what discounts apply to."""
        return [s for s in self.ahead if s.bill.amount]

    @property
    def ref(self) -> str:
        """The first line that a discount applies to, if there is one."""
        return next((s.ref for s in [*self.renewed, *self.services]), self.invoice.id)

    @property
    def start(self) -> int:
        """When the billed periods begin; without any, when the invoice was made."""
        made = self.invoice.created or 0
        return min((service.start for service in self.renewed), default=made)

    @property
    def end(self) -> int:
        """When the billed periods end."""
        return max((service.end for service in self.renewed), default=self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """Everything that may say something of discounts; `snapshots` end with the current state."""

    start: int
    now: int
    pricing: Pricing
    snapshots: Sequence[Snapshot]
    events: Sequence[DiscountEvent]
    customer: Customer | None
    told: Sequence[Discount]
    charges: Sequence[Charge]
    billed: Sequence[Billed]


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


@dataclass(frozen=True, slots=True)
class _Found:
    key: str
    place: tuple[int, int] = (0, 0)
    item: str | None = None
    of_customer: bool = False
    discount: Discount | None = None


def granted(seen: Sightings) -> list[Granted]:
    """All discounts there ever were, in the order in which the source applies them."""
    found = _found(seen)
    theirs = {one.key for one in found.values() if one.of_customer}
    ordered = sorted(found.values(), key=lambda f: (_start(f), f.place, f.key))
    return [_granted(one, seen, theirs) for one in ordered]


def billed(invoice: Invoice, services: Sequence[Service]) -> Billed:
    """The invoice with the discounts that it carries."""
    charges = (charge for service in services for charge in service.charges)
    taken = [t for charge in charges for t in charge.discounts if t.discount is not None]
    named = [*_on_invoice(invoice), *(t.discount for t in taken if t.discount is not None)]
    carried: dict[str, int | None] = dict.fromkeys(map(_key, named))
    for t in taken:
        key = _key(t.discount or "")
        carried[key] = (carried[key] or 0) + t.amount
    return Billed(invoice, services, named, carried)


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
    """From what tells most of where a discount belongs to what tells least."""
    for snapshot in sorted(seen.snapshots, key=lambda s: (s.at, s.order), reverse=True):
        for place, (item, one) in enumerate(_listed(snapshot.subscription)):
            yield _mention(one, (0, place), item)
    if seen.customer is not None and seen.customer.discount is not None:
        yield replace(_mention(seen.customer.discount, (2, 0), None), of_customer=True)
    events = sorted(seen.events, key=lambda e: (e.at, e.ref))
    for one in (*(event.discount for event in events), *seen.told):
        yield _by_its_own_word(_mention(one, (1, 0), None))
    for bill in sorted(seen.billed, key=lambda b: b.invoice.id):
        for place, one in enumerate(bill.named):
            yield _by_its_own_word(_mention(one, (1, place), None))


def _mention(one: Discount | str, place: tuple[int, int], item: str | None) -> _Found:
    return _Found(_key(one), place, item, discount=one if isinstance(one, Discount) else None)


def _by_its_own_word(found: _Found) -> _Found:
    """What a discount says itself that it is of: an item, a subscription, or a customer."""
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


def _granted(found: _Found, seen: Sightings, theirs: Set[str]) -> Granted:
    """The discount with its steps; `theirs` are those of the customer, which others replace."""
    coupon = seen.pricing.catalog.coupon(found.discount) if found.discount else None
    deal = _from_amounts(found, seen) if coupon is None else _deal(found, coupon, seen)
    said = _once(found, seen) if deal and deal.once else _running(found, deal, seen, theirs)
    steps = fold(said, seen.start)
    if coupon is None:  # what it takes off is a guess, however well its dates are known
        steps = [step._replace(trust=Trust.ASSUMED) for step in steps]
    return Granted(found.key, deal, found.of_customer, steps, found.item)


def _deal(found: _Found, coupon: Coupon, seen: Sightings) -> Deal | None:
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


def _from_amounts(found: _Found, seen: Sightings) -> Deal | None:
    """A discount whose coupon nobody tells: what it last took off, and whether that was once."""
    by_time = sorted(seen.billed, key=lambda bill: (bill.invoice.created or 0, bill.invoice.id))
    took = [bill for bill in by_time if bill.carried.get(found.key)]
    if not took:
        return None
    latest = max(seen.snapshots, key=lambda s: (s.at, s.order), default=None)
    listed = latest is not None and found.key in {
        _key(one) for _, one in _listed(latest.subscription)
    }
    unit = minor_unit((took[-1].invoice.currency or "").upper())
    amount = took[-1].carried[found.key] or 0
    once = len(took) == 1 and not listed
    return Deal(amount=amount * unit, of_item=found.item is not None, once=once)


# --- when it was in force


def _once(found: _Found, seen: Sightings) -> Iterator[Said[Reach]]:
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


def _concerns(found: _Found, service: Service) -> bool:
    return found.item in {None, service.item}


def _running(
    found: _Found, deal: Deal | None, seen: Sightings, theirs: Set[str]
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
        if _key(event.discount) == found.key:
            yield Said(event.at, full if event.given else GONE, Trust.OBSERVED, event.ref)
    yield from _at_customer(found, seen)


def _begins(found: _Found, reach: Reach, seen: Sightings) -> Iterator[Said[Reach]]:
    """It may have been there before the subscription was, if it is the customer's."""
    start = _start(found)
    if start > seen.start or (not start and reach is WAITING):
        yield Said(seen.start, GONE, Trust.ASSUMED, found.key)
    if start:
        at = max(start, seen.start)
        yield Said(at, GONE if _over(found, at) else reach, Trust.OBSERVED, found.key)


def _full(found: _Found) -> Reach:
    return Reach(there=True, items=None if found.item is None else frozenset({found.item}))


def _start(found: _Found) -> int:
    return (found.discount.start or 0) if found.discount else 0


def _over(found: _Found, at: int) -> bool:
    end = found.discount.end if found.discount else None
    return end is not None and at >= end


def _on_bill(
    found: _Found, deal: Deal | None, bill: Billed, pricing: Pricing, theirs: Set[str]
) -> Iterator[Said[Reach]]:
    """A bill for an item that it is for either carries it, or it was not in force.

    One that carries the customer's says so whatever it bills, as it would replace that.
    """
    products = deal.products if deal else None
    alone = not (found.of_customer or theirs.isdisjoint(bill.carried))
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
        if not _over(found, at):
            yield Said(at, _full(found), Trust.INFERRED, ref)
    elif at >= _start(found) and not replaced:
        yield Said(at, GONE, Trust.INFERRED, ref)


def _in_snapshots(found: _Found, seen: Sightings, listed: Reach) -> Iterator[Said[Reach]]:
    if found.of_customer:
        return
    for s in seen.snapshots:
        if found.item is not None and found.item not in dict(items_of(s.subscription)):
            continue  # gone with its item, not taken away
        there = any(_key(one) == found.key for _, one in _listed(s.subscription))
        reach = listed if there and not _over(found, s.at - s.before) else GONE
        yield Said(s.at, reach, Trust.OBSERVED, s.ref, s.before, s.order)


def _at_customer(found: _Found, seen: Sightings) -> Iterator[Said[Reach]]:
    """The customer shows its discount now; a deleted one shows none, whatever it had."""
    customer = seen.customer
    if not found.of_customer or customer is None or customer.deleted:
        return
    there = customer.discount is not None and _key(customer.discount) == found.key
    reach = _full(found) if there and not _over(found, seen.now) else GONE
    yield Said(seen.now, reach, Trust.OBSERVED, customer.id, before=True)
