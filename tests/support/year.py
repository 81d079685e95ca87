"""A made-up year: a billing system on loopback, what its figures are, and what goes wrong in it.

The figures are worked out here from the customers alone, with nothing of tenure's in between.
"""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

CONNECTOR = """
from datetime import datetime
import tenure

class Ledgerly(tenure.Connector):
    name, api, Config = "ledgerly", 1, tenure.HttpConfig
    def check(self, context): yield "ok"
    def pull(self, request):
        for row in request.http.get("/subscriptions").json():
            def point(at, price, state):
                return tenure.Point(effective_at=datetime.fromisoformat(at), amount=price,
                                    currency="USD", source_ref=row["id"],
                                    state=tenure.State(state))
            points = [point(at, price * tenure.MICRO, "active") for at, price in row["prices"]]
            if row["ended"]:
                points.append(point(row["ended"], 0, "ended"))
            item = tenure.Item(id="plan", points=points)
            yield tenure.Subscription(id=row["id"], customer=row["id"], items=[item])
        yield tenure.Checkpoint(complete=True)

@tenure.hookimpl
def tenure_connectors(): return [Ledgerly]
"""


@dataclass
class Customer:
    """Prices from an instant on, in whole dollars a month, and when it left."""

    name: str
    prices: list[tuple[datetime, int]]
    ended: datetime | None = None

    def pays(self, at: datetime) -> int:
        """What it pays just before an instant."""
        if self.ended is not None and self.ended < at:
            return 0
        return next((price for since, price in reversed(self.prices) if since < at), 0)

    def as_told(self, now: datetime) -> dict:
        """As its billing system tells at an instant."""
        prices = [(since.isoformat(), price) for since, price in self.prices if since <= now]
        left = self.ended is not None and self.ended <= now
        return {
            "id": self.name,
            "prices": prices,
            "ended": self.ended.isoformat() if left else None,
        }


def company(seed: int, start: datetime, days: int) -> list[Customer]:
    """Customers who come, change and leave on whole minutes of those days."""
    chance = random.Random(seed)

    def some_time() -> datetime:
        return start + timedelta(minutes=chance.randrange(days * 1440))

    found = []
    for number in range(60):
        since = start - timedelta(days=chance.randrange(1, 400)) if number < 30 else some_time()
        one = Customer(f"c{number:02}", [(since, chance.randrange(10, 500))])
        for _ in range(chance.randrange(4)):
            if (at := some_time()) > one.prices[-1][0]:
                one.prices.append((at, chance.randrange(10, 500)))
        if chance.random() < 0.4 and (end := some_time()) > one.prices[-1][0]:
            one.ended = end
        found.append(one)
    return found


def figures(customers: list[Customer], start: datetime, end: datetime) -> dict[str, int]:
    """The bridge of a period, in dollars."""
    pairs = [(one.pays(start), one.pays(end)) for one in customers]
    return {
        "start_mrr": sum(opening for opening, _ in pairs),
        "expansion": sum(
            max(closing - opening, 0) for opening, closing in pairs if opening and closing
        ),
        "contraction": sum(max(opening - closing, 0) for opening, closing in pairs if closing),
        "churn": sum(opening for opening, closing in pairs if not closing),
        "end_mrr": sum(closing for _, closing in pairs),
    }


@dataclass
class Town:
    """What is up and what is down; `now` is the true time, whatever anybody's clock says."""

    customers: list[Customer]
    now: datetime
    down: list[tuple[datetime, datetime, str]] = field(default_factory=list)
    posted: list[tuple[datetime, dict, str]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    url: str = ""

    def trouble(self, who: str) -> bool:
        """Whether somebody is down now."""
        hit = any(a <= self.now < b and who == name for a, b, name in self.down)
        self.refused[who] = self.refused.get(who, 0) + hit
        return hit


@contextmanager
def open_town(town: Town) -> Iterator[Town]:
    """The billing system and the receiver of documents, on a loopback address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            storm, down = town.trouble("storm"), town.trouble("billing")
            body = json.dumps([one.as_told(town.now) for one in town.customers
                               if one.prices[0][0] <= town.now])  # fmt: skip
            self._say(429 if storm else 503 if down else 200, body)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if not (down := town.trouble("receiver")):
                town.posted.append((town.now, body, self.headers["Idempotency-Key"]))
            self._say(503 if down else 200, "{}")

        def _say(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        town.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield town
        finally:
            server.shutdown()
            thread.join()


def month_ends(start: datetime, days: int, zone: ZoneInfo) -> list[tuple[str, datetime, datetime]]:
    """The calendar months that end within the days: label, first and last instant, in UTC."""
    found, local = [], start.astimezone(zone)
    year, month = local.year, local.month
    while True:
        opening = datetime(year, month, 1, tzinfo=zone).astimezone(UTC)
        following = (year + month // 12, month % 12 + 1)
        end = datetime(*following, 1, tzinfo=zone).astimezone(UTC)
        if end + timedelta(hours=33) > start + timedelta(days=days):
            return found
        found.append((f"{year}-{month:02}", opening, end))
        year, month = following
