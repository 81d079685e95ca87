"""What each customer pays, month by month, into a warehouse, beside dlt loading the same rows.

    push     the sink: the rows from the ledger, their digests, the load
    again    the same with nothing new: nothing is written
    dlt      dlt alone, with the rows ready in memory and in the fastest way that it has

Every run is a process of its own. Ratios are of CPU seconds, which a busy machine disturbs least;
those of the database are not among them.
`python benchmarks/warehouse.py [--customers N] [--repeat R]`
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bridge import peak_mb
from reports import make

TESTS = Path(__file__).parents[1] / "tests"
LAKE = (
    '[sinks.lake]\nuse = "warehouse"\nurl = "{url}"\nreports = ["customer_mrr"]\nsince = "2021"\n'
)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A throw-away server, as the tests have one."""
    sys.path[:0] = [str(TESTS)]
    from conftest import Postgres, binaries, owner

    folder.mkdir()
    folder.chmod(0o755)
    if who := owner():
        shutil.chown(folder, who["user"], who["group"])
    server = Postgres(binaries(), folder)
    server.start()
    try:
        yield f"postgresql://postgres@127.0.0.1:{server.port}/postgres"
    finally:
        server.stop()


def run(folder: Path, what: str, url: str) -> None:
    """One load in this process: its rows, seconds and peak memory as JSON on stdout."""
    load = dlt_alone if what == "dlt" else push
    rows, begun, used = load(folder, url)
    taken = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - used}
    json.dump(taken | {"rows": rows, "peak": peak_mb()}, sys.stdout)


def push(folder: Path, _url: str) -> tuple[int, float, float]:
    """By the sink, as `tenure push` does."""
    from tenure.config import load
    from tenure.delivery import deliver
    from tenure.ledger.store import Store
    from tenure.metrics.run import ReportRequest, build

    workspace, store = load(folder / "ledger.toml"), Store.open(f"sqlite:///{folder}/ledger.db")
    report = build(workspace, store, ReportRequest())
    begun = time.perf_counter(), time.process_time()
    (done,) = deliver(workspace, store, report)
    assert done.error is None, done.error
    return int((done.changes[0].new or "0").replace(",", "")) if done.changes else 0, *begun


def dlt_alone(folder: Path, url: str) -> tuple[int, float, float]:
    """By dlt, of rows that are there already."""
    import pyarrow as pa

    from tenure.config import load
    from tenure.ledger.store import Store
    from tenure.metrics.run import ReportRequest
    from tenure.metrics.streams import Streams

    workspace, store = load(folder / "ledger.toml"), Store.open(f"sqlite:///{folder}/ledger.db")
    streams = Streams(workspace=workspace, store=store, request=ReportRequest(first="2021"))
    table = pa.Table.from_batches(streams.levels())
    begun = time.perf_counter(), time.process_time()
    import dlt

    name, _, path = url.partition(":///")
    place = (
        dlt.destinations.duckdb(str(folder / path))
        if name == "duckdb"
        else dlt.destinations.postgres(url.replace("postgres@", "postgres:-@"))
    )
    pipeline = dlt.pipeline(
        "alone", pipelines_dir=str(folder / f"dlt-{name}"), destination=place, dataset_name="alone"
    )
    rows = dlt.resource([table], name="customer_mrr", write_disposition="replace")
    pipeline.run(rows, loader_file_format="parquet").raise_on_failed_jobs()
    return table.num_rows, *begun


def measure(folder: Path, what: str, url: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--run", what, "--folder", str(folder), "--url", url]
    return dict(json.loads(subprocess.check_output(command)))


def compare(folder: Path, url: str, repeat: int) -> None:
    """Load into one kind of warehouse, each way."""
    config = folder / "ledger.toml"
    plain = config.read_text(encoding="utf-8")
    runs: dict[str, dict[str, Any]] = {}
    for number in range(repeat):
        # Another dataset each time: else there is nothing new.
        config.write_text(f'{plain}{LAKE.format(url=url)}dataset = "t{number}"\n', encoding="utf-8")
        for what in ("push", "again", "dlt"):
            found = measure(folder, what, url)
            runs[what] = min(found, runs.get(what, found), key=lambda one: one["cpu"])
    config.write_text(plain, encoding="utf-8")
    print(f"\n{url.partition(':')[0]}: {runs['dlt']['rows']:,} rows")
    print(f"{'':8}{'seconds':>9}{'CPU s':>9}{'x dlt':>8}{'peak MB':>9}")
    for what, one in runs.items():
        ratio = one["cpu"] / runs["dlt"]["cpu"]
        print(f"{what:8}{one['seconds']:9.2f}{one['cpu']:9.2f}{ratio:8.2f}{one['peak']:9.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=18_500)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        run(asked.folder, asked.run, asked.url)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        make(folder / "ledger.db", asked.customers)
        compare(folder, "duckdb:///lake.duckdb", asked.repeat)
        with postgres(folder / "server") as url:
            compare(folder, url, asked.repeat)


if __name__ == "__main__":
    main()
