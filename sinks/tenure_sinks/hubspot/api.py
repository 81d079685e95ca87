"""HubSpot's API as this sink uses it: properties of companies, read and updated in batches.

The version of the API is known here and nowhere else. A batch takes up to 100 companies; one with a
value that is not valid is refused whole (400), one with an unknown id in part (207).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenure import ConfigError
from tenure_sinks.answers import json_object

if TYPE_CHECKING:
    import httpx

BATCH = 100
"""So many companies fit into one request."""

_MULTI_STATUS, _BAD_REQUEST, _FORBIDDEN = 207, 400, 403
_OBJECTS = "/crm/v3/objects/companies"
_PROPERTIES = "/crm/v3/properties/companies"
_ASKED = {
    "crm.schemas.companies.read": ("GET", _PROPERTIES),
    "crm.objects.companies.read": ("POST", f"{_OBJECTS}/batch/read"),
    "crm.schemas.companies.write": ("POST", f"{_PROPERTIES}/batch/create"),
    "crm.objects.companies.write": ("POST", f"{_OBJECTS}/batch/update"),
}
"""Each scope that is needed, and a request that is refused without it; a POST asks for nothing."""
_NOTHING: Mapping[str, Any] = {"inputs": [], "properties": [], "propertiesWithHistory": []}
_FINAL = frozenset({"VALIDATION_ERROR", "OBJECT_NOT_FOUND", "CONFLICT"})
"""Kinds of errors that the same request would meet again."""

Properties = Mapping[str, str | None]
"""Values by the internal names of properties; None: no value."""


@dataclass(frozen=True, slots=True)
class Update:
    """How a batch of updates ended; what is in none of the three was not written either."""

    written: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    """By company, why it will not be written whatever is tried."""
    invalid: str | None = None
    """Why the whole batch was refused, because of one of its companies or several."""


class Api:
    """The requests, through the client that tenure lends."""

    def __init__(self, http: "httpx.Client", token: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    def properties(self, *, archived: bool = False) -> dict[str, str]:
        """The type of every property of companies, or of those that were archived."""
        query = {"archived": str(archived).lower()}
        found = self._json(self._send("GET", _PROPERTIES, params=query))["results"]
        return {str(each["name"]): str(each["type"]) for each in found}

    def create(self, group: Mapping[str, str], properties: Sequence[Mapping[str, Any]]) -> None:
        """Make a group of properties unless it is there, and properties in it."""
        self._send("POST", f"{_PROPERTIES}/groups", json=group, accept=(409,))
        self._send(
            "POST", f"{_PROPERTIES}/batch/create", json={"inputs": properties}, accept=(409,)
        )

    def lacking(self) -> list[str]:
        """The scopes that the token has not; raises `ConfigError` for one refused anyhow."""
        return [scope for scope, (method, path) in _ASKED.items() if self._forbids(method, path)]

    def _forbids(self, method: str, path: str) -> bool:
        nothing = None if method == "GET" else _NOTHING
        answer = self._send(method, path, accept=(_BAD_REQUEST, _FORBIDDEN), json=nothing)
        if answer.status_code != _FORBIDDEN:
            return False
        said = self._json(answer)
        if said.get("category") != "MISSING_SCOPES":
            raise ConfigError(f"HubSpot refuses the token: {_said(said)}", "Check it in HubSpot")
        return True

    def read(self, ids: Sequence[str], names: Iterable[str]) -> dict[str, Properties]:
        """What companies hold now; without those that are not there."""
        wanted = {"properties": list(names), "propertiesWithHistory": []}
        inputs = {"inputs": [{"id": each} for each in ids]}
        body = self._json(self._send("POST", f"{_OBJECTS}/batch/read", json=inputs | wanted))
        return {str(each["id"]): each["properties"] for each in body["results"]}

    def update(self, companies: Mapping[str, Properties]) -> Update:
        """Write properties of up to 100 companies."""
        inputs = [
            {"id": key, "objectWriteTraceId": key, "properties": _sent(values)}
            for key, values in companies.items()
        ]
        path = f"{_OBJECTS}/batch/update"
        answer = self._send("POST", path, json={"inputs": inputs}, accept=(_BAD_REQUEST,))
        body = self._json(answer)
        if answer.status_code == _BAD_REQUEST:
            return Update(invalid=_said(body))
        if answer.status_code != _MULTI_STATUS:
            return Update(written=frozenset(companies))  # a merged one answers under another id
        written = frozenset(str(each["id"]) for each in body.get("results", ()))
        return Update(written=written & companies.keys(), refused=dict(_refused(body)))

    def _send(
        self, method: str, path: str, *, accept: Sequence[int] = (), **what: Any
    ) -> "httpx.Response":
        # Writing the same values twice is as good as once, and reading is anyway.
        ask = {"tenure": {"idempotent": True, "accept": accept}}
        return self._http.request(method, path, headers=self._headers, extensions=ask, **what)

    def _json(self, answer: "httpx.Response") -> dict[str, Any]:
        return json_object(answer, answer.request.url.path)


def _sent(values: Properties) -> dict[str, str]:
    return {name: value or "" for name, value in values.items()}  # "" removes a value


def _refused(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of a partial answer, each company that was refused for good, and why."""
    for error in body.get("errors", ()):
        if error.get("category") in _FINAL:
            context = error.get("context") or {}
            for key in ("ids", "id", "objectWriteTraceId"):
                for company in context.get(key, ()):
                    yield str(company), _said(error)


def _said(error: Mapping[str, Any]) -> str:
    """HubSpot's words for what was wrong: of each value that is not valid, where it lists them."""
    message = str(error.get("message", "no reason was given"))
    _, found, listed = message.partition("Property values were not valid: ")
    try:
        causes = [str(each["message"]) for each in json.loads(listed)] if found else []
    except (ValueError, LookupError, TypeError):
        causes = []
    return "; ".join(causes) or message
