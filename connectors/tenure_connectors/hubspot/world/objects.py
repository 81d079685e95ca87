"""Records: lists, single ones, batches, merges.

A list is in the order of ids and goes on `after` the last one of a page. An answer holds the
properties asked for, `null` where a record has none, and leaves out what is no property.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from tenure_connectors.hubspot.world import values
from tenure_connectors.hubspot.world.associations import named_links
from tenure_connectors.hubspot.world.errors import invalid, missing, not_found
from tenure_connectors.hubspot.world.portal import Portal
from tenure_connectors.hubspot.world.request import Request, kind_of
from tenure_connectors.hubspot.world.schema import Kind
from tenure_connectors.hubspot.world.things import Json, Record, stamp

PAGE, PAGE_WITH_HISTORY = 100, 50
BATCH, BATCH_WITH_HISTORY = 100, 50


def listed(request: Request, kind: Kind) -> Json:
    """One page of all records of a type, or of those that were archived."""
    histories = request.many("propertiesWithHistory")
    most = PAGE_WITH_HISTORY if histories else PAGE
    limit = request.number("limit", 10, most)
    page = list(islice(_following(request, kind), limit + 1))
    view = View(request.portal, kind, request.many("properties"), histories)
    others = [kind_of(name) for name in request.many("associations")]
    results = []
    for record in page[:limit]:
        linked = {other.name: named_links(request.portal, record, other) for other in others}
        found = {name: links for name, links in linked.items() if links["results"]}
        results.append(view.json(record) | ({"associations": found} if found else {}))
    body: Json = {"results": results}
    if len(page) > limit:
        after = page[limit - 1].id
        link = f"https://api.hubapi.com/crm/v3/objects/{kind.name}?limit={limit}&after={after}"
        body["paging"] = {"next": {"after": after, "link": link}}
    return body


def _following(request: Request, kind: Kind) -> Iterator[Record]:
    """The records after the cursor; ids grow, so that new ones come last."""
    archived, after = request.flag("archived"), request.one("after", "0")
    if not after.isdigit():
        raise invalid(f"Invalid value for after: {after}")
    records = request.portal.ordered(kind.name)
    start = bisect_right(records, int(after), key=lambda record: int(record.id))
    for number in range(start, len(records)):  # islice would walk up to the start
        record = records[number]
        if (record.archived_at is not None) is archived:
            yield record


def read(request: Request, kind: Kind, key: str) -> Json:
    """One record, also by the id of one that was merged into it."""
    record = request.portal.find(kind.name, key)
    if record is None or (record.archived_at is not None) is not request.flag("archived"):
        raise missing()
    view = View(
        request.portal, kind, request.many("properties"), request.many("propertiesWithHistory")
    )
    return view.json(record)


def batch_read(request: Request, kind: Kind) -> tuple[int, Json]:
    """Up to 100 records by id, 50 with history; 207 if some are not there."""
    body = request.object()
    histories = words(body, "propertiesWithHistory")
    inputs = request.inputs(BATCH_WITH_HISTORY if histories else BATCH)
    view = View(request.portal, kind, words(body, "properties"), histories)
    found: dict[str, Record] = {}
    lost = []
    for key in dict.fromkeys(str(one.get("id")) for one in inputs):
        record = _by(request.portal, kind, body.get("idProperty"), key)
        if record is None or (record.archived_at is not None) is not request.flag("archived"):
            lost.append(key)
        else:
            found[record.id] = record
    results = [view.json(record) for _, record in sorted(found.items())]
    return batch(request.portal, results, [not_found(kind.singular, lost)] if lost else [])


def _by(portal: Portal, kind: Kind, name: object, key: str) -> Record | None:
    if name is None:
        return portal.find(kind.name, key)
    return next((r for r in portal.records[kind.name].values() if r.value(str(name)) == key), None)


def batch(portal: Portal, results: Iterable[Any], errors: list[Json]) -> tuple[int, Json]:
    """The answer to a batch: 200, or 207 with what failed."""
    now = stamp(portal.clock())
    body: Json = {"status": "COMPLETE", "results": list(results)}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return 207 if errors else 200, body | {"startedAt": now, "completedAt": now}


def words(body: Json, name: str) -> list[str]:
    """A list of names in a body."""
    return [str(one) for one in body.get(name) or ()]


class View:
    """How records are shown: with which properties and which histories."""

    def __init__(
        self, portal: Portal, kind: Kind, names: Sequence[str], histories: Sequence[str] = ()
    ) -> None:
        known = portal.properties[kind.name]
        asked = (*names, *histories, kind.created, kind.modified, "hs_object_id")
        wanted = asked if names or histories else kind.shown
        self.kind = kind
        self.names = [n for n in dict.fromkeys(wanted) if n in known and not known[n].archived]
        self.histories = [n for n in histories if n in known and not known[n].archived]

    def json(self, record: Record, at: datetime | None = None) -> Json:
        """The record as it is, or as it stood at an instant."""
        made: Json = {
            "id": record.id,
            "properties": {name: self.value(record, name, at) for name in self.names},
            "createdAt": stamp(record.created),
            "updatedAt": stamp(record.modified(at)),
            "archived": record.archived_at is not None,
        }
        if record.archived_at is not None:
            made["archivedAt"] = stamp(record.archived_at)
        if self.histories:
            made["propertiesWithHistory"] = {n: self.history(record, n) for n in self.histories}
        return made

    def value(self, record: Record, name: str, at: datetime | None = None) -> str | None:
        """A value, some of which HubSpot itself keeps."""
        if name == "hs_object_id":
            return record.id
        if name == self.kind.created:
            return stamp(record.created)
        if name == self.kind.modified:
            return stamp(record.modified(at))
        return record.value(name, at)

    def history(self, record: Record, name: str) -> list[Json]:
        """The versions of a property, newest first."""
        versions = record.history(name)
        return [
            {"value": v.value, "timestamp": stamp(v.at), "sourceType": v.source} for v in versions
        ]


# -- writing


def create(request: Request, kind: Kind, body: Json) -> Json:
    """A new record; associations in the body are not made."""
    given = values.checked(request.portal, kind, body.get("properties"))
    return View(request.portal, kind, [*given]).json(request.portal.add(kind.name, given))


def update(request: Request, kind: Kind, key: str) -> Json:
    """Change one record."""
    record = request.portal.find(kind.name, key)
    if record is None or record.archived_at is not None:
        raise missing()
    given = values.checked(request.portal, kind, request.object().get("properties"))
    request.portal.set(record, given)
    return View(request.portal, kind, [*given]).json(record)


def batch_update(request: Request, kind: Kind) -> tuple[int, Json]:
    """Change up to 100 records: none of them if a value is not valid, 207 if an id is unknown."""
    inputs = request.inputs(BATCH)
    keys = [str(one.get("id")) for one in inputs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise invalid(
            f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        )
    given = [values.checked(request.portal, kind, one.get("properties")) for one in inputs]
    results, lost = [], []
    for key, changes in zip(keys, given, strict=True):
        record = request.portal.find(kind.name, key)
        if record is None or record.archived_at is not None:
            lost.append(key)
            continue
        request.portal.set(record, changes)
        results.append(View(request.portal, kind, [*changes]).json(record))
    return batch(request.portal, results, [not_found(kind.singular, lost)] if lost else [])


def batch_create(request: Request, kind: Kind) -> tuple[int, Json]:
    """Up to 100 new records."""
    status, body = batch(
        request.portal, [create(request, kind, one) for one in request.inputs(BATCH)], []
    )
    return status + 1, body


def archive(request: Request, kind: Kind, keys: Iterable[str]) -> None:
    """Archive records; what is not there needs no archiving."""
    for key in keys:
        record = request.portal.find(kind.name, key)
        if record is not None and record.archived_at is None:
            request.portal.archive(record)


def merge(request: Request, kind: Kind) -> Json:
    """Unite two records."""
    body = request.object()
    ids = [str(body.get(name)) for name in ("primaryObjectId", "objectIdToMerge")]
    winner, loser = (request.portal.find(kind.name, key) for key in ids)
    if winner is None or loser is None:
        raise missing()
    if winner is loser:
        raise invalid(f"Cannot merge an object into itself: {winner.id}")
    request.portal.merge(winner, loser)
    return View(request.portal, kind, []).json(winner)
