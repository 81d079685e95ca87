"""Real connections on the loopback interface."""

import ssl
from pathlib import Path

import pytest

from tenure import ConfigError, SourceError, TransientError

PEM = Path(__file__).with_name("loopback.pem")


@pytest.fixture
def tls(server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server.url.replace("http:", "https:")


@pytest.mark.parametrize("trouble", ["reset", "truncated", "slow", "busy"])
def test_trouble_on_the_wire_is_tried_again(make, server, trouble):
    server.does(trouble)
    assert make(api_base=server.url, timeout=0.3).get("/x").text == "fine"
    assert server.seen == ["GET /x", "GET /x"]


@pytest.mark.parametrize("trouble", ["reset", "truncated", "slow", "busy"])
def test_trouble_that_stays_is_transient(make, server, trouble):
    server.does(trouble, trouble)
    with pytest.raises(TransientError, match="2 attempts"):
        make(api_base=server.url, timeout=0.3, max_attempts=2).get("/x")
    assert len(server.seen) == 2


def test_post_with_a_lost_answer_is_sent_once(make, server):
    server.does("reset")
    with pytest.raises(TransientError, match="POST"):
        make(api_base=server.url).post("/x", json={})
    assert server.seen == ["POST /x"]


def test_retry_after_from_the_wire(make, server, time):
    server.does("busy")
    make(api_base=server.url).get("/x")
    assert 7 <= sum(time.waits) <= 7.5


def test_nobody_there(make, server):
    server.server_close()
    with pytest.raises(TransientError, match="Check the network"):
        make(api_base=server.url).get("/x")


def test_streamed_body_is_left_to_the_caller(make, server):
    wish = {"tenure": {"stream": True}}
    with make(api_base=server.url).stream("GET", "/x", extensions=wish) as response:
        assert not response.is_stream_consumed
        assert response.read() == b"fine"


@pytest.mark.parametrize("body", ["fine", "zipped"])
def test_body_is_unpacked_and_its_headers_are_true(make, server, body):
    server.does(body)
    response = make(api_base=server.url).get("/x")
    assert response.text == "fine"
    assert not {"content-encoding", "transfer-encoding"} & response.headers.keys()


def test_small_answer_that_unpacks_to_a_huge_one_is_refused(make, server):
    server.does("bomb")
    with pytest.raises(SourceError, match=r"GET .*/x is larger than 100000 bytes") as caught:
        make(api_base=server.url, largest_body=100_000).get("/x")
    assert type(caught.value) is SourceError
    assert server.seen == ["GET /x"]


def test_huge_answer_may_be_streamed(make, server):
    server.does("bomb")
    wish = {"tenure": {"stream": True}}
    http = make(api_base=server.url, largest_body=100_000)
    with http.stream("GET", "/x", extensions=wish) as response:
        assert sum(map(len, response.iter_bytes())) == 2_000_000


def test_unknown_authority_names_the_option(make, tls):
    with pytest.raises(ConfigError, match="ca_bundle"):
        make(api_base=tls).get("/x")


def test_custom_authority_is_trusted(make, tls):
    assert make(api_base=tls, ca_bundle=PEM).get("/x").text == "fine"


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_unreadable_authority_is_a_mistake_in_the_configuration(make, tmp_path, text):
    bundle = tmp_path / "ca.pem"
    if text is not None:
        bundle.write_text(text)
    with pytest.raises(ConfigError, match=r"ca\.pem"):
        make(ca_bundle=bundle)


def test_proxy_of_the_plugin(make, server):
    make(api_base="http://api.test", proxy=server.url).get("/x")
    assert server.seen == ["GET http://api.test/x"]


def test_proxy_of_the_environment(make, server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url.removeprefix("http://"))
    make(api_base="http://api.test").get("/x")
    assert server.seen == ["GET http://api.test/x"]


def test_no_proxy_of_the_environment(make, server, monkeypatch):
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert make(api_base=server.url).get("/x").text == "fine"


def test_proxy_that_is_none(make):
    with pytest.raises(ConfigError, match=r"\[connectors\.billing\] cannot use its proxy"):
        make(proxy="gopher://old:secret@host")
