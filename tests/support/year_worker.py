"""A process that does the jobs of a made-up year, each in a fork: line in, what is to be done; line
out, what became of it, nothing when it was killed at it.

It has no threads and does nothing itself, so that its forks are as good as new processes, and have
at once what all jobs import.
"""

import json
import os
import resource
import signal
import sys
from datetime import datetime
from importlib import import_module

import time_machine
from sqlalchemy import Engine, event

from tenure.daemon.work import Order, attempt

IMPORTED = (
    *("adbc_driver_sqlite.dbapi", "duckdb", "jinja2", "pyarrow", "hubspot", "stamina", "stripe"),
    *("tenure.delivery.alerting", "tenure.metrics.run", "tenure.sync", "tenure.accounts"),
    *("tenure_connectors.hubspot", "tenure_connectors.stripe", "tenure_sinks.slack"),
)
LONGEST = 120


def done(asked: dict) -> str:
    read, write = os.pipe()
    if not (child := os.fork()):
        signal.alarm(LONGEST)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["file_bytes"], hard))
        if asked["dies_at"] is not None:
            die_at(asked["dies_at"])
        with time_machine.travel(datetime.fromisoformat(asked["now"])):
            result = attempt(Order.model_validate(asked["order"]))
        os.write(write, result.model_dump_json().encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        said = told.read()
    os.waitpid(child, 0)
    return said


def die_at(statement: int) -> None:
    """A real kill -9: nothing is closed, rolled back or given back."""
    count = iter(range(statement))

    def die(*_) -> None:
        if next(count, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", die)


if __name__ == "__main__":
    for name in IMPORTED:
        import_module(name)
    for line in sys.stdin:
        sys.stdout.write(done(json.loads(line)) + "\n")
        sys.stdout.flush()
