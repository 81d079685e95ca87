"""Finished cohorts: who joined when, and what became of them (metrics.md section 6)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from tenure.meta import Meta
from tenure.money import Ratio, decimal_string, optional_ratio
from tenure.periods import Unit
from tenure.records import Json
from tenure.sheet import csv_text


class Measure(StrEnum):
    """What of a cohort is looked at."""

    REVENUE = "revenue"
    LOGOS = "logos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The customers whose first paid instant lies in one period. Money in micro-units.

    `revenue` and `logos` are what they pay, and how many do, just before the end of each period
    from their own (age 0) on; `base` is what they paid first. All at the rate of its start.
    """

    label: str
    start: date
    customers: int
    base: int
    revenue: tuple[int, ...]
    logos: tuple[int, ...]

    @property
    def revenue_retention(self) -> tuple[Ratio, ...]:
        """Revenue over the base, by age."""
        return tuple((amount, self.base) for amount in self.revenue)

    @property
    def logo_retention(self) -> tuple[Ratio, ...]:
        """Customers who pay over all of the cohort, by age."""
        return tuple((number, self.customers) for number in self.logos)

    def kept(self, measure: Measure) -> tuple[Ratio, ...]:
        """What is left of the revenue, or of the customers, by age."""
        return self.revenue_retention if measure is Measure.REVENUE else self.logo_retention

    def ages(self) -> Iterator[dict[str, Json]]:
        """What JSON and CSV say of each age."""
        for age, (revenue, logos) in enumerate(zip(self.revenue, self.logos, strict=True)):
            yield {
                "age": age,
                "revenue": decimal_string(revenue),
                "logos": logos,
                "revenue_retention": optional_ratio((revenue, self.base)),
                "logo_retention": optional_ratio((logos, self.customers)),
            }

    def head(self) -> dict[str, Json]:
        """What JSON and CSV say of the cohort itself."""
        return {
            "cohort": self.label,
            "start": self.start.isoformat(),
            "customers": self.customers,
            "base": decimal_string(self.base),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohorts:
    """The cohorts of successive periods; one that nobody joined in has none."""

    meta: Meta
    unit: Unit
    cohorts: tuple[Cohort, ...]
    partial: bool = False
    """The last period is not over: the last age of each cohort is as of now."""

    def latest(self, most: int) -> "Cohorts":
        """The last so many, each up to so many ages."""
        cut = (
            replace(one, revenue=one.revenue[:most], logos=one.logos[:most])
            for one in self.cohorts[-most:]
        )
        return replace(self, cohorts=tuple(cut))

    def as_json(self) -> dict[str, Json]:
        """The document that `tenure cohorts --format json` prints."""
        rows: list[Json] = [
            cohort.head() | {"ages": list(cohort.ages())} for cohort in self.cohorts
        ]
        return {
            "meta": self.meta.as_json(),
            "unit": self.unit.value,
            "partial": self.partial,
            "rows": rows,
        }

    def as_csv(self) -> str:
        """A line for each age of each cohort."""
        names = ["cohort", "start", "customers", "base", "age", "revenue", "logos"]
        rows = (cohort.head() | age for cohort in self.cohorts for age in cohort.ages())
        return csv_text(rows, [*names, "revenue_retention", "logo_retention"])
