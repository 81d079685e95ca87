"""Measures at the end of a period, at its rates (section 4)."""

from collections.abc import Mapping
from datetime import timedelta

from reference.customers import Lines, Payer
from reference.segments import PLAIN, Terms
from reference.windows import Window


def mrr(customers: Mapping[str, Payer], window: Window, terms: Terms = PLAIN) -> int:
    """The run-rate in force."""
    paid = [payer.before(window.end) for payer in customers.values()]
    return _sum(paid, window, terms)


def committed_mrr(customers: Mapping[str, Payer], window: Window, terms: Terms = PLAIN) -> int:
    """The run-rate that nobody asked to end."""
    paid = [payer.before(window.end) for payer in customers.values()]
    kept = [tuple(line for line in lines if line.point.ends_at is None) for lines in paid]
    return _sum(kept, window, terms)


def contracted_mrr(
    customers: Mapping[str, Payer], window: Window, horizon: timedelta, terms: Terms = PLAIN
) -> int:
    """The run-rate that much later, at the rates of the period's end, which are the last known.

    The customers are read with all points known, future ones too: `payers(records)`.
    """
    paid = [payer.before(window.end + horizon) for payer in customers.values()]
    return _sum(paid, window, terms)


def _sum(paid: list[Lines], window: Window, terms: Terms) -> int:
    return sum(terms.rates.value(lines, window.valued) for lines in paid)
