"""What changed since the last pull: who is read again, and what it costs."""

from datetime import datetime, timedelta

import pytest
from hubspot_objects import deal, line, record

from tenure import Customer, Quarantined, Subscription, Tombstone

LATER = "2026-01-06T09:00:00Z"


def of(records, kind):
    return [one for one in records if isinstance(one, kind)]


def subscriptions(records):
    return {one.customer: [item.id for item in one.items] for one in of(records, Subscription)}


@pytest.fixture
def synced(lists, puller):
    """Three companies, two of which bought; read to the end, and half an hour passed."""
    lists.add("companies", *(record(key, {"name": f"C{key}"}) for key in "123"))
    lists.sell(deal("11"), "1", line("21"))
    lists.sell(deal("12"), "2", line("22"))
    assert puller.pull()[-1].complete
    puller.now = "2026-01-06T09:30:00Z"
    return puller


def change(lists, kind, key, at=LATER, **properties):
    """Set properties of a record."""
    (one,) = (one for one in lists.lists[kind] if one["id"] == key)
    one["properties"].update(properties)
    one["updatedAt"] = at


def test_nothing_new_costs_few_requests_and_states_nothing(synced):
    records = synced.pull()
    assert [type(one).__name__ for one in records] == ["Checkpoint"]
    assert not records[-1].complete
    assert len(synced.lists.asked) == 5


def test_the_company_of_a_changed_deal_is_read_anew(lists, synced):
    change(lists, "deals", "12", dealstage="lost")
    records = synced.pull()
    assert subscriptions(records) == {}
    assert [(one.kind, one.id) for one in of(records, Tombstone)] == [("subscription", "company:2")]


def test_the_company_of_a_changed_line_is_read_anew(lists, synced):
    change(lists, "line_items", "21", name="Max")
    assert subscriptions(synced.pull()) == {"1": ["name:max"]}
    assert len(lists.asked) < 20


def test_what_was_read_is_remembered_without_a_number(synced):
    cursor = str(synced.pull()[-1].cursor)
    assert "seen" in cursor
    assert "companies:" not in cursor


def test_a_change_is_read_once(lists, synced):
    change(lists, "line_items", "21", name="Max")
    synced.pull()
    assert subscriptions(synced.pull()) == {}


def test_a_later_change_of_the_same_record_is_read_again(lists, synced):
    change(lists, "line_items", "21", name="Max")
    synced.pull()
    change(lists, "line_items", "21", at="2026-01-06T09:00:01Z", name="Mini")
    assert subscriptions(synced.pull()) == {"1": ["name:mini"]}


def test_a_change_that_a_search_finds_late_is_read(lists, synced):
    change(lists, "deals", "11", at="2026-01-06T09:10:00Z")
    synced.pull()
    change(lists, "line_items", "22", at="2026-01-06T09:00:00Z", name="Late")
    assert subscriptions(synced.pull()) == {"2": ["name:late"]}


def test_a_new_deal_counts(lists, synced):
    made = {"createdAt": LATER, "updatedAt": LATER}
    lists.sell(deal("13") | made, "3", line("23") | made)
    assert subscriptions(synced.pull()) == {"3": ["name:pro"]}
    assert "objects/deals" not in synced.paths  # the numbers are as they should be


def test_a_new_deal_without_a_company_is_put_aside(lists, synced):
    made = {"createdAt": LATER, "updatedAt": LATER}
    lists.sell(deal("13") | made, None)
    records = synced.pull()
    assert [one.source_ref for one in of(records, Quarantined)] == ["deal:13"]


def test_a_deal_that_moves_is_taken_from_the_one_and_given_to_the_other(lists, synced):
    lists.links["deals", "companies"]["11"] = [("3", 5)]
    lists.links["companies", "deals"]["1"].clear()
    lists.links["companies", "deals"]["3"].append(("11", 6))
    change(lists, "deals", "11")
    records = synced.pull()
    assert subscriptions(records) == {"3": ["name:pro"]}
    assert [one.id for one in of(records, Tombstone)] == ["company:1"]


def forget(lists, name, key, at=LATER):
    """Delete a record: it is among the archived ones then."""
    (one,) = (one for one in lists.lists[name] if one["id"] == key)
    lists.lists[name].remove(one)
    lists.gone[name].append(one | {"archived": True, "archivedAt": at})
    for known in lists.links.values():
        known.pop(key, None)
        for others in known.values():
            others[:] = [other for other in others if other[0] != key]


@pytest.mark.parametrize(("name", "key"), [("deals", "11"), ("line_items", "21")])
def test_what_was_deleted_is_found_by_the_numbers(lists, synced, name, key):
    forget(lists, name, key)
    records = synced.pull()
    known = subscriptions(records)
    gone = [one.id for one in of(records, Tombstone)]
    assert (known, gone) in [({}, ["company:1"]), ({"1": []}, [])]
    assert not records[-1].complete


def test_numbers_that_nothing_explains_lead_to_a_full_sweep_once_a_day(lists, synced):
    lists.lists["line_items"].pop()
    assert not synced.pull()[-1].complete  # the last sweep was less than a day ago
    lists.lists["line_items"].pop()
    synced.now = "2026-01-06T13:00:00Z"
    assert synced.pull()[-1].complete


@pytest.mark.parametrize(("days", "complete"), [(5, False), (7, True), (-3, True)])
def test_everything_is_read_once_a_week(synced, days, complete):
    synced.now = (datetime.fromisoformat(synced.now) + timedelta(days=days, hours=3)).isoformat()
    assert synced.pull()[-1].complete is complete


def test_other_options_read_everything_again(synced):
    synced.options["renewal_gap_days"] = 30
    assert synced.pull()[-1].complete


def test_a_sweep_that_was_cut_off_begins_again(lists, puller):
    lists.add("companies", record("1", {}))
    with puller.opened() as (connector, request):
        records = connector.pull(request)
        kept = [one.cursor for one in records if hasattr(one, "cursor")]
    puller.cursor = kept[-1] | {"swept_at": None}
    assert puller.pull()[-1].complete


def test_a_changed_company_is_stated_with_its_history(lists, puller):
    lists.properties["companies"] += ["industry"]
    puller.options["attributes"] = {"sector": {"property": "industry", "history": True}}
    lists.add("companies", record("1", {}), record("2", {}))
    puller.pull()
    puller.now = "2026-01-06T09:30:00Z"
    change(lists, "companies", "2", industry="RETAIL")
    (found,) = of(puller.pull(), Customer)
    assert found.id == "2"
    (asked,) = (r for r in lists.asked if r.url.path.endswith("companies/batch/read"))
    assert b'"propertiesWithHistory": ["industry"]' in asked.content


def test_a_merge_unites_the_deals(lists, synced):
    change(lists, "companies", "1", hs_merged_object_ids="2")
    (gone,) = (one for one in lists.lists["companies"] if one["id"] == "2")
    lists.lists["companies"].remove(gone)
    lists.links["deals", "companies"]["12"] = [("1", 5)]
    lists.links["companies", "deals"]["1"].append(("12", 6))
    lists.links["companies", "deals"].pop("2")
    records = synced.pull()
    assert subscriptions(records) == {"1": ["name:pro", "name:pro#2"]}
    gone = {(one.kind.value, one.id) for one in of(records, Tombstone)}
    assert gone == {("customer", "2"), ("subscription", "company:2")}


def test_what_changes_during_a_sweep_is_read_by_the_next_pull(lists, puller):
    lists.add("companies", *(record(str(n), {}) for n in range(1, 151)))
    puller.now = "2026-01-05T12:00:00Z"

    def meanwhile(request):
        if request.url.params.get("after") == "100":
            change(lists, "companies", "5", at="2026-01-05T12:20:00Z", name="New name")
            change(lists, "companies", "120", at="2026-01-05T13:00:00Z")

    lists.before = meanwhile
    puller.pull()
    puller.now = "2026-01-05T14:00:00Z"
    lists.before = lambda _: None
    assert {one.id: one.name for one in of(puller.pull(), Customer)}["5"] == "New name"


def test_a_bad_record_is_put_aside_in_an_increment_too(lists, synced):
    change(lists, "line_items", "21", price="much")
    records = synced.pull()
    assert [one.source_ref for one in of(records, Quarantined)] == ["line_item:21"]
