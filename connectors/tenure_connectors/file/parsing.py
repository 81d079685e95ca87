"""Rows of either layout, cell by cell, to what the spill holds."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tenure import CURRENCY_CODES, MICRO, Interval, day_start, half_even, micros
from tenure_connectors.file.cells import (
    Cell,
    Cells,
    UnreadableError,
    interval,
    is_empty,
    micros_since_epoch,
    whole,
    word,
    words,
)
from tenure_connectors.file.columns import Columns, Layout
from tenure_connectors.file.parsed import NEVER, Parsed
from tenure_connectors.file.rows import SourceRow

_NAMES = ("customer", "subscription", "customer_name", "plan", "product")
_TIMES = ("start", "end", "trial_end", "requested_at")
_TERMS = (
    "mrr", "amount", "quantity", "interval", "interval_count", "currency", "discount_percent",
)  # fmt: skip
_MAX_COUNT = 1200
"""Of days, weeks, months or years that one interval may have: a century of months."""

_ABSENT = -1
"""The place of a column that the file does not have: the empty cell put behind every row."""


class Terms(NamedTuple):
    """What a row bills, in the order of the last facts of `Parsed`."""

    amount: int
    quantity: int
    interval: str
    interval_count: int
    currency: str
    discount: int


class Parser:
    """Reads the rows of one file. Terms, days and attributes repeat, so they are read once."""

    def __init__(self, columns: Columns, cells: Cells, zone: ZoneInfo, currency: str) -> None:
        self._columns = columns
        self._cells = cells
        self._zone = zone
        self._currency = currency
        place = {name: columns.at.get(name, _ABSENT) for name in (*_NAMES, *_TIMES, *_TERMS)}
        self._names_of = itemgetter(*(place[name] for name in _NAMES))
        self._times_of = itemgetter(*(place[name] for name in _TIMES))
        self._terms_of = itemgetter(*(place[name] for name in _TERMS))
        self._mrr, self._currency_at = place["mrr"], place["currency"]
        self._item_at = columns.at.get("item")
        self._month_at = columns.at.get("month", _ABSENT)
        self._attributes_of = _getter(columns.attributes.values())
        self.joins_rows = self._item_at is not None or columns.layout is not Layout.PERIODS
        self._terms = lru_cache(8192, typed=True)(self._read_terms)
        self._attributes = lru_cache(8192, typed=True)(self._read_attributes)
        self._month_bounds = lru_cache(None)(self._bounds)

    def rows(self, row: SourceRow, number: int) -> list[Parsed]:
        """What a row says; raises `UnreadableError`."""
        if row.torn:
            raise UnreadableError(row.torn)
        cells = (*row.cells, None)
        if self._columns.layout is Layout.PERIODS:
            return [self._period(cells, row.ref, number)]
        if self._columns.layout is Layout.SNAPSHOTS:
            return [self._snapshot(cells, row.ref, number)]
        return list(self._wide(cells, row.ref, number))

    def broken(self, row: SourceRow, number: int) -> Parsed | None:
        """Of which item an unreadable row was, and of which month; None if that cannot be told."""
        if row.torn:
            return None
        cells = (*row.cells, None)
        try:
            names = self._names(cells)
            item, start, end = self._broken_item(cells, names)
        except UnreadableError:
            return None
        return Parsed(*names[:2], item, start, end, number, row.ref, broken=True)

    def _broken_item(self, cells: Sequence[Cell], names: Sequence[str]) -> tuple[str, int, int]:
        """The item, and from when to when the row is of a month."""
        if self._columns.layout is Layout.PERIODS:
            return self._item(cells, lambda: self._key_of_broken(cells, names)), 0, 0
        item = self._level_name(cells, *names[3:])
        try:
            return item, *self._month_bounds(self._cells.month(cells[self._month_at]))
        except UnreadableError:
            return item, 0, 0

    # --- parts that the layouts share

    def _names(self, cells: Sequence[Cell]) -> tuple[str, str, str, str, str]:
        found = self._names_of(cells)
        customer, subscription, name, plan, product = words(found, _NAMES)
        if is_empty(customer):
            raise UnreadableError("the customer is empty", "customer")
        return customer, subscription or customer, name, plan, product

    def _read_attributes(self, *cells: Cell) -> str:
        pairs = zip(self._columns.attributes, cells, strict=True)
        return json.dumps([[name, word(cell, name) or None] for name, cell in pairs])

    def _money_in(self, cell: Cell) -> str:
        code = word(cell, "currency").upper() or self._currency
        if code not in CURRENCY_CODES:
            raise UnreadableError(f"{code[:40]!r} is no currency", "currency")
        return code

    # --- periods

    def _period(self, cells: Sequence[Cell], ref: str, number: int) -> Parsed:
        names = self._names(cells)
        customer, subscription, name, plan, product = names
        start, end, trial_end, requested_at = self._times(cells)
        terms, terms_key = self._terms(*self._terms_of(cells))
        return Parsed(
            customer,
            subscription,
            self._item(cells, lambda: _key(names, start, trial_end, terms_key)),
            start,
            end,
            number,
            ref,
            False,  # noqa: FBT003 - by place, since keywords take twice the time
            name,
            plan,
            product,
            self._attributes(*self._attributes_of(cells)),
            trial_end,
            requested_at,
            *terms,
        )

    def _times(self, cells: Sequence[Cell]) -> tuple[int, int, int, int]:
        """Start, end, end of the trial, request of the end; 0 where one is not given."""
        found = map(self._cells.instant, self._times_of(cells), _TIMES)
        start, end, trial_end, requested_at = found
        if start is None:
            raise UnreadableError("the start is empty", "start")
        if end is None and requested_at is not None:
            raise UnreadableError("requested_at needs an end", "requested_at")
        if end is None:
            return start, NEVER, trial_end or 0, 0
        if end < start:
            raise UnreadableError("it ends before it starts", "end")
        if requested_at is not None and requested_at > end:
            raise UnreadableError("the end was requested after it came", "requested_at")
        return start, end, trial_end or 0, requested_at or 0

    def _read_terms(self, *cells: Cell) -> tuple[Terms, str]:
        """The terms, and a text that two equal ones share."""
        mrr, amount, quantity, unit, count, currency, percent = cells
        code = self._money_in(currency)
        units = self._number(quantity, "quantity", 1)
        total, per, every = self._price(mrr, amount, units, (unit, count))
        discount = self._number(percent, "discount_percent", 0)
        if discount > 100:  # noqa: PLR2004 - percent
            raise UnreadableError(f"{discount} % is more than 100 %", "discount_percent")
        terms = Terms(
            amount=total,
            quantity=micros(Fraction(units)),
            interval=per.value,
            interval_count=every,
            currency=code,
            discount=half_even(*(Fraction(discount) * total / 100).as_integer_ratio()),
        )
        return terms, " ".join(map(str, terms))

    def _number(self, cell: Cell, name: str, default: int) -> Decimal:
        found = self._cells.amount(cell, name)
        return Decimal(default) if found is None else found

    def _price(
        self, mrr: Cell, amount: Cell, quantity: Decimal, every: tuple[Cell, Cell]
    ) -> tuple[int, Interval, int]:
        """Micro-units per interval, the unit and how many of it."""
        if is_empty(mrr) == is_empty(amount):
            said = "neither mrr nor amount" if is_empty(mrr) else "both mrr and amount"
            raise UnreadableError(f"it has {said}", "mrr")
        if is_empty(amount):
            return micros(self._number(mrr, "mrr", 0)), Interval.MONTH, 1
        unit, units = interval(word(every[0], "interval") or "month")
        counted = self._number(every[1], "interval_count", 1)
        count = units * whole(counted, "interval_count", _MAX_COUNT // units)
        total = Fraction(self._number(amount, "amount", 0)) * Fraction(quantity)
        if total > 10**11:
            raise UnreadableError("amount × quantity is more than 100,000,000,000", "amount")  # noqa: RUF001 - the sign for times
        return micros(total), unit, count

    def _key_of_broken(self, cells: Sequence[Cell], names: Sequence[str]) -> str:
        """The key of a row of which perhaps only the end cannot be read."""
        start, _, trial_end, _ = self._times_of(cells)
        _, terms_key = self._terms(*self._terms_of(cells))
        begins = self._cells.instant(start, "start") or 0
        return _key(names, begins, self._cells.instant(trial_end, "trial_end") or 0, terms_key)

    def _item(self, cells: Sequence[Cell], key: Callable[[], str]) -> str:
        """The item's own id, or else a key of the row's facts."""
        if self._item_at is None:
            return key()
        item = word(cells[self._item_at], "item")
        if not item:
            raise UnreadableError("the item is empty", "item")
        return item

    # --- snapshots

    def _snapshot(self, cells: Sequence[Cell], ref: str, number: int) -> Parsed:
        month = self._cells.month(cells[self._month_at])
        return next(self._levels(cells, ref, number, {self._mrr: month}))

    def _wide(self, cells: Sequence[Cell], ref: str, number: int) -> Iterator[Parsed]:
        return self._levels(cells, ref, number, self._columns.months)

    def _levels(
        self, cells: Sequence[Cell], ref: str, number: int, months: dict[int, date]
    ) -> Iterator[Parsed]:
        """A level for each month: `months` by the place of its amount."""
        customer, subscription, name, plan, product = self._names(cells)
        item = self._level_name(cells, plan, product)
        attributes = self._attributes(*self._attributes_of(cells))
        currency = self._money_in(cells[self._currency_at])
        for place, month in months.items():
            start, end = self._month_bounds(month)
            amount = self._number(cells[place], f"mrr of {month:%Y-%m}", 0)
            yield Parsed(
                customer=customer,
                subscription=subscription,
                item=item,
                start=start,
                end=end,
                number=number,
                ref=ref,
                name=name,
                plan=plan,
                product=product,
                attributes=attributes,
                amount=micros(amount),
                quantity=MICRO,
                currency=currency,
            )

    def _level_name(self, cells: Sequence[Cell], plan: str, product: str) -> str:
        """The item's own id, or what it is a level of."""
        own = "" if self._item_at is None else word(cells[self._item_at], "item")
        return own or " / ".join(part for part in (plan, product) if part) or "mrr"

    def _bounds(self, month: date) -> tuple[int, int]:
        try:
            after = (month + timedelta(days=31)).replace(day=1)
            start, end = (day_start(day, self._zone) for day in (month, after))
        except OverflowError:
            raise UnreadableError(f"{month:%Y-%m} is out of range", "month") from None
        return micros_since_epoch(start), micros_since_epoch(end)


def _key(names: Sequence[str], start: int, trial_end: int, terms: str) -> str:
    """What finds a row again wherever it moves: all that it says but the end and its request."""
    customer, subscription, _, plan, product = names
    facts = (customer, subscription, plan, product, f"{start} {trial_end} {terms}")
    return blake2b("\x1f".join(facts).encode(), digest_size=12).hexdigest()


def _getter(places: Iterable[int]) -> Callable[[Sequence[Cell]], Sequence[Cell]]:
    """`itemgetter` that gives a sequence for any number of places."""
    wanted = list(places)
    return itemgetter(*wanted) if len(wanted) > 1 else lambda cells: [cells[i] for i in wanted]
