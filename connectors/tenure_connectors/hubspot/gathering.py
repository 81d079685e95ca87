"""From records that count to their companies and line items, many at once, onto the spool."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from tenure_connectors.hubspot.client import LIST_PAGE
from tenure_connectors.hubspot.listing import Batch, Reading, chunks
from tenure_connectors.hubspot.shapes import Link, Object
from tenure_connectors.hubspot.source import Held, Source

PRIMARY = 5
"""The id of the association of a deal with its primary company."""

COMPANIES = "companies"


@dataclass(slots=True)
class Gathered:
    """What belongs to some records: `homeless` are those without a company of their own."""

    held: list[tuple[str, Held]] = field(default_factory=list)
    homeless: list[tuple[Object, str]] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gathering:
    """Reads what belongs to the records of a source; `first` takes the first of several."""

    reading: Reading
    source: Source
    first: bool

    def of(self, objects: Iterable[Object]) -> Iterator[Gathered]:
        """Everything that belongs to records, a hundred of them at a time."""
        some = chunks(objects, LIST_PAGE)
        yield from self.reading.ahead(partial(self._of, these) for these in some)

    def _of(self, objects: Sequence[Object]) -> Gathered:
        found = Gathered()
        if self.source.asked.object == COMPANIES:
            found.held = [(one.id, Held(one)) for one in objects]
            return found
        ids = [one.id for one in objects]
        links = self.reading.links(self.source.asked.object, COMPANIES, ids)
        lines = self._lines(ids, found)
        for one in objects:
            company, why = self._company(links.get(one.id, ()))
            if company is None:
                found.homeless.append((one, why))
            else:
                found.held.append((company, Held(one, lines.get(one.id, []))))
        return found

    def _company(self, links: Sequence[Link]) -> tuple[str | None, str]:
        """The primary company, else the only one; else none, and why."""
        ids = list(dict.fromkeys(str(one.to_object_id) for one in links))
        primary = [str(one.to_object_id) for one in links if is_primary(one)]
        if primary or len(ids) == 1 or (ids and self.first):
            return (primary or ids)[0], ""
        many = f'it belongs to {len(ids)} companies and none is primary: set `company = "first"`'
        return None, many if ids else "it belongs to no company"

    def _lines(self, ids: Sequence[str], found: Gathered) -> dict[str, list[Object]]:
        asked = self.source.lines
        if asked is None:
            return {}
        links = self.reading.links(self.source.asked.object, asked.object, ids)
        owner = {str(link.to_object_id): key for key, many in links.items() for link in many}
        lines: dict[str, list[Object]] = {}
        for batch in self.reading.read(asked, owner):
            found.batches.append(batch)
            for one in batch.objects:
                if not one.archived:
                    lines.setdefault(owner[one.id], []).append(one)
        return lines


def is_primary(link: Link) -> bool:
    """Whether a link leads to the primary company."""
    return any(
        kind.type_id == PRIMARY or (kind.label or "").casefold() == "primary"
        for kind in link.association_types
    )


def packed(held: Held) -> bytes:
    """A record as the spool keeps it."""
    return msgspec.json.encode(held)


def unpacked(data: bytes) -> Held:
    """The record again."""
    return _held.decode(data)


_held = msgspec.json.Decoder(Held)
