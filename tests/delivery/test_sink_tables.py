"""What a sink's table says: its reports, segments and periods; and what a sink remembers."""

from dataclasses import replace
from datetime import timedelta

import pytest
from boards import Board, failing, over
from books import NOW, Book, point
from reports import BETTER, REPORT

from tenure import Attribute, Customer, Receipt, TransientError, micros
from tenure.config import Entry
from tenure.delivery import Asked, deliver, preview, undo
from tenure.errors import UsageError
from tenure.ledger.store import Store
from tenure.metrics import page
from tenure.metrics.run import ReportRequest


class Listener(Board):
    """Keeps what it is given."""

    def preview(self, report, context):
        self.report, self.context = report, context
        self.ask(context)
        return super().preview(report, context)

    def ask(self, context):
        """What a test wants to know while the context is open."""


def sink(name, board, **keys):
    return Entry(name=name, kind="sink", use="board", plugin=board, **keys)


@pytest.fixture
def book(sqlite_database):
    """Ann's customer pays 100 since February, and 150 since the middle of the running July."""
    made = Book(Store.open(sqlite_database, clock=lambda: NOW + timedelta(days=14)))
    owned = [Attribute(name="owner", value="ann", valid_from=NOW - timedelta(days=300))]
    made.records.append(Customer(id="A", attributes=owned))
    made.add("A", [point("2026-02-10", 100), point("2026-07-10", 150)])
    made.ledger.pull(made.records)
    return made


@pytest.fixture
def usual(book):
    """The report that a sink gets unless its table says otherwise."""
    return page.build(over(book.store), book.store, ReportRequest())


def test_each_sink_gets_the_segments_that_it_asks_for(book, usual):
    plain, cut = Listener(), Listener()
    ready = over(book.store, plain=plain, cut=sink("cut", cut, segments=("owner",)))
    assert not any(one.error for one in deliver(ready, book.store, usual))
    assert plain.report is usual
    assert {str(row.segment) for row in cut.report.rows} == {"None", "{'owner': 'ann'}"}
    assert cut.context.segments == ("owner",)
    assert cut.report.meta.known_at == usual.meta.known_at


def test_sinks_that_ask_alike_share_one_report(book, usual):
    one, other = Listener(), Listener()
    entries = {name: sink(name, board, segments=("owner",)) for name, board in
               (("one", one), ("other", other))}  # fmt: skip
    preview(over(book.store, **entries), book.store, usual)
    assert one.report is other.report


def test_a_provisional_report_has_the_running_period_too(book, usual):
    board = Listener()
    deliver(over(book.store, a=sink("a", board, when="provisional")), book.store, usual)
    assert [row.period for row in board.report.rows] == [*(r.period for r in usual.rows), "2026-07"]
    assert (board.report.rows[-1].partial, board.report.rows[-1].expansion) == (True, micros(50))


def test_the_running_period_a_minute_later_is_no_new_content(book, usual):
    ready = over(book.store, a=sink("a", Board(), when="provisional"))
    assert deliver(ready, book.store, usual)[0].run
    book.store.clock = lambda: NOW + timedelta(days=14, minutes=1)
    assert deliver(ready, book.store, usual)[0].run is None


def test_an_attribute_that_nobody_has_fails_one_sink(book, usual):
    ready = over(book.store, a=sink("a", Board(), segments=("ownr",)), b=Board())
    a, b = deliver(ready, book.store, usual)
    assert ("ownr" in str(a.error), b.error) == (True, None)


def test_a_report_that_cannot_be_made_is_a_failed_delivery_until_it_can(book, usual):
    ready = over(book.store, a=sink("a", Board(), segments=("ownr",)), b=Board())
    deliver(ready, book.store, usual)
    again = deliver(ready, book.store, usual, Asked(only_failed=True))
    assert [(one.sink, one.run is None) for one in again] == [("a", False)]
    mended = over(book.store, a=sink("a", Board(), segments=()), b=Board())
    deliver(mended, book.store, usual)
    assert deliver(mended, book.store, usual, Asked(only_failed=True)) == []


def test_a_sink_may_ask_for_other_reports(book, usual):
    board = Listener()
    board.ask = lambda context: board.__dict__.update(
        weeks=context.report("week", count=2), year=context.report(trailing=12, count=1)
    )
    deliver(over(book.store, a=board), book.store, usual)
    assert [row.period for row in board.weeks.rows] == ["2026-W27", "2026-W28"]
    assert [(row.period, row.start.isoformat()) for row in board.year.rows] == [
        ("2026-06", "2025-07-01")
    ]
    assert board.weeks.meta.known_at == usual.meta.known_at


def test_a_sink_is_told_what_to_send_and_where_the_dashboard_is(book, usual):
    board = Listener()
    ready = over(book.store, a=sink("a", board, reports=("weekly",)))
    deliver(replace(ready, dashboard="https://nrr.test"), book.store, usual)
    assert (board.context.reports, board.context.dashboard) == (("weekly",), "https://nrr.test")


class Poster(Listener):
    """Writes what it cannot look at afterwards, as a message."""

    remembers = True

    def ask(self, context):
        self.holds = context.memory.confirmed(["a"]).get("a", {}).get("end")
        self.id = context.memory.remote_ids(["a", "b"])

    def deliver(self, *_):
        self.written += 1
        self.after()
        return Receipt(written=1, remote_ids={"a": str(self.written)})


@pytest.fixture
def store(store_url):
    return Store.open(store_url)


def test_the_id_on_the_other_side_is_given_back(store):
    poster, seen = Poster(), []
    for report in (REPORT, BETTER, BETTER):
        deliver(over(store, a=poster), store, report)
        seen.append(poster.id)
    assert seen == [{}, {"a": "1"}, {"a": "2"}]
    assert poster.written == 2


def test_what_was_cut_off_is_not_confirmed_and_is_sent_again(store):
    poster = Poster(after=failing(TransientError("the answer was lost")))
    deliver(over(store, a=poster), store, REPORT)
    poster.after = lambda: None
    deliver(over(store, a=poster), store, REPORT)
    assert poster.written == 2


def test_a_sink_that_only_remembers_cannot_take_back(store):
    ready = over(store, a=Poster())
    (done,) = deliver(ready, store, REPORT)
    with pytest.raises(UsageError, match="cannot take anything back"):
        undo(ready, store, "a", done.run)
