"""What is already settled to come: ends, conversions, discounts that lapse, pauses that end."""

from collections.abc import Iterator
from contextlib import contextmanager

from tenure_connectors.stripe.world.things import Item, Schedule, Sub
from tenure_connectors.stripe.world.truth import FIELDS, NEVER, Doubt, Fact, Track, differs, fact_of
from tenure_connectors.stripe.world.worth import Worth, inherited, worths

NO_CARD_KNOWN = "what a trial becomes when nothing says whether there is a card"
OTHER_ITEM = "a phase to come with another price, which may be another item"
NOT_USED_YET = "a discount for once that waits for the next invoice"


def coming(track: Track, now: int) -> Iterator[Fact]:
    """The facts after `now` that the account's present state settles, strictly increasing."""
    sub, item = track.sub, track.item
    if track.usage or not sub.live or item.removed is not None:
        return
    last = track.facts[-1]
    for at in sorted({at for at in instants(sub) if at > now}):
        with phase_of(sub, item, at):
            found = worths(sub, at).get(item.id, Worth())
            fact = fact_of(sub, item, found, at)
        if differs(last, fact):
            yield fact
            last = fact
        if fact.state == "ended":
            return


@contextmanager
def phase_of(sub: Sub, item: Item, at: int) -> Iterator[None]:
    """The item as the phase of its schedule at `at` will have it."""
    kept = item.price, item.quantity
    for phase in sub.schedule.phases if sub.schedule else ():
        if phase.start <= at:
            item.price, item.quantity = phase.price, phase.quantity
    yield
    item.price, item.quantity = kept


def instants(sub: Sub) -> Iterator[int]:
    if sub.cancel_at is not None:
        yield sub.cancel_at
    if sub.status == "trialing" and sub.trial is not None:
        yield sub.trial[1]
    if sub.pause and sub.resumes_at is not None:
        yield sub.resumes_at
    for other in sub.items:
        if other.once:
            yield other.period[1]
        yield from (d.end for d in other.discounts if d.end is not None)
    yield from (d.end for d in (*sub.discounts, *inherited(sub, NEVER)) if d.end is not None)
    if sub.schedule is not None:
        yield from turns(sub.schedule)


def turns(schedule: Schedule) -> Iterator[int]:
    """Where a schedule goes from phase to phase, and ends if it ends in a cancellation."""
    yield from (phase.start for phase in schedule.phases)
    if schedule.end_behavior == "cancel":
        yield schedule.phases[-1].end


def open_questions(track: Track, now: int) -> Iterator[Doubt]:
    """What even the present state leaves open after `now`."""
    sub = track.sub
    if not sub.live:
        return
    if sub.status == "trialing" and sub.trial and sub.trial_end_behavior != "create_invoice":
        yield Doubt(sub.trial[1], NEVER, (*FIELDS, "point"), NO_CARD_KNOWN)
    for phase in sub.schedule.phases if sub.schedule else ():
        if phase.start > now and phase.price is not track.item.price:
            yield Doubt(phase.start, NEVER, (*FIELDS, "point"), OTHER_ITEM)
    holders = (sub, *sub.items)
    if any(d.once for h in holders for d in h.discounts) or inherited_once(sub):
        yield Doubt(now, NEVER, ("discount_once",), NOT_USED_YET)


def inherited_once(sub: Sub) -> bool:
    return any(discount.once for discount in inherited(sub, NEVER))
