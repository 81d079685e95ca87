"""Cohorts from the ledger: who joined in which period, and every change since, added up.

cells           what each customer pays where periods open and close, as for a report
joined          who joined when
joined_home,    what was paid first
joined_foreign
foreign_step    the same changes of those who pay in other currencies, at their cohort's rate
"""

from collections import defaultdict
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from tenure.cohorts import Cohort, Cohorts
from tenure.ledger.store import Store
from tenure.meta import Meta, Variant
from tenure.metrics.frame import Frame
from tenure.metrics.rates import missing_rates
from tenure.metrics.run import Opened, ReportRequest, coverage_of, meta_of, opened
from tenure.metrics.segments import Segments
from tenure.periods import periods

if TYPE_CHECKING:
    from tenure.config import Workspace


def build(workspace: "Workspace", store: Store, request: ReportRequest) -> Cohorts:
    """The cohorts of the periods asked for, up to the last of them; raises as a report does."""
    asked = replace(request, trailing=None, by=(), variant=Variant.COHORT)
    with opened(workspace, store, asked) as ledger:
        return cohorts_of(ledger, asked, meta_of(ledger, asked, coverage_of(ledger)))


def cohorts_of(
    ledger: Opened, request: ReportRequest, meta: Meta, *, strict: bool = True
) -> Cohorts:
    """The same of an open ledger; `strict` says that it is a mistake to ask for nobody."""
    asked = replace(request.range, trailing=None)
    shown = periods(asked, ledger.basis.workspace.timezone, ledger.now)
    with _CohortFrame(ledger.basis, shown, cut=True) as frame:
        segments = Segments(frame, request.unit)
        made = _cohorts(frame, segments.filtered("joined", request.where, strict=strict))
    return Cohorts(
        meta=replace(meta, trailing=None, variant=Variant.COHORT),
        unit=request.unit,
        cohorts=made,
        partial=shown[-1].as_of is not None,
    )


class _CohortFrame(Frame):
    """A frame whose states are the customers that join in its periods."""

    def _states(self) -> None:
        self._cells()
        self.run("joined")
        if not self.basis.rates.foreign:
            self.run("joined_home")
            return
        self._rates()
        self.run("joined_foreign")
        names = {"valued": "joined", "until": max(self.closes)}
        if missing := self.run("missing_rates", **names).fetchall():
            raise missing_rates(missing, self.basis.workspace.currency)
        self.run("foreign_step", **names)


def _cohorts(frame: Frame, joined: str) -> tuple[Cohort, ...]:
    changes: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    found = frame.run("cohort_changes", joined=joined).fetchall()
    for cohort, period, revenue, logos in found:
        changes[cohort][period] = (int(revenue), int(logos))
    sizes = frame.run("cohort_sizes", joined=joined).fetchall()
    return tuple(
        _cohort(frame, number, (customers, int(base)), changes[number])
        for number, customers, base in sizes
    )


def _cohort(
    frame: Frame, number: int, size: tuple[int, int], changes: dict[int, tuple[int, int]]
) -> Cohort:
    period = frame.shown[number - 1]
    ages = [changes.get(at, (0, 0)) for at in range(number, len(frame.shown) + 1)]
    return Cohort(
        label=period.label,
        start=period.start,
        customers=size[0],
        base=size[1],
        revenue=tuple(accumulate(revenue for revenue, _ in ages)),
        logos=tuple(accumulate(logos for _, logos in ages)),
    )
