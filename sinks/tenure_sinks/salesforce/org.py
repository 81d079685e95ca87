"""The part of Salesforce's REST API that this sink uses: fields described, records read, updated.

Records are found by SOQL and updated by Id, never upserted: an upsert makes what it does not find.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tenure import ConfigError, SourceError
from tenure_sinks.beside import Values
from tenure_sinks.salesforce.session import (
    API,
    NOT_FOUND,
    Problem,
    Session,
    pages,
    parsed,
    problems,
)

BATCH = 200
"""So many records fit into one request."""

_ROOM = 12_000
"""Bytes of a query, encoded: URI and headers, with a token of any kind, may have 16,384."""

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Table:
    """An object of the org, and the fields of it that the user of the app sees."""

    name: str
    may_update: bool
    fields: Mapping[str, Mapping[str, Any]]

    @property
    def label(self) -> str | None:
        """The field that people know a record by, if there is one."""
        return next((name for name, each in self.fields.items() if each.get("nameField")), None)


class Org:
    """Records of one object."""

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self._name = name

    def table(self) -> Table:
        """The object as the user of the app sees it."""
        path = f"{API}/sobjects/{self._name}/describe"
        answer = self.session.send("GET", path, accept=(NOT_FOUND,))
        if answer.status_code == NOT_FOUND:
            raise ConfigError(
                f"Salesforce has no {self._name}, or the user of the app may not see it",
                "Check `object`, and assign the permission set of docs/salesforce.md",
            )
        found = parsed(answer)
        fields = {str(each["name"]): each for each in found["fields"]}
        return Table(str(found["name"]), bool(found["updateable"]), fields)

    def records(
        self, field: str, values: Iterable[str], names: Sequence[str]
    ) -> Iterator[Mapping[str, Any]]:
        """Those whose field has one of the values, in any case of letters, with Id and `names`."""
        wanted = ",".join(dict.fromkeys(["Id", field, *names]))
        start = f"SELECT {wanted} FROM {self._name} WHERE {field} IN ("  # noqa: S608 - all of them are names of Salesforce
        for few in _fitting(map(quoted, values), _ROOM - len(quote(start))):
            query = f"{start}{','.join(few)})"
            yield from pages(self.session, f"{API}/query", params={"q": query})

    def update(self, records: Mapping[str, Values], numbers: Iterable[str]) -> dict[str, Problem]:
        """Write values of up to 200 records, by Id; why some of them were refused."""
        rows = (_row(self._name, key, values, {*numbers}) for key, values in records.items())
        answers = self.session.json(
            "PATCH",
            f"{API}/composite/sobjects",
            content=f'{{"allOrNone":false,"records":[{",".join(rows)}]}}'.encode(),
            headers={"Content-Type": "application/json"},
        )
        if not isinstance(answers, list) or len(answers) != len(records):
            raise SourceError(
                "Salesforce did not say of each record how its update ended", "Push again"
            )
        return {
            key: _first(answer)
            for key, answer in zip(records, answers, strict=True)
            if not answer.get("success")
        }


def quoted(text: str) -> str:
    """A text as SOQL writes one, whatever stands in it."""
    return f"'{''.join(_ESCAPES.get(letter, letter) for letter in text)}'"


def _first(answer: Mapping[str, Any]) -> Problem:
    found = problems(answer.get("errors") or [])
    return found[0] if found else Problem("UNKNOWN", "no reason was given")


def _fitting(texts: Iterable[str], room: int) -> Iterator[list[str]]:
    """Lists of the texts that take no more room than that, encoded in a URL."""
    few: list[str] = []
    left = room
    for text in texts:
        size = len(quote(text, safe="")) + len("%2C")
        if few and size > left:
            yield few
            few, left = [], room
        few.append(text)
        left -= size
    if few:
        yield few


def _row(table: str, key: str, values: Values, numbers: set[str]) -> str:
    """A record as JSON, its numbers digit by digit: a float would not hold all of them."""
    parts = [f'"attributes":{{"type":{json.dumps(table)}}}', f'"id":{json.dumps(key)}']
    parts += [
        f"{json.dumps(name)}:{text if name in numbers and text else json.dumps(text)}"
        for name, text in values.items()
    ]
    return f"{{{','.join(parts)}}}"
