"""kill -9 at any instant of a push: the next one leaves the warehouse as the figures are.

An instant is an event that Python tells an audit hook of: a file opened, a lock, a module, a
connection. Some thousand lie in a push, from the first query to the last file that is put away.
"""

import os
import random
import signal
import sys
import tempfile
from itertools import count

import pytest
from lakes import Held, book_of, grow, lake, pushed

SOAK = bool(os.environ.get("TENURE_SOAK"))
KILLS = 200 if SOAK else 3
PLACES = {"duckdb": "duckdb:///lake.duckdb", "parquet": "filesystem:///lake", "postgres": ""}


@pytest.mark.parametrize("place", sorted(PLACES) if SOAK else ["duckdb"])
def test_a_killed_push_is_finished_by_the_next(place, request, tmp_path, monkeypatch):
    url = PLACES[place] or request.getfixturevalue("postgres_database").replace("+psycopg", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    book, chance = book_of(f"sqlite:///{tmp_path}/store.db"), random.Random(5)
    entry, held = lake(url, reports=("customer_mrr",)), Held(tmp_path, url)
    grow(book, 1)
    whole, before = ending_at(None, book, tmp_path, entry), 1
    for number in range(KILLS):
        grow(book, 2 + number)
        ending_at(int(whole * (number + chance.random()) / KILLS), book, tmp_path, entry)
        if place != "parquet":  # its files are replaced one after another
            assert paid_by_e(held) in ([before], [2 + number])
        if number % 2:
            grow(book, 1)  # what may be half written is not even wanted any more
        assert pushed(book, tmp_path, entry).error is None
        before = 1 if number % 2 else 2 + number
        assert paid_by_e(held) == [before]
    assert not list((tmp_path / "tmp").iterdir())
    book.store.engine.dispose()


def paid_by_e(held: Held) -> list[int]:
    """What E pays in June: once, if nothing is double."""
    rows = held.rows("customer_mrr")
    assert len({(row["customer_key"], row["period"]) for row in rows}) == len(rows) == 22
    return [int(float(row["end_mrr"])) for row in rows if row["customer_id"] == "E"]


def ending_at(instant: int | None, *push: object) -> int:
    """Push in a child that is killed at that event; how many there were, if it was not."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        events = count()

        def kill(*_: object) -> None:
            if next(events) == instant:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(kill)
        pushed(*push)
        os.write(write, str(next(events)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        events = told.read()
    os.waitpid(child, 0)
    return int(events or 0)
