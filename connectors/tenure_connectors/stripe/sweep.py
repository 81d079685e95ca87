"""A full sweep: everything there is, read once, and every subscription stated anew.

Events come first, because what happens during the sweep must be in the events that the next pull
asks for. Then all lists at once, onto the spool; then one subscription after the other.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from tenure import Checkpoint, Json, Observation, PullRequest, Record
from tenure_connectors.stripe.account import EVENTS, INVOICES, LISTS, SHELVES, Account
from tenure_connectors.stripe.cursor import Cursor
from tenure_connectors.stripe.events import observation
from tenure_connectors.stripe.listing import OLDEST
from tenure_connectors.stripe.memory import Memory, changes
from tenure_connectors.stripe.statement import Statement

KEPT = (
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.discount.created",
    "customer.discount.updated",
    "customer.discount.deleted",
)
"""Events that are kept for good."""

EVERY = 1_000
"""Subscriptions between two checkpoints."""


def sweep(request: PullRequest, account: Account, cursor: Cursor) -> Iterator[Record]:
    """Read everything; the last checkpoint closes the pull."""
    started = request.clock()
    under_way: Json = replace(cursor, swept_at=None).as_json()
    until = cursor.until
    for page in account.pages(
        replace(EVENTS, params={"types": KEPT}, since=cursor.since or OLDEST)
    ):
        yield from account.raw(page)
        for event in page.objects:
            until = max(until or 0, event.created)
            if account.is_ours(event) and (seen := observation(event)):
                yield seen
    yield Checkpoint(cursor=under_way)

    start = account.config.start
    since = (
        OLDEST
        if start is None
        else int(datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp())
    )
    lists = [replace(one, since=since) if one is INVOICES else one for one in LISTS]
    yield from account.read(*lists)

    memory = Memory(request.observations, started)
    yield from shelved(account, memory)
    statement = Statement(account.spool, memory, started, account.livemode, whole=True)
    done = 0
    for subject, pieces in account.spool.subjects():
        yield from statement.of(subject, pieces)
        done += 1
        if done % EVERY == 0:
            yield Checkpoint(cursor=under_way)
    yield Checkpoint(cursor=Cursor(until, (), started, started).as_json(), complete=True)


def shelved(account: Account, memory: Memory) -> Iterator[Observation]:
    """What is new of what is sold."""
    for name, data in account.spool.shelf():
        kind, _, key = name.partition(":")
        if kind in SHELVES.values():
            known = memory.known(key)
            if changed := changes(known.pieces, {kind: data}):
                yield memory.patch(key, known, changed)
