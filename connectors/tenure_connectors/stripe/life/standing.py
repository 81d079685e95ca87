"""What became of a subscription's invoices, and so what it was doing: inferred.

voided or written off as soon as made    paused from the start of the period
left a draft                             paused, too; unpaid, if an earlier one is owed
a payment failed                         past due until one succeeds, or it is written off
the first payment is still to come       incomplete until it is made
nothing of the kind                      active from the start of the period
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tenure import Cause, Interval, State
from tenure_connectors.stripe.life.conditions import NEVER, Condition
from tenure_connectors.stripe.life.history import History
from tenure_connectors.stripe.life.prices import UnpricedError, cadence
from tenure_connectors.stripe.life.sightings import Billed
from tenure_connectors.stripe.life.tracks import Said, Trust
from tenure_connectors.stripe.shapes import Invoice, Subscription

AT_ONCE = 86_400
"""Seconds in which an invoice is finalized, or a paused one voided or written off."""
NEXT_HOUR = 7_200
"""Seconds in which it is finalized if nothing delays it."""
PROMPT = 60
"""Seconds in which a first payment is made that succeeds at once."""
_LEAST = {
    Interval.DAY: 86_400,
    Interval.WEEK: 7 * 86_400,
    Interval.MONTH: 28 * 86_400,
    Interval.YEAR: 365 * 86_400,
}
"""Seconds that an interval has at least."""
EXPIRY = 23 * 3600
"""Seconds after which a first payment can no longer make a subscription active: it expires."""


class _Debt(NamedTuple):
    """An invoice is owed from `start` to `end`."""

    start: int
    end: int
    state: State
    ref: str

    def covers(self, at: int) -> bool:
        return self.start <= at < self.end


def conditions_billed(history: History) -> Iterator[Said[Condition]]:
    """What the invoices say, in whatever order they are."""
    billed, latest, now = history.billed, history.latest, history.now
    yield from _gaps(history)
    if latest is not None:
        yield from _after_trial(billed, latest, now)
    debts = _debts(billed, now)
    for bill in billed:
        if bill.services:
            yield from _from_start(bill, debts, latest, now)
        elif bill.invoice.status == "paid":
            yield from _in_between(bill, debts)
    for debt in debts:
        yield _said(debt.start, debt.state, debt.ref)
        if debt.end != NEVER and not any(other.covers(debt.end) for other in debts):
            yield _said(debt.end, State.ACTIVE, debt.ref)


def was_paid_in_time(invoice: Invoice) -> bool:
    """Whether it was finalized, charged and paid as if there were nothing to say of it."""
    done, made = invoice.status_transitions, _made(invoice)
    if invoice.status != "paid" or done is None or done.paid_at is None:
        return False
    if invoice.collection_method == "send_invoice" or (invoice.attempt_count or 0) > 1:
        return False
    asked = done.finalized_at or made
    prompt = done.paid_at - asked <= PROMPT or invoice.billing_reason != "subscription_create"
    return prompt and asked - made <= AT_ONCE


def _said(at: int, state: State, ref: str) -> Said[Condition]:
    cause = Cause.PAYMENT_FAILED if state is State.UNPAID else None
    return Said(at, (state, cause), Trust.INFERRED, ref)


def _after_trial(
    billed: Sequence[Billed], latest: Subscription, now: int
) -> Iterator[Said[Condition]]:
    end, settings = latest.trial_end, latest.trial_settings
    behavior = settings.end_behavior if settings else None
    if end is None or end + AT_ONCE > now or behavior is None:
        return
    went_on = any(s.start == end for bill in billed for s in bill.services)
    if behavior.missing_payment_method == "pause" and billed and not went_on:
        yield _said(end, State.PAUSED, latest.id)


def _gaps(history: History) -> Iterator[Said[Condition]]:
    """Nothing was billed for between two periods: a paused subscription makes no invoices."""
    full = [(s.start, s.end, s.ref) for s in history.services if not s.metered]
    parts = [(c.start, c.end, c.ref) for c in history.charges if c.proration and not c.credit]
    until = NEVER
    for start, end, ref in sorted([*full, *parts, *_given_back(history)]):
        if start - until > AT_ONCE and not _in_trial(history.latest, until):
            yield _said(until, State.PAUSED, ref)
        until = end if until == NEVER else max(until, end)


def _given_back(history: History) -> Iterator[tuple[int, int, str]]:
    """A credit is for the rest of a period that was running, since an interval before its end.

    Source: docs.stripe.com/billing/subscriptions/prorations.
    """
    for c in history.charges:
        if c.credit:
            try:
                often = cadence(history.pricing.price(history.pricing.terms(c.price, c.quantity)))
            except UnpricedError:
                continue
            yield min(c.start, c.end - _LEAST[often.interval] * often.count), c.start, c.ref


def _from_start(
    bill: Billed, debts: Sequence[_Debt], latest: Subscription | None, now: int
) -> Iterator[Said[Condition]]:
    """What became of a bill holds where its periods start.

    One of usage alone is made where that ends (docs.stripe.com/billing/subscriptions/usage-based).
    """
    licensed = [service for service in bill.services if not service.metered]
    services = licensed or bill.services
    start = min(s.start for s in licensed) if licensed else max(s.end for s in services)
    ref = services[0].ref
    owed = any(debt.covers(start) for debt in debts)
    if all(service.trial for service in services):
        end = max(service.end for service in services)
        yield _said(start, State.TRIAL, ref)
        if not _in_trial(latest, end):  # it was moved since
            yield _said(end, State.ACTIVE, ref)
    elif owed:
        if _drafted(bill.invoice, latest, now) > NEXT_HOUR:
            yield _said(start, State.UNPAID, ref)
    elif _drafted(bill.invoice, latest, now) > AT_ONCE:
        yield _said(start, State.PAUSED_DRAFT, ref)
    elif bill.invoice.status != "draft":  # a new draft says nothing yet
        yield _said(start, State.PAUSED if _was_dropped(bill.invoice) else State.ACTIVE, ref)


def _in_trial(latest: Subscription | None, at: int) -> bool:
    if latest is None or latest.trial_start is None or latest.trial_end is None:
        return False
    return latest.trial_start <= at < latest.trial_end


def _in_between(bill: Billed, debts: Sequence[_Debt]) -> Iterator[Said[Condition]]:
    """Prorations that were billed and paid: nothing was paused."""
    at = _made(bill.invoice)
    if not any(debt.covers(at) for debt in debts):
        yield _said(at, State.ACTIVE, bill.ref)


def _made(invoice: Invoice) -> int:
    return invoice.created or invoice.date or 0


def _drafted(invoice: Invoice, latest: Subscription | None, now: int) -> int:
    """For how many seconds it was a draft; one that nothing will finalize is one for good.

    The end of a subscription turns `auto_advance` off, and so leaves behind what was still to be
    finalized (docs.stripe.com/billing/subscriptions/overview): it was a draft until then.
    """
    done = invoice.status_transitions
    if invoice.status == "draft":
        ended = latest.ended_at if latest else None
        for_good = NEVER if invoice.auto_advance is False else now
        return (ended or for_good) - _made(invoice)
    finalized = done.finalized_at if done else None
    return 0 if finalized is None else finalized - _made(invoice)


def _was_dropped(invoice: Invoice) -> bool:
    """Whether a pause voided it or wrote it off: which it says, or does as soon as it is made."""
    done, details = invoice.status_transitions, invoice.status_details
    if invoice.status == "void":
        at = done.voided_at if done else None
        return at is None or at - _made(invoice) <= AT_ONCE
    if invoice.status != "uncollectible":
        return False
    if details is not None and details.uncollectible is not None:
        return details.uncollectible.reason == "subscription_paused"
    at = done.marked_uncollectible_at if done else None
    return at is not None and at - _made(invoice) <= AT_ONCE


def _debts(bills: Sequence[Billed], now: int) -> list[_Debt]:
    """An invoice is owed until it is settled, or a later one is paid.

    A subscription is what its latest invoice is: one that is late only after the next was made
    changes nothing.
    """
    later = sorted((_made(bill.invoice), _paid(bill.invoice)) for bill in bills)
    debts = []
    for bill in bills:
        late = _late(bill, now)
        if late is None:
            continue
        at, state = late
        after = [(made, paid) for made, paid in later if made > _made(bill.invoice)]
        if not any(made <= at for made, _ in after):
            end = min([_settled(bill.invoice), *(paid for _, paid in after)])
            debts.append(_Debt(at, end, state, bill.ref))
    return debts


def _paid(invoice: Invoice) -> int:
    done = invoice.status_transitions
    return (done.paid_at if done else None) or NEVER


def _settled(invoice: Invoice) -> int:
    done = invoice.status_transitions
    return min(_paid(invoice), (done.marked_uncollectible_at if done else None) or NEVER)


def _late(bill: Billed, now: int) -> tuple[int, State] | None:
    """Since when an invoice was owed, and what that made of the subscription."""
    invoice, done = bill.invoice, bill.invoice.status_transitions
    if done is None or invoice.status not in {"open", "paid", "uncollectible"}:
        return None
    if _was_dropped(invoice):
        return None
    asked = done.finalized_at or _made(invoice)
    settled = done.paid_at or done.marked_uncollectible_at
    if invoice.collection_method == "send_invoice":
        due = invoice.due_date
        return (due, State.PAST_DUE) if due and due < (settled or now) else None
    if invoice.billing_reason == "subscription_create":
        waited = (settled or now) - asked
        if PROMPT < waited <= EXPIRY:
            return min([bill.start, asked]), State.INCOMPLETE
    tries = invoice.attempt_count or 0
    failed = tries > 1 or (done.paid_at is None and tries > 0)
    return (asked, State.PAST_DUE) if failed else None
