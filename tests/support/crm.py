"""A CRM of a few lines: companies with properties, as HubSpot's API tells and takes them."""

import json
from collections.abc import Callable

import httpx

API = "https://crm.test"
TOKEN = "pat-s3cret-7"


class Crm:
    """Answers requests; `asked` holds them, `refuse` says why a company's values are not valid."""

    def __init__(self, *companies: str) -> None:
        self.companies = {company: dict[str, str | None]() for company in companies}
        self.properties: dict[str, dict[str, object]] = {"name": {"name": "name", "type": "string"}}
        self.archived: dict[str, dict[str, object]] = {}
        self.groups: list[str] = []
        self.asked: list[str] = []
        self.refuse: Callable[[str, dict[str, str]], str | None] = lambda _company, _values: None
        self.failing: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None

    def __call__(self, request: httpx.Request) -> httpx.Response:  # noqa: PLR0911 - a table
        path = request.url.path.removeprefix("/crm/v3/")
        self.asked.append(path)
        if request.headers["authorization"] != f"Bearer {TOKEN}":
            return said(401, "INVALID_AUTHENTICATION", "no")
        if (failed := self.failing(request)) is not None:
            return failed
        body = json.loads(request.content) if request.content else {}
        if body.get("inputs") == []:
            return said(400, "VALIDATION_ERROR", "inputs is empty")
        assert len(body.get("inputs", ())) <= 100
        match path:
            case "properties/companies":
                gone = request.url.params.get("archived") == "true"
                found = self.archived if gone else self.properties
                return httpx.Response(200, json={"results": [*found.values()]})
            case "properties/companies/groups":
                self.groups.append(body["name"])
                return httpx.Response(201, json=body)
            case "properties/companies/batch/create":
                self.properties |= {each["name"]: each for each in body["inputs"]}
                return httpx.Response(201, json={"results": body["inputs"]})
            case "objects/companies/batch/read":
                return self.read([each["id"] for each in body["inputs"]], body["properties"])
            case "objects/companies/batch/update":
                return self.update({each["id"]: each["properties"] for each in body["inputs"]})
        raise AssertionError(path)

    def writes(self) -> int:
        """Requests that update companies, since the last time somebody asked."""
        found = self.asked.count("objects/companies/batch/update")
        self.asked.clear()
        return found

    def read(self, ids: list[str], names: list[str]) -> httpx.Response:
        there = [each for each in ids if each in self.companies]
        results = [
            {"id": key, "properties": {n: self.companies[key].get(n) for n in names}}
            for key in there
        ]
        return partial(results, [each for each in ids if each not in there])

    def update(self, wanted: dict[str, dict[str, str]]) -> httpx.Response:
        why = [reason for each in wanted.items() if (reason := self.refuse(*each))]
        why += [
            f'Property "{name}" does not exist'
            for name in {name for values in wanted.values() for name in values}
            if name not in self.properties
        ]
        if why:
            causes = json.dumps([{"isValid": False, "message": each} for each in why])
            return said(400, "VALIDATION_ERROR", f"Property values were not valid: {causes}")
        for key in wanted.keys() & self.companies.keys():
            self.companies[key] |= {name: text or None for name, text in wanted[key].items()}
        there = [{"id": key, "properties": {}} for key in wanted if key in self.companies]
        return partial(there, [key for key in wanted if key not in self.companies])


def partial(results: list[object], lost: list[str]) -> httpx.Response:
    body: dict[str, object] = {"status": "COMPLETE", "results": results}
    if not lost:
        return httpx.Response(200, json=body)
    error = {
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some",
        "context": {"ids": lost},
    }
    return httpx.Response(207, json=body | {"numErrors": 1, "errors": [error]})


def said(status: int, category: str, message: str, **more: object) -> httpx.Response:
    body = {"status": "error", "category": category, "message": message}
    return httpx.Response(status, json=body | more)
