"""Figures beside the accounts of a CRM: what differs from them, and what of ours may be taken back.

Values are compared in the words in which they are written, so whatever a CRM makes of them comes
here in ours.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from tenure import Change, Unwritten

_T = TypeVar("_T")

Values = Mapping[str, str | None]
"""By the names that the CRM has for them; None: no value."""


@dataclass(frozen=True, slots=True)
class Held:
    """An account as it is in the CRM."""

    id: str
    values: Values
    label: str = ""


@dataclass(frozen=True, slots=True)
class AsOf:
    """The value that says of which day the others are, and what this sink wrote there last."""

    name: str
    written: str | None


def differing(held: Held, wanted: Values, as_of: AsOf) -> Iterator[Change]:
    """The changes of one account."""
    now, day = held.values, as_of.name
    found = [name for name, value in wanted.items() if now[name] != value and name != day]
    # The day alone is no news, unless somebody else wrote it.
    if day in wanted and (found or now[day] != as_of.written) and now[day] != wanted[day]:
        found.append(day)
    for name in found:
        new = wanted[name]
        yield Change(target=held.id, label=held.label, field=name, old=now[name], new=new)


def taken_back(changes: Mapping[str, Change], held: Held) -> tuple[list[Change], list[Unwritten]]:
    """Of the changes of one account those whose `old` still stands, and what stays and why."""
    now = held.values
    ours = [
        replace(c, label=held.label)
        for name, c in changes.items()
        if now[name] == c.old and c.old != c.new
    ]
    theirs = [name for name, c in changes.items() if now[name] not in {c.old, c.new}]
    if not theirs:
        return ours, []
    said = f"{', '.join(theirs)}: changed by hand since, and stays"
    return ours, [Unwritten(target=held.id, reason=said)]


def by_account(changes: Iterable[Change]) -> dict[str, dict[str, Change]]:
    """The changes by account and name."""
    found: dict[str, dict[str, Change]] = {}
    for change in changes:
        found.setdefault(change.target, {})[change.field] = change
    return found


def batched(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Lists of at most `size` of the values."""
    found = iter(values)
    while few := list(islice(found, size)):
        yield few
