"""Which company an account is: its customer's id in a connector, or what an attribute says."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from tenure import ConfigError, SinkContext, Standing

_NAMED = 5


class ByAttribute(BaseModel):
    """An attribute of customers whose value is the id of a company in HubSpot."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    attribute: str = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Matched:
    """The accounts that were ever paid for, by company, and what the user should know of others."""

    companies: dict[str, Standing] = field(default_factory=dict)
    claimed_twice: frozenset[str] = frozenset()
    warnings: list[str] = field(default_factory=list)


def matched(asked: str | ByAttribute | None, context: SinkContext) -> Matched:
    """Find each account's company; an id that two accounts claim is left alone, and said."""
    if isinstance(asked, ByAttribute):
        found = ((one, _stated(one, asked.attribute))
                 for one in context.customers(attributes=(asked.attribute,)))  # fmt: skip
        return _matched(found)
    connector = _connector(asked, context)
    return _matched((one, one.ids.get(connector, ())) for one in context.customers())


def _stated(one: Standing, attribute: str) -> Sequence[str]:
    value = one.attributes.get(attribute)
    return () if value in {None, "(none)"} else (str(value).strip(),)


def _connector(asked: str | None, context: SinkContext) -> str:
    known = context.connectors
    if asked is not None and asked in known:
        return asked
    crm = [name for name, plugin in known.items() if plugin == "hubspot"]
    if asked is None and len(crm) == 1:
        return crm[0]
    said = "does not know" if asked is None else f"has no connector {asked!r} that says"
    raise ConfigError(
        f"Sink {context.name!r} {said} which customers are the companies of HubSpot",
        f'Write companies = "CONNECTOR" (there are: {", ".join(known) or "none"}), or '
        'companies = { attribute = "hubspot_company_id" }',
    )


def _matched(found: Iterable[tuple[Standing, Sequence[str]]]) -> Matched:
    companies: dict[str, Standing] = {}
    claimed: dict[str, list[str]] = {}
    several, unreadable = [], []
    for one, ids in found:
        if one.since is None:
            continue  # it never paid: nothing to say of it
        good = [each for each in ids if each.isascii() and each.isdigit()]
        unreadable += [f"{one.id}: {each!r}" for each in ids if each not in good]
        if not good:
            continue
        if len(good) > 1:
            several.append(f"{one.id} (written to {good[0]})")
        claimed.setdefault(good[0], []).append(one.id)
        companies[good[0]] = one
    twice = frozenset(company for company, by in claimed.items() if len(by) > 1)
    for company in twice:
        del companies[company]
    return Matched(companies, twice, list(_said(claimed, several, unreadable)))


def _said(
    claimed: dict[str, list[str]], several: list[str], unreadable: list[str]
) -> Iterator[str]:
    twice = [f"{company} by {' and '.join(by)}" for company, by in claimed.items() if len(by) > 1]
    if twice:
        yield f"left alone, since two accounts claim them: {few_of(twice)}"
    if several:
        yield f"written to the first of their companies alone: {few_of(several)}"
    if unreadable:
        yield f"left out, since these are no ids of HubSpot: {few_of(unreadable)}"


def few_of(named: Sequence[str]) -> str:
    """The first of them, and how many there are where these are more."""
    some = ", ".join(named[:_NAMED])
    return some if len(named) <= _NAMED else f"{some} … ({len(named):,} in all)"
