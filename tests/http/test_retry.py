"""What is sent again, after how long, and what is not."""

import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import httpx
import pytest
import respx

from tenure import ConfigError, SourceError, TransientError
from tenure.http import HttpOptions, client

OK = httpx.Response(200, json={"fine": True})
URL = "https://api.test/x"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_passing_trouble_is_tried_again(http, respx_mock, status):
    route = respx_mock.get(URL).mock(side_effect=[httpx.Response(status), OK])
    assert http.get("/x").json() == {"fine": True}
    assert route.call_count == 2


@pytest.mark.parametrize(
    "error", [httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError]
)
def test_broken_connection_is_tried_again(http, respx_mock, error):
    route = respx_mock.get(URL).mock(side_effect=[error, OK])
    http.get("/x")
    assert route.call_count == 2


@pytest.mark.parametrize("trouble", [httpx.ReadError("broken"), httpx.Response(429)])
def test_what_is_asked_for_while_the_client_closes_is_not_tried_again(http, respx_mock, trouble):
    """Else a pull that was stopped would live on in its threads."""

    def stop(_request):
        http.close()
        if isinstance(trouble, Exception):
            raise trouble
        return trouble

    route = respx_mock.get(URL).mock(side_effect=stop)
    with pytest.raises(TransientError):
        http.get("/x")
    assert route.call_count == 1


def test_an_answer_that_never_ends_is_given_up(make, respx_mock, time):
    def drops():
        while True:
            time.now += 20
            yield b" "

    respx_mock.get(URL).mock(side_effect=lambda _r: httpx.Response(200, content=drops()))
    with pytest.raises(TransientError, match="did not end in 600 s"):
        make(max_attempts=2).get("/x")


def test_closing_the_client_ends_every_wait(respx_mock):
    """By the clock on the wall: one thread waits to try again, the other for its turn."""
    route = respx_mock.get(URL).respond(429, headers={"Retry-After": "60"})
    http = client("billing", options=HttpOptions(api_base="https://api.test"))
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(http.get, "/x") for _ in range(2)]
        while not route.call_count:
            time.sleep(0.01)  # until one of the threads has sent its request
        http.close()
        for one in asked:
            assert isinstance(one.exception(timeout=20), TransientError | RuntimeError)
    assert route.call_count <= 2


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_post_is_not_sent_twice_when_it_may_have_run(http, respx_mock, status):
    route = respx_mock.post(URL).respond(status)
    with pytest.raises(TransientError):
        http.post("/x", json={})
    assert route.call_count == 1


def test_post_is_not_sent_twice_after_a_lost_answer(http, respx_mock):
    route = respx_mock.post(URL).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(TransientError):
        http.post("/x")
    assert route.call_count == 1


@pytest.mark.parametrize(
    "refusal",
    [
        httpx.Response(429),
        httpx.Response(503, headers={"Retry-After": "1"}),
        httpx.ConnectError,
        httpx.ConnectTimeout,
    ],
)
def test_post_that_did_not_run_is_sent_again(http, respx_mock, refusal):
    route = respx_mock.post(URL).mock(side_effect=[refusal, OK])
    http.post("/x", content=iter([b"a", b"b"]))
    assert [call.request.content for call in route.calls] == [b"ab", b"ab"]


@pytest.mark.parametrize(
    "way",
    [
        {"extensions": {"tenure": {"idempotent": True}}},
        {"headers": {"Idempotency-Key": "1"}},
    ],
)
def test_post_may_declare_that_it_can_be_repeated(http, respx_mock, way):
    route = respx_mock.post(URL).mock(side_effect=[httpx.Response(500), httpx.ReadError, OK])
    http.post("/x", **way)
    assert route.call_count == 3


def test_waits_grow(http, respx_mock, time):
    respx_mock.get(URL).respond(500)
    with pytest.raises(TransientError, match="5 attempts"):
        http.get("/x")
    for wait, least in zip(time.waits, [0.5, 1, 2, 4], strict=True):
        assert least <= wait <= least + 0.5


def test_one_attempt_may_be_enough(make, respx_mock, time):
    respx_mock.get(URL).respond(500)
    with pytest.raises(TransientError, match="1 attempt"):
        make(max_attempts=1).get("/x")
    assert time.waits == []


def test_retry_after_in_seconds_is_honoured(http, respx_mock, time):
    busy = httpx.Response(429, headers={"Retry-After": "17"})
    respx_mock.get(URL).mock(side_effect=[busy, OK])
    http.get("/x")
    assert 17 <= sum(time.waits) <= 17.5


def test_retry_after_as_a_date_is_honoured(http, respx_mock, time):
    busy = httpx.Response(503, headers={"Retry-After": formatdate(time.now + 60, usegmt=True)})
    respx_mock.get(URL).mock(side_effect=[busy, OK])
    http.get("/x")
    assert 60 <= sum(time.waits) <= 60.5


@pytest.mark.parametrize("text", ["soon", "nan", "Mon, 99 Nov", "", "-5"])
def test_unreadable_retry_after_is_an_ordinary_wait(http, respx_mock, time, text):
    respx_mock.get(URL).mock(side_effect=[httpx.Response(429, headers={"Retry-After": text}), OK])
    http.get("/x")
    assert 0.5 <= sum(time.waits) <= 1


@pytest.mark.parametrize("text", ["0", "-5", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_waits_grow_also_where_the_service_asks_for_none(http, respx_mock, time, text):
    respx_mock.get(URL).respond(429, headers={"Retry-After": text})
    with pytest.raises(TransientError, match="5 attempts"):
        http.get("/x")
    assert sum(time.waits) >= 7.5


def test_too_long_a_retry_after_ends_the_pull(http, respx_mock, time):
    respx_mock.get(URL).respond(429, headers={"Retry-After": "86400"})
    with pytest.raises(TransientError, match="asks to wait 86400 seconds"):
        http.get("/x")
    assert time.waits == []


def test_other_requests_wait_as_well(http, respx_mock, time):
    respx_mock.post(URL).respond(503, headers={"Retry-After": "20"})
    respx_mock.get(URL).mock(return_value=OK)
    with pytest.raises(TransientError):
        http.post("/x")
    start = time.now
    http.get("/x")
    assert time.now >= start + 20 or sum(time.waits) >= 20


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_lasting_error_is_not_tried_again(http, respx_mock, status):
    route = respx_mock.get(URL).respond(status)
    with pytest.raises(SourceError):
        http.get("/x")
    assert route.call_count == 1


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"),
        httpx.ProxyError("407 Proxy Authentication Required"),
    ],
)
def test_what_only_the_user_can_mend_is_not_tried_again(http, respx_mock, error):
    route = respx_mock.get(URL).mock(side_effect=error)
    with pytest.raises(ConfigError, match=r"ca_bundle|HTTPS_PROXY"):
        http.get("/x")
    assert route.call_count == 1


def test_respx_sees_every_attempt_through_a_proxy_too(make, respx_mock):
    route = respx_mock.get(URL).mock(side_effect=[httpx.Response(502), OK])
    make(proxy="http://proxy.test:3128").get("/x")
    assert route.call_count == 2


def test_strict_mock_is_complete(http):
    with respx.mock(assert_all_mocked=True), pytest.raises(AssertionError, match="not mocked"):
        http.get("/nowhere")


def test_a_request_is_prepared_before_each_attempt(http, respx_mock):
    """Such as signed with the time."""
    route, signed = respx_mock.post(URL).mock(side_effect=[httpx.Response(429), OK]), iter("ab")

    def sign(request):
        request.headers["Signature"] = next(signed)

    http.post("/x", extensions={"tenure": {"prepare": sign}})
    assert [call.request.headers["Signature"] for call in route.calls] == ["a", "b"]
