"""(c) Commerce subscriptions: each recurring line item of one is an item, in its status."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tenure import Cause, Excluded, Item, Point, State
from tenure_connectors.hubspot import chain, history
from tenure_connectors.hubspot.chain import Line
from tenure_connectors.hubspot.client import Asked
from tenure_connectors.hubspot.levels import PRICED, edits, is_recurring
from tenure_connectors.hubspot.shapes import Object
from tenure_connectors.hubspot.source import (
    Held,
    Stated,
    Terms,
    billed_once,
    claims,
    currencies,
    known_since,
    midnight,
    ref,
    refused,
)
from tenure_connectors.hubspot.terms import DATED, START, term
from tenure_connectors.hubspot.values import local_day

STATUS = "hs_status"

STATES: Mapping[str, State] = {
    "active": State.ACTIVE,
    "scheduled": State.ACTIVE,
    "past_due": State.PAST_DUE,
    "unpaid": State.UNPAID,
    "paused": State.PAUSED,
    "trialing": State.TRIAL,
    "canceled": State.ENDED,
    "cancelled": State.ENDED,
    "expired": State.ENDED,
}
"""What a subscription does in each status; a scheduled one is active from its start on."""

_LINES = "line_items"
_NAMED = ("name", "hs_product_id")


@dataclass(frozen=True, slots=True)
class _Status:
    at: datetime
    state: State
    cause: Cause | None = None


class Subscriptions:
    """Counts Commerce subscriptions."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        own = (STATUS, *DATED, "hs_mrr", "hs_arr", *currencies(terms.config, "subscriptions"))
        self.asked = Asked("subscriptions", own, (STATUS,))
        lines = (*PRICED, *DATED, *_NAMED, *currencies(terms.config, _LINES))
        self.lines: Asked | None = Asked(_LINES, lines, PRICED)

    def counts(self, one: Object) -> bool:  # noqa: ARG002 - all of them do
        """Each one counts: its status says when."""
        return True

    def stated(self, held: Sequence[Held]) -> Iterator[Stated]:
        """An item for each recurring line of each subscription."""
        for one in held:
            subscription = one.object
            try:
                currency = self._terms.currency(
                    subscription.properties, *(line.properties for line in one.lines)
                )
                statuses = _statuses(subscription)
            except ValueError as error:
                yield refused("subscriptions", subscription, error)
                continue
            for line in one.lines:
                try:
                    yield from self._item(subscription, line, currency, statuses)
                except ValueError as error:
                    yield refused(_LINES, line, error)
            yield from claims("subscriptions", subscription, currency)

    def _item(
        self, of: Object, line: Object, currency: str, statuses: Sequence[_Status]
    ) -> Iterator[Item | Excluded]:
        if not is_recurring(line.properties):
            yield billed_once(1)
            return
        dated = {**self._dated(of), **{n: v for n in DATED if (v := line.get(n))}}
        made = known_since(of)
        span, zone = term(dated, made.isoformat(), self._terms.zone), self._terms.zone
        start = midnight(span.start, zone)
        holder = ref("subscriptions", of.id)
        found = Line(
            ref=ref(_LINES, line.id),
            currency=currency,
            start=start,
            end=midnight(span.end, zone) if span.end else None,
            steps=edits(line, start, known_since(line, start, made)),
            plan=line.get("name"),
            product=line.get("name"),
            start_ref=f"{holder}/{START}",
            end_ref=f"{holder}/{span.end_source}",
        )
        points = list(_in_status(chain.points([found]), statuses, f"{holder}/{STATUS}"))
        yield Item(id=f"{holder}/{found.ref}", points=points)

    def _dated(self, of: Object) -> dict[str, str | None]:
        """The dates of a subscription, whose start is a time and not a day."""
        dated = {name: of.get(name) for name in DATED}
        if begins := of.get(START):
            dated[START] = local_day(begins, self._terms.zone).isoformat()
        return dated


def _statuses(one: Object) -> list[_Status]:
    """The statuses in order of time, from the first one on."""
    known = history.steps(one, STATUS)
    if not known:
        ended = STATES.get(one.get(STATUS) or "") is State.ENDED
        since = one.updated_at if ended else None
        known = [(known_since(one, since), one.get(STATUS))]
    return [_status(at, value) for at, value in known if value]


def _status(at: datetime, value: str) -> _Status:
    state = STATES.get(value.lower())
    if state is None:
        raise ValueError(f"its status {value!r} is none of {', '.join(STATES)}")
    cancelled = value.lower().startswith("cancel")
    return _Status(at, state, Cause.REQUESTED if cancelled else None)


def _in_status(
    points: Sequence[Point], statuses: Sequence[_Status], source: str
) -> Iterator[Point]:
    """The timeline of a line with the statuses of its subscription laid over it."""
    start = points[0].effective_at
    over = next((p.effective_at for p in points if p.state is State.ENDED), None)
    moments = {point.effective_at: point.source_ref for point in points}
    moments |= {s.at: source for s in statuses if s.at > start and (over is None or s.at < over)}
    last: Point | None = None
    for at in sorted(moments):
        billed = [point for point in points if point.effective_at <= at][-1]
        status = next((s for s in reversed(statuses) if s.at <= at), None)
        point = _laid(replace(billed, effective_at=at, source_ref=moments[at]), status)
        if last is None or replace(last, effective_at=at, source_ref=moments[at]) != point:
            yield point
        last = point


def _laid(point: Point, status: _Status | None) -> Point:
    if status is None or point.state is State.ENDED:
        return point
    if status.state is State.ENDED:
        return replace(point, state=State.ENDED, amount=0, discount=0, cause=status.cause)
    return replace(point, state=status.state)
