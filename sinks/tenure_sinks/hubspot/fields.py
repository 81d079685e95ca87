"""The properties that are written: how HubSpot types and shows each figure, and tells it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tenure_sinks.figures import FIGURES, MOVEMENTS, Figure, Kind, short

_OPTIONS = [
    {"label": kind.capitalize(), "value": kind, "displayOrder": place, "hidden": False}
    for place, kind in enumerate(MOVEMENTS)
]
_LOOKS: Mapping[Kind, Mapping[str, Any]] = {
    Kind.MONEY: {"type": "number", "fieldType": "number", "numberDisplayHint": "formatted"},
    Kind.SHARE: {"type": "number", "fieldType": "number", "numberDisplayHint": "percentage"},
    Kind.TEXT: {"type": "string", "fieldType": "text"},
    Kind.DATE: {"type": "date", "fieldType": "date"},
    Kind.CHOICE: {"type": "enumeration", "fieldType": "select", "options": _OPTIONS},
}


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a company, without its prefix."""

    figure: Figure

    @property
    def name(self) -> str:
        """The figure's, and the property's after the prefix."""
        return self.figure.name

    @property
    def type(self) -> str:
        """HubSpot's type of the property."""
        return str(_LOOKS[self.figure.kind]["type"])

    def definition(self, prefix: str, currency: str) -> dict[str, Any]:
        """What makes the property."""
        return {
            "name": f"{prefix}_{self.name}",
            "label": f"{prefix.replace('_', ' ').capitalize()}: {self.figure.label}",
            "description": self.figure.description.format(currency=currency)
            + " Written by tenure, which puts back what is changed by hand.",
            "groupName": prefix,
            **_LOOKS[self.figure.kind],
        }

    def plain(self, text: str | None) -> str | None:
        """A value that HubSpot holds, as this sink would have written it."""
        if text is None or not text.strip():
            return None
        try:
            if self.type == "number":
                return short(Decimal(text))
            if self.type == "date":
                return _day(text)
        except (InvalidOperation, ValueError, OverflowError):
            pass
        return text


def _day(text: str) -> str:
    """HubSpot tells a day as one, or as milliseconds since 1970 at midnight UTC."""
    if text.lstrip("-").isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC).date().isoformat()
    return date.fromisoformat(text[:10]).isoformat()


FIELDS = tuple(map(Field, FIGURES))
