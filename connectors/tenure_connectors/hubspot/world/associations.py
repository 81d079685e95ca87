"""Associations, v4: batches of up to 1,000 records, each with pages of its own.

A record without any is an error of a partial batch (207), as HubSpot has it.
"""

from itertools import islice

from tenure_connectors.hubspot.world.errors import invalid, missing, not_found, unassociated
from tenure_connectors.hubspot.world.portal import Portal
from tenure_connectors.hubspot.world.request import Request
from tenure_connectors.hubspot.world.schema import ASSOCIATIONS, LABELS, Kind
from tenure_connectors.hubspot.world.things import Json, Record, stamp

BATCH = 1000


def batch_read(request: Request, kind: Kind, other: Kind) -> tuple[int, Json]:
    """The associations of many records with those of one type."""
    _known(kind, other)
    results, errors = [], []
    for one in request.inputs(BATCH):
        key = str(one.get("id"))
        record = request.portal.find(kind.name, key)
        if record is None or record.archived_at is not None:
            errors.append(not_found(kind.singular, [key]))
            continue
        found = page(request.portal, record, other, str(one.get("after") or "0"))
        if found["to"]:
            results.append({"from": {"id": key}, **found})
        else:
            errors.append(unassociated(kind.singular, key, other.singular))
    now = stamp(request.portal.clock())
    body: Json = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return 207 if errors else 200, body


def of_one(request: Request, kind: Kind, key: str, other: Kind) -> Json:
    """The associations of one record."""
    _known(kind, other)
    record = request.portal.find(kind.name, key)
    if record is None or record.archived_at is not None:
        raise missing()
    found = page(request.portal, record, other, request.one("after", "0"))
    return {"results": found["to"]} | {k: v for k, v in found.items() if k == "paging"}


def page(portal: Portal, record: Record, other: Kind, after: str) -> Json:
    """One page of a record's associations, from the `after`th on."""
    if not after.isdigit():
        raise invalid(f"Invalid paging token: {after}")
    start, size = int(after), portal.association_page
    links = sorted(portal.linked(record, other.name), key=lambda link: int(link[0]))
    to = [
        {"toObjectId": key, "associationTypes": [_type(number) for number in types]}
        for key, types in islice(links, start, start + size)
    ]
    if len(links) <= start + size:
        return {"to": to}
    following = str(start + size)
    return {"to": to, "paging": {"next": {"after": following, "link": f"?after={following}"}}}


def named_links(portal: Portal, record: Record, other: Kind) -> Json:
    """The associations that a v3 list shows with its records: a row for each type of each."""
    name = f"{_singular(record)}_to_{other.singular}"
    rows = [
        {"id": key, "type": name if number in LABELS else f"{name}_unlabeled"}
        for key, types in portal.linked(record, other.name)
        for number in types
    ]
    if other.singular == "line_item":
        rows = [row | {"type": name} for row in rows]
    return {"results": rows}


def _singular(record: Record) -> str:
    return {"companies": "company"}.get(record.kind, record.kind.removesuffix("s"))


def _type(number: int) -> Json:
    label = LABELS.get(number)
    return {"category": "HUBSPOT_DEFINED", "typeId": number, "label": label}


def _known(kind: Kind, other: Kind) -> None:
    pair = (kind.name, other.name)
    if pair not in ASSOCIATIONS and pair != ("companies", "companies"):
        raise invalid(f"No association types exist between {kind.name} and {other.name}")
