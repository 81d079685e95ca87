"""Which segment a customer is in for a period (section 6, Segments)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reference.customers import Line, Lines, Payer
from reference.rates import Rates
from reference.windows import Window
from tenure.money import MICRO

BANDS = ("<12k", "12–50k", "50–250k", "≥250k")  # noqa: RUF001 - as metrics.md writes them
EDGES = (12_000, 50_000, 250_000)
OF_LARGEST: Mapping[str, Callable[[Line], str | None]] = {
    "plan": lambda line: line.point.plan,
    "product": lambda line: line.point.product,
    "currency": lambda line: line.point.currency,
    "source": lambda line: line.track.source,
}


def _no_cohort(instant: datetime) -> str:
    raise TypeError("Terms.cohort names the period that an instant lies in")


@dataclass(frozen=True)
class Terms:
    """What a report is asked in: rates, who counts, and the period of an instant by name."""

    rates: Rates = field(default_factory=Rates)
    where: Mapping[str, str] = field(default_factory=dict)
    cohort: Callable[[datetime], str] = _no_cohort


PLAIN = Terms()


def standing(payer: Payer, window: Window) -> datetime | None:
    """The instant that decides on a customer's segments; None: it never pays in the window."""
    if payer.before(window.opens):
        return window.opens
    return payer.first_paid(window.opens, window.end)


def segment(payer: Payer, window: Window, attribute: str, terms: Terms = PLAIN) -> str:
    """The value of an attribute that a paying customer is counted under."""
    at = standing(payer, window)
    if attribute in OF_LARGEST:
        return _of_largest(payer.last_paid(at), attribute, window, terms)
    if attribute == "acv_band":
        first = payer.before(window.opens) or payer.at(at)
        return _band(12 * terms.rates.value(first, window.opens))
    if attribute == "cohort":
        return terms.cohort(payer.first_paid())
    return payer.value(attribute, at)


def chosen(
    customers: Mapping[str, Payer], window: Window, terms: Terms = PLAIN
) -> dict[str, Payer]:
    """Customers who pay at any time of the window and meet the filters."""
    return {
        name: payer
        for name, payer in customers.items()
        if standing(payer, window)
        and all(segment(payer, window, a, terms) == value for a, value in terms.where.items())
    }


def _of_largest(lines: Lines, attribute: str, window: Window, terms: Terms) -> str:
    """Of the item with the highest level at the opening rate, ties by name."""
    ranked = [
        (-terms.rates.convert(line, window.opens), OF_LARGEST[attribute](line) or "(none)")
        for line in lines
    ]
    return min(ranked)[1]


def _band(yearly: int) -> str:
    return BANDS[sum(yearly >= edge * MICRO for edge in EDGES)]
