"""The evidence of one subscription, put in order and in one shape."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import attrgetter

import msgspec

from tenure import Observation
from tenure_connectors.stripe.catalog import Catalog
from tenure_connectors.stripe.events import Snapshot, discount_events, gaps, snapshots
from tenure_connectors.stripe.life.conditions import (
    UnreadableError,
    is_known,
    items_of,
    net_of,
    start_of,
)
from tenure_connectors.stripe.life.invoices import Service, services
from tenure_connectors.stripe.life.lines import Charge, charges_of, pending
from tenure_connectors.stripe.life.prices import net_share
from tenure_connectors.stripe.life.schedules import phases_to_come
from tenure_connectors.stripe.life.sightings import Billed, Sightings, billed
from tenure_connectors.stripe.life.terms import Pricing
from tenure_connectors.stripe.shapes import (
    Customer,
    Discount,
    Invoice,
    InvoiceItem,
    Phase,
    Schedule,
    Subscription,
    id_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known of one subscription, or of a schedule that has not begun (its `id` then).

    `subscription` is its current state, None where only events or a schedule know it. `invoices`
    have all their lines, `discounts` are all that it ever told. `observations` are those of the
    subscription and of its customer. `livemode` is the account's: what is of the other mode is
    left out.
    """

    id: str
    now: datetime
    catalog: Catalog
    subscription: Subscription | None = None
    customer: Customer | None = None
    invoices: Sequence[Invoice] = ()
    invoice_items: Sequence[InvoiceItem] = ()
    schedule: Schedule | None = None
    discounts: Sequence[Discount] = ()
    observations: Sequence[Observation] = ()
    livemode: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The same in order: `seen` are all snapshots, `latest` the last state that is known."""

    start: int
    now: int
    seen: Sequence[Snapshot]
    latest: Subscription | None
    current: Snapshot | None
    pricing: Pricing
    charges: Sequence[Charge]
    billed: Sequence[Billed]
    phases: Sequence[Phase]
    gaps: Sequence[tuple[int, int]]
    sightings: Sightings

    @property
    def known_to(self) -> int:
        """The last instant that anything was seen at; what is later has not come yet."""
        return max([self.now, *(snapshot.at for snapshot in self.seen)])

    @property
    def services(self) -> list[Service]:
        """Every full period of service that was billed."""
        return [service for bill in self.billed for service in bill.services]


def history_of(evidence: Evidence) -> History:
    """Raises `UnreadableError` for a status that is not known, or where nothing is."""
    now = int(evidence.now.timestamp())
    seen = snapshots(evidence.observations)
    current = None
    if evidence.subscription is not None:
        order = len(seen) + 1
        current = Snapshot(now, evidence.subscription, evidence.id, before=True, order=order)
        seen.append(current)
    latest = seen[-1].subscription if seen else None
    if latest is not None and not is_known(latest):
        raise UnreadableError(f"its status is {latest.status!r}")
    phases = phases_to_come(evidence.schedule, now)
    start = _start(latest, phases)
    currency = latest.currency if latest is not None else phases[0].currency
    pricing = Pricing(evidence.catalog, currency)
    for snapshot in reversed(seen):
        _learn(pricing, snapshot)
    charges = _charges(evidence, latest)
    bills = _bills(evidence, charges, pricing)
    return History(
        start=start,
        now=now,
        seen=seen,
        latest=latest,
        current=current,
        pricing=pricing,
        charges=charges,
        billed=bills,
        phases=phases,
        gaps=gaps(evidence.observations),
        sightings=Sightings(
            start=start,
            made=max(start, (latest and latest.created) or start),
            now=now,
            pricing=pricing,
            snapshots=seen,
            events=discount_events(evidence.observations),
            customer=evidence.customer,
            told=evidence.discounts,
            charges=charges,
            billed=bills,
        ),
    )


def _learn(pricing: Pricing, seen: Snapshot) -> None:
    """Prices and taxes that come with a snapshot."""
    sub = seen.subscription
    pricing.taxed("", None, net_share(sub.default_tax_rates or ()), seen.at)
    for name, item in items_of(sub):
        terms = pricing.terms(item.price or item.plan, item.quantity)
        pricing.taxed(name, terms, net_of(item, sub), seen.at)


def _start(latest: Subscription | None, phases: Sequence[Phase]) -> int:
    if latest is not None:
        return start_of(latest)
    if phases:
        return phases[0].start_date
    raise UnreadableError("nothing is known of it but its id")


def _charges(evidence: Evidence, latest: Subscription | None) -> list[Charge]:
    """All lines in the order of their ids, however they were listed."""
    catalog, name = evidence.catalog, evidence.id
    lines = chain.from_iterable(charges_of(one, name, catalog) for one in evidence.invoices)
    waiting = pending(evidence.invoice_items, name, catalog)
    placed = (_placed(charge, latest) for charge in chain(lines, waiting))
    found = [charge for charge in placed if charge is not None]
    return sorted(found, key=attrgetter("ref"))


def _placed(charge: Charge, latest: Subscription | None) -> Charge | None:
    """With the item that it is of: lines did not name it before 2018."""
    if charge.item is not None or latest is None:
        return charge
    items = list(items_of(latest))
    same = [n for n, item in items if id_of(item.price or item.plan) == id_of(charge.price)]
    names = same or [name for name, _ in items]
    return msgspec.structs.replace(charge, item=names[0]) if len(names) == 1 else None


def _bills(evidence: Evidence, charges: Sequence[Charge], pricing: Pricing) -> list[Billed]:
    lines: dict[str | None, list[Charge]] = defaultdict(list)
    for charge in charges:
        lines[charge.invoice].append(charge)
    return [
        billed(invoice, services(lines[invoice.id], pricing))
        for invoice in sorted(evidence.invoices, key=attrgetter("id"))
        if invoice.id in lines
    ]
