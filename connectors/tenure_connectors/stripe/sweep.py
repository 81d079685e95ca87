"""A full sweep: everything there is, read once, and every subscription stated anew.

Events come first, because what happens during the sweep must be in the events that the next pull
asks for. Then all lists at once, onto the spool; then one subscription after the other. One that
is cut off goes on where it was at its last checkpoint, with the events of its first start.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time

from tenure import Checkpoint, Json, Observation, PullRequest, Record, counted
from tenure_connectors.stripe.account import EVENTS, INVOICES, LISTS, SHELVES, Account
from tenure_connectors.stripe.cursor import OVERLAP, SKEW, Cursor
from tenure_connectors.stripe.listing import OLDEST, Window
from tenure_connectors.stripe.memory import Memory, changes
from tenure_connectors.stripe.progress import Mark, Progress
from tenure_connectors.stripe.shapes import Event
from tenure_connectors.stripe.statement import Statement
from tenure_connectors.stripe.topics import KEPT, TYPES

PAGES = 200
"""Pages between two checkpoints."""


def sweep(
    request: PullRequest, account: Account, cursor: Cursor, progress: Progress
) -> Iterator[Record]:
    """Read everything; the last checkpoint closes the pull."""
    under_way: dict[str, Json] = {
        **replace(cursor, swept_at=None).as_json(),
        "sweep": [*progress.sweep],
    }
    if progress.mark is None:
        yield from _events(account, cursor, progress)
        yield Checkpoint(cursor=under_way)
        progress.mark = Mark(_windows(account))
    account.go_on(progress.mark)
    for page in account.pages():
        yield from progress.noted(account.taken(page), account.spool)
        progress.pages += 1
        if progress.pages % PAGES == 0:
            yield Checkpoint(cursor=under_way)
            progress.keep(account.spool, account.mark())  # never before what it says is committed
    yield Checkpoint(cursor=under_way)
    progress.keep(account.spool, account.mark())
    yield from _stated(request, account, progress, under_way)
    started = progress.started
    until = progress.until or int((started - SKEW).timestamp())  # no event: none before it
    done = Cursor(until, progress.seen, started, started)
    yield Checkpoint(cursor=done.as_json(), complete=True)


def _events(account: Account, cursor: Cursor, progress: Progress) -> Iterator[Record]:
    """What happened, and up to when: what happens from here on, the next pull asks for."""
    news = News(cursor.until, progress.started)
    since = cursor.since or OLDEST
    for page in account.pages(replace(EVENTS, params={"types": KEPT}, since=since)):
        yield from progress.noted(account.raw(page), account.spool)
        for event in page.objects:
            news.add(event)
            yield from progress.noted(account.observed(event), account.spool)
    progress.until, progress.seen = news.until, news.seen


def _stated(
    request: PullRequest, account: Account, progress: Progress, under_way: Json
) -> Iterator[Record]:
    """Every subscription, of what lies on the spool."""
    now, lines = request.clock(), account.lay_coupons
    memory = Memory(request, now)
    yield from shelved(account, memory)
    statement = Statement(
        account.spool,
        memory,
        now,
        account.livemode,
        whole=True,
        lines=lines,
        began=None if progress.proves else progress.started,
    )
    yield from statement.all(account.spool.subjects(), under_way)
    if progress.proves and statement.differing:
        yield from _proof(request, account, statement.differing, progress.until)


class News:
    """The newest of the events that went by: up to when they go, and which are in the overlap.

    That is never later than `now`: events that come before one that is ahead of time are read, too.
    """

    def __init__(self, until: int | None, now: datetime) -> None:
        self._now = int(now.timestamp())
        self.until = None if until is None else min(until, self._now)
        self._at: dict[str, int] = {}

    def add(self, event: Event) -> None:
        """Remember an event."""
        self.until = max(self.until or 0, min(event.created, self._now))
        if event.created >= self.until - OVERLAP:
            self._at[event.id] = event.created

    @property
    def seen(self) -> tuple[str, ...]:
        """The ids of those that will be read again."""
        return tuple(one for one, at in self._at.items() if at >= (self.until or 0) - OVERLAP)


def _windows(account: Account) -> list[Window]:
    """All lists, each to be read whole; invoices, from the day that was asked for."""
    day = account.config.start
    start = OLDEST if day is None else int(datetime.combine(day, time(), UTC).timestamp())
    lists = [replace(one, since=start) if one is INVOICES else one for one in LISTS]
    return [Window(one, one.since) for one in lists]


def shelved(account: Account, memory: Memory) -> Iterator[Observation]:
    """What is new of what is sold."""
    for name, data in account.spool.shelf():
        kind, _, key = name.partition(":")
        if kind in SHELVES.values():
            known = memory.known(key)
            if changed := changes(known.pieces, {kind: data}):
                yield memory.patch(key, known, changed)


def _proof(
    request: PullRequest, account: Account, differing: Sequence[str], until: int | None
) -> Iterator[Record]:
    """Say which subscriptions the increments had wrong; what changed during the sweep is none."""
    wrong = set(differing)
    for page in account.pages(
        *(replace(EVENTS, params={"types": t}, since=until or OLDEST) for t in TYPES)
    ):
        for event in page.objects:
            told = bytes(event.data.object)
            wrong = {one for one in wrong if one.encode() not in told}
    for one in sorted(wrong):
        at = request.clock()
        key = f"differed:{at.isoformat()}"
        yield Observation(subject=one, key=key, at=at, data={"differed": "from the increments"})
    if wrong:
        some = ", ".join(sorted(wrong)[:3])
        request.warn(
            f"{counted(len(wrong), 'subscription was', 'subscriptions were')} not as the increments"
            f" since the last full sweep said ({some}): they are right"
            " now; please report this, it is a defect"
        )
