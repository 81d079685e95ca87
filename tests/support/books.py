"""A ledger that is filled from short words and asked for reports."""

from collections.abc import Iterable
from datetime import UTC, datetime

from facts import at, lasting, point
from ledgers import Ledger
from workspaces import workspace

from tenure import Item, Point, Subscription
from tenure.ledger.store import Store
from tenure.metrics.run import ReportRequest, build

__all__ = ["Book", "at", "lasting", "point"]

NOW = datetime(2026, 7, 1, tzinfo=UTC)


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
