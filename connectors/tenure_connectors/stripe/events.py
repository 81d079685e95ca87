"""Events: what is kept of them for good, and the snapshots of a subscription that they hold.

Stripe keeps an event for 30 days, tenure for ever: the object as it was after the event and what
changed, reduced to the fields of `shapes`. Each event is two snapshots, just before and after.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from tenure import Json, Observation
from tenure_connectors.decoding import decoder
from tenure_connectors.stripe.shapes import Discount, Event, Shape, Subscription, id_of

_KEPT: Mapping[str, type[Shape]] = {
    "customer.subscription.": Subscription,
    "customer.discount.": Discount,
}
_json = msgspec.json.Decoder(dict[str, Any] | None, float_hook=str)
"""Decimals stay text: no float touches money, nor what is kept."""


class Snapshot(NamedTuple):
    """A subscription as it was from `at` on, or just before it; `order` is that of the events."""

    at: int
    subscription: Subscription
    ref: str
    before: bool = False
    order: int = 0


class DiscountEvent(NamedTuple):
    """A discount that was given (or changed) or taken away at an instant."""

    at: int
    discount: Discount
    ref: str
    given: bool


def observation(event: Event) -> Observation | None:
    """What is kept of an event; None for one that says nothing of recurring revenue.

    Raises `msgspec.ValidationError` for an object, now or before, of another shape than Stripe's.
    Its subject is a subscription's id, or a customer's for a discount that is the customer's own.
    """
    kind = next((kind for prefix, kind in _KEPT.items() if event.type.startswith(prefix)), None)
    if kind is None:
        return None
    changed = decoder(kind).decode(event.data.object)
    subject = _subject(changed)
    if subject is None:
        return None
    data: dict[str, Json] = {"type": event.type, "object": msgspec.to_builtins(changed)}
    before = _json.decode(event.data.previous_attributes) or {}
    relevant = {name: value for name, value in before.items() if name in kind.__struct_fields__}
    if relevant:
        data["before"] = relevant
    at = datetime.fromtimestamp(event.created, UTC)
    kept = Observation(subject=subject, key=event.id, at=at, data=data)
    if kind is Subscription:
        _pair(kept)  # what is kept for good can be read for good
    return kept


def sighting(
    sub: Subscription, read: tuple[datetime, datetime], missed: tuple[int, int]
) -> Observation:
    """What is kept of a subscription that is seen again after events were `missed`, as of one.

    It was `read` at some time between those two.
    """
    began, at = read
    data: dict[str, Json] = {
        "type": "customer.subscription.updated",
        "object": msgspec.to_builtins(sub),
        "missed": [*missed],
        "began": int(began.timestamp()),
    }
    return Observation(subject=sub.id, key=f"seen:{at.isoformat()}", at=at, data=data)


def gaps(observations: Iterable[Observation]) -> list[tuple[int, int]]:
    """From when to when no event tells what happened."""
    missed: list[Any] = [o.data["missed"] for o in observations if "missed" in o.data]
    return [(since, until) for since, until in missed]


def _subject(changed: Shape) -> str | None:
    if isinstance(changed, Discount):
        return changed.subscription or id_of(changed.customer)
    return id_of(changed)


def snapshots(observations: Iterable[Observation]) -> list[Snapshot]:
    """The snapshots that the kept events hold, in the order in which things happened."""
    told = [o for o in observations if str(o.data["type"]).startswith("customer.subscription.")]
    kept = [one for one in told if not _is_in_doubt(one, told)]
    in_time = sorted(kept, key=lambda one: (one.at, _rank(one), one.key))
    ordered = _chained([_pair(one) for one in in_time])
    return [
        snapshot._replace(order=order) for order, pair in enumerate(ordered, 1) for snapshot in pair
    ]


def _is_in_doubt(one: Observation, told: Iterable[Observation]) -> bool:
    """Whether an event tells of a change while it was read: nobody knows which came first."""
    began: Any = one.data.get("began")
    if began is None:
        return False
    return any(began <= o.at.timestamp() and o.at <= one.at for o in told if "missed" not in o.data)


def discount_events(observations: Iterable[Observation]) -> list[DiscountEvent]:
    """What the kept events say of discounts."""
    return [
        DiscountEvent(
            int(o.at.timestamp()),
            msgspec.convert(o.data["object"], Discount),
            o.key,
            given=o.data["type"] != "customer.discount.deleted",
        )
        for o in observations
        if str(o.data["type"]).startswith("customer.discount.")
    ]


_Pair = tuple[Snapshot, ...]


def _pair(kept: Observation) -> _Pair:
    at = int(kept.at.timestamp())
    now: Any = kept.data["object"]
    ref = kept.subject if "missed" in kept.data else kept.key
    after = Snapshot(at, msgspec.convert(now, Subscription), ref)
    if kept.data["type"] != "customer.subscription.updated":
        return (after,)  # no other event says what was before
    earlier = _merged(now, kept.data.get("before", {}))
    return Snapshot(at, msgspec.convert(earlier, Subscription), ref, before=True), after


def _merged(now: Any, before: Any) -> Any:
    """An object with some fields as they were: objects are merged, all else is replaced."""
    if not (isinstance(now, dict) and isinstance(before, dict)):
        return before
    return {**now, **{name: _merged(now.get(name), value) for name, value in before.items()}}


def _rank(kept: Observation) -> int:
    """The first event of a subscription, and the last."""
    return {"customer.subscription.created": 0, "customer.subscription.deleted": 2}.get(
        str(kept.data["type"]), 1
    )


def _chained(pairs: Sequence[_Pair]) -> list[_Pair]:
    """Events of one second in the order in which each begins where the last one ended."""
    ordered = list[_Pair]()
    for _, tied in groupby(pairs, key=lambda pair: pair[-1].at):
        waiting = list(tied)
        while waiting:
            last = ordered[-1][-1].subscription if ordered else None
            follows = (n for n, p in enumerate(waiting) if len(p) > 1 and p[0].subscription == last)
            ordered.append(waiting.pop(next(follows, 0)))
    return ordered
