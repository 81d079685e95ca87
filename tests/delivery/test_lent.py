"""What a sink is lent: figures as of the report, whatever the ledger has learnt since."""

from dataclasses import replace
from datetime import timedelta

from boards import Board, over
from books import NOW, Book, point
from reports import META, REPORT

from tenure import Attribute, Customer, micros
from tenure.delivery import deliver
from tenure.ledger.store import Store


class Curious(Board):
    """Asks for all there is."""

    def preview(self, report, context):
        self.customers = {one.id: one for one in context.customers(attributes=("owner",))}
        self.log = context.movements("2026-02")
        self.cohorts = context.cohorts()
        self.known = (context.known_at, context.connectors, context.memory.targets())
        context.warn("look at this")
        return super().preview(report, context)


def test_figures_are_as_of_the_report(sqlite_database, caplog):
    now = [NOW]
    book = Book(Store.open(sqlite_database, clock=lambda: now[0]))
    owned = [Attribute(name="owner", value="ann", valid_from=NOW)]
    book.records.append(Customer(id="A", attributes=owned))
    book.add("A", [point("2026-01-10", 100), point("2026-02-10", 150)])
    book.ledger.pull(book.records)
    then = book.store.known_at()
    now[0] += timedelta(days=1)
    book.add("B", [point("2026-02-12", 70)])
    book.ledger.pull(book.records)
    board = Curious()
    deliver(
        over(book.store, a=board), book.store, replace(REPORT, meta=replace(META, known_at=then))
    )
    (one,) = [each for each in board.customers.values() if each.since]
    assert (one.id, one.mrr, one.attributes) == ("A", micros(150), {"owner": "ann"})
    assert [(m.customer, m.change) for m in board.log.movements] == [("A", micros(50))]
    assert [(c.label, c.customers) for c in board.cohorts.cohorts] == [("2026-01", 1)]
    assert board.known == (then, {"test": "test"}, frozenset())
    assert "a: look at this" in caplog.text
