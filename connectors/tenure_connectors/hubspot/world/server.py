"""A portal behind a loopback address: HTTP/1.1 with keep-alive."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tenure_connectors.hubspot.world.answer import Answer, answer, refused
from tenure_connectors.hubspot.world.faults import Fault, Plan, refusal
from tenure_connectors.hubspot.world.portal import Portal
from tenure_connectors.loopback import running


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are written apart
    server: "Server"

    def do_GET(self) -> None:
        self.respond()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - the base class looks for these

    def log_message(self, *_: Any) -> None:
        """Nothing: what was asked is in `Server.asked`."""

    def respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            fault, found = self.server.found(self, body)
        time.sleep(self.server.latency)
        self.write(found, fault)

    def write(self, found: Answer, fault: Fault | None) -> None:
        if fault is Fault.RESET:
            return self.reset()
        status, headers, body = found
        if fault is Fault.BAD_GATEWAY:
            status, body = 502, b"<html><body>502 Bad Gateway</body></html>"
        if fault is Fault.INVALID:
            body = body[: len(body) // 2]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        half = len(body) // 2
        self.wfile.write(body[:half])
        if fault is Fault.TRUNCATED:
            return self.reset()
        if fault is Fault.SLOW and self.server.plan:
            self.wfile.flush()
            time.sleep(self.server.plan.slow)
        self.wfile.write(body[half:])
        return None

    def reset(self) -> None:
        """Close so that the other side sees a reset, not an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


class Server(ThreadingHTTPServer):
    """The portal's server. `asked` holds (method, path) of all requests since it was cleared.

    `before` is called with the portal, the method and the path before each answer: a seam for
    what people do while it is read.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, portal: Portal, plan: Plan | None = None, latency: float = 0.0, port: int = 0
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.portal = portal
        self.plan = plan
        self.latency = latency
        self.asked: list[tuple[str, str]] = []
        self.before: Callable[[Portal, str, str], None] | None = None
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """What goes into `api_base`."""
        return f"http://127.0.0.1:{self.server_port}"

    def found(self, asked: BaseHTTPRequestHandler, body: bytes) -> tuple[Fault | None, Answer]:
        """The answer to a request, and the fault that befalls it."""
        self.asked.append((asked.command, asked.path))
        if self.before is not None:
            self.before(self.portal, asked.command, asked.path)
        fault = self.plan.next(asked.path) if self.plan else None
        instead = refusal(fault)
        if instead is not None:
            return fault, refused(self.portal, instead)
        headers = dict(asked.headers)
        return fault, answer(self.portal, asked.command, asked.path, headers, _read(body))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hangs up early."""


def _read(body: bytes) -> Any:
    """The decoded body: `None` if there is none or it is no JSON."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


@contextmanager
def serving(
    portal: Portal, plan: Plan | None = None, latency: float = 0.0, port: int = 0
) -> Iterator[Server]:
    """A server for the portal, on a thread of this process, gone at the end."""
    with running(Server(portal, plan, latency, port)) as server:
        yield server
