"""A sweep that is cut off goes on where it was, and only where that is safe."""

import os
import random
import re
import signal
import sqlite3
import stat
import time
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest
import time_machine
from stripe_books import THEN, Book, subscription
from stripe_lists import Lists, served

from tenure.status import reset
from tenure.sync import SyncOptions, sync

CUSTOMERS = 260
"""One in a page, so that there is a checkpoint on the way, after 200."""


REQUESTS = 300
"""Of a sweep that is not cut off, at least."""

LATE = 235
"""A request that is sent only after the checkpoint: at most 32 are under way."""

KILLS = 30 if os.environ.get("TENURE_SOAK") else 2


@pytest.fixture
def book(lists, tmp_path):
    with opened(lists, tmp_path) as found:
        yield found


@contextmanager
def opened(lists, folder, more=""):
    found = Book(lists, folder, more)
    lists.most = 1
    for number in range(1, CUSTOMERS + 1):
        found.add("/v1/customers", {"id": f"cus_{number}", "created": THEN + number})
    for number in range(1, 6):
        found.add("/v1/subscriptions", subscription(number))
    yield found
    found.store.engine.dispose()


def cut_off(book, after=LATE, **options):
    """A full sync of which the source is gone after so many requests."""

    def gone(_request):
        if len(book.lists.asked) > after:
            return httpx.Response(400, json={"error": {"message": "gone"}})
        return None

    book.lists.asked.clear()
    book.lists.before = gone
    (outcome,) = sync(book.workspace, book.store, SyncOptions(**options))
    book.lists.before = lambda _request: None
    assert outcome.error


def spool(book):
    (file,) = book.folder.glob("*/pull-*/spool.db")
    return file


def note(book):
    return str(book.ledger.rows("SELECT message FROM run ORDER BY id DESC LIMIT 1"))


def everything(book):
    return book.points(), book.ledger.rows("SELECT external_id FROM customer ORDER BY 1")


@pytest.mark.parametrize("full", [False, True])
def test_it_goes_on_and_says_so(book, full):
    cut_off(book, full=full)
    book.sync(full=full)
    assert LATE + len(book.asked) < 1.3 * REQUESTS
    assert re.search(
        r"full sweep of .* UTC: 200 pages were read, what is left is of customers", note(book)
    )
    assert len(everything(book)[0]) == 5
    assert len(everything(book)[1]) == CUSTOMERS


def test_it_asks_next_for_the_events_since_its_first_start(book):
    book.happens("customer.subscription.updated", subscription(quantity=1))
    cut_off(book)
    book.happens("customer.subscription.updated", subscription(quantity=3))
    book.sync()
    book.sync()
    assert book.last("si_1")[3] == 3


def test_what_it_had_read_is_for_its_owner_alone_and_gone_at_the_end(book):
    cut_off(book)
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (spool(book), *spool(book).parents[:2])]
    assert modes == [0o600, 0o700, 0o700]
    book.sync()
    assert not list(book.folder.glob("*/pull-*"))


def test_what_could_not_be_read_before_is_held_against_a_new_full_pull(book):
    book.add("/v1/invoices", {"id": "in_1", "created": THEN, "subscription": "sub_1", "lines": 7})
    cut_off(book, full=True)
    book.sync(full=True)
    assert book.ledger.rows("SELECT source_ref, resolved_at FROM quarantine") == [("in_1", None)]


def torn(book):
    file = spool(book)
    with file.open("r+b") as found:
        found.seek(4096)
        found.write(b"\xff" * 8192)


def of_text(book):
    spool(book).write_text("no database")


def forgotten(book):
    reset(book.store, "billing", None)


def another_ledger(book):
    """Without what the sweep had committed, as from a backup."""
    with sqlite3.connect(book.folder / "ledger.db") as found:
        found.execute("""UPDATE connector_state SET cursor = '{"sweep": ["another"]}'""")
    found.close()


@pytest.mark.parametrize("spoilt", [torn, of_text, forgotten, another_ledger])
def test_it_begins_anew_where_what_it_had_read_cannot_be_trusted(book, spoilt):
    cut_off(book)
    spoilt(book)
    book.sync()
    assert len(book.asked) > CUSTOMERS
    assert len(everything(book)[0]) == 5
    assert "Going on" not in note(book)


def test_it_begins_anew_after_days(book):
    cut_off(book)
    with time_machine.travel(book.store.clock() + timedelta(days=4)):
        book.sync()
    assert len(book.asked) > CUSTOMERS


def test_where_nothing_can_be_kept_it_reads_all_the_same(book):
    (book.folder / "ledger.db.columns").write_text("in the way")
    book.sync()
    assert len(everything(book)[1]) == CUSTOMERS


def test_kill_9_at_any_request_ends_in_the_same_ledger(tmp_path, work):
    chance, lists = random.Random(5), Lists()
    with served(lists) as url:
        with opened(lists, tmp_path, f'api_base = "{url}"\n') as book:
            lists.most = 100
            book.sync()
            whole = everything(book)
        for number in range(KILLS):
            folder = tmp_path / str(number)
            folder.mkdir()
            with opened(lists, folder, f'api_base = "{url}"\n') as book:
                at = chance.randrange(1, REQUESTS) if number % 2 else LATE
                before = killed(work, book, at)
                lists.asked.clear()
                work.start(folder)
                work.wait()
                assert everything(book) == whole
                assert number % 2 or before + len(lists.asked) < 1.3 * REQUESTS


def killed(work, book, at):
    """A sync that is killed when it sends the request of that number; how many it had sent."""
    pid = []

    def kill(_request):
        if len(book.lists.asked) == at:
            while not pid:
                time.sleep(0.001)
            os.kill(pid[0], signal.SIGKILL)

    book.lists.asked.clear()
    book.lists.before = kill
    pid.append(work.start(book.folder))
    work.wait()
    book.lists.before = lambda _request: None
    return len(book.lists.asked)


def test_what_another_process_still_uses_is_left_to_it(book):
    cut_off(book)
    with sqlite3.connect(spool(book)) as other:
        other.execute("BEGIN EXCLUSIVE")
        (outcome,) = sync(book.workspace, book.store, SyncOptions())
    other.close()
    assert "Another process still uses" in str(outcome.error)
