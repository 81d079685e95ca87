"""Cells to values: money, days, numbers. What cannot be read says which column and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from tenure import Interval, day_start
from tenure_connectors.file.options import FileConfig

Cell = object
"""A text, or what xlsx, jsonl and parquet know: a number, a date, nothing."""

_SIGNS = re.compile(r"[$€£¥₹]|(?<=\d)\s(?=\d{3}(?!\d))")
"""Currency signs, and the space between thousands."""

_NOTHING = {"", "-", "null", "none"}
_MAX_DIGITS = 40
_SHOWN = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MONTHS = ("%Y-%m", "%Y/%m", "%b %Y", "%B %Y", "%b-%y", "%b-%Y", "%m/%Y", "%Y-%m-%d")
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


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that the file has and that nobody can use; only who needs it refuses the row."""

    reason: str


def text(cell: Cell) -> str:
    """A cell as a text without white space around it."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, Fault):
        raise UnreadableError(cell.reason)
    if isinstance(cell, datetime) and cell.tzinfo is None and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return str(cell).lower()
    return _digits(cell) if isinstance(cell, float | Decimal) else str(cell)


def _digits(number: float | Decimal) -> str:
    """A number without an exponent, unless it would fill pages."""
    if isinstance(number, float):
        return repr(int(number)) if number.is_integer() else repr(number)
    return f"{number:f}" if abs(number.adjusted()) < _MAX_DIGITS else str(number)


def word(cell: Cell, column: str) -> str:
    """The text of a cell of this column, if a database can keep it."""
    try:
        said = text(cell)
        said.encode()
    except UnicodeEncodeError:
        reason = f"{said[:_SHOWN]!r} is not of the file's encoding: is that latin-1 or cp1252?"
        raise UnreadableError(reason, column) from None
    except UnreadableError as error:
        raise UnreadableError(str(error), column) from None
    if "\0" in said:
        raise UnreadableError(f"{said[:_SHOWN]!r} has a NUL character", column)
    return said


def words(cells: Sequence[Cell], columns: Sequence[str]) -> list[str]:
    """The texts of several cells; one look at all of them is enough where nothing is odd."""
    try:
        said = [*map(text, cells)]
        if "".join(said).isprintable():
            return said
    except UnreadableError:
        pass
    return [word(cell, column) for cell, column in zip(cells, columns, strict=True)]


def shown(cell: Cell) -> str:
    """A cell as a text for people, whatever it is."""
    return cell.reason if isinstance(cell, Fault) else text(cell)


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
        if value.adjusted() > 11 or value > 10**11:  # noqa: PLR2004 - metrics.md section 1
            raise UnreadableError(f"{text(cell)[:_SHOWN]} is more than 100,000,000,000", column)
        if value < 0:
            raise UnreadableError(f"{text(cell)[:_SHOWN]} is below zero", column)
        if abs(int(value.as_tuple().exponent)) > _MAX_DIGITS:
            raise UnreadableError(f"{text(cell)[:_SHOWN]} has too many digits", column)
        return value

    def _number_of(self, cell: Cell, column: str) -> Decimal:
        """A decimal number, exactly; a float by its shortest text."""
        if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
            return self._from_text(word(cell, column), column)
        value = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
        if not value.is_finite():
            raise UnreadableError(f"{text(cell)!r} is not a number", column)
        return value

    def _from_text(self, said: str, column: str) -> Decimal:
        config = self._config
        plain = _SIGNS.sub("", said).strip()
        if not self._is_number(plain) or len(plain) > _MAX_DIGITS:
            signs = f"decimal = {config.decimal!r}, thousands = {config.thousands!r}"
            raise UnreadableError(f"{said[:_SHOWN]!r} is not a number ({signs})", column)
        if config.thousands:
            plain = plain.replace(config.thousands, "")
        return Decimal(plain.replace(config.decimal, "."))

    def _instant(self, cell: Cell, column: str) -> int | None:
        """Microseconds since 1970; of a day, its first instant in the workspace's zone."""
        if is_empty(cell):
            return None
        said = word(cell, column)
        try:
            return micros_since_epoch(self._first_instant(cell, said))
        except UnreadableError as error:
            raise UnreadableError(str(error), column) from None
        except (ValueError, OverflowError):
            wanted = self._config.date_format or "2025-03-01 or 2025-03-01T09:30:00Z"
            raise UnreadableError(f"{said[:_SHOWN]!r} is no date like {wanted}", column) from None

    def _first_instant(self, cell: Cell, said: str) -> datetime:
        wall, has_time = self._wall(cell, said)
        if not has_time:
            return day_start(wall.date(), self._zone)
        if wall.tzinfo is not None:
            return wall.astimezone(UTC)
        instant = wall.replace(tzinfo=self._zone).astimezone(UTC)
        if instant.astimezone(self._zone).replace(tzinfo=None) != wall:
            raise UnreadableError(f"{said} does not exist in {self._zone}")
        return instant

    def _wall(self, cell: Cell, said: str) -> tuple[datetime, bool]:
        """The date and time that a cell states, and whether it states a time."""
        form = self._config.date_format
        if isinstance(cell, date) or not form:
            return datetime.fromisoformat(said), len(said) > len("2025-03-01")
        has_time = any(sign in form for sign in ("%H", "%I", "%c", "%X"))
        return datetime.strptime(said, form), has_time  # noqa: DTZ007 - the workspace's, or its own

    def month(self, cell: Cell, column: str = "month") -> date:
        """The first day of the month that a cell names."""
        said = word(cell, column)
        if isinstance(cell, datetime):
            wall = cell.astimezone(self._zone) if cell.tzinfo else cell
            return wall.date().replace(day=1)
        month = month_of(said, self._config.date_format)
        if month is None:
            raise UnreadableError(f"{said[:_SHOWN]!r} is no month like 2025-03", column)
        return month


def month_of(said: str, date_format: str = "") -> date | None:
    """The first day of the month that a text names, if it names one."""
    for form in (*_MONTHS, date_format) if date_format else _MONTHS:
        try:
            return datetime.strptime(said, form).date().replace(day=1)  # noqa: DTZ007 - a day
        except ValueError:
            continue
    return None


def micros_since_epoch(instant: datetime) -> int:
    """An instant as an integer that sorts."""
    return (instant - _EPOCH) // _MICROSECOND


@lru_cache(256)
def interval(said: str) -> tuple[Interval, int]:
    """The unit of a billing interval, and how many of them one such interval has."""
    name = said.lower()
    found = _INTERVALS.get(_OTHER_NAMES.get(name, name))
    if found is None:
        raise UnreadableError(f"{said[:_SHOWN]!r} is none of {', '.join(_INTERVALS)}", "interval")
    return found


def whole(value: Decimal, column: str, most: int) -> int:
    """A whole number from 1 on."""
    if value != value.to_integral_value() or not 1 <= value <= most:
        raise UnreadableError(f"{value} is not a whole number from 1 to {most}", column)
    return int(value)
