"""A Stripe account into the ledger, from a server on the loopback interface.

    read       every list, decoded: objects per second of one core
    slow       the same with 200 ms of latency and Stripe's own limits: objects per second
    sync       `tenure sync` into an empty ledger
    bare       the same pages decoded, and `executemany` of the very rows that the sync wrote
    orm        Stripe's SDK as it comes: `auto_paging_iter`, and an ORM object for each of the
               rows of customers, subscriptions, items and points; a fiftieth, counted fifty times
    idle       a sync with nothing new: requests
    changed    one subscription in a hundred has changed: requests

Every run is a process of its own, so that its peak memory is its own.
`python benchmarks/stripe_sync.py [--subscriptions N] [--invoices N]`
"""

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from stripe_objects import NOW, SPAN
from stripe_server import Account, serving

BATCH = 10_000
LIMIT = 100
SHARE = 50
KEY = "sk_live_ofTheBenchmark"
TABLES = (
    "customer", "customer_attribute", "subscription", "item", "point", "observation", "raw_object",
)  # fmt: skip
CONFIG = """
[tenure]
store = "sqlite:///ledger.db"

[connectors.billing]
use = "stripe"
api_key = "{key}"
api_base = "{url}"
requests_per_second = {rate}
"""

Measured = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=20_000)
    parser.add_argument("--invoices", type=int, default=1, help="of each subscription")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        name, url, folder = asked.run
        print(json.dumps(_measured(RUNS[name], url, Path(folder))))
        return
    account = Account(asked.subscriptions, asked.invoices)
    objects = asked.subscriptions * (2 + asked.invoices)
    with serving(account) as url, tempfile.TemporaryDirectory() as folder:
        _report(url, Path(folder), objects, asked.subscriptions)


def _report(url: str, folder: Path, objects: int, subscriptions: int) -> None:
    found = {}
    for name in RUNS:
        latency, changed = 0.2 * (name == "slow"), (name == "changed") * (subscriptions // 100)
        httpx.get(f"{url}/_told", params={"latency": latency, "changed": changed})
        found[name] = _child(name, url, folder) | httpx.get(f"{url}/_told").json()
    print(f"{subscriptions:,} subscriptions, {objects:,} objects")
    print(f"{'run':>8} {'seconds':>8} {'of a core':>9} {'peak MB':>8} {'requests':>8}")
    for name, run in found.items():
        print(
            f"{name:>8} {run['wall']:8.1f} {run['cpu']:9.1f} {run['peak']:8.0f} {run['asked']:8,}"
        )
    read, slow, sync = found["read"], found["slow"], found["sync"]
    print(f"read: {objects / read['cpu']:,.0f} objects/s of one core")
    print(
        f"slow: {objects / slow['wall']:,.0f} objects/s, at most {slow['most']} in flight and"
        f" {slow['busiest']} begun in one second of {LIMIT}"
    )
    print(
        f"sync: {found['bare']['cpu'] / sync['cpu']:.0%} of the bare speed,"
        f" {found['orm']['cpu'] / sync['cpu']:.1f}x the SDK with an ORM"
    )
    print(
        f"changed: {found['changed']['asked'] / sync['asked']:.2%} of the requests of a full sync;"
        f" idle: {found['idle']['asked']}"
    )


def _child(name: str, url: str, folder: Path) -> Measured:
    command = [sys.executable, __file__, "--run", name, url, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: Measured = json.loads(done.stdout.splitlines()[-1])
    return measured


class Watch:
    """Adds up the time spent within it, by the clock and of the processor."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> None:
        self.began = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self.began[0]
        self.cpu += time.process_time() - self.began[1]


def _measured(run: "Run", url: str, folder: Path) -> Measured:
    watch = Watch()  # what is imported first is no part of it
    factor = run(url, folder, watch) or 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": watch.wall * factor, "cpu": watch.cpu * factor, "peak": peak}


# --- runs


def _read(url: str, _folder: Path, watch: Watch, rate: float = 1000) -> None:
    from zoneinfo import ZoneInfo

    from tenure import Context
    from tenure.config import Entry
    from tenure.http import client_for
    from tenure_connectors.spool import Spool
    from tenure_connectors.stripe import account as lists
    from tenure_connectors.stripe.client import Api
    from tenure_connectors.stripe.connector import Stripe
    from tenure_connectors.stripe.options import StripeConfig

    config = StripeConfig(api_key=KEY, api_base=url, requests_per_second=rate)
    entry = Entry(name="billing", kind="connector", use="stripe", plugin=Stripe(config))
    with client_for(entry) as http:
        context = Context(
            name="billing", folder=Path(), timezone=ZoneInfo("UTC"), currency="USD", http=http
        )
        account = lists.Account(context, config, Api(context, config), Spool())
        wanted = (lists.SUBSCRIPTIONS, lists.CUSTOMERS, lists.INVOICES)
        with watch:
            assert sum(len(page.objects) for page in account.pages(*wanted))


def _slow(url: str, folder: Path, watch: Watch) -> None:
    _read(url, folder, watch, LIMIT)


def _sync(url: str, folder: Path, watch: Watch) -> None:
    assert _synced(url, folder, watch).exit_code == 0


def _changed(url: str, folder: Path, watch: Watch) -> None:
    assert _synced(url, folder, watch).counts.stored


def _synced(url: str, folder: Path, watch: Watch) -> Any:
    import stripe  # noqa: F401

    from tenure.config import load
    from tenure.ledger.store import Store
    from tenure.sync import SyncOptions, sync

    (folder / "plugins.toml").write_text(CONFIG.format(key=KEY, url=url, rate=1000))
    ready = load(folder / "plugins.toml")
    import tenure_connectors.stripe.pull  # noqa: F401

    store = Store.open(ready.store)
    with watch:
        (outcome,) = sync(ready, store, SyncOptions())
    return outcome


def _bare(url: str, folder: Path, watch: Watch) -> None:
    import msgspec

    from tenure.ledger.store import Store
    from tenure_connectors.stripe import shapes

    kinds: dict[str, Any] = {
        "customers": shapes.Customer,
        "subscriptions": shapes.Subscription,
        "invoices": shapes.Invoice,
    }
    with httpx.Client(base_url=url) as http, watch:
        for name, kind in kinds.items():
            decoder, asked = msgspec.json.Decoder(shapes.Page[kind]), {"limit": "100"}
            while True:
                page = decoder.decode(http.get(f"/v1/{name}", params=asked).content)
                if not page.has_more:
                    break
                asked["starting_after"] = page.data[-1].id
    path = folder / "bare.db"
    Store.open(f"sqlite:///{path}").engine.dispose()
    with sqlite3.connect(folder / "ledger.db") as source, sqlite3.connect(path) as target:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -32000"):
            target.execute(f"PRAGMA {pragma}")
        for table in TABLES:
            cursor = source.execute(f"SELECT * FROM {table}")
            while rows := cursor.fetchmany(BATCH):
                marks = ", ".join("?" * len(rows[0]))
                with watch:
                    target.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
                    target.commit()


def _orm(url: str, folder: Path, watch: Watch) -> float:
    import stripe
    from sqlmodel import Session, func, select

    from tenure.ledger import tables
    from tenure.ledger.store import Store

    services = stripe.StripeClient(KEY, base_addresses={"api": url}).v1
    for service in (services.customers, services.subscriptions, services.invoices):
        asked: Any = {"limit": 100, "created": {"gte": NOW - SPAN // SHARE}}
        assert next(iter(service.list({"limit": 1}).auto_paging_iter()))
        with watch:
            assert sum(1 for _ in service.list(asked).auto_paging_iter())
    source = Store.open(f"sqlite:///{folder / 'ledger.db'}").engine
    target = Store.open(f"sqlite:///{folder / 'orm.db'}").engine
    with Session(source) as old, Session(target) as new:
        for table in (tables.Customer, tables.Subscription, tables.Item, tables.Point):
            count = old.exec(select(func.count()).select_from(table)).one() // SHARE
            rows = [row.model_dump() for row in old.exec(select(table).limit(count)).all()]
            with watch:
                for row in rows:
                    new.add(table(**row))
                new.commit()
    return SHARE


Run = Callable[[str, Path, Watch], float | None]

RUNS: dict[str, Run] = {
    "read": _read,
    "slow": _slow,
    "sync": _sync,
    "bare": _bare,
    "orm": _orm,
    "idle": _sync,
    "changed": _changed,
}
if __name__ == "__main__":
    main()
