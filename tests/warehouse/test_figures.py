"""What lands in a warehouse is what `tenure report` says, to the last millionth, wherever it is."""

import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from jinja2 import Template
from lakes import FIRST, SEGMENTS, Held, as_report, book_of, grow, in_order, lake, pushed, ready

from tenure.metrics import cohorts, movements, run, standing
from tenure.metrics.run import ReportRequest
from tenure_sinks.warehouse.tables import REPORTS

PROJECT = Path(__file__).parents[2] / "examples/dbt"
SOAK = bool(os.environ.get("TENURE_SOAK"))
PLACES = {
    "duckdb": ("duckdb:///lake.duckdb", "parquet"),
    "postgres": ("", "parquet"),
    "parquet": ("filesystem:///lake", "parquet"),
    "delta": ("filesystem:///lake", "delta"),
}


@pytest.mark.parametrize("place", sorted(PLACES))
def test_what_lands_is_what_tenure_says(place, request, tmp_path):
    url, form = PLACES[place]
    if not url:
        url = request.getfixturevalue("postgres_database").replace("+psycopg", "")
    book = book_of(f"sqlite:///{tmp_path}/store.db")
    tables = tuple(REPORTS) if SOAK or place == "duckdb" else ("retention", "customer_mrr")
    months = [12] if len(tables) > 2 else []
    entry = lake(url, format=form, trailing=months, reports=tables)
    assert pushed(book, tmp_path, entry).error is None
    if place == "postgres":  # which takes parts
        grow(book)
        assert pushed(book, tmp_path, entry).error is None
    held, where = Held(tmp_path, url, form), ready(book, tmp_path, entry)
    assert {row["trailing_months"] for row in held.rows("retention")} == {0, *months}
    for table in tables:
        CHECKS[table](book, held, where)
    book.store.engine.dispose()
    if place == "duckdb":
        assert dbt(tmp_path / "lake.duckdb") == {
            "bridge_is_the_report": 0,
            "points_are_the_levels": 0,
        }
        held.do(
            "UPDATE tenure.customer_mrr SET end_mrr = end_mrr + 0.000001 WHERE period = '2026-02'"
        )
        assert min(dbt(tmp_path / "lake.duckdb").values()) > 0


def dbt(path: Path) -> dict[str, int]:
    """How many rows fail each test of the example project, run as dbt would."""
    choices = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]

    def sql(file: Path) -> str:
        return Template(file.read_text()).render(
            var=lambda name, default=None: choices.get(name, default),
            source=lambda _source, table: f"{choices['schema']}.{table}",
            ref=lambda name: f"marts.{name}",
        )

    with duckdb.connect(str(path)) as duck:
        duck.execute("CREATE SCHEMA IF NOT EXISTS marts")
        for file in (PROJECT / "models").glob("*.sql"):
            duck.execute(f"CREATE OR REPLACE VIEW marts.{file.stem} AS {sql(file)}")
        tests = sorted((PROJECT / "tests").glob("*.sql"))
        return {file.stem: len(duck.execute(sql(file)).fetchall()) for file in tests}


def retention_is_the_report(book, held, where):
    for months in sorted({row["trailing_months"] for row in held.rows("retention")}):
        asked = ReportRequest(first=FIRST, by=SEGMENTS, trailing=months or None)
        wanted = run.build(where, book.store, asked).as_json()["rows"]
        rows = [row for row in held.rows("retention") if row["trailing_months"] == months]
        assert as_report(rows) == in_order(wanted)


def movements_are_the_log(book, held, where):
    log = movements.build(where, book.store, ReportRequest(first=FIRST)).movements
    keys = ("customer", "period", "at", "kind", "before", "after")
    wanted = [
        (*(m[key] for key in keys), " ".join(m["reasons"]))
        for m in (movement.as_json() for movement in log)
    ]
    names = ("customer_id", "period", "moved_at", "kind", "mrr_before", "mrr_after", "reasons")
    found = [tuple(row[name] for name in names) for row in held.rows("movements")]
    assert sorted(found) == sorted(wanted)


def customer_mrr_adds_up(book, held, where):
    """In total and by each segment: what is paid at both ends, and NRR."""
    report = run.build(where, book.store, ReportRequest(first=FIRST, by=SEGMENTS))
    wanted = {
        (row.period, *next(iter((row.segment or {"": ""}).items()))): (
            row.start_mrr, row.end_mrr, row.nrr,
        )
        for row in report.rows
    }  # fmt: skip
    sums = defaultdict(lambda: [0, 0, 0])
    for row in held.rows("customer_mrr"):
        start, end, kept = (micro(row[n]) for n in ("start_mrr", "end_mrr", "end_mrr_constant"))
        for name, value in (("", ""), *((each, row[f"segment_{each}"]) for each in SEGMENTS)):
            line = sums[row["period"], name, value]
            line[:] = line[0] + start, line[1] + end, line[2] + (kept if start else 0)
    assert {key: (start, end, (kept, start)) for key, (start, end, kept) in sums.items()} == wanted


def cohorts_are_those_of_the_report(book, held, where):
    found = cohorts.build(where, book.store, ReportRequest(first=FIRST)).as_json()["rows"]
    names = ("age", "revenue", "logos", "revenue_retention")
    wanted = [(one["cohort"], *(age[n] for n in names)) for one in found for age in one["ages"]]
    rows = [(row["cohort"], *(row[name] for name in names)) for row in held.rows("cohorts")]
    assert sorted(rows) == sorted(wanted)


def customers_stand_as_they_stand(book, held, where):
    asked = ReportRequest(known_at=book.store.known_at())
    found = standing.build(where, book.store, asked, SEGMENTS)
    wanted = {one.key: (one.id, one.name, one.mrr, one.attributes["owner"]) for one in found}
    assert wanted == {
        row["customer_key"]: (
            row["customer_id"], row["name"], micro(row["mrr"]), row["attribute_owner"]
        )
        for row in held.rows("customers")
    }  # fmt: skip


def points_are_the_ledger(book, held, _where):
    query = "SELECT id, amount, quantity, state, source_ref FROM point ORDER BY id"
    rows = sorted(held.rows("points"), key=lambda row: row["point_id"])
    assert [
        (r["point_id"], micro(r["amount"]), micro(r["quantity"]), r["state"], r["source_ref"])
        for r in rows
    ] == book.ledger.rows(query)


CHECKS = {
    "retention": retention_is_the_report,
    "movements": movements_are_the_log,
    "customer_mrr": customer_mrr_adds_up,
    "cohorts": cohorts_are_those_of_the_report,
    "customers": customers_stand_as_they_stand,
    "points": points_are_the_ledger,
}


def micro(text: str) -> int:
    return int(Decimal(text).scaleb(6))
