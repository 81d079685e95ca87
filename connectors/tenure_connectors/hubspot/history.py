"""Every value that a property had, with when it was set. HubSpot keeps the last 20 or so."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from tenure_connectors.hubspot.shapes import Object
from tenure_connectors.hubspot.values import same

Step = tuple[datetime, str | None]
"""From then on, that value; None for none."""


class ContradictionError(ValueError):
    """The newest value of a history is not the value of the property."""

    def __init__(self, name: str, newest: str | None, current: str | None) -> None:
        super().__init__(
            f"the history of {name} ends with {newest!r}, but its value is {current!r}"
        )


def steps(one: Object, name: str) -> list[Step]:
    """The values of a property in order of time, each another one than the one before.

    Empty where HubSpot tells no history. Raises `ContradictionError`.
    """
    versions = (one.properties_with_history or {}).get(name)
    if not versions:
        return []
    # Of two values of one moment the one that HubSpot lists first is the newer one.
    found = [(_aware(v.timestamp), v.value or None) for v in reversed(versions)]
    found.sort(key=lambda step: step[0])
    if found and name in one.properties and not same(found[-1][1], one.properties[name]):
        raise ContradictionError(name, found[-1][1], one.properties[name])
    return found[:1] + [b for a, b in pairwise(found) if not same(a[1], b[1])]


def at(known: Sequence[Step], when: datetime) -> str | None:
    """The value that was in force; None before the first one."""
    value = None
    for begins, said in known:
        if begins > when:
            break
        value = said
    return value


def moments(histories: Iterable[Sequence[Step]], after: datetime) -> list[datetime]:
    """When any of the values changed after a moment, in order."""
    return sorted({begins for known in histories for begins, _ in known if begins > after})


def _aware(when: datetime) -> datetime:
    if when.tzinfo is UTC:
        return when
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
