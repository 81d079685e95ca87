"""A full disk under the store during a push: a clear word, nothing lost, nothing twice."""

import pytest
from boards import Board, over
from full_disks import files_of_at_most
from reports import REPORT

from tenure.delivery import deliver
from tenure.delivery.outbox import Outbox, State
from tenure.errors import StoreError
from tenure.ledger.store import Store


@pytest.fixture
def store(sqlite_database):
    return Store.open(sqlite_database)


def test_nothing_is_sent_that_could_not_be_written_down(store):
    board = Board()
    with files_of_at_most(10):
        (done,) = deliver(over(store, a=board), store, REPORT)
    assert isinstance(done.error, StoreError)
    assert "disk" in str(done.error)
    assert (board.written, Outbox(store).runs()) == (0, [])
    assert deliver(over(store, a=board), store, REPORT)[0].error is None


def test_what_was_sent_and_not_marked_is_found_there(store):
    limit = files_of_at_most(10)
    board = Board(after=limit.__enter__)
    try:
        (done,) = deliver(over(store, a=board), store, REPORT)
    finally:
        limit.__exit__(None, None, None)
    assert isinstance(done.error, StoreError)
    assert [run.state for run in Outbox(store).runs()] == [State.PENDING]
    board.after = lambda: None
    assert deliver(over(store, a=board), store, REPORT)[0].error is None
    assert [(run.state, board.written) for run in Outbox(store).runs()] == [(State.DELIVERED, 1)]
