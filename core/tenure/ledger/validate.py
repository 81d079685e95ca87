"""A record's way into rows of the staging tables, or out with a reason.

Connectors are code of other people: what they yield is checked here, once, so that everything
behind may trust it. A rule that is broken raises `InvalidRecordError`; the record is quarantined.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum

from tenure.ledger.tables import to_micros
from tenure.money import MAX_AMOUNT, decimal_string
from tenure.records import BEGINNING, Cause, Evidence, Interval, Item, ItemKind, Point, State

PointRow = tuple[int, int, int, int, int, int, str, int, str, str | None, str | None, str, int,
                 int | None, str | None, str, str]  # fmt: skip
"""The columns of `stage_point`, in their order."""

MAX_INTERVAL_COUNT = 1200
_CURRENCY = re.compile(r"[A-Z]{3}").fullmatch
_INTEGER, _BIGINT = 2**31, 2**63
_FIRST, _LAST = to_micros(BEGINNING), to_micros(datetime.max.replace(tzinfo=UTC))


class InvalidRecordError(ValueError):
    """A record breaks a rule of metrics.md section 2; `str()` says which, with the value."""


def item_rows(no: int, item: Item) -> list[PointRow]:
    """The item's points as rows of line `no` in order of time; of two at one instant the last."""
    text(item.id, "item id")
    enum(item.kind, ItemKind, "kind")
    latest = {instant(point.effective_at, "effective_at"): point for point in item.points}
    rows = []
    state, since = None, 0
    for at, point in sorted(latest.items()) if len(latest) > 1 else latest.items():
        if point.state is not state:
            state, since = point.state, at
        stated = point.state_since
        run = since if stated is None else instant(stated, "state_since")
        rows.append(_row(no, at, point, run))
    return rows


def _row(no: int, at: int, point: Point, since: int) -> PointRow:
    return (
        no,
        at,
        money(point.amount, "amount"),
        money(point.discount, "discount"),
        money(point.discount_once, "discount_once"),
        _quantity(point.quantity),
        enum(point.interval, Interval, "interval"),
        _interval_count(point.interval_count),
        _currency(point.currency),
        optional_text(point.plan, "plan"),
        optional_text(point.product, "product"),
        _state(point),
        since,
        None if point.ends_at is None else instant(point.ends_at, "ends_at"),
        None if point.cause is None else enum(point.cause, Cause, "cause"),
        enum(point.evidence, Evidence, "evidence"),
        text(point.source_ref, "source_ref"),
    )


def instant(value: object, name: str) -> int:
    """Microseconds since 1970 of an aware instant."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InvalidRecordError(f"{name} {value!r} is no time with a zone")
    micros = to_micros(value)
    if not _FIRST <= micros <= _LAST:  # near either end, a zone reaches beyond it
        raise InvalidRecordError(f"{name} {value!r} is not from year 1 to 9999 in UTC")
    return micros


def money(value: int, name: str) -> int:
    """Micro-units from 0 to 10**11 major units."""
    if type(value) is not int:
        raise InvalidRecordError(f"{name} {value!r} is not an integer of micro-units")
    if not 0 <= value <= MAX_AMOUNT:
        word = "below zero" if value < 0 else "more than 100,000,000,000"
        raise InvalidRecordError(f"{name} {decimal_string(value)} is {word}")
    return value


def text(value: object, name: str) -> str:
    """A text that is not empty and that every database can store."""
    if not isinstance(value, str) or not value:
        raise InvalidRecordError(f"{name} {value!r} is not a text")
    if "\0" in value:
        raise InvalidRecordError(f"{name} {value!r} contains a NUL character")
    if not value.isascii():
        _require_unicode(value, name)
    # A driver may write another of a subclass's texts: an enum's name instead of its value.
    return value if type(value) is str else str.__str__(value)


def _require_unicode(value: str, name: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidRecordError(f"{name} {value!r} is not valid Unicode") from None


def optional_text(value: object, name: str) -> str | None:
    """A text or nothing; an empty one is nothing."""
    return text(value, name) if value else None


def enum(value: StrEnum, kind: type[StrEnum], name: str) -> str:
    """The value of a member of `kind`."""
    if type(value) is not kind:
        allowed = ", ".join(kind)
        raise InvalidRecordError(f"{name} {value!r} is none of {allowed}")
    return value._value_  # `value` without its slow descriptor


def rows(value: object) -> int:
    """A number of source rows."""
    return whole(value, "rows", _INTEGER)


def whole(value: object, name: str, limit: int = _BIGINT) -> int:
    """An integer from 0 to below `limit`."""
    if type(value) is not int or not 0 <= value < limit:
        raise InvalidRecordError(f"{name} {value!r} is no whole number from 0 to below {limit}")
    return value


def _quantity(value: int) -> int:
    if type(value) is not int or not 0 <= value < _BIGINT:
        raise InvalidRecordError(f"quantity {value!r} is not a number of millionths")
    return value


def _interval_count(value: int) -> int:
    if type(value) is not int or not 1 <= value <= MAX_INTERVAL_COUNT:
        raise InvalidRecordError(f"interval_count {value!r} is not from 1 to {MAX_INTERVAL_COUNT}")
    return value


def _currency(value: object) -> str:
    if not isinstance(value, str) or not _CURRENCY(value):
        raise InvalidRecordError(f"currency {value!r} is not a three-letter code in capitals")
    return value


def _state(point: Point) -> str:
    state = enum(point.state, State, "state")
    if point.state is State.ENDED and point.amount:
        raise InvalidRecordError(f"an ended item bills {point.amount} instead of 0")
    return state
