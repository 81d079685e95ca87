"""A full sweep: companies, revenue, and what cannot be read beside what can."""

import pytest
from hubspot_lists import Puller
from hubspot_objects import deal, line, record, version, when

from tenure import (
    Customer,
    Excluded,
    Quarantined,
    RawChunk,
    SourceError,
    Subscription,
    Tombstone,
)

STATUS = "hs_status"


def of(records, kind):
    return [one for one in records if isinstance(one, kind)]


def customers(records):
    return {one.id: one for one in of(records, Customer)}


def reasons(records):
    return {one.source_ref: one.reason for one in of(records, Quarantined)}


def said(customer):
    return {
        (a.name, when(a.valid_from) if a.valid_from else None): a.value for a in customer.attributes
    }


def test_a_company_with_its_attributes(lists, puller):
    lists.properties["companies"] += ["industry", "hubspot_owner_id"]
    lists.owners = [{"id": "7", "firstName": "Ann", "lastName": "Lee", "email": "a@x.example"}]
    lists.past_owners = [{"id": "8", "email": "gone@x.example"}]
    known = {"industry": "RETAIL", "hs_parent_company_id": "2"}
    lists.add(
        "companies",
        record("1", {"name": "A", "domain": "A.Example ", "hubspot_owner_id": "7", **known}),
        record("2", {"hubspot_owner_id": "8"}),
        record("3", {"hubspot_owner_id": "99"}),
    )
    puller.options["attributes"] = {"owner": "hubspot_owner_id", "industry": "industry"}
    found = customers(puller.pull())
    assert (found["1"].name, found["1"].domain) == ("A", "a.example")
    assert said(found["1"]) == {
        ("parent", None): "2",
        ("owner", None): "Ann Lee",
        ("industry", None): "RETAIL",
    }
    owners = [said(found[key])["owner", None] for key in "23"]
    assert owners == ["gone@x.example", "99"]
    assert (found["2"].name, found["2"].domain) == (None, None)


def test_a_history_is_asked_for_in_batches_of_fifty(lists, puller):
    lists.properties["companies"] += ["industry"]
    past = [
        version("", "2025-06-01T00:00:00Z"),
        version("BANKING", "2025-03-01T00:00:00Z"),
        version("RETAIL", "2025-01-01T00:00:00Z"),
    ]
    lists.add("companies", record("1", {"industry": ""}, propertiesWithHistory={"industry": past}))
    puller.options["attributes"] = {"sector": {"property": "industry", "history": True}}
    found = said(customers(puller.pull())["1"])
    assert found == {
        ("parent", None): None,
        ("sector", "2025-01-01"): "RETAIL",
        ("sector", "2025-03-01"): "BANKING",
        ("sector", "2025-06-01"): None,
    }


def test_a_history_that_contradicts_the_value_costs_that_attribute_alone(lists, puller):
    lists.properties["companies"] += ["industry"]
    past = {"industry": [version("RETAIL", "2025-01-01T00:00:00Z")]}
    lists.add("companies", record("1", {"industry": "BANKING"}, propertiesWithHistory=past))
    puller.options["attributes"] = {"sector": {"property": "industry", "history": True}}
    records = puller.pull()
    assert set(said(customers(records)["1"])) == {("parent", None)}
    assert "ends with 'RETAIL'" in reasons(records)["company:1/industry"]


def test_a_property_that_was_deleted_ends_no_attribute(lists, puller):
    lists.add("companies", record("1", {}))
    puller.options["attributes"] = {"tier": "our_tier"}
    assert set(said(customers(puller.pull())["1"])) == {("parent", None)}
    assert "'our_tier'" in puller.warnings[0]


def test_merged_companies_never_were_customers(lists, puller):
    lists.add("companies", record("1", {"hs_merged_object_ids": "5;6"}))
    assert [one.id for one in of(puller.pull(), Tombstone)] == ["5", "6"]


def test_an_archived_company_is_kept_without_its_domain(lists, puller):
    lists.gone["companies"] = [record("4", {"name": "Old", "domain": "old.example"}, archived=True)]
    found = customers(puller.pull())["4"]
    assert (found.name, found.domain) == ("Old", None)


def test_a_won_deal_is_revenue_of_its_company(lists, puller):
    lists.add("companies", record("1", {}))
    lists.sell(deal("11"), "1", line("21"))
    lists.sell(deal("12", dealstage="lost"), "1", line("22"))
    records = puller.pull()
    (found,) = of(records, Subscription)
    assert (found.id, found.customer) == ("company:1", "1")
    assert [item.id for item in found.items] == ["name:pro"]
    assert [one.rows for one in of(records, Excluded)] == [1]
    assert records[-1].complete


def test_the_primary_company_pays_else_the_only_one(lists, puller):
    lists.add("companies", *(record(key, {}) for key in "123"))
    lists.sell(deal("11"), "2", line("21"))
    lists.link("deals", "11", "companies", "1")
    lists.sell(deal("12"), None, line("22"))
    lists.link("deals", "12", "companies", "3")
    assert [one.customer for one in of(puller.pull(), Subscription)] == ["2", "3"]


def test_a_deal_that_nobody_can_place_is_put_aside_and_the_others_count(lists, puller):
    lists.add("companies", *(record(key, {}) for key in "12"))
    lists.sell(deal("11"), "1", line("21"))
    lists.sell(deal("12"), None, line("22"))
    lists.sell(deal("13"), None, line("23"))
    for company in "12":
        lists.link("deals", "13", "companies", company)
    records = puller.pull()
    assert [one.customer for one in of(records, Subscription)] == ["1"]
    assert reasons(records)["deal:12"] == "it belongs to no company"
    assert "2 companies and none is primary" in reasons(records)["deal:13"]
    puller.options["company"] = "first"
    puller.cursor = None
    (found,) = of(puller.pull(), Subscription)
    assert len(found.items) == 2


def test_a_record_that_cannot_be_read_costs_no_other(lists, puller):
    bad = record("2", {"name": 5})
    lists.add("companies", record("1", {}), bad, record("3", {}))
    records = puller.pull()
    assert set(customers(records)) == {"1", "3"}
    assert "Expected `str | null`" in reasons(records)["company:2"]


def test_a_line_that_cannot_be_read_leaves_what_is_known_of_the_company(lists, puller):
    lists.add("companies", record("1", {}))
    lists.sell(deal("11"), "1", line("21"), line("22", price="much"))
    records = puller.pull()
    (found,) = of(records, Subscription)
    assert [item.complete for item in found.items] == [False]
    assert "is no number" in reasons(records)["line_item:22"]


def test_a_line_that_is_deleted_meanwhile_is_counted(lists, puller):
    lists.add("companies", record("1", {}))
    lists.sell(deal("11"), "1", line("21"), line("22"))
    lists.lists["line_items"].pop()
    assert ("deleted while it was read", 1) in [
        (o.reason, o.rows) for o in of(puller.pull(), Excluded)
    ]


def test_what_was_sent_is_kept(lists, puller):
    lists.add("companies", *(record(str(n), {}) for n in range(1, 251)))
    chunks = [c for c in of(puller.pull(), RawChunk) if c.name == "companies"]
    assert [chunk.position for chunk in chunks] == [0, 1, 2, 3]  # the last one of the archived
    assert b'"1"' in chunks[0].data


def test_attributes_alone_read_no_revenue(lists):
    puller = Puller(lists, provides=frozenset({"attributes"}))
    lists.add("companies", record("1", {}))
    assert not of(puller.pull(), Subscription)
    assert set(puller.paths) == {"objects/companies"}
    puller.pull()
    assert puller.paths == ["objects/companies/search"]


def test_revenue_alone_states_no_attributes(lists):
    puller = Puller(lists, provides=frozenset({"revenue"}))
    lists.add("companies", record("1", {"name": "A"}))
    assert customers(puller.pull())["1"].attributes == []


def test_recurring_revenue_counts_from_close_to_inactive_date(lists, puller):
    lists.properties["deals"] += ["recurring_revenue_amount", "recurring_revenue_inactive_date"]
    lists.add("companies", record("1", {}))
    known = {"recurring_revenue_amount": "500", "recurring_revenue_deal_type": "RENEWAL"}
    ended = {
        "recurring_revenue_inactive_date": "2025-06-01",
        "recurring_revenue_inactive_reason": "CHURNED",
    }
    lists.sell(deal("11", **known), "1")
    lists.sell(deal("12", **known, **ended), "1")
    lists.sell(deal("13"), "1")
    lists.sell(deal("14", closed="2025-07-01", **known, **ended), "1")
    puller.options["revenue"] = "recurring_revenue"
    records = puller.pull()
    (found,) = of(records, Subscription)
    points = {
        i.id: [(when(p.effective_at), p.amount, p.cause) for p in i.points] for i in found.items
    }
    assert points == {
        "deal:11": [("2025-01-10", 500_000_000, None)],
        "deal:12": [("2025-01-10", 500_000_000, None), ("2025-06-01", 0, "requested")],
    }
    assert "before it was closed" in reasons(records)["deal:14"]


def test_recurring_revenue_without_its_properties_says_so(lists, puller):
    puller.options["revenue"] = "recurring_revenue"
    with pytest.raises(SourceError, match="deals have no property recurring_revenue_amount"):
        puller.pull()


def subscription(key, *statuses, **properties):
    """Its statuses with their times, oldest first."""
    past = {STATUS: [version(value, at) for value, at in reversed(statuses)]}
    values = {STATUS: statuses[-1][0], "hs_currency_code": "EUR", **properties}
    return record(key, values, made=statuses[0][1], propertiesWithHistory=past)


def test_a_subscription_is_what_its_status_says(lists, puller):
    start = {"hs_recurring_billing_start_date": "2025-01-01T00:00:00Z"}
    paused = [("active", "2025-01-01T08:00:00Z"), ("paused", "2025-03-01T08:00:00Z")]
    again = [("active", "2025-04-01T08:00:00Z"), ("canceled", "2025-06-01T08:00:00Z")]
    lists.add("companies", record("1", {}))
    lists.add("subscriptions", subscription("31", *paused, *again, **start))
    lists.add("subscriptions", subscription("32", ("frozen", "2025-01-01T08:00:00Z"), **start))
    for key in ("31", "32"):
        lists.link("subscriptions", key, "companies", "1")
    lists.add("line_items", line("21"), line("22", recurringbillingfrequency=None))
    for key in ("21", "22"):
        lists.link("subscriptions", "31", "line_items", key)
    puller.options["revenue"] = "subscriptions"
    records = puller.pull()
    (found,) = of(records, Subscription)
    (item,) = found.items
    assert item.id == "subscription:31/line_item:21"
    assert [(when(p.effective_at), p.amount // 10**6, p.state) for p in item.points] == [
        ("2025-01-01", 100, "active"),
        ("2025-03-01 08:00", 100, "paused"),
        ("2025-04-01 08:00", 100, "active"),
        ("2025-06-01 08:00", 0, "ended"),
    ]
    assert {p.currency for p in item.points} == {"EUR"}
    assert "'frozen' is none of active" in reasons(records)["subscription:32"]


def test_an_amount_of_any_object(lists, puller):
    names = ["fee", "every", "begins", "last_day", "state"]
    lists.properties["p_contracts"] += names
    lists.add("companies", record("1", {}))
    good = {"fee": "1200", "every": "year", "begins": "2025-01-01", "last_day": "2025-12-31"}
    for key, more in {"41": {}, "42": {"state": "draft"}, "43": {"begins": ""}}.items():
        lists.add("p_contracts", record(key, good | {"state": "signed"} | more))
        lists.link("p_contracts", key, "companies", "1")
    puller.options["revenue"] = {
        "object": "p_contracts", "amount": "fee", "interval": "every", "start": "begins",
        "end": "last_day", "end_inclusive": True, "where": {"state": ["signed", "live"]},
    }  # fmt: skip
    records = puller.pull()
    (found,) = of(records, Subscription)
    (item,) = found.items
    assert [(when(p.effective_at), p.amount, p.interval) for p in item.points[:1]] == [
        ("2025-01-01", 1_200_000_000, "year")
    ]
    assert when(item.points[1].effective_at) == "2026-01-01"
    assert "begins is empty" in reasons(records)["p_contracts:43"]


def test_an_amount_of_the_company_itself_with_its_history(lists, puller):
    lists.properties["companies"] += ["mrr"]
    past = [
        version("", "2025-06-01T00:00:00Z"),
        version("150", "2025-03-01T00:00:00Z"),
        version("100", "2025-01-15T10:00:00Z"),
    ]
    made = "2025-01-15T10:00:00Z"
    lists.add("companies", record("1", {"mrr": ""}, made, propertiesWithHistory={"mrr": past}))
    puller.options["revenue"] = {"object": "companies", "amount": "mrr", "history": True}
    (found,) = of(puller.pull(), Subscription)
    steps = [(when(p.effective_at), p.amount // 10**6, p.state) for p in found.items[0].points]
    assert steps == [
        ("2025-01-15", 100, "active"),
        ("2025-03-01", 150, "active"),
        ("2025-06-01", 0, "ended"),
    ]
