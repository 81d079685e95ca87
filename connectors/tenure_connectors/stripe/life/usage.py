"""Metered items: a point at the end of each service period, with what the period was charged."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator

from tenure import Evidence, Point, micros
from tenure_connectors.stripe.life.invoices import Service
from tenure_connectors.stripe.life.lines import Charge
from tenure_connectors.stripe.life.prices import Exact, cadence, minor_unit
from tenure_connectors.stripe.life.terms import Pricing
from tenure_connectors.stripe.life.times import instant
from tenure_connectors.stripe.shapes import id_of


def usage_points(
    billed: Iterable[Service], pricing: Pricing, running: Container[str]
) -> Iterator[Point]:
    """The points of one item; `running` are the discounts that are not for once.

    Raises `UnpricedError` where a price does not say how often it bills.
    """
    periods: dict[int, list[Service]] = defaultdict(list)
    for service in billed:
        periods[service.end].append(service)
    for end, parts in sorted(periods.items()):
        yield _point(end, sorted(parts, key=lambda part: part.ref), pricing, running)


def _point(end: int, parts: list[Service], pricing: Pricing, running: Container[str]) -> Point:
    last = parts[-1]
    price = pricing.price(last.terms)
    every = cadence(price)
    charges = [charge for part in parts for charge in part.charges]
    amount = sum(_micros(charge, charge.amount) for charge in charges)
    total = sum(_micros(charge, _taken(charge)) for charge in charges)
    kept = sum(_micros(charge, _taken(charge, running)) for charge in charges)
    quantity = sum(part.terms.quantity for part in parts)
    return Point(
        effective_at=instant(end),
        amount=round(amount),
        discount=round(kept),
        discount_once=round(total) - round(kept),
        quantity=micros(quantity),
        currency=last.bill.currency,
        interval=every.interval,
        interval_count=every.count,
        plan=pricing.catalog.plan_name(price),
        product=pricing.catalog.product_name(price),
        evidence=Evidence.INFERRED,
        source_ref=last.ref,
    )


def _micros(charge: Charge, amount: int) -> Exact:
    net = 1 if charge.net is None else charge.net
    return amount * net * minor_unit(charge.currency)


def _taken(charge: Charge, only: Container[str] | None = None) -> int:
    return sum(
        taken.amount
        for taken in charge.discounts
        if only is None or (id_of(taken.discount) or "") in only
    )
