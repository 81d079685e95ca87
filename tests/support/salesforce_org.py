"""A Salesforce of a few lines: one object, with the limits, errors and habits that are documented.

URI and headers in 16,384 bytes, 200 records in an update, pages of a query, tokens that expire, a
daily limit, rights on fields, rounding to a field's scale, comparison without regard to capitals.
"""

import json
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx
from salesforce_jobs import Bulk

from tenure_sinks.salesforce.fields import NAMES
from tenure_sinks.salesforce.keys import long_id

ORG = "https://acme.my.salesforce.test"
CLIENT, SECRET, USER = "3MVG9.consumer", "5ecret-c0nsumer", "005000000000001AAA"

_STRING = r"'(?:[^'\\]|\\.)*'"
_QUERY = re.compile(
    rf"SELECT ([\w,]+) FROM (\w+) WHERE (\w+) IN \(({_STRING}(?:,{_STRING})*)\)", re.DOTALL
)
_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "'": "'", "\\": "\\"}


def account_id(number: int) -> str:
    """The Id of an account, all its 18 letters."""
    return str(long_id(f"001{number:012d}"))


def defined(name: str, kind: str, **more: object) -> dict[str, Any]:
    """A field as describe tells it."""
    usual = {"length": 255, "scale": 2, "updateable": True, "filterable": True}
    return {"name": name, "type": kind, "calculated": False, "nameField": False, **usual, **more}


def figures_fields() -> list[dict[str, Any]]:
    """A field for each figure, as the docs have them."""
    kinds = {"nrr": "percent", "last_movement": "picklist", "last_movement_reason": "string"}
    kinds |= {"acv_band": "string", "last_movement_date": "date", "as_of": "date"}
    return [defined(name, kinds.get(figure, "double")) for figure, name in NAMES.items()]


class Org:
    """Answers requests; `asked` holds them, `refuse` says why a record's values are not taken."""

    def __init__(self, *customers: str) -> None:
        self.fields = {
            each["name"]: each
            for each in (
                defined("Id", "id", updateable=False),
                defined("Name", "string", nameField=True),
                defined("Tenure_Customer_Id__c", "string"),
                *figures_fields(),
            )
        }
        self.records: dict[str, dict[str, Any]] = {}
        for customer in customers:
            self.add(customer)
        self.tokens = 0
        self.expired = 0
        self.page = 2000
        self.may_update = True
        self.limit, self.used = 15_000, 0
        self.asked: list[str] = []
        self.cursors: list[list[dict[str, Any]]] = []
        self.bulk = Bulk(self.save, USER)
        self.refuse: Callable[[str, Mapping[str, Any]], tuple[str, str] | None] = lambda *_: None
        self.failing: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None

    def add(self, customer: str | None, **values: Any) -> str:
        """A new account; its Id."""
        key = account_id(len(self.records) + 1)
        made = {"Name": f"Company {customer}", "Tenure_Customer_Id__c": customer}
        self.records[key] = {"Id": key, **made, **values}
        return key

    def of(self, customer: str) -> dict[str, Any]:
        """The account of a customer, without its Id, names and what is empty."""
        (found,) = [r for r in self.records.values() if r["Tenure_Customer_Id__c"] == customer]
        names = {"Id", "Name", "Tenure_Customer_Id__c"}
        return {k: v for k, v in found.items() if k not in names and v is not None}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(f"{request.method} {path.removeprefix('/services/')}")
        head = len(request.url.raw_path) + sum(len(k) + len(v) + 4 for k, v in request.headers.raw)
        if head > 16_384:
            return said(431, "UNKNOWN", "the URI and the headers are too long")
        if (failed := self.failing(request)) is not None:
            return failed
        if path == "/services/oauth2/token":
            return self.sign_in(parse_qs(request.content.decode()))
        given = request.headers["authorization"]
        if self.tokens <= self.expired or given != f"Bearer 00D!token{self.tokens}":
            return said(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.used >= self.limit:
            answer = said(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        else:
            self.used += 1
            answer = self.answer(request, path.removeprefix("/services/data/v65.0/"))
        answer.headers["Sforce-Limit-Info"] = f"api-usage={self.used}/{self.limit}"
        return answer

    def sign_in(self, form: Mapping[str, list[str]]) -> httpx.Response:
        assert form["grant_type"] == ["client_credentials"]
        if (form["client_id"], form["client_secret"]) != ([CLIENT], [SECRET]):
            error = {"error": "invalid_client", "error_description": "invalid client credentials"}
            return httpx.Response(400, json=error)
        self.tokens += 1
        token = {"access_token": f"00D!token{self.tokens}", "id": f"{ORG}/id/00D0/{USER}"}
        return httpx.Response(200, json={**token, "instance_url": ORG, "token_type": "Bearer"})

    def answer(self, request: httpx.Request, path: str) -> httpx.Response:
        if path == "sobjects/Account/describe":
            fields = list(self.fields.values())
            what = {"name": "Account", "updateable": self.may_update, "fields": fields}
            return httpx.Response(200, json=what)
        if path == "query":
            return self.query(request.url.params["q"])
        if path.startswith("query/"):
            return self.turn(int(path.removeprefix("query/")))
        if path == "composite/sobjects":
            return self.update(json.loads(request.content, parse_float=Decimal))
        if path.startswith("jobs/ingest"):
            return self.bulk.answer(request, path.removeprefix("jobs/ingest").strip("/"))
        return said(404, "NOT_FOUND", "The requested resource does not exist")

    def query(self, text: str) -> httpx.Response:
        found = _QUERY.fullmatch(text)
        if not found or len(text) > 100_000:
            return said(400, "MALFORMED_QUERY", text[:80])
        names, table, field, values = found.groups()
        unknown = [n for n in [field, *names.split(",")] if n not in self.fields]
        if table != "Account" or unknown:
            return said(400, "INVALID_FIELD", f"No such column {unknown} on entity {table}")
        wanted = {unquoted(each).lower() for each in re.findall(_STRING, values)}
        rows = [r for r in self.records.values() if str(r.get(field)).lower() in wanted]
        self.cursors.append([{n: r.get(n) for n in names.split(",")} for r in rows])
        return self.turn(len(self.cursors) - 1)

    def turn(self, cursor: int) -> httpx.Response:
        rows = self.cursors[cursor]
        few, self.cursors[cursor] = rows[: self.page], rows[self.page :]
        body: dict[str, Any] = {"records": few, "done": len(rows) <= self.page}
        if not body["done"]:
            body["nextRecordsUrl"] = f"/services/data/v65.0/query/{cursor}"
        return httpx.Response(200, content=written(body))

    def update(self, body: Mapping[str, Any]) -> httpx.Response:
        assert body["allOrNone"] is False
        assert 0 < len(body["records"]) <= 200
        answers = []
        for row in body["records"]:
            assert row.pop("attributes") == {"type": "Account"}
            key = row.pop("id")
            why = self.save(key, row)
            errors = [{"statusCode": why[0], "message": why[1], "fields": []}] if why else []
            told = {} if why else {"id": key}
            answers.append({**told, "success": not why, "errors": errors})
        return httpx.Response(200, json=answers)

    def save(self, key: str, values: Mapping[str, Any]) -> tuple[str, str] | None:
        """Take the values of a record, or say why not."""
        if key not in self.records:
            return "ENTITY_IS_DELETED", "entity is deleted"
        taken = {}
        for name, value in values.items():
            field = self.fields[name]
            if not field["updateable"]:
                return "INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update {name}"
            is_number = field["type"] in {"double", "percent", "currency"}
            if not is_number and len(value or "") > field["length"]:
                return "STRING_TOO_LONG", f"{name}: data value too large: {value}"
            step = Decimal(1).scaleb(-field["scale"])
            rounded = is_number and value is not None
            taken[name] = Decimal(value).quantize(step, ROUND_HALF_UP) if rounded else value
        if why := self.refuse(key, taken):
            return why
        self.records[key] |= taken
        return None


def unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _UNESCAPED[found[1]], text[1:-1])


def written(body: object) -> bytes:
    """JSON as Salesforce writes it: the decimals of a field are numbers."""
    marked = json.dumps(body, default=lambda number: f"<{number}>")
    return re.sub(r'"<(-?[\d.]+)>"', r"\1", marked).encode()


def said(status: int, code: str, message: str) -> httpx.Response:
    return httpx.Response(status, json=[{"errorCode": code, "message": message}])
