"""A made-up Stripe account behind a loopback address, in a process of its own.

Every object follows from its number, so the account may be as large as one likes. It answers lists
(created time, limit, starting_after), counts what it is asked, and can be told to be slow.
"""

import asyncio
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from stripe_objects import NOW, PRICE, PRODUCT, SHAPES, SPAN

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
PREFIX = {"customers": "cus", "subscriptions": "sub", "invoices": "in", "events": "evt"}


@dataclass
class Account:
    """`subscriptions` of as many customers, with `invoices` each; the last `changed` are news.

    One is from the start, as an account of that size is never without an event. What `happened`
    did so just now by the clock, ten changes a second.
    """

    subscriptions: int
    invoices: int = 1
    latency: float = 0.0
    changed: int = 1
    happened: int = field(default_factory=lambda: int(time.time()))
    asked: Counter[str] = field(default_factory=Counter)
    seconds: Counter[int] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0

    def __post_init__(self) -> None:
        self.templates = {kind: _template(shape) for kind, shape in SHAPES.items()}

    def count(self, kind: str) -> int:
        each = {"invoices": self.invoices, "events": 0}.get(kind, 1)
        return self.subscriptions * each if kind != "events" else 3 * self.changed

    def made(self, kind: str, number: int) -> int:
        if kind == "events":
            return self.happened + (number - self.count(kind)) // 30
        return NOW - SPAN + number * SPAN // max(1, self.count(kind))

    def render(self, kind: str, number: int) -> str:
        if kind == "events":
            return self.event(number)
        at = self.made(kind, number)
        text = self.templates[kind]
        text = text.replace("@", f"{number:08}").replace('"#+"', str(at + 30 * 86_400))
        return text.replace('"#"', str(at)).replace("$", f"{number % self.subscriptions:08}")

    def event(self, number: int) -> str:
        """A seat more, and the two prorations of it."""
        sub, part = divmod(number, 3)
        made = json.loads(self.render("subscriptions", sub))
        made["items"]["data"][0]["quantity"] = 2
        kind = "customer.subscription.updated"
        if part < 2:
            kind, period = (
                "invoiceitem.created",
                {"start": self.happened, "end": self.happened + 3600},
            )
            details = {"subscription": made["id"], "subscription_item": f"si_{sub:08}"}
            made = {
                "id": f"ii_{number:08}",
                "object": "invoiceitem",
                "amount": (-1000, 2000)[part],
                "currency": "usd",
                "customer": made["customer"],
                "date": self.happened,
                "description": ("Unused time", "Remaining time")[part],
                "discounts": [],
                "invoice": None,
                "livemode": True,
                "period": period,
                "proration": True,
                "quantity": part + 1,
                "parent": {"type": "subscription_details", "subscription_details": details},
                "pricing": {"price_details": {"price": "price_1", "product": "prod_1"}},
            }
        data = {"object": made, "previous_attributes": {}}
        return json.dumps(
            {
                "id": f"evt_{number:08}",
                "object": "event",
                "created": self.made("events", number),
                "type": kind,
                "livemode": True,
                "data": data,
            }
        )

    def page(self, kind: str, query: dict[str, str]) -> bytes:
        count = self.count(kind)
        low, high = int(query.get("created[gte]", 0)), int(query.get("created[lt]", 1 << 40))
        bottom, top = _first(count, low, self, kind), _first(count, high, self, kind)
        if after := query.get("starting_after"):
            top = min(top, int(after.rpartition("_")[2]))
        least = max(bottom, top - int(query.get("limit", 10)))
        data = ",".join(self.render(kind, n) for n in range(top - 1, least - 1, -1))
        more = str(least > bottom).lower()
        return f'{{"object":"list","data":[{data}],"has_more":{more},"url":"/v1/{kind}"}}'.encode()

    def answer(self, target: str) -> bytes:
        parts = urlsplit(target)
        query, path = dict(parse_qsl(parts.query)), parts.path.strip("/").split("/")
        if path[0] == "_told":
            told = {
                "asked": sum(self.asked.values()),
                "by": self.asked,
                "most": self.most_in_flight,
                "busiest": max(self.seconds.values(), default=0),
            }
            self.asked, self.seconds, self.most_in_flight = Counter(), Counter(), 0
            self.latency = float(query.get("latency", self.latency))
            changed = int(query.get("changed", self.changed))
            if changed > self.changed:
                self.changed, self.happened = changed, int(time.time())
            return json.dumps(told).encode()
        kind = path[1]
        self.asked[kind] += 1
        if kind in PREFIX:
            if kind == "events" and "customer.created" in query.values():
                return b'{"object":"list","data":[],"has_more":false}'
            return self.page(kind, query)
        found = {"prices": [PRICE], "products": [PRODUCT]}.get(kind, [])
        return json.dumps({"object": "list", "data": found, "has_more": False}).encode()


def _first(count: int, at: int, account: Account, kind: str) -> int:
    """The number of the first object made at that time or later."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if account.made(kind, middle) < at else (low, middle)
    return low


def _template(shape: object) -> str:
    return json.dumps(shape, separators=(",", ":"))


class _Connection(asyncio.Protocol):
    def __init__(self, account: Account) -> None:
        self.account, self.buffer = account, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode()
            account, loop = self.account, asyncio.get_running_loop()
            account.in_flight += 1
            account.most_in_flight = max(account.most_in_flight, account.in_flight)
            account.seconds[int(loop.time())] += 1
            loop.call_later(account.latency, self.respond, target)

    def respond(self, target: str) -> None:
        body = self.account.answer(target)
        self.account.in_flight -= 1
        self.transport.write(_HEAD % len(body) + body)


def _serve(account: Account, told: Callable[[int], None]) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(account), "127.0.0.1", 0)
        told(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def serving(account: Account) -> Iterator[str]:
    """The account's address; gone at the end."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(account, there.send), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()
