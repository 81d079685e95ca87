"""Lists: every object once, whatever moves meanwhile, and never faster than allowed."""

import json
import os
from collections import Counter
from dataclasses import replace
from itertools import count
from urllib.parse import quote

import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st
from stripe_lists import HOST, Lists, customer, opened

from tenure import Customer, Excluded, Quarantined, SourceError, TransientError
from tenure_connectors.stripe.account import CUSTOMERS, INVOICES, PRICES, SUBSCRIPTIONS
from tenure_connectors.stripe.listing import IN_FLIGHT
from tenure_connectors.stripe.pace import Pace

PATH = "/v1/customers"
DAY = 86_400
THEN = 1_700_000_000
LINES = 30_000 if os.environ.get("TENURE_SOAK") else 1_234


def read(account, *listings):
    return [record for record in account.read(*listings) if not isinstance(record, bytes)]


def ids(records):
    return [record.id for record in records if isinstance(record, Customer)]


@given(st.lists(st.integers(0, 40), max_size=12), st.sampled_from([1, 60, 30 * DAY]))
@settings(max_examples=25)
def test_every_object_comes_once_however_skewed_the_times(sizes, step):
    """Each size is that many times nine objects of one second."""
    lists = Lists()
    numbers = count()
    for moment, size in enumerate(sizes):
        for _ in range(size * 9):
            lists.lists[PATH].append(customer(next(numbers), THEN + moment * step))
    with respx.mock as wire, opened(requests_per_second=1e6) as account:
        wire.route(host=HOST).mock(side_effect=lists)
        found = Counter(ids(read(account, CUSTOMERS)))
    assert found == Counter(one["id"] for one in lists.lists[PATH])


def test_a_list_of_one_month_is_read_by_many_at_once(account, lists):
    lists.lists[PATH] = [customer(n, THEN + n * 100) for n in range(6_000)]
    lists.seconds = 0.1
    assert len(ids(read(account, CUSTOMERS))) == 6_000
    assert 8 <= lists.most_in_flight <= IN_FLIGHT


def test_a_short_list_is_asked_for_once(account, lists):
    lists.lists[PATH] = [customer(n) for n in range(100)]
    read(account, CUSTOMERS)
    assert len(lists.asked) == 1


def test_what_is_added_meanwhile_moves_nothing(account, lists):
    lists.lists[PATH] = [customer(n, THEN + n) for n in range(950)]
    numbers = count(90_000)

    def insert(_request):
        lists.lists[PATH].append(customer(next(numbers), THEN + 10**7))

    lists.before = insert
    found = Counter(ids(read(account, CUSTOMERS)))
    assert all(found[f"cus_{n:05}"] == 1 for n in range(950))
    assert max(found.values()) == 1


@pytest.mark.parametrize("gone", [1, 40, 100])
def test_objects_that_vanish_between_pages_cost_no_other(account, lists, gone):
    """The last ones of every page are deleted before the next page is asked for."""
    lists.lists[PATH] = [customer(n, THEN + n * 50) for n in range(1_000)]

    def delete(request):
        after = request.url.params.get("starting_after")
        held = lists.lists[PATH]
        if after and any(one["id"] == after for one in held):
            newest = sorted(held, key=lambda one: -one["created"])
            at = next(n for n, one in enumerate(newest) if one["id"] == after)
            doomed = {one["id"] for one in newest[max(0, at - gone + 1) : at + 1]}
            lists.lists[PATH] = [one for one in held if one["id"] not in doomed]

    lists.before = delete
    found = Counter(ids(read(account, CUSTOMERS)))
    assert set(found) == {f"cus_{n:05}" for n in range(1_000)}


def test_an_object_that_cannot_be_read_costs_no_other(account, lists):
    made = [customer(n, THEN + n) for n in range(250)]
    made[42] = customer(42, THEN + 42, address="not an address")
    lists.lists[PATH] = made
    records = read(account, CUSTOMERS)
    assert len(ids(records)) == 249
    (refused,) = [record for record in records if isinstance(record, Quarantined)]
    assert refused.source_ref == "cus_00042"
    assert "not an address" in refused.raw
    assert account.spool.doubted("cus_00042")


@pytest.mark.parametrize("bare", [None, 7, {"name": "no id"}, {"id": 7}, {"id": None}])
def test_an_object_without_an_id_costs_no_other(account, lists, bare):
    made = [customer(n, THEN + n) for n in range(3)]
    lists.before = lambda _request: httpx.Response(200, json={"data": [*made, bare]})
    records = read(account, CUSTOMERS)
    assert len(ids(records)) == 3
    (refused,) = [record for record in records if isinstance(record, Quarantined)]
    assert refused.source_ref == "customers"
    assert json.loads(refused.raw) == bare
    assert account.spool.doubted("*")


@pytest.mark.parametrize("answer", [{}, {"status": "ok"}, {"data": None}, {"data": {}}, [], None])
def test_an_answer_that_is_no_list_is_not_an_empty_one(account, lists, answer):
    lists.before = lambda _request: httpx.Response(200, json=answer)
    with pytest.raises(SourceError, match="what is no object of Stripe's"):
        read(account, CUSTOMERS)


def test_an_answer_nested_too_deep_is_no_crash(account, lists):
    deep = b'{"data": [{"id": "cus_1", "x": ' + b"[" * 10**5 + b"]" * 10**5 + b"}]}"
    lists.before = lambda _request: httpx.Response(200, content=deep)
    with pytest.raises(TransientError, match="what is no object of Stripe's"):
        read(account, CUSTOMERS)


@pytest.mark.parametrize("inner", [False, True])
def test_a_list_that_never_ends_is_not_read_for_ever(account, lists, inner):
    page = {"data": [customer(n) for n in range(3)], "has_more": True}
    lists.before = lambda _request: httpx.Response(200, json=page)
    with pytest.raises(SourceError, match="customers is answered with the same page"):
        read(account, replace(CUSTOMERS, windows=not inner))


@pytest.mark.parametrize("created", [10**13, -(10**13), 10**30])
def test_a_time_in_no_calendar_costs_no_other(account, lists, created):
    made = [customer(1), customer(2, created)]
    lists.before = lambda _request: httpx.Response(200, json={"data": made})
    records = read(account, CUSTOMERS)
    assert ids(records) == ["cus_00001"]
    assert [one.source_ref for one in records if isinstance(one, Quarantined)] == ["cus_00002"]


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e400", "1e999999999", "-1e-400"])
def test_a_decimal_that_is_no_number_costs_no_other(account, lists, amount):
    good = {"id": "price_1", "unit_amount_decimal": "0.000000000001"}
    bad = {"id": "price_2", "unit_amount_decimal": amount}
    lists.before = lambda _request: httpx.Response(200, json={"data": [good, bad]})
    records = read(account, PRICES)
    assert [one.source_ref for one in records if isinstance(one, Quarantined)] == ["price_2"]
    assert account.spool.get("price:price_1")


def test_what_an_unreadable_invoice_is_of_is_in_doubt(account, lists):
    broken = {"id": "in_1", "created": THEN, "subscription": "sub_1", "lines": 7}
    lists.lists["/v1/invoices"] = [broken, {**broken, "id": "in_2", "subscription": None}]
    read(account, INVOICES)
    assert account.spool.doubted("sub_1")
    assert not account.spool.doubted("sub_2")


def test_all_lines_of_an_invoice_are_read_and_those_made_by_hand_left_out(account, lists):
    lines = [line(n, recurs=n % 10 == 0) for n in range(LINES)]
    page = {"data": lines[:10], "has_more": True}
    lists.lists["/v1/invoices"] = [
        {"id": "in_1", "created": THEN, "subscription": "sub_1", "lines": page}
    ]
    lists.lists["/v1/invoices/in_1/lines"] = lines[::-1]
    read(account, INVOICES)
    ((subject, found),) = account.spool.subjects()
    assert subject == "sub_1"
    kept = b"".join(data for name, data in found.items() if name.startswith("lines:"))
    assert kept.count(b'"il_') == len(lines[::10])


def counted(lists, told, there):
    """An invoice that came with two lines, says that it has so many, and has others."""
    lines = [line(n) for n in range(there)]
    page = {"data": lines[:2], "has_more": False, "total_count": told}
    lists.lists["/v1/invoices"] = [
        {"id": "in_1", "created": THEN, "subscription": "sub_1", "lines": page}
    ]
    lists.lists["/v1/invoices/in_1/lines"] = lines


@pytest.mark.parametrize(("told", "requests"), [(2, 1), (130, 3)])
def test_lines_that_are_counted_and_did_not_come_are_asked_for(account, lists, told, requests):
    counted(lists, told, there=told)
    assert not [one for one in read(account, INVOICES) if isinstance(one, Quarantined)]
    assert len(lists.asked) == requests


def test_fewer_lines_than_are_counted_leave_the_subscription_in_doubt(account, lists):
    counted(lists, 130, there=120)
    (problem,) = [one for one in read(account, INVOICES) if isinstance(one, Quarantined)]
    assert "counts 130 of /v1/invoices/in_1/lines and gave 120" in problem.reason
    assert account.spool.doubted("sub_1")


@pytest.mark.parametrize("name", ["../customers", "in_1?limit=1#", "in_1/x", "%2e%2e"])
def test_an_id_is_no_way_to_another_path(account, lists, name):
    lists.lists["/v1/invoices"] = [
        {"id": name, "created": THEN, "lines": {"data": [], "has_more": True}}
    ]
    read(account, INVOICES)
    assert lists.asked[-1].url.raw_path.startswith(
        f"/v1/invoices/{quote(name, safe='')}/lines?".encode()
    )


def test_lines_of_another_subscription_are_its_evidence(account, lists):
    lines = {"data": [line(1), line(2) | {"subscription": "sub_2"}], "has_more": False}
    lists.lists["/v1/invoices"] = [
        {"id": "in_1", "created": THEN, "subscription": "sub_1", "lines": lines}
    ]
    read(account, INVOICES)
    found = {subject: pieces["invoice:in_1"] for subject, pieces in account.spool.subjects()}
    assert b"il_00001" in found["sub_1"]
    assert b"il_00002" not in found["sub_1"]
    assert b"il_00002" in found["sub_2"]


def test_an_invoice_that_vanishes_before_its_lines_are_read_is_counted(account, lists):
    page = {"data": [line(1)], "has_more": True, "total_count": 20}
    lists.lists["/v1/invoices"] = [
        {"id": "in_1", "created": THEN, "subscription": "sub_1", "lines": page}
    ]
    records = read(account, INVOICES)
    assert [one for one in records if isinstance(one, Excluded | Quarantined)] == [
        Excluded(reason="deleted while it was read")
    ]


def test_all_items_of_a_subscription_are_read(account, lists):
    items = [{"id": f"si_{n:05}", "created": THEN} for n in range(130)]
    sub = {"id": "sub_1", "customer": "cus_1", "status": "active", "created": THEN}
    lists.lists["/v1/subscriptions"] = [sub | {"items": {"data": items[:20], "has_more": True}}]
    lists.lists["/v1/subscription_items"] = items
    read(account, SUBSCRIPTIONS)
    ((_, found),) = account.spool.subjects()
    assert b"".join(filter(None, found.values())).count(b'"si_') == 130


def test_objects_of_the_other_mode_are_left_out_and_counted(account, lists):
    lists.lists[PATH] = [customer(n, THEN + n, livemode=n % 3 > 0) for n in range(9)]
    records = read(account, CUSTOMERS)
    assert len(ids(records)) == 6
    assert records.count(Excluded(reason="test mode")) == 3


def test_with_a_test_key_it_is_the_other_way_round(lists):
    lists.lists[PATH] = [customer(n, THEN + n, livemode=n % 3 > 0) for n in range(9)]
    with opened(api_key="rk_test_1") as account:
        records = read(account, CUSTOMERS)
    assert len(ids(records)) == 3
    assert records.count(Excluded(reason="live mode")) == 6


def test_a_failure_ends_the_reading(account, lists):
    lists.lists[PATH] = [customer(n, THEN + n) for n in range(500)]
    lists.before = lambda r: (
        httpx.Response(400, json={"error": {"message": "no"}})
        if "starting_after" in r.url.params
        else None
    )
    with pytest.raises(SourceError, match="400"):
        read(account, CUSTOMERS)


def test_one_endpoint_takes_a_quarter_of_all_requests():
    clock = [0.0]
    pace = Pace(None, lambda: clock[0])
    taken: list[float] = []
    while len(taken) < 200:
        wait = pace("Invoice")
        if wait:
            clock[0] += wait
        else:
            taken.append(clock[0])
            assert pace("Customer") >= 0  # which has its own
    assert taken[-1] == pytest.approx(199 / 25)


def line(number, *, recurs=True):
    return {
        "id": f"il_{number:05}",
        "created": number,
        "type": "subscription" if recurs else "invoiceitem",
    }
