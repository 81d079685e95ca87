"""Every path of the portal answers, and refuses what HubSpot refuses."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tenure_connectors.hubspot.world import TOKEN, Limits, Portal, Property
from tenure_connectors.hubspot.world.answer import answer
from tenure_connectors.hubspot.world.values import comparable, fits

START = datetime(2025, 1, 1, tzinfo=UTC)
OBJECTS, P = "/crm/v3/objects", "/crm/v3/properties/companies"
ONE, TWO, DEAL, LINE = (str(9_000_000_000 + n) for n in (5, 6, 7, 8))  # ids are given in turn
NEW = {"name": "tier", "label": "Tier", "type": "enumeration", "fieldType": "select"}
NEW |= {"groupName": "companyinformation", "options": [{"value": "gold"}]}


@pytest.fixture
def portal():
    made = Portal(limits=Limits.none(), clock=lambda: START)
    ann = made.add_owner("Ann", "Lee", "ann@seller.example", START)
    made.add_owner("Bob", "Moe", "bob@seller.example", START)
    made.add_contact("x@acme.example", START)
    made.add("products", {"name": "Pro"}, START)
    one = made.add_company("One", "one.example", START, hubspot_owner_id=ann.id)
    made.add_company("Two", "two.example", START)
    deal = made.add_deal("D", one, START)
    made.add_line_item(deal, "Pro", START, price="5")
    made.add_property("companies", Property("own", "number", "number"))
    made.add_property("companies", Property("rank"))
    made.groups["companies"]["g"] = "G"
    return made


def call(portal, method, path, body=None):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    status, _, text = answer(portal, method, path, headers, body)
    return status, json.loads(text) if text else None


def ids(*keys):
    return {"inputs": [{"id": key} for key in keys]}


@pytest.mark.parametrize(
    ("status", "method", "path", "body"),
    [
        (200, "GET", f"{OBJECTS}/companies?associations=deals&limit=1", None),
        (200, "GET", f"{OBJECTS}/0-3?associations=companies,line_items", None),
        (200, "GET", f"{OBJECTS}/contacts", None),
        (200, "GET", f"/crm/v4/objects/deals/{DEAL}/associations/companies", None),
        (200, "GET", "/crm/v3/owners?limit=1", None),
        (200, "GET", "/crm/v3/owners/100000001", None),
        (200, "GET", "/crm/v3/owners/50000001?idProperty=userId", None),
        (200, "GET", "/crm/v3/pipelines/deals", None),
        (200, "GET", "/crm/v3/pipelines/deals/default", None),
        (200, "GET", "/crm/v3/pipelines/deals/default/stages", None),
        (200, "GET", "/crm/v3/pipelines/companies", None),
        (200, "GET", "/account-info/v3/details", None),
        (200, "GET", P, None),
        (200, "GET", f"{P}?archived=true", None),
        (200, "GET", f"{P}/name", None),
        (200, "GET", f"{P}/groups", None),
        (200, "GET", f"{P}/groups/companyinformation", None),
        (404, "GET", f"{OBJECTS}/nothing", None),
        (404, "GET", f"{OBJECTS}/companies/1", None),
        (404, "GET", "/crm/v4/objects/deals/1/associations/companies", None),
        (404, "GET", "/crm/v3/owners/1", None),
        (404, "GET", "/crm/v3/pipelines/deals/none", None),
        (404, "GET", f"{P}/none", None),
        (404, "GET", f"{P}/groups/none", None),
        (404, "GET", "/crm/v3/nothing", None),
        (400, "GET", f"{OBJECTS}/companies?limit=0", None),
        (400, "GET", f"{OBJECTS}/companies?limit=many", None),
        (400, "GET", f"{OBJECTS}/companies?after=x", None),
        (400, "GET", f"{OBJECTS}/companies?limit=51&propertiesWithHistory=name", None),
        (400, "GET", f"/crm/v4/objects/line_items/{LINE}/associations/contacts", None),
        (200, "POST", f"{OBJECTS}/companies/batch/read", ids(ONE) | {"properties": ["name"]}),
        (
            207,
            "POST",
            f"{OBJECTS}/companies/batch/read",
            ids("one.example") | {"idProperty": "name"},
        ),
        (400, "POST", f"{OBJECTS}/companies/batch/read", None),
        (400, "POST", f"{OBJECTS}/companies/batch/read", {"inputs": "all"}),
        (404, "POST", f"{OBJECTS}/companies/nothing", {}),
        (207, "POST", "/crm/v4/associations/deals/companies/batch/read", ids("1")),
        (400, "POST", "/crm/v4/associations/deals/companies/batch/read", ids()),
        (201, "POST", f"{OBJECTS}/companies", {"properties": {"name": "Three", "own": 3}}),
        (400, "POST", f"{OBJECTS}/companies", {"properties": {"own": "three"}}),
        (400, "POST", f"{OBJECTS}/companies", {"properties": {"hs_object_id": "3"}}),
        (400, "POST", f"{OBJECTS}/companies", {}),
        (
            201,
            "POST",
            f"{OBJECTS}/companies/batch/create",
            {"inputs": [{"properties": {"own": None}}]},
        ),
        (200, "PATCH", f"{OBJECTS}/companies/{ONE}", {"properties": {"own": 4}}),
        (404, "PATCH", f"{OBJECTS}/companies/1", {"properties": {"own": 4}}),
        (400, "POST", f"{OBJECTS}/companies/batch/update", ids(ONE, ONE)),
        (
            404,
            "POST",
            f"{OBJECTS}/companies/merge",
            {"primaryObjectId": ONE, "objectIdToMerge": "1"},
        ),
        (
            400,
            "POST",
            f"{OBJECTS}/companies/merge",
            {"primaryObjectId": ONE, "objectIdToMerge": ONE},
        ),
        (
            200,
            "POST",
            f"{OBJECTS}/companies/merge",
            {"primaryObjectId": ONE, "objectIdToMerge": TWO},
        ),
        (204, "POST", f"{OBJECTS}/line_items/batch/archive", ids(LINE, "1")),
        (204, "DELETE", f"{OBJECTS}/deals/{DEAL}", None),
        (201, "POST", P, NEW),
        (409, "POST", P, NEW | {"name": "rank"}),
        (400, "POST", P, {"name": "half"}),
        (400, "POST", P, NEW | {"name": "lost", "groupName": "nowhere"}),
        (400, "POST", P, NEW | {"name": "lost", "type": "money"}),
        (201, "POST", f"{P}/batch/create", {"inputs": [NEW]}),
        (200, "PATCH", f"{P}/rank", {"label": "Rank"}),
        (204, "POST", f"{P}/batch/archive", {"inputs": [{"name": "rank"}]}),
        (400, "DELETE", f"{P}/name", None),
        (404, "PUT", f"{P}/name", None),
        (201, "POST", f"{P}/groups", {"name": "h", "label": "H"}),
        (200, "PATCH", f"{P}/groups/g", {"label": "H"}),
        (204, "DELETE", f"{P}/groups/g", None),
        (400, "DELETE", f"{P}/groups/companyinformation", None),
    ],
)
def test_a_path_answers(portal, status, method, path, body):
    assert call(portal, method, path, body)[0] == status


@pytest.mark.parametrize(
    ("found", "filters"),
    [
        (2, []),
        (1, [{"propertyName": "name", "operator": "EQ", "value": "ONE"}]),
        (1, [{"propertyName": "name", "operator": "NEQ", "value": "one"}]),
        (2, [{"propertyName": "name", "operator": "IN", "values": ["one", "two"]}]),
        (0, [{"propertyName": "name", "operator": "NOT_IN", "values": ["one", "two"]}]),
        (1, [{"propertyName": "own", "operator": "HAS_PROPERTY"}]),
        (1, [{"propertyName": "own", "operator": "NOT_HAS_PROPERTY"}]),
        (1, [{"propertyName": "own", "operator": "BETWEEN", "value": "1", "highValue": "5"}]),
        (1, [{"propertyName": "name", "operator": "CONTAINS_TOKEN", "value": "*tw*"}]),
        (1, [{"propertyName": "name", "operator": "NOT_CONTAINS_TOKEN", "value": "tw"}]),
        (1, [{"propertyName": "hs_lastmodifieddate", "operator": "LT", "value": "2025-01-02"}]),
        (1, [{"propertyName": "hs_lastmodifieddate", "operator": "GT", "value": "2025-01-01"}]),
        (400, [{"propertyName": "own", "operator": "EQ", "value": "many"}]),
        (400, [{"propertyName": "own", "operator": "LIKE", "value": "1"}]),
        (400, [{"propertyName": "none", "operator": "EQ", "value": "1"}]),
        (400, [{"propertyName": "own", "operator": "EQ", "value": "1"}] * 7),
    ],
)
def test_a_filter_finds(found, filters):
    portal = Portal(limits=Limits.none(), clock=lambda: START)
    portal.add_property("companies", Property("own", "number", "number"))
    portal.add_company("One", at=START, own="2")
    portal.add_company("Two", at=START + timedelta(days=3))
    body = {"filterGroups": [{"filters": filters}], "sorts": ["-name"], "limit": 5}
    status, said = call(portal, "POST", f"{OBJECTS}/companies/search", body)
    assert (said["total"] if status == 200 else status) == found


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("number", "-1.5e3", "1,5"),
        ("bool", "true", "yes"),
        ("date", "2025-01-31", "31.1.2025"),
        ("date", "1735689600000", "1735689600001"),
        ("datetime", "2025-01-31T10:00:00Z", "soon"),
    ],
)
def test_a_value_fits_its_type(type_, good, bad):
    definition = Property("p", type_)
    assert fits(definition, good)
    assert not fits(definition, bad)
    assert comparable("number", "x") is None
