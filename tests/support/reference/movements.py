"""The bridge of a period, and the log of all that happened in it (section 5)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from reference.customers import Lines, Payer, payers
from reference.policy import DEFAULT, Policy
from reference.segments import PLAIN, Terms, chosen, segment
from reference.windows import TICK, Window
from tenure import Evidence

NAMES = ("start_mrr", "new", "reactivation", "expansion", "contraction", "churn", "fx", "end_mrr")
COUNTS = ("customers_start", "customers_end", "customers_churned")

Key = str | tuple[str, ...] | None


@dataclass(frozen=True)
class Movement:
    """A customer's level changed: before and after at the opening rate of the window."""

    customer: str
    instant: datetime
    kind: str
    before: int
    after: int

    @property
    def amount(self) -> int:
        """The change, below zero for a loss."""
        return self.after - self.before


def bridge(
    customers: Mapping[str, Payer],
    window: Window,
    by: str | tuple[str, ...] | None = None,
    terms: Terms = PLAIN,
) -> dict[Key, dict[str, int]]:
    """The bridge of one period: of the total (key None), or by one attribute or several."""
    figures: dict[Key, dict[str, int]] = defaultdict(lambda: dict.fromkeys((*NAMES, *COUNTS), 0))
    for payer in chosen(customers, window, terms).values():
        if payer.before(window.opens) or payer.before(window.end):
            row = figures[_key(payer, window, by, terms)]
            for name, amount in _figures(payer, window, terms):
                row[name] += amount
    return dict(figures)


def log(customers: Mapping[str, Payer], window: Window, terms: Terms = PLAIN) -> list[Movement]:
    """Every movement inside a period, in order of time and customer."""
    found = [
        movement
        for name, payer in chosen(customers, window, terms).items()
        for t, _ in payer.timeline
        if window.opens <= t < window.end and (movement := _movement(name, payer, t, window, terms))
    ]
    return sorted(found, key=lambda movement: (movement.instant, movement.customer))


def coverage(
    records: Iterable[object],
    window: Window,
    now: datetime,
    policy: Policy = DEFAULT,
    terms: Terms = PLAIN,
) -> dict[Evidence, int]:
    """The MRR just before the period by the evidence it rests on, without the rule about gaps."""
    found: dict[Evidence, int] = defaultdict(int)
    for payer in payers(records, now, policy).values():
        for line in payer.raw(window.opens - TICK):
            found[line.point.evidence] += terms.rates.convert(line, window.opens)
    return found


def _key(payer: Payer, window: Window, by: str | tuple[str, ...] | None, terms: Terms) -> Key:
    if isinstance(by, tuple):
        return tuple(segment(payer, window, attribute, terms) for attribute in by)
    return segment(payer, window, by, terms) if by else None


def _figures(payer: Payer, window: Window, terms: Terms) -> Iterator[tuple[str, int]]:
    """What one customer adds to the bridge: both ends at the opening rate, and fx."""
    before, after = payer.before(window.opens), payer.before(window.end)
    opening = terms.rates.value(before, window.opens)
    closing = terms.rates.value(after, window.opens)
    reported = terms.rates.value(after, window.valued)
    if kind := _kind(payer, window.opens, (before, after), closing - opening):
        yield kind, abs(closing - opening)
    yield "start_mrr", opening
    yield "fx", reported - closing
    yield "end_mrr", reported
    yield "customers_start", int(before != ())
    yield "customers_end", int(after != ())
    yield "customers_churned", int(before != () and not after)


def _movement(
    name: str, payer: Payer, instant: datetime, window: Window, terms: Terms
) -> Movement | None:
    ends = payer.before(instant), payer.at(instant)
    before, after = (terms.rates.value(lines, window.opens) for lines in ends)
    kind = _kind(payer, instant, ends, after - before)
    return Movement(name, instant, kind, before, after) if kind else None


def _kind(payer: Payer, start: datetime, ends: tuple[Lines, Lines], gain: int) -> str | None:
    """The name of a movement from one end to the other; None: there is none."""
    before, after = ends
    if before and after:
        return "expansion" if gain > 0 else "contraction" if gain < 0 else None
    if after:
        return "reactivation" if payer.first_paid(before=start) else "new"
    return "churn" if before else None
