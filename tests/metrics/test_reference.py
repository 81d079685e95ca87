"""The SQL agrees with the brute-force reference, to the micro-unit."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgers import Ledger
from portfolios import as_of, month_labels, portfolios
from reference import NAMES, Window, bridge, coverage, payers
from workspaces import workspace

from tenure import BEGINNING, Attribute, Customer
from tenure.metrics.run import ReportRequest, build
from tenure.money import ratio_string
from tenure.periods import Range, Unit, periods
from tenure.records import Evidence

COUNTS = ("customers_start", "customers_end", "customers_churned")
NOBODY = Customer(
    id="nobody", attributes=[Attribute(name="owner", value="x", valid_from=BEGINNING)]
)
LATER = datetime(2026, 1, 1, tzinfo=UTC)


def figures(row) -> dict[str, int]:
    return {name: getattr(row, name) for name in (*NAMES, *COUNTS)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    made=portfolios(),
    by=st.sampled_from(["owner", "plan"]),
    unit=st.sampled_from([Unit.MONTH, Unit.MONTH, Unit.WEEK, Unit.QUARTER, Unit.YEAR]),
    partial=st.booleans(),
)
def test_the_sql_agrees_with_brute_force(growing, made, by, unit, partial):
    zone, first, records = made
    ledger = growing()
    ledger.pull([*records, NOBODY])
    start, end = month_labels(first)
    now = as_of(first) if partial else LATER
    asked = ReportRequest(unit=unit, first=start, last=end, by=(by,), now=now)
    report = build(_over(ledger, zone), ledger.store, asked)
    shown = periods(Range(unit=unit, first=start, last=end), ZoneInfo(zone), now)
    windows = [Window(p.label, p.opens, p.closes, p.as_of) for p in shown]
    customers = payers(records, now)
    for window in windows:
        rows = [row for row in report.rows if row.period == window.label]
        totals = bridge(customers, window)
        blank = dict.fromkeys((*NAMES, *COUNTS), 0)
        assert figures(rows[0]) == totals.get(None, blank)
        parts = {row.segment[by]: figures(row) for row in rows[1:]}
        assert parts == dict(bridge(customers, window, by))
    assert dict(report.meta.coverage) == _shares(records, windows[-1], now)


def _over(ledger: Ledger, zone: str):
    return workspace(ledger.store.url, ledger.connector, zone=zone)


def _shares(records, window, now):
    found = coverage(records, window, now)
    whole = sum(found.values())
    return {g.value: ratio_string(found[g], whole) if whole else None for g in Evidence}
