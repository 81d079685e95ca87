"""What changed since the last pull: searches tell the records, and their companies are read anew.

A search does not tell what was deleted. So HubSpot's count of each object is compared with the one
before, and only where that does not fit is the list of the deleted ones read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tenure import Checkpoint, PullRequest, Record, Tombstone
from tenure_connectors.hubspot.client import Asked
from tenure_connectors.hubspot.cursor import OVERLAP, Cursor, News
from tenure_connectors.hubspot.gathering import COMPANIES
from tenure_connectors.hubspot.listing import MODIFIED, Batch, chunks
from tenure_connectors.hubspot.revenue import Revenue, owners_of
from tenure_connectors.hubspot.session import Session
from tenure_connectors.hubspot.shapes import Object
from tenure_connectors.hubspot.source import ref

AHEAD = timedelta(hours=1)
"""How far after now a search looks: the clock of this machine may be slow."""


@dataclass
class Increment:
    """One pull of what changed; `doubtful` says that HubSpot counts otherwise."""

    request: PullRequest
    session: Session
    cursor: Cursor
    doubtful: bool = False
    news: News = field(init=False)
    _touched: set[str] = field(default_factory=set)
    _homeless: set[str] = field(default_factory=set)
    _fresh: set[str] = field(default_factory=set)
    _new: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._now = self.request.clock()
        self.news = News(self.cursor, self._now)

    def records(self) -> Iterator[Record]:
        """Everything that changed; the last checkpoint keeps where it stands."""
        yield from self._companies()
        revenue = self.session.revenue
        if revenue is not None:
            yield from self._find(revenue)
            totals = self._counted()
            if self._touched or self._homeless:
                yield from self._restate(revenue)
            self.cursor = replace(self.cursor, totals=totals, counted_at=self._now)
        self.cursor = replace(self.cursor, until=self.news.until, seen=self.news.seen)
        yield Checkpoint(cursor=self.cursor.as_json())

    # --- what changed

    def _changed(self, name: str, properties: tuple[str, ...] = (MODIFIED,)) -> Iterator[Batch]:
        """The records that changed and were not read so before."""
        since = (self.cursor.until or self._now) - OVERLAP
        ahead = max(self._now, self.cursor.until or self._now) + AHEAD
        for batch in self.session.reading.changed(Asked(name, properties), since, ahead):
            fresh = list[Object]()
            for one in batch.objects:
                key = f"{name}:{one.id}"
                if not self.news.is_known(key, one.updated_at):
                    fresh.append(one)
                    self._fresh |= {one.id} if name == COMPANIES else set()
                    self.news.add(key, one.updated_at)
                    self._count(name, one.created_at)
            yield replace(batch, objects=fresh)

    def _count(self, name: str, made: datetime | None) -> None:
        if made and self.cursor.counted_at and made > self.cursor.counted_at:
            self._new[name] = self._new.get(name, 0) + 1

    def _companies(self) -> Iterator[Record]:
        ids = list[str]()
        for batch in self._changed(COMPANIES):
            yield from self.session.chunks.of(replace(batch, body=b""))
            ids += (one.id for one in batch.objects)
        if ids:
            self.session.verify(self.request)
        for batch in self.session.reading.read(self.session.asked, ids):
            yield from self.session.chunks.of(batch)
            for one in batch.objects:
                for record in self.session.companies.records(one):
                    if isinstance(record, Tombstone):  # merged: its deals are the other one's now
                        self._touched |= {record.id, one.id}
                    yield record

    def _find(self, revenue: Revenue) -> Iterator[Record]:
        """The companies whose records changed, now or before."""
        source = revenue.source
        name, ids = source.asked.object, set[str]()
        if name != COMPANIES:
            for batch in self._changed(name):
                yield from self.session.chunks.of(replace(batch, body=b""))
                ids |= {one.id for one in batch.objects}
        else:
            self._touched |= self._fresh
        if source.lines is not None:
            lines = {one.id for b in self._changed(source.lines.object) for one in b.objects}
            for many in self.session.reading.links(source.lines.object, name, lines).values():
                ids |= {str(link.to_object_id) for link in many}
            self._recall(source.lines.object, lines)
        self._recall(name, ids)
        if name != COMPANIES:
            found = self.session.reading.links(name, COMPANIES, ids)
            for many in found.values():
                self._touched |= {str(link.to_object_id) for link in many}
            self._homeless = {one for one in ids if not found.get(one)}

    def _recall(self, name: str, ids: Iterable[str]) -> None:
        """Touch every company that a record ever belonged to."""
        for some in chunks(ids, 500):
            subjects = [ref(name, one) for one in some]
            recall = self.request.recall or (
                lambda asked: {s: self.request.observations(s) for s in asked}
            )
            for found in recall(subjects).values():
                self._touched |= owners_of(found)

    # --- what is no more

    def _counted(self) -> dict[str, int]:
        """How many records there are; where it should be other, what was deleted."""
        totals = dict[str, int]()
        for name in self.session.counted:
            total = totals[name] = self.session.reading.total(name)
            expected = self.cursor.totals.get(name, total) + self._new.get(name, 0)
            if total != expected:
                gone = self._deleted(name)
                self.doubtful |= total != expected - gone
        return totals

    def _deleted(self, name: str) -> int:
        """How many were deleted since they were counted; their companies are touched."""
        since, gone = (self.cursor.counted_at or self._now), set[str]()
        ids = set[str]()
        for batch in self.session.reading.listed(Asked(name, (MODIFIED,)), archived=True):
            for one in batch.objects:
                if one.archived_at is None or one.archived_at >= since - OVERLAP:
                    ids.add(one.id)
                if (
                    one.archived_at
                    and one.archived_at >= since
                    and (one.created_at is None or one.created_at <= since)
                ):
                    gone.add(one.id)
        self._recall(name, ids)
        return len(gone)

    # --- all of the companies that were touched

    def _restate(self, revenue: Revenue) -> Iterator[Record]:
        reading, source = self.session.reading, revenue.source
        self.session.verify(self.request)
        yield Checkpoint(cursor=self.cursor.as_json())
        revenue.only = frozenset(self._touched)
        ids = self._touched
        if source.asked.object != COMPANIES:
            links = reading.links(COMPANIES, source.asked.object, self._touched)
            ids = {str(link.to_object_id) for many in links.values() for link in many}
            ids |= self._homeless  # read to say that they are
        first = self.session.config.company == "first"
        batches = reading.read(source.asked, sorted(ids))
        yield from revenue.take(reading, batches, first=first)
        yield from revenue.state(self.cursor.as_json(), self._touched)
