"""The world behind a loopback address: HTTP/1.1 with keep-alive, and faults if wanted."""

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tenure_connectors.loopback import running
from tenure_connectors.stripe.world.faults import Fault, Plan, refusal
from tenure_connectors.stripe.world.world import World

DELETABLE = ("coupons",)
"""Lists whose objects can be deleted for good without a change of any subscription."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.respond("GET")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.respond("POST")

    def do_DELETE(self) -> None:
        self.respond("DELETE")

    def log_message(self, *_: Any) -> None:
        """Nothing: what was asked is in `Server.asked`."""

    def respond(self, method: str) -> None:
        parts = urlsplit(self.path)
        query = parse_qsl(parts.query, keep_blank_values=True)
        with self.server.lock:
            self.server.asked.append(self.path)
            fault = self.server.plan.next(self.path) if self.server.plan else None
            self.server.disturb(fault, parts.path)
            status, headers, body = self.server.world.answer(
                method, parts.path, query, dict(self.headers)
            )
        time.sleep(self.server.latency)
        if fault is not None and self.server.plan is not None:
            refused = refusal(fault, self.server.plan)
            if refused is not None:
                status, body = refused[0], json.dumps(refused[1]).encode()
                headers = headers | dict(refused[2]) | {"Stripe-Should-Retry": "true"}
        self.write(status, headers, body, fault)

    def write(self, status: int, headers: dict[str, str], body: bytes, fault: Fault | None) -> None:
        if fault is Fault.RESET:
            return self.reset()
        if fault is Fault.INVALID:
            body = b"<html>502 Bad Gateway</html>"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault is Fault.TRUNCATED:
            self.wfile.write(body[: len(body) // 2])
            return self.reset()
        if fault is Fault.SLOW and self.server.plan:
            half = len(body) // 2
            self.wfile.write(body[:half])
            self.wfile.flush()
            time.sleep(self.server.plan.slow)
            body = body[half:]
        self.wfile.write(body)
        return None

    def reset(self) -> None:
        """Close so that the other side sees a reset, not an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, world: World, plan: Plan | None = None, latency: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.world = world
        self.plan = plan
        self.latency = latency
        self.asked: list[str] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is no defect of the server."""

    def disturb(self, fault: Fault | None, path: str) -> None:
        """Change the account between two requests, as a living one does."""
        if fault is Fault.INSERT:
            self.world.insert()
        parts = path.split("/")
        if fault is Fault.VANISH and len(parts) > 3 and parts[2] in DELETABLE:
            self.world.vanish(parts[3])


@contextmanager
def serving(world: World, plan: Plan | None = None, latency: float = 0.0) -> Iterator[Server]:
    """A server for the world, on a thread of this process, gone at the end."""
    with running(Server(world, plan, latency)) as server:
        yield server
