"""What is behind a figure adds up to it, and goes down to the record that said so."""

import hashlib

import pytest
from asked import as_policy, asked, filled, has_begun, heavy
from books import NOW, Book, at, lasting, point
from hypothesis import assume, given
from hypothesis import strategies as st
from workspaces import workspace
from worlds import policies, questions, worlds

from tenure import Attribute, Customer, RawChunk, micros
from tenure.errors import UsageError
from tenure.explanation import Metric
from tenure.metrics import explain
from tenure.metrics.run import ReportRequest

ONE = hashlib.sha256(b"1").hexdigest()
JAN = "2026-01-15"


@pytest.fixture
def filled_book(book: Book) -> Book:
    book.add("A", [*lasting(), point(JAN, 150)])
    book.add("B", [*lasting(amount=80), point(JAN, 60)])
    book.add("C", [*lasting(amount=30), point(JAN, None)])
    book.add("D", lasting(JAN, 20))
    book.add("E", lasting(amount=500))
    book.records.append(Customer(id="A", name="Acme"))
    book.ledger.pull(book.records)
    return book


def explained(book: Book, metric: Metric, **more):
    request = ReportRequest(first="2026-01", last="2026-01", now=NOW, **more)
    return explain.build(workspace(book.store.url), book.store, request, metric)


@pytest.mark.parametrize(
    ("metric", "parts"),
    [
        (Metric.NRR, [("A", 50), ("C", -30), ("B", -20)]),
        (Metric.GRR, [("C", -30), ("B", -20)]),
        (Metric.NEW, [("D", 20)]),
        (Metric.EXPANSION, [("A", 50)]),
        (Metric.CONTRACTION, [("B", 20)]),
        (Metric.CHURN, [("C", 30)]),
        (Metric.END_MRR, [("A", 150), ("B", 60), ("D", 20)]),
        (Metric.START_MRR, [("A", 100), ("B", 80), ("C", 30)]),
    ],
)
def test_the_customers_behind_a_figure_largest_first(filled_book, metric, parts):
    made = explained(filled_book, metric)
    assert [(p.customer, p.contribution // micros(1)) for p in made.parts] == parts
    assert (made.unchanged, made.unchanged_mrr) == (1, micros(500))


def test_customers_are_counted_for_logos(filled_book):
    made = explained(filled_book, Metric.LOGO_RETENTION)
    assert [(p.customer, p.contribution) for p in made.parts] == [("C", -1)]


def test_a_ratio_shows_what_is_divided(filled_book):
    said = explained(filled_book, Metric.NRR).as_json()
    assert (said["figure"], said["numerator"], said["denominator"], said["total"]) == (
        "1.000000",
        "710.000000",
        "710.000000",
        "0.000000",
    )


@heavy
@given(data=st.data(), world=worlds(), policy=policies(), metric=st.sampled_from(list(Metric)))
def test_every_figure_is_explained(growing, data, world, policy, metric):
    question = data.draw(questions(world))
    assume(has_begun(question))
    ledger = filled(growing(), world)
    ready = workspace(ledger.store.url, ledger.connector, zone=world.zone, policy=as_policy(policy))
    made = explain.build(ready, ledger.store, asked(question), metric)  # checks its own sum
    held = made.unchanged_mrr if metric in {Metric.START_MRR, Metric.END_MRR} else 0
    figure = made.figure
    wanted = figure if isinstance(figure, int) else figure[0] - figure[1]
    assert made.total + held == wanted
    assert made.unchanged >= 0


def test_a_customer_s_timeline_goes_down_to_the_record(book):
    book.add("A", [*lasting(source_ref="f.csv:2"), point(JAN, 150, source_ref="f.csv:3")])
    owner = Attribute(name="owner", value="ann", valid_from=at("2025-01-01"))
    book.records += [
        Customer(id="A", name="Acme", attributes=[owner]),
        RawChunk(name="f.csv", position=0, data=b"..."),
    ]
    book.ledger.pull(book.records)
    line = explain.timeline(workspace(book.store.url), book.store, "A", None)
    assert (line.name, line.attributes["owner"]) == ("Acme", "ann")
    assert [(f.source_ref, f.level // micros(1), f.reason, f.raw) for f in line.facts] == [
        ("f.csv:2", 100, "product_added", "f.csv"),
        ("f.csv:3", 150, "price", "f.csv"),
    ]


def test_a_record_that_is_named_by_its_id_is_found_in_the_page_that_held_it(book):
    refs = ["in_1/il_1", "in_1/il_2", "in_2/il_3", "in_3/il_4"]
    days = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"]
    book.add("A", [point(day, 100, source_ref=ref) for day, ref in zip(days, refs, strict=True)])
    pages = [("invoices", 0, ["in_2", "in_1"]), ("invoices", 1, ["in_4"]), ("lines", 0, ["il_2"])]
    book.records = [RawChunk(name=n, position=p, data=b"1", holds=ids) for n, p, ids in pages] + (
        book.records
    )
    book.ledger.pull(book.records)
    book.ledger.pull([RawChunk(name="invoices", position=0, data=b"newer", holds=["in_1"])])
    line = explain.timeline(workspace(book.store.url), book.store, "A", None)
    assert [fact.raw for fact in line.facts] == [
        f"invoices:0:{ONE}", f"lines:0:{ONE}", f"invoices:0:{ONE}", None
    ]  # fmt: skip


def test_the_timeline_as_it_was_known_before_a_restatement(book):
    book.add("A", lasting())
    book.ledger.pull(book.records)
    before = book.store.known_at()
    book.records.clear()
    book.add("A", lasting(amount=70))
    book.ledger.pull(book.records)
    ready = workspace(book.store.url)
    now, then = (explain.timeline(ready, book.store, "A", k) for k in (None, before))
    assert [fact.amount // micros(1) for fact in (*now.facts, *then.facts)] == [70, 100]


def test_an_unknown_customer_is_told_the_nearest(filled_book):
    filled_book.add("cus_0001", lasting())
    filled_book.ledger.pull(filled_book.records)
    with pytest.raises(UsageError, match="Did you mean 'cus_0001'"):
        explain.timeline(workspace(filled_book.store.url), filled_book.store, "cus_001", None)
