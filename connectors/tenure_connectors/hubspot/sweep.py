"""A full sweep: everything there is, by lists, and every company stated anew.

What changes during the sweep is newer than the newest change that it saw at its start, or is
found again within the overlap of the next pull.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tenure import Checkpoint, Customer, PullRequest, Record
from tenure_connectors.hubspot.cursor import Cursor, News
from tenure_connectors.hubspot.listing import Batch
from tenure_connectors.hubspot.session import Session

PAGES = 100
"""Pages of companies between two checkpoints."""


def sweep(request: PullRequest, session: Session, cursor: Cursor) -> Iterator[Record]:
    """Read everything; the last checkpoint closes the pull."""
    started, under_way = request.clock(), replace(cursor, swept_at=None)
    session.verify(request)
    totals = {name: session.reading.total(name) for name in session.counted}
    swept = _Sweep(session, News(replace(cursor, until=None, seen={}), started))
    for number, records in enumerate(swept.together(), 1):
        yield from records
        if number % PAGES == 0:
            yield Checkpoint(cursor=under_way.as_json())
    yield from swept.archived()
    if session.revenue is not None:
        yield from session.revenue.state(under_way.as_json())
    news = swept.news
    done = replace(
        cursor,
        until=news.until or started,
        seen=news.seen,
        totals=totals,
        counted_at=started,
        swept_at=started,
    )
    yield Checkpoint(cursor=done.as_json(), complete=True)


@dataclass
class _Sweep:
    """Reads the lists, and remembers the newest change."""

    session: Session
    news: News

    def together(self) -> Iterator[Iterable[Record]]:
        """Companies and what counts as revenue side by side: each waits while the other is read."""
        streams: list[Iterator[Iterable[Record]]] = [self._companies()]
        if self.session.revenue is not None:
            streams.append(self._revenue())
        while streams:
            for stream in list(streams):
                records = next(stream, None)
                if records is None:
                    streams.remove(stream)
                else:
                    yield records

    def archived(self) -> Iterator[Record]:
        """Deleted companies: what is known of them stays, but they match no domain."""
        for batch in self.session.reading.listed(self.session.asked, archived=True):
            yield from self.session.chunks.of(batch)
            for one in batch.objects:
                yield from (
                    replace(record, domain=None)
                    for record in self.session.companies.records(one)
                    if isinstance(record, Customer)
                )

    def _companies(self) -> Iterator[Iterable[Record]]:
        for batch in self.session.reading.listed(self.session.asked):
            yield self._page(batch)

    def _page(self, batch: Batch) -> Iterator[Record]:
        self._remember(batch)
        yield from self.session.chunks.of(batch)
        for one in batch.objects:
            yield from self.session.companies.records(one)

    def _revenue(self) -> Iterator[Iterable[Record]]:
        revenue = self.session.revenue
        if revenue is None:
            return
        revenue.remember = self._remember
        first = self.session.config.company == "first"
        listed = self.session.reading.listed(revenue.source.asked)
        for record in revenue.take(self.session.reading, map(self._remember, listed), first=first):
            yield (record,)

    def _remember(self, batch: Batch) -> Batch:
        for one in batch.objects:
            self.news.add(f"{batch.name}:{one.id}", one.updated_at)
        return batch
