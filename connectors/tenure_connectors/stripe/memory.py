"""What was ever read of an account, kept as observations, so that a change needs only itself.

Stripe cannot be asked for the invoices of a thousand subscriptions at once. So the pieces of each
subscription are kept with it: first all of them, then whatever differs, numbered. What is sold is
kept the same way, by its id, and so are customers that have a discount.
"""

import base64
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

import msgspec

from tenure import Observation, PullRequest
from tenure_connectors.spool import Pieces, Spool
from tenure_connectors.stripe.pieces import decoded
from tenure_connectors.stripe.shapes import Shape

T = TypeVar("T", bound=Shape)

_pieces = msgspec.json.Decoder(dict[str, msgspec.Raw])

_GONE = msgspec.Raw(b"null")
_PIECES = "pieces:"
_USES = "uses:"
_CACHED = 20_000


class Known(NamedTuple):
    """What is known of a subject: its pieces, in how many patches, and events that were kept.

    `changed_at` is when the last patch was made.
    """

    pieces: dict[str, bytes]
    events: list[Observation]
    patches: int
    changed_at: datetime | None


class Memory:
    """Reads what earlier pulls kept, and says what this one adds."""

    def __init__(self, request: PullRequest, now: datetime) -> None:
        self._request = request
        self._now = now
        self._ahead: Mapping[str, Sequence[Observation]] = {}

    def look_ahead(self, subjects: Collection[str]) -> None:
        """Read what is kept of many subjects at once: they are asked for next."""
        if self._request.recall is not None:
            self._ahead = self._request.recall(subjects)

    def known(self, subject: str) -> Known:
        """Everything that is kept of a subject."""
        kept = self._ahead.get(subject)
        kept = self._request.observations(subject) if kept is None else kept
        patches = sorted((one for one in kept if one.key.startswith(_PIECES)), key=_key)
        pieces: Pieces = {}
        for one in patches:
            pieces |= unpacked(str(one.data["pieces"]))
        there = {name: data for name, data in pieces.items() if data is not None}
        events = [one for one in kept if "type" in one.data]
        return Known(there, events, len(patches), patches[-1].at if patches else None)

    def patch(self, subject: str, known: Known, changed: Pieces) -> Observation:
        """The observation that brings what is known up to date."""
        key = f"{_PIECES}{known.patches:06}"
        return Observation(subject=subject, key=key, at=self._now, data={"pieces": packed(changed)})

    def use(self, used: str, user: str) -> Observation:
        """The observation that a subscription has to do with a customer or a product."""
        return Observation(subject=f"{_USES}{used}", key=user, at=self._now, data={})

    def users(self, used: str) -> list[str]:
        """The subscriptions that have to do with a customer or a product."""
        return [one.key for one in self._request.observations(f"{_USES}{used}")]


def _key(one: Observation) -> str:
    return one.key


def changes(known: Mapping[str, bytes], now: Pieces) -> Pieces:
    """The pieces that differ; None for one that was known and is no more."""
    names = known.keys() | now.keys()
    return {name: now.get(name) for name in sorted(names) if known.get(name) != now.get(name)}


def packed(pieces: Pieces) -> str:
    """Pieces as text: they repeat themselves, and there are many."""
    whole = {name: msgspec.Raw(data or b"null") for name, data in pieces.items()}
    return base64.b64encode(zlib.compress(msgspec.json.encode(whole), 1)).decode()


def unpacked(text: str) -> Pieces:
    """The pieces again, byte for byte."""
    whole = _pieces.decode(zlib.decompress(base64.b64decode(text)))
    return {name: bytes(data) if data != _GONE else None for name, data in whole.items()}


class Shelf(Mapping[str, T], Generic[T]):
    """Objects of one kind by id: as listed now, as known, as asked for, or as they came inside."""

    def __init__(
        self,
        kind: tuple[str, type[T]],
        spool: Spool,
        memory: Memory,
        ask: Callable[[str], bytes | None] = lambda _id: None,
    ) -> None:
        self._kind, self._type = kind
        self._spool, self._memory, self._ask = spool, memory, ask
        self._cache: dict[str, T | None] = {}
        self.news: list[Observation] = []
        """What the last look-ups found that was not known."""

    def __getitem__(self, key: str) -> T:
        if key not in self._cache:
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            self._cache[key] = self._found(key)
        found = self._cache[key]
        if found is None:
            raise KeyError(key)
        return found

    def forget(self, key: str) -> None:
        """Look for it anew, next time."""
        self._cache.pop(key, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._cache)

    def __len__(self) -> int:
        return len(self._cache)

    def _found(self, key: str) -> T | None:
        known = self._memory.known(key)
        kept = known.pieces.get(self._kind)
        data = self._spool.get(f"{self._kind}:{key}") or kept or self._ask(key)
        data = data or self._spool.get(f"inside {self._kind}:{key}")
        if data is None:
            return None
        if data != kept:
            self.news.append(self._memory.patch(key, known, {self._kind: data}))
        return decoded(data, self._type)
