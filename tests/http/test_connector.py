"""A connector that pages through an API and knows nothing of limits, retries or secrets."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from pydantic import SecretStr

from tenure import API, Checkpoint, ConfigError, Connector, Customer, HttpConfig, PullRequest
from tenure.config import Entry
from tenure.http import client_for

PAGE = "https://paged.test/customers"
SECRET = "paged-key-123"


class Paged(Connector):
    name, api, requests_per_second = "paged", API, 2.0

    class Config(HttpConfig):
        api_base: str = "https://paged.test"
        key: SecretStr

    def check(self, context):
        self.page(context, 1)
        yield "customers"

    def pull(self, request):
        number = request.cursor or 1
        while number:
            page = self.page(request, number)
            yield from (Customer(id=each) for each in page["ids"])
            number = page["next"]
            yield Checkpoint(cursor=number)

    def page(self, context, number):
        headers = {"Authorization": f"Bearer {self.config.key.get_secret_value()}"}
        return context.http.get("/customers", params={"page": number}, headers=headers).json()


def entry(**options):
    plugin = Paged(Paged.Config(key=SECRET, **options))
    return Entry(name="crm", kind="connector", use="paged", plugin=plugin, secrets=(SECRET,))


@pytest.fixture
def pull(time):
    """Pull everything through a client made from an entry of plugins.toml."""

    def records(**options):
        with client_for(entry(**options), clock=time.clock()) as http:
            request = PullRequest(
                name="crm",
                folder=Path(),
                timezone=ZoneInfo("UTC"),
                currency="USD",
                http=http,
                clock=lambda: datetime.now(UTC),
                observations=lambda _subject: (),
            )
            return list(Paged.pull(entry(**options).plugin, request))

    return records


@pytest.fixture
def pages(respx_mock):
    """Three pages, the second of them refused once."""
    bodies = [{"ids": [f"c{n}"], "next": n % 3 and n + 1} for n in (1, 2, 3)]
    answers = [httpx.Response(200, json=body) for body in bodies]
    answers.insert(1, httpx.Response(429, headers={"Retry-After": "9"}))
    return respx_mock.get(PAGE).mock(side_effect=answers)


def test_all_pages_arrive_once(pull, pages):
    records = pull()
    assert [r.id for r in records if isinstance(r, Customer)] == ["c1", "c2", "c3"]
    assert [call.request.url.params["page"] for call in pages.calls] == ["1", "2", "2", "3"]


@pytest.mark.usefixtures("pages")
def test_the_plugins_published_limit_is_kept(pull, time):
    start = time.now
    pull()
    assert time.now - start >= 9 + 2 / 2


@pytest.mark.usefixtures("pages")
def test_the_users_own_limit_wins(pull, time):
    start = time.now
    pull(requests_per_second=0.05)
    assert time.now - start >= 3 / 0.05


@pytest.mark.usefixtures("pages")
def test_the_log_shows_every_attempt_and_no_key(pull, caplog):
    caplog.set_level(logging.DEBUG, logger="tenure.http")
    pull()
    lines = [r.getMessage() for r in caplog.records if r.name == "tenure.http"]
    assert len(lines) == 4
    assert SECRET not in caplog.text


def test_a_refused_key_names_the_table(pull, respx_mock):
    respx_mock.get(PAGE).respond(401, json={"message": f"no such key: {SECRET}"})
    with pytest.raises(
        ConfigError, match=r"^\[connectors\.crm\] GET https://paged\.test"
    ) as caught:
        pull()
    assert SECRET not in str(caught.value)


def test_relative_ca_bundle_starts_at_the_folder_of_plugins_toml(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigError, match=str(tmp_path)):
        client_for(entry(ca_bundle="ca.pem"), tmp_path)


def test_plugin_without_http_options_has_a_client_too():
    with client_for(Entry(name="local", kind="sink", use="file")) as http:
        assert http.timeout.read == 30
