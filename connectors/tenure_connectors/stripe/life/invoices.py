"""What the lines of invoices say of the past of items: inferred, and dated by their periods.

A line that bills a full period says which terms an item had from the period's start. A proration
is no amount, but dates a change: its credit says what was before, its debit what came after. Lines
of metered prices are usage.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tenure_connectors.stripe.life.lines import Charge
from tenure_connectors.stripe.life.prices import UnpricedError
from tenure_connectors.stripe.life.terms import Bill, Pricing, Terms
from tenure_connectors.stripe.life.tracks import Said, Trust
from tenure_connectors.stripe.shapes import id_of


class Service(msgspec.Struct, frozen=True, gc=False):
    """All lines of one invoice that bill one item for one period, its tiers added up."""

    ref: str
    item: str
    terms: Terms
    bill: Bill
    start: int
    end: int
    charges: tuple[Charge, ...]
    metered: bool
    trial: bool


def services(charges: Iterable[Charge], pricing: Pricing) -> list[Service]:
    """Full periods of service that were billed, prorations apart; charges come in their order."""
    groups: dict[tuple[object, ...], list[Charge]] = defaultdict(list)
    for c in charges:
        if not c.proration and c.item is not None:
            groups[c.invoice, c.item, id_of(c.price), c.start, c.end].append(c)
    return [_service(group, pricing) for group in groups.values()]


def _service(group: Sequence[Charge], pricing: Pricing) -> Service:
    first = group[0]
    item, start = first.item or "", first.start
    terms = pricing.terms(first.price, sum(c.quantity for c in group))
    bill = Bill(start, sum(c.amount for c in group), first.currency)
    metered = pricing.is_metered(terms)
    trial = not metered and not bill.amount and _costs(item, terms, pricing)
    if not trial:
        pricing.billed(item, terms, bill)
        for c in group:
            pricing.taxed(item, terms, c.net, start)
    return Service(first.ref, item, terms, bill, start, first.end, tuple(group), metered, trial)


def _costs(item: str, terms: Terms, pricing: Pricing) -> bool:
    try:
        return pricing.sale(item, terms).gross > 0
    except UnpricedError:
        return False


# --- terms


def terms_said(
    billed: Iterable[Service], charges: Iterable[Charge], pricing: Pricing
) -> Iterator[tuple[str, Said[Terms | None]]]:
    """What lines say of each item's terms."""
    for service in billed:
        yield service.item, Said(service.start, service.terms, Trust.INFERRED, service.ref)
    changes: dict[tuple[str, int], list[Charge]] = defaultdict(list)
    for c in charges:
        if c.proration and c.item is not None:
            changes[c.item, c.start].append(c)
    for (item, at), group in changes.items():
        for said in _change(at, _whole(group, pricing), pricing):
            yield item, said


def _change(
    at: int, prorations: Iterable[Sequence[Charge]], pricing: Pricing
) -> Iterator[Said[Terms | None]]:
    """Changes of one second: what was credited and not debited was before, and the reverse."""
    credits_: dict[Terms, Charge] = {}
    debits: dict[Terms, Charge] = {}
    for group in prorations:
        terms = pricing.terms(group[0].price, sum(c.quantity for c in group))
        (credits_ if group[0].credit else debits).setdefault(terms, group[0])
    before = [terms for terms in credits_ if terms not in debits]
    after = [terms for terms in debits if terms not in credits_]
    for terms in before[-1:]:
        yield Said(at, terms, Trust.INFERRED, credits_[terms].ref, before=True)
    for terms in after[-1:]:
        yield Said(at, terms, Trust.INFERRED, debits[terms].ref)
    if before and not after:
        yield Said(at, None, Trust.INFERRED, credits_[before[-1]].ref)


def _whole(prorations: Iterable[Charge], pricing: Pricing) -> list[list[Charge]]:
    """The lines of each change together: a tiered price has one for each tier."""
    groups: dict[tuple[object, ...], list[Charge]] = defaultdict(list)
    for c in prorations:
        tiered = pricing.is_tiered(c.price)
        groups[c.invoice, id_of(c.price), c.credit, c.end, "" if tiered else c.ref].append(c)
    return list(groups.values())
