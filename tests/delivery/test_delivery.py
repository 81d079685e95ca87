"""The outbox: each sink gets the figures once, whatever happens in between."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from boards import Board, failing, over
from reports import BETTER, META, NOW, REPORT
from sqlalchemy import text

from tenure import PluginError, TransientError
from tenure.config import Entry
from tenure.delivery import Asked, deliver, preview
from tenure.errors import UsageError
from tenure.ledger.store import Store
from tenure.meta import SourceState
from tenure.status import pending_deliveries

SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
"""For what happens around the sink; what the ledger keeps of it is held on both databases."""


@pytest.fixture
def store(store_url):
    return Store.open(store_url)


@pytest.fixture
def rows(store):
    """Rows of a query over the store."""

    def found(query):
        with store.read() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    return found


def test_what_is_delivered_is_written_down(store, rows):
    deliver(over(store, a=Board()), store, REPORT)
    assert rows("SELECT sink, state, attempts, message, remote_id FROM delivery") == [
        ("a", "delivered", 1, "", "a-1")
    ]


def test_figures_are_kept_as_they_were_published(store, rows):
    ready = over(store, a=Board())
    deliver(ready, store, REPORT)
    ((document, policy),) = rows(
        "SELECT p.document, q.document FROM publication p JOIN policy q ON q.hash = p.policy_hash"
    )
    assert json.loads(document) == REPORT.as_json()
    assert policy == ready.metrics.policy.canonical()


def test_what_a_sink_holds_is_not_sent_again(store, rows):
    board = Board()
    for _ in range(2):
        deliver(over(store, a=board), store, REPORT)
    assert board.written == 1
    assert rows("SELECT (SELECT count(*) FROM publication), count(*) FROM delivery") == [(1, 1)]


@SQLITE
def test_what_a_sink_lost_is_sent_again(store):
    board = Board()
    deliver(over(store, a=board), store, REPORT)
    board.holds = "changed by hand"
    (outcome,) = deliver(over(store, a=board), store, REPORT)
    assert (board.holds, [c.old for c in outcome.changes]) == ("115", ["changed by hand"])


def test_figures_that_come_back_are_sent_again(store, rows):
    board = Board()
    for report in (REPORT, BETTER, REPORT):
        deliver(over(store, a=board), store, report)
    assert (board.holds, board.written) == ("115", 3)
    assert rows("SELECT DISTINCT state FROM delivery") == [("delivered",)]


def test_a_delivery_is_written_down_before_it_is_sent(store, rows):
    seen = []
    board = Board(before=lambda: seen.extend(rows("SELECT state FROM delivery")))
    deliver(over(store, a=board), store, REPORT)
    assert seen == [("pending",)]


def test_a_crash_after_sending_loses_nothing_and_sends_nothing_twice(store, rows):
    board = Board(after=failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        deliver(over(store, a=board), store, REPORT)
    assert (rows("SELECT state FROM delivery"), pending_deliveries(store)) == ([("pending",)], 1)
    deliver(over(store, a=board), store, REPORT)
    assert (rows("SELECT state FROM delivery"), board.written) == ([("delivered",)], 1)


def test_a_sink_that_fails_does_not_stop_the_others(store, rows):
    board = Board()
    broken = Board(before=failing(TransientError("The board is down", "Wait")))
    outcomes = deliver(over(store, a=broken, b=board), store, REPORT)
    assert ([o.exit_code for o in outcomes], board.written) == ([1, 0], 1)
    assert rows("SELECT state, message FROM delivery WHERE sink = 'a'") == [
        ("failed", "The board is down. Wait")
    ]


def test_a_failed_delivery_is_tried_at_the_next_push(store, rows):
    board = Board(before=failing(TransientError("The board is down")))
    deliver(over(store, a=board), store, REPORT)
    board.before = lambda: None
    deliver(over(store, a=board), store, REPORT)
    assert rows("SELECT state, attempts, message FROM delivery") == [("delivered", 2, "")]


def test_older_figures_that_never_arrived_wait_no_more(store):
    board = Board(before=failing(TransientError("The board is down")))
    deliver(over(store, a=board), store, REPORT)
    assert pending_deliveries(store) == 1
    board.before = lambda: None
    deliver(over(store, a=board), store, BETTER)
    assert pending_deliveries(store) == 0


@SQLITE
def test_a_fault_inside_a_sink_names_it(store):
    (outcome,) = deliver(over(store, a=Board(before=failing(ValueError("oops")))), store, REPORT)
    assert isinstance(outcome.error, PluginError)
    assert "'a' failed inside its plugin 'board': ValueError: oops" in outcome.error.reason


@SQLITE
def test_a_sink_that_would_end_the_program_fails_alone(store):
    board = Board()
    leaving = Board(before=failing(SystemExit(0)))
    outcomes = deliver(over(store, a=leaving, b=board), store, REPORT)
    assert ([o.exit_code for o in outcomes], board.written) == ([1, 0], 1)


@SQLITE
@pytest.mark.parametrize("garbage", [None, "text", [None], 7])
def test_a_preview_that_returns_something_else_is_not_taken_for_up_to_date(store, rows, garbage):
    board = Board()
    board.preview = lambda _report, _context: garbage
    for (outcome,) in (
        preview(over(store, a=board), store, REPORT),
        deliver(over(store, a=board), store, REPORT),
    ):
        assert "preview() should return a list of Change" in str(outcome.error)
    assert rows("SELECT state FROM delivery") == [("failed",)]


def test_a_delivery_without_a_receipt_has_failed(store, rows):
    board = Board()
    board.deliver = lambda _report, _changes, _context: None
    (outcome,) = deliver(over(store, a=board), store, REPORT)
    assert "deliver() should return a Receipt, not NoneType" in str(outcome.error)
    assert rows("SELECT state FROM delivery") == [("failed",)]


@SQLITE
def test_a_broken_plugin_fails_alone(store):
    broken = Entry(name="a", kind="sink", use="x", problem=PluginError("It cannot be imported"))
    outcomes = deliver(over(store, a=broken, b=Board()), store, REPORT)
    assert [(o.sink, o.exit_code) for o in outcomes] == [("a", 1), ("b", 0)]


@SQLITE
def test_a_disabled_sink_is_left_out(store, rows):
    off = Entry(name="a", kind="sink", use="board", enabled=False)
    assert deliver(over(store, a=off), store, REPORT) == []
    assert rows("SELECT count(*) FROM publication") == [(0,)]


@SQLITE
def test_only_the_sinks_named_get_it_once(store):
    boards = {"a": Board(), "b": Board()}
    assert len(deliver(over(store, **boards), store, REPORT, Asked(names=["b", "b"]))) == 1
    assert [board.written for board in boards.values()] == [0, 1]


@SQLITE
def test_an_unknown_sink_is_told_the_nearest_and_publishes_nothing(store, rows):
    with pytest.raises(UsageError, match=r"no sink 'bord'.*Did you mean 'board'"):
        deliver(over(store, board=Board()), store, REPORT, Asked(names=["bord"]))
    assert rows("SELECT count(*) FROM publication") == [(0,)]


@SQLITE
def test_without_any_sink_a_name_is_told_what_to_write(store):
    with pytest.raises(UsageError, match=r"no sink at all: write a table \[sinks\.board\]"):
        deliver(over(store), store, REPORT, Asked(names=["board"]))


def test_a_preview_writes_nothing(store, rows):
    board = Board()
    before = store.known_at()
    (outcome,) = preview(over(store, a=board), store, REPORT)
    assert [change.new for change in outcome.changes] == ["115"]
    assert (board.written, store.known_at()) == (0, before)
    assert rows("SELECT (SELECT count(*) FROM publication), count(*) FROM delivery") == [(0, 0)]


def test_fresher_sources_are_no_new_content():
    later = NOW + timedelta(days=1)
    fresher = SourceState(name="billing", last_complete_sync=later, incomplete=True)
    meta = replace(META, known_at=later, sources=(fresher,), quarantined=3, version="2")
    assert replace(REPORT, meta=meta).content_hash == REPORT.content_hash


@pytest.mark.parametrize(
    "changed",
    [
        BETTER,
        *(
            replace(REPORT, meta=replace(META, **{name: "another"}))
            for name in ("policy", "currency", "timezone", "variant")
        ),
    ],
)
def test_other_figures_or_other_rules_are_new_content(changed):
    assert changed.content_hash != REPORT.content_hash


@SQLITE
@pytest.mark.parametrize("kind", [ValueError, TransientError])
def test_a_secret_in_a_fault_is_neither_kept_nor_told(store, rows, kind):
    board = Board(before=failing(kind("401 for https://hooks.test/s3cret-token")))
    entry = Entry(name="a", kind="sink", use="board", plugin=board, secrets=("s3cret-token",))
    (outcome,) = deliver(over(store, a=entry), store, REPORT)
    assert "s3cret-token" not in str(outcome.error) + str(rows("SELECT message FROM delivery"))
