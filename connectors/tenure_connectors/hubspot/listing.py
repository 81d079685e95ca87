"""Objects page by page, batch by batch, or by when they changed; several requests at once.

A search gives no more than 10,000 results. So what changed is read in windows of time that are
cut in half until each holds fewer, and each window has to hold as many as HubSpot counts in it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Self, TypeVar

import msgspec

from tenure import TransientError
from tenure_connectors.decoding import decoder
from tenure_connectors.hubspot.client import LIST_PAGE, SEARCH_CEILING, SEARCH_PAGE, Api, Asked
from tenure_connectors.hubspot.shapes import End, Link, Object, Page, Problem

T = TypeVar("T")

IN_FLIGHT = 8
"""Requests under way: with 200 ms each that is more than HubSpot lets through."""

MODIFIED = "hs_lastmodifieddate"

_TRIES = 4
_MS = 1000


@dataclass(frozen=True, slots=True)
class Broken:
    """An object that cannot be read: why, and as it came; without an id, `id` is empty."""

    id: str
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Objects that came together, with those that cannot be read apart, and those that are gone."""

    name: str
    objects: Sequence[Object]
    broken: Sequence[Broken] = ()
    body: bytes = b""
    gone: int = 0
    problems: Sequence[Problem] = ()
    after: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class _Window:
    """Changed from `since` to `until`, both included, in milliseconds."""

    since: int
    until: int

    def halves(self) -> tuple["_Window", "_Window"]:
        middle = (self.since + self.until) // 2
        return _Window(self.since, middle), _Window(middle + 1, self.until)

    def filters(self) -> list[dict[str, str]]:
        return [
            {"propertyName": MODIFIED, "operator": "GTE", "value": str(self.since)},
            {"propertyName": MODIFIED, "operator": "LTE", "value": str(self.until)},
        ]


@dataclass
class Reading:
    """Reads a portal; use it in a `with` block, which ends its threads."""

    api: Api
    _pool: ThreadPoolExecutor = field(init=False)

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="hubspot")
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ahead(self, calls: Iterable[Callable[[], T]], width: int = IN_FLIGHT) -> Iterator[T]:
        """What the calls return, in their order; some are under way before they are asked for."""
        waiting: deque[Future[T]] = deque()
        remaining = iter(calls)
        for call in islice(remaining, width):
            waiting.append(self._pool.submit(call))
        while waiting:
            result = waiting.popleft().result()
            for call in islice(remaining, 1):
                waiting.append(self._pool.submit(call))
            yield result

    def listed(self, asked: Asked, *, archived: bool = False) -> Iterator[Batch]:
        """All objects, page by page; the next one is read while one is worked on."""

        def page(after: str | None) -> Batch:
            return taken(asked.object, self.api.page(asked, after, archived=archived))

        coming: Future[Batch] | None = self._pool.submit(page, None)
        while coming is not None:
            batch = coming.result()
            coming = self._pool.submit(page, batch.after) if batch.after else None
            yield batch

    def read(self, asked: Asked, ids: Iterable[str]) -> Iterator[Batch]:
        """Objects by their ids."""
        for some in chunks(ids, asked.page):
            yield self.batch(asked, some)

    def batch(self, asked: Asked, ids: Sequence[str]) -> Batch:
        """Objects by their ids, no more than one request takes."""
        return taken(asked.object, self.api.batch(asked, ids))

    def links(self, of: str, to: str, ids: Iterable[str]) -> dict[str, list[Link]]:
        """What each object is associated with."""
        found: dict[str, list[Link]] = {}
        for some in chunks(ids, LIST_PAGE):
            inputs = [{"id": one} for one in some]
            while inputs:
                answer, inputs = self.api.links(of, to, inputs).read, []
                self._without_any(of, answer.errors)
                for one in answer.results:
                    found.setdefault(one.from_.id, []).extend(one.to)
                    if one.paging and one.paging.next:
                        inputs.append({"id": one.from_.id, "after": one.paging.next.after})
        return found

    def _without_any(self, of: str, problems: Sequence[Problem]) -> None:
        """That there are none, or no such object any more, is the only error that is none."""
        for problem in problems:
            if "NOT_FOUND" not in problem.category and "NO_ASSOC" not in problem.category:
                raise TransientError(
                    f"{self.api.table} HubSpot could not tell what {of} belong to:"
                    f" {problem.message or problem.category}",
                    "Try again later: what was read is kept",
                )

    def total(self, name: str) -> int:
        """How many objects there are now."""
        return self._searched(name, {"limit": 1, "properties": [MODIFIED]}).total or 0

    def found(self, asked: Asked, *filters: dict[str, Any]) -> Iterator[Batch]:
        """The objects that a few filters find, by id, however many there are."""
        last = "0"
        while True:
            after = {"propertyName": "hs_object_id", "operator": "GT", "value": last}
            batch = self._page_of(asked, [*filters, after], "hs_object_id", None)
            yield batch
            if not batch.objects or (batch.total or 0) <= len(batch.objects):
                return
            last = max((one.id for one in batch.objects), key=int)

    def changed(self, asked: Asked, since: datetime, until: datetime) -> Iterator[Batch]:
        """What was changed from `since` to `until`."""
        windows = [_Window(_ms(since), max(_ms(until), _ms(since)))]
        while windows:
            window = windows.pop()
            first = self._page_of(asked, window.filters(), MODIFIED, None)
            if (first.total or 0) < SEARCH_CEILING:
                yield from self._whole(asked, window, first)
            elif window.since < window.until:
                windows.extend(reversed(window.halves()))
            else:
                yield from self.found(asked, _at(window.since))

    def _whole(self, asked: Asked, window: _Window, first: Batch) -> Iterator[Batch]:
        """All of a window: as many different objects as HubSpot counts in it."""
        for _ in range(_TRIES):
            ids, batch = set[str](), first
            while True:
                ids |= {one.id for one in batch.objects} | {one.id for one in batch.broken}
                yield batch
                if batch.after is None:
                    break
                batch = self._page_of(asked, window.filters(), MODIFIED, batch.after)
            first = (
                batch
                if batch.total == len(ids)
                else self._page_of(asked, window.filters(), MODIFIED, None)
            )
            if len(ids) >= (first.total or 0):  # what changed meanwhile is in a later window
                return
        raise TransientError(
            f"{self.api.table} a search of {asked.object} gives fewer objects than it counts",
            "Try again later: what was read is kept",
        )

    def _page_of(
        self, asked: Asked, filters: list[dict[str, Any]], order: str, after: str | None
    ) -> Batch:
        query: dict[str, Any] = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": order, "direction": "ASCENDING"}],
            "properties": list(asked.properties),
            "limit": SEARCH_PAGE,
        }
        return self._searched(asked.object, query | ({"after": after} if after else {}))

    def _searched(self, name: str, query: dict[str, Any]) -> Batch:
        return taken(name, self.api.search(name, query))


def _at(ms: int) -> dict[str, Any]:
    return {"propertyName": MODIFIED, "operator": "EQ", "value": str(ms)}


def _ms(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * _MS)


def taken(name: str, answer: Any) -> Batch:
    """The objects of an answer; one that cannot be read does not cost its neighbours."""
    page: Page[msgspec.Raw] = answer.read
    objects, broken = list[Object](), list[Broken]()
    for raw in page.results:
        try:
            one = decoder(Object).decode(raw)
            objects.append(one)
        except msgspec.ValidationError as error:
            broken.append(Broken(_id_of(raw), str(error), bytes(raw)))
    missing = [one for one in page.errors if "NOT_FOUND" in one.category]
    gone = sum(len(one.context.get("ids") or [0]) for one in missing)
    others = [one for one in page.errors if "NOT_FOUND" not in one.category]
    return Batch(name, objects, broken, answer.body, gone, others, page.after, page.total)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most so many."""
    remaining = iter(items)
    while some := list(islice(remaining, size)):
        yield some


def _id_of(raw: msgspec.Raw) -> str:
    try:
        return decoder(End).decode(raw).id
    except msgspec.ValidationError:
        return ""
