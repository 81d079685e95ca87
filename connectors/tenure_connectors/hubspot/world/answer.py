"""One request, one answer: HubSpot's API over a `Portal`, as a function.

    answer(portal, "GET", "/crm/v3/objects/companies?limit=100", {"Authorization": "Bearer …"})
    -> (200, headers, body)

First who asks, then whether a limit is reached, then what the token may do, then the answer.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tenure_connectors.hubspot.world import associations, errors, objects, search, settings
from tenure_connectors.hubspot.world.errors import RefusedError, forbidden, missing, unauthorized
from tenure_connectors.hubspot.world.portal import Portal
from tenure_connectors.hubspot.world.request import Request, kind_of
from tenure_connectors.hubspot.world.schema import Kind

Answer = tuple[int, dict[str, str], bytes]
Reply = tuple[int, Any]


def answer(
    portal: Portal, method: str, target: str, headers: Mapping[str, str], body: Any = None
) -> Answer:
    """Status, headers and body for one request."""
    parts = urlsplit(target)
    words = parts.path.strip("/").split("/")
    searching = words[-1] == "search"
    try:
        scopes = _scopes(portal, headers)
        portal.limits.admit(search=searching)
        query = parse_qs(parts.query, keep_blank_values=True)
        status, found = _routed(Request(portal, method, words, query, body, scopes))
    except RefusedError as error:
        return refused(portal, error, search=searching)
    return _written(portal, status, found, search=searching)


def refused(portal: Portal, error: RefusedError, *, search: bool = False) -> Answer:
    """The answer that says what was wrong."""
    said = error.body | {"correlationId": errors.correlation(portal.limits.today)}
    return _written(portal, error.status, said, search=search)


def _written(portal: Portal, status: int, body: Any, *, search: bool) -> Answer:
    told = {"Content-Type": "application/json;charset=utf-8"} | portal.limits.headers(search=search)
    text = "" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return status, told, text.encode()


def _scopes(portal: Portal, headers: Mapping[str, str]) -> frozenset[str]:
    lower = {name.lower(): value for name, value in headers.items()}
    scheme, _, token = lower.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token not in portal.tokens:
        raise unauthorized()
    return portal.tokens[token]


def _routed(request: Request) -> Reply:  # noqa: PLR0911 - a table of paths
    match request.parts:
        case ["crm", "v3", "objects", kind, *rest]:
            return _objects(request, kind_of(kind), rest)
        case ["crm", "v4", "associations", one, other, "batch", "read"]:
            return _associations(request, kind_of(one), kind_of(other))
        case ["crm", "v4", "objects", one, key, "associations", other]:
            _need(request, kind_of(one), "read")
            return 200, associations.of_one(request, kind_of(one), key, kind_of(other))
        case ["crm", "v3", "properties", kind, *rest]:
            _need(request, kind_of(kind), "read" if request.method == "GET" else "write", "schemas")
            return settings.properties(request, kind_of(kind), rest)
        case ["account-info", "v3", "details"]:
            return 200, settings.account(request.portal)
        case ["crm", "v3", "pipelines", kind, *rest] if request.method == "GET":
            _need(request, kind_of(kind), "read", "schemas")
            return 200, settings.pipelines(request, kind_of(kind), rest)
        case ["crm", "v3", "owners", *rest] if request.method == "GET":
            _scope(request, "crm.objects.owners.read")
            return 200, settings.owner(request, rest[0]) if rest else settings.owners(request)
    raise missing()


def _objects(request: Request, kind: Kind, rest: list[str]) -> Reply:
    reads = request.method == "GET" or rest in (["batch", "read"], ["search"])
    _need(request, kind, "read" if reads else "write")
    match request.method, rest:
        case "GET", []:
            return 200, objects.listed(request, kind)
        case "GET", [key]:
            return 200, objects.read(request, kind, key)
        case "POST", ["batch", "read"]:
            return objects.batch_read(request, kind)
        case "POST", ["search"]:
            return 200, search.searched(request, kind)
        case _:
            return _changed(request, kind, rest)


def _changed(request: Request, kind: Kind, rest: list[str]) -> Reply:  # noqa: PLR0911
    match request.method, rest:
        case "POST", []:
            return 201, objects.create(request, kind, request.object())
        case "PATCH", [key]:
            return 200, objects.update(request, kind, key)
        case "DELETE", [key]:
            objects.archive(request, kind, [key])
            return 204, None
        case "POST", ["batch", "update"]:
            return objects.batch_update(request, kind)
        case "POST", ["batch", "create"]:
            return objects.batch_create(request, kind)
        case "POST", ["batch", "archive"]:
            objects.archive(request, kind, [str(one.get("id")) for one in request.inputs(100)])
            return 204, None
        case "POST", ["merge"]:
            return 200, objects.merge(request, kind)
        case _:
            raise missing()


def _associations(request: Request, kind: Kind, other: Kind) -> Reply:
    _need(request, kind, "read")
    _need(request, other, "read")
    return associations.batch_read(request, kind, other)


def _need(request: Request, kind: Kind, way: str, what: str = "objects") -> None:
    """The scope for an object type; to read definitions, that for its records does too."""
    wanted = [f"crm.{what}.{kind.name}.{way}"]
    if what == "schemas" and way == "read":
        wanted.append(f"{kind.scope}.read")
    _scope(request, *wanted)


def _scope(request: Request, *wanted: str) -> None:
    if not request.scopes.intersection(wanted):
        raise forbidden(list(wanted))
