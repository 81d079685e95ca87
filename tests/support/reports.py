"""Two reports of one month: the figures, and better ones."""

from dataclasses import replace
from datetime import UTC, date, datetime

from tenure.cohorts import Cohort, Cohorts
from tenure.meta import Meta, SourceState, Variant
from tenure.periods import Unit
from tenure.report import Report, Row

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROW = Row(
    period="2025-03",
    start=date(2025, 3, 1),
    end=date(2025, 4, 1),
    start_mrr=100,
    new=5,
    reactivation=0,
    expansion=10,
    contraction=0,
    churn=0,
    end_mrr=115,
    customers_start=1,
    customers_end=2,
    customers_churned=0,
)
META = Meta(
    currency="USD",
    timezone="UTC",
    known_at=NOW,
    policy="sha256:1",
    preset="default",
    variant=Variant.COHORT,
    version="1",
    coverage={},
    sources=(SourceState(name="billing", last_complete_sync=NOW, incomplete=False),),
    quarantined=0,
    excluded=0,
)
REPORT = Report(meta=META, rows=(ROW,))
COHORTS = Cohorts(
    meta=META,
    unit=Unit.MONTH,
    cohorts=(
        Cohort(
            label="2025-02", start=date(2025, 2, 1), customers=3, base=100,
            revenue=(100, 150), logos=(3, 2),
        ),
        Cohort(
            label="2025-03", start=date(2025, 3, 1), customers=1, base=5, revenue=(5,), logos=(1,)
        ),
    ),
)  # fmt: skip
"""Who joined in that month and in the one before."""
BETTER = replace(REPORT, rows=(replace(ROW, end_mrr=116, new=6),))
