"""Customers by the period of their first paid instant, and what became of them (section 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reference.customers import Payer
from reference.segments import PLAIN, Terms, chosen
from reference.windows import Window


@dataclass
class Cohort:
    """What its customers paid first, then what they pay and how many do, by age."""

    customers: int = 0
    base: int = 0
    revenue: list[int] = field(default_factory=list)
    logos: list[int] = field(default_factory=list)


def cohorts(
    customers: Mapping[str, Payer], periods: Sequence[Window], terms: Terms = PLAIN
) -> dict[str, Cohort]:
    """The cohorts of successive periods by label, up to the last period; none without customers."""
    found = {}
    for number, period in enumerate(periods):
        joined = [
            (payer, first)
            for payer in chosen(customers, period, terms).values()
            if period.opens <= (first := payer.first_paid()) < period.end
        ]
        if not joined:
            continue
        later = [[p.before(end.end) for p, _ in joined] for end in periods[number:]]
        value = terms.rates.value
        found[period.label] = Cohort(
            customers=len(joined),
            base=sum(value(payer.at(first), period.opens) for payer, first in joined),
            revenue=[sum(value(lines, period.opens) for lines in age) for age in later],
            logos=[sum(lines != () for lines in age) for age in later],
        )
    return found
