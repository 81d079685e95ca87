"""A HubSpot portal read from a server on the loopback interface: companies, deals, line items.

    read       the whole sweep, its records thrown away: objects per second of one core
    slow       the same with 200 ms of latency and HubSpot's own limit: requests per second of 19
    sync       `tenure sync` into an empty ledger
    idle       a sync with nothing new: requests

Every run is a process of its own, so that its peak memory is its own.
`python benchmarks/hubspot_sync.py [--companies N] [--lines N] [--runs read,sync,idle]`
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "pat-na1-ofTheBenchmark"  # noqa: S105 - of no portal
FIRST = 10**9
LIMIT = 19.0
START = datetime(2023, 1, 1, tzinfo=UTC)
STAGE = {"id": "won", "label": "Won", "metadata": {"isClosed": "true", "probability": "1.0"}}
SETTINGS = {
    "crm/v3/pipelines/deals": [{"id": "default", "label": "Sales", "stages": [STAGE]}],
    "crm/v3/properties/companies": [{"name": "industry", "type": "string"}],
}
CONFIG = """
[tenure]
store = "sqlite:///ledger.db"

[connectors.crm]
use = "hubspot"
token = "{token}"
api_base = "{url}"
requests_per_second = {rate}
attributes = {{ industry = "industry" }}
"""

Json = dict[str, Any]
Measured = dict[str, float]


class Portal:
    """A deal for each company, with `lines` line items; everything is made of its number."""

    def __init__(self, companies: int, lines: int) -> None:
        self.counts = {"companies": companies, "deals": companies, "line_items": companies * lines}
        self.lines = lines
        self.asked = 0
        self.latency = 0.0

    def answer(self, path: str, asked: dict[str, list[str]], body: Json) -> Json:
        match path.strip("/").split("/"):
            case ["crm", "v3", "objects", name]:
                return self.page(name, asked)
            case ["crm", "v3", "objects", name, "batch", "read"]:
                return {"results": [self.one(name, int(i["id"])) for i in body["inputs"]]}
            case ["crm", "v3", "objects", name, "search"]:
                changed = bool(body["filterGroups"])
                return {"total": 0 if changed else self.counts[name], "results": []}
            case ["crm", "v4", "associations", _, to, "batch", "read"]:
                return {"results": [self.links(int(one["id"]), to) for one in body["inputs"]]}
        return {"results": SETTINGS.get(path.strip("/"), []), "companyCurrency": "USD"}

    def page(self, name: str, asked: dict[str, list[str]]) -> Json:
        if asked["archived"] == ["true"]:
            return {"results": []}
        start, limit = int(asked.get("after", ["0"])[0]), int(asked["limit"][0])
        end = min(start + limit, self.counts[name])
        found = [self.one(name, FIRST + number) for number in range(start, end)]
        more = {"paging": {"next": {"after": str(end)}}} if end < self.counts[name] else {}
        return {"results": found, **more}

    def one(self, name: str, key: int) -> Json:
        number = key - FIRST
        made = f"{START + timedelta(minutes=number):%Y-%m-%dT%H:%M:%S.000Z}"
        values: Json = {"hs_object_id": str(key), "createdate": made, "hs_lastmodifieddate": made}
        found: Json = {"id": str(key), "createdAt": made, "updatedAt": made, "archived": False}
        if name == "companies":
            values |= {"name": f"Company {number}", "domain": f"c{number}.example"}
            values |= {"industry": "RETAIL", "hs_parent_company_id": None}
        elif name == "deals":
            values |= {"pipeline": "default", "dealstage": "won", "closedate": made}
            values |= {"deal_currency_code": "USD", "dealname": "Deal", "hs_mrr": "99.00"}
        else:
            price = {"price": f"{10 + number % 90}", "quantity": "2"}
            priced = {**price, "recurringbillingfrequency": "monthly"}
            values |= {**priced, "name": f"Plan {number % self.lines}"}
            values |= {"hs_recurring_billing_period": "P12M"}
            past = {k: [{"value": v, "timestamp": made}] for k, v in priced.items()}
            found["propertiesWithHistory"] = past
        return found | {"properties": values}

    def links(self, key: int, to: str) -> Json:
        if to == "companies":
            ids = [key]
        else:
            first = FIRST + (key - FIRST) * self.lines
            ids = list(range(first, first + self.lines))
        kinds = [{"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"}]
        return {
            "from": {"id": str(key)},
            "to": [{"toObjectId": one, "associationTypes": kinds} for one in ids],
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    portal: Portal

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        split = urlsplit(self.path)
        if split.path.startswith("/_"):
            self.portal.latency = float(split.path.removeprefix("/_"))
            answer: Json = {"asked": self.portal.asked}
            self.portal.asked = 0
        else:
            self.portal.asked += 1
            time.sleep(self.portal.latency)
            sent = json.loads(body) if body else {}
            answer = self.portal.answer(split.path, parse_qs(split.query), sent)
        data = json.dumps(answer, separators=(",", ":")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET  # noqa: N815 - the base class looks for it

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving(portal: Portal) -> Iterator[str]:
    handler = type("Bound", (Handler,), {"portal": portal})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=10_000)
    parser.add_argument("--lines", type=int, default=3, help="of each deal")
    parser.add_argument("--runs", default="read,sync,idle")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        name, url, folder = asked.run
        print(json.dumps(measured(RUNS[name], url, Path(folder))))
        return
    objects = asked.companies * (2 + asked.lines)
    portal = Portal(asked.companies, asked.lines)
    print(f"{asked.companies:,} companies and deals, {portal.counts['line_items']:,} line items")
    print("   run  seconds of a core objects/s  peak MB requests")
    with serving(portal) as url, tempfile.TemporaryDirectory() as folder:
        for name in asked.runs.split(","):
            found = child(name, url, Path(folder))
            print(
                f"{name:>6} {found['wall']:8.1f} {found['cpu']:9.1f}"
                f" {objects / found['cpu']:9,.0f} {found['peak']:8.0f} {found['asked']:8,.0f}"
            )


def child(name: str, url: str, folder: Path) -> Measured:
    import httpx

    httpx.get(f"{url}/_{0.2 if name == 'slow' else 0}")
    command = [sys.executable, __file__, "--run", name, url, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: Measured = json.loads(done.stdout.splitlines()[-1])
    return found | httpx.get(f"{url}/_0").json()


def measured(run: Callable[[str, Path], None], url: str, folder: Path) -> Measured:
    import hubspot  # noqa: F401 - what is imported first is no part of it

    import tenure_connectors.hubspot.pull  # noqa: F401

    wall, cpu = time.perf_counter(), time.process_time()
    run(url, folder)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "cpu": cpu, "peak": peak}


def read(url: str, _folder: Path, rate: float = 100_000) -> None:
    from zoneinfo import ZoneInfo

    from tenure import PullRequest
    from tenure.config import Entry
    from tenure.http import client_for
    from tenure_connectors.hubspot.connector import HubSpot
    from tenure_connectors.hubspot.options import HubSpotConfig

    options: Json = {"attributes": {"industry": "industry"}}
    config = HubSpotConfig(token=TOKEN, api_base=url, requests_per_second=rate, **options)
    plugin = HubSpot(config)
    with client_for(Entry(name="crm", kind="connector", use="hubspot", plugin=plugin)) as http:
        request = PullRequest(
            name="crm",
            folder=Path(),
            timezone=ZoneInfo("UTC"),
            currency="USD",
            http=http,
            observations=lambda _subject: (),
        )
        for _ in plugin.pull(request):
            pass


def slow(url: str, folder: Path) -> None:
    read(url, folder, LIMIT)


def sync(url: str, folder: Path) -> None:
    from tenure.config import load
    from tenure.ledger.store import Store
    from tenure.sync import SyncOptions
    from tenure.sync import sync as run

    (folder / "plugins.toml").write_text(CONFIG.format(token=TOKEN, url=url, rate=100_000))
    ready = load(folder / "plugins.toml")
    store = Store.open(ready.store)
    (outcome,) = run(ready, store, SyncOptions())
    assert outcome.exit_code == 0, outcome
    store.engine.dispose()


RUNS: dict[str, Callable[[str, Path], None]] = {
    "read": read,
    "slow": slow,
    "sync": sync,
    "idle": sync,
}

if __name__ == "__main__":
    main()
