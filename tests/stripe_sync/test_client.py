"""One request: what is sent, what is asked again, and what is said when it fails."""

import logging

import httpx
import msgspec
import pytest
import stripe
from stripe_lists import HOST, KEY, customer, missing, opened

from tenure import ConfigError, SourceError, TransientError
from tenure_connectors.stripe.account import CUSTOMERS
from tenure_connectors.stripe.client import API_VERSION, TRIES
from tenure_connectors.stripe.shapes import Customer, Ref
from tenure_connectors.stripe.topics import TYPES

PATH = "/v1/customers/cus_1"
decode = msgspec.json.Decoder(Ref).decode


@pytest.fixture
def account():
    with opened() as found:
        yield found


@pytest.fixture
def route(respx_mock):
    return respx_mock.get(f"https://{HOST}{PATH}").respond(json={"id": "cus_1"})


def test_the_sdk_signs_and_says_the_version(account, route):
    account.api.get(PATH, {"expand": ["tiers"]}, Ref)
    request = route.calls.last.request
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["stripe-version"] == API_VERSION
    assert "stripe-account" not in request.headers
    assert request.url.params["expand[0]"] == "tiers"


def test_the_pinned_version_is_the_one_the_sdk_was_made_for():
    assert stripe.api_version == API_VERSION


def test_a_connected_account_is_named(route):
    with opened(account="acct_9") as found:
        found.api.get(PATH, {}, Ref)
    assert route.calls.last.request.headers["stripe-account"] == "acct_9"


def test_stripe_is_told_nothing_about_this_machine(account, route):
    for _ in range(2):
        account.api.get(PATH, {}, Ref)
    said = route.calls.last.request.headers
    assert "x-stripe-client-telemetry" not in said
    assert "platform" not in said["x-stripe-client-user-agent"]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (r"A\ud83dB", "A\ufffdB"),
        (r"\udE00", "\ufffd"),
        (r"\ud83d\ud83d\ude00", "\ufffd😀"),
        (r"\\ud83d \\\uD83D", "\\ud83d \\\ufffd"),
        (r"\ud83d\ude00 \u00e9", "😀 é"),
    ],
)
def test_text_that_was_cut_in_the_middle_of_a_character_is_read(account, route, sent, name):
    route.respond(content=b'{"id": "cus_1", "name": "%s"}' % sent.encode())
    assert account.api.get(PATH, {}, Customer).name == name


def test_a_body_that_is_no_json_is_asked_for_again(account, respx_mock):
    answers = [httpx.Response(200, text="<html>"), httpx.Response(200, text='{"id": "cus_')]
    answers.append(httpx.Response(200, json={"id": "cus_1"}))
    respx_mock.get(f"https://{HOST}{PATH}").mock(side_effect=answers)
    assert account.api.get(PATH, {}, Ref).id == "cus_1"


def test_a_body_that_stays_broken_names_the_request(account, respx_mock):
    route = respx_mock.get(f"https://{HOST}{PATH}").respond(text="<html>")
    with pytest.raises(TransientError, match=rf"billing.*GET {PATH} .*no object"):
        account.api.get(PATH, {}, Ref)
    assert len(route.calls) == TRIES


def test_another_shape_is_no_reason_to_ask_again(account, respx_mock):
    route = respx_mock.get(f"https://{HOST}{PATH}").respond(json={"id": 7})
    with pytest.raises(SourceError, match="Expected `str`"):
        account.api.get(PATH, {}, Customer)
    assert len(route.calls) == 1


def test_what_is_not_there_is_none(account, respx_mock):
    respx_mock.get(f"https://{HOST}{PATH}").mock(return_value=missing("id"))
    assert account.api.find(PATH, {}, decode) is None


def test_another_refusal_is_raised(account, respx_mock):
    error = {"error": {"message": "Received unknown parameter: foo", "code": "parameter_unknown"}}
    respx_mock.get(f"https://{HOST}{PATH}").respond(400, json=error)
    with pytest.raises(SourceError, match="unknown parameter: foo"):
        account.api.find(PATH, {}, decode)


def test_a_limit_that_is_hit_is_waited_out(account, respx_mock):
    answers = [
        httpx.Response(429, headers={"Retry-After": "3"}),
        httpx.Response(200, json={"id": "c"}),
    ]
    respx_mock.get(f"https://{HOST}{PATH}").mock(side_effect=answers)
    assert account.api.get(PATH, {}, Ref).id == "c"


def test_a_refused_key_is_in_no_message_and_no_log(account, respx_mock, caplog):
    caplog.set_level(logging.DEBUG)
    error = {"error": {"message": f"Invalid API Key provided: {KEY}"}}
    respx_mock.get(f"https://{HOST}{PATH}").respond(401, json=error)
    with pytest.raises(ConfigError) as caught:
        account.api.get(PATH, {}, Ref)
    assert "[connectors.billing]" in str(caught.value)
    assert KEY not in str(caught.value) + repr(caught.value) + caplog.text
    assert caplog.text


def test_the_log_of_a_read_holds_no_key_and_no_customer(account, lists, caplog):
    caplog.set_level(logging.DEBUG)
    lists.lists["/v1/customers"] = [customer(1, email="ann@example.com")]
    assert len(list(account.read(CUSTOMERS))) == 2
    assert "/v1/customers" in caplog.text
    assert KEY not in caplog.text
    assert "ann@example.com" not in caplog.text


def test_every_type_of_event_is_one_of_stripes():
    from stripe.params import WebhookEndpointCreateParams  # noqa: PLC0415 - large

    known = str(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    assert [
        one for types in TYPES for one in types if f"'{one}'" not in known.replace('"', "'")
    ] == []
    assert all(len(types) <= 20 for types in TYPES)
