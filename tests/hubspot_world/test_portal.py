"""The portal behaves as HubSpot's documentation says."""

import http.client
import json
from datetime import UTC, datetime, timedelta

import pytest

from tenure_connectors.hubspot.world import (
    TOKEN,
    Fault,
    Limits,
    Plan,
    Portal,
    Property,
    When,
    serving,
)
from tenure_connectors.hubspot.world.answer import answer

DAY = timedelta(days=1)
START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def portal():
    return Portal(limits=Limits.none(), clock=lambda: START)


def call(portal, method, path, body=None, token=TOKEN):
    headers = {"Authorization": f"Bearer {token}"}
    status, told, text = answer(portal, method, path, headers, body)
    return status, told, json.loads(text) if text else None


def get(portal, path):
    return call(portal, "GET", path)[2]


def post(portal, path, **body):
    return call(portal, "POST", path, body)


def companies(portal, many):
    return [portal.add_company(f"C{n}", f"c{n}.example", START + n * DAY) for n in range(many)]


def search(portal, kind="companies", filters=(), **more):
    groups = {"filterGroups": [{"filters": list(filters)}]} if filters else {}
    return post(portal, f"/crm/v3/objects/{kind}/search", **groups, **more)


def test_a_list_goes_on_after_the_last_record_of_a_page(portal):
    all_ = companies(portal, 5)
    portal.archive(all_[1])
    path, seen = "/crm/v3/objects/companies?limit=2", []
    while path:
        page = get(portal, path)
        seen += [one["id"] for one in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
        path = after and f"/crm/v3/objects/companies?limit=2&after={after}"
    assert seen == [c.id for c in all_ if c is not all_[1]]
    (gone,) = get(portal, "/crm/v3/objects/companies?archived=true")["results"]
    assert (gone["id"], gone["archived"]) == (all_[1].id, True)


def test_an_answer_has_what_was_asked_for_and_nothing_that_is_no_property(portal):
    acme = portal.add_company("Acme", "acme.example")
    path = f"/crm/v3/objects/companies/{acme.id}?properties=industry,nothing"
    assert set(get(portal, path)["properties"]) == {
        *("industry", "createdate", "hs_lastmodifieddate", "hs_object_id")
    }
    assert get(portal, path)["properties"]["industry"] is None


def test_a_history_is_newest_first_and_begins_with_the_record(portal):
    acme = portal.add_company("Acme", at=START, industry="A")
    portal.update(acme, START + DAY, industry="B")
    portal.update(acme, START + 2 * DAY, industry=None)
    path = f"/crm/v3/objects/companies/{acme.id}?propertiesWithHistory=industry"
    versions = get(portal, path)["propertiesWithHistory"]["industry"]
    assert [one["value"] for one in versions] == ["", "B", "A"]
    assert versions[-1]["timestamp"] == "2025-01-01T00:00:00.000Z"


def test_a_batch_with_an_unknown_id_is_partial_and_one_with_histories_is_smaller(portal):
    acme = portal.add_company("Acme")
    path = "/crm/v3/objects/companies/batch/read"
    status, _, body = post(portal, path, inputs=[{"id": acme.id}, {"id": "1"}], properties=[])
    assert (status, body["numErrors"], len(body["results"])) == (207, 1, 1)
    assert body["errors"][0]["context"] == {"ids": ["1"]}
    many = [{"id": str(n)} for n in range(51)]
    assert post(portal, path, inputs=many)[0] == 207
    assert post(portal, path, inputs=many, propertiesWithHistory=["name"])[0] == 400


def test_a_merged_record_answers_with_the_survivor_and_its_deals_move(portal):
    one, two = companies(portal, 2)
    deal = portal.add_deal("D", two)
    portal.update(two, city="Bern")
    portal.merge(one, two)
    found = get(portal, f"/crm/v3/objects/companies/{two.id}?properties=hs_merged_object_ids,city")
    assert (found["id"], found["properties"]["hs_merged_object_ids"]) == (one.id, two.id)
    assert found["properties"]["city"] == "Bern"
    assert [key for key, _ in portal.linked(deal, "companies")] == [one.id]
    assert [c["id"] for c in get(portal, "/crm/v3/objects/companies")["results"]] == [one.id]
    assert not get(portal, "/crm/v3/objects/companies?archived=true")["results"]


def test_a_search_filters_sorts_and_counts(portal):
    all_ = companies(portal, 4)
    portal.update(all_[0], START + 10 * DAY, city="Bern")
    since = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1735862400000"}
    newest = [{"propertyName": "hs_lastmodifieddate", "direction": "DESCENDING"}]
    _, _, body = search(portal, filters=[since], sorts=newest, limit=2)
    assert body["total"] == 3
    assert [one["id"] for one in body["results"]] == [all_[0].id, all_[3].id]
    assert body["paging"]["next"]["after"] == "2"


def test_a_search_never_goes_past_the_10000th_result(portal):
    companies(portal, 1)
    assert search(portal, after="9800", limit=200)[0] == 200
    status, _, body = search(portal, after="9801", limit=200)
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")


def test_a_search_finds_a_change_only_after_the_lag(portal):
    portal.search_lag = timedelta(seconds=30)
    acme = portal.add_company("Old", at=START - DAY)
    portal.update(acme, START, name="New")
    name = {"propertyName": "name", "operator": "EQ", "value": "old"}
    assert search(portal, filters=[name])[2]["total"] == 1
    portal.clock = lambda: START + timedelta(seconds=31)
    assert search(portal, filters=[name])[2]["total"] == 0


def test_associations_name_the_primary_company_and_the_records_that_have_none(portal):
    one, two = companies(portal, 2)
    deal, alone = portal.add_deal("D", one), portal.add_deal("E", None)
    portal.associate(deal, two)
    path = "/crm/v4/associations/deals/companies/batch/read"
    status, _, body = post(portal, path, inputs=[{"id": deal.id}, {"id": alone.id}])
    (found,) = body["results"]
    kinds = {o["toObjectId"]: [t["typeId"] for t in o["associationTypes"]] for o in found["to"]}
    assert (status, kinds) == (207, {one.id: [5, 341], two.id: [341]})
    assert body["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"


def test_associations_of_one_record_have_pages_of_their_own(portal):
    portal.association_page = 2
    acme = portal.add_company("Acme")
    deals = [portal.add_deal(str(n), acme) for n in range(3)]
    path = "/crm/v4/associations/companies/deals/batch/read"
    (first,) = post(portal, path, inputs=[{"id": acme.id}])[2]["results"]
    after = first["paging"]["next"]["after"]
    (last,) = post(portal, path, inputs=[{"id": acme.id, "after": after}])[2]["results"]
    assert [o["toObjectId"] for o in [*first["to"], *last["to"]]] == [d.id for d in deals]


def test_an_archived_deal_loses_its_associations_until_it_is_restored(portal):
    acme = portal.add_company("Acme")
    deal = portal.add_deal("D", acme)
    portal.archive(deal)
    assert not list(portal.linked(acme, "deals"))
    portal.restore(deal)
    assert [key for key, _ in portal.linked(acme, "deals")] == [deal.id]


def test_writing_is_all_or_nothing_where_a_value_is_wrong(portal):
    acme = portal.add_company("Acme")
    group = {"name": "tenure", "label": "Tenure"}
    assert post(portal, "/crm/v3/properties/companies/groups", **group)[0] == 201
    assert post(portal, "/crm/v3/properties/companies/groups", **group)[0] == 409
    mrr = {"name": "mrr", "label": "MRR", "type": "number", "fieldType": "number"}
    created = post(portal, "/crm/v3/properties/companies", **mrr, groupName="tenure")
    assert created[0] == 201
    good, bad = (
        {"id": acme.id, "properties": {"mrr": "1.5"}},
        {"id": "7", "properties": {"mrr": "x"}},
    )
    path = "/crm/v3/objects/companies/batch/update"
    status, _, body = post(portal, path, inputs=[good, bad])
    assert (status, acme.value("mrr")) == (400, None)
    assert "INVALID_NUMBER" in body["message"]
    status, _, body = post(portal, path, inputs=[good, {"id": "7", "properties": {"mrr": "2"}}])
    assert (status, acme.value("mrr"), body["errors"][0]["context"]) == (207, "1.5", {"ids": ["7"]})


def test_a_token_is_wrong_or_lacks_a_scope_that_is_named(portal):
    assert call(portal, "GET", "/crm/v3/owners", token="none")[0] == 401
    portal.tokens["few"] = frozenset({"crm.objects.deals.read"})
    status, _, body = call(portal, "GET", "/crm/v3/objects/companies", token="few")
    needed = body["errors"][0]["context"]["requiredGranularScopes"]
    assert (status, needed) == (403, ["crm.objects.companies.read"])


def test_limits_are_told_in_headers_and_by_their_policy(portal):
    portal.limits = Limits(ten_secondly=2, secondly=1, daily=4)
    assert call(portal, "GET", "/crm/v3/owners")[1]["X-HubSpot-RateLimit-Remaining"] == "1"
    assert "X-HubSpot-RateLimit-Remaining" not in search(portal)[1]
    assert search(portal)[2]["policyName"] == "SECONDLY"
    call(portal, "GET", "/crm/v3/owners")
    assert call(portal, "GET", "/crm/v3/owners")[2]["policyName"] == "TEN_SECONDLY_ROLLING"
    portal.limits.today = 4
    assert search(portal)[2]["policyName"] == "DAILY"


def test_an_owner_who_left_is_listed_apart(portal):
    ann = portal.add_owner("Ann", "Lee", "ann@seller.example")
    ann.archived = True
    assert not get(portal, "/crm/v3/owners")["results"]
    (gone,) = get(portal, "/crm/v3/owners?archived=true")["results"]
    assert (gone["id"], gone["firstName"], gone["lastName"]) == (ann.id, "Ann", "Lee")


def test_a_property_that_is_archived_is_left_out(portal):
    portal.add_property("companies", Property("tier"))
    acme = portal.add_company("Acme", tier="gold")
    path = f"/crm/v3/objects/companies/{acme.id}?properties=tier"
    assert get(portal, path)["properties"]["tier"] == "gold"
    assert call(portal, "DELETE", "/crm/v3/properties/companies/tier")[0] == 204
    assert "tier" not in get(portal, path)["properties"]


@pytest.fixture(scope="module")
def server():
    portal = Portal(limits=Limits.none())
    portal.add_company("Acme")
    with serving(portal) as found:
        yield found


def fetch(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    try:
        path = "/crm/v3/objects/companies"
        connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        *((Fault.BROKEN, 500), (Fault.BAD_GATEWAY, 502), (Fault.EXPIRED, 401), (Fault.BURST, 429)),
        *((Fault.SEARCHES, 429), (Fault.DAILY, 429), (Fault.SLOW, 200)),
    ],
)
def test_a_planned_fault_happens_once_and_where_it_was_meant(server, fault, status):
    server.plan = Plan(When(fault, "objects", after=1), slow=0.01)
    assert [fetch(server)[0] for _ in range(3)] == [200, status, 200]


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TRUNCATED])
def test_a_break_is_seen_as_one(server, fault):
    server.plan = Plan(When(fault))
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        fetch(server)
    assert fetch(server)[0] == 200


def test_half_a_json_text_is_none(server):
    server.plan = Plan(When(Fault.INVALID))
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(fetch(server)[1])
