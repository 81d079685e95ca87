"""What texts say of somebody, and the same texts without it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, Text, select, update
from sqlmodel import SQLModel

from tenure.ledger.forgotten import tells
from tenure.ledger.spelling import folded, replaced
from tenure.ledger.tables import Quarantine, table

_MINDED = frozenset(
    {"connector_state", "customer", "customer_attribute", "account", "account_link", "subscription",
     "item", "point", "rate", "observation", "raw_object", "quarantine", "pull_item",
     "ledger_clock", "erasure", "erased_id", "sink_value", "sink_remote"}
)  # fmt: skip
"""Tables whose rows are minded one by one: of every other one, the texts are."""

_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\[\"\\/bfnrt]")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_BAD = table(Quarantine)
_GONE = "(of a forgotten customer)"


@dataclass(frozen=True, slots=True)
class Needles:
    """Ids, names, addresses of somebody, as they may stand in a text by themselves."""

    pattern: re.Pattern[str]
    token: str

    @classmethod
    def of(cls, texts: Iterable[str], token: str) -> "Needles":
        """What is too short stands in every text, and is looked for in none."""
        long = sorted({folded(one) for one in texts if tells(one)}, key=len, reverse=True)
        return cls(re.compile("|".join(map(_alone, long)) or r"(?!)"), token)

    def in_text(self, text: str) -> bool:
        """Whether one of them is there."""
        return any(self.pattern.search(folded(one)) for one in (text, _spoken(text)))

    def out_of(self, text: str) -> str:
        """The text with the token instead; of JSON its texts alone, since numbers are figures."""
        if not self.in_text(text):
            return text
        try:
            return json.dumps(self._without(json.loads(text)))
        except ValueError:
            return replaced(self.pattern, self.token, _spoken(text))

    def _without(self, value: Any) -> Any:
        match value:
            case str():
                return replaced(self.pattern, self.token, value)
            case list():
                return [self._without(one) for one in value]
            case dict():
                return {self._without(key): self._without(one) for key, one in value.items()}
            case _:
                return value


def _alone(one: str) -> str:
    """A pattern of it as a word by itself, but where its script has no spaces between words."""
    before = "" if _UNSPACED.match(one[0]) else r"(?<![\w@.-])"
    after = "" if _UNSPACED.match(one[-1]) else r"(?![\w@-])"
    return before + re.escape(one).replace(r"\ ", r"\s+") + after


def _spoken(text: str) -> str:
    """A text without the escapes of JSON, behind which a name stands otherwise, or by another."""
    return _ESCAPES.sub(_meant, text)


def _meant(found: re.Match[str]) -> str:
    said = found[0]
    if said.startswith("\\u"):
        return bytes.fromhex(said.replace("\\u", "")).decode("utf-16-be", "replace")
    return " " if said[1] in "bfnrt" else said[1]


def replace(connection: Connection, needles: Needles) -> int:
    """Replace them in the texts of every table that is not minded by rows; how many changed."""
    return sum(
        _replace(connection, each, column.name, needles)
        for each in SQLModel.metadata.sorted_tables
        if each.name not in _MINDED
        for column in each.columns
        if isinstance(column.type, Text) and not column.primary_key
    )


def _replace(connection: Connection, each: Table, name: str, needles: Needles) -> int:
    keys, column, changed = list(each.primary_key), each.c[name], 0
    for said, *ids in connection.execute(select(column, *keys).where(column.is_not(None))).all():
        clean = needles.out_of(said)
        if clean != said:
            own = [key == id_ for key, id_ in zip(keys, ids, strict=True)]
            connection.execute(update(each).where(*own).values({name: clean}))
            changed += 1
    return changed


def blank(connection: Connection, needles: Needles, connectors: Iterable[int]) -> int:
    """Empty the quarantined rows that say anything of them; they still count."""
    b, changed = _BAD.c, 0
    for row in connection.execute(_BAD.select().where(b.connector_id.in_(connectors))).all():
        if needles.in_text(f"{row.source_ref}\n{row.reason}\n{row.raw}"):
            changed += 1
            values = {"source_ref": _GONE, "reason": _GONE, "raw": "", "column": None}
            own = {"fingerprint": f"forgotten:{row.id}"}
            connection.execute(update(_BAD).where(b.id == row.id).values(values | own))
    return changed
