"""One fact over time, folded from dated statements that are trusted more or less.

Each piece of evidence says something of one fact: that it is so `from` an instant on, or that it
was so just `before` it. A track is their ordered fold:

    from    the fact changes at that instant, or is confirmed
    before  what is not explained by the statements so far must have changed in between: it is
            projected back (assumed) to just after the last of them, or to the start

Two observations that agree leave no room for a change between them: what weaker evidence says
there is left out, unless it dates the change that the second one saw. Unless, too, there is a gap
between them, in which nobody would have observed it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import zip_longest
from typing import Generic, NamedTuple, TypeVar

from tenure import Evidence

V = TypeVar("V")


class Trust(IntEnum):
    """How well something is known, as `tenure.Evidence` grades it."""

    ASSUMED = 1
    INFERRED = 2
    OBSERVED = 3

    @property
    def evidence(self) -> Evidence:
        """The same as a grade of the ledger."""
        return _GRADES[self]


_GRADES = {
    Trust.ASSUMED: Evidence.ASSUMED,
    Trust.INFERRED: Evidence.INFERRED,
    Trust.OBSERVED: Evidence.OBSERVED,
}


class Said(NamedTuple, Generic[V]):
    """`value` holds from `at` on, or held just before it (Unix seconds).

    `order` tells statements of one second and trust apart; one event's two share it.
    """

    at: int
    value: V
    trust: Trust
    ref: str
    before: bool = False
    order: int = 0


class Step(NamedTuple, Generic[V]):
    """From `at` on the fact is `value`, until the next step."""

    at: int
    value: V
    trust: Trust
    ref: str


def fold(
    statements: Iterable[Said[V]], start: int, gaps: Sequence[tuple[int, int]] = ()
) -> list[Step[V]]:
    """The steps of a fact; it was the same from `start` to the first statement."""
    steps: list[Step[V]] = []
    known_to = start  # the first second of which nothing has been said yet
    believed = _believed(sorted(statements, key=_place), gaps)
    for said, following in zip_longest(believed, believed[1:]):
        if said.before:
            if _unexplained(said, following, steps):
                _add(steps, Step(min(known_to, said.at), said.value, Trust.ASSUMED, said.ref))
            known_to = max(known_to, said.at)
        else:
            if not steps and start < said.at:
                steps.append(Step(start, said.value, Trust.ASSUMED, said.ref))
            _add(steps, Step(said.at, said.value, said.trust, said.ref))
            known_to = max(known_to, said.at + 1)
    return steps


def _place(said: Said[V]) -> tuple[int, Trust, int, bool, str]:
    return said.at, said.trust, said.order, not said.before, said.ref


def _believed(ordered: Sequence[Said[V]], gaps: Sequence[tuple[int, int]]) -> list[Said[V]]:
    """Without the weaker statements between two observations that agree."""
    kept: list[Said[V]] = []
    between: list[Said[V]] = []
    seen: Said[V] | None = None
    for place, said in enumerate(ordered):
        if said.trust is not Trust.OBSERVED:
            between.append(said)
            continue
        if said.before and seen and seen.value == said.value and not _apart(seen, said, gaps):
            then = _paired(said, ordered[place + 1] if place + 1 < len(ordered) else None)
            kept += [s for s in between if then and not s.before and s.value == then.value]
        else:
            kept += between
        between.clear()
        kept.append(said)
        seen = said
    return kept + between


def _apart(seen: Said[V], said: Said[V], gaps: Sequence[tuple[int, int]]) -> bool:
    """Whether there is a gap between them."""
    return any(seen.at < until and since < said.at for since, until in gaps)


def _unexplained(said: Said[V], following: Said[V] | None, steps: Sequence[Step[V]]) -> bool:
    """Whether the steps so far lead neither to what was before nor to what came of it."""
    if not steps:
        return True
    then, now = _paired(said, following), steps[-1].value
    return now != said.value and not (then and now == then.value)


def _paired(said: Said[V], following: Said[V] | None) -> Said[V] | None:
    """What the same evidence says to hold after what was before."""
    if following is None or following.before:
        return None
    same = (following.at, following.trust, following.order) == (said.at, said.trust, said.order)
    return following if same else None


def _add(steps: list[Step[V]], step: Step[V]) -> None:
    """A step that says nothing new is none; of two at one instant the later one counts."""
    while steps and steps[-1].at >= step.at:
        steps.pop()
    if not steps or steps[-1].value != step.value or steps[-1].trust < step.trust:
        steps.append(step)


def in_force(steps: Sequence[Step[V]], at: int) -> Step[V] | None:
    """The last step at or before an instant."""
    place = bisect_right(steps, at, key=_at)
    return steps[place - 1] if place else None


def _at(step: Step[V]) -> int:
    return step.at
