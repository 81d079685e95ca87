"""How an account stands, figure by figure, as sinks write it beside an account in a CRM."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum, auto
from functools import partial

from tenure import LastMovement, Standing, decimal_string, ratio_string

AS_OF = "as_of"

MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")


class Kind(Enum):
    """What a figure is: each CRM has types of its own for it."""

    MONEY = auto()
    SHARE = auto()
    """1 is all of it."""
    TEXT = auto()
    DATE = auto()
    CHOICE = auto()
    """One of `MOVEMENTS`."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One value of an account; a `{currency}` in its description stands for the workspace's."""

    name: str
    label: str
    description: str
    value: Callable[[Standing, date], str | None]
    """On a day; a number without what says nothing, a day as `2026-02-10`."""
    kind: Kind


def short(number: Decimal) -> str:
    """A decimal without what says nothing: `1200.5`."""
    if not number.is_finite():
        raise InvalidOperation
    return format(number.normalize() + 0, "f")


def _money(amount: int | None) -> str | None:
    return None if amount is None else short(Decimal(decimal_string(amount)))


def _nrr(one: Standing) -> str | None:
    return short(Decimal(ratio_string(*one.nrr))) if one.nrr[1] else None


def _of_last(tell: Callable[[LastMovement], str | None]) -> Callable[[Standing, date], str | None]:
    return lambda one, _: None if one.last is None else tell(one.last)


def _reason(last: LastMovement) -> str | None:
    named = last.cause not in {None, "other"}
    return f"{last.reason} ({last.cause})" if named else last.reason


_amount = partial(Figure, kind=Kind.MONEY)
_share = partial(Figure, kind=Kind.SHARE)
_text = partial(Figure, kind=Kind.TEXT)
_date = partial(Figure, kind=Kind.DATE)
_choice = partial(Figure, kind=Kind.CHOICE)

FIGURES = (
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
