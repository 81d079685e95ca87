"""What a year leaves, looked at day by day: memory, files, tables, runs."""

import gc
import resource
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

from daemons import Ran, clash
from sqlalchemy import text

from tenure.ledger.store import Store


@dataclass
class Seen:
    """What a day leaves: memory in KiB, open files, bytes of each table, runs that were begun."""

    memory: int
    files: int
    tables: dict[str, int]
    runs: list[Ran]


TABLES = {
    "sqlite": "SELECT m.tbl_name, sum(d.pgsize) FROM dbstat AS d"
    " JOIN sqlite_master AS m ON m.name = d.name GROUP BY 1",
    "postgresql": "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'"
    " AND relnamespace = 'public'::regnamespace UNION ALL SELECT '(catalog)',"
    " sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r'"
    " AND relnamespace = 'pg_catalog'::regnamespace",
}


def seen(store: Store, *, exactly: bool) -> Seen:
    if exactly:
        gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = len(list(Path("/proc/self/fd").iterdir()))
    day_ago = int((datetime.now(UTC) - timedelta(days=1)).timestamp() * 10**6)
    with store.read() as connection:
        kind = connection.dialect.name
        sizes = connection.execute(text(TABLES[kind])).all() if exactly else []
        ran = text(
            "SELECT job, started_at, ended_at FROM daemon_run"
            " WHERE started_at > :day AND ended_at IS NOT NULL"
        )
        runs = [tuple(row) for row in connection.execute(ran, {"day": day_ago})]
    memory = pages * resource.getpagesize() // 1024
    return Seen(memory, files, {str(name): int(size) for name, size in sizes}, runs)


def overlaps(days: list[Seen]) -> list[object]:
    """Runs that may not overlap and did: of each those are looked at that began just after it."""
    runs = sorted({run for day in days for run in day.runs}, key=lambda run: run[1:])
    near = [pair for n in range(len(runs)) for pair in combinations(runs[n : n + 5], 2)]
    return sorted({pair for pair in near if clash(*pair)})


def check_flat(days: list[Seen]) -> None:
    first, last = days[7 : len(days) // 4], days[-len(days) // 4 :]
    for which in ("memory", "files"):
        one, other = (sum(getattr(day, which) for day in d) / len(d) for d in (first, last))
        assert other < one * 1.1
