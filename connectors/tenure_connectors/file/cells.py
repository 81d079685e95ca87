"""Cells to values: money, days, numbers. What cannot be read says which column and why."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from tenure import Interval, day_start
from tenure_connectors.file.options import FileConfig

Cell = object
"""A text, or what xlsx, jsonl and parquet know: a number, a date, nothing."""

_SIGNS = re.compile(r"[\s\u00a0\u202f$€£¥₹]")
_NOTHING = {"", "-", "null", "none"}
_MAX_DIGITS = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INTERVALS = {
    "day": (Interval.DAY, 1),
    "week": (Interval.WEEK, 1),
    "month": (Interval.MONTH, 1),
    "quarter": (Interval.MONTH, 3),
    "year": (Interval.YEAR, 1),
}
_OTHER_NAMES = {
    "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter",
    "yearly": "year", "annual": "year", "annually": "year", "days": "day", "weeks": "week",
    "months": "month", "quarters": "quarter", "years": "year",
}  # fmt: skip


class UnreadableError(ValueError):
    """A row cannot be read: the reason, and the column that it is about."""

    def __init__(self, reason: str, column: str | None = None) -> None:
        self.column = column
        super().__init__(reason)


def text(cell: Cell) -> str:
    """A cell as a text without white space around it."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, datetime) and cell.tzinfo is None and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float):
        return repr(int(cell)) if cell.is_integer() else repr(cell)
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def is_empty(cell: Cell) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _NOTHING)


class Cells:
    """Reads cells as one file writes them."""

    def __init__(self, config: FileConfig, zone: ZoneInfo) -> None:
        grouped = rf"\d{{1,3}}(?:{re.escape(config.thousands)}\d{{3}})+" if config.thousands else ""
        whole = f"(?:{grouped}|\\d+)" if grouped else r"\d+"
        sign = re.escape(config.decimal)
        self._is_number = re.compile(rf"-?(?:{whole}(?:{sign}\d*)?|{sign}\d+)").fullmatch
        self._config = config
        self._zone = zone
        self.amount = lru_cache(4096, typed=True)(self._amount)
        self.instant = lru_cache(32768, typed=True)(self._instant)

    def _amount(self, cell: Cell, column: str) -> Decimal | None:
        """An amount of money in major units, not below zero; nothing in an empty cell."""
        if is_empty(cell):
            return None
        value = self._number_of(cell, column)
        if value < 0:
            raise UnreadableError(f"{value} is below zero", column)
        if value.adjusted() > 11 or value > 10**11:  # noqa: PLR2004 - metrics.md section 1
            raise UnreadableError(f"{text(cell)} is more than 100,000,000,000", column)
        return value

    def _number_of(self, cell: Cell, column: str) -> Decimal:
        """A decimal number, exactly."""
        if isinstance(cell, int | Decimal | float) and not isinstance(cell, bool):
            value = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
        else:
            value = self._from_text(_SIGNS.sub("", text(cell)), column)
        if not value.is_finite():
            raise UnreadableError(f"{text(cell)!r} is not a number", column)
        return value

    def _from_text(self, plain: str, column: str) -> Decimal:
        config = self._config
        if not self._is_number(plain) or len(plain) > _MAX_DIGITS:
            signs = f"decimal = {config.decimal!r}, thousands = {config.thousands!r}"
            raise UnreadableError(f"{plain[:40]!r} is not a number ({signs})", column)
        if config.thousands:
            plain = plain.replace(config.thousands, "")
        try:
            return Decimal(plain.replace(config.decimal, "."))
        except InvalidOperation:
            raise UnreadableError(f"{plain[:40]!r} is not a number", column) from None

    def _instant(self, cell: Cell, column: str) -> int | None:
        """Microseconds since 1970; of a day, its first instant in the workspace's zone."""
        if is_empty(cell):
            return None
        said = text(cell)
        try:
            return micros_since_epoch(self._read_instant(said))
        except UnreadableError as error:
            raise UnreadableError(str(error), column) from None
        except (ValueError, OverflowError):
            wanted = self._config.date_format or "2025-03-01 or 2025-03-01T09:30:00Z"
            raise UnreadableError(f"{said[:40]!r} is no date like {wanted}", column) from None

    def _read_instant(self, said: str) -> datetime:
        if self._config.date_format:
            wall = datetime.strptime(said, self._config.date_format)  # noqa: DTZ007 - zone below
            has_time = "%H" in self._config.date_format or "%I" in self._config.date_format
        else:
            wall = datetime.fromisoformat(said)
            has_time = len(said) > len("2025-03-01")
        if not has_time:
            return day_start(wall.date(), self._zone)
        if wall.tzinfo is not None:
            return wall.astimezone(UTC)
        instant = wall.replace(tzinfo=self._zone).astimezone(UTC)
        if instant.astimezone(self._zone).replace(tzinfo=None) != wall:
            raise UnreadableError(f"{said} does not exist in {self._zone}")
        return instant


def micros_since_epoch(instant: datetime) -> int:
    """An instant as an integer that sorts."""
    return (instant - _EPOCH) // _MICROSECOND


@lru_cache(256)
def interval(cell: str) -> tuple[Interval, int]:
    """The unit of a billing interval, and how many of them one such interval has."""
    name = cell.strip().lower()
    found = _INTERVALS.get(_OTHER_NAMES.get(name, name))
    if found is None:
        raise UnreadableError(f"{cell!r} is none of {', '.join(_INTERVALS)}", "interval")
    return found


def whole(value: Decimal, column: str) -> int:
    """A whole number from 1 on."""
    if value != value.to_integral_value() or not 1 <= value <= 1200:  # noqa: PLR2004 - a century of months
        raise UnreadableError(f"{value} is not a whole number from 1 to 1200", column)
    return int(value)
