"""Everything that may say something of a subscription's discounts, and which it mentions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tenure_connectors.stripe.events import DiscountEvent, Snapshot
from tenure_connectors.stripe.life.conditions import items_of
from tenure_connectors.stripe.life.invoices import Service
from tenure_connectors.stripe.life.lines import Charge
from tenure_connectors.stripe.life.terms import Pricing
from tenure_connectors.stripe.shapes import Customer, Discount, Invoice, Subscription, id_of


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
    """Everything that may say something of discounts; `snapshots` end with the current state.

    `made` is when there was a subscription to have any, however early its service began.
    """

    start: int
    made: int
    now: int
    pricing: Pricing
    snapshots: Sequence[Snapshot]
    events: Sequence[DiscountEvent]
    customer: Customer | None
    told: Sequence[Discount]
    charges: Sequence[Charge]
    billed: Sequence[Billed]


@dataclass(frozen=True, slots=True)
class Found:
    """A discount that anything mentions, by what tells most of where it belongs."""

    key: str
    place: tuple[int, int] = (0, 0)
    item: str | None = None
    of_customer: bool = False
    discount: Discount | None = None

    @property
    def start(self) -> int:
        """When it was given, 0 where nothing says so."""
        return (self.discount.start or 0) if self.discount else 0

    def over(self, at: int) -> bool:
        """Whether its own end has come."""
        end = self.discount.end if self.discount else None
        return end is not None and at >= end


def billed(invoice: Invoice, services: Sequence[Service]) -> Billed:
    """The invoice with the discounts that it carries."""
    charges = (charge for service in services for charge in service.charges)
    taken = [t for charge in charges for t in charge.discounts if t.discount is not None]
    named = [*_on_invoice(invoice), *(t.discount for t in taken if t.discount is not None)]
    carried: dict[str, int | None] = dict.fromkeys(map(key_of, named))
    for t in taken:
        key = key_of(t.discount or "")
        carried[key] = (carried[key] or 0) + t.amount
    return Billed(invoice, services, named, carried)


def found_in(seen: Sightings) -> dict[str, Found]:
    """By key; what a subscription or customer says of a discount is more than what bills say."""
    found: dict[str, Found] = {}
    for one in _mentions(seen):
        known = found.get(one.key)
        if known is None:
            found[one.key] = one
        else:
            told = known.discount if _tells(known.discount) else one.discount
            found[one.key] = replace(known, discount=told or known.discount)
    return found


def _mentions(seen: Sightings) -> Iterator[Found]:
    """From what tells most of where a discount belongs to what tells least."""
    for snapshot in sorted(seen.snapshots, key=lambda s: (s.at, s.order), reverse=True):
        for place, (item, one) in enumerate(listed_on(snapshot.subscription)):
            yield _mention(one, (0, place), item)
    if seen.customer is not None and seen.customer.discount is not None:
        yield replace(_mention(seen.customer.discount, (2, 0), None), of_customer=True)
    events = sorted(seen.events, key=lambda e: (e.at, e.ref))
    for one in (*(event.discount for event in events), *seen.told):
        yield _by_its_own_word(_mention(one, (1, 0), None))
    for bill in sorted(seen.billed, key=lambda b: b.invoice.id):
        for place, one in enumerate(bill.named):
            yield _by_its_own_word(_mention(one, (1, place), None))


def _mention(one: Discount | str, place: tuple[int, int], item: str | None) -> Found:
    return Found(key_of(one), place, item, discount=one if isinstance(one, Discount) else None)


def _by_its_own_word(found: Found) -> Found:
    """What a discount says itself that it is of: an item, a subscription, or a customer."""
    d = found.discount
    if d is None:
        return found
    own = d.subscription is None and d.subscription_item is None and d.invoice is None
    return replace(found, item=d.subscription_item, of_customer=own and d.customer is not None)


def _tells(discount: Discount | None) -> bool:
    return discount is not None and (discount.coupon is not None or discount.source is not None)


def listed_on(sub: Subscription) -> Iterator[tuple[str | None, Discount | str]]:
    """The discounts of a subscription, each with the item that it is of (None: all)."""
    for name, item in items_of(sub):
        for one in item.discounts or ():
            yield name, one
    for one in sub.discounts or ([sub.discount] if sub.discount else ()):
        yield None, one


def _on_invoice(invoice: Invoice) -> Iterator[Discount | str]:
    yield from invoice.discounts or ([invoice.discount] if invoice.discount else ())
    for line in invoice.lines.data:
        yield from line.discounts or ()


def key_of(one: Discount | str) -> str:
    """Its id; before discounts had any, its coupon and its item."""
    if isinstance(one, str):
        return one
    coupon = one.coupon or (one.source.coupon if one.source else None)
    return one.id or f"{id_of(coupon)}@{one.subscription_item or ''}"
