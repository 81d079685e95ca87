"""Rows of either layout, cell by cell, to what the spill holds."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

from tenure import CURRENCY_CODES, MICRO, Interval, day_start, half_even, micros
from tenure_connectors.file.cells import (
    Cell,
    Cells,
    UnreadableError,
    interval,
    is_empty,
    optional,
    text,
    whole,
)
from tenure_connectors.file.columns import Columns, Layout, month_of
from tenure_connectors.file.parsed import NEVER, Parsed
from tenure_connectors.file.tables import SourceRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ONE = Decimal(1)


def micros_since_epoch(instant: datetime) -> int:
    """An instant as an integer that sorts."""
    return (instant - _EPOCH) // _MICROSECOND


class Parser:
    """Reads the rows of one file."""

    def __init__(self, columns: Columns, cells: Cells, zone: ZoneInfo, currency: str) -> None:
        self._columns = columns
        self._cells = cells
        self._zone = zone
        self._currency = currency
        self._at = columns.at
        self._has_items = "item" in columns.at
        self.joins_rows = self._has_items or columns.layout is not Layout.PERIODS
        self._month_bounds = lru_cache(None)(self._bounds)

    def rows(self, row: SourceRow, number: int) -> list[Parsed]:
        """What a row says; raises `UnreadableError`."""
        if row.torn:
            raise UnreadableError(row.torn)
        if self._columns.layout is Layout.PERIODS:
            return [self._period(row, number)]
        if self._columns.layout is Layout.SNAPSHOTS:
            return [self._snapshot(row, number)]
        return list(self._wide(row, number))

    def broken(self, row: SourceRow, number: int) -> Parsed | None:
        """Of which item an unreadable row was, and of which month; None if that cannot be told."""
        if row.torn:
            return None
        try:
            customer, subscription = self._whose(row)
        except UnreadableError:
            return None
        item = self._text(row, "item") if self._has_items else self._level_name(row)
        if not item:
            return None
        month = month_of(self._text(row, "month")) if "month" in self._at else None
        start, end = self._month_bounds(month) if month else (0, 0)
        return Parsed(customer, subscription, item, start, end, number, row.ref, broken=1)

    # --- parts that the layouts share

    def _cell(self, row: SourceRow, name: str) -> Cell:
        place = self._at.get(name)
        return None if place is None else row.cells[place]

    def _text(self, row: SourceRow, name: str) -> str:
        cell = self._cell(row, name)
        return "" if cell is None else text(cell)

    def _whose(self, row: SourceRow) -> tuple[str, str]:
        customer = self._text(row, "customer")
        if not customer:
            raise UnreadableError("the customer is empty", "customer")
        return customer, self._text(row, "subscription") or customer

    def _money_in(self, row: SourceRow) -> str:
        code = self._text(row, "currency").upper() or self._currency
        if code not in CURRENCY_CODES:
            raise UnreadableError(f"{code!r} is no currency", "currency")
        return code

    def _attributes(self, row: SourceRow) -> str:
        places = self._columns.attributes
        if not places:
            return "[]"
        return json.dumps([[name, text(row.cells[at]) or None] for name, at in places.items()])

    def _instant(self, row: SourceRow, name: str) -> int:
        cell = self._cell(row, name)
        found = optional(self._cells.instant, cell, name)
        return 0 if found is None else micros_since_epoch(found)

    # --- periods

    def _period(self, row: SourceRow, number: int) -> Parsed:
        customer, subscription = self._whose(row)
        start, end = self._span(row)
        currency = self._money_in(row)
        quantity = self._number(row, "quantity", _ONE)
        amount, unit, count = self._price(row, quantity)
        units = half_even(*(Fraction(quantity) * MICRO).as_integer_ratio())
        trial_end = self._instant(row, "trial_end")
        plan, product = self._text(row, "plan"), self._text(row, "product")
        discount = self._discount(row, amount)
        facts = (start, amount, unit.value, count, units, currency, trial_end, discount)
        item = self._item(row, (customer, subscription, plan, product, *map(str, facts)))
        return Parsed(
            customer=customer,
            subscription=subscription,
            item=item,
            start=start,
            end=end,
            number=number,
            ref=row.ref,
            name=self._text(row, "customer_name"),
            attributes=self._attributes(row),
            amount=amount,
            quantity=units,
            interval=unit.value,
            interval_count=count,
            currency=currency,
            plan=plan,
            product=product,
            trial_end=trial_end,
            discount=discount,
            requested_at=self._requested(row, end),
        )

    def _span(self, row: SourceRow) -> tuple[int, int]:
        start, end = self._instant(row, "start"), self._instant(row, "end")
        if is_empty(self._cell(row, "start")):
            raise UnreadableError("the start is empty", "start")
        if is_empty(self._cell(row, "end")):
            return start, NEVER
        if end < start:
            raise UnreadableError("it ends before it starts", "end")
        return start, end

    def _number(self, row: SourceRow, name: str, default: Decimal) -> Decimal:
        found = optional(self._cells.amount, self._cell(row, name), name)
        return default if found is None else found

    def _price(self, row: SourceRow, quantity: Decimal) -> tuple[int, Interval, int]:
        """Micro-units per interval, the unit and how many of it."""
        mrr, amount = self._cell(row, "mrr"), self._cell(row, "amount")
        if is_empty(mrr) == is_empty(amount):
            said = "neither mrr nor amount" if is_empty(mrr) else "both mrr and amount"
            raise UnreadableError(f"it has {said}", "mrr")
        if not is_empty(mrr):
            return micros(self._cells.amount(mrr, "mrr")), Interval.MONTH, 1
        unit, units = interval(self._text(row, "interval") or "month")
        count = whole(self._number(row, "interval_count", _ONE), "interval_count") * units
        total = Fraction(self._cells.amount(amount, "amount")) * Fraction(quantity)
        if total > 10**11:
            raise UnreadableError("amount × quantity is more than 100,000,000,000", "amount")  # noqa: RUF001 - the sign for times
        return micros(total), unit, count

    def _discount(self, row: SourceRow, amount: int) -> int:
        percent = self._number(row, "discount_percent", Decimal(0))
        if percent > 100:  # noqa: PLR2004 - percent
            raise UnreadableError(f"{percent} % is more than 100 %", "discount_percent")
        return half_even(*(Fraction(percent) * amount / 100).as_integer_ratio())

    def _requested(self, row: SourceRow, end: int) -> int:
        requested = self._instant(row, "requested_at")
        if requested and end == NEVER:
            raise UnreadableError("requested_at needs an end", "requested_at")
        if requested > end:
            raise UnreadableError("the end was requested after it came", "requested_at")
        return requested

    def _item(self, row: SourceRow, facts: tuple[str, ...]) -> str:
        """The item's own id, or a key of the row's facts that finds it again wherever it moves."""
        if self._has_items:
            item = self._text(row, "item")
            if not item:
                raise UnreadableError("the item is empty", "item")
            return item
        return blake2b("\x1f".join(facts).encode(), digest_size=12).hexdigest()

    # --- snapshots

    def _snapshot(self, row: SourceRow, number: int) -> Parsed:
        month = month_of(text(self._cell(row, "month")))
        if month is None:
            said = text(self._cell(row, "month"))
            raise UnreadableError(f"{said!r} is no month like 2025-03", "month")
        return self._level(row, number, month, self._cell(row, "mrr"))

    def _wide(self, row: SourceRow, number: int) -> Iterator[Parsed]:
        for place, month in self._columns.months.items():
            yield self._level(row, number, month, row.cells[place])

    def _level(self, row: SourceRow, number: int, month: date, cell: Cell) -> Parsed:
        customer, subscription = self._whose(row)
        plan, product = self._text(row, "plan"), self._text(row, "product")
        start, end = self._month_bounds(month)
        amount = optional(self._cells.amount, cell, f"mrr of {month:%Y-%m}")
        return Parsed(
            customer=customer,
            subscription=subscription,
            item=self._level_name(row),
            start=start,
            end=end,
            number=number,
            ref=row.ref,
            name=self._text(row, "customer_name"),
            attributes=self._attributes(row),
            amount=0 if amount is None else micros(amount),
            quantity=MICRO,
            currency=self._money_in(row),
            plan=plan,
            product=product,
        )

    def _level_name(self, row: SourceRow) -> str:
        """The item's own id, or what it is a level of."""
        parts = (self._text(row, "plan"), self._text(row, "product"))
        return self._text(row, "item") or " / ".join(part for part in parts if part) or "mrr"

    def _bounds(self, month: date) -> tuple[int, int]:
        after = (month + timedelta(days=31)).replace(day=1)
        start, end = (day_start(day, self._zone) for day in (month, after))
        return micros_since_epoch(start), micros_since_epoch(end)
