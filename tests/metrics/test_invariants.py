"""Figures that contradict each other are shown to nobody."""

from dataclasses import replace
from datetime import date

import pytest

from tenure.errors import InvariantError
from tenure.metrics.invariants import check
from tenure.report import Row
from tenure.status import ConnectorStatus

TOTAL = Row(
    period="2026-01", start=date(2026, 1, 1), end=date(2026, 2, 1),
    start_mrr=1000, new=100, reactivation=10, expansion=50, contraction=40, churn=60, end_mrr=1060,
    customers_start=10, customers_end=11, customers_churned=1,
)  # fmt: skip
PART = replace(TOTAL, segment={"plan": "pro"})
COUNTS = {"read": 10, "stored": 4, "unchanged": 3, "quarantined": 2, "excluded": 1}
SOURCE = ConnectorStatus(
    name="crm", configured=True, last_complete_sync=None, last_run=None, outcome="done", message="",
    counts={**COUNTS, "source_count": None}, quarantined=0, only_quarantined=False, held=0,
    cursor=None, unfinished=False, holder=None,
)  # fmt: skip


def breach(rows=(), sources=()) -> InvariantError:
    with pytest.raises(InvariantError) as caught:
        check(rows, sources)
    return caught.value


def test_figures_that_agree_pass():
    check([TOTAL, PART], [SOURCE])


@pytest.mark.parametrize("figure", ["start_mrr", "new", "expansion", "churn", "fx", "end_mrr"])
def test_a_bridge_must_tie(figure):
    error = breach([replace(TOTAL, **{figure: getattr(TOTAL, figure) + 1})])
    assert error.exit_code == 3
    assert "2026-01: the bridge ends at" in error.rows[0]


@pytest.mark.parametrize("figure", ["customers_start", "customers_end", "customers_churned"])
def test_segments_must_add_up(figure):
    error = breach([TOTAL, replace(PART, **{figure: 12})])
    assert error.rows[0].startswith(f"2026-01 by plan: {figure} adds up to 12")


def test_a_segment_must_tie_by_itself():
    error = breach([TOTAL, replace(PART, end_mrr=1061)])
    assert error.rows[0].startswith("2026-01, plan pro: the bridge ends at")


@pytest.mark.parametrize(
    "wrong",
    [
        {"churn": 2000, "end_mrr": -880},
        {"expansion": -10, "end_mrr": 1000},
        {"contraction": -80, "end_mrr": 1180},
    ],
)
def test_ratios_that_cannot_be(wrong):
    assert breach([replace(TOTAL, **wrong)]).rows


@pytest.mark.parametrize("wrong", [{"stored": 3}, {"read": 9}, {"source_count": 11}])
def test_a_row_dropped_in_silence_is_a_breach(wrong):
    error = breach(sources=[replace(SOURCE, counts={**SOURCE.counts, **wrong})])
    assert error.rows[0].startswith("crm: read")
