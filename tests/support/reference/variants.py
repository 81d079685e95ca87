"""NRR and GRR by each definition (section 6, Variants)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from reference.customers import Payer
from reference.movements import log
from reference.segments import PLAIN, Terms, chosen
from reference.windows import Window, monthly

Ratio = tuple[Fraction, Fraction]
"""Numerator and denominator, as they are before any division."""


@dataclass(frozen=True)
class Retention:
    """Two ratios; None over an empty base."""

    nrr: Ratio | None
    grr: Ratio | None


@dataclass(frozen=True)
class Ends:
    """A customer's levels at both ends, the last one at the rate of either end."""

    pays: tuple[bool, bool]
    opening: int
    closing: int
    reported: int


def retention(
    customers: Mapping[str, Payer],
    window: Window,
    variant: str = "cohort",
    terms: Terms = PLAIN,
) -> Retention:
    """NRR and GRR of a period by one of `VARIANTS`; of a segment by `terms.where`."""
    return VARIANTS[variant](customers, window, terms)


def logo_retention(
    customers: Mapping[str, Payer], window: Window, terms: Terms = PLAIN
) -> Ratio | None:
    """Customers of the opening cohort who still pay, over all of it."""
    cohort = _opening(customers, window, terms)
    return _over(sum(ends.pays[1] for ends in cohort.values()), len(cohort))


def _cohort(customers: Mapping[str, Payer], window: Window, terms: Terms) -> Retention:
    cohort = _opening(customers, window, terms).values()
    return _retention(cohort, (ends.closing for ends in cohort))


def _as_reported_fx(customers: Mapping[str, Payer], window: Window, terms: Terms) -> Retention:
    cohort = _opening(customers, window, terms).values()
    return _retention(cohort, (ends.reported for ends in cohort))


def _incl_winback(customers: Mapping[str, Payer], window: Window, terms: Terms) -> Retention:
    """Those who paid once, not at the opening and again at the close, in the numerator of NRR."""
    plain = _cohort(customers, window, terms)
    won_back = sum(
        ends.closing
        for name, ends in _ends(customers, window, terms).items()
        if ends.pays == (False, True) and customers[name].first_paid(before=window.opens)
    )
    return Retention(plain.nrr and (plain.nrr[0] + won_back, plain.nrr[1]), plain.grr)


def _flow(customers: Mapping[str, Payer], window: Window, terms: Terms) -> Retention:
    """All that the log says of the opening cohort, but for reactivations."""
    cohort = _opening(customers, window, terms)
    moved = [
        movement
        for movement in log(customers, window, terms)
        if movement.customer in cohort and movement.kind != "reactivation"
    ]
    start = sum(ends.opening for ends in cohort.values())
    kept = start + sum(movement.amount for movement in moved if movement.amount < 0)
    return Retention(_over(start + sum(m.amount for m in moved), start), _over(kept, start))


def _compounded(customers: Mapping[str, Payer], window: Window, terms: Terms) -> Retention:
    """Each month is a period of its own: its opening cohort, its rates, its segments."""
    months = [_cohort(customers, month, terms) for month in monthly(window, terms.rates.zone)]
    return Retention(_product([m.nrr for m in months]), _product([m.grr for m in months]))


VARIANTS: Mapping[str, Callable[[Mapping[str, Payer], Window, Terms], Retention]] = {
    "cohort": _cohort,
    "flow": _flow,
    "compounded": _compounded,
    "incl_winback": _incl_winback,
    "as_reported_fx": _as_reported_fx,
}


def _ends(customers: Mapping[str, Payer], window: Window, terms: Terms) -> dict[str, Ends]:
    found = {}
    for name, payer in chosen(customers, window, terms).items():
        before, after = payer.before(window.opens), payer.before(window.end)
        found[name] = Ends(
            pays=(before != (), after != ()),
            opening=terms.rates.value(before, window.opens),
            closing=terms.rates.value(after, window.opens),
            reported=terms.rates.value(after, window.valued),
        )
    return found


def _opening(customers: Mapping[str, Payer], window: Window, terms: Terms) -> dict[str, Ends]:
    """The opening cohort: customers paying just before the start."""
    ends = _ends(customers, window, terms)
    return {name: both for name, both in ends.items() if both.pays[0]}


def _retention(cohort: Iterable[Ends], closing: Iterable[int]) -> Retention:
    pairs = [(ends.opening, after) for ends, after in zip(cohort, closing, strict=True)]
    start = sum(before for before, _ in pairs)
    return Retention(
        _over(sum(after for _, after in pairs), start),
        _over(sum(min(pair) for pair in pairs), start),
    )


def _over(numerator: int, base: int) -> Ratio | None:
    return (Fraction(numerator), Fraction(base)) if base else None


def _product(ratios: list[Ratio | None]) -> Ratio | None:
    if None in ratios:
        return None
    return prod(n for n, _ in ratios), prod(base for _, base in ratios)
