"""What differs between the figures and Salesforce."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenure import Change, SinkContext, Standing
from tenure_sinks.accounts import warnings
from tenure_sinks.beside import AsOf, Held, Values, differing
from tenure_sinks.figures import AS_OF
from tenure_sinks.salesforce.fields import CURRENCY, Field, plain
from tenure_sinks.salesforce.keys import ExternalId
from tenure_sinks.salesforce.org import Org, Table


@dataclass(frozen=True, slots=True)
class Look:
    """Where to look, and for what."""

    org: Org
    table: Table
    fields: Sequence[Field]
    key: ExternalId

    def records(self, field: str, values: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        """The accounts whose field has one of the values."""
        names = [each.name for each in self.fields]
        more = [name for name in (self.table.label, self.currency) if name]
        return self.org.records(field, values, [*names, *more])

    @property
    def currency(self) -> str | None:
        """The field that says in which currency an account's amounts are, if that matters."""
        matters = any(each.type == "currency" for each in self.fields)
        return CURRENCY if matters and CURRENCY in self.table.fields else None

    def held(self, record: Mapping[str, Any]) -> Held:
        """What one of them holds."""
        return held_in(record, [each.name for each in self.fields], self.table.label)


@dataclass(slots=True)
class _Found:
    """The accounts of the customers, and what the user should know of others."""

    accounts: list[tuple[Standing, Held]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Every account that somebody's id led to; all others have nobody's."""
    said: dict[str, list[str]] = field(default_factory=dict)


def differences(look: Look, context: SinkContext) -> Iterator[Change]:
    """The changes of all accounts; one that this sink wrote to and is nobody's now is emptied."""
    found = _found(look, context)
    for warning in warnings(found.said):
        context.warn(warning)
    today = context.known_at.astimezone(context.timezone).date()
    as_of = next((each.name for each in look.fields if each.figure.name == AS_OF), "")
    ours = context.memory.values([held.id for _, held in found.accounts])
    for one, held in found.accounts:
        wanted = {each.name: each.value(one, today) for each in look.fields}
        written = ours.get(held.id, {}).get(as_of, held.values.get(as_of))
        yield from differing(held, wanted, AsOf(as_of, written))
    nothing: Values = dict.fromkeys(each.name for each in look.fields)
    for record in look.records("Id", sorted(set(context.memory.targets()) - found.seen)):
        yield from differing(look.held(record), nothing, AsOf("", None))


def _found(look: Look, context: SinkContext) -> _Found:
    """Look the customers up; what is not clear is left alone, and said."""
    matched, found = look.key.matched(context), _Found()
    for warning in matched.warnings:
        context.warn(warning)
    keys = {*matched.accounts, *matched.claimed_twice}
    by_key: dict[str, list[Mapping[str, Any]]] = {}
    for record in look.records(look.key.field, sorted(keys)):
        # Salesforce compares without regard to capitals, and ids of customers may differ in these.
        if (key := str(record[look.key.field])) in keys:
            by_key.setdefault(key, []).append(record)
            found.seen.add(str(record["Id"]))
    lost, several, foreign = [], [], []
    for key, one in matched.accounts.items():
        records = by_key.get(key, [])
        if not records:
            lost.append(f"{one.id} ({key})")
        elif len(records) > 1:
            several.append(f"{key} in {' and '.join(str(each['Id']) for each in records)}")
        elif look.currency and records[0][look.currency] != context.currency:
            foreign.append(f"{one.id} ({records[0][look.currency]})")
        else:
            found.accounts.append((one, look.held(records[0])))
    found.said = {
        f"left out, since no {look.table.name} has their id in {look.key.field}": lost,
        "left alone, since two accounts hold one id": several,
        f"left out, since their fields of type Currency are not in {context.currency}": foreign,
    }
    return found


def held_in(record: Mapping[str, Any], names: Sequence[str], label: str | None) -> Held:
    """The values of a record, as this sink would have written them."""
    values = {name: plain(record.get(name)) for name in names}
    return Held(str(record["Id"]), values, plain(record.get(label or "")) or "")
