"""The layout of snapshots: a level for each month, in rows or in columns."""

import pytest


def test_a_level_holds_for_its_month(source):
    pulled = source.read("customer,month,mrr", "a,2025-01,100")
    assert pulled.steps == [("2025-01-01", "100", "active"), ("2025-02-01", "0", "ended")]


def test_equal_months_in_a_row_are_one_step(source):
    rows = ["a,2025-03,200", "a,2025-01,100", "a,2025-02,100"]
    pulled = source.read("customer,month,mrr", *rows)
    assert pulled.steps == [
        ("2025-01-01", "100", "active"),
        ("2025-03-01", "200", "active"),
        ("2025-04-01", "0", "ended"),
    ]
    assert pulled.items[0].rows == 3


@pytest.mark.parametrize("rows", [[], ["a,2025-02,0"], ["a,2025-02,"], ["a,2025-02,-"]])
def test_a_month_that_is_missing_or_0_or_empty_has_no_level(source, rows):
    pulled = source.read("customer,month,mrr", "a,2025-01,100", *rows, "a,2025-03,100")
    assert pulled.steps == [
        ("2025-01-01", "100", "active"),
        ("2025-02-01", "0", "ended"),
        ("2025-03-01", "100", "active"),
        ("2025-04-01", "0", "ended"),
    ]
    assert pulled.items[0].rows == 2 + len(rows)


def test_a_customer_of_zeros_has_no_points(source):
    pulled = source.read("customer,month,mrr", "a,2025-01,0", "a,2025-02,0")
    assert pulled.points == []


def test_a_month_may_be_a_column(source):
    pulled = source.read("customer,2025-01,2025-02,2025-03", "a,100,,200", "b,0,50,50")
    first, second = (item.points for item in pulled.items)
    assert [p.effective_at.month for p in first] == [1, 2, 3, 4]
    assert [p.effective_at.month for p in second] == [2, 4]
    assert [item.rows for item in pulled.items] == [1, 1]


@pytest.mark.parametrize("month", ["2025-03", "2025/03", "Mar 2025", "March 2025", "Mar-25"])
def test_months_are_written_in_many_ways(source, month):
    tall = source.read("customer,month,mrr", f"a,{month},100").steps
    wide = source.read(f"customer,{month}", "a,100").steps
    assert tall == wide == [("2025-03-01", "100", "active"), ("2025-04-01", "0", "ended")]


def test_columns_of_months_may_stand_in_any_order(source):
    pulled = source.read("customer,2025-02,2025-01", "a,200,100")
    assert [amount for _, amount, _ in pulled.steps] == ["100", "200", "0"]


def test_a_column_of_the_same_month_twice_is_refused(source, refused):
    error = refused("customer,2025-01,Jan 2025", "a,1,2")
    assert error.reason == "subs.csv has the month 2025-01 twice"


def test_a_month_that_is_stated_twice_is_refused(source):
    pulled = source.read("customer,month,mrr", "a,2025-01,100", "a,2025-01,200")
    assert pulled.refused == [("subs.csv:3", "month", "mrr of 2025-01 is stated twice")]
    assert pulled.steps[0][1] == "100"
    assert pulled.items[0].complete is False


def test_a_wide_row_that_is_stated_twice_is_refused_once(source):
    pulled = source.read("customer,2025-01,2025-02", "a,1,2", "a,3,4")
    assert [ref for ref, _, _ in pulled.refused] == ["subs.csv:3"]
    assert pulled.items[0].rows + len(pulled.refused) == pulled.end.source_count


def test_plans_are_items_of_their_own(source):
    rows = ["a,2025-01,pro,100", "a,2025-01,add-on,20", "a,2025-02,pro,100"]
    pulled = source.read("customer,month,plan,mrr", *rows)
    assert [item.id for item in pulled.items] == ["add-on", "pro"]
    assert pulled.refused == []


def test_another_plan_of_the_same_item_is_a_step(source):
    rows = ["a,seat,2025-01,pro,100", "a,seat,2025-02,team,100"]
    pulled = source.read("customer,item,month,plan,mrr", *rows)
    assert [point.plan for point in pulled.points[:2]] == ["pro", "team"]


def test_months_are_those_of_the_workspace_zone(source):
    pulled = source.read("customer,month,mrr", "a,2025-04,1", zone="Europe/Berlin")
    assert [at for at, _, _ in pulled.steps] == ["2025-03-31 22:00", "2025-04-30 22:00"]


def test_attributes_hold_from_their_month(source):
    rows = ["a,2025-01,1,Ada", "a,2025-02,1,Ada", "a,2025-03,1,Bo"]
    pulled = source.read("customer,month,mrr,owner", *rows, attributes=("owner",))
    assert pulled.attributes == [("owner", "Ada", "2025-01-01"), ("owner", "Bo", "2025-03-01")]


def test_what_is_no_month_cannot_be_read(source):
    pulled = source.read("customer,month,mrr", "a,2025-13,1", "b,2025-01,1")
    assert pulled.refused == [("subs.csv:2", "month", "'2025-13' is no month like 2025-03")]
    assert [item.id for item in pulled.items] == ["mrr"]


def test_a_cell_of_a_wide_row_that_cannot_be_read_is_named(source):
    pulled = source.read("customer,2025-01,2025-02", "a,1,much", "b,1,1")
    ((ref, column, _),) = pulled.refused
    assert (ref, column) == ("subs.csv:2", "mrr of 2025-02")
    assert list(pulled.subscriptions) == ["b"]


def test_an_unreadable_month_leaves_its_item_incomplete(source):
    pulled = source.read("customer,month,mrr", "a,2025-01,100", "a,2025-02,NaN")
    assert pulled.items[0].complete is False
