"""One request: what is sent, how fast, and what is said when it fails."""

import httpx
import pytest
from hubspot_objects import TOKEN, record

from tenure import ConfigError, Customer, SourceError, TransientError
from tenure_connectors.hubspot.client import TRIES
from tenure_connectors.hubspot.pace import Pace


def refused(status: int, **body):
    return lambda _: httpx.Response(status, json={"status": "error", **body})


def test_the_sdk_signs_and_tenures_client_sends(lists, puller):
    puller.pull()
    for request in lists.asked:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["user-agent"].startswith("tenure/")
    listed = next(r for r in lists.asked if r.url.path == "/crm/v3/objects/companies")
    assert listed.url.params["limit"] == "100"
    assert "hs_merged_object_ids" in listed.url.params.get_list("properties")


def test_a_wrong_token_is_a_mistake_in_the_config(lists, puller):
    lists.before = refused(401, message="Authentication credentials not found.")
    with pytest.raises(ConfigError, match=r"\[connectors\.crm\].* the credential was refused") as e:
        puller.pull()
    assert TOKEN not in str(e.value)


def test_a_token_that_is_revoked_in_the_middle_ends_the_pull(lists, puller):
    lists.add("companies", *(record(str(n), {}) for n in range(1, 301)))
    gone = refused(401)
    lists.before = lambda r: gone(r) if r.url.params.get("after") == "200" else None
    with pytest.raises(ConfigError, match="credential was refused"):
        puller.pull()


def test_a_missing_scope_is_named(lists, puller):
    error = {"context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}
    no = refused(403, category="MISSING_SCOPES", message="not all scopes", errors=[error])
    lists.before = lambda r: no(r) if "deals" in r.url.path else None
    with pytest.raises(
        ConfigError, match=r"may not read deals: it lacks crm\.objects\.deals\.read"
    ):
        puller.pull()


def test_the_daily_limit_is_named(lists, puller):
    lists.before = refused(429, policyName="DAILY", message="You have reached your daily limit.")
    with pytest.raises(TransientError, match="daily limit of requests is used up") as raised:
        puller.pull()
    assert "midnight in the portal's time zone" in str(raised.value)


def test_another_limit_is_waited_for(lists, puller):
    waits = iter([httpx.Response(429, json={"policyName": "TEN_SECONDLY_ROLLING"})] * 3)
    lists.before = lambda _: next(waits, None)
    assert puller.pull()[-1].complete


def test_what_is_no_json_is_asked_for_again(lists, puller):
    broken = iter([httpx.Response(200, content=b'{"results": [')] * (TRIES - 1))
    lists.before = lambda _: next(broken, None)
    assert puller.pull()[-1].complete


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (rb"cut \ud83d", "cut \ufffd"),
        (rb"cut \ude80\n", "cut \ufffd\n"),
        (rb"\ud83d\ude80 \\ud83d \ud83d\u0041", "\U0001f680 \\ud83d \ufffdA"),
        (b"latin \xfc", "latin \ufffd"),
    ],
)
def test_half_a_character_hides_no_page(lists, puller, sent, name):
    lists.add("companies", record("1", {"name": "HERE"}), record("2", {"name": "Bolt"}))

    def spoilt(request):
        body = httpx.Response(200, json=lists.answer(request)).content
        return httpx.Response(200, content=body.replace(b"HERE", sent))

    lists.before = spoilt
    names = {each.id: each.name for each in puller.pull() if isinstance(each, Customer)}
    assert names == {"1": name, "2": "Bolt"}


def test_what_is_never_json_fails(lists, puller):
    lists.before = lambda _: httpx.Response(200, text="<html>")
    with pytest.raises(TransientError, match="none of HubSpot's"):
        puller.pull()


def test_what_is_another_json_fails_at_once(lists, puller):
    lists.before = lambda _: httpx.Response(200, json={"vid": 1})
    with pytest.raises(SourceError, match="none of HubSpot's"):
        puller.pull()


class Watch:
    """A clock that jumps over every wait."""

    now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_five_searches_a_second():
    watch = Watch()
    pace = Pace(None, watch, watch.sleep)
    for _ in range(51):
        pace.before(search=True)
    assert watch.now - 100 == pytest.approx(10.0)
    pace.before(search=False)
    assert watch.now - 100 == pytest.approx(10.0)


def test_nothing_goes_while_nothing_remains():
    watch = Watch()
    pace = Pace(None, watch, watch.sleep)
    window = {"x-hubspot-ratelimit-interval-milliseconds": "10000"}
    pace.learn({**window, "x-hubspot-ratelimit-remaining": "1"})
    pace.before(search=False)
    assert watch.now == 100
    pace.learn({**window, "x-hubspot-ratelimit-remaining": "0"})
    pace.before(search=False)
    assert watch.now == pytest.approx(110)
