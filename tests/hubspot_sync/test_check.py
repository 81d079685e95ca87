"""Whether the token can read what a pull reads, and whether the config fits the portal."""

import httpx
import pytest
from hubspot_lists import Puller
from hubspot_objects import record

from tenure import ConfigError, TransientError


def test_one_of_each_is_read(lists, puller):
    lists.add("companies", record("1", {}))
    assert puller.check() == [
        "companies: can be read",
        "deals: can be read; there are none",
        "line_items: can be read; there are none",
        "owners: can be read; there are none",
    ]


def test_attributes_alone_need_no_deals(lists):
    puller = Puller(lists, provides=frozenset({"attributes"}))
    assert [line.partition(":")[0] for line in puller.check()] == ["companies", "owners"]


def test_all_missing_scopes_are_named_at_once(lists, puller):
    def refuse(request):
        for name in ("deals", "owners"):
            if f"/{name}" in request.url.path:
                named = {"requiredGranularScopes": [f"crm.objects.{name}.read"]}
                told = [{"context": named}] if name == "deals" else []
                body = {"category": "MISSING_SCOPES", "errors": told}
                return httpx.Response(403, json=body)
        return None

    lists.before = refuse
    with pytest.raises(ConfigError) as raised:
        puller.check()
    expected = "lacks crm.objects.deals.read, crm.objects.owners.read"
    assert expected in str(raised.value)


def test_everything_that_does_not_fit_is_said_at_once(lists, puller):
    lists.properties["companies"] += ["industry"]
    puller.options |= {
        "attributes": {"sector": "industri"},
        "pipelines": ["Sales", "Renewal"],
        "rules": [{"kind": "churn", "stage": "gone"}],
        "revenue": "recurring_revenue",
    }
    with pytest.raises(ConfigError) as raised:
        puller.check()
    said = str(raised.value)
    for mistake in (
        "companies have no property 'industri'; did you mean 'industry'?",
        "deals have no property 'recurring_revenue_amount'",
        "deals have no pipeline 'Renewal'",
        "deals have no stage 'gone'",
    ):
        assert mistake in said
    assert "'Sales'" not in said


def test_an_object_that_is_not_there(lists, puller):
    lists.before = lambda r: httpx.Response(404) if "p_none" in r.url.path else None
    puller.options["revenue"] = {"object": "p_none", "amount": "fee"}
    with pytest.raises(ConfigError, match="p_none cannot be read"):
        puller.check()


def test_a_network_that_is_down_is_said_once(lists, puller):
    def refuse(request):
        raise httpx.ConnectError("Connection refused")

    lists.before = refuse
    puller.options["max_attempts"] = 1
    with pytest.raises(TransientError) as raised:
        puller.check()
    assert str(raised.value).count("Connection refused") == 1
    assert "Check the network" in str(raised.value)
