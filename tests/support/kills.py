"""kill -9 at any instant of a push: services that know the instant, and pushes that may die."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import httpx
import push_worker


class Service(HTTPServer):
    """Something on loopback that holds a value for each of `targets`.

    `deadly` is called before and after each request is carried out, with its number and which.
    `doubles` are the values that were written though they stood there already.
    """

    kind: ClassVar[str]
    """Of the sink in push_worker that writes to it."""
    requests: ClassVar[int]
    """So many, about, in a push."""
    lasts: ClassVar[float]
    """Seconds, about, of a push."""
    targets: tuple[str, ...]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.doubles: list[str] = []
        self.number = 0
        self.deadly: Callable[[int, str], None] = lambda _number, _when: None
        self.address = f"127.0.0.1:{self.server_port}"

    def carry_out(self, request: httpx.Request) -> httpx.Response:
        raise NotImplementedError

    def finish(self) -> None:
        """Do what it took on and would do by itself."""

    def held(self) -> dict[str, str | None]:
        raise NotImplementedError

    def handle_error(self, *_) -> None:
        """Who asked was killed."""

    @contextmanager
    def serving(self) -> Iterator[None]:
        thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def log_message(self, *_) -> None:
        pass

    def _do(self) -> None:
        service = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        address = f"http://{service.address}{self.path}"
        request = httpx.Request(
            self.command, address, headers=[*self.headers.items()], content=body
        )
        service.number += 1
        number = service.number
        service.deadly(number, "before")
        answer = service.carry_out(request)
        service.deadly(number, "after")
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_PATCH = _do  # noqa: N815 - as the base class calls them


class Worker:
    """Pushes in processes that can be killed."""

    def __init__(self, store_url: str, service: Service) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        words = [push_worker.__file__, service.kind, store_url, service.address]
        self.service = service
        self.process = subprocess.Popen(
            [sys.executable, *words],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def killed(self, number: int, chance: random.Random) -> bool:
        """Push that number and kill it; whether anything was left to do.

        Odd ones are killed at a request, a fifth after the other, the others after some time.
        """
        service, pushing, child = self.service, threading.Event(), [0]
        at, side = 1 + number // 2 * 5 % service.requests, "after" if number % 4 < 2 else "before"

        def kill(request: int, when: str) -> None:
            pushing.wait(10)
            if number % 2 and (request, when) == (at, side):
                os.kill(child[0], signal.SIGKILL)

        service.number, service.deadly = 0, kill
        child[0] = self._start(number)
        pushing.set()
        if not number % 2:
            threading.Event().wait(chance.random() * service.lasts)
            os.kill(child[0], signal.SIGKILL)
        self._wait()
        service.deadly = lambda _number, _when: None
        return service.held() != dict.fromkeys(service.targets, str(number))

    def _start(self, number: int) -> int:
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def _wait(self) -> None:
        self.process.stdin.write("over?\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "over\n"

    def close(self) -> None:
        self.process.communicate()
