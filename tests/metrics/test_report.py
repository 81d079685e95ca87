"""What a report says: its JSON and CSV, what stands beside the figures, what it refuses."""

import csv
import io
from datetime import timedelta

import pytest
from books import at, lasting, point
from ledgers import Ledger
from workspaces import workspace

from tenure import Evidence, Item, ItemKind, Quarantined, Subscription, micros
from tenure.errors import ConfigError, TenureError, UsageError
from tenure.metrics.run import ReportRequest, build

COLUMNS = (
    "period,start,end,partial,as_of,segment,start_mrr,new,reactivation,expansion,contraction,churn,"
    "fx,end_mrr,nrr,grr,logo_retention,customers_start,customers_end,arr,arpa,quick_ratio,"
    "committed_mrr,contracted_mrr,revenue_churn,logo_churn,ltv"
)


def test_a_row_in_json(book):
    book.add("A", [*lasting(), point("2026-01-10", 150)])
    book.add("B", [*lasting(), point("2026-01-10", 60)])
    book.add("C", [*lasting(), point("2026-01-10", None)])
    book.add("D", lasting("2026-01-20", 10))
    (row,) = book.report().as_json()["rows"]
    assert row == {
        "period": "2026-01", "start": "2026-01-01", "end": "2026-02-01", "partial": False,
        "as_of": None, "segment": None, "start_mrr": "300.000000", "new": "10.000000",
        "reactivation": "0.000000", "expansion": "50.000000", "contraction": "40.000000",
        "churn": "100.000000", "fx": "0.000000", "end_mrr": "220.000000", "nrr": "0.700000",
        "grr": "0.533333", "logo_retention": "0.666667", "customers_start": 3, "customers_end": 3,
        "arr": "2640.000000", "arpa": "73.333333", "quick_ratio": "0.428571",
        "committed_mrr": "220.000000", "contracted_mrr": None, "revenue_churn": "0.466667",
        "logo_churn": "0.333333", "ltv": None, "reasons": {},
    }  # fmt: skip


def test_the_columns_and_their_order(book):
    book.add("A", lasting())
    report = book.report()
    assert ",".join(report.as_json()["rows"][0]) == f"{COLUMNS},reasons"
    assert report.as_csv().splitlines()[0] == COLUMNS


def test_a_ratio_over_nothing_says_why_it_is_missing(book):
    book.add("A", [point("2026-01-10", 100), point("2026-01-20", None)])
    (row,) = book.report().as_json()["rows"]
    assert [row[name] for name in ("nrr", "grr", "logo_retention", "arpa")] == [None] * 4
    assert row["reasons"] == {
        "nrr": "no customer paid at the start",
        "grr": "no customer paid at the start",
        "logo_retention": "no customer paid at the start",
        "arpa": "no customer pays at the end",
        "quick_ratio": "nothing was lost",
        "revenue_churn": "no customer paid at the start",
        "logo_churn": "no customer paid at the start",
    }


def test_csv_has_a_line_per_period_and_segment(book):
    book.add("A", lasting(plan="pro"))
    rows = list(csv.DictReader(io.StringIO(book.report(by=("plan",)).as_csv())))
    assert [(row["segment"], row["start_mrr"]) for row in rows] == [
        ("", "100.000000"),
        ("pro", "100.000000"),
    ]


def test_a_running_period_is_judged_now(book):
    now = at("2026-01-20")
    book.add("A", [*lasting(), point("2026-01-20", 150), point("2026-01-25", None)])
    row = book.report(now=now).as_json()["rows"][0]
    assert (row["partial"], row["as_of"]) == (True, "2026-01-20T00:00:00Z")
    assert (row["expansion"], row["churn"]) == ("50.000000", "0.000000")


def test_coverage_is_the_evidence_of_the_last_opening(book):
    book.add("A", lasting(amount=90))
    book.add("B", lasting(amount=10, evidence=Evidence.ASSUMED))
    coverage = book.report().meta.coverage
    assert coverage == {"observed": "0.900000", "inferred": "0.000000", "assumed": "0.100000"}


def test_usage_is_no_mrr(book):
    usage = Item(id="u", points=lasting(amount=7), kind=ItemKind.USAGE)
    book.records.append(Subscription(id="s", customer="A", items=[usage]))
    book.add("B", lasting())
    assert book.rows()[0].start_mrr == micros(100)


def test_a_connector_that_is_not_named_does_not_count_and_that_is_said(book):
    book.add("A", lasting())
    Ledger(book.store, "old").pull(book.records)
    report = book.report()
    assert report.rows[0].start_mrr == micros(100)
    assert report.meta.ignored_connectors == ("old",)


def test_what_was_left_out_is_said(book):
    book.add("A", lasting())
    book.records.append(Quarantined(source_ref="f.csv:3", reason="no date"))
    assert book.report().as_json()["meta"]["left_out"] == {
        "quarantined": 1,
        "excluded": 0,
        "excluded_customers": 0,
    }


def test_another_currency_is_named_and_never_guessed(book):
    book.add("A", lasting(currency="EUR"))
    with pytest.raises(ConfigError, match="young enough for EUR on 2025-12-31"):
        book.report()


def test_an_empty_ledger_is_no_report(book):
    with pytest.raises(TenureError, match="tenure sync"):
        build(workspace(book.store.url), book.store, ReportRequest())


def test_a_ledger_of_other_connectors_alone_is_no_report(book):
    book.add("A", lasting())
    with pytest.raises(TenureError, match=r"only of: test\. Run `tenure sync`"):
        book.report(connectors=("renamed",))


def test_a_report_as_known_then_never_changes(book):
    book.add("A", lasting())
    before = book.report()
    known_at = before.meta.known_at
    book.records.clear()
    book.add("A", [point("2025-01-01", 500)])
    now_known = book.report()
    again = book.report(known_at=known_at, now=None)
    assert now_known.rows[0].start_mrr == micros(500)
    assert again.rows == before.rows


def test_nothing_is_known_of_the_future(book):
    book.add("A", lasting())
    with pytest.raises(UsageError, match="not come yet"):
        book.report(known_at=book.store.clock() + timedelta(days=999))
