"""A ledger whose reports come from its copy in columns, beside those from the ledger itself."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ledgers import Ledger, day, item, subscription
from workspaces import workspace

from tenure import Evidence, Record
from tenure.ledger.store import Store, folder_of
from tenure.metrics.run import ReportRequest, build
from tenure.metrics.source import Source, attached
from tenure.periods import Unit

from_copy = partial(attached, large=0)
from_ledger = partial(attached, large=10**9)


class Copied:
    """A ledger of a few customers, `besides` some other records, and one report from its copy."""

    def __init__(self, url: str, besides: Sequence[Record] = ()) -> None:
        self.store = Store.open(url)
        self.ledger = Ledger(self.store)
        self.folder = folder_of(self.store.url)
        self.besides = besides
        self.request = ReportRequest(
            unit=Unit.MONTH, first="2025-01", last="2025-03", by=("plan",), now=day(100)
        )

    def state(self, **amounts: int) -> None:
        """Each customer pays so much from the first day on."""
        made = [
            subscription(name, item(name, {1: (amount, Evidence.OBSERVED)}))
            for name, amount in amounts.items()
        ]
        self.ledger.pull([*self.besides, *made], accept_loss=True)

    def report(self, attach=from_copy, **more: object):
        ready = workspace(self.store.url)
        return build(ready, self.store, replace(self.request, attach=attach, **more))

    def agrees(self, **more: object) -> None:
        assert self.report(**more) == self.report(from_ledger, **more)

    @property
    def source(self) -> Source:
        known_at = self.store.known_at() or day(0)
        return Source(
            store=self.store, known_at=known_at, now=day(100), currency="USD", connectors=("test",)
        )

    @property
    def files(self) -> set[str]:
        return {path.name for path in self.folder.glob("*.parquet")}
