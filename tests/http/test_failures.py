"""What an error says, of which class it is, and what it never shows."""

import base64
import logging

import httpx
import pytest

from tenure import ConfigError, SourceError, TenureError, TransientError

URL = "https://api.test/x"
SECRET = "sk_live_0123456789"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, SourceError),
        (304, SourceError),
        (400, SourceError),
        (401, ConfigError),
        (403, ConfigError),
        (404, SourceError),
        (422, SourceError),
        (429, TransientError),
        (500, TransientError),
        (501, TransientError),
        (503, TransientError),
    ],
)
def test_class_tells_what_to_do(http, respx_mock, status, kind):
    respx_mock.get(URL).respond(status)
    with pytest.raises(TenureError) as caught:
        http.get("/x")
    assert type(caught.value) is kind
    assert caught.value.instruction


def test_refusal_names_the_table_and_what_was_refused(http, respx_mock):
    respx_mock.get(URL).respond(403, json={"error": "needs scope crm.read"})
    with pytest.raises(ConfigError) as caught:
        http.get("/x")
    assert caught.value.reason.startswith(
        "[connectors.billing] GET https://api.test/x was answered 403 Forbidden"
    )
    assert "needs scope crm.read" in caught.value.reason


def test_a_long_query_does_not_hide_what_went_wrong(http, respx_mock):
    respx_mock.get(url__startswith=URL).respond(401, text="bad key")
    with pytest.raises(ConfigError) as caught:
        http.get("/x", params={"types[]": ["invoice.created"] * 40})
    said = caught.value.reason
    assert "?types" in said
    assert said.endswith("… was answered 401 Unauthorized: the credential was refused: bad key")
    assert len(said) < 250


def test_sink_is_named_as_one(make, respx_mock):
    respx_mock.get(URL).respond(401)
    with pytest.raises(ConfigError, match=r"^\[sinks\.billing\]"):
        make(kind="sink").get("/x")


def test_start_of_the_body_is_shown(http, respx_mock):
    respx_mock.get(URL).respond(404, text="no such\n  list " + "z" * 1000)
    with pytest.raises(SourceError, match="no such list zz") as caught:
        http.get("/x")
    assert len(str(caught.value)) < 600


def test_body_cannot_drive_the_terminal(http, respx_mock):
    respx_mock.get(URL).respond(404, content=b"\x1b[2Jno \x07such list\x00")
    with pytest.raises(SourceError, match=r"\[2Jno such list") as caught:
        http.get("/x")
    assert str(caught.value).isprintable()


def test_accepted_status_is_returned(http, respx_mock):
    respx_mock.get(URL).respond(404)
    assert http.get("/x", extensions={"tenure": {"accept": [404]}}).status_code == 404


def test_error_of_a_streamed_request_shows_its_body(http, respx_mock):
    respx_mock.get(URL).respond(404, text="no such list")
    wish = {"tenure": {"stream": True}}
    with (
        pytest.raises(SourceError, match="no such list"),
        http.stream("GET", "/x", extensions=wish),
    ):
        pass


@pytest.mark.parametrize(
    "target",
    ["https://evil.test/x", "http://api.test/x", "//evil.test", "https://api.test:8443/x"],
)
def test_redirect_to_another_place_is_refused(http, respx_mock, target):
    respx_mock.get(URL).respond(302, headers={"Location": target})
    with pytest.raises(SourceError, match="another host"):
        http.get("/x")


@pytest.mark.parametrize("target", ["/y", "https://api.test/y"])
def test_redirect_on_the_same_host_is_followed(make, respx_mock, target):
    respx_mock.get("http://api.test/x").respond(301, headers={"Location": "https://api.test/x"})
    respx_mock.get(URL).respond(301, headers={"Location": target})
    respx_mock.get("https://api.test/y").respond(200, text="here")
    assert make(api_base="http://api.test").get("/x").text == "here"


def test_endless_redirects_end(http, respx_mock):
    respx_mock.get(URL).respond(302, headers={"Location": "/x"})
    with pytest.raises(SourceError, match="redirects"):
        http.get("/x")


def test_broken_encoding_is_the_sources_fault(make, server):
    server.does("garbled")
    with pytest.raises(SourceError, match="decompressing"):
        make(api_base=server.url).get("/x")


@pytest.mark.parametrize(
    "base",
    [
        "api.test",
        "ftp://api.test",
        "https://",
        "https://api.test:port",
        "https://api.test:99999999",
    ],
)
def test_wrong_api_base_is_a_mistake_in_the_configuration(make, base):
    with pytest.raises(ConfigError, match=r"^\[connectors\.billing\] api_base"):
        make(api_base=base)


def test_address_that_is_none_is_said(make):
    with pytest.raises(ConfigError, match="api_base"):
        make(api_base="").get("/x")


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_secret_is_in_no_error(make, respx_mock, status):
    respx_mock.get(host="api.test").respond(status, text=f"bad key {SECRET}, {SECRET[:12]}")
    with pytest.raises(TenureError) as caught:
        make(secrets=(SECRET[:12], SECRET)).get("/x", params={"note": SECRET})
    assert SECRET[:12] not in str(caught.value)
    assert SECRET[-4:] not in str(caught.value)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {SECRET}"},
        {"X-Api-Key": SECRET},
        {"Cookie": f"session={SECRET}"},
        {"Authorization": "Basic " + base64.b64encode(f"{SECRET}:".encode()).decode()},
    ],
)
def test_credential_of_a_header_is_in_no_error(http, respx_mock, headers):
    value = next(iter(headers.values()))
    respx_mock.get(URL).respond(401, text=f"you sent {value}")
    with pytest.raises(ConfigError) as caught:
        http.get("/x", headers=headers)
    assert SECRET not in str(caught.value)
    assert value.split(" ")[-1] not in str(caught.value)


def test_secret_is_not_in_a_network_error(make, respx_mock):
    respx_mock.get(URL).mock(side_effect=httpx.ConnectError(f"no route for {SECRET}"))
    with pytest.raises(TransientError) as caught:
        make(secrets=(SECRET,)).get("/x")
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


def test_header_that_cannot_be_sent_does_not_show_its_value(make, server):
    with pytest.raises(ConfigError, match="header") as caught:
        make(api_base=server.url).get("/x", headers={"Authorization": f"Bearer {SECRET}\n"})
    assert SECRET not in str(caught.value)


def test_log_has_a_line_per_attempt_without_secrets(make, respx_mock, caplog):
    caplog.set_level(logging.INFO, "tenure.http")
    respx_mock.get(URL).mock(side_effect=[httpx.Response(500), httpx.Response(200)])
    make(secrets=(SECRET,)).get("/x", params={"api_key": "abc", "page": "2", "note": SECRET})
    lines = [r.getMessage() for r in caplog.records if r.name == "tenure.http"]
    shown = "GET https://api.test/x?api_key=***&page=2&note=***"
    assert lines[0].startswith(f"{shown}: 500, ")
    assert lines[1].startswith(f"{shown}: 200, ")
    assert lines[1].endswith("attempt 2")


def test_client_says_who_it_is(http, respx_mock):
    route = respx_mock.get(URL).respond(200)
    http.get("/x")
    assert route.calls.last.request.headers["User-Agent"].startswith("tenure/")


def test_only_what_did_not_go_well_at_once_is_said_without_being_asked(http, respx_mock, caplog):
    caplog.set_level(logging.DEBUG, "tenure.http")
    fine = httpx.Response(200)
    respx_mock.get(URL).mock(side_effect=[fine, httpx.Response(500), fine])
    for _ in range(2):
        http.get("/x")
    levels = [r.levelname for r in caplog.records if r.name == "tenure.http"]
    assert levels == ["DEBUG", "INFO", "INFO"]


def test_an_error_that_was_asked_for_is_no_remark(http, respx_mock, caplog):
    caplog.set_level(logging.DEBUG, "tenure.http")
    respx_mock.get(URL).mock(return_value=httpx.Response(404))
    http.get("/x", extensions={"tenure": {"accept": [404]}})
    assert [r.levelname for r in caplog.records if r.name == "tenure.http"] == ["DEBUG"]
