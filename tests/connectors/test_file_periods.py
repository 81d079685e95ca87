"""The layout of periods: a row each, with a start."""

import pytest

from tenure import Cause, Evidence, Interval


def test_a_row_lasts_from_its_start_until_just_before_its_end(source):
    pulled = source.read("customer,start,end,mrr", "a,2025-01-01,2025-03-01,100")
    assert pulled.steps == [("2025-01-01", "100", "active"), ("2025-03-01", "0", "ended")]


def test_an_empty_end_is_open(source):
    pulled = source.read("customer,start,end,mrr", "a,2025-01-01,,100")
    assert pulled.steps == [("2025-01-01", "100", "active")]


def test_what_is_not_said_has_a_default(source):
    pulled = source.read("customer,start,mrr", "a,2025-01-01,100")
    (point,) = pulled.points
    assert list(pulled.subscriptions) == ["a"]
    assert (point.quantity, point.interval, point.interval_count) == (10**6, Interval.MONTH, 1)
    assert (point.currency, point.evidence) == ("USD", Evidence.OBSERVED)


def test_every_column_has_its_place(source):
    pulled = source.read(
        "customer,customer_name,subscription,plan,product,start,mrr,currency",
        "a,Acme,s1,pro,crm,2025-01-01,100,eur",
    )
    (point,) = pulled.points
    assert pulled.subscriptions["s1"].customer == "a"
    assert (point.plan, point.product, point.currency) == ("pro", "crm", "EUR")
    assert pulled.records[1].name == "Acme"


def test_a_point_names_the_line_that_it_rests_on(source):
    pulled = source.read("customer,start,mrr", "a,2025-01-01,1", "b,2025-01-01,2")
    assert [item.points[0].source_ref for item in pulled.items] == ["subs.csv:2", "subs.csv:3"]


@pytest.mark.parametrize(
    ("interval", "count", "expected"),
    [
        ("month", "", (Interval.MONTH, 1)),
        ("", "", (Interval.MONTH, 1)),
        ("day", "30", (Interval.DAY, 30)),
        ("week", "2", (Interval.WEEK, 2)),
        ("quarter", "", (Interval.MONTH, 3)),
        ("quarter", "2", (Interval.MONTH, 6)),
        ("Annual", "1", (Interval.YEAR, 1)),
        ("yearly", "3", (Interval.YEAR, 3)),
    ],
)
def test_an_amount_is_per_interval(source, interval, count, expected):
    pulled = source.read(
        "customer,start,amount,interval,interval_count", f"a,2025-01-01,90,{interval},{count}"
    )
    (point,) = pulled.points
    assert (point.interval, point.interval_count) == expected
    assert point.amount == 90_000_000


def test_an_amount_is_per_unit(source):
    pulled = source.read("customer,start,amount,quantity", "a,2025-01-01,0.335,2.5")
    (point,) = pulled.points
    assert (point.amount, point.quantity) == (837_500, 2_500_000)


def test_an_mrr_is_of_the_whole_row(source):
    pulled = source.read("customer,start,mrr,quantity", "a,2025-01-01,100,5")
    (point,) = pulled.points
    assert (point.amount, point.quantity) == (100_000_000, 5_000_000)


def test_a_discount_runs_for_ever(source):
    pulled = source.read("customer,start,mrr,discount_percent", "a,2025-01-01,0.01,12.5")
    (point,) = pulled.points
    assert (point.amount, point.discount, point.discount_once) == (10_000, 1_250, 0)


def test_a_discount_is_rounded_half_to_even(source):
    pulled = source.read(
        "customer,start,mrr,discount_percent",
        "a,2025-01-01,0.000001,50",
        "b,2025-01-01,0.000003,50",
    )
    assert [item.points[0].discount for item in pulled.items] == [0, 2]


def test_a_trial_comes_first_and_has_no_discount(source):
    pulled = source.read(
        "customer,start,trial_end,mrr,discount_percent", "a,2025-01-01,2025-01-15,100,10"
    )
    assert pulled.steps == [("2025-01-01", "100", "trial"), ("2025-01-15", "100", "active")]
    assert [point.discount for point in pulled.points] == [0, 10_000_000]


@pytest.mark.parametrize("trial_end", ["2025-02-01", "2025-03-01"])
def test_a_trial_may_last_to_the_end(source, trial_end):
    pulled = source.read(
        "customer,start,trial_end,end,mrr", f"a,2025-01-01,{trial_end},2025-02-01,100"
    )
    assert pulled.steps == [("2025-01-01", "100", "trial"), ("2025-02-01", "0", "ended")]


def test_a_trial_that_ended_before_the_start_is_none(source):
    pulled = source.read("customer,start,trial_end,mrr", "a,2025-01-01,2024-12-01,100")
    assert pulled.steps == [("2025-01-01", "100", "active")]


def test_a_requested_end_is_a_point_of_its_own(source):
    pulled = source.read(
        "customer,start,requested_at,end,mrr", "a,2025-01-01,2025-01-20,2025-02-01,100"
    )
    assert [point.effective_at.day for point in pulled.points] == [1, 20, 1]
    assert [point.ends_at and point.ends_at.month for point in pulled.points] == [None, 2, None]
    assert pulled.points[-1].cause is Cause.REQUESTED


def test_an_end_that_was_requested_before_the_start_stands_from_the_start(source):
    pulled = source.read(
        "customer,start,requested_at,end,mrr", "a,2025-01-01,2024-12-20,2025-02-01,100"
    )
    assert pulled.points[0].ends_at == pulled.points[1].effective_at
    assert len(pulled.points) == 2


def test_an_end_that_nobody_requested_has_another_cause(source):
    pulled = source.read("customer,start,end,mrr", "a,2025-01-01,2025-02-01,100")
    assert (pulled.points[0].ends_at, pulled.points[-1].cause) == (None, Cause.OTHER)


def test_an_end_that_equals_the_start_is_never_in_force(source):
    pulled = source.read("customer,start,end,mrr", "a,2025-01-01,2025-01-01,100")
    assert pulled.points == []
    assert pulled.refused == []


# --- without a column of items


def ids(pulled):
    return [item.id for item in pulled.items]


def test_every_row_is_an_item_of_its_own(source):
    pulled = source.read("customer,start,mrr", "a,2025-01-01,10", "a,2025-01-01,20")
    assert len({*ids(pulled)}) == 2
    assert len(pulled.of(type(pulled.subscriptions["a"]))) == 1


def test_closing_an_open_row_is_no_new_item(source):
    header = "customer,start,end,mrr"
    first = source.read(header, "a,2025-01-01,,100")
    assert ids(source.read(header, "a,2025-01-01,2025-06-01,100")) == ids(first)


def test_moving_a_row_in_the_file_is_no_new_item(source):
    rows = ["a,2025-01-01,100", "b,2025-01-01,200", "a,2025-02-01,300"]
    first = source.read("customer,start,mrr", *rows)
    assert ids(source.read("customer,start,mrr", *reversed(rows))) == ids(first)


def test_writing_a_number_otherwise_is_no_new_item(source):
    header = "customer,start,amount,quantity,discount_percent"
    first = source.read(header, "a,2025-01-01,10,2,5")
    assert ids(source.read(header, "a,2025-01-01,10.00,2.0,5.0")) == ids(first)


@pytest.mark.parametrize(
    "row",
    [
        "b,s,pro,crm,2025-01-01,10,month,1,1,USD,2025-01-05,5",
        "a,t,pro,crm,2025-01-01,10,month,1,1,USD,2025-01-05,5",
        "a,s,team,crm,2025-01-01,10,month,1,1,USD,2025-01-05,5",
        "a,s,pro,cms,2025-01-01,10,month,1,1,USD,2025-01-05,5",
        "a,s,pro,crm,2025-01-02,10,month,1,1,USD,2025-01-05,5",
        "a,s,pro,crm,2025-01-01,11,month,1,1,USD,2025-01-05,5",
        "a,s,pro,crm,2025-01-01,10,year,1,1,USD,2025-01-05,5",
        "a,s,pro,crm,2025-01-01,10,month,2,1,USD,2025-01-05,5",
        "a,s,pro,crm,2025-01-01,5,month,1,2,USD,2025-01-05,5",
        "a,s,pro,crm,2025-01-01,10,month,1,1,EUR,2025-01-05,5",
        "a,s,pro,crm,2025-01-01,10,month,1,1,USD,2025-01-06,5",
        "a,s,pro,crm,2025-01-01,10,month,1,1,USD,2025-01-05,6",
    ],
)
def test_another_fact_is_another_item(source, row):
    header = (
        "customer,subscription,plan,product,start,amount,interval,interval_count,quantity,"
        "currency,trial_end,discount_percent"
    )
    first = source.read(header, "a,s,pro,crm,2025-01-01,10,month,1,1,USD,2025-01-05,5")
    assert ids(source.read(header, row)) != ids(first)


def test_equal_rows_are_numbered_by_their_end_and_the_open_one_last(source):
    rows = ["a,2025-01-01,,9", "a,2025-01-01,2025-03-01,9", "a,2025-01-01,2025-02-01,9"]
    pulled = source.read("customer,start,end,mrr", *rows)
    base = ids(pulled)[0]
    ends = {item.id: item.points[-1].effective_at.month for item in pulled.items}
    assert ends == {base: 2, f"{base}-2": 3, f"{base}-3": 1}


# --- with a column of items


def timeline(source, *rows):
    return source.read("customer,item,start,end,mrr", *(f"a,seat,{row}" for row in rows))


def test_rows_of_an_item_are_one_timeline(source):
    pulled = timeline(source, "2025-02-01,,200", "2025-01-01,2025-02-01,100")
    assert pulled.items[0].id == "seat"
    assert pulled.items[0].rows == 2
    assert [s for s in pulled.steps if s[2] == "active"] == [
        ("2025-01-01", "100", "active"),
        ("2025-02-01", "200", "active"),
    ]


def test_of_adjacent_rows_the_later_one_stands_at_the_boundary(source):
    pulled = timeline(source, "2025-01-01,2025-02-01,100", "2025-02-01,,200")
    assert pulled.steps[-1] == ("2025-02-01", "200", "active")


def test_a_gap_in_a_timeline_is_a_time_without_it(source):
    pulled = timeline(source, "2025-01-01,2025-02-01,100", "2025-04-01,,100")
    assert pulled.steps == [
        ("2025-01-01", "100", "active"),
        ("2025-02-01", "0", "ended"),
        ("2025-04-01", "100", "active"),
    ]


@pytest.mark.parametrize("start", ["2025-01-01", "2025-01-31"])
def test_rows_of_an_item_may_not_overlap(source, start):
    pulled = timeline(source, "2025-01-01,2025-02-01,100", f"{start},,200")
    ((ref, column, reason),) = pulled.refused
    assert (ref, column) == ("subs.csv:3", "start")
    assert reason == "it overlaps the row of item 'seat' that ends 2025-02-01"
    assert pulled.steps[0] == ("2025-01-01", "100", "active")


def test_a_row_after_an_open_one_overlaps_it(source):
    pulled = timeline(source, "2025-01-01,,100", "2025-06-01,,200")
    assert "overlaps the row of item 'seat' that ends never" in pulled.reason
    assert pulled.items[0].complete is False


def test_a_row_of_no_length_overlaps_nothing(source):
    pulled = timeline(source, "2025-01-01,2025-03-01,100", "2025-02-01,2025-02-01,200")
    assert pulled.refused == []
    assert len(pulled.points) == 2


def test_an_item_with_an_unreadable_row_is_not_complete(source):
    pulled = timeline(source, "2025-01-01,2025-02-01,100", "2025-02-01,,much")
    assert (pulled.items[0].complete, pulled.items[0].rows) == (False, 1)


def test_an_item_with_a_torn_row_is_not_complete(source):
    pulled = timeline(source, "2025-01-01,2025-02-01,100", "2025-02-01")
    assert "cells" in pulled.reason
    assert pulled.items[0].complete is False


def test_an_item_whose_rows_can_all_be_read_is_complete(source):
    assert timeline(source, "2025-01-01,2025-02-01,100").items[0].complete


def test_the_same_item_of_two_subscriptions_is_two(source):
    pulled = source.read(
        "customer,subscription,item,start,mrr", "a,s,seat,2025-01-01,1", "a,t,seat,2025-01-01,2"
    )
    assert {*pulled.subscriptions} == {"s", "t"}
    assert pulled.refused == []


def test_an_empty_item_cannot_be_read(source):
    pulled = source.read("customer,item,start,mrr", "a,,2025-01-01,1")
    assert pulled.refused == [("subs.csv:2", "item", "the item is empty")]


# --- customers


def test_attributes_hold_from_the_start_of_their_row(source):
    pulled = source.read(
        "customer,start,mrr,owner,country",
        "a,2025-01-01,1,Ada,SE",
        "a,2025-03-01,1,Bo,SE",
        attributes=("owner", "country"),
    )
    assert pulled.attributes == [
        ("owner", "Ada", "2025-01-01"),
        ("country", "SE", "2025-01-01"),
        ("owner", "Bo", "2025-03-01"),
    ]


def test_of_two_attributes_at_one_start_the_later_line_wins(source):
    rows = ["a,2025-01-01,9,Ada", "a,2025-01-01,1,Bo"]
    pulled = source.read("customer,start,mrr,owner", *rows, attributes=("owner",))
    assert pulled.attributes == [("owner", "Bo", "2025-01-01")]


def test_an_attribute_that_becomes_empty_ends(source):
    rows = ["a,2025-01-01,9,Ada", "a,2025-02-01,1,"]
    pulled = source.read("customer,start,mrr,owner", *rows, attributes=("owner",))
    assert pulled.attributes[-1] == ("owner", None, "2025-02-01")


def test_a_customer_is_stated_once_with_its_latest_name(source):
    pulled = source.read(
        "customer,subscription,start,mrr,customer_name",
        "a,s,2025-02-01,1,New",
        "a,t,2025-01-01,1,Old",
    )
    (customer,) = [r for r in pulled.records if type(r).__name__ == "Customer"]
    assert (customer.id, customer.name) == ("a", "New")
