"""The monthly bridge, 36 months and five changes per customer: event SQL against the usual ways.

    events     ours: work grows with the changes
    spine      customer x month with a lag window, on DuckDB: what analytics engineers write
    floor      DuckDB reads the same columns and groups them once: no query can do less
    postgres   the spine on PostgreSQL           (100,000 customers only)
    orm        a loop over ORM rows with Decimal (100,000 customers only)

Every run is a process of its own, so that its peak memory is its own; all must give the same
figures. `python benchmarks/bridge.py [--customers N …] [--repeat R]`
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

THREADS = 2
MEMORY_LIMIT = "6GB"
SMALL = 100_000
MONTHS = [datetime(2021 + n // 12, n % 12 + 1, 1, tzinfo=UTC) for n in range(37)]
BOUNDS = [int(month.timestamp()) * 10**6 for month in MONTHS]
MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")
Figures = list[list[int]]
"""A line per month: its number, start, the movements, end."""

# Levels hold for 32 days or more, so that a look at month ends misses none of them.
DATA = """
CREATE TABLE point AS
WITH change AS (
    SELECT c, k,
        sum(CASE k WHEN 0 THEN (hash(c) % 500)::BIGINT - 30
            ELSE 32 + (hash(c * 7 + k) % 170)::BIGINT END) OVER (PARTITION BY c ORDER BY k) AS day,
        CASE WHEN c % 3 = 0 AND k = 2 OR c % 5 = 0 AND k = 4 THEN 'ended' ELSE 'active' END AS state
    FROM range({customers}) AS customer(c), range(5) AS number(k)
)
SELECT c AS customer_id, 2 * c + CASE WHEN c % 4 = 1 AND k > 2 THEN 1 ELSE 0 END AS item_id,
    {start} + (day * 86400 + (hash(c * 13 + k) % 86400)::BIGINT)::BIGINT * 1000000 AS effective_at,
    CASE state WHEN 'ended' THEN 0 ELSE (100 + hash(c * 17 + k) % 100000)::BIGINT * 10000 END
        AS amount,
    0::BIGINT AS discount, 0::BIGINT AS discount_once,
    CASE c % 3 WHEN 2 THEN 'year' ELSE 'month' END AS interval, 1::BIGINT AS interval_count,
    state, NULL::BIGINT AS ends_at
FROM change
ORDER BY customer_id, item_id, effective_at
"""

# As people write it: valid-from/valid-to rows, every customer in every month, then lag.
SPINE = """
WITH item_period AS (
    SELECT customer_id, item_id, {level} AS mrr, effective_at AS valid_from,
        lead(effective_at) OVER (PARTITION BY item_id ORDER BY effective_at) AS valid_to
    FROM point
),
customer AS (SELECT DISTINCT customer_id FROM point),
spine AS (SELECT customer_id, month, cut FROM customer CROSS JOIN month),
customer_month AS (
    SELECT s.customer_id, s.month, coalesce(sum(i.mrr), 0) AS mrr
    FROM spine AS s
    LEFT JOIN item_period AS i
        ON i.customer_id = s.customer_id
       AND i.valid_from < s.cut AND (i.valid_to IS NULL OR i.valid_to >= s.cut)
    GROUP BY s.customer_id, s.month
),
lagged AS (
    SELECT month, mrr, lag(mrr) OVER w AS before,
        max(mrr) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS most
    FROM customer_month
    WINDOW w AS (PARTITION BY customer_id ORDER BY month)
)
SELECT month, sum(before),
    sum(CASE WHEN before = 0 AND mrr > 0 AND most = 0 THEN mrr ELSE 0 END),
    sum(CASE WHEN before = 0 AND mrr > 0 AND most > 0 THEN mrr ELSE 0 END),
    sum(CASE WHEN before > 0 AND mrr > before THEN mrr - before ELSE 0 END),
    sum(CASE WHEN mrr > 0 AND mrr < before THEN before - mrr ELSE 0 END),
    sum(CASE WHEN before > 0 AND mrr = 0 THEN before ELSE 0 END),
    sum(mrr)
FROM lagged
WHERE month > 0
GROUP BY month
ORDER BY month
"""

FLOOR = """
CREATE TEMP TABLE read_once AS
SELECT customer_id, sum(amount), max(item_id), max(effective_at), max(discount),
    max(interval), max(interval_count), max(state)
FROM point
GROUP BY customer_id
"""

_COLUMNS = (
    "customer_id, item_id, effective_at, amount, discount, discount_once, interval,"
    " interval_count, state"
)


def duck(data: Path) -> Any:
    """A connection that reads the made-up points; every DuckDB contender gets the same means."""
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY_LIMIT})
    connection.execute(f"SET temp_directory = '{data.parent / 'spill'}'")
    connection.execute(f"ATTACH '{data}' AS made (READ_ONLY)")
    connection.execute(
        "CREATE VIEW point AS SELECT *, 'USD' AS currency, '' AS plan, '' AS product, '' AS source"
        " FROM made.point"
    )
    return connection


def events(data: Path) -> Figures:
    """The files of `tenure.metrics`, in the order of a report."""
    from tenure.metrics.figures import carried
    from tenure.metrics.frame import _sql, decision_tree

    names = {
        "level": level(),
        "money": "BIGINT",  # as the program finds, since all levels stay far below 63 bits
        "tolerance": 24 * 3_600_000_000,
        "cell_of": decision_tree(BOUNDS),
        "end_cell": len(BOUNDS) + 1,
        "horizon": BOUNDS[-1],
        "end": len(BOUNDS),
        "kind": "VIEW",
        "changes": "VIEW",
        "states": "changed_state",
        "group": "NULL",
    }
    connection = duck(data)
    ours = {"points": "point", "of": ""}
    gaps = {"points": "gap_point", "of": "gap_"}
    for script, of in [("macros", {}), ("gaps", {}), ("steps", ours), ("steps", gaps)]:
        connection.execute(_sql(script).substitute(names, **of))
    for script in ("cells", "adjacent", "home", "bridge"):
        found = connection.execute(_sql(script).substitute(names))
    (total,) = carried(found.fetchall(), len(BOUNDS) - 1).values()
    wanted = ("start_mrr", *MOVEMENTS, "end_mrr")
    return [[n, *(getattr(one, name) for name in wanted)] for n, one in enumerate(total, 1)]


def level() -> str:
    """The level of a point under the default policy, in SQL."""
    from tenure.metrics.policy import Policy, level_sql

    return level_sql(Policy())


def spine(data: Path) -> Figures:
    """The spine on DuckDB."""
    from tenure.metrics.frame import MONEY, _sql

    connection = duck(data)
    connection.execute(_sql("macros").substitute(money=MONEY))
    connection.execute(f"CREATE TEMP TABLE month AS {month_rows()}")
    return integers(connection.execute(SPINE.format(level=level())).fetchall())


def month_rows() -> str:
    """The cuts just before which a month is judged; number 0 opens the first."""
    rows = ", ".join(f"({number}, {cut})" for number, cut in enumerate(BOUNDS))
    return f"SELECT * FROM (VALUES {rows}) AS m(month, cut)"


def integers(rows: list[tuple[Any, ...]]) -> Figures:
    return [[int(value) for value in row] for row in rows]


def floor(data: Path) -> Figures:
    """Read and group once; it has no figures to compare."""
    duck(data).execute(FLOOR)
    return []


def postgres(url: str) -> Figures:
    """The spine on PostgreSQL, whose rounding division is its own."""
    import psycopg

    level = (
        "CASE WHEN state <> 'active' THEN 0 WHEN interval = 'month' THEN amount"
        " ELSE amount / 12 + CASE WHEN 2 * (amount % 12) > 12 OR 2 * (amount % 12) = 12"
        " AND amount / 12 % 2 = 1 THEN 1 ELSE 0 END END"
    )
    with psycopg.connect(url) as connection:
        connection.execute("SET work_mem = '512MB'; SET jit = off")
        connection.execute(f"CREATE TEMP TABLE month AS {month_rows()}")
        return integers(connection.execute(SPINE.format(level=level)).fetchall())


def orm(url: str) -> Figures:
    """What an application does: rows of a model, a loop over months, Decimal."""
    from sqlmodel import Session, create_engine, select

    from tenure.ledger.tables import Point

    customers: dict[int, dict[int, list[Point]]] = defaultdict(lambda: defaultdict(list))
    with Session(create_engine(url)) as session:
        for point in session.exec(select(Point).order_by(Point.item_id, Point.effective_at)):
            customers[point.customer_id][point.item_id].append(point)
        lines = [[number, *([Decimal(0)] * 7)] for number in range(len(MONTHS))]
        for items in customers.values():
            classify(list(items.values()), lines)
    return [[int(value) for value in line] for line in lines[1:]]


def classify(items: list[list[Any]], lines: list[list[Any]]) -> None:
    """Add one customer's months to the lines."""
    opening, most = Decimal(0), Decimal(0)
    for number, cut in enumerate(MONTHS):
        closing = sum((decimal_level(item, cut) for item in items), Decimal(0))
        line = lines[number]
        line[1] += opening
        line[7] += closing
        if opening != closing:
            line[2 + movement(opening, closing, most)] += abs(closing - opening)
        opening, most = closing, max(most, closing)


def movement(opening: Decimal, closing: Decimal, most: Decimal) -> int:
    """Which of MOVEMENTS it is."""
    if not opening:
        return 1 if most else 0
    if not closing:
        return 4
    return 2 if closing > opening else 3


def decimal_level(item: list[Any], cut: datetime) -> Decimal:
    """What an item bills a month just before the cut, in micro-units."""
    before = [point for point in item if point.effective_at < cut]
    if not before or before[-1].state != "active":
        return Decimal(0)
    amount = Decimal(before[-1].amount)
    months = 12 if before[-1].interval == "year" else 1
    return (amount / months).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)


IMPORTS = {
    "events": ("duckdb", "tenure.metrics.frame"),
    "spine": ("duckdb", "tenure.metrics.frame"),
    "floor": ("duckdb", "tenure.metrics.frame"),
    "postgres": ("psycopg",),
    "orm": ("sqlmodel", "tenure.ledger.tables"),
}
CONTENDERS: dict[str, Callable[[Any], Figures]] = {
    "events": events,
    "spine": spine,
    "floor": floor,
    "postgres": postgres,
    "orm": orm,
}


def run_one(name: str, source: str) -> None:
    """One contender in this process: its figures, seconds and peak memory as JSON on stdout."""
    for module in IMPORTS[name]:  # is not what is measured
        import_module(module)
    argument = source if name in {"postgres", "orm"} else Path(source)
    begun = time.perf_counter()
    figures = CONTENDERS[name](argument)
    seconds = time.perf_counter() - begun
    json.dump({"seconds": seconds, "peak": peak_mb(), "figures": figures}, sys.stdout)


def peak_mb() -> float:
    """This process's peak memory. Not `ru_maxrss`: that begins with what the parent had."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(name: str, source: str, repeat: int) -> dict[str, Any]:
    """The fastest of several runs, each a fresh process."""
    command = [sys.executable, __file__, "--run", name, "--source", source]
    runs = [json.loads(subprocess.check_output(command)) for _ in range(repeat)]
    return min(runs, key=lambda run: run["seconds"])


def make_data(folder: Path, customers: int) -> Path:
    """Points in a DuckDB file."""
    import duckdb

    path = folder / f"{customers}.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(DATA.format(customers=customers, start=BOUNDS[0]))
    return path


def make_ledger(data: Path) -> str:
    """The same points as rows of the ledger's own table, in SQLite."""
    from tenure.ledger.store import Store
    from tenure.ledger.tables import Point, from_micros, table

    url = f"sqlite:///{data.with_suffix('.db')}"
    store = Store.open(url)
    constant = {
        "quantity": 10**6, "currency": "USD", "state_since": from_micros(0), "evidence": "observed",
        "source_ref": "made", "recorded_at": from_micros(0),
    }  # fmt: skip
    names = _COLUMNS.replace(" ", "").split(",")
    rows = duck(data).execute(f"SELECT {_COLUMNS} FROM point").fetchall()
    made = [dict(zip(names, row, strict=True)) | constant for row in rows]
    for row in made:
        row["effective_at"] = from_micros(row["effective_at"])
    with store.engine.begin() as connection:
        connection.execute(table(Point).insert(), made)
    store.engine.dispose()
    return url


@contextmanager
def postgres_with(data: Path) -> Iterator[str]:
    """The same points in a throw-away PostgreSQL: the one that the tests start."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    import psycopg

    from conftest import Postgres, binaries, owner

    with tempfile.TemporaryDirectory(prefix="tenure-pg-") as name:
        folder = Path(name)
        if who := owner():
            import shutil

            shutil.chown(folder, who["user"], who["group"])
        server = Postgres(binaries(), folder)
        server.start()
        try:
            url = f"postgresql://postgres@127.0.0.1:{server.port}/postgres"
            with psycopg.connect(url) as connection:
                copy(connection, data)
            yield url
        finally:
            server.stop()


def copy(connection: Any, data: Path) -> None:
    connection.execute(
        "CREATE TABLE point (customer_id bigint, item_id bigint, effective_at bigint,"
        " amount bigint, discount bigint, discount_once bigint, interval text,"
        " interval_count bigint, state text)"
    )
    rows = duck(data).execute(f"SELECT {_COLUMNS} FROM point").fetchall()
    with connection.cursor().copy(f"COPY point ({_COLUMNS}) FROM STDIN") as into:
        for row in rows:
            into.write_row(row)
    connection.execute("CREATE INDEX ON point (customer_id); ANALYZE point")


def compare(folder: Path, customers: int, repeat: int) -> dict[str, dict[str, Any]]:
    """Measure every contender over one size; all figures must be the same."""
    data = make_data(folder, customers)
    found = {name: measure(name, str(data), repeat) for name in ("events", "spine", "floor")}
    if customers <= SMALL:
        with postgres_with(data) as url:
            found["postgres"] = measure("postgres", url, 1)
        found["orm"] = measure("orm", make_ledger(data), 1)
    for name, run in found.items():
        if name != "floor" and run["figures"] != found["events"]["figures"]:
            sys.exit(f"{name} gives other figures than events, with {customers:,} customers")
    return found


def show(customers: int, found: dict[str, dict[str, Any]]) -> None:
    """A line per contender, with what it takes over what ours takes."""
    ours = found["events"]
    print(f"\n{customers:,} customers, {5 * customers:,} points, 36 months: the same figures")
    print(f"{'':10}{'seconds':>9}{'x ours':>8}{'peak MB':>9}{'x ours':>8}")
    for name, run in found.items():
        times, memory = run["seconds"] / ours["seconds"], run["peak"] / ours["peak"]
        # The server works in processes of its own: the client's memory says nothing of it.
        peak = f"{'':17}" if name == "postgres" else f"{run['peak']:9.0f}{memory:8.2f}"
        print(f"{name:10}{run['seconds']:9.2f}{times:8.2f}{peak}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, nargs="+", default=[SMALL, 10 * SMALL])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--source", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        run_one(asked.run, asked.source)
        return
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        for customers in asked.customers:
            found = compare(Path(folder), customers, asked.repeat)
            show(customers, found)
            seconds[customers] = found["events"]["seconds"]
    small, large = min(seconds), max(seconds)
    if small < large:
        print(f"\nfrom {small:,} to {large:,} customers: x {seconds[large] / seconds[small]:.1f}")


if __name__ == "__main__":
    main()
