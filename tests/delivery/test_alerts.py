"""Alerts: what is due by the rules, each said once for as long as it lasts."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from boards import Board, failing, over
from books import NOW, Book, point
from reports import REPORT

from tenure import Customer, Receipt, TransientError, micros
from tenure.alerts import Facts, Loss, due
from tenure.cli import main
from tenure.config import Entry
from tenure.config.sections import AlertsTable
from tenure.delivery import alerting, deliver
from tenure.delivery.outbox import Outbox, State
from tenure.errors import WithheldError
from tenure.ledger.store import Store
from tenure.metrics.run import ReportRequest, build

ROW = replace(
    REPORT.rows[0],
    start_mrr=micros(1000),
    expansion=micros(20),
    contraction=micros(50),
    churn=0,
    end_mrr=micros(975),
)
FACTS = Facts(now=NOW, currency="USD", row=ROW)


def said(facts=FACTS, **rules):
    return [alert.text for alert in due(AlertsTable(**rules), facts)]


@pytest.mark.parametrize(
    ("rule", "limit", "text"),
    [
        ("nrr_below", "1", "NRR of 2025-03 is 97.00 %, below 100.00 %, of an opening MRR of "),
        ("nrr_below", "0.97", None),
        ("grr_below", "0.9501", "GRR of 2025-03 is 95.00 %, below 95.01 %, of an opening MRR of "),
        ("churn_above", "0.049", "Revenue churn of 2025-03 is 5.00 %, above 4.90 %, of an opening"),
        ("churn_above", "0.05", None),
    ],
)
def test_a_figure_beyond_its_limit(rule, limit, text):
    found = said(**{rule: Decimal(limit)})
    assert [one.startswith(text) for one in found] == ([True] if text else [])


def test_a_ratio_of_nothing_is_beyond_no_limit():
    empty = replace(ROW, start_mrr=0, expansion=0, contraction=0)
    assert said(replace(FACTS, row=empty), nrr_below=1, grr_below=1, churn_above=0) == []


def test_a_name_does_not_turn_the_amount_around():
    lost = [Loss(customer="c", name="\u202eAcme\u2066", amount=micros(5), reasons=[])]
    (found,) = due(AlertsTable(customer_loss_above=2), replace(FACTS, losses=lambda: lost))
    assert found.title == "Acme pays 5.00 USD less"


def test_a_customer_whose_loss_is_too_large():
    lost = [
        Loss(customer=f"c{n}", name="*a*\n" * 99, amount=micros(n), reasons=["product_removed"])
        for n in range(1, 26)
    ]
    found = due(AlertsTable(customer_loss_above=2), replace(FACTS, losses=lambda: lost))
    assert [alert.key for alert in found[:2]] == [
        "customer_loss_above:2025-03:c25",
        "customer_loss_above:2025-03:c24",
    ]
    assert found[0].title == f"{'*a* ' * 19}*a*… pays 25.00 USD less"
    assert found[0].text.endswith("2025-03 than at its start (product_removed).")
    assert (len(found), found[-1].title) == (21, "3 more customers pay over 2.00 USD less")


def test_a_source_that_was_not_read_for_too_long():
    sources = [("a", NOW - timedelta(hours=24)), ("b", NOW - timedelta(hours=25)), ("c", None)]
    assert said(replace(FACTS, sources=sources), stale_after="24h") == [
        "Connector b was read to its end last at 2026-06-29 23:00 UTC, over 24h ago.",
        "Connector c was read to its end never.",
    ]


def test_a_source_that_was_read_by_a_clock_that_was_ahead():
    assert said(replace(FACTS, sources=[("a", NOW + timedelta(hours=1))]), stale_after="24h") == [
        "Connector a was read to its end last at 2026-07-01 01:00 UTC, by a clock that was ahead."
    ]


class Siren(Board):
    """Keeps what it said."""

    alerts = True

    def __init__(self):
        super().__init__()
        self.said, self.keys = [], []

    def alert(self, alert, context):
        self.keys.append(context.key)
        self.before()
        self.said.append(alert)
        return Receipt(written=1, remote_id=f"m{len(self.said)}")


@pytest.fixture
def clock():
    return [NOW]


@pytest.fixture
def book(sqlite_database, clock):
    """A pays 100 in May and 40 at the end of June; the sources are read on the first of July."""
    return booked(sqlite_database, clock)


def booked(url, clock):
    made = Book(Store.open(url, clock=lambda: clock[0]))
    made.records.append(Customer(id="A", name="Acme"))
    made.add("A", [point("2026-02-10", 100), point("2026-06-10", 40)])
    made.add("B", [point("2026-02-10", 100), point("2026-06-10", 150)])
    made.ledger.pull(made.records)
    return made


def siren_over(book, siren, **rules):
    entry = Entry(name="a", kind="sink", use="siren", plugin=siren, alerts=AlertsTable(**rules))
    return over(book.store, a=entry)


def watch(book, siren, finding="figures", *, patient=False, **rules):
    ready = siren_over(book, siren, **rules)
    if finding == "figures":
        finding = build(ready, book.store, ReportRequest())
    return alerting.Watch(ready, book.store, finding, patient=patient)


def test_each_is_said_once(store_url, clock):
    book = booked(store_url, clock)
    siren, rules = Siren(), {"nrr_below": 1, "customer_loss_above": 50}
    for _ in range(2):
        alerting.send(watch(book, siren, **rules))
    assert [alert.title for alert in siren.said] == [
        "NRR of 2026-06 is 95.00 %",
        "Acme pays 60.00 USD less",
    ]
    runs = Outbox(book.store).alerts("a")
    assert [(run.alert, run.state, run.remote_id) for run in runs] == [
        ("customer_loss_above:2026-06:A#1", State.DELIVERED, "m2"),
        ("nrr_below:2026-06#1", State.DELIVERED, "m1"),
    ]


def test_what_is_over_and_comes_back_is_said_again(book, clock):
    siren = Siren()
    for hours in (0, 25, 26, 0, 25):
        clock[0] += timedelta(hours=hours)
        if not hours:
            book.ledger.pull(book.records)
        alerting.send(watch(book, siren, None, stale_after="24h"))
    assert [alert.key for alert in siren.said] == ["stale_after:test#1", "stale_after:test#2"]


def test_what_was_not_judged_is_not_over(book):
    siren, withheld = Siren(), WithheldError("Nothing was published: a source is unfinished")
    for finding in ("figures", withheld, None, "figures"):
        alerting.send(watch(book, siren, finding, nrr_below=1, withheld=True))
    assert [(a.kind, a.text[:21]) for a in siren.said] == [
        ("nrr_below", "NRR of 2026-06 is 95."),
        ("withheld", "Nothing was published"),
    ]


def test_what_failed_is_tried_again_with_its_key(book):
    siren = Siren()
    siren.before = failing(TransientError("The board is down"))
    (failed,) = alerting.send(watch(book, siren, nrr_below=1))
    siren.before = lambda: None
    (waits,) = alerting.send(watch(book, siren, patient=True, nrr_below=1))
    (done,) = alerting.send(watch(book, siren, nrr_below=1))
    assert [one.exit_code for one in (failed, waits, done)] == [1, 1, 0]
    assert "waits until" in str(waits.error)
    assert len(siren.keys) == 2
    assert siren.keys[0] == siren.keys[1]


def test_what_failed_and_is_over_is_not_said_any_more(book):
    siren = Siren()
    siren.before = failing(TransientError("The board is down"))
    alerting.send(watch(book, siren, WithheldError("Nothing was published"), withheld=True))
    alerting.send(watch(book, siren, withheld=True))
    (run,) = Outbox(book.store).alerts("a")
    assert (run.state, run.over_at is not None, siren.said) == (State.SUPERSEDED, True, [])


def test_an_alert_and_a_report_do_not_supersede_each_other(book):
    siren = Siren()
    siren.before = failing(TransientError("The board is down"))
    ready, last = siren_over(book, siren, nrr_below=1), Outbox(book.store).last
    deliver(ready, book.store, REPORT)
    report = last("a")
    alerting.send(watch(book, siren, nrr_below=1))
    deliver(ready, book.store, REPORT)
    (alert,) = Outbox(book.store).alerts("a")
    assert (alert.state, last("a").id, last("a").state) == (State.FAILED, report.id, State.FAILED)


def test_a_dry_run_says_what_would_be_said_and_writes_nothing(book):
    siren = Siren()
    before = book.store.known_at()
    (shown,) = alerting.preview(watch(book, siren, nrr_below=1))
    assert (shown.alert.title, siren.said) == ("NRR of 2026-06 is 95.00 %", [])
    assert book.store.known_at() == before
    alerting.send(watch(book, siren, nrr_below=1))
    assert alerting.preview(watch(book, siren, nrr_below=1)) == []


BELL = """
import tenure


class Bell(tenure.Sink):
    name, api, Config, alerts = "bell", 1, tenure.PluginConfig, True

    def check(self, context):
        yield "can ring"

    def preview(self, report, context):
        return []

    def deliver(self, report, changes, context):
        raise NotImplementedError

    def alert(self, alert, context):
        with (context.folder / "rung").open("a") as file:
            file.write(alert.kind + chr(10))
        return tenure.Receipt(written=1)


@tenure.hookimpl
def tenure_sinks():
    return [Bell]
"""
CONFIG = """
[tenure]
store = "sqlite:///t.db"
[metrics]
min_coverage = {least}
[connectors.history]
use = "file"
path = "rows.csv"
[sinks.bell]
use = "./bell.py"
alerts = {{ nrr_below = 1, withheld = true }}
"""


def test_a_push_sends_alerts_also_where_nothing_is_published(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bell.py").write_text(BELL)
    (tmp_path / "plugins.toml").write_text(CONFIG.format(least=0))
    (tmp_path / "rows.csv").write_text(
        "customer,start,end,mrr\na,2025-01-01,,5\nb,2025-01-01,2025-02-01,5\n"
    )
    main(["sync"])
    with Store.open(f"sqlite:///{tmp_path / 't.db'}").write() as (connection, _):
        connection.exec_driver_sql("UPDATE connector_state SET pull_started_at = 1")
    capsys.readouterr()
    assert main(["push", "--dry-run"]) == 3
    assert "bell: would say: Nothing was published: connector 'history'" in capsys.readouterr().out
    assert (main(["push"]), main(["push"]), main(["push", "--anyway"])) == (3, 3, 0)
    assert (tmp_path / "rung").read_text() == "withheld\n"
    main(["deliveries"])
    assert "delivered (alert withheld#1)" in " ".join(capsys.readouterr().out.split())
