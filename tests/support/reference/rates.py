"""Levels in the reporting currency (section 6, Currency)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction

from reference.customers import Line


class MissingRateError(LookupError):
    """No rate on or before a day that is young enough."""

    def __init__(self, currency: str, day: date) -> None:
        self.currency, self.day = currency, day
        super().__init__(f"no rate of {currency} for {day}")


@dataclass(frozen=True)
class Rates:
    """Units of the reporting currency per unit of another, by day, with 10 places."""

    quotes: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    reporting: str = "USD"
    zone: tzinfo = UTC
    max_age_days: int = 35

    def at(self, currency: str, instant: datetime) -> Fraction:
        """The rate of the day before an instant's, or the last one before that."""
        if currency == self.reporting:
            return Fraction(1)
        day = instant.astimezone(self.zone).date() - timedelta(days=1)
        quotes = self.quotes.get(currency, {})
        known = [quoted for quoted in quotes if quoted <= day]
        if not known or (day - max(known)).days > self.max_age_days:
            raise MissingRateError(currency, day)
        return Fraction(quotes[max(known)])

    def convert(self, line: Line, instant: datetime) -> int:
        """The level of one item at the rate of an instant, half to even."""
        return round(line.level * self.at(line.point.currency, instant))

    def value(self, lines: Iterable[Line], instant: datetime) -> int:
        """The levels of items, each converted on its own."""
        return sum(self.convert(line, instant) for line in lines)
