"""Customers that were forgotten: what a source says of them later never reaches the ledger.

The ledger keeps no id of theirs, only a keyed digest of each (a token) under a salt of its own, and
of names and addresses, which rows that cannot be read may hold instead. So an id that comes in can
be known again, and cannot be read back; who has the ledger can still test whether a certain id is
among them, which is why this is pseudonymous and not anonymous.
"""

import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from tenure.ledger.spelling import folded
from tenure.ledger.tables import ErasedId, LedgerClock, table
from tenure.records import (
    Claim,
    Customer,
    Observation,
    Quarantined,
    RawChunk,
    Subscription,
    Tombstone,
)

PREFIX = "forgotten-"
"""What the token of a forgotten id begins with."""

_SHORTEST = 5
"""Bytes of UTF-8: what is shorter is a word of every text, and tells nothing in one."""

_ERASED, _CLOCK = table(ErasedId), table(LedgerClock)
_FIELDS = re.compile(r'[",;\t\r\n|]+')
_WORDS = re.compile(r"[\s\"',;:|/\\{}\[\]()<>=]+")


def token_of(salt: str, text: str) -> str:
    """The pseudonym of an id."""
    return PREFIX + hmac.digest(salt.encode(), text.encode(), "sha256").hex()[:32]


def tokens_of(salt: str, text: str) -> set[str]:
    """What an id is known by: as it is and, where it is rather a name, in every other spelling."""
    is_name = not text.isascii() or " " in text or "@" in text
    return {token_of(salt, text)} | ({token_of(salt, f"id {folded(text)}")} if is_name else set())


def said_of(salt: str, text: str) -> str:
    """The token of a name or an address, the same in every spelling, and no id's."""
    return token_of(salt, f"said {folded(text)}")


def tells(text: str) -> bool:
    """Whether it is long enough to be about somebody wherever it stands in a text."""
    return len(text.encode(errors="replace")) >= _SHORTEST


def salt_of(connection: Connection) -> str:
    """The ledger's own salt."""
    return str(connection.scalar(select(_CLOCK.c.salt)))


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Whom a connector must not bring back."""

    salt: str
    tokens: frozenset[str]

    @classmethod
    def of(cls, connection: Connection, connector: int) -> "Forgotten | None":
        """Of one connector; None where it has nobody, which costs its records nothing."""
        query = select(_ERASED.c.token).where(_ERASED.c.connector_id == connector)
        tokens = frozenset(connection.scalars(query))
        return cls(salt_of(connection), tokens) if tokens else None

    def names(self, record: Any) -> bool:
        """Whether a record is about one of them, or may hold something of theirs."""
        look = _LOOKS.get(type(record))
        return look is not None and look(self, record)

    def covers(self, id_: object) -> bool:
        """Whether an id is one of theirs."""
        return isinstance(id_, str) and not self.tokens.isdisjoint(tokens_of(self.salt, id_))

    def is_in(self, text: str) -> bool:
        """Whether one of their ids stands in a text by itself."""
        return any(self.covers(word) for word in words(text))

    def is_said_in(self, text: str) -> bool:
        """Whether one of their ids, names or addresses stands in a text by itself."""
        found = set(words(text))
        said = (said_of(self.salt, word) for word in found)
        return any(map(self.covers, found)) or any(token in self.tokens for token in said)


def words(text: str) -> Iterator[str]:
    """What may be an id in JSON, csv or a sentence; nothing too short to tell."""
    found = {part.strip() for part in _FIELDS.split(text)}
    return (word for word in found.union(_WORDS.split(text)) if tells(word))


def readable(data: bytes) -> str | None:
    """A chunk as text in which ids stand as they are; None for one that hides them."""
    try:
        text = data.decode()
        plain = text if "\\u" not in text else json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return None
    return None if "\0" in plain else plain


def _chunk(who: Forgotten, record: RawChunk) -> bool:
    text = readable(record.data)
    return text is None or who.is_said_in(text) or any(map(who.covers, record.holds))


def _observation(who: Forgotten, record: Observation) -> bool:
    said = f"{record.subject}\n{record.key}\n{json.dumps(record.data, ensure_ascii=False)}"
    return who.covers(record.subject) or who.is_in(said)


_LOOKS: dict[type, Callable[[Forgotten, Any], bool]] = {
    Subscription: lambda who, record: who.covers(record.customer),
    Customer: lambda who, record: who.covers(record.id),
    Tombstone: lambda who, record: who.covers(record.id),
    Claim: lambda who, record: who.covers(record.subject) or who.is_in(str(record.source_ref)),
    Observation: _observation,
    RawChunk: _chunk,
    Quarantined: lambda who, record: who.is_said_in(
        f"{record.source_ref}\n{record.reason}\n{record.raw}"
    ),
}
