"""Most subscriptions sell one thing at one price, and all that is known of them says the same.

Nothing has to be weighed then: only one fact has a track, how well the one price is known. That is
what the tracks of every fact would come to, at a fraction of the cost. Wherever anything is special
the answer is None, and they decide; tests hold the two against each other.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from tenure import Item, Point, micros
from tenure_connectors.stripe.catalog import Catalog
from tenure_connectors.stripe.events import Snapshot, snapshots
from tenure_connectors.stripe.life.conditions import (
    condition_at,
    end_of,
    is_made_later,
    request_of,
    start_of,
)
from tenure_connectors.stripe.life.history import Evidence
from tenure_connectors.stripe.life.lines import Charge, charges_of
from tenure_connectors.stripe.life.points import ended
from tenure_connectors.stripe.life.prices import UnpricedError, minor_unit
from tenure_connectors.stripe.life.standing import AT_ONCE, was_paid_in_time
from tenure_connectors.stripe.life.terms import Pricing, Sale, Terms
from tenure_connectors.stripe.life.times import instant
from tenure_connectors.stripe.life.tracks import Said, Step, Trust, fold
from tenure_connectors.stripe.shapes import Subscription, SubscriptionItem, TaxRate, id_of


def plain(evidence: Evidence) -> Item | None:
    """The one item of a subscription of which nothing is special; None for every other."""
    sub, now = evidence.subscription, int(evidence.now.timestamp())
    if sub is None or _has_more(evidence) or not _is_plain(sub):
        return None
    item = _only_item(sub)
    if item is None:
        return None
    terms = _terms(item)
    sale = _sale(evidence.catalog, terms, sub.currency)
    billed = _billed(evidence, item.id, terms, free=sale.gross <= 0) if sale else None
    start, over = start_of(sub), end_of(sub) or now
    if sale is None or billed is None or not max([start, *map(_start, billed)]) < over <= now:
        return None
    seen = snapshots(evidence.observations)
    if not all(start <= one.at <= now and _shows(one.subscription, item.id, terms) for one in seen):
        return None
    seen.append(Snapshot(now, sub, sub.id, before=True, order=len(seen) + 1))
    said = [
        *(Said(one.start, terms, Trust.INFERRED, one.ref) for one in billed),
        *(Said(one.at, terms, Trust.OBSERVED, one.ref, one.before, one.order) for one in seen),
    ]
    return Item(id=item.id, points=_points(sub, fold(said, start), sale))


def _has_more(evidence: Evidence) -> bool:
    """Whether more is known than the subscription itself, then and now, and its invoices."""
    customer, sub = evidence.customer, evidence.subscription
    discounted = customer is not None and customer.discount is not None
    other = any("discount" in str(one.data["type"]) for one in evidence.observations)
    over = bool(evidence.observations) and sub is not None and sub.status != "active"
    more = evidence.invoice_items or evidence.schedule or evidence.discounts
    return bool(more or discounted or other or over)


def _is_plain(sub: Subscription) -> bool:
    """Whether it is active, or ended without having been asked to before."""
    if sub.discount or sub.discounts or sub.pause_collection or not id_of(sub.customer):
        return False
    if sub.trial_start is not None or sub.trial_end is not None or _taxed(sub.default_tax_rates):
        return False
    end = end_of(sub)
    if sub.status == "active":
        return end is None
    return sub.status == "canceled" and end is not None and request_of(sub) is None


def _only_item(sub: Subscription) -> SubscriptionItem | None:
    items = sub.items.data if sub.items else ()
    if len(items) != 1:
        return None
    (item,) = items
    special = item.deleted or item.discounts or _taxed(item.tax_rates)
    return None if special or is_made_later(item, sub) else item


def _terms(item: SubscriptionItem) -> Terms:
    quantity = 1 if item.quantity is None else item.quantity
    return Terms(id_of(item.price or item.plan) or "", quantity)


def _shows(sub: Subscription, item: str, terms: Terms) -> bool:
    """Whether it was plain and active on the same terms when it was seen."""
    one = _only_item(sub) if sub.status == "active" and _is_plain(sub) else None
    return one is not None and one.id == item and _terms(one) == terms


def _taxed(rates: Sequence[TaxRate] | None) -> bool:
    """Whether a tax is part of the price."""
    return any(rate.inclusive for rate in rates or ())


def _sale(catalog: Catalog, terms: Terms, currency: str | None) -> Sale | None:
    """What the list says of the terms, found once; None where it does not, and for usage."""
    key, pricing = (terms, currency), Pricing(catalog, currency)
    if key not in catalog.sales:
        try:
            catalog.sales[key] = None if pricing.is_metered(terms) else pricing.sale("", terms)
        except UnpricedError:
            catalog.sales[key] = None
    found: Sale | None = catalog.sales[key]
    return found


def _billed(evidence: Evidence, item: str, terms: Terms, *, free: bool) -> list[Charge] | None:
    """The one line of every invoice in order of time; None if any says something else."""
    billed: list[Charge] = []
    for invoice in evidence.invoices:
        charges = [*charges_of(invoice, evidence.id, evidence.catalog)]
        if not charges:
            continue
        discounts = invoice.discount or invoice.discounts
        if len(charges) > 1 or discounts or not was_paid_in_time(invoice):
            return None
        if any(line.discounts for line in invoice.lines.data):
            return None
        billed += charges
    if not all(_says(charge, item, terms, free=free) for charge in billed):
        return None
    billed.sort(key=_start)
    in_a_row = (a.start < b.start <= a.end + AT_ONCE for a, b in pairwise(billed))
    return billed if all(in_a_row) else None


def _start(charge: Charge) -> int:
    return charge.start


def _says(charge: Charge, item: str, terms: Terms, *, free: bool) -> bool:
    """Whether a line bills a full period of these terms, no trial, no discount and no tax in it."""
    same = charge.item == item and (id_of(charge.price), charge.quantity) == terms
    full = not charge.proration and (charge.amount != 0 or free)
    return same and full and charge.net in {None, 1} and not charge.discounts


def _points(sub: Subscription, steps: Sequence[Step[Terms]], sale: Sale) -> list[Point]:
    """One wherever the terms are known better, and one where it ended."""
    first = Point(
        effective_at=instant(steps[0].at),
        amount=round(sale.gross * minor_unit(sale.currency)),
        quantity=micros(steps[0].value.quantity),
        currency=sale.currency,
        interval=sale.cadence.interval,
        interval_count=sale.cadence.count,
        plan=sale.plan,
        product=sale.product,
        state_since=instant(steps[0].at),
        evidence=steps[0].trust.evidence,
        source_ref=steps[0].ref,
    )
    points = [first]
    for step in steps[1:]:
        at, evidence = instant(step.at), step.trust.evidence
        points.append(replace(first, effective_at=at, evidence=evidence, source_ref=step.ref))
    end = end_of(sub)
    if end is not None:
        cause = condition_at(sub, end)[1]
        points.append(replace(ended(points[-1], end, cause, Trust.OBSERVED), source_ref=sub.id))
    return points
