"""What a point counts as a month: the choices of a finance team (sections 3 and 7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from tenure import Interval, Point, State


@dataclass(frozen=True)
class Policy:
    """Every choice, with its default; the alternatives stand beside it."""

    discounts: str = "recurring"  # all, none
    trials: str = "exclude"  # include
    churn_date: str = "service_end"  # request
    pause: str = "zero"  # keep, zero_all
    week_factor: Fraction = Fraction(52, 12)  # 4.33, 4, 365.25/84
    day_factor: Fraction = Fraction(365, 12)  # 30
    gap_tolerance_hours: int = 24
    past_due_grace_days: int | None = None
    exclude: tuple[str, ...] = ()  # domain:example.com, customer:c1, attribute:internal=true

    def net(self, point: Point) -> int:
        """The bill of an interval after the discounts that count."""
        off = {
            "none": 0,
            "recurring": point.discount,
            "all": point.discount + point.discount_once,
        }
        return max(point.amount - off[self.discounts], 0)

    def factor(self, interval: Interval) -> Fraction:
        """How many intervals a month has."""
        return {
            Interval.DAY: self.day_factor,
            Interval.WEEK: self.week_factor,
            Interval.MONTH: Fraction(1),
            Interval.YEAR: Fraction(1, 12),
        }[interval]

    def counts(self, point: Point, at: datetime) -> bool:
        """Whether the point in force at an instant is revenue then."""
        if self.churn_date == "request" and point.ends_at is not None:
            return False
        grace = self.grace_end(point)
        paying = {
            State.ACTIVE: True,
            State.TRIAL: self.trials == "include",
            State.PAUSED: self.pause == "keep",
            State.PAUSED_DRAFT: self.pause != "zero_all",
            State.PAST_DUE: grace is None or at < grace,
        }
        return paying.get(point.state, False)  # unpaid, incomplete, ended

    def grace_end(self, point: Point) -> datetime | None:
        """When an item that is past due stops to count; None: it does not."""
        if point.state is not State.PAST_DUE or self.past_due_grace_days is None:
            return None
        since = point.state_since or point.effective_at
        return since + timedelta(days=self.past_due_grace_days)


DEFAULT = Policy()


def level(point: Point | None, policy: Policy = DEFAULT, at: datetime | None = None) -> int:
    """What a point bills a month at an instant (that of the point, unless said), rounded once."""
    if point is None or not policy.counts(point, at or point.effective_at):
        return 0
    monthly = policy.net(point) * policy.factor(point.interval) / point.interval_count
    return round(monthly)  # of a Fraction, round() is half to even
