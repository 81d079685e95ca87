"""Revenue in properties of any object, as the config names them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from tenure import Interval, micros
from tenure_connectors.hubspot.chain import Line, lasting
from tenure_connectors.hubspot.client import Asked
from tenure_connectors.hubspot.levels import FREQUENCIES, Level, Read, changes
from tenure_connectors.hubspot.options import Custom
from tenure_connectors.hubspot.shapes import Object
from tenure_connectors.hubspot.source import (
    Held,
    Stated,
    Terms,
    currencies,
    known_since,
    midnight,
    ref,
    refused,
)
from tenure_connectors.hubspot.values import local_day, number

INTERVALS: Mapping[str, tuple[Interval, int]] = {
    "day": (Interval.DAY, 1),
    "week": (Interval.WEEK, 1),
    "month": (Interval.MONTH, 1),
    "quarter": (Interval.MONTH, 3),
    "year": (Interval.YEAR, 1),
}
"""What `interval` may say; any other word is the name of a property."""

_WORDS = {**INTERVALS, **FREQUENCIES, "yearly": (Interval.YEAR, 1), "annual": (Interval.YEAR, 1)}


class CustomRevenue:
    """Counts records of one object by their own amount."""

    lines: Asked | None = None

    def __init__(self, terms: Terms, custom: Custom) -> None:
        self._terms, self._custom = terms, custom
        self.asked = Asked(
            custom.object,
            tuple(dict.fromkeys((*named(custom), *currencies(terms.config, custom.object)))),
            (custom.amount,) if custom.history else (),
        )

    def counts(self, one: Object) -> bool:
        """It has an amount, or had one, and is what `where` asks for."""
        for name, wanted in self._custom.where.items():
            if one.get(name) not in ([wanted] if isinstance(wanted, str) else wanted):
                return False
        past = (one.properties_with_history or {}).get(self._custom.amount, ())
        return bool(one.get(self._custom.amount)) or any(version.value for version in past)

    def stated(self, held: Sequence[Held]) -> Iterator[Stated]:
        """Each record is an item, so they add up."""
        for one in held:
            try:
                line = self._line(one.object)
            except ValueError as error:
                yield refused(self._custom.object, one.object, error)
                continue
            yield from lasting(line)

    def _line(self, one: Object) -> Line:
        start, end = self._span(one)
        custom, name = self._custom, self._custom.object
        base = start if custom.history else known_since(one, start)
        steps = changes(one, (custom.amount,), self._level(one), start, base)
        return Line(
            ref=ref(name, one.id),
            currency=self._terms.currency(one.properties),
            start=start,
            end=end,
            steps=steps,
            start_ref=ref(name, one.id, custom.start or custom.amount),
            end_ref=ref(name, one.id, custom.end or ""),
        )

    def _span(self, one: Object) -> tuple[datetime, datetime | None]:
        custom, zone = self._custom, self._terms.zone
        start = self._day(one, custom.start)
        end = self._day(one, custom.end) if custom.end and one.get(custom.end) else None
        if end is not None and custom.end_inclusive:
            end += timedelta(days=1)
        if end is not None and end < start:
            raise ValueError(f"it ends on {end}, before it starts on {start}")
        return midnight(start, zone), midnight(end, zone) if end else None

    def _day(self, one: Object, name: str | None) -> date:
        if name is None:
            return known_since(one).astimezone(self._terms.zone).date()
        said = one.get(name)
        if not said:
            raise ValueError(f"its {name} is empty")
        return local_day(said, self._terms.zone)

    def _level(self, one: Object) -> Read:
        word = self._custom.interval
        said = word if word in INTERVALS else (one.get(word) or "").lower()
        if said not in _WORDS:
            raise ValueError(f"its {word} {said!r} is none of {', '.join(_WORDS)}")
        interval, count = _WORDS[said]

        def read(properties: Mapping[str, str | None]) -> Level | None:
            text = properties.get(self._custom.amount)
            amount = number(text) if text else None
            if amount is not None and amount < 0:
                raise ValueError("its amount is below zero")
            return Level(micros(amount), interval=interval, count=count) if amount else None

        return read


def named(custom: Custom) -> tuple[str, ...]:
    """The properties that the options name."""
    interval = () if custom.interval in INTERVALS else (custom.interval,)
    dates = tuple(name for name in (custom.start, custom.end) if name)
    return (custom.amount, *interval, *dates, *custom.where)
