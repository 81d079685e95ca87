"""Lists read page by page, many at once, each to its end.

A list is cut into windows of created time. Each window is paged from its newest object to its
oldest, and while there is room for more requests, what is left of a window is cut in half: so a
list whose objects were all made last month is read by many at once, too. Objects that are added
meanwhile are newer than a page's last one and move nothing.

    Listing ── what to read    Window ── a part of it    Page ── what came    Reading ── all of it
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from tenure import SourceError
from tenure_connectors.decoding import decoder
from tenure_connectors.stripe import shapes
from tenure_connectors.stripe.client import Api
from tenure_connectors.stripe.shapes import Shape

T = TypeVar("T")

IN_FLIGHT = 32
"""Requests under way at most."""

PAGE = 100
"""Objects of a page: the most that Stripe gives."""

OLDEST = 1_262_304_000
"""Nothing at Stripe was made before 2010."""

_WAITING = 2_000
"""Windows that may wait before only inner lists are read on."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: where it is, what it holds, and with which parameters it is asked for.

    One without `windows` is an inner list, which has no created time: `owner` is what it belongs
    to, `rank` how new that is, and `count` how many objects that says there are. `narrow` seconds
    are not cut any more. Of a list that was read
    before, `known` are the ids then: it ends with a second page of nothing else.
    """

    path: str
    kind: type[Shape]
    params: Mapping[str, Any] = field(default_factory=dict)
    windows: bool = True
    owner: shapes.Invoice | str | None = None
    rank: int = 0
    count: int = 0
    since: int = OLDEST
    narrow: int = 1
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Broken:
    """An object that cannot be read: why, and as it came; without an id, `id` is empty."""

    id: str
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Objects of a list in its order, with those that cannot be read apart.

    `number` counts the pages of an inner list from 0.
    """

    listing: Listing
    number: int
    objects: Sequence[Any]
    broken: Sequence[Broken]
    body: bytes
    last: bool
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Created from `oldest` on and before `newest`; `read` are the ids of its last page."""

    listing: Listing
    oldest: int
    newest: int | None = None
    read: tuple[str, ...] = ()
    number: int = 0

    def params(self) -> dict[str, Any]:
        """What its next page is asked for with."""
        asked: dict[str, Any] = {**self.listing.params, "limit": PAGE}
        if self.listing.windows:
            asked["created"] = {"gte": self.oldest}
            if self.newest is not None:
                asked["created"]["lt"] = self.newest
        return asked


class _Answer(Shape, Generic[T]):
    """A list as it is asked for: without `data` it is none, and nothing is not an empty list."""

    data: list[T]
    has_more: bool = False


class Content(NamedTuple):
    """What a page holds, and the bytes it was."""

    objects: Sequence[Any]
    broken: Sequence[Broken]
    ids: tuple[str, ...]
    has_more: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class _Read:
    page: Page
    rest: Window | None


class Reading:
    """Reads lists; iterate over it for their pages, in whatever order they come."""

    def __init__(self, api: Api, pace: Callable[[str], float] = lambda _name: 0.0) -> None:
        self._api = api
        self._pace = pace
        self._waiting: deque[Window] = deque()
        self._done: SimpleQueue[Future[_Read]] = SimpleQueue()
        self._running: dict[Future[_Read], Window] = {}

    def add(self, listing: Listing) -> None:
        """Read this one, too; an inner list goes first, so that few of them wait."""
        window = Window(listing, listing.since)
        if listing.windows:
            self._waiting.append(window)
        else:
            self._waiting.appendleft(window)

    def left(self) -> list[Window]:
        """What is to be read yet, after the pages that were given."""
        return [*self._running.values(), *self._waiting]

    def go_on(self, left: Sequence[Window]) -> None:
        """Read what another reading had left."""
        self._waiting.extend(left)

    def __iter__(self) -> Iterator[Page]:
        pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="stripe")
        try:
            while self._waiting or self._running:
                wait = self._start(pool)
                read = self._next(wait)
                if read is not None:
                    self._go_on(read)
                    yield read.page
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, pool: ThreadPoolExecutor) -> float | None:
        """Send what may be sent now; seconds until one that waits may go, None without any."""
        soonest: float | None = None
        for _ in range(len(self._waiting)):
            if len(self._running) >= IN_FLIGHT:
                return None
            window = self._waiting.popleft()
            crowded = len(self._waiting) > _WAITING and window.listing.windows
            wait = 1.0 if crowded else self._pace(window.listing.kind.__name__)
            if wait > 0:
                soonest = min(wait, soonest or wait)
                self._waiting.append(window)
            else:
                future = pool.submit(self._read, window)
                self._running[future] = window
                future.add_done_callback(self._done.put)
        return soonest

    def _next(self, wait: float | None) -> _Read | None:
        """The next page that has come; None if another request may go first."""
        try:
            future = (
                self._done.get(timeout=wait if self._running else None) if self._running else None
            )
        except Empty:
            return None
        if future is None:
            time.sleep(wait or 0.0)
            return None
        del self._running[future]
        return future.result()

    def _go_on(self, read: _Read) -> None:
        rest = read.rest
        if rest is None:
            return
        free = len(self._running) + len(self._waiting) + 1 < IN_FLIGHT
        listing, objects = rest.listing, read.page.objects
        if rest.number > 1 and listing.known.issuperset(rest.read) and listing.known:
            return
        reached = getattr(objects[-1], "created", None) if objects else None
        if free and listing.windows and reached and reached - rest.oldest > listing.narrow:
            middle = rest.oldest + (reached - rest.oldest + 1) // 2
            self._waiting.append(replace(rest, newest=middle, read=()))
            rest = replace(rest, oldest=middle)
        self._waiting.appendleft(rest)

    # --- in a thread

    def _read(self, window: Window) -> _Read:
        """One page. If the object to go on after is gone, the one before it will do."""
        listing, asked = window.listing, window.params()
        decode = partial(content, listing.kind)
        for after in reversed(window.read[-10:]):
            found = self._api.find(listing.path, {**asked, "starting_after": after}, decode)
            if found is not None:
                self._has_moved(window, found)
                return _taken(window, found)
        found = self._api.find(listing.path, asked, decode)
        if found is not None:  # from the window's start: what is known came before
            known = frozenset(window.read)
            new = [one for one in found.objects if one.id not in known]
            return _taken(window, found._replace(objects=new))
        return _Read(Page(listing, window.number, (), (), b"", last=True, gone=True), None)

    def _has_moved(self, window: Window, found: Content) -> None:
        """Whether a page is another one than the last: a list has to end."""
        if found.has_more and found.ids and set(window.read).issuperset(found.ids):
            raise SourceError(
                f"{self._api.table} GET {window.listing.path} is answered with the same page again"
                " and again",
                "Check `api_base` in this table, or try again later",
            )


def _taken(window: Window, found: Content) -> _Read:
    page = Page(
        window.listing, window.number, found.objects, found.broken, found.body, not found.has_more
    )
    if not found.has_more or not found.ids:
        return _Read(page, None)
    return _Read(page, replace(window, read=found.ids, number=window.number + 1))


def content(kind: type[Shape], body: bytes) -> Content:
    """The objects of a page; one that cannot be read does not cost its neighbours."""
    try:
        page = _answers(kind).decode(body)
        ids = tuple(one.id for one in page.data)
        return Content(page.data, (), ids, page.has_more, body)
    except msgspec.ValidationError:
        pass
    raw = _answers(msgspec.Raw).decode(body)
    objects, broken, names = list[Any](), list[Broken](), list[str]()
    for one in raw.data:
        name = _named(one)
        names += [name] if name else []
        try:
            objects.append(decoder(kind).decode(one))
        except msgspec.ValidationError as error:
            broken.append(Broken(name, str(error), bytes(one)))
    return Content(objects, broken, tuple(names), raw.has_more, body)


def _named(one: msgspec.Raw) -> str:
    try:
        return decoder(shapes.Ref).decode(one).id
    except msgspec.ValidationError:
        return ""


def _answers(kind: Any) -> msgspec.json.Decoder[_Answer[Any]]:
    return decoder(_Answer[kind])
