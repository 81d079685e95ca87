"""Which account of a CRM a customer is: its id in a connector, or what an attribute says."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from tenure import SinkContext, Standing

_NAMED = 5
_LONGEST = 100
"""Letters of one that is named: an id may have any number."""


class ByAttribute(BaseModel):
    """An attribute of customers whose value is the id of an account in the CRM."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    attribute: str = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Ids:
    """Which text may be the id of an account of a service, and what its accounts are called."""

    service: str
    called: str
    read: Callable[[str], str | None]
    """The id in the words of the CRM; None: it is no id."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The customers that ever paid, by id, and what the user should know of others."""

    accounts: dict[str, Standing] = field(default_factory=dict)
    claimed_twice: frozenset[str] = frozenset()
    warnings: list[str] = field(default_factory=list)


def matched(asked: str | ByAttribute, context: SinkContext, ids: Ids) -> Matched:
    """Find each customer's account; an id that two customers claim is left alone, and said.

    `asked` is the name of a connector whose ids of customers they are, or an attribute.
    """
    if isinstance(asked, ByAttribute):
        name = asked.attribute
        return _matched(
            ((one, _stated(one, name)) for one in context.customers(attributes=(name,))), ids
        )
    return _matched(((one, one.ids.get(asked, ())) for one in context.customers()), ids)


def _stated(one: Standing, attribute: str) -> Sequence[str]:
    value = one.attributes.get(attribute)
    return () if value in {None, "(none)"} else (str(value).strip(),)


def _matched(found: Iterable[tuple[Standing, Sequence[str]]], ids: Ids) -> Matched:
    accounts: dict[str, Standing] = {}
    claimed: dict[str, list[str]] = {}
    several, unreadable = [], []
    for one, texts in found:
        if one.since is None:
            continue  # it never paid: nothing to say of it
        read = {text: ids.read(text) for text in texts}
        unreadable += [f"{one.id}: {text!r}" for text, known in read.items() if known is None]
        good = [known for known in read.values() if known is not None]
        if not good:
            continue
        if len(good) > 1:
            several.append(f"{one.id} (written to {good[0]})")
        claimed.setdefault(good[0], []).append(one.id)
        accounts[good[0]] = one
    twice = {account: by for account, by in claimed.items() if len(by) > 1}
    for account in twice:
        del accounts[account]
    said = {
        "left alone, since two accounts claim them": [
            f"{account} by {' and '.join(by)}" for account, by in twice.items()
        ],
        f"written to the first of their {ids.called} alone": several,
        f"left out, since these are no ids of {ids.service}": unreadable,
    }
    return Matched(accounts, frozenset(twice), [*warnings(said)])


def warnings(said: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A line for each remark, with the first of those that it is true of, if there are any."""
    for remark, named in said.items():
        if named:
            yield f"{remark}: {few_of(named)}"


def few_of(named: Sequence[str]) -> str:
    """The first of them, and how many there are where these are more."""
    some = ", ".join(
        each if len(each) <= _LONGEST else f"{each[:_LONGEST]}…" for each in named[:_NAMED]
    )
    return some if len(named) <= _NAMED else f"{some} … ({len(named):,} in all)"
