"""The properties that are written: what each says, its type, and its value for an account."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from tenure import LastMovement, Standing, decimal_string, ratio_string

AS_OF = "as_of"

_KINDS = ("new", "reactivation", "expansion", "contraction", "churn")


Tell = Callable[[Standing, date], str | None]
"""What a property says of an account on a day."""


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a company, without its prefix."""

    name: str
    label: str
    description: str
    value: Tell
    type: str
    look: str
    """The field type, which is how HubSpot shows it."""
    more: Mapping[str, Any]

    def definition(self, prefix: str, currency: str) -> dict[str, Any]:
        """What makes the property."""
        return {
            "name": f"{prefix}_{self.name}",
            "label": f"{prefix.replace('_', ' ').capitalize()}: {self.label}",
            "description": self.description.format(currency=currency)
            + " Written by tenure, which puts back what is changed by hand.",
            "groupName": prefix,
            "type": self.type,
            "fieldType": self.look,
            **self.more,
        }

    def plain(self, text: str | None) -> str | None:
        """A value that HubSpot holds, as this sink would have written it."""
        if text is None or not text.strip():
            return None
        try:
            if self.type == "number":
                return _short(Decimal(text))
            if self.type == "date":
                return _day(text)
        except (InvalidOperation, ValueError, OverflowError):
            pass
        return text


def _short(number: Decimal) -> str:
    """A decimal without what says nothing: `1200.5`."""
    if not number.is_finite():
        raise InvalidOperation
    return format(number.normalize() + 0, "f")


def _day(text: str) -> str:
    """HubSpot tells a day as one, or as milliseconds since 1970 at midnight UTC."""
    if text.lstrip("-").isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC).date().isoformat()
    return date.fromisoformat(text[:10]).isoformat()


def _money(amount: int | None) -> str | None:
    return None if amount is None else _short(Decimal(decimal_string(amount)))


def _nrr(one: Standing) -> str | None:
    return _short(Decimal(ratio_string(*one.nrr))) if one.nrr[1] else None


def _of_last(tell: Callable[[LastMovement], str | None]) -> Tell:
    return lambda one, _: None if one.last is None else tell(one.last)


def _reason(last: LastMovement) -> str | None:
    named = last.cause not in {None, "other"}
    return f"{last.reason} ({last.cause})" if named else last.reason


_amount = partial(Field, type="number", look="number", more={"numberDisplayHint": "formatted"})
_share = partial(Field, type="number", look="number", more={"numberDisplayHint": "percentage"})
_text = partial(Field, type="string", look="text", more={})
_date = partial(Field, type="date", look="date", more={})
_options = [
    {"label": kind.capitalize(), "value": kind, "displayOrder": place, "hidden": False}
    for place, kind in enumerate(_KINDS)
]
_choice = partial(Field, type="enumeration", look="select", more={"options": _options})

FIELDS = (
    _amount("mrr", "MRR", "Monthly recurring revenue now, in {currency}; 0 once it has churned.",
            lambda one, _: _money(one.mrr)),
    _amount("arr", "ARR", "Twelve times the MRR, in {currency}.", lambda one, _: _money(one.arr)),
    _amount("mrr_year_ago", "MRR a year ago",
            "Monthly recurring revenue twelve months ago, in {currency}.",
            lambda one, _: _money(one.mrr_year_ago)),
    _share("nrr", "NRR",
           "Net revenue retention: what is paid now over what was paid a year ago, at the rates of"
           " then. Empty where nothing was.", lambda one, _: _nrr(one)),
    _choice("last_movement", "last movement", "What happened last to what the account pays.",
            _of_last(lambda last: last.kind)),
    _date("last_movement_date", "last movement on", "The day of the last movement.",
          _of_last(lambda last: last.day.isoformat())),
    _amount("last_movement_amount", "last movement's amount",
            "By how much the MRR changed in the last movement, in {currency}.",
            _of_last(lambda last: _money(last.amount))),
    _text("last_movement_reason", "last movement's reason",
          "Why the MRR changed in the last movement, such as quantity or product_removed.",
          _of_last(_reason)),
    _amount("committed_change", "committed change",
            "MRR that is going to end because somebody asked for it, in {currency}: 0 or less.",
            lambda one, _: _money(one.committed_change)),
    _text("acv_band", "ACV band", "The band of twelve times the MRR; empty while nothing is paid.",
          lambda one, _: one.acv_band),
    _date(AS_OF, "as of", "The day as of which these figures were written last.",
          lambda _, today: today.isoformat()),
)  # fmt: skip
