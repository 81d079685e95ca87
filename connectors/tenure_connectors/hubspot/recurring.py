"""(b) HubSpot's recurring-revenue properties: each won deal counts from close to inactive date."""

from collections.abc import Iterator, Mapping, Sequence

from tenure import Cause, micros
from tenure_connectors.hubspot.chain import Line, lasting
from tenure_connectors.hubspot.client import Asked
from tenure_connectors.hubspot.deals import CLAIMED, PLACED
from tenure_connectors.hubspot.levels import Level, changes
from tenure_connectors.hubspot.shapes import Object
from tenure_connectors.hubspot.source import (
    Held,
    Stated,
    Terms,
    claims,
    currencies,
    known_since,
    midnight,
    ref,
    refused,
)
from tenure_connectors.hubspot.values import day, instant, local_day, number

AMOUNT = "recurring_revenue_amount"
TYPE = "recurring_revenue_deal_type"
INACTIVE, REASON = "recurring_revenue_inactive_date", "recurring_revenue_inactive_reason"

RECURRING = (AMOUNT, TYPE, INACTIVE, REASON)
"""The properties of HubSpot's own; they exist once somebody has switched them on."""


class Recurring:
    """Counts the recurring revenue of won deals, a monthly amount each."""

    lines: Asked | None = None

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        names = (*PLACED, *RECURRING, *CLAIMED, *currencies(terms.config, "deals"))
        self.asked = Asked("deals", names, (AMOUNT,))

    def counts(self, one: Object) -> bool:
        """Won, and with an amount."""
        return self._terms.directory.kind(one) not in {None, "churn"} and bool(one.get(AMOUNT))

    def stated(self, held: Sequence[Held]) -> Iterator[Stated]:
        """Each deal is an item, so they add up."""
        for one in held:
            try:
                line = self._line(one.object)
            except ValueError as error:
                yield refused("deals", one.object, error)
                continue
            yield from lasting(line)
            yield from claims("deals", one.object, line.currency)

    def _line(self, deal: Object) -> Line:
        zone, closed = self._terms.zone, deal.get("closedate")
        if not closed:
            raise ValueError("it has no close date")
        start = midnight(local_day(closed, zone), zone)
        said = deal.get(INACTIVE)
        end = midnight(day(said), zone) if said else None
        if end is not None and end < start:
            raise ValueError(f"it is inactive from {said} on, before it was closed on {closed}")
        churned = "churn" in (deal.get(REASON) or "").lower()
        return Line(
            ref=ref("deals", deal.id),
            currency=self._terms.currency(deal.properties),
            start=start,
            end=end,
            steps=changes(
                deal, (AMOUNT,), _level, start, known_since(deal, start, instant(closed))
            ),
            plan=deal.get(TYPE),
            start_ref=ref("deals", deal.id, "closedate"),
            end_ref=ref("deals", deal.id, INACTIVE),
            cause=Cause.REQUESTED if churned else None,
        )


def _level(properties: Mapping[str, str | None]) -> Level | None:
    said = properties.get(AMOUNT)
    if not said:
        return None
    amount = number(said)
    if amount < 0:
        raise ValueError("its amount is below zero")
    return Level(micros(amount))
