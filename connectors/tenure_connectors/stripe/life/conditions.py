"""What a subscription says of itself: what it is doing, when it was asked to end, what it sells.

An object is seen at one instant, but names others: when it started, its trial, when it was asked
to end and when it ends. Those of the past are facts; those of the future hold until it is seen
again.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tenure import Cause, State
from tenure_connectors.stripe.events import Snapshot
from tenure_connectors.stripe.life.prices import Exact, net_share
from tenure_connectors.stripe.life.terms import Pricing, Terms
from tenure_connectors.stripe.life.tracks import Said, Trust
from tenure_connectors.stripe.shapes import Subscription, SubscriptionItem

Condition = tuple[State, Cause | None]
"""What a subscription is doing, and why where it ended or is unpaid."""

NEVER = 2**62

MADE_AT_ONCE = 5
"""Seconds in which a subscription and the items that it began with are made."""

_STATES = {
    "active": State.ACTIVE,
    "trialing": State.TRIAL,
    "past_due": State.PAST_DUE,
    "unpaid": State.UNPAID,
    "incomplete": State.INCOMPLETE,
    "incomplete_expired": State.ENDED,
    "canceled": State.ENDED,
    "paused": State.PAUSED,
}
_PAUSED = {
    "void": State.PAUSED,
    "mark_uncollectible": State.PAUSED,
    "keep_as_draft": State.PAUSED_DRAFT,
}
_CAUSES = {
    "cancellation_requested": Cause.REQUESTED,
    "payment_failed": Cause.PAYMENT_FAILED,
    "payment_disputed": Cause.PAYMENT_FAILED,
}


class UnreadableError(ValueError):
    """A subscription says something that is not understood; `str()` says what."""


def start_of(sub: Subscription) -> int:
    """When service began, which may be before the subscription was made."""
    start = sub.start_date or sub.start or sub.created or sub.current_period_start
    if start is None:
        raise UnreadableError("it has no start")
    return start


def end_of(sub: Subscription) -> int | None:
    """When it ended or is to end. Of several item periods the longest counts."""
    if _STATES.get(sub.status) is State.ENDED:
        return sub.ended_at or sub.canceled_at or sub.cancel_at
    if sub.cancel_at is not None or not sub.cancel_at_period_end:
        return sub.cancel_at
    items = sub.items.data if sub.items else []
    ends = [item.current_period_end for item in items if item.current_period_end]
    return max(ends, default=sub.current_period_end)


def over_at(sub: Subscription | None) -> int:
    """When it ended; never as long as it is not known to be over."""
    over = sub is not None and _STATES.get(sub.status) is State.ENDED
    end = end_of(sub) if sub is not None and over else None
    return NEVER if end is None else end


def is_made_later(item: SubscriptionItem, sub: Subscription) -> bool:
    """Whether the subscription began without this item."""
    made = sub.created or start_of(sub)
    return item.created is not None and item.created > made + MADE_AT_ONCE


class Request(NamedTuple):
    """An end was asked for at `at`, and is to come at `end`."""

    at: int
    end: int


def request_of(sub: Subscription) -> Request | None:
    """When the end was asked for, if that was before it; a fixed term is not asked for."""
    if sub.status == "incomplete_expired":  # what it was made with: nobody could ask since
        return Request(start_of(sub), sub.cancel_at) if sub.cancel_at else None
    end, asked = end_of(sub), sub.canceled_at
    reason = sub.cancellation_details.reason if sub.cancellation_details else None
    if end is None or asked is None or asked >= end:
        return None
    return Request(asked, end) if reason in {None, "cancellation_requested"} else None


def is_known(sub: Subscription) -> bool:
    """Whether its status is one that we understand."""
    return sub.status in _STATES


def condition_at(sub: Subscription, at: int) -> Condition:
    """What the subscription, as it was seen, does at an instant."""
    state = _STATES[sub.status]
    end = end_of(sub)
    if state is State.ENDED or (end is not None and at >= end):
        return State.ENDED, _cause(sub)
    if state is State.UNPAID:
        return state, Cause.PAYMENT_FAILED
    if state is State.TRIAL and (sub.trial_end is None or at < sub.trial_end):
        return state, None
    pause = sub.pause_collection
    if pause is not None and (pause.resumes_at is None or at < pause.resumes_at):
        return _PAUSED.get(pause.behavior, State.PAUSED), None
    return State.ACTIVE if state is State.TRIAL else state, None


def _cause(sub: Subscription) -> Cause:
    reason = sub.cancellation_details.reason if sub.cancellation_details else None
    if reason in _CAUSES:
        return _CAUSES[reason]
    if sub.status == "incomplete_expired":
        return Cause.PAYMENT_FAILED
    asked = sub.cancel_at_period_end or request_of(sub) is not None
    return Cause.REQUESTED if asked else Cause.OTHER


# --- what a snapshot says


def conditions_seen(seen: Snapshot, until: int) -> Iterator[Said[Condition]]:
    """What it does when it is seen, and will do `until` it is seen again."""
    sub, at = seen.subscription, seen.at
    if not is_known(sub):
        return
    if seen.before:
        yield _said(seen, at, condition_at(sub, at - 1))
        return
    yield _said(seen, at, condition_at(sub, at))
    yield from conditions_to_come(seen, until)


def conditions_to_come(seen: Snapshot, until: int) -> Iterator[Said[Condition]]:
    """What a snapshot says of the time from it on."""
    sub = seen.subscription
    resumes = sub.pause_collection.resumes_at if sub.pause_collection else None
    dates = {then for then in (sub.trial_end, resumes, end_of(sub)) if then is not None}
    for then in sorted(dates):
        if seen.at < then < until:
            yield Said(then, condition_at(sub, then), Trust.OBSERVED, seen.ref, order=seen.order)


def conditions_past(sub: Subscription) -> Iterator[Said[Condition]]:
    """What the last state of a subscription says of its past."""
    start, end = start_of(sub), end_of(sub)
    over = NEVER if end is None else end
    first = State.INCOMPLETE if sub.status.startswith("incomplete") else State.ACTIVE
    trust = Trust.ASSUMED if first is State.ACTIVE else Trust.OBSERVED
    yield Said(start, (first, None), trust, sub.id)
    if sub.trial_start is not None and sub.trial_end is not None:
        yield Said(max(start, sub.trial_start), (State.TRIAL, None), Trust.INFERRED, sub.id)
        if sub.trial_end < over:
            yield Said(sub.trial_end, (State.ACTIVE, None), Trust.ASSUMED, sub.id)
    if end is not None and _STATES.get(sub.status) is State.ENDED:
        yield Said(end, (State.ENDED, _cause(sub)), Trust.OBSERVED, sub.id)


def ends_seen(seen: Snapshot) -> Iterator[Said[int | None]]:
    """The end that was asked for, as of the snapshot."""
    sub, request = seen.subscription, request_of(seen.subscription)
    if request is not None and request.at <= seen.at:
        yield Said(request.at, request.end, Trust.OBSERVED, seen.ref, order=seen.order)
    if _STATES.get(sub.status) is not State.ENDED:
        yield _said(seen, seen.at, request.end if request else None)


def terms_seen(
    seen: Snapshot, items: Sequence[str], pricing: Pricing
) -> Iterator[tuple[str, Said[Terms | None]]]:
    """The terms of each of the `items`, None for those that are not there."""
    there = dict(items_of(seen.subscription))
    for name in items:
        item = there.get(name)
        terms = pricing.terms(item.price or item.plan, item.quantity) if item else None
        yield name, _said(seen, seen.at, terms)


def items_of(sub: Subscription) -> Iterator[tuple[str, SubscriptionItem]]:
    """The items by id; before there were any, the subscription was its own only one."""
    items = sub.items.data if sub.items else []
    for item in items:
        if not item.deleted:
            yield item.id, item
    if not items and sub.plan is not None:
        yield sub.id, SubscriptionItem(id=sub.id, plan=sub.plan, quantity=sub.quantity)


def net_of(item: SubscriptionItem, sub: Subscription) -> Exact | None:
    """The share of an item's price that is no inclusive tax; None without such a tax."""
    rates = item.tax_rates or sub.default_tax_rates
    return net_share(rates) if rates and any(rate.inclusive for rate in rates) else None


def _said(seen: Snapshot, at: int, value: object) -> Said:  # type: ignore[type-arg]
    return Said(at, value, Trust.OBSERVED, seen.ref, seen.before, seen.order)
