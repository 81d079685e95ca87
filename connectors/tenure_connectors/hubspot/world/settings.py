"""Owners, pipelines, properties and their groups, and the account itself."""

from bisect import bisect_right
from typing import Any

from tenure_connectors.hubspot.world.errors import invalid, missing, taken
from tenure_connectors.hubspot.world.portal import Portal
from tenure_connectors.hubspot.world.request import Request
from tenure_connectors.hubspot.world.schema import FIELDS, Kind
from tenure_connectors.hubspot.world.things import Json, Pipeline, Property


def owners(request: Request) -> Json:
    """One page of the users, or of those who left."""
    limit = request.number("limit", 100, 500)
    archived, email = request.flag("archived"), request.one("email")
    all_ = [o for o in request.portal.owners.values() if o.archived is archived]
    found = [owner for owner in all_ if email in ("", owner.email)]
    start = bisect_right(found, int(request.one("after", "0")), key=lambda owner: int(owner.id))
    page = found[start : start + limit]
    body: Json = {"results": [owner.json() for owner in page]}
    if start + limit < len(found):
        body["paging"] = {"next": {"after": page[-1].id, "link": f"?after={page[-1].id}"}}
    return body


def owner(request: Request, key: str) -> Json:
    """One user, by id or by user id."""
    archived = request.flag("archived")
    if request.one("idProperty", "id") == "userId":
        found = [o for o in request.portal.owners.values() if str(o.user_id) == key]
    else:
        found = [o for o in request.portal.owners.values() if o.id == key]
    if not found or found[0].archived is not archived:
        raise missing()
    return found[0].json()


def pipelines(request: Request, kind: Kind, rest: list[str]) -> Json:
    """The pipelines of an object type, one of them, or its stages."""
    all_ = list(request.portal.pipelines.values()) if kind.name == "deals" else []
    if not rest:
        return {"results": [pipeline.json(n) for n, pipeline in enumerate(all_)]}
    found = _pipeline(all_, rest[0])
    return {"results": found["stages"]} if rest[1:] == ["stages"] else found


def _pipeline(all_: list[Pipeline], key: str) -> Json:
    for n, pipeline in enumerate(all_):
        if pipeline.id == key:
            return pipeline.json(n)
    raise missing()


def properties(  # noqa: PLR0911 - a table of paths
    request: Request, kind: Kind, rest: list[str]
) -> tuple[int, Any]:
    """Definitions of properties and of their groups."""
    portal = request.portal
    match request.method, rest:
        case "GET", []:
            archived = request.flag("archived")
            all_ = portal.properties[kind.name].values()
            return 200, {"results": [p.json() for p in all_ if p.archived is archived]}
        case "POST", []:
            return 201, _add(portal, kind, request.object()).json()
        case "POST", ["batch", "create"]:
            made = [_add(portal, kind, one).json() for one in request.inputs(100)]
            return 201, {"status": "COMPLETE", "results": made} | _times(portal)
        case "POST", ["batch", "archive"]:
            for one in request.inputs(100):
                _drop(portal, kind, str(one.get("name")))
            return 204, None
        case _, ["groups", *name]:
            return _groups(request, kind, name)
        case "GET", [name]:
            return 200, _definition(portal, kind, name).json()
        case "PATCH", [name]:
            return 200, _change(_definition(portal, kind, name), request.object()).json()
        case "DELETE", [name]:
            _drop(portal, kind, name)
            return 204, None
        case _:
            raise missing()


def _times(portal: Portal) -> Json:
    now = portal.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"startedAt": now, "completedAt": now}


def _definition(portal: Portal, kind: Kind, name: str) -> Property:
    found = portal.properties[kind.name].get(name)
    if found is None or found.archived:
        raise missing(f"Property '{name}' does not exist")
    return found


def _add(portal: Portal, kind: Kind, body: Json) -> Property:
    lost = [key for key in ("name", "label", "type", "fieldType", "groupName") if key not in body]
    if lost:
        raise invalid(f"Some required fields were not set: [{', '.join(lost)}]")
    name = str(body["name"])
    known = portal.properties[kind.name].get(name)
    if known is not None and not known.archived:
        raise taken(f"A property named '{name}' already exists.")
    if body["type"] not in FIELDS:
        raise invalid(f"Invalid property type: {body['type']}")
    if body["groupName"] not in portal.groups[kind.name]:
        raise invalid(f"Property group '{body['groupName']}' does not exist")
    made = Property(name, body["type"], unique=bool(body.get("hasUniqueValue")))
    portal.add_property(kind.name, _change(made, body))
    return made


def _change(definition: Property, body: Json) -> Property:
    definition.label = body.get("label", definition.label)
    definition.description = body.get("description", definition.description)
    definition.group = body.get("groupName", definition.group)
    definition.type = body.get("type", definition.type)
    definition.field_type = body.get("fieldType", definition.field_type)
    if "options" in body:
        definition.options = tuple(str(one["value"]) for one in body["options"] or ())
    return definition


def _drop(portal: Portal, kind: Kind, name: str) -> None:
    found = _definition(portal, kind, name)
    if not found.own:
        raise invalid(f"Property '{name}' is defined by HubSpot and cannot be archived")
    found.archived = True


def _groups(request: Request, kind: Kind, rest: list[str]) -> tuple[int, Any]:
    groups = request.portal.groups[kind.name]
    if request.method == "POST" and not rest:
        body = request.object()
        name = str(body.get("name"))
        if name in groups:
            raise taken(f"A property group named '{name}' already exists.")
        groups[name] = str(body.get("label", name))
        return 201, _group(name, groups[name])
    if request.method == "GET" and not rest:
        return 200, {"results": [_group(*one) for one in groups.items()]}
    if not rest or rest[0] not in groups:
        raise missing()
    if request.method == "DELETE":
        if any(p.group == rest[0] for p in request.portal.properties[kind.name].values()):
            raise invalid(f"Property group '{rest[0]}' still has properties")
        del groups[rest[0]]
        return 204, None
    if request.method == "PATCH":
        groups[rest[0]] = str(request.object().get("label", groups[rest[0]]))
    return 200, _group(rest[0], groups[rest[0]])


def _group(name: str, label: str) -> Json:
    return {"name": name, "label": label, "displayOrder": -1, "archived": False}


def account(portal: Portal) -> Json:
    """The account's own details."""
    return {
        "portalId": portal.id,
        "accountType": "STANDARD",
        "timeZone": portal.timezone,
        "companyCurrency": portal.currency,
        "additionalCurrencies": [],
        "utcOffset": "+00:00",
        "utcOffsetMilliseconds": 0,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    }
