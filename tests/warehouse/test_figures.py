"""What lands in a warehouse is what `tenure report` says, to the last millionth, wherever it is."""

from collections import defaultdict
from decimal import Decimal

import pytest
from lakes import FIRST, SEGMENTS, Held, as_report, book_of, in_order, lake, pushed, ready

from tenure.metrics import cohorts, movements, run, standing
from tenure.metrics.run import ReportRequest

PLACES = {
    "duckdb": ("duckdb:///lake.duckdb", "parquet"),
    "parquet": ("filesystem:///lake", "parquet"),
    "delta": ("filesystem:///lake", "delta"),
}


@pytest.fixture(scope="module", params=["duckdb", "postgres", "parquet", "delta"])
def filled(request, postgres_server, tmp_path_factory):
    """A warehouse with everything in it, and the ledger that it is of."""
    folder = tmp_path_factory.mktemp(request.param)
    url, form = PLACES.get(request.param, ("", "parquet"))
    if not url:
        postgres_server.execute("CREATE DATABASE lake")
        url = f"postgresql://postgres@127.0.0.1:{postgres_server.port}/lake"
    book = book_of(f"sqlite:///{folder}/store.db")
    entry = lake(url, format=form, trailing=[12])
    assert pushed(book, folder, entry).error is None
    yield book, Held(folder, url, form), ready(book, folder, entry)
    book.store.engine.dispose()
    if request.param == "postgres":
        postgres_server.execute("DROP DATABASE lake WITH (FORCE)")


@pytest.mark.parametrize("months", [0, 12])
def test_retention_is_the_report(filled, months):
    book, held, where = filled
    asked = ReportRequest(first=FIRST, by=SEGMENTS, trailing=months or None)
    wanted = run.build(where, book.store, asked).as_json()["rows"]
    rows = [row for row in held.rows("retention") if row["trailing_months"] == months]
    assert as_report(rows) == in_order(wanted)


def test_movements_are_the_log(filled):
    book, held, where = filled
    log = movements.build(where, book.store, ReportRequest(first=FIRST)).movements
    wanted = [
        (
            m["customer"],
            m["period"],
            m["at"],
            m["kind"],
            m["before"],
            m["after"],
            " ".join(m["reasons"]),
        )
        for m in (movement.as_json() for movement in log)
    ]
    names = ("customer_id", "period", "moved_at", "kind", "mrr_before", "mrr_after", "reasons")
    found = [tuple(row[name] for name in names) for row in held.rows("movements")]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("attribute", [None, *SEGMENTS])
def test_customer_mrr_adds_up_to_the_report(filled, attribute):
    book, held, where = filled
    by = (attribute,) if attribute else ()
    report = run.build(where, book.store, ReportRequest(first=FIRST, by=by))
    wanted = {
        (row.period, *(row.segment or {"": None}).values()): (row.start_mrr, row.end_mrr, row.nrr)
        for row in report.rows
        if bool(row.segment) == bool(attribute)
    }
    sums = defaultdict(lambda: [0, 0, 0])
    for row in held.rows("customer_mrr"):
        start, end, kept = (micro(row[n]) for n in ("start_mrr", "end_mrr", "end_mrr_constant"))
        line = sums[row["period"], row[f"segment_{attribute}"] if attribute else None]
        for number, amount in enumerate((start, end, kept if start else 0)):
            line[number] += amount
    assert {key: (s, e, (k, s)) for key, (s, e, k) in sums.items()} == wanted


def test_cohorts_are_those_of_the_report(filled):
    book, held, where = filled
    found = cohorts.build(where, book.store, ReportRequest(first=FIRST)).as_json()["rows"]
    wanted = {
        (row["cohort"], age["age"]): (age["revenue"], age["logos"], age["revenue_retention"])
        for row in found
        for age in row["ages"]
    }
    rows = held.rows("cohorts")
    assert wanted == {
        (row["cohort"], row["age"]): (row["revenue"], row["logos"], row["revenue_retention"])
        for row in rows
    }


def test_customers_stand_as_they_stand(filled):
    book, held, where = filled
    asked = ReportRequest(known_at=book.store.known_at())
    found = standing.build(where, book.store, asked, SEGMENTS)
    wanted = {one.key: (one.id, one.name, one.mrr, one.attributes["owner"]) for one in found}
    assert wanted == {
        row["customer_key"]: (
            row["customer_id"], row["name"], micro(row["mrr"]), row["attribute_owner"]
        )
        for row in held.rows("customers")
    }  # fmt: skip


def test_points_are_the_ledger(filled):
    book, held, _ = filled
    query = "SELECT id, amount, quantity, state, source_ref FROM point ORDER BY id"
    rows = sorted(held.rows("points"), key=lambda row: row["point_id"])
    assert [
        (r["point_id"], micro(r["amount"]), micro(r["quantity"]), r["state"], r["source_ref"])
        for r in rows
    ] == book.ledger.rows(query)


def micro(text: str) -> int:
    return int(Decimal(text).scaleb(6))
