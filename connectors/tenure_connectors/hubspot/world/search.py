"""Searches: filters, sorts, pages of up to 200 by offset, and never past the 10,000th.

What was changed within the portal's `search_lag` is found as it was before.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tenure_connectors.hubspot.world.errors import invalid
from tenure_connectors.hubspot.world.objects import View, words
from tenure_connectors.hubspot.world.portal import Portal
from tenure_connectors.hubspot.world.request import Request, bounded
from tenure_connectors.hubspot.world.schema import Kind
from tenure_connectors.hubspot.world.things import Json, Record
from tenure_connectors.hubspot.world.values import comparable

MOST_RESULTS = 10_000
MOST_GROUPS, MOST_FILTERS, MOST_IN_ALL = 5, 6, 18

Test = Callable[[Any], bool]


def searched(request: Request, kind: Kind) -> Json:
    """One page of what a search finds, with the total."""
    body = request.object()
    limit = bounded("limit", body.get("limit") or 10, 200)
    start = _offset(body.get("after"))
    if start + limit > MOST_RESULTS:
        raise invalid(
            f"The requested page of results ends at {start + limit}: a search returns at most"
            f" {MOST_RESULTS} results"
        )
    index = Index(request.portal, kind)
    found = index.sorted(index.matching(body.get("filterGroups") or []), body.get("sorts") or [])
    view = View(request.portal, kind, words(body, "properties"))
    page = found[start : start + limit]
    made: Json = {"total": len(found), "results": [view.json(r, index.at) for r in page]}
    if start + limit < len(found):
        made["paging"] = {"next": {"after": str(start + limit)}}
    return made


def _offset(after: object) -> int:
    text = str(after or 0)
    if not text.isdigit():
        raise invalid(f"Invalid value for after: {text}")
    return int(text)


class Index:
    """The records of a type as searches see them."""

    def __init__(self, portal: Portal, kind: Kind) -> None:
        self.portal = portal
        self.kind = kind
        self.at = portal.clock() - portal.search_lag if portal.search_lag else None
        self.view = View(portal, kind, [])

    def value(self, record: Record, name: str) -> Decimal | str | None:
        """What a filter compares of a record."""
        if name == self.kind.modified:
            return milliseconds(record.modified(self.at))
        text = self.view.value(record, name, self.at)
        return None if text is None else comparable(self.type(name), text)

    def type(self, name: str) -> str:
        """The type of a property that a search names."""
        definition = self.portal.properties[self.kind.name].get(name)
        if definition is None or definition.archived:
            raise invalid(
                "There was a problem with the request.",
                errors=[{"message": f"Property '{name}' does not exist", "code": "UNKNOWN"}],
            )
        return definition.type

    def matching(self, groups: list[Json]) -> list[Record]:
        """The records that pass all filters of any group."""
        filters = [self._read(group) for group in groups]
        many = sum(map(len, filters))
        too_large = any(len(group) > MOST_FILTERS for group in filters)
        if len(groups) > MOST_GROUPS or too_large or many > MOST_IN_ALL:
            raise invalid("There are too many filters in this search request.")
        found = self._candidates(groups)
        return [r for r in found if self._seen(r) and (not filters or self._passes(r, filters))]

    def sorted(self, records: list[Record], sorts: list[Any]) -> list[Record]:
        """In the order that was asked for; ties, and no order, are by id."""
        records.sort(key=lambda record: int(record.id))
        for sort in reversed(sorts):
            name = sort if isinstance(sort, str) else str(sort.get("propertyName"))
            down = isinstance(sort, dict) and sort.get("direction") == "DESCENDING"
            if name.startswith("-"):
                name, down = name[1:], True
            self.type(name)
            records.sort(key=lambda record: self._rank(record, name), reverse=down)
        return records

    def _rank(self, record: Record, name: str) -> tuple[bool, Any]:
        value = self.value(record, name)
        return value is None, value if value is not None else 0

    def _seen(self, record: Record) -> bool:
        return record.archived_at is None and (self.at is None or record.created <= self.at)

    def _read(self, group: Json) -> list[tuple[str, Test]]:
        return [
            (name := str(one.get("propertyName")), _test(one, self.type(name)))
            for one in group.get("filters") or []
        ]

    def _passes(self, record: Record, groups: list[list[tuple[str, Test]]]) -> bool:
        return any(all(test(self.value(record, n)) for n, test in group) for group in groups)

    def _candidates(self, groups: list[Json]) -> Iterable[Record]:
        """Those in the one window of modification that is asked for, or all."""
        if self.at is not None or len(groups) != 1:
            return self.portal.ordered(self.kind.name)
        times, records = self.portal.by_modified(self.kind.name)
        low, high = 0, len(times)
        for one in groups[0].get("filters") or []:
            if one.get("propertyName") == self.kind.modified:
                start, end = _window(one, times)
                low, high = max(low, start), min(high, end)
        return records[low:high]


def _window(one: Json, times: list[int]) -> tuple[int, int]:
    value = comparable("datetime", str(one.get("value")))
    if not isinstance(value, Decimal):
        return 0, len(times)
    match one.get("operator"):
        case "GTE" | "GT":
            return bisect_left(times, value), len(times)
        case "LTE" | "LT":
            return 0, bisect_right(times, value)
        case _:
            return 0, len(times)


def milliseconds(at: datetime) -> Decimal:
    """An instant as filters count."""
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return Decimal(since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000)


def _test(one: Json, type_: str) -> Test:
    """A filter as a test of a comparable value."""
    operator = one.get("operator")
    if operator in ("IN", "NOT_IN"):
        values = [comparable(type_, str(value)) for value in one.get("values") or ()]
        return lambda v: (v in values) is (operator == "IN")
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return lambda v: (v is not None) is (operator == "HAS_PROPERTY")
    bound = comparable(type_, str(one.get("value")))
    high = comparable(type_, str(one.get("highValue")))
    tests: dict[object, Test] = {
        "EQ": lambda v: v == bound,
        "NEQ": lambda v: v != bound,
        "GT": lambda v: v > bound,
        "GTE": lambda v: v >= bound,
        "LT": lambda v: v < bound,
        "LTE": lambda v: v <= bound,
        "BETWEEN": lambda v: bound <= v <= high,
        "CONTAINS_TOKEN": lambda v: str(bound).strip("*") in str(v),
        "NOT_CONTAINS_TOKEN": lambda v: str(bound).strip("*") not in str(v),
    }
    if operator not in tests:
        raise invalid(f"Invalid filter operator: {operator}")
    if bound is None or (operator == "BETWEEN" and high is None):
        raise invalid(f"Invalid filter value: {one.get('value')} is not a {type_}")
    test = tests[operator]
    return lambda v: v is not None and test(v)
