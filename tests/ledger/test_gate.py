"""Reading the ledger in columns never costs what is written beside it."""

import sqlite3
from pathlib import Path
from threading import Event, Thread

from ledgers import Ledger, item, subscription
from workspaces import workspace

from tenure import Evidence
from tenure.ledger.gate import Gate
from tenure.ledger.store import Store
from tenure.metrics.run import ReportRequest, build


def test_what_is_written_after_a_report_is_not_lost(tmp_path: Path):
    """Two SQLite libraries on one file: the second to close used to delete the other's log."""
    store = Store.open(f"sqlite:///{tmp_path / 'tenure.db'}")
    for number in range(3):
        amounts = {0: (number + 1, Evidence.OBSERVED)}
        Ledger(store).pull([subscription(f"s{n}", item("i", amounts)) for n in range(number + 1)])
        report = build(workspace(store.url), store, ReportRequest(first="2025-06", last="2025-06"))
        assert report.rows[0].end_mrr == (number + 1) ** 2 * 10**6
    store.engine.dispose()
    with sqlite3.connect(tmp_path / "tenure.db") as other:
        assert other.execute("SELECT count(*) FROM item").fetchone() == (3,)
    other.close()


def test_the_gate_keeps_a_foreign_reader_and_our_connections_apart():
    gate, entered = Gate(), Event()
    order: list[str] = []

    def ours() -> None:
        entered.set()
        gate.enter()
        order.append("ours")
        gate.leave()

    with gate.foreign():
        thread = Thread(target=ours)
        thread.start()
        entered.wait()
        order.append("foreign")
    thread.join()
    assert order == ["foreign", "ours"]
