"""Exchange rates for the periods shown (metrics.md section 6, Currency).

A rate is an integer of 10 decimal places, units of the reporting currency per unit. A balance at an
instant takes the last rate on or before the day before it, at most `max_age_days` old.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tenure.errors import ConfigError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tenure.config import Workspace
    from tenure.periods import Period

RATE_ONE = 10**10
"""The rate of a currency to itself."""

_EPOCH = date(1970, 1, 1)


class Rates:
    """The known rates of the currencies that are paid in; `foreign` are those but the reporting."""

    def __init__(self, duck: "DuckDBPyConnection", workspace: "Workspace") -> None:
        self._workspace = workspace
        home = workspace.currency
        used = "SELECT DISTINCT currency FROM point WHERE currency <> ? AND amount > 0 ORDER BY 1"
        self.foreign: tuple[str, ...] = tuple(c for (c,) in duck.execute(used, [home]).fetchall())
        self._days: dict[str, list[int]] = defaultdict(list)
        self._rates: dict[str, list[int]] = defaultdict(list)
        if self.foreign:
            known = "SELECT currency, day, rate FROM known_rate ORDER BY currency, day"
            for currency, day, rate in duck.execute(known).fetchall():
                self._days[currency].append(day)
                self._rates[currency].append(rate)

    def on(self, currency: str, day: date) -> int | None:
        """The rate that counts for a day; None where there is none young enough."""
        if currency == self._workspace.currency:
            return RATE_ONE
        number = (day - _EPOCH).days
        place = bisect_right(self._days[currency], number) - 1
        if place < 0 or number - self._days[currency][place] > self._workspace.fx.max_age_days:
            return None
        return self._rates[currency][place]

    def before(self, currency: str, instant: datetime) -> tuple[date, int | None]:
        """The day before an instant in the workspace's zone, and the rate of that day."""
        day = instant.astimezone(self._workspace.timezone).date() - timedelta(days=1)
        return day, self.on(currency, day)

    def rows(self, shown: "Sequence[Period]") -> Iterator[tuple[str, int, str, date, int | None]]:
        """Currency, period, side, day and rate, for every end of every period shown."""
        for currency in (self._workspace.currency, *self.foreign):
            for number, period in enumerate(shown, 1):
                ends = {"opening": period.opens, "closing": period.as_of or period.closes}
                for side, instant in ends.items():
                    yield currency, number, side, *self.before(currency, instant)


def missing_rates(missing: Sequence[tuple[str, date]], home: str) -> ConfigError:
    """Names the currency and the day of each rate that is needed and not there."""
    shown = ", ".join(f"{currency} on {day}" for currency, day in missing[:5])
    more = f" and {len(missing) - 5:,} more" if len(missing) > 5 else ""  # noqa: PLR2004 - as above
    return ConfigError(
        f"There is no rate to {home} that is young enough for {shown}{more}",
        "Add [fx] to plugins.toml and run `tenure sync`, or raise max_age_days",
    )
