"""The life of one subscription, rebuilt from everything that is known of it.

    evidence            says                                                        trust
    events              snapshots of the subscription, just before and after        observed
    its current state   a snapshot now, with its own dates of the past              observed
    invoice lines       terms, discounts, pauses, from the start of a period        inferred
    schedules           terms of the future                                         assumed

What is to come is assumed, whatever says it.

Every fact is a track of its own (`tracks`): what it does, when it was asked to end, the terms of
each item, each discount. Wherever a track steps, the items are priced together and those that
changed get a point, graded as the weakest fact that it rests on. Where nothing has to be weighed,
`plain` knows the result beforehand. Pure: the same evidence has the
same result, in whatever order its lists are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from typing import NamedTuple

import msgspec

from tenure import Cause, Excluded, Item, ItemKind, Quarantined, Record, State
from tenure import Subscription as Stated
from tenure_connectors.stripe.life.conditions import (
    NEVER,
    Condition,
    UnreadableError,
    conditions_past,
    conditions_seen,
    conditions_to_come,
    ends_seen,
    is_made_later,
    items_of,
    over_at,
    terms_seen,
)
from tenure_connectors.stripe.life.deals import granted
from tenure_connectors.stripe.life.history import Evidence, History, history_of
from tenure_connectors.stripe.life.invoices import terms_said
from tenure_connectors.stripe.life.plain import plain
from tenure_connectors.stripe.life.points import Tracks, Written, ended, trust_of_then, written
from tenure_connectors.stripe.life.prices import UnpricedError
from tenure_connectors.stripe.life.schedules import (
    conditions_planned,
    terms_planned,
    terms_scheduled,
)
from tenure_connectors.stripe.life.standing import conditions_billed
from tenure_connectors.stripe.life.terms import Terms
from tenure_connectors.stripe.life.tracks import Said, Step, Trust, fold, in_force
from tenure_connectors.stripe.life.usage import usage_points
from tenure_connectors.stripe.shapes import id_of

__all__ = ["Evidence", "Rebuilt", "rebuild", "weighed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What became of the evidence: a subscription, and what could not be read or was left out."""

    subscription: Stated | None = None
    quarantined: Sequence[Quarantined] = ()
    excluded: Sequence[Excluded] = ()

    def records(self) -> Iterator[Record]:
        """All of it as a connector yields it."""
        if self.subscription is not None:
            yield self.subscription
        yield from self.quarantined
        yield from self.excluded


def rebuild(evidence: Evidence) -> Rebuilt:
    """Everything that is known of a subscription as records."""
    sub = evidence.subscription
    if sub is not None and {sub.livemode, evidence.livemode} == {True, False}:
        rows = len(list(items_of(sub))) or 1
        reason = "live mode" if sub.livemode else "test mode"
        return Rebuilt(excluded=(Excluded(reason=reason, rows=rows),))
    try:
        return _plainly(evidence) or weighed(evidence)
    except UnreadableError as error:
        return Rebuilt(quarantined=(_refused(evidence, None, str(error)),))


def _plainly(evidence: Evidence) -> Rebuilt | None:
    """Without tracks, where nothing would be said of a subscription that they had to weigh."""
    item, sub = plain(evidence), evidence.subscription
    if item is None or sub is None:
        return None
    return Rebuilt(
        subscription=Stated(id=evidence.id, customer=id_of(sub.customer) or "", items=[item])
    )


def weighed(evidence: Evidence) -> Rebuilt:
    """What all kinds of evidence come to, by tracks. Raises `UnreadableError`."""
    history = history_of(evidence)
    deals = granted(history.sightings)
    conditions = _conditions(evidence, history)
    terms = _terms(evidence, history)
    metered = {name for name, track in terms.items() if _is_metered(track, history)}
    tracks = Tracks(
        conditions=conditions,
        ends=_ends(history),
        terms={name: track for name, track in terms.items() if name not in metered},
        deals=deals,
        known_to=history.known_to,
    )
    licensed = written(tracks, history.pricing)
    items = [_licensed(name, item) for name, item in licensed.items() if item.points]
    problems = {name: item.problem for name, item in licensed.items() if item.problem}
    running = {one.key for one in deals if one.deal is None or not one.deal.once}
    for name in sorted(metered):
        try:
            items.append(_metered(name, history, [*_ends_of(conditions, terms[name])], running))
        except UnpricedError as error:
            problems[name] = str(error)
    if not items and not problems:
        raise UnreadableError("it has no item")
    stated = Stated(id=evidence.id, customer=_customer(evidence, history), items=items)
    refused = [_refused(evidence, name, reason) for name, reason in sorted(problems.items())]
    return Rebuilt(subscription=stated if items else None, quarantined=refused)


def _customer(evidence: Evidence, history: History) -> str:
    named = history.latest.customer if history.latest else None
    planned = evidence.schedule.customer if evidence.schedule else None
    customer = id_of(named or planned)
    if customer is None:
        raise UnreadableError("it names no customer")
    return customer


def _refused(evidence: Evidence, item: str | None, reason: str) -> Quarantined:
    """What could not be read, with the object itself as far as there is one."""
    sub = evidence.subscription
    raw: object = dict(items_of(sub)).get(item, sub) if sub is not None and item else sub
    return Quarantined(
        source_ref=f"{evidence.id}/{item}" if item else evidence.id,
        reason=reason,
        raw="" if raw is None else msgspec.json.encode(raw).decode(),
    )


# --- tracks


def _conditions(evidence: Evidence, history: History) -> list[Step[Condition]]:
    said: list[Said[Condition]] = []
    if history.latest is not None:
        said += conditions_past(history.latest)
    else:
        said.append(Said(history.start, (State.ACTIVE, None), Trust.ASSUMED, evidence.id))
    for snapshot, following in zip_longest(history.seen, history.seen[1:]):
        missed = (since for since, _ in history.gaps if since >= snapshot.at)
        said += conditions_seen(snapshot, min([following.at if following else NEVER, *missed]))
    if history.current is not None:
        said += conditions_to_come(history.current, NEVER)
    said += conditions_billed(history)
    said += conditions_planned(evidence.schedule, history.now)
    over = over_at(history.latest)
    return fold([one for one in said if one.at <= over], history.start, history.gaps)


def _ends(history: History) -> list[Step[int | None]]:
    said: list[Said[int | None]] = [Said(history.start, None, Trust.ASSUMED, "")]
    for snapshot in history.seen:
        said += ends_seen(snapshot)
    return fold(said, history.start)


def _terms(evidence: Evidence, history: History) -> dict[str, list[Step[Terms | None]]]:
    said: dict[str, list[Said[Terms | None]]] = defaultdict(list)
    for name, one in terms_said(history.services, history.charges, history.pricing):
        said[name].append(one)
    for snapshot in history.seen:
        for name, _ in items_of(snapshot.subscription):
            said[name] += ()
    for snapshot in history.seen:
        for name, seen in terms_seen(snapshot, list(said), history.pricing):
            said[name].append(seen)
    there = dict(items_of(history.latest)) if history.latest else {}
    prices = {name: id_of(item.price or item.plan) or "" for name, item in there.items()}
    for name, one in terms_scheduled(evidence.schedule, prices, history.pricing, history.now):
        said[name].append(one)
    for name in said.keys() - there.keys():
        said[name] += _not_renewed(name, said[name], history)
    tracks = {}
    for name in sorted(said):
        start = _item_start(name, said[name], history)
        since = start if name in there else 0  # its own date says that it was not
        known = [one for one in said[name] if one.value is not None or one.at >= since]
        tracks[name] = fold(known, start, history.gaps)
    return tracks | _planned(evidence, history, tracks)


def _planned(
    evidence: Evidence, history: History, tracks: dict[str, list[Step[Terms | None]]]
) -> dict[str, list[Step[Terms | None]]]:
    """The tracks with what the schedule changes of them."""
    if evidence.schedule is None or not history.phases:
        return {}
    now = {name: step.value for name, t in tracks.items() if (step := in_force(t, history.now))}
    there = {name: terms for name, terms in now.items() if terms is not None}
    planned: dict[str, list[Step[Terms | None]]] = {}
    for name, said in terms_planned(evidence.schedule, history.phases, there, history.pricing):
        track = planned.setdefault(name, list(tracks.get(name, ())))
        if (track[-1].value if track else None) != said.value:
            track.append(Step(said.at, said.value, said.trust, said.ref))
    return planned


def _not_renewed(
    name: str, said: Sequence[Said[Terms | None]], history: History
) -> list[Said[Terms | None]]:
    """An item that is gone ended with the last period billed, if nothing shows it later."""
    billed = [c for c in history.charges if c.item == name and not c.credit]
    if not billed:
        return []
    last = max(billed, key=lambda charge: (charge.end, charge.ref))
    shown = max((one.at for one in said if one.value is not None), default=0)
    if shown > last.end or last.end > history.now:
        return []
    return [Said(last.end, None, Trust.INFERRED, last.ref)]


def _item_start(name: str, said: Sequence[Said[Terms | None]], history: History) -> int:
    """When an item began: with its subscription, unless it was made or first billed later."""
    latest = history.latest
    item = dict(items_of(latest)).get(name) if latest else None
    first = min((one.at for one in said if one.value is not None and not one.before), default=None)
    if item is not None and latest is not None:
        later = is_made_later(item, latest)
        return min(item.created or 0, first or NEVER) if later else history.start
    return _after_renewal(name, history) if first is None else first


def _after_renewal(name: str, history: History) -> int:
    """An item that only a credit knows was not there when its cycle was last billed."""
    ends = {charge.end for charge in history.charges if charge.item == name}
    billed = [service.start for service in history.services if service.end in ends]
    return max(billed) + 1 if billed else history.start


# --- items


def _is_metered(track: Sequence[Step[Terms | None]], history: History) -> bool:
    last = next((step.value for step in reversed(track) if step.value is not None), None)
    return last is not None and history.pricing.is_metered(last)


def _licensed(name: str, item: Written) -> Item:
    return Item(id=name, points=item.points, complete=item.problem is None)


class _End(NamedTuple):
    at: int
    cause: Cause | None
    trust: Trust
    ref: str


def _ends_of(
    conditions: Sequence[Step[Condition]], terms: Sequence[Step[Terms | None]]
) -> Iterator[_End]:
    """When an item ended with its subscription, or was taken out of it after it was there."""
    for step in conditions:
        if step.value[0] is State.ENDED:
            yield _End(step.at, step.value[1], step.trust, step.ref)
    for before, then in pairwise(terms):
        if before.value is not None and then.value is None:
            yield _End(then.at, Cause.REQUESTED, then.trust, then.ref)


def _metered(name: str, history: History, ends: Sequence[_End], running: Collection[str]) -> Item:
    mine = [service for service in history.services if service.item == name]
    points = list(usage_points(mine, history.pricing, running))
    if points and ends:
        end = min(ends, key=lambda one: one.at)
        at = max(end.at, int(points[-1].effective_at.timestamp()))
        trust = trust_of_then(at, end.trust, history.known_to)
        points.append(replace(ended(points[-1], at, end.cause, trust), source_ref=end.ref))
    return Item(id=name, points=points, kind=ItemKind.USAGE)
