"""kill -9 at any instant of a push: the next one sends what is missing, and nothing twice."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import push_worker
import pytest
from boards import over
from push_worker import TARGETS, Remote, push
from sqlalchemy import text

from tenure.delivery import undo
from tenure.delivery.outbox import Outbox, State
from tenure.ledger.store import Store

SOAK = bool(os.environ.get("TENURE_SOAK"))
KILLS = 200 if SOAK else 20  # half of them at a request, half at a time
WORKER = push_worker.__file__


class Board(HTTPServer):
    """Holds values; `doubles` are those that were written though they stood there already.

    `deadly` is called before and after each request is carried out, with its number and which.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.held: dict[str, str | None] = {}
        self.doubles: list[str] = []
        self.requests = 0
        self.deadly = lambda _number, _when: None
        self.address = f"127.0.0.1:{self.server_port}"

    def handle_error(self, *_) -> None:
        """Who asked was killed."""


class _Handler(BaseHTTPRequestHandler):
    server: Board

    def log_message(self, *_) -> None:
        pass

    def do_POST(self) -> None:
        board = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        board.requests += 1
        number = board.requests
        board.deadly(number, "before")
        if self.path == "/write":
            board.doubles += [key for key, value in body.items() if board.held.get(key) == value]
            board.held |= body
        board.deadly(number, "after")
        answer = json.dumps(board.held).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@contextmanager
def serving(board: Board) -> Iterator[Board]:
    thread = threading.Thread(target=board.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield board
    finally:
        board.shutdown()
        thread.join()
        board.server_close()


class Worker:
    """Pushes that can be killed."""

    def __init__(self, *urls: str) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, WORKER, *urls]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, amount: int) -> int:
        self.process.stdin.write(f"{amount}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def wait(self) -> None:
        self.process.stdin.write("over?\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "over\n"

    def close(self) -> None:
        self.process.communicate()


@pytest.mark.parametrize("store_url", ["sqlite", "postgres"] if SOAK else ["sqlite"], indirect=True)
def test_a_killed_push_is_finished_by_the_next(store_url):
    chance, landed = random.Random(5), 0
    store = Store.open(store_url)
    with serving(Board()) as board:
        worker = Worker(store_url, board.address)
        try:
            for number in range(KILLS):
                landed += _killed(worker, board, number, chance)
                run = push(store_url, board.address, number)
                assert run.error is None
                assert set(board.held.items()) == {(target, str(number)) for target in TARGETS}
                last = Outbox(store).last("a")
                assert (last.state, last.content_hash) == (State.DELIVERED, _content(store))
        finally:
            worker.close()
        assert board.doubles == []
        assert landed >= KILLS // 3, "too few kills hit a push to say anything"
        before = _previous(store)
        undo(over(store, a=Remote(board.address)), store, "a", Outbox(store).last("a").id)
        assert set(board.held.items()) == before


def _killed(worker: Worker, board: Board, number: int, chance: random.Random) -> bool:
    """Push in the worker and kill it; whether anything was left to do."""
    requests = 1 + len(TARGETS) // 2
    board.requests, pushing = 0, threading.Event()
    at, side = 1 + number // 2 % requests, "after" if number % 4 < 2 else "before"
    child = [0]

    def kill(request: int, when: str) -> None:
        pushing.wait(10)
        if number % 2 and (request, when) == (at, side):
            os.kill(child[0], signal.SIGKILL)

    board.deadly = kill
    child[0] = worker.start(number)
    pushing.set()
    if not number % 2:
        threading.Event().wait(chance.random() * 0.06)
        os.kill(child[0], signal.SIGKILL)
    worker.wait()
    board.deadly = lambda _number, _when: None
    return board.held != dict.fromkeys(TARGETS, str(number))


def _content(store: Store) -> str:
    with store.read() as connection:
        query = "SELECT content_hash FROM publication ORDER BY id DESC LIMIT 1"
        return str(connection.scalar(text(query)))


def _previous(store: Store) -> set[tuple[str, str]]:
    """What stood there before the last delivery, as the ledger has it."""
    with store.read() as connection:
        rows = connection.execute(
            text("SELECT target, previous FROM sink_value WHERE superseded_at IS NULL")
        )
        return {(target, previous) for target, previous in rows}
