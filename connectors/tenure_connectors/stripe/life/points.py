"""From tracks to points: wherever a fact steps, the items are priced together.

Items share discounts, so that the price of one may change that of another. An item gets a point
where its own facts changed, or where they are known better than before.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, NamedTuple

from tenure import Cause, Point, State, micros
from tenure_connectors.stripe.life.conditions import Condition
from tenure_connectors.stripe.life.deals import Granted, Reach
from tenure_connectors.stripe.life.discounts import Deal, Deduction, Due, deductions
from tenure_connectors.stripe.life.prices import Exact, UnpricedError, minor_unit
from tenure_connectors.stripe.life.terms import Pricing, Sale, Terms
from tenure_connectors.stripe.life.times import instant
from tenure_connectors.stripe.life.tracks import Step, Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracks:
    """Every fact of a subscription over time; `terms` are those of the licensed items.

    What is later than `known_to` has not come yet.
    """

    conditions: Sequence[Step[Condition]]
    ends: Sequence[Step[int | None]]
    terms: Mapping[str, Sequence[Step[Terms | None]]]
    deals: Sequence[Granted]
    known_to: int


@dataclass(slots=True)
class Written:
    """The points of an item so far, and why others could not be written."""

    points: list[Point] = field(default_factory=list)
    problem: str | None = None
    last: "_Facts | None" = None
    trust: Trust = Trust.ASSUMED


class _Facts(NamedTuple):
    """What a point states, times and grades apart."""

    amount: int
    discount: int
    discount_once: int
    terms: Terms
    state: State
    cause: Cause | None
    ends_at: int | None


class _Priced(NamedTuple):
    sale: Sale
    amount: int
    discount: int
    discount_once: int


_Change = tuple[str, Any, Step[Any]]
"""Which kind of track steps, which of them, and its step."""


@dataclass(slots=True)
class _Now:
    """What every track says at one instant, and what changed at it; `since` is the state's."""

    condition: Step[Condition]
    known_to: int
    at: int = 0
    since: int = 0
    changed: Sequence[_Change] = ()
    ends: Step[int | None] | None = None
    terms: dict[str, Step[Terms | None]] = field(default_factory=dict)
    deals: dict[int, Step[Reach]] = field(default_factory=dict)
    given: Sequence[tuple[Granted, Step[Reach]]] = ()
    priced: Mapping[str, "_Priced | str"] = field(default_factory=dict)


def written(tracks: Tracks, pricing: Pricing) -> dict[str, Written]:
    """The points of every licensed item."""
    items = {name: Written() for name in tracks.terms}
    now = _Now(tracks.conditions[0], tracks.known_to)
    for at, changed in _changes(tracks):
        now.at, now.changed = at, changed
        for kind, key, step in changed:
            _apply(now, kind, key, step)
        if any(kind in {"terms", "deals"} for kind, _, _ in changed):
            now.given = _given(now, tracks.deals)
            now.priced = _prices(now, pricing)
        for name, item in items.items():
            if name in now.terms:
                _write(item, name, now)
    return items


def _changes(tracks: Tracks) -> Iterator[tuple[int, list[_Change]]]:
    """All steps by instant."""
    steps: list[_Change] = [
        *(("condition", None, step) for step in tracks.conditions),
        *(("ends", None, step) for step in tracks.ends),
        *(("terms", name, step) for name, track in tracks.terms.items() for step in track),
        *(("deals", n, step) for n, deal in enumerate(tracks.deals) for step in deal.steps),
    ]
    steps.sort(key=_instant)
    for at, group in groupby(steps, key=_instant):
        yield at, list(group)


def _instant(change: _Change) -> int:
    return change[2].at


def _apply(now: _Now, kind: str, key: Any, step: Step[Any]) -> None:
    if kind == "terms":
        now.terms[key] = step
    elif kind == "deals":
        now.deals[key] = step
    elif kind == "ends":
        now.ends = step
    else:
        if not now.since or now.condition.value[0] is not step.value[0]:
            now.since = step.at
        now.condition = step


# --- prices


def _given(now: _Now, granted: Sequence[Granted]) -> list[tuple[Granted, Step[Reach]]]:
    """A discount is there as long as any of its items is, also while it waits for their bill."""
    there = {name for name, step in now.terms.items() if step.value is not None}
    given = []
    for n, step in sorted(now.deals.items()):
        one, reach = granted[n], step.value
        items = reach.items or frozenset([one.item] if one.item else ())
        if reach.there and (not items or not items.isdisjoint(there)):
            given.append((one, step))
    return given


def _prices(now: _Now, pricing: Pricing) -> dict[str, _Priced | str]:
    """Each item that is there in money, or why that cannot be said."""
    result: dict[str, _Priced | str] = {}
    bills: dict[object, dict[str, Sale]] = defaultdict(dict)
    for name, step in now.terms.items():
        if step.value is not None:
            try:
                sale = pricing.sale(name, step.value)
                bills[sale.cadence, sale.currency][name] = sale
            except UnpricedError as error:
                result[name] = str(error)
    on = _in_force([(one, step.value) for one, step in now.given])
    deals = [replace(one.deal, items=reach.items) for one, reach in on if one.deal is not None]
    for bill in bills.values():
        result |= _bill(bill, deals)
    for one, reach in on:
        if one.deal is None:
            for name in result if reach.items is None else reach.items:
                result[name] = f"what discount {one.key} takes off is not known"
    return result


def _in_force(deals: Sequence[tuple[Granted, Reach]]) -> list[tuple[Granted, Reach]]:
    """One of the subscription or its items replaces the customer's, unless that is billed."""
    replaced = any(not one.of_customer for one, _ in deals)
    return [
        (one, reach)
        for one, reach in deals
        if reach.items != frozenset() and not (replaced and one.of_customer and reach.items is None)
    ]


def _bill(sales: Mapping[str, Sale], deals: Sequence[Deal]) -> dict[str, _Priced]:
    due = [
        Due(name, sale.gross * minor_unit(sale.currency), sale.product_id)
        for name, sale in sorted(sales.items())
    ]
    taken = deductions(due, deals) if deals else {}
    return {d.item: _in_micros(d.amount, taken.get(d.item), sales[d.item]) for d in due}


def _in_micros(amount: Exact, taken: Deduction | None, sale: Sale) -> _Priced:
    """Rounded once, half to even, as `round` does it with exact numbers."""
    net = round(amount * sale.net)
    if taken is None:
        return _Priced(sale, net, 0, 0)
    running, total = round(taken.running * sale.net), round(taken.total * sale.net)
    return _Priced(sale, net, running, max(total - running, 0))


# --- points


def _write(item: Written, name: str, now: _Now) -> None:
    terms, (state, cause) = now.terms[name].value, now.condition.value
    if terms is None or state is State.ENDED:
        if item.points and item.points[-1].state is not State.ENDED:
            _end(item, name, now)
        return
    price = now.priced[name]
    if isinstance(price, str):
        item.problem = price
        return
    ends = now.ends.value if now.ends else None
    facts = _Facts(*price[1:], terms, state, cause, ends if ends and ends > now.at else None)
    trust = _trust(name, now)
    if facts != item.last or trust > item.trust:
        item.last, item.trust = facts, trust
        item.points.append(_point(name, now, facts, price.sale))


def _trust(name: str, now: _Now) -> Trust:
    """A point is as good as the weakest fact that it rests on."""
    deals = [step.trust for _, step in now.given]
    trust = min(now.terms[name].trust, now.condition.trust, *deals)
    return trust_of_then(now.at, trust, now.known_to)


def trust_of_then(at: int, trust: Trust, known_to: int) -> Trust:
    """What is to come is assumed, however sure it seems: it may be called off, and nobody see it.

    As more than that it could not be taken back by invoices, which know less of what came instead.
    """
    return Trust.ASSUMED if at > known_to else trust


def _ref(name: str, now: _Now) -> str:
    """What changed the item: its own terms, else what is known best."""
    own = [step for kind, key, step in now.changed if kind == "terms" and key == name]
    every = own or [step for _, _, step in now.changed]
    return max(every, key=lambda step: (step.trust, step.ref)).ref


def _point(name: str, now: _Now, facts: _Facts, sale: Sale) -> Point:
    return Point(
        effective_at=instant(now.at),
        amount=facts.amount,
        discount=facts.discount,
        discount_once=facts.discount_once,
        quantity=micros(facts.terms.quantity),
        currency=sale.currency,
        interval=sale.cadence.interval,
        interval_count=sale.cadence.count,
        plan=sale.plan,
        product=sale.product,
        state=facts.state,
        state_since=instant(now.since),
        ends_at=None if facts.ends_at is None else instant(facts.ends_at),
        cause=facts.cause,
        evidence=_trust(name, now).evidence,
        source_ref=_ref(name, now),
    )


def _end(item: Written, name: str, now: _Now) -> None:
    """The last of an item: with its subscription, or taken out of it."""
    state, cause = now.condition.value
    whole = state is State.ENDED
    trust = now.condition.trust if whole else now.terms[name].trust
    trust = trust_of_then(now.at, trust, now.known_to)
    item.last, item.trust = None, trust
    last = ended(item.points[-1], now.at, cause if whole else Cause.REQUESTED, trust)
    item.points.append(replace(last, source_ref=_ref(name, now)))


def ended(last: Point, at: int, cause: Cause | None, trust: Trust) -> Point:
    """The end of an item whose last point is given."""
    return replace(
        last,
        effective_at=instant(at),
        amount=0,
        discount=0,
        discount_once=0,
        state=State.ENDED,
        state_since=instant(at),
        ends_at=None,
        cause=cause,
        evidence=trust.evidence,
    )
