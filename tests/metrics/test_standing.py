"""How customers stand: what sinks write beside an account."""

from dataclasses import replace
from datetime import UTC, date
from zoneinfo import ZoneInfo

from asked import as_policy, filled, heavy
from books import NOW, at, point
from hypothesis import assume, given
from hypothesis import strategies as st
from ledgers import Ledger
from workspaces import workspace
from worlds import instants, policies, worlds

from tenure import Attribute, Cause, Customer, micros
from tenure.ledger.statements import LinkFact, state_links
from tenure.metrics import customers, movements, standing
from tenure.metrics.run import ReportRequest
from tenure.metrics.run import build as report
from tenure.periods import Unit, day_start


def stand(book, *more, segments=(), **asked):
    book.ledger.pull(book.records)
    ready = workspace(book.store.url)
    ready = replace(ready, metrics=replace(ready.metrics, segments=segments))
    found = standing.build(ready, book.store, ReportRequest(now=NOW, **asked), more)
    return {one.id: one for one in found}


def test_what_each_pays_now_and_paid_a_year_ago(book):
    book.add("A", [point("2025-01-10", 100), point("2026-02-10", 150)])
    book.add("B", [point("2025-01-10", 70), point("2026-03-10", None)])
    book.add("C", [point("2026-01-10", 30)])
    found = stand(book)
    told = {id_: (s.mrr, s.arr, s.mrr_year_ago, s.nrr) for id_, s in found.items()}
    assert told == {
        "A": (micros(150), micros(1800), micros(100), (micros(150), micros(100))),
        "B": (0, 0, micros(70), (0, micros(70))),
        "C": (micros(30), micros(360), 0, (0, 0)),
    }


def test_the_last_movement_has_its_reason(book):
    book.add("A", [point("2025-01-10", 100), point("2026-02-10", 150, quantity=2_000_000)])
    book.add("B", [point("2025-01-10", 70), point("2026-03-10", None, cause=Cause.REQUESTED)])
    found = stand(book)
    last = found["A"].last
    assert (last.kind, last.day, last.amount) == ("expansion", date(2026, 2, 10), micros(50))
    assert last.reason == "quantity"
    assert (found["B"].last.reason, found["B"].last.cause) == ("product_removed", "requested")


def test_what_somebody_asked_to_end_is_committed_no_more(book):
    going = {"ends_at": at("2026-12-01")}
    book.add(
        "A", [point("2025-01-10", 100)], [point("2025-01-10", 40), point("2026-06-01", 40, **going)]
    )
    one = stand(book)["A"]
    assert (one.mrr, one.committed_mrr, one.committed_change) == tuple(map(micros, (140, 100, -40)))


def test_attributes_are_of_now_also_those_that_are_no_segment(book):
    values = [Attribute(name=name, value="7", valid_from=at("2025-01-01")) for name in ("x", "y")]
    book.records.append(Customer(id="A", name="Ay", attributes=values))
    book.add("A", [point("2026-01-10", 2000)])
    one = stand(book, "y", "z", segments=("x", "plan"))["A"]
    assert one.attributes == {"x": "7", "plan": "(none)", "y": "7", "z": None}
    assert (one.name, one.ids, one.acv_band) == ("Ay", {"test": ("A",)}, "12–50k")  # noqa: RUF001


def test_who_never_paid_stands_there_with_nothing(book):
    book.add("A", [point("2026-01-10", 100)])
    book.records.append(Customer(id="B"))
    one = stand(book)["B"]
    assert (one.mrr, one.since, one.last, one.acv_band) == (0, None, None, None)


def test_before_anything_is_known_to_be_paid_nobody_pays(book):
    book.records.append(Customer(id="A", name="Ay"))
    one = stand(book)["A"]
    assert (one.name, one.mrr, one.last) == ("Ay", 0, None)
    log = movements.build(workspace(book.store.url), book.store, ReportRequest(now=NOW))
    assert log.movements == ()


def test_an_account_has_its_ids_at_every_connector_a_parent_first(book):
    book.add("cus_1", [point("2026-01-10", 100)])
    book.ledger.pull(book.records)
    parent = [Attribute(name="parent", value="8", valid_from=at("2025-01-01"))]
    Ledger(book.store, "crm").pull([Customer(id="7", attributes=parent), Customer(id="8")])
    state_links(
        book.store, [LinkFact(customer_id=n, account="acme", rule="map") for n in (1, 2, 3)]
    )
    ready = workspace(book.store.url, "test", "crm")
    (one,) = standing.build(ready, book.store, ReportRequest(now=NOW))
    assert (one.ids, one.mrr) == ({"test": ("cus_1",), "crm": ("8", "7")}, micros(100))


@heavy
@given(data=st.data(), world=worlds(), policy=policies())
def test_they_are_those_of_the_list_and_add_up_to_the_report(growing, data, world, policy):
    now = data.draw(instants(world.zone, world.days)).astimezone(UTC)
    ledger = filled(growing(), world)
    ready = workspace(ledger.store.url, ledger.connector, zone=world.zone, policy=as_policy(policy))
    asked, today = ReportRequest(now=now), str(now.astimezone(ZoneInfo(world.zone)).date())
    found = list(standing.build(ready, ledger.store, asked))
    plain = {
        s.id: (s.mrr, s.since, s.last and replace(s.last, reason=None, cause=None)) for s in found
    }
    rows = customers.build(ready, ledger.store, asked).rows
    listed = {row.id: (row.mrr, row.since, row.last) for row in rows}
    prospects = dict.fromkeys(plain.keys() - listed.keys(), (0, None, None))
    assert plain == listed | prospects
    year = ReportRequest(unit=Unit.CUSTOM, first=today, last=today, trailing=12, now=now)
    assume(day_start(date.fromisoformat(today), ready.timezone) < now)  # else it has not begun
    (row,) = report(ready, ledger.store, year).rows
    assert sum(s.mrr_year_ago for s in found) == row.start_mrr
    assert sum(s.mrr for s in found) == row.end_mrr
    assert sum(s.committed_mrr for s in found) == row.committed_mrr
    assert (sum(s.nrr[0] for s in found), row.start_mrr) == row.nrr
