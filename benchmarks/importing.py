"""A large CSV into the ledger: against a bare `executemany` of the same rows, and once more.

    import      `tenure sync` of the file into an empty ledger
    bare        sqlite3 `executemany` of the very rows that the import wrote, into the same tables
    unchanged   the same file again: known by its content
    compared    the same file with one row changed: everything is read and compared

Every run is a process of its own, so that its peak memory is its own.
`python benchmarks/importing.py [--rows N …]`
"""

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

BATCH = 10_000
TABLES = ("customer", "customer_attribute", "subscription", "item", "point", "raw_object")
CONFIG = """
[tenure]
store = "sqlite:///ledger.db"

[connectors.history]
use = "file"
path = "subscriptions.csv"
attributes = ["country"]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        _measure(*asked.run)
        return
    print(f"{'rows':>9} {'run':>10} {'seconds':>8} {'rows/s':>8} {'peak MB':>8}")
    for rows in asked.rows:
        with tempfile.TemporaryDirectory() as folder:
            _compare(rows, Path(folder))


def _compare(rows: int, folder: Path) -> None:
    (folder / "plugins.toml").write_text(CONFIG)
    _write_csv(folder / "subscriptions.csv", rows)
    found = {name: _child(name, folder) for name in ("import", "bare", "unchanged")}
    _change_one_row(folder / "subscriptions.csv")
    found["compared"] = _child("compared", folder)
    for name, (seconds, peak) in found.items():
        print(f"{rows:>9,} {name:>10} {seconds:8.1f} {rows / seconds:8,.0f} {peak:8,.0f}")
    first, bare = found["import"][0], found["bare"][0]
    print(
        f"{'':9} import at {bare / first:.0%} of the bare speed; unchanged"
        f" {first / found['unchanged'][0]:.1f}x, compared {first / found['compared'][0]:.1f}x"
        " as fast as the import"
    )


def _child(name: str, folder: Path) -> tuple[float, float]:
    command = [sys.executable, __file__, "--run", name, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak


def _measure(name: str, folder: str) -> None:
    started = time.perf_counter()
    seconds = _bare(Path(folder)) if name == "bare" else _sync(Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds or time.perf_counter() - started, peak]))


def _sync(folder: Path) -> None:
    from tenure.config import load
    from tenure.ledger.store import Store
    from tenure.sync import SyncOptions, sync

    ready = load(folder / "plugins.toml")
    (outcome,) = sync(ready, Store.open(ready.store), SyncOptions())
    assert outcome.exit_code == 0, outcome


def _bare(folder: Path) -> float:
    from tenure.ledger.store import Store

    path = folder / "bare.db"
    Store.open(f"sqlite:///{path}").engine.dispose()
    total = 0.0
    with sqlite3.connect(folder / "ledger.db") as source, sqlite3.connect(path) as target:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -32000"):
            target.execute(f"PRAGMA {pragma}")
        for table in TABLES:
            for rows in _batches(source, table):
                marks = ", ".join("?" * len(rows[0]))
                started = time.perf_counter()
                target.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
                target.commit()
                total += time.perf_counter() - started
    return total


def _batches(source: sqlite3.Connection, table: str) -> Iterator[list[tuple[object, ...]]]:
    cursor = source.execute(f"SELECT * FROM {table}")
    while rows := cursor.fetchmany(BATCH):
        yield rows


def _write_csv(path: Path, rows: int) -> None:
    with path.open("w") as out:
        out.write("customer,plan,start,end,mrr,currency,country\n")
        for n in range(rows):
            start = f"{2023 + n % 2}-{1 + n % 12:02}-{1 + n % 28:02}"
            end = f"2025-{1 + n % 12:02}-15" if n % 3 == 0 else ""
            country = "DE" if n % 7 else "US"
            out.write(f"c{n // 2},plan{n % 5},{start},{end},{20 + n % 900}.50,USD,{country}\n")


def _change_one_row(path: Path) -> None:
    text = path.read_text()
    path.write_text(text[:-1].rpartition("\n")[0] + "\nc0,plan9,2024-05-05,,12.50,USD,DE\n")


if __name__ == "__main__":
    main()
