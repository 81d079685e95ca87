"""A portal's records behind a mock of the wire, as HubSpot's API gives them.

For tests of how they are read: what they hold is up to the test.
"""

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from clocks import Time
from hubspot_objects import PIPELINES, TOKEN

from tenure import Observation, PullRequest
from tenure.config import Entry
from tenure.http import client_for
from tenure_connectors.hubspot.connector import HubSpot
from tenure_connectors.hubspot.options import HubSpotConfig

HOST = "api.hubapi.com"
NOW = "2026-01-05T12:00:00Z"
CEILING = 10_000
PRIMARY = 5

Json = dict[str, Any]
Refuse = Callable[[httpx.Request], httpx.Response | None]


@dataclass
class Lists:
    """`lists` by object, `gone` the archived ones; `links` by both objects, then by id."""

    lists: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    gone: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    links: dict[tuple[str, str], dict[str, list[tuple[str, int]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    owners: list[Json] = field(default_factory=list)
    past_owners: list[Json] = field(default_factory=list)
    properties: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    currency: str | None = "USD"
    before: Refuse = lambda _request: None
    asked: list[httpx.Request] = field(default_factory=list)

    def add(self, name: str, *many: Json) -> None:
        self.lists[name] += many

    def link(self, of: str, key: str, to: str, other: str, kind: int = 0) -> None:
        """Both ways, as HubSpot has it."""
        self.links[of, to][key].append((other, kind))
        self.links[to, of][other].append((key, 0))

    def sell(self, one: Json, company: str | None, *lines: Json) -> None:
        """A deal of a company with its line items."""
        self.add("deals", one)
        if company:
            self.link("deals", one["id"], "companies", company, PRIMARY)
        for line in lines:
            self.add("line_items", line)
            self.link("deals", one["id"], "line_items", line["id"])

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.before(request) or httpx.Response(200, json=self.answer(request))

    def answer(self, request: httpx.Request) -> Json:
        path = request.url.path.strip("/").split("/")
        body = json.loads(request.content) if request.content else {}
        asked = request.url.params
        match path:
            case ["crm", "v3", "objects", name]:
                found = self._page(name, asked)
            case ["crm", "v3", "objects", name, "batch", "read"]:
                found = self._batch(name, body)
            case ["crm", "v3", "objects", name, "search"]:
                found = self._search(name, body)
            case ["crm", "v4", "associations", of, to, "batch", "read"]:
                found = self._links(of, to, body)
            case ["account-info", "v3", "details"]:
                found = {"companyCurrency": self.currency}
            case ["crm", "v3", *what]:
                found = {"results": self._settings(what, asked)}
        return found

    def _settings(self, what: list[str], asked: httpx.QueryParams) -> list[Json]:
        match what:
            case ["owners"]:
                return self.past_owners if asked["archived"] == "true" else self.owners
            case ["pipelines", name]:
                return PIPELINES if name == "deals" else []
            case ["properties", name]:
                known = {"name", *self.properties[name]}
                return [{"name": one, "type": "string"} for one in sorted(known)]
        raise AssertionError(what)

    def _page(self, name: str, asked: httpx.QueryParams) -> Json:
        held = self.gone[name] if asked["archived"] == "true" else self.lists[name]
        limit, start = int(asked["limit"]), int(asked.get("after", 0))
        assert limit <= (50 if "propertiesWithHistory" in asked else 100)
        more = {"paging": {"next": {"after": str(start + limit)}}}
        return {"results": held[start : start + limit]} | (
            more if start + limit < len(held) else {}
        )

    def _batch(self, name: str, body: Json) -> Json:
        assert len(body["inputs"]) <= (50 if body["propertiesWithHistory"] else 100)
        there = {one["id"]: one for one in self.lists[name]}
        ids = [one["id"] for one in body["inputs"]]
        lost = [one for one in ids if one not in there]
        errors = {"errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": lost}}]}
        return {"results": [there[i] for i in ids if i in there]} | (errors if lost else {})

    def _links(self, of: str, to: str, body: Json) -> Json:
        assert len(body["inputs"]) <= 100
        known = self.links[of, to]
        return {
            "results": [
                {
                    "from": {"id": one["id"]},
                    "to": [
                        {"toObjectId": int(key), "associationTypes": [{"typeId": kind}]}
                        for key, kind in known[one["id"]]
                    ],
                }
                for one in body["inputs"]
                if one["id"] in known
            ]
        }

    def _search(self, name: str, body: Json) -> Json:
        found = sorted(self.lists[name], key=_changed)
        for group in body["filterGroups"]:
            for one in group["filters"]:
                found = _filtered(found, one)
        if (body["sorts"] or [{}])[0].get("propertyName") == "hs_object_id":
            found.sort(key=lambda one: int(one["id"]))
        limit, start = body["limit"], int(body["after"])
        assert start + limit <= CEILING
        more = {"paging": {"next": {"after": str(start + limit)}}}
        return {"total": len(found), "results": found[start : start + limit]} | (
            more if start + limit < len(found) else {}
        )


def _filtered(found: list[Json], one: Json) -> list[Json]:
    value = int(one["value"])
    if one["propertyName"] == "hs_object_id":
        assert one["operator"] == "GT"
        return [record for record in found if int(record["id"]) > value]
    low = bisect_left(found, value, key=_changed) if one["operator"] != "LTE" else 0
    high = bisect_right(found, value, key=_changed) if one["operator"] != "GTE" else len(found)
    return found[low:high]


def _changed(one: Json) -> int:
    return _ms(one["updatedAt"])


@cache
def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@dataclass
class Puller:
    """The connector on clients that do not wait; it remembers what it kept and where it stood."""

    lists: Lists
    options: Json = field(default_factory=dict)
    provides: frozenset[str] = frozenset({"revenue", "attributes"})
    zone: str = "UTC"
    cursor: Any = None
    now: str = NOW
    kept: dict[str, dict[str, Observation]] = field(default_factory=lambda: defaultdict(dict))
    warnings: list[str] = field(default_factory=list)

    def pull(self) -> list[Any]:
        """All records of one pull."""
        self.lists.asked.clear()
        with self.opened() as (connector, request):
            records = list(connector.pull(request))
        for one in records:
            if isinstance(one, Observation):
                self.kept[one.subject].setdefault(one.key, one)
        self.cursor = records[-1].cursor
        return records

    def check(self) -> list[str]:
        with self.opened() as (connector, request):
            return list(connector.check(request))

    @contextmanager
    def opened(self) -> Iterator[tuple[HubSpot, PullRequest]]:
        config = HubSpotConfig(**{"token": TOKEN, "requests_per_second": 1e6} | self.options)
        plugin = HubSpot(config)
        entry = Entry(name="crm", kind="connector", use="hubspot", plugin=plugin, secrets=(TOKEN,))
        with client_for(entry, clock=Time().clock()) as http:
            yield (
                plugin,
                PullRequest(
                    name="crm",
                    folder=Path(),
                    timezone=ZoneInfo(self.zone),
                    currency="USD",
                    http=http,
                    clock=lambda: datetime.fromisoformat(self.now),
                    provides=self.provides,
                    cursor=self.cursor,
                    observations=lambda subject: list(self.kept[subject].values()),
                    warn=self.warnings.append,
                ),
            )

    @property
    def paths(self) -> list[str]:
        """What was asked for, without the version of the API."""
        return [request.url.path.split("/", 3)[3] for request in self.lists.asked]
