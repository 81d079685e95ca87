"""Customers as of now: by hand, for programs, and against the reference on made-up worlds."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date
from zoneinfo import ZoneInfo

from asked import NOBODY, as_policy, filled, heavy
from books import NOW, at, point
from hypothesis import given
from hypothesis import strategies as st
from ledgers import Ledger
from reference import payers
from workspaces import workspace
from worlds import instants, policies, worlds

from tenure import Attribute, Customer, State, Subscription, micros
from tenure.customers import LastMovement, Sort
from tenure.metrics import page
from tenure.metrics.customers import build
from tenure.metrics.run import ReportRequest
from tenure.metrics.streams import Streams


def made(book, *, segments=(), sort=Sort.MRR, **asked):
    book.ledger.pull(book.records)
    ready = workspace(book.store.url)
    ready = replace(ready, metrics=replace(ready.metrics, segments=segments))
    return build(ready, book.store, ReportRequest(now=NOW, **asked), sort)


def test_what_each_pays_and_what_happened_last(book):
    book.add("A", [point("2026-01-10", 100), point("2026-02-10", 150)])
    book.add("B", [point("2025-01-10", 70), point("2026-03-10", None)])
    first, second = made(book).rows
    assert (first.id, first.mrr, first.since) == ("A", micros(150), date(2026, 1, 10))
    assert first.last == LastMovement(kind="expansion", day=date(2026, 2, 10), amount=micros(50))
    assert (second.mrr, second.last.kind, second.last.amount) == (0, "churn", micros(-70))


def test_what_is_scheduled_has_not_happened(book):
    book.add("A", [point("2026-01-10", 100), point("2026-08-01", None)])
    (row,) = made(book).rows
    assert (row.mrr, row.last.kind) == (micros(100), "new")


def test_a_prospect_is_counted_and_who_tries_has_a_row_without_a_movement(book):
    book.add("A", [point("2026-01-10", 100)])
    book.records.append(Customer(id="B", name="Bee"))
    book.add("C", [point("2026-06-10", 100, state=State.TRIAL)])
    found = made(book)
    assert found.prospects == 1
    assert [(row.id, row.mrr, row.since, row.last) for row in found.rows[1:]] == [
        ("C", 0, None, None)
    ]


def test_money_of_a_connector_that_provides_attributes_alone_counts_nowhere(book):
    book.add("A", [point("2026-01-10", 100)])
    other = Ledger(book.store, "crm")
    other.pull([replace(record, customer="B") for record in book.records])
    book.ledger.pull(book.records)
    ready = workspace(book.store.url, "test", "crm")
    both = build(ready, book.store, ReportRequest(now=NOW))
    people = replace(ready.connectors[1], provides=frozenset({"attributes"}))
    ready = replace(ready, connectors=(ready.connectors[0], people))
    one = build(ready, book.store, ReportRequest(now=NOW))
    assert [len(found.rows) for found in (both, one)] == [2, 1]
    assert page.build(ready, book.store, ReportRequest(now=NOW)).rows[-1].end_mrr == micros(100)
    streams = Streams(workspace=ready, store=book.store, request=ReportRequest(now=NOW))
    assert sum(batch.num_rows for batch in streams.points()) == 1


def test_attributes_are_those_of_now(book):
    owners = [Attribute(name="owner", value="ann", valid_from=at("2025-01-01"))]
    owners += [Attribute(name="owner", value="bob", valid_from=at("2026-02-01"))]
    book.records.append(Customer(id="A", attributes=owners))
    book.add("A", [point("2026-01-10", 2000, plan="pro")])
    (row,) = made(book, segments=("plan", "owner", "acv_band", "cohort", "region")).rows
    assert list(row.attributes.values()) == ["pro", "bob", "12–50k", "2026-01", None]  # noqa: RUF001
    assert [row.id for row in made(book, where={"owner": "bob"}).rows] == ["A"]


def test_by_name(book):
    for name, customer, amount in (("Zoe", "1", 9), ("adam", "2", 5)):
        book.records.append(Customer(id=customer, name=name))
        book.add(customer, [point("2026-01-10", amount)])
    assert [row.name for row in made(book).rows] == ["Zoe", "adam"]
    assert [row.name for row in made(book, sort=Sort.NAME).rows] == ["adam", "Zoe"]


def test_for_programs(book):
    book.add("A", [point("2026-01-10", 100, plan="pro")])
    found = made(book, segments=("plan",))
    assert found.as_json()["rows"] == [
        {
            "id": "A", "name": None, "connectors": ["test"], "mrr": "100.000000",
            "arr": "1200.000000", "customer_since": "2026-01-10",
            "last_movement": {"kind": "new", "date": "2026-01-10", "amount": "+100.000000"},
            "attributes": {"plan": "pro"},
        }
    ]  # fmt: skip
    (line,) = csv.DictReader(io.StringIO(found.as_csv()))
    assert (line["last_movement"], line["plan"], line["mrr"]) == ("new", "pro", "100.000000")


def test_an_attribute_named_like_a_column_stands_beside_it(book):
    names = ("mrr", "plan", "attribute.mrr")
    stated = [Attribute(name=n, value=f"my {n}", valid_from=at("2025-01-01")) for n in names]
    book.records.append(Customer(id="A", attributes=stated))
    book.add("A", [point("2026-01-10", 100, plan="pro")])
    found = made(book, segments=names)
    (line,) = csv.DictReader(io.StringIO(found.as_csv()))
    assert (line["mrr"], line["attribute.mrr"]) == ("100.000000", "my mrr")
    assert (line["plan"], line["attribute.attribute.mrr"]) == ("pro", "my attribute.mrr")


def expected(payer, now, world) -> tuple:
    """MRR, first day, and the last movement by kind, day and amount."""
    value, day = world.rates.value, lambda t: t.astimezone(ZoneInfo(world.zone)).date()
    moved = None
    before = ()
    past = [(t, lines) for t, lines in payer.timeline if t <= now]  # a grace may end later
    for t, lines in past:
        old, new = value(before, now), value(lines, now)
        if bool(before) != bool(lines) or old != new:
            back = "reactivation" if payer.first_paid(before=t) else "new"
            grown = "expansion" if new > old else "contraction"
            kind = back if not before else "churn" if not lines else grown
            moved = LastMovement(kind=kind, day=day(t), amount=new - old)
        before = lines
    first = payer.first_paid()
    return value(payer.at(now), now), first and day(first), moved


@heavy
@given(data=st.data(), world=worlds(), policy=policies())
def test_every_row_is_that_of_the_reference(growing, data, world, policy):
    now = data.draw(instants(world.zone, world.days)).astimezone(UTC)
    ledger: Ledger = filled(growing(), world)
    ready = workspace(ledger.store.url, ledger.connector, zone=world.zone, policy=as_policy(policy))
    rows = build(ready, ledger.store, ReportRequest(now=now)).rows
    customers = payers([*world.records, NOBODY], now, policy, source=ledger.connector)
    began = {
        record.customer
        for record in world.records
        if isinstance(record, Subscription)
        and any(p.effective_at <= now for item in record.items for p in item.points)
    }
    assert {row.id: (row.mrr, row.since, row.last) for row in rows} == {
        name: expected(payer, now, world) for name, payer in customers.items() if name in began
    }
