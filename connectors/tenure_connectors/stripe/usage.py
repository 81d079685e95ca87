"""What metered items used since they were last billed: kept, and no point of any item.

Usage is stated by what a period of service was charged once it is over (`life.usage`), and one that
runs has no charge yet. This takes a request for each such item, and is read only where asked for.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

from tenure import Observation
from tenure_connectors.stripe.life.conditions import items_of
from tenure_connectors.stripe.listing import Listing
from tenure_connectors.stripe.shapes import MeterSummary, Price, Subscription, id_of

_MINUTE = 60


def under_way(sub: Subscription, now: datetime) -> Iterator[Listing]:
    """The list of each metered item whose period runs; it has one summary, or none."""
    if sub.ended_at is not None:
        return
    for name, item in items_of(sub):
        meter = _meter(item.price) or _meter(item.plan)
        start = item.current_period_start or sub.current_period_start
        # Times must be whole minutes (docs.stripe.com/api/billing/meter-event-summary/list).
        first, end = (start or 0) // _MINUTE * _MINUTE, int(now.timestamp()) // _MINUTE * _MINUTE
        if meter is not None and start is not None and first < end:
            path = f"/v1/billing/meters/{quote(meter, safe='')}/event_summaries"
            asked = {"customer": id_of(sub.customer), "start_time": first, "end_time": end}
            yield Listing(path, MeterSummary, asked, windows=False, owner=name)


def _meter(price: Price | str | None) -> str | None:
    held = price.recurring if isinstance(price, Price) else None
    return held.meter if held is not None else None


def used(item: str, one: MeterSummary) -> Observation:
    """What is kept of a summary."""
    return Observation(
        subject=item,
        key=f"usage:{one.meter}:{one.end_time}",
        at=datetime.fromtimestamp(one.end_time, UTC),
        data={"meter": one.meter, "start": one.start_time, "value": str(one.aggregated_value)},
    )
