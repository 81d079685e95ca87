"""Sorted rows to records: a customer with its attributes, its subscriptions with their items."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter

from tenure import (
    Attribute,
    Cause,
    Customer,
    Interval,
    Item,
    Point,
    Quarantined,
    Record,
    State,
    Subscription,
)
from tenure_connectors.file.parsed import NEVER, Parsed

_INTERVALS = {unit.value: unit for unit in Interval}
_BY_START = attrgetter("start", "number")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Build = Callable[[str, Sequence[Parsed]], Iterator[Item | Quarantined]]
"""Makes the items of one item id out of its rows."""


@lru_cache(8192)
def instant(micros: int) -> datetime:
    """The instant of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def records(rows: Iterable[Parsed], build: Build) -> Iterator[tuple[int, Record]]:
    """The records of sorted rows, each with how many rows were used up by it."""
    for customer, group in groupby(rows, key=attrgetter("customer")):
        mine = list(group)
        yield 0, _customer(customer, mine)
        for subscription, of_it in groupby(mine, key=attrgetter("subscription")):
            yield from _subscription(customer, subscription, of_it, build)


def _subscription(
    customer: str, name: str, rows: Iterable[Parsed], build: Build
) -> Iterator[tuple[int, Record]]:
    items, used = [], 0
    for item, of_it in groupby(rows, key=attrgetter("item")):
        for made in build(item, list(of_it)):
            if isinstance(made, Item):
                items.append(made)
                used += made.rows
            else:
                yield 1, made
    if items:
        yield used, Subscription(id=name, customer=customer, items=items)


def _customer(customer: str, rows: Sequence[Parsed]) -> Customer:
    """The attributes as of each row's start; of two at one instant the later line wins."""
    in_time = sorted([row for row in rows if not row.broken], key=_BY_START)
    name = next((row.name for row in reversed(in_time) if row.name), None)
    stated = {row.start: row.attributes for row in in_time}
    attributes: list[Attribute] = []
    before: Mapping[str, str | None] = {}
    for start, said in stated.items():
        now = _values(said)
        if now is not before:
            attributes += [
                Attribute(name=named, value=value, valid_from=instant(start))
                for named, value in now.items()
                if before.get(named) != value
            ]
            before = now
    return Customer(id=customer, name=name, attributes=attributes)


@lru_cache(8192)
def _values(attributes: str) -> Mapping[str, str | None]:
    return dict(json.loads(attributes))


def doubted(build: Build) -> Build:
    """The same items, none of them complete: a row that was lost may be of any of them."""

    def make(item: str, rows: Sequence[Parsed]) -> Iterator[Item | Quarantined]:
        for made in build(item, rows):
            yield replace(made, complete=False) if isinstance(made, Item) else made

    return make


# --- periods


def row_items(key: str, rows: Sequence[Parsed]) -> Iterator[Item | Quarantined]:
    """Without an item column: every row is an item; equal ones are numbered, open ones last."""
    readable = [row for row in rows if not row.broken]
    complete = len(readable) == len(rows)
    for number, row in enumerate(readable):
        name = f"{key}-{number + 1}" if number else key
        yield Item(id=name, points=_points(row), complete=complete)


def timeline_item(name: str, rows: Sequence[Parsed]) -> Iterator[Item | Quarantined]:
    """With an item column: the rows are one timeline, and may not overlap."""
    points: list[Point] = []
    used, until = 0, -NEVER
    complete = True
    for row in rows:
        if row.broken:
            complete = False
        elif row.start < until and row.end != row.start:
            complete = False
            reason = f"it overlaps the row of item {name[:40]!r} that ends {_day(until)}"
            yield Quarantined(source_ref=row.ref, reason=reason, column="start", raw=_raw(row))
        else:
            points += _points(row)
            used += 1
            until = max(until, row.end)
    if used:
        yield Item(id=name, points=points, rows=used, complete=complete)


def _points(row: Parsed) -> list[Point]:
    """From start to end, with a trial and a requested end in between where there are."""
    if row.start == row.end:
        return []
    asked = row.requested_at
    turns = [row.start]
    if row.trial_end or asked:
        turns += [row.trial_end] if row.trial_end else []
        turns += [max(asked, row.start)] if asked else []
        turns = sorted({at for at in turns if row.start <= at < row.end})
    points = [_point(row, at) for at in turns]
    if row.end != NEVER:
        cause = Cause.REQUESTED if asked else Cause.OTHER
        points.append(_ended(points[-1], row.end, cause))
    return points


def _point(row: Parsed, at: int) -> Point:
    in_trial = at < row.trial_end
    return Point(
        effective_at=instant(at),
        amount=row.amount,
        currency=row.currency,
        source_ref=row.ref,
        discount=0 if in_trial else row.discount,
        quantity=row.quantity,
        interval=_INTERVALS[row.interval],
        interval_count=row.interval_count,
        plan=row.plan or None,
        product=row.product or None,
        state=State.TRIAL if in_trial else State.ACTIVE,
        ends_at=instant(row.end) if row.requested_at and at >= row.requested_at else None,
    )


def _ended(last: Point, end: int, cause: Cause) -> Point:
    return Point(
        effective_at=instant(end),
        amount=0,
        currency=last.currency,
        source_ref=last.source_ref,
        quantity=last.quantity,
        interval=last.interval,
        interval_count=last.interval_count,
        plan=last.plan,
        product=last.product,
        state=State.ENDED,
        cause=cause,
    )


# --- snapshots


def monthly_item(name: str, rows: Sequence[Parsed]) -> Iterator[Item | Quarantined]:
    """A level for each month; a month that is missing, empty or 0 is a month without any.

    One that cannot be read ends nothing: what was known of it stays.
    """
    points: list[Point] = []
    lines: set[str] = set()
    refused: set[str] = set()
    unreadable = {row.start: row.end for row in rows if row.broken}
    until = -NEVER
    complete = True
    for row in rows:
        if row.broken:
            complete = False
        elif row.start < until:
            complete = False
            if row.ref not in refused:
                reason = f"{name[:40]} of {_day(row.start)[:7]} is stated twice"
                yield Quarantined(source_ref=row.ref, reason=reason, column="month", raw=_raw(row))
            refused.add(row.ref)
        else:
            _level(points, row, _after(until, unreadable))
            until = row.end
            lines.add(row.ref)
    if points and points[-1].state is not State.ENDED:
        points.append(_ended(points[-1], _after(until, unreadable), Cause.OTHER))
    lines -= refused
    if lines:
        yield Item(id=name, points=points, rows=len(lines), complete=complete)


def _after(until: int, unreadable: Mapping[int, int]) -> int:
    """The end of the unreadable months that follow each other from `until` on."""
    while until < (end := unreadable.get(until, until)):
        until = end
    return until


def _level(points: list[Point], row: Parsed, until: int) -> None:
    """Add the month to the timeline so far, which reaches to `until`."""
    last = points[-1] if points else None
    pays = last is not None and last.state is not State.ENDED
    if last is not None and pays and row.start > until:
        points.append(_ended(last, until, Cause.OTHER))
        pays = False
    if row.amount and not (pays and last and _same(last, row)):
        points.append(_point(row, row.start))
    elif last is not None and pays and not row.amount:
        points.append(_ended(last, row.start, Cause.OTHER))


def _same(last: Point, row: Parsed) -> bool:
    known = (last.amount, last.currency, last.plan, last.product)
    return known == (row.amount, row.currency, row.plan or None, row.product or None)


def _day(micros: int) -> str:
    return "never" if abs(micros) >= NEVER else f"{instant(micros):%Y-%m-%d}"


def _raw(row: Parsed) -> str:
    return ", ".join(
        str(value) for value in (row.customer, row.subscription, row.item, row.plan) if value
    )
