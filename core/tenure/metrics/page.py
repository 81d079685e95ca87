"""A report with what a page shows beside it: twelve months up to each end, and the cohorts."""

from dataclasses import replace
from typing import TYPE_CHECKING

from tenure.ledger.store import Store
from tenure.meta import Meta
from tenure.metrics import invariants, variants
from tenure.metrics.cohorts import cohorts_of
from tenure.metrics.run import Opened, ReportRequest, opened, report_of, rows_of
from tenure.periods import Unit, periods
from tenure.report import Report

if TYPE_CHECKING:
    from tenure.config import Workspace


def build(workspace: "Workspace", store: Store, request: ReportRequest) -> Report:
    """The report for a page; raises as a report does."""
    with opened(workspace, store, request) as ledger:
        made = report_of(ledger, store, request)
        return replace(
            made,
            trailing=_trailing(ledger, request, made.meta),
            cohorts=cohorts_of(ledger, request, made.meta, strict=False),
        )


def _trailing(ledger: Opened, request: ReportRequest, meta: Meta) -> Report | None:
    """The totals over the twelve months up to each end, where a period is another length."""
    if request.trailing or request.unit not in {Unit.MONTH, Unit.QUARTER}:
        return None
    asked = replace(request, by=(), trailing=12)
    shown = periods(asked.range, ledger.basis.workspace.timezone, ledger.now)
    rows = variants.added(ledger, asked, rows_of(ledger, asked, shown))
    invariants.check(rows, ())
    return Report(meta=replace(meta, trailing=12), rows=rows)
