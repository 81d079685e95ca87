"""What invoices say of the past of one subscription: inferred, and dated by the lines' periods.

A line that bills a full period says which terms an item had from the period's start. A proration
is no amount, but dates a change: its credit says what was before, its debit what came after. Lines
of metered prices are usage. What became of the invoice says what the subscription was doing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tenure import Cause, State
from tenure_connectors.stripe.lines import Charge
from tenure_connectors.stripe.prices import UnpricedError
from tenure_connectors.stripe.shapes import Invoice, id_of
from tenure_connectors.stripe.terms import Bill, Pricing, Terms
from tenure_connectors.stripe.tracks import Said, Trust

Condition = tuple[State, Cause | None]
"""What a subscription is doing, and why where it ended or is unpaid."""

AT_ONCE = 86_400
"""Seconds in which an invoice of a paused subscription is made, and voided or written off."""
PROMPT = 60
"""Seconds in which a first payment is made that succeeds at once."""

_ACTIVE: Condition = (State.ACTIVE, None)


@dataclass(frozen=True, slots=True)
class Service:
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
    """Full periods of service that were billed, prorations apart."""
    groups: dict[tuple[object, ...], list[Charge]] = defaultdict(list)
    for c in charges:
        if not c.proration and c.item is not None:
            groups[c.invoice, c.item, id_of(c.price), c.start, c.end].append(c)
    return [_service(sorted(group, key=_ref), pricing) for group in groups.values()]


def _service(group: Sequence[Charge], pricing: Pricing) -> Service:
    first = group[0]
    quantity = sum(c.quantity for c in group)
    net = next((c.net for c in group if c.net is not None), None)
    terms = Terms(id_of(first.price) or "", quantity, first.price, net)
    bill = Bill(sum(c.amount for c in group), first.currency)
    metered = pricing.is_metered(terms)
    item = first.item or ""
    trial = not metered and not bill.amount and _costs(item, terms, pricing)
    if not trial:
        pricing.remember(item, terms, bill, first.start)
    return Service(
        first.ref, item, terms, bill, first.start, first.end, tuple(group), metered, trial
    )


def _costs(item: str, terms: Terms, pricing: Pricing) -> bool:
    try:
        return pricing.sale(item, terms).gross > 0
    except UnpricedError:
        return False


def _ref(charge: Charge) -> str:
    return charge.ref


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
        for said in _change(at, _whole(sorted(group, key=_ref), pricing)):
            yield item, said


def _change(at: int, prorations: Iterable[Sequence[Charge]]) -> Iterator[Said[Terms | None]]:
    """Changes of one second: what was credited and not debited was before, and the reverse."""
    credits_: dict[Terms, Charge] = {}
    debits: dict[Terms, Charge] = {}
    for group in prorations:
        quantity = sum(c.quantity for c in group)
        terms = Terms(id_of(group[0].price) or "", quantity, group[0].price, group[0].net)
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
        price = pricing.catalog.price(c.price)
        tiered = price is not None and price.billing_scheme == "tiered"
        groups[c.invoice, id_of(c.price), c.credit, c.end, "" if tiered else c.ref].append(c)
    return list(groups.values())


# --- conditions


def conditions_said(invoice: Invoice, billed: Sequence[Service]) -> Iterator[Said[Condition]]:
    """What an invoice says of what its subscription was doing."""
    renewed = [service for service in billed if not service.metered]
    if not renewed:
        return
    start = min(service.start for service in renewed)
    ref = renewed[0].ref

    def said(at: int, state: State, cause: Cause | None = None) -> Said[Condition]:
        return Said(at, (state, cause), Trust.INFERRED, ref)

    if all(service.trial for service in renewed):
        yield said(start, State.TRIAL)
        yield said(max(service.end for service in renewed), State.ACTIVE)
        return
    yield said(start, _at_start(invoice))
    for at, state in _dunning(invoice, start):
        yield said(at, state)


def _at_start(invoice: Invoice) -> State:
    done = invoice.status_transitions
    made = invoice.created or invoice.date or 0
    if invoice.status == "void":
        voided = done.voided_at if done else None
        return State.PAUSED if voided is None or voided - made <= AT_ONCE else State.ACTIVE
    if invoice.status == "uncollectible":
        written_off = done.marked_uncollectible_at if done else None
        paused = written_off is not None and written_off - made <= AT_ONCE
        return State.PAUSED if paused else State.ACTIVE
    if invoice.status == "draft" and invoice.auto_advance is False:
        return State.PAUSED_DRAFT
    return State.ACTIVE


def _dunning(invoice: Invoice, start: int) -> Iterator[tuple[int, State]]:
    """From the first payment that failed to the one that did not."""
    done = invoice.status_transitions
    if done is None or invoice.status not in {"open", "paid", "uncollectible"}:
        return
    settled = done.paid_at or done.marked_uncollectible_at
    late = _late_from(invoice, start, settled)
    if late is None:
        return
    yield late
    if settled:
        yield settled, State.ACTIVE


def _late_from(invoice: Invoice, start: int, settled: int | None) -> tuple[int, State] | None:
    done = invoice.status_transitions
    asked = (done.finalized_at if done else None) or invoice.created or start
    if invoice.collection_method == "send_invoice":
        due = invoice.due_date
        late = due is not None and (settled is None or settled > due)
        return (due, State.PAST_DUE) if late and due else None
    if invoice.billing_reason == "subscription_create":
        waits = settled is None or settled - asked > PROMPT
        return (start, State.INCOMPLETE) if waits else None
    tried = invoice.attempt_count or 0
    failed = tried > 1 or (settled is None and tried > 0)
    return (asked, State.PAST_DUE) if failed else None
