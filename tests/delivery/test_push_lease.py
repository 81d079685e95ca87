"""One push to a sink at a time: the second is told who is at it, and the dead hold nothing."""

import socket
from datetime import timedelta

import pytest
from boards import Board, over
from reports import NOW, REPORT
from sqlalchemy import text

from tenure import SourceError
from tenure.delivery import deliver, lease
from tenure.ledger.store import Store, this_process
from tenure.ledger.tables import to_micros


@pytest.fixture
def store(sqlite_database):
    return Store.open(sqlite_database, clock=lambda: NOW)


def held(store):
    with store.read() as connection:
        return connection.execute(text("SELECT holder, until FROM sink_lease")).all()


def taken(store, holder):
    """As if that one had taken the lease of the sink `a` now."""
    until = to_micros(NOW + lease.LEASE_TIME)
    with store.aside() as connection:
        connection.execute(text(f"INSERT INTO sink_lease VALUES ('a', '{holder}', {until})"))


def test_the_second_of_two_pushes_is_told_who_is_at_it(store_url):
    store = Store.open(store_url, clock=lambda: NOW)
    board, second = Board(), []
    board.before = lambda: second.extend(deliver(over(store, a=board, b=Board()), store, REPORT))
    (first,) = deliver(over(store, a=board), store, REPORT)
    assert (first.error, board.written, held(store)) == (None, 1, [])
    assert [one.exit_code for one in second] == [1, 0]
    assert f"Sink 'a' is being pushed to by {this_process()}" in str(second[0].error)


def test_the_lease_of_a_dead_process_is_taken_over(store):
    taken(store, f"{socket.gethostname()}:{2**22 + 1}/dead")  # above the highest process id
    assert deliver(over(store, a=Board()), store, REPORT)[0].error is None


def test_another_machine_keeps_its_lease_until_it_runs_out(store):
    taken(store, "elsewhere:7/1234")
    (waits,) = deliver(over(store, a=Board()), store, REPORT)
    said = "by elsewhere:7. Wait until it is done, or if it died, until 2026-01-01 00:05"
    assert said in str(waits.error)
    store.clock = lambda: NOW + lease.LEASE_TIME
    assert deliver(over(store, a=Board()), store, REPORT)[0].error is None


def test_a_lease_is_given_back_by_a_push_that_fails(store):
    with pytest.raises(SourceError), lease.hold(store, "a"):
        raise SourceError("it is down")
    assert held(store) == []


class Once:
    """Ends a wait by its time, and the next at once."""

    def __init__(self):
        self.waited = []

    def wait(self, seconds):
        self.waited.append(seconds)
        return len(self.waited) > 1


def test_a_slow_push_keeps_its_lease(store):
    taken(store, "me")
    store.clock, over_yet = (lambda: NOW + timedelta(minutes=2)), Once()
    lease._renew(store, "me", over_yet)
    assert held(store) == [("me", to_micros(NOW + timedelta(minutes=7)))]
    assert over_yet.waited[0] < lease.LEASE_TIME.total_seconds() / 2


def test_a_push_with_nothing_new_leaves_no_trace(store):
    ready = over(store, a=Board())
    deliver(ready, store, REPORT)
    before = store.known_at()
    deliver(ready, store, REPORT)
    assert store.known_at() == before
