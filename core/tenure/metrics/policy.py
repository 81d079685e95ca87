"""The policy: every choice that a finance team may make when a fact becomes a level.

A level is (amount - the discounts that count, floor 0) x factor of the interval / interval_count
if its state counts, else 0, rounded once, half to even (metrics.md sections 2, 3 and 7). The
policy only changes how points are read, so it needs no new sync; its hash stands on every result.
"""

import hashlib
import json
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tenure.records import Interval, State


class Discounts(StrEnum):
    """Which discounts are taken off."""

    RECURRING = "recurring"
    ALL = "all"
    NONE = "none"


class Trials(StrEnum):
    """Whether a trial counts at the level it will have."""

    EXCLUDE = "exclude"
    INCLUDE = "include"


class ChurnDate(StrEnum):
    """When a requested end takes the revenue away."""

    SERVICE_END = "service_end"
    REQUEST = "request"


class Pause(StrEnum):
    """What a pause does: nothing billed counts 0, or it counts on, or drafts count 0 too."""

    ZERO = "zero"
    KEEP = "keep"
    ZERO_ALL = "zero_all"


MAX_DENOMINATOR = 10**6
"""A factor finer than this would pass 63 bits on its way through `half_even`."""


def _ratio(value: object) -> object:
    """`"52/12"`, `"365.25/84"`, `"4.33"` or `4`, as an exact and canonical fraction."""
    if isinstance(value, float):
        raise ValueError('write it in quotes, as in "4.33" or "52/12"')  # noqa: TRY004 - pydantic's way
    parts = [Fraction(part) for part in str(value).split("/")]
    if len(parts) > 2 or parts[0] <= 0 or parts[-1] <= 0:  # noqa: PLR2004 - a numerator, a denominator
        raise ValueError("must be a positive number or a fraction such as 52/12")
    factor = parts[0] / parts[1] if len(parts) > 1 else parts[0]
    if factor.denominator > MAX_DENOMINATOR:
        raise ValueError("has too many digits; write a fraction such as 52/12")
    return str(factor)


def _between(low: Fraction, high: Fraction, value: str) -> str:
    if not low <= Fraction(value) <= high:
        raise ValueError(f"must be from {low} to {high}")
    return value


def _week(value: object) -> object:
    return _between(Fraction(4), Fraction(5), str(_ratio(value)))


def _day(value: object) -> object:
    return _between(Fraction(28), Fraction(31), str(_ratio(value)))


def _edges(edges: tuple[int, ...]) -> tuple[int, ...]:
    if not edges or list(edges) != sorted(set(edges)) or edges[0] < 1:
        raise ValueError("must be whole numbers above 0, each larger than the one before")
    if edges[-1] > 10**12:
        raise ValueError("must be below 1,000,000,000,000")
    return edges


def _rule(rule: str) -> str:
    kind, _, rest = rule.partition(":")
    name, equals, value = rest.partition("=")
    if kind in {"customer", "domain"} and rest:
        return rule
    if kind == "attribute" and name and equals and value:
        return rule
    raise ValueError('must be "customer:ID", "domain:example.com" or "attribute:name=value"')


class Policy(BaseModel):
    """How facts are read. The defaults are the canonical definitions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    discounts: Discounts = Field(
        Discounts.RECURRING, description="recurring: running discounts only; all; none"
    )
    trials: Trials = Field(Trials.EXCLUDE, description="exclude: 0 until the trial ends; include")
    churn_date: ChurnDate = Field(
        ChurnDate.SERVICE_END, description="service_end, or request: 0 once an end is requested"
    )
    pause: Pause = Field(Pause.ZERO, description="zero, keep, or zero_all: drafts too")
    week_factor: Annotated[str, BeforeValidator(_week)] = Field(
        "13/3", description="weeks in a month: 52/12, 4.33, 4 or 365.25/84"
    )
    day_factor: Annotated[str, BeforeValidator(_day)] = Field(
        "365/12", description="days in a month: 365/12 or 30"
    )
    gap_tolerance_hours: int = Field(
        24, ge=0, le=24 * 366, description="a customer who is back within this never left"
    )
    past_due_grace_days: int | None = Field(
        None, ge=0, le=366, description="past due counts 0 after so many days; none: it counts on"
    )
    acv_bands: Annotated[tuple[int, ...], AfterValidator(_edges)] = Field(
        (12_000, 50_000, 250_000), description="edges of acv_band, in major units a year"
    )
    exclude: tuple[Annotated[str, AfterValidator(_rule)], ...] = Field(
        (), description='customers left out: "customer:ID", "domain:example.com", "attribute:a=b"'
    )

    def canonical(self) -> str:
        """The policy as JSON with every choice in it, in one order."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @property
    def hash(self) -> str:
        """`sha256:` and the digest of the canonical form."""
        return "sha256:" + hashlib.sha256(self.canonical().encode()).hexdigest()

    @property
    def counting_states(self) -> tuple[State, ...]:
        """The states whose level is not 0."""
        paused = {
            Pause.ZERO: (State.PAUSED_DRAFT,),
            Pause.KEEP: (State.PAUSED_DRAFT, State.PAUSED),
            Pause.ZERO_ALL: (),
        }[self.pause]
        trial = (State.TRIAL,) if self.trials is Trials.INCLUDE else ()
        return (State.ACTIVE, State.PAST_DUE, *paused, *trial)

    def factor(self, interval: Interval) -> Fraction:
        """Months' worth of one interval: what an amount per interval is multiplied by."""
        return {
            Interval.DAY: Fraction(self.day_factor),
            Interval.WEEK: Fraction(self.week_factor),
            Interval.MONTH: Fraction(1),
            Interval.YEAR: Fraction(1, 12),
        }[interval]


def level_sql(policy: Policy) -> str:
    """The level of a point as an SQL expression over the columns of `point`."""
    net = {
        Discounts.NONE: "amount",
        Discounts.RECURRING: "greatest(amount - discount, 0)",
        Discounts.ALL: "greatest(amount - discount - discount_once, 0)",
    }[policy.discounts]
    states = ", ".join(f"'{state.value}'" for state in policy.counting_states)
    counts = f"state IN ({states})"
    if policy.churn_date is ChurnDate.REQUEST:
        counts += " AND ends_at IS NULL"
    factors = "".join(_factor_sql(policy, i, net) for i in Interval if i is not Interval.MONTH)
    return (
        f"CASE WHEN NOT ({counts}) THEN 0"
        f" WHEN interval = 'month' AND interval_count = 1 THEN {net}"
        f"{factors} ELSE half_even({net}, 1, interval_count) END"
    )


def _factor_sql(policy: Policy, interval: Interval, net: str) -> str:
    factor = policy.factor(interval)
    division = f"half_even({net}, {factor.numerator}, {factor.denominator} * interval_count)"
    return f" WHEN interval = '{interval.value}' THEN {division}"
