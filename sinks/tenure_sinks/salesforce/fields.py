"""The field of each figure: whether it can take it, and how a value is written there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from tenure import ConfigError, Standing
from tenure_sinks.figures import FIGURES, MOVEMENTS, Figure, Kind, short
from tenure_sinks.salesforce.org import Table

CURRENCY = "CurrencyIsoCode"
"""What an org with several currencies has in each record."""

_CAPITALS = {"mrr", "arr", "nrr", "acv"}
_TYPES: Mapping[Kind, Mapping[str, str]] = {
    Kind.MONEY: {"double": "Number(16, 2)", "currency": "Currency(16, 2)"},
    Kind.SHARE: {"percent": "Percent(16, 2)", "double": "Number(14, 4)"},
    Kind.TEXT: {"string": "Text(80)", "textarea": "Text Area"},
    Kind.DATE: {"date": "Date"},
    Kind.CHOICE: {"picklist": "Picklist", "string": "Text(20)"},
}
"""The types that a figure fits into, and as what Setup makes them; the first is the usual one."""

NUMBERS = {Kind.MONEY, Kind.SHARE}


def default_name(figure: str) -> str:
    """The field of a figure unless said: `Tenure_MRR_Year_Ago__c`."""
    words = [w.upper() if w in _CAPITALS else w.capitalize() for w in figure.split("_")]
    return f"Tenure_{'_'.join(words)}__c"


NAMES: Mapping[str, str] = {each.name: default_name(each.name) for each in FIGURES}


@dataclass(frozen=True, slots=True)
class Field:
    """A field that takes a figure."""

    name: str
    figure: Figure
    type: str
    scale: int

    def value(self, one: Standing, today: date) -> str | None:
        """What the figure says, rounded to what the field holds."""
        text = self.figure.value(one, today)
        if text is None or self.figure.kind not in NUMBERS:
            return text and (text.strip() or None)  # Salesforce keeps neither spaces nor ""
        hundred = 100 if self.type == "percent" else 1  # 105.5 there is what is 1.055 here
        step = Decimal(1).scaleb(-self.scale)
        return short((Decimal(text) * hundred).quantize(step, ROUND_HALF_EVEN))


def fields_of(table: Table, names: Mapping[str, str], amiss: Iterable[str]) -> list[Field]:
    """The fields by their figures' names; raises `ConfigError` that names all that is amiss."""
    figures = {each.name: each for each in FIGURES if each.name in names}
    found = [] if table.may_update else [f"this user may not edit {table.name}"]
    found += amiss
    for figure, name in names.items():
        found += [f"{name} {each}" for each in _amiss(figures[figure], table.fields.get(name))]
    if found:
        raise ConfigError(
            f"{table.name} in Salesforce cannot take the figures: {'; '.join(found)}",
            "docs/salesforce.md has the fields and the permission set to deploy",
        )
    return [
        Field(names[each.name], each, str(there["type"]), int(there.get("scale") or 0))
        for each in figures.values()
        for there in [table.fields[names[each.name]]]
    ]


def _amiss(figure: Figure, there: Mapping[str, Any] | None) -> Iterator[str]:
    fitting = _TYPES[figure.kind]
    if there is None:
        made = next(iter(fitting.values()))
        yield f"is not there, or this user may not see it: create it as {made}"
        return
    if there["type"] not in fitting:
        yield f"is of type {there['type']} and not {' or '.join(fitting)}"
    if there.get("calculated"):
        yield "is a formula"
    elif not there["updateable"]:
        yield "may not be edited by this user"
    if figure.kind is Kind.CHOICE and there.get("restrictedPicklist"):
        values = {each["value"] for each in there.get("picklistValues", ()) if each["active"]}
        if lacking := [kind for kind in MOVEMENTS if kind not in values]:
            yield f"lacks the values {', '.join(lacking)}"


def plain(value: Any) -> str | None:
    """A value that Salesforce holds, as this sink would have written it."""
    if isinstance(value, int | Decimal):
        return short(Decimal(value))
    return None if value is None else str(value)
