"""Syncs the workspaces in folders that it reads, in processes that may die."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import time_machine
from forks import serve

import tenure_connectors.stripe.pull  # noqa: F401 - so that no fork has to
from tenure.config import load
from tenure.ledger.store import Store
from tenure.sync import SyncOptions, sync

NOW = "now"


@dataclass
class Worker:
    """The other end of this module, run as a program."""

    orders: IO[str]
    answers: IO[str]

    def start(self, folder: Path, at: float | None = None) -> int:
        """Begin a sync, by another clock than this machine's if that says so; its process id."""
        self._say(f"{at or NOW} {folder}")
        return int(self.answers.readline())

    def wait(self) -> None:
        """Until it has ended, however that was."""
        self._say("")
        self.answers.readline()

    def _say(self, text: str) -> None:
        self.orders.write(f"{text}\n")
        self.orders.flush()


@contextmanager
def worker() -> Iterator[Worker]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command, pipe = [sys.executable, __file__], subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        assert process.stdin
        assert process.stdout
        yield Worker(process.stdin, process.stdout)


def work(order: str) -> None:
    at, _, folder = order.partition(" ")
    with nullcontext() if at == NOW else time_machine.travel(float(at)):
        ready = load(Path(folder) / "plugins.toml")
        sync(ready, Store.open(ready.store), SyncOptions())


if __name__ == "__main__":
    serve(work)
