"""Lists of Stripe's, as its API gives them: newest first, in pages, by created time.

For tests of how lists are read: what they hold is up to the test. `stripe_world` is an account
that lives.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from clocks import Time

from tenure import Context
from tenure.config import Entry
from tenure.http import client_for
from tenure_connectors.loopback import running
from tenure_connectors.spool import Spool
from tenure_connectors.stripe.account import Account
from tenure_connectors.stripe.client import Api
from tenure_connectors.stripe.connector import Stripe
from tenure_connectors.stripe.options import StripeConfig

KEY = "rk_live_aVerySecretKeyOfTheTests"
HOST = "api.stripe.com"

Json = dict[str, Any]


def customer(number: int, created: int = 1_700_000_000, **more: Any) -> Json:
    return {"id": f"cus_{number:05}", "object": "customer", "created": created} | more


@dataclass
class Lists:
    """`lists` by path, with `most` objects in a page.

    `before` is called with each request and may change them or answer it.
    """

    lists: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    before: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None
    seconds: float = 0.0
    most: int = 100
    asked: list[httpx.Request] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.asked.append(request)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        time.sleep(self.seconds)
        with self._lock:
            self.in_flight -= 1
            return self.before(request) or self.answer(request)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, asked = request.url.path, request.url.params
        if path not in self.lists:
            found = [
                o for held in self.lists.values() for o in held if path.endswith(f"/{o['id']}")
            ]
            return httpx.Response(200, json=found[0]) if found else missing("id")
        low, high = int(asked.get("created[gte]", 0)), int(asked.get("created[lt]", 1 << 40))
        of = {name: asked[name] for name in ("customer", "subscription") if name in asked}
        types = {value for name, value in asked.multi_items() if name.startswith("types[")}
        there = [
            one
            for one in self.lists[path]
            if low <= one.get("created", 0) < high
            and (not types or one["type"] in types)
            and all(one.get(name, value) == value for name, value in of.items())
        ]
        there.sort(key=lambda one: (one.get("created", 0), one["id"]), reverse=True)
        ids = [one["id"] for one in there]
        if after := asked.get("starting_after"):
            if after not in ids:
                return missing("starting_after")
            there = there[ids.index(after) + 1 :]
        limit = min(int(asked.get("limit", 10)), self.most)
        page = {"object": "list", "data": there[:limit], "has_more": len(there) > limit}
        return httpx.Response(200, json=page)


@contextmanager
def served(lists: Lists) -> Iterator[str]:
    """The lists behind a loopback address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = lists(httpx.Request("GET", f"https://{HOST}{self.path}"))
            head = f"HTTP/1.1 {answer.status_code} _\r\nContent-Length: {len(answer.content)}"
            self.wfile.write(f"{head}\r\n\r\n".encode() + answer.content)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def missing(param: str) -> httpx.Response:
    error = {"type": "invalid_request_error", "code": "resource_missing", "param": param}
    return httpx.Response(404, json={"error": error | {"message": "No such object"}})


@contextmanager
def opened(url: str = f"https://{HOST}", **options: Any) -> Iterator[Account]:
    """The connector's account on clients that do not wait; `options` are those of its table."""
    config = StripeConfig(**{"api_key": KEY, "api_base": url, **options})
    plugin = Stripe(config)
    entry = Entry(name="billing", kind="connector", use="stripe", plugin=plugin, secrets=(KEY,))
    with client_for(entry, clock=Time().clock()) as http:
        context = Context(
            name="billing", folder=Path(), timezone=ZoneInfo("UTC"), currency="USD", http=http
        )
        spool = Spool()
        yield Account(context, config, Api(context, config), spool)
        spool.close()


def body(value: Any) -> bytes:
    return json.dumps(value).encode()
