"""What really was: each item's dated facts, and how much of it the API still tells.

`Track` grows while the account lives: `note` writes down what an item bills whenever that
changes, and why nothing may tell the date of the change. Afterwards `doubts` turns that into
spans of time: within one, a stated value may be any that the item really had about then.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from tenure_connectors.stripe.world.moments import instant
from tenure_connectors.stripe.world.things import Item, Line, Sub
from tenure_connectors.stripe.world.worth import Worth

MILLION = 1_000_000
NEVER = 1 << 62
STATES = {
    "trialing": "trial",
    "active": "active",
    "past_due": "past_due",
    "unpaid": "unpaid",
    "incomplete": "incomplete",
    "paused": "paused",
}
TERMS = ("amount", "quantity", "interval", "interval_count", "currency", "plan", "product")
OFF = ("discount", "discount_once")
GIVEN = "discounts"
"""Which discounts there are: a bill and an event name them all, a proration or a new one do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """From `at` on the item bills this (the fields of `tenure.Point`, times as seconds)."""

    at: int
    amount: int
    discount: int
    discount_once: int
    quantity: int
    interval: str
    interval_count: int
    currency: str
    plan: str
    product: str
    state: str
    ends_at: int | None = None
    cause: str | None = None

    @property
    def effective_at(self) -> datetime:
        return instant(self.at)


FIELDS = tuple(one.name for one in fields(Fact) if one.name != "at")
EVERYTHING = (*FIELDS, GIVEN)


@dataclass(frozen=True, slots=True)
class Change:
    """Facts that changed at an instant; `hidden` says why no record dates it."""

    at: int
    names: tuple[str, ...]
    hidden: str | None = None
    proof: Line | None = None  # the pending proration that dates it, unless it is dropped

    @property
    def untold(self) -> str | None:
        if self.proof is not None and self.proof.dropped:
            return "its proration was dropped by an immediate cancel"
        return self.hidden


@dataclass(frozen=True, slots=True)
class Pin:
    """An instant at which a record states some fields as they were then."""

    at: int
    names: tuple[str, ...]
    proof: Line | None = None
    since: str = ""  # the API version that states it first
    told: bool = False  # by an event, which is not kept for ever

    def states(self, name: str, version: str, seen: int = NEVER) -> bool:
        """Whether it states a field for who knows the events since `seen`."""
        gone = (self.proof is not None and self.proof.dropped) or (self.told and self.at < seen)
        return name in self.names and not gone and version >= self.since


@dataclass(frozen=True, slots=True)
class Between:
    """Any amount from nothing to `most`: the bound of a discount of doubtful terms."""

    most: int

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and 0 <= value <= self.most


@dataclass(frozen=True, slots=True)
class Doubt:
    """In `[start, end)` a value of `names` may be any of `values[name]`, and why."""

    start: int
    end: int
    names: tuple[str, ...]
    reason: str
    values: Mapping[str, Container[object]] = field(default_factory=dict)  # missing: any value
    known_by: int = 0  # the instant whose event would tell


@dataclass(slots=True, eq=False)
class Track:
    """One item through time."""

    item: Item
    sub: Sub
    facts: list[Fact] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    extra: list[Doubt] = field(default_factory=list)
    closed: bool = False
    free: set[str] = field(default_factory=set)  # fields that nothing defines for this item
    slack: int = 0  # micro-units: tax within a price is known only as an invoice rounds it

    @property
    def usage(self) -> bool:
        return self.item.price.metered

    @property
    def start(self) -> int:
        return self.facts[0].at

    def note(self, fact: Fact, hidden: str | None = None, proof: Line | None = None) -> None:
        """Write down what holds from now on, if it differs from what held."""
        last = self.facts[-1] if self.facts else None
        names = tuple(n for n in FIELDS if last is None or getattr(last, n) != getattr(fact, n))
        if not names:
            return
        self.changes.append(Change(fact.at, names, hidden, proof))
        if last is not None and last.at == fact.at:
            self.facts.pop()
        if not self.facts or differs(self.facts[-1], fact):
            self.facts.append(fact)

    def pin(
        self, at: int, names: Iterable[str], proof: Line | None = None, since: str = ""
    ) -> None:
        self.pins.append(Pin(at, tuple(names), proof, since))

    def last_pin(self, name: str, at: int) -> int:
        """When something other than an event last stated a field; without that, `at`."""
        pins = (p.at for p in self.pins if p.at <= at and name in p.names and not p.told)
        return max(pins, default=at)

    def seen(self, at: int) -> None:
        """An event shows all of it, as it was and as it is."""
        self.pins.append(Pin(at, EVERYTHING, told=True))

    def at(self, when: int) -> Fact | None:
        return next((fact for fact in reversed(self.facts) if fact.at <= when), None)

    def doubts(
        self, now: int, known_from: int | None = None, version: str = "9"
    ) -> Iterator[Doubt]:
        """Spans that nothing tells, when events are known since `known_from` only."""
        seen = NEVER if known_from is None else known_from
        yield from (doubt for doubt in self.extra if doubt.known_by < seen)
        for change in self.changes:
            reason = change.untold
            if reason is None or change.at >= seen:
                continue
            if change is not self.changes[0]:
                yield from self.span(change, reason, (now, seen), version)
            elif self.item.removed is not None:  # else its `created` tells
                yield self.unseen(reason)

    def span(
        self, change: Change, reason: str, told_at: tuple[int, int], version: str
    ) -> Iterator[Doubt]:
        """From the last record before the change to the first one after it, by field."""
        now, seen = told_at
        for name in change.names:
            shown = self.shown(change, name)
            told = [p.at for p in self.pins if p.states(shown, version, seen)]
            told += [c.at for c in self.changes if shown in c.names and c.untold is None]
            told.append(now)
            start = max((at for at in told if at <= change.at), default=self.start)
            end = min((at for at in told if at > change.at), default=now)
            values = frozenset(getattr(f, name) for f in self.between(start, end))
            if name in ("state", "cause") and change.at == self.item.removed:
                yield Doubt(start, end, (name,), reason)  # had it stayed, it would be as the rest
            elif len(values) > 1:
                yield Doubt(start, end, (name,), reason, {name: values})
            if name in ("amount", *OFF):
                yield self.discounts_within(start, end, reason)

    def shown(self, change: Change, name: str) -> str:
        """What a record has to state that dates a change of a field."""
        if change.at == self.item.removed:
            return "amount"
        return GIVEN if set(change.names) <= set(OFF) else name

    def reduced(self, start: int, end: int) -> bool:
        """Whether any discount counts within a span."""
        return any(fact.discount or fact.discount_once for fact in self.between(start, end))

    def discounts_within(self, start: int, end: int, reason: str, known_by: int = 0) -> Doubt:
        """Where the terms are in doubt, so is what comes off them: no more than all."""
        most = Between(max((f.amount for f in self.between(start, end)), default=0))
        return Doubt(start, end, OFF, reason, dict.fromkeys(OFF, most), known_by)

    def unseen(self, reason: str) -> Doubt:
        """Before a record first shows an item that is gone by now, nothing is known of it."""
        shown = min((p.at for p in self.pins if p.states("amount", "9")), default=NEVER)
        if shown >= (self.item.removed or NEVER):
            shown = NEVER
        return Doubt(self.item.origin or self.start, shown, (*FIELDS, "point"), reason)

    def between(self, start: int, end: int) -> Iterator[Fact]:
        """The facts in force anywhere in `[start, end)`."""
        for n, fact in enumerate(self.facts):
            following = self.facts[n + 1].at if n + 1 < len(self.facts) else end + 1
            if fact.at < end and following > start:
                yield fact


def differs(one: Fact, other: Fact) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in FIELDS)


def fact_of(sub: Sub, item: Item, worth: Worth, at: int) -> Fact:
    """What the item bills at `at`, now or (by what is already settled) in the future."""
    state = state_of(sub, item, at)
    over = state == "ended"
    return Fact(
        at=at,
        amount=0 if over else worth.amount,
        discount=0 if over else worth.running,
        discount_once=0 if over else worth.every - worth.running,
        quantity=item.quantity * MILLION,
        interval=item.price.interval,
        interval_count=item.price.interval_count,
        currency=item.price.currency.upper(),
        plan=item.price.plan,
        product=item.price.product.name,
        state=state,
        ends_at=None if over else sub.cancel_at,
        cause=cause_of(sub, item, state),
    )


def state_of(sub: Sub, item: Item, at: int) -> str:
    if item.removed is not None or sub.ended_at is not None:
        return "ended"
    if sub.cancel_at is not None and sub.cancel_at <= at:
        return "ended"
    term = sub.schedule
    if term and term.end_behavior == "cancel" and term.phases[-1].end <= at:
        return "ended"
    if sub.status == "trialing" and sub.trial and at < sub.trial[1]:
        return "trial"
    if sub.pause and (sub.resumes_at is None or at < sub.resumes_at) and sub.status == "active":
        return "paused_draft" if sub.pause == "keep_as_draft" else "paused"
    return "active" if sub.status == "trialing" else STATES[sub.status]


def cause_of(sub: Sub, item: Item, state: str) -> str | None:
    if state == "unpaid":
        return "payment_failed"
    if state != "ended":
        return None
    if item.removed is not None:
        return "requested"
    asked = sub.cancel_at if sub.ended_at is None else sub.reason == "cancellation_requested"
    if asked:
        return "requested"
    return "payment_failed" if sub.reason == "payment_failed" else "other"
