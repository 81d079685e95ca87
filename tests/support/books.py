"""A ledger that is filled from short words and asked for reports."""

from collections.abc import Iterable
from datetime import UTC, datetime

from ledgers import Ledger
from workspaces import workspace

from tenure import Item, Point, State, Subscription, micros
from tenure.ledger.store import Store
from tenure.metrics.run import ReportRequest, build

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def at(day: str) -> datetime:
    """An instant in UTC: `2026-01-15` or `2026-01-15T12:00`."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def point(day: str, amount, **facts) -> Point:
    """`amount` dollars from that day on, a month unless said; None: ended."""
    facts = {"currency": "USD", "source_ref": "made"} | facts
    if amount is None:
        facts, amount = {"state": State.ENDED} | facts, 0
    return Point(effective_at=at(day), amount=micros(amount), **facts)


def lasting(day: str = "2025-01-01", amount=100, **facts) -> list[Point]:
    """One point that nothing follows."""
    return [point(day, amount, **facts)]


class Book:
    """Records in, reports out."""

    def __init__(self, store: Store) -> None:
        self.ledger = Ledger(store)
        self.store = store
        self.records: list[object] = []

    def add(self, customer: str, *items: Iterable[Point], **facts) -> None:
        """A customer with a subscription; an item for each list of points."""
        made = [Item(id=str(n), points=list(points), **facts) for n, points in enumerate(items)]
        self.records.append(Subscription(id=f"of {customer}", customer=customer, items=made))

    def report(self, first: str = "2026-01", last: str | None = None, **asked):
        """The report of months, `first` alone unless `last` is given."""
        self.ledger.pull(self.records)
        names = {key: asked.pop(key) for key in ("zone", "policy") if key in asked}
        connectors = asked.pop("connectors", ("test",))
        request = ReportRequest(**{"first": first, "last": last or first, "now": NOW} | asked)
        ready = workspace(self.store.url, *connectors, **names)
        return build(ready, self.store, request)

    def rows(self, *range_: str, **asked):
        """The rows of that report."""
        return self.report(*range_, **asked).rows
