"""What a schedule plans: the terms of its phases, and an end. Assumed, and weaker than all else."""

from collections.abc import Iterable, Iterator, Mapping

from tenure import Cause, State
from tenure_connectors.stripe.life.conditions import Condition
from tenure_connectors.stripe.life.terms import Pricing, Terms
from tenure_connectors.stripe.life.tracks import Said, Trust
from tenure_connectors.stripe.shapes import Phase, Schedule

_PENDING = frozenset({"active", "not_started"})


def phases_to_come(schedule: Schedule | None, now: int) -> list[Phase]:
    """The phases that have not begun, in their order."""
    if schedule is None or schedule.status not in _PENDING:
        return []
    return sorted(
        (phase for phase in schedule.phases if phase.start_date > now),
        key=lambda phase: phase.start_date,
    )


def terms_planned(
    schedule: Schedule, phases: Iterable[Phase], there: Mapping[str, Terms], pricing: Pricing
) -> Iterator[tuple[str, Said[Terms | None]]]:
    """What each phase changes of the items that are `there` before it.

    An item goes on with its own price; else with a new one, in the order of the phase; a price
    that no item is left for begins one under a name of its own, until Stripe gives it an id.
    """
    before = dict(there)
    for phase in phases:
        after = _next(before, phase, schedule, pricing)
        for name in sorted(before.keys() | after.keys()):
            said = Said(phase.start_date, after.get(name), Trust.ASSUMED, schedule.id)
            yield name, said
        before = after


def terms_scheduled(
    schedule: Schedule | None, there: Mapping[str, str], pricing: Pricing, now: int
) -> Iterator[tuple[str, Said[Terms | None]]]:
    """What the phases that have begun said of the items that are `there`, by their price's id."""
    if schedule is None:
        return
    stopped = [schedule.canceled_at, schedule.released_at, now]
    until = min(at for at in stopped if at is not None)
    for phase in schedule.phases:
        priced = _priced(phase, pricing)
        for name, price in there.items():
            same = [terms for terms in priced if terms.price == price]
            if len(same) == 1 and phase.start_date <= until:
                yield name, Said(phase.start_date, same[0], Trust.ASSUMED, schedule.id)


def conditions_planned(schedule: Schedule | None, now: int) -> Iterator[Said[Condition]]:
    """A fixed term that nobody asked to end ends with its last phase."""
    if schedule is None or schedule.status not in _PENDING or not schedule.phases:
        return
    for phase in phases_to_come(schedule, now):
        if phase.trial_end is not None and phase.trial_end > phase.start_date:
            trial: Condition = (State.TRIAL, None)
            yield Said(phase.start_date, trial, Trust.ASSUMED, schedule.id)
            yield Said(phase.trial_end, (State.ACTIVE, None), Trust.ASSUMED, schedule.id)
    end = max((phase.end_date or 0) for phase in schedule.phases)
    if schedule.end_behavior == "cancel" and end > now:
        yield Said(end, (State.ENDED, Cause.OTHER), Trust.ASSUMED, schedule.id)


def _next(
    before: Mapping[str, Terms], phase: Phase, schedule: Schedule, pricing: Pricing
) -> dict[str, Terms]:
    wanted = _priced(phase, pricing)
    free = dict(before)
    after: dict[str, Terms] = {}
    rest: list[Terms] = []
    for terms in wanted:
        same = next((name for name, old in free.items() if old.price == terms.price), None)
        if same is None:
            rest.append(terms)
        else:
            del free[same]
            after[same] = terms
    for terms in rest:
        name = next(iter(free), f"{schedule.id}/{terms.price}")
        free.pop(name, None)
        after[name] = terms
    return after


def _priced(phase: Phase, pricing: Pricing) -> list[Terms]:
    items = phase.items or phase.plans or ()
    return [pricing.terms(item.price or item.plan, item.quantity) for item in items]
