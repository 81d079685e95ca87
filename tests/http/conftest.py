"""Clients that do not wait, and a small real server."""

import gzip
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from clocks import Time

from tenure.http import HttpOptions, client

API = "https://api.test"


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def make(time: Time) -> Iterator[Callable[..., httpx.Client]]:
    """Make a client of the table [connectors.billing]; closed at the end."""
    made: list[httpx.Client] = []

    def one(**options: object) -> httpx.Client:
        chosen = HttpOptions(**{"api_base": API, **options})  # type: ignore[arg-type]
        made.append(client("billing", options=chosen, clock=time.clock()))
        return made[-1]

    yield one
    for each in made:
        each.close()


@pytest.fixture
def http(make: Callable[..., httpx.Client]) -> httpx.Client:
    return make()


class Connection(BaseHTTPRequestHandler):
    """One connection to the server: answers with what the test put in line."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.server.seen.append(f"{self.command} {self.path}")
        plan = self.server.plan
        (plan.pop(0) if plan else Connection.fine)(self)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Not into the tests' output."""

    def answer(self, status: int, body: bytes, length: int | None = None, **head: str) -> None:
        self.send_response(status)
        for name, value in head.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def fine(self) -> None:
        self.answer(200, b"fine")

    def busy(self) -> None:
        self.answer(503, b"", Retry_After="7")

    def garbled(self) -> None:
        self.answer(200, b"not gzip", Content_Encoding="gzip")

    def bomb(self) -> None:
        self.answer(200, gzip.compress(bytes(2_000_000)), Content_Encoding="gzip")

    def zipped(self) -> None:
        self.answer(200, gzip.compress(b"fine"), Content_Encoding="gzip")

    def truncated(self) -> None:
        self.answer(200, b"half", length=8)
        self.close_connection = True

    def slow(self) -> None:
        self.answer(200, b"half", length=8)
        self.server.released.wait(5)
        self.close_connection = True

    def reset(self) -> None:
        """Close with RST, as a crashing service or a firewall does."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True


class Server(ThreadingHTTPServer):
    """A service on the loopback interface."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.plan: list[Callable[[Connection], None]] = []
        self.seen: list[str] = []
        self.released = threading.Event()

    def does(self, *names: str) -> None:
        """Answer the next requests in these ways."""
        self.plan.extend(getattr(Connection, name) for name in names)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join()
