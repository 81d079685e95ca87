"""Periods: half-open ranges of whole days in the workspace's time zone, with their labels.

A day begins at its first existing instant: where a clock change skips midnight, that is when the
clocks go on; a day that a zone skipped whole has none and begins where the next one does.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from tenure.errors import UsageError

_ONE_DAY = timedelta(days=1)
_EXAMPLES = "2025, 2025-Q3, 2025-03, 2025-W10 or 2025-03-01"


class Unit(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    CUSTOM = "custom"


DEFAULT_COUNT = {Unit.DAY: 30, Unit.WEEK: 12, Unit.MONTH: 12, Unit.QUARTER: 8, Unit.YEAR: 3}
"""How many complete periods a report shows unless it is told."""


MOST_PERIODS = 10_000
"""How many periods one report may show: 27 years of days."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Whole days, `first` included, `end` not."""

    first: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period of a report: `start` and `end` are days, `opens` and `closes` the instants.

    A partial period ends after now: it closes at `as_of`, that instant included. A trailing one
    opens so many months before its end.
    """

    label: str
    start: date
    end: date
    opens: datetime
    closes: datetime
    as_of: datetime | None = None


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first existing instant of a day in a zone, in UTC."""
    wall = datetime.combine(day, time(), zone)
    instant = wall.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    # Midnight is skipped: the clocks go from before it to after it at one instant, which lies
    # between the two readings of the wall clock (with the offset after the change, and before).
    low, high = sorted((instant, wall.replace(fold=1).astimezone(UTC)))
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).date() < day:
            low = middle
        else:
            high = middle
    return high


def parse(text: str) -> Span:
    """The days that `2025`, `2025-Q3`, `2025-03`, `2025-W10` or `2025-03-01` names."""
    for pattern, build in _FORMS:
        if found := pattern.fullmatch(text.strip()):
            try:
                return build(*map(int, found.groups()))
            except (ValueError, OverflowError):
                break
    raise UsageError(f"{text!r} names no period", f"Write it as {_EXAMPLES}")


def unit_of(text: str) -> Unit:
    """Which unit a text like `2025-Q3` names a period of; raises `UsageError` as `parse` does."""
    span = parse(text)
    for unit in (Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR):
        if _containing(unit, span.first) == span:
            return unit
    raise UsageError(f"{text!r} names no period", f"Write it as {_EXAMPLES}")


def _year(year: int) -> Span:
    return Span(date(year, 1, 1), date(year + 1, 1, 1))


def _quarter(year: int, quarter: int) -> Span:
    first = date(year, 3 * quarter - 2, 1)
    return Span(first, _add_months(first, 3))


def _month(year: int, month: int) -> Span:
    first = date(year, month, 1)
    return Span(first, _add_months(first, 1))


def _week(year: int, week: int) -> Span:
    first = date.fromisocalendar(year, week, 1)
    return Span(first, first + 7 * _ONE_DAY)


def _day(year: int, month: int, day: int) -> Span:
    first = date(year, month, day)
    return Span(first, first + _ONE_DAY)


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Span]], ...] = (
    (re.compile(r"(\d{4})"), _year),
    (re.compile(r"(\d{4})-[Qq]([1-4])"), _quarter),
    (re.compile(r"(\d{4})-(\d{2})"), _month),
    (re.compile(r"(\d{4})-[Ww](\d{1,2})"), _week),
    (re.compile(r"(\d{4})-(\d{2})-(\d{2})"), _day),
)


def _add_months(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _containing(unit: Unit, day: date) -> Span:
    """The period of that unit which a day lies in."""
    match unit:
        case Unit.WEEK:
            return _week(*day.isocalendar()[:2])
        case Unit.MONTH:
            return _month(day.year, day.month)
        case Unit.QUARTER:
            return _quarter(day.year, (day.month + 2) // 3)
        case Unit.YEAR:
            return _year(day.year)
        case Unit.DAY | Unit.CUSTOM:
            return Span(day, day + _ONE_DAY)


def _label(unit: Unit, span: Span) -> str:
    first = span.first
    match unit:
        case Unit.WEEK:
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02}"
        case Unit.MONTH:
            return f"{first:%Y-%m}"
        case Unit.QUARTER:
            return f"{first.year}-Q{(first.month + 2) // 3}"
        case Unit.YEAR:
            return f"{first.year}"
        case Unit.CUSTOM:
            return f"{first}/{span.end - _ONE_DAY}"
        case Unit.DAY:
            return f"{first}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Which periods are asked for: of which unit, from which to which, trailing how many months.

    Without `first` so many complete ones (`count`), with the one that is `running` or without.
    """

    unit: Unit = Unit.MONTH
    first: str | None = None
    last: str | None = None
    trailing: int | None = None
    count: int | None = None
    running: bool = False


def periods(asked: Range, zone: ZoneInfo, now: datetime) -> tuple[Period, ...]:
    """The periods from `first` to `last`, both included, or the usual number of complete ones.

    Raises `UsageError` for text that names no period, and for a range that is empty, in the future
    or too long.
    """
    today = now.astimezone(zone).date()
    spans = list(islice(_spans(asked, today), MOST_PERIODS + 1))
    if len(spans) > MOST_PERIODS:
        raise UsageError(
            f"That range has more than {MOST_PERIODS:,} periods of a {asked.unit}",
            "Choose a later --from, or a longer --period",
        )
    begun = [span for span in spans if day_start(span.first, zone) < now]
    if not begun:
        raise UsageError("That range has not begun yet", "Choose one before today")
    labelled = [(_label(asked.unit, span), _trailing(span, asked.trailing)) for span in begun]
    return tuple(_period(label, span, zone, now) for label, span in labelled)


def year_to(now: datetime, zone: ZoneInfo) -> Period:
    """The twelve months up to the end of today, as of now: a custom, trailing period of today."""
    today = now.astimezone(zone).date()
    span = _trailing(Span(today, today + _ONE_DAY), 12)
    return _period("year", span, zone, now)


def calendar(unit: Unit, first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[Period]:
    """Every period of a unit from the one of `first` to the one of `last`."""
    span = _containing(unit, first.astimezone(zone).date())
    end = last.astimezone(zone).date()
    while span.first <= end:
        yield _period(_label(unit, span), span, zone, datetime.max.replace(tzinfo=UTC))
        span = _containing(unit, span.end)


def _trailing(span: Span, months: int | None) -> Span:
    """The span from so many months before its end: the same day, or the month's last."""
    if months is None:
        return span
    if months < 1:
        raise UsageError(f"--trailing {months} is no number of months", "Write --trailing 12")
    try:
        first = _add_months(span.end.replace(day=1), -months)
        return Span(first.replace(day=min(span.end.day, _last_day(first))), span.end)
    except ValueError:
        raise UsageError(f"{months} months before {span.end} is no date", "Take fewer") from None


def _last_day(day: date) -> int:
    return (_add_months(day.replace(day=1), 1) - _ONE_DAY).day


def _spans(asked: Range, today: date) -> Iterator[Span]:
    unit, first, last = asked.unit, asked.first, asked.last
    if unit is Unit.CUSTOM:
        yield _custom(first, last)
        return
    running = _containing(unit, today)
    closed = parse(last).end if last else running.first
    end = running.end if asked.running and not last else closed
    if first:
        at = _containing(unit, parse(first).first)
        end = end if last else max(end, at.end)
    else:
        at = _containing(unit, closed - _ONE_DAY)
        for _ in range((asked.count or DEFAULT_COUNT[unit]) - 1):
            at = _containing(unit, at.first - _ONE_DAY)
    if at.first >= end:
        raise UsageError(f"{first} comes after {last}", "Swap --from and --to")
    while at.first < end:
        yield at
        at = _containing(unit, at.end)


def _custom(first: str | None, last: str | None) -> Span:
    if not (first and last):
        raise UsageError("A custom period needs both days", "Add --from DAY and --to DAY")
    span = Span(parse(first).first, parse(last).end)
    if span.first >= span.end:
        raise UsageError(f"{first} comes after {last}", "Swap --from and --to")
    return span


def _period(label: str, span: Span, zone: ZoneInfo, now: datetime) -> Period:
    closes = day_start(span.end, zone)
    return Period(
        label=label,
        start=span.first,
        end=span.end,
        opens=day_start(span.first, zone),
        closes=closes,
        as_of=now if closes > now else None,
    )
