"""Reports over a ledger of the program's own, from the store to the figures.

    bare       the monthly bridge, 36 months
    whole      the bridge, trailing twelve months, four segments and the cohorts in one report
    explain    one month down to its customers
    again      the bare bridge, asked for the second time: from figures that were kept
    fresh      the same after 10,000 new points
    first      the bare bridge without a copy in columns: what `fresh` saves

Every run is a process of its own, so that its peak memory is its own. Ratios are of CPU seconds,
which a busy machine disturbs least.
`python benchmarks/reports.py [--customers N …] [--repeat R]`
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bridge import BOUNDS, DATA, peak_mb

STAMP = 1_735_689_600_000_000
NEW = 10_000
KEPT = ("again", "fresh")
SEGMENTS = ("plan", "owner", "country", "acv_band")

BEGINNING = -62_135_596_800_000_000
MADE = {
    "connector_state": """
        SELECT 1 AS id, 'billing' AS name, 'file' AS plugin, 0 AS held_retractions,
            {stamp} AS watermark, {stamp} AS last_sync_at, {stamp} AS last_complete_at""",
    "customer": """
        SELECT c + 1 AS id, 1 AS connector_id, 'cus_' || c AS external_id, {stamp} AS recorded_at
        FROM range({customers}) AS r(c)""",
    "subscription": """
        SELECT c + 1 AS id, c + 1 AS customer_id, 'sub_' || c AS external_id,
            {stamp} AS recorded_at
        FROM range({customers}) AS r(c)""",
    "item": """
        SELECT DISTINCT item_id AS id, customer_id + 1 AS subscription_id,
            customer_id + 1 AS customer_id, 'si_' || item_id AS external_id, 'licensed' AS kind,
            {stamp} AS recorded_at
        FROM point ORDER BY 1""",
    # One customer in five changes its plan at each of its changes.
    "point": """
        SELECT row_number() OVER () AS id, item_id, customer_id + 1 AS customer_id, effective_at,
            amount, discount, discount_once, 1000000 AS quantity, interval, interval_count,
            'USD' AS currency, 'product ' || (item_id % 4) AS product,
            'plan ' || (hash(item_id, CASE WHEN customer_id % 5 = 0 THEN effective_at ELSE 0 END)
                % 12) AS plan,
            state, effective_at AS state_since, 'observed' AS evidence,
            'file.csv:' || row_number() OVER () AS source_ref, {stamp} AS recorded_at
        FROM point""",
    # Every owner changes once.
    "customer_attribute": """
        SELECT row_number() OVER () AS id, c + 1 AS customer_id, name, value, valid_from,
            'observed' AS evidence, {stamp} AS recorded_at
        FROM (
            SELECT c, 'name' AS name, 'Customer ' || c AS value, {beginning} AS valid_from
            FROM range({customers}) AS r(c)
            UNION ALL
            SELECT c, 'country', 'C' || (hash(c) % 40), {beginning} FROM range({customers}) AS r(c)
            UNION ALL
            SELECT c, 'owner', 'owner ' || (hash(c, k) % 60), CASE k WHEN 0 THEN {beginning}
                ELSE {start} + (hash(c * 3 + k) % 1000)::BIGINT * 86400000000 END
            FROM range({customers}) AS r(c), range(2) AS s(k)
        )""",
}
ADDED = """
    SELECT {last} + c + 1 AS id, 2 * c AS item_id, c + 1 AS customer_id,
        {start} + 900 * 86400000000 AS effective_at, 77000000 AS amount, 0 AS discount,
        0 AS discount_once, 1000000 AS quantity, 'month' AS interval, 1 AS interval_count,
        'USD' AS currency, 'product 9' AS product, 'plan 9' AS plan, 'active' AS state,
        {start} + 900 * 86400000000 AS state_since, 'observed' AS evidence, 'new' AS source_ref,
        {stamp} + 1 AS recorded_at
    FROM range({new}) AS r(c)"""


def ledger(path: Path) -> Any:
    """A cursor that takes whole tables into a ledger."""
    from adbc_driver_sqlite import dbapi

    return dbapi.connect(str(path))


def make(path: Path, customers: int) -> None:
    """A ledger in SQLite, and the plugins.toml that reads it."""
    import duckdb

    from tenure.ledger.store import Store

    Store.open(f"sqlite:///{path}").engine.dispose()
    names = {"stamp": STAMP, "customers": customers, "start": BOUNDS[0], "beginning": BEGINNING}
    with duckdb.connect() as duck, ledger(path) as into, into.cursor() as cursor:
        duck.execute(DATA.format(customers=customers, start=BOUNDS[0]))
        for name, query in MADE.items():
            cursor.adbc_ingest(name, duck.sql(query.format(**names)), mode="append")
        cursor.execute(f"UPDATE ledger_clock SET last_stamp = {STAMP}")
        into.commit()
    toml = f'[tenure]\nstore = "sqlite:///{path}"\n[connectors.billing]\nuse = "file"\npath = "x"\n'
    path.with_suffix(".toml").write_text(toml, encoding="utf-8")


def add(path: Path) -> None:
    """10,000 new points, at a stamp of their own."""
    import duckdb

    with duckdb.connect() as duck, ledger(path) as into, into.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM point")
        stream = cursor.fetch_arrow()  # noqa: F841 - DuckDB finds it by its name
        last = duck.execute("SELECT * FROM stream").fetchall()[0][0]
        query = ADDED.format(last=last, start=BOUNDS[0], stamp=STAMP, new=NEW)
        cursor.adbc_ingest("point", duck.sql(query), mode="append")
        cursor.execute(f"UPDATE ledger_clock SET last_stamp = {STAMP + 1}")
        into.commit()


def ask(path: Path, what: str) -> None:
    """One report in this process: its seconds and peak memory as JSON on stdout."""
    from tenure.config import load
    from tenure.explanation import Metric
    from tenure.ledger.store import Store
    from tenure.metrics import explain, page, run
    from tenure.periods import Unit

    workspace, store = load(path.with_suffix(".toml")), Store.open(f"sqlite:///{path}")
    if what not in KEPT:
        for figures in path.with_name(f"{path.name}.columns").glob("figures-*"):
            figures.unlink()
    months = run.ReportRequest(unit=Unit.MONTH, first="2021-01", last="2023-12")
    begun, used = time.perf_counter(), time.process_time()
    if what == "whole":
        page.build(workspace, store, replace(months, by=SEGMENTS))
    elif what == "explain":
        month = replace(months, first="2023-06", last="2023-06")
        explain.build(workspace, store, month, Metric.NRR)
    else:
        run.build(workspace, store, months)
    taken = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - used}
    json.dump(taken | {"peak": peak_mb()}, sys.stdout)


def measure(path: Path, what: str, repeat: int = 1) -> dict[str, float]:
    """The one of several runs that took the least CPU, each a fresh process."""
    command = [sys.executable, __file__, "--run", what, "--source", str(path)]
    runs = [json.loads(subprocess.check_output(command)) for _ in range(repeat)]
    return min(runs, key=lambda run: run["cpu"])


def compare(folder: Path, customers: int, repeat: int) -> dict[str, dict[str, float]]:
    """Measure every question over one size."""
    path = folder / f"{customers}.db"
    make(path, customers)
    found = {"first": measure(path, "first")}
    found |= {what: measure(path, what, repeat) for what in ("whole", "explain", "bare", "again")}
    add(path)
    found["fresh"] = measure(path, "fresh")
    shutil.rmtree(path.with_name(f"{path.name}.columns"), ignore_errors=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        ask(asked.source, asked.run)
        return
    with tempfile.TemporaryDirectory() as folder:
        for customers in asked.customers:
            found = compare(Path(folder), customers, asked.repeat)
            bare = found["bare"]["cpu"]
            print(f"\n{customers:,} customers, {5 * customers:,} points, 36 months")
            print(f"{'':10}{'seconds':>9}{'CPU s':>9}{'x bare':>8}{'peak MB':>9}")
            for what, run in found.items():
                times = f"{run['seconds']:9.2f}{run['cpu']:9.2f}{run['cpu'] / bare:8.2f}"
                print(f"{what:10}{times}{run['peak']:9.0f}")


if __name__ == "__main__":
    main()
