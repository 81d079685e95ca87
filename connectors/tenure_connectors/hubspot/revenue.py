"""All of one company's revenue, stated: what was read of it lies on the spool."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from tenure import (
    Checkpoint,
    Claim,
    Context,
    Excluded,
    Item,
    Json,
    Observation,
    Quarantined,
    RawChunk,
    Record,
    Subscription,
    Tombstone,
    TombstoneKind,
)
from tenure_connectors.hubspot.commerce import Subscriptions
from tenure_connectors.hubspot.custom import CustomRevenue
from tenure_connectors.hubspot.deals import LineItems
from tenure_connectors.hubspot.directory import Directory
from tenure_connectors.hubspot.gathering import COMPANIES, Gathered, Gathering, packed, unpacked
from tenure_connectors.hubspot.listing import Batch, Reading
from tenure_connectors.hubspot.options import Custom, HubSpotConfig
from tenure_connectors.hubspot.recurring import Recurring
from tenure_connectors.hubspot.shapes import Object
from tenure_connectors.hubspot.source import Held, Source, Terms, known_since, ref, refused
from tenure_connectors.spool import Spool

EVERY = 2_000
"""Companies between two checkpoints."""

_COMPANY = "company:"


def source_of(config: HubSpotConfig, terms: Terms) -> Source:
    """The way to count revenue that the config chooses."""
    if isinstance(config.revenue, Custom):
        return CustomRevenue(terms, config.revenue)
    ways: dict[str, type[LineItems | Recurring | Subscriptions]] = {
        "line_items": LineItems,
        "recurring_revenue": Recurring,
        "subscriptions": Subscriptions,
    }
    return ways[config.revenue](terms)


@dataclass
class Chunks:
    """What came of HubSpot, page by page, as records."""

    _numbers: Counter[str] = field(default_factory=Counter)

    def of(self, batch: Batch) -> Iterator[Record]:
        """How a page came, what cannot be read of it, and what was gone meanwhile."""
        if batch.body:
            yield RawChunk(name=batch.name, position=self._numbers[batch.name], data=batch.body)
            self._numbers[batch.name] += 1
        for broken in batch.broken:
            raw = broken.raw.decode(errors="replace")
            name = ref(batch.name, broken.id) if broken.id else batch.name
            yield Quarantined(source_ref=name, reason=broken.reason, raw=raw)
        for problem in batch.problems:
            yield Quarantined(source_ref=batch.name, reason=problem.message or problem.category)
        if batch.gone:
            yield Excluded(reason="deleted while it was read", rows=batch.gone)


@dataclass
class Revenue:
    """Takes the records that count, then states them by company."""

    source: Source
    chunks: Chunks
    spool: Spool
    only: frozenset[str] | None = None
    """The companies that are stated; None for all."""
    remember: Callable[[Batch], object] = lambda _batch: None
    """Told of every page of line items."""

    @classmethod
    def reading(
        cls, context: Context, config: HubSpotConfig, directory: Directory, chunks: Chunks
    ) -> "Revenue":
        """On a spool of its own; `close` gives it back."""
        terms = Terms(config, directory, context.timezone)
        return cls(source_of(config, terms), chunks, Spool())

    def take(self, reading: Reading, batches: Iterable[Batch], *, first: bool) -> Iterator[Record]:
        """Read what belongs to the records of batches; what is not a record goes to the spool."""
        notes = list[Record]()

        def counting() -> Iterator[Object]:
            for batch in batches:
                notes.extend(self.chunks.of(batch))
                some = [one for one in batch.objects if self.source.counts(one)]
                if left := len(batch.objects) - len(some):
                    notes.append(Excluded(reason=f"{batch.name} that do not count", rows=left))
                yield from some

        for gathered in Gathering(reading, self.source, first).of(counting()):
            yield from notes
            notes.clear()
            yield from self._taken(gathered)
        yield from notes

    def state(self, cursor: Json, touched: Iterable[str] = ()) -> Iterator[Record]:
        """Every company with its items; one that was touched and has none never had any."""
        remaining = set(touched)
        for number, (company, pieces) in enumerate(self.spool.subjects(), 1):
            held = [unpacked(data) for data in pieces.values() if data is not None]
            remaining.discard(company)
            yield from self._stated(company, held)
            if number % EVERY == 0:
                yield Checkpoint(cursor=cursor)
        for company in sorted(remaining):
            yield Tombstone(kind=TombstoneKind.SUBSCRIPTION, id=f"{_COMPANY}{company}")

    def _taken(self, gathered: Gathered) -> Iterator[Record]:
        for batch in gathered.batches:
            self.remember(batch)
            yield from self.chunks.of(batch)
        for one, why in gathered.homeless:
            yield refused(self.source.asked.object, one, ValueError(why))
        for company, held in gathered.held:
            if self.only is None or company in self.only:
                order = f"{len(held.object.id):03}{held.object.id}"
                self.spool.add(company, order, packed(held))

    def _stated(self, company: str, held: list[Held]) -> Iterator[Record]:
        items, others = list[Item](), list[Quarantined | Excluded | Claim]()
        for made in self.source.stated(held):
            if isinstance(made, Item):
                items.append(made)
            else:
                others.append(made)
        if any(isinstance(one, Quarantined) for one in others):  # what is known of it stays
            items = [replace(item, complete=False) for item in items]
        yield Subscription(id=f"{_COMPANY}{company}", customer=company, items=items)
        yield from others
        yield from self._kept(company, held)

    def _kept(self, company: str, held: list[Held]) -> Iterator[Observation]:
        """Whose each record is: once it is deleted or elsewhere, nothing else tells."""
        if self.source.asked.object == COMPANIES:
            return
        lines = self.source.lines.object if self.source.lines else ""
        for one in held:
            yield _whose(ref(self.source.asked.object, one.object.id), company, one.object)
            for line in one.lines:
                yield _whose(ref(lines, line.id), company, line)


def _whose(subject: str, company: str, one: Object) -> Observation:
    key = f"{_COMPANY}{company}"
    return Observation(subject=subject, key=key, at=known_since(one), data={})


def owners_of(found: Iterable[Observation]) -> set[str]:
    """The companies that a record ever belonged to."""
    return {one.key.removeprefix(_COMPANY) for one in found if one.key.startswith(_COMPANY)}
