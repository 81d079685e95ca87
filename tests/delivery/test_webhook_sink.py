"""The sink `webhook`: signed documents, each once, that a receiver can check."""

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import fastjsonschema
import httpx
import pytest
import respx
from boards import over
from pydantic import SecretStr
from reports import BETTER, NOW, REPORT

from tenure.alerts import Alert
from tenure.cli import main
from tenure.config import Entry, load
from tenure.config.sections import AlertsTable
from tenure.delivery import alerting, deliver, undo
from tenure.errors import ConfigError, UsageError, WithheldError
from tenure.ledger.store import Store
from tenure.lending import lend
from tenure_sinks.webhook import Webhook, WebhookConfig, signature

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "webhook.schema.json").read_text())
URL = "https://hooks.test/nrr?token=abc"
SECRET = "s3cret-of-sixteen"


def hook(url=URL, secret=SECRET, **keys):
    config = WebhookConfig(url=url, secret=secret and SecretStr(secret), max_attempts=1)
    secrets = (SECRET,)
    return Entry(
        name="a", kind="sink", use="webhook", plugin=Webhook(config), secrets=secrets, **keys
    )


@pytest.fixture
def store(sqlite_database):
    return Store.open(sqlite_database, clock=lambda: NOW)


@pytest.fixture
def receiver():
    with respx.mock:
        yield respx.post(URL).respond(204)


def pushed(store, report=REPORT, **options):
    (done,) = deliver(over(store, a=hook(**options)), store, report)
    return done


def bodies(receiver):
    return [json.loads(call.request.content) for call in receiver.calls]


def test_a_document_is_the_report_and_as_the_schema_says(store, receiver):
    assert pushed(store).error is None
    (body,) = bodies(receiver)
    fastjsonschema.compile(SCHEMA)(body)
    assert body["report"] == REPORT.as_json()
    assert (body["schema"], body["type"]) == (SCHEMA["properties"]["schema"]["const"], "report")
    assert receiver.calls.last.request.headers["Idempotency-Key"] == body["id"]


@pytest.mark.parametrize("part", ["meta", "row"])
def test_the_schema_names_all_that_is_sent(part):
    document = REPORT.as_json()
    sent = document["meta"] if part == "meta" else document["rows"][0]
    assert list(SCHEMA["definitions"][part]["properties"]) == list(sent)


def test_what_was_accepted_is_not_posted_again(store, receiver):
    for report in (REPORT, REPORT, BETTER, BETTER, REPORT):
        pushed(store, report)
    assert [body["report"]["rows"][0]["new"] for body in bodies(receiver)] == [
        "0.000005", "0.000006", "0.000005",
    ]  # fmt: skip


def test_another_address_has_accepted_nothing(store, receiver):
    pushed(store)
    other = respx.post("https://hooks.test/other").respond(200)
    assert pushed(store, url="https://hooks.test/other").error is None
    assert other.called


def test_a_lost_answer_is_posted_again_with_its_key(store, receiver):
    receiver.side_effect = [httpx.ReadTimeout("lost"), httpx.Response(204)]
    assert pushed(store).exit_code == 1
    done = pushed(store)
    first, again = (call.request for call in receiver.calls)
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"]
    assert (first.content, done.error) == (again.content, None)
    assert done.changes[0].note == "sent before, and not known to have arrived"


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (httpx.Response(410), 2, "The receiver at hooks.test is gone (410)"),
        (httpx.Response(401), 2, "the credential was refused"),
        (httpx.Response(404), 1, "was answered 404"),
        (httpx.Response(503), 1, "was answered 503"),
        (httpx.Response(308, headers={"location": "/there"}), 1, "redirects (308), which is not"),
        (httpx.Response(302, headers={"location": "https://evil.test/"}), 1, "another host"),
    ],
)
def test_an_answer_that_is_no_delivery(store, receiver, answer, code, said):
    receiver.mock(return_value=answer)
    done = pushed(store)
    assert (done.exit_code, said in str(done.error)) == (code, True)
    assert (len(receiver.calls), len(respx.calls)) == (1, 1)
    assert "abc" not in str(done.error)


def test_alerts_are_posted_too(store, receiver):
    alert = hook(alerts=AlertsTable(withheld=True))
    withheld = WithheldError("Nothing was published: <a> & \ud800 unfinished")
    (done,) = alerting.send(alerting.Watch(over(store, a=alert), store, withheld))
    (body,) = bodies(receiver)
    fastjsonschema.compile(SCHEMA)(body)
    assert (done.error, body["type"], body["alert"]["text"]) == (None, "alert", withheld.reason)


def test_the_schema_knows_every_alert():
    kinds = SCHEMA["definitions"]["alert"]["properties"]["kind"]["enum"]
    assert set(kinds) == set(AlertsTable.model_fields)
    assert list(SCHEMA["definitions"]["alert"]["properties"]) == list(Alert.__dataclass_fields__)


def test_without_a_secret_nothing_is_signed(store, receiver):
    pushed(store, secret=None)
    assert "Tenure-Signature" not in receiver.calls.last.request.headers


def test_nothing_can_be_taken_back(store, receiver):
    done = pushed(store)
    with pytest.raises(UsageError, match="cannot take anything back"):
        undo(over(store, a=hook()), store, "a", done.run)


@respx.mock
def test_check_asks_whether_anybody_is_there(store):
    route = respx.options(URL)
    route.side_effect = [httpx.Response(501), httpx.Response(410)]  # no OPTIONS; gone
    entry = hook()
    context = lend(over(store, a=entry), entry)
    assert list(entry.plugin.check(context)) == [
        "can reach hooks.test; documents are posted signed"
    ]
    with pytest.raises(ConfigError, match="is gone"):
        list(entry.plugin.check(context))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("url = 'hooks.test'", "sinks.a.url: 'hooks.test': not an address"),
        (
            "url = 'https://h.test'\nsecret = 'short'",
            "the value (not shown) Value should have at",
        ),
        ("url = 'https://h.test'\napi_base = 'https://h.test'", "api_base: unknown key"),
    ],
)
def test_mistakes_in_its_table(tmp_path, options, said):
    path = tmp_path / "plugins.toml"
    path.write_text(f"[sinks.a]\nuse = 'webhook'\n{options}\n")
    with pytest.raises(ConfigError, match=re.escape(said)):
        load(path)


def documented():
    """The receiver of docs/sinks.md."""
    text = (DOCS / "sinks.md").read_text()
    found = re.search(r"```python\n(import hashlib.*?)```", text, re.DOTALL)
    scope = {}
    exec(found[1], scope)  # noqa: S102 - what people will copy
    return scope


def test_the_documented_receiver_refuses_what_is_not_ours():
    receive, at = documented()["receive"], 1_000_000
    body = b'{"type": "report"}'

    def answer(said, body=body, now=at):
        headers = {"Tenure-Signature": said, "Idempotency-Key": "k"}
        return receive(headers, body, SECRET.encode(), now)

    good = signature(SECRET, at, body)
    assert answer(good) == 204
    assert answer(good, now=at + 301) == 401
    assert answer(good, body=body + b" ") == 401
    assert answer(signature("another-secret-16", at, body)) == 401
    assert [answer(bad) for bad in ("", "v1", "t=x,v1=é")] == [401, 401, 401]


@contextmanager
def listening(receive, answers):
    """The receiver on loopback; `answers` are statuses that it gives instead, first of all."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receive(self.headers, body)
            self.send_response(answers.pop(0) if answers else status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


CONFIG = """
[tenure]
store = "sqlite:///t.db"
[metrics]
segments = ["plan"]
[connectors.history]
use = "file"
path = "rows.csv"
[sinks.hook]
use = "webhook"
url = "{url}"
secret = "${{HOOK_SECRET}}"
"""


def test_a_push_reaches_the_documented_receiver_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    scope, statuses = documented(), []

    def receive(headers, body):
        now = int(headers["Tenure-Signature"].split(",")[0][2:]) + 299
        statuses.append(scope["receive"](headers, body, SECRET.encode(), now))
        return statuses[-1]

    (tmp_path / "rows.csv").write_text("customer,plan,start,mrr\na,pro,2025-01-01,5\n")
    with listening(receive, [503]) as url:  # it had taken the document all the same
        (tmp_path / "plugins.toml").write_text(CONFIG.format(url=url))
        assert [main(["sync"]), main(["push"]), main(["push"])] == [0, 0, 0]
    capsys.readouterr()
    main(["report", "--format", "json", "--by", "plan"])
    (document,) = scope["SEEN"].values()
    assert document["report"]["rows"] == json.loads(capsys.readouterr().out)["rows"]
    assert statuses == [204, 204]
    assert SECRET.encode() not in (tmp_path / "t.db").read_bytes()


def test_a_running_period_is_as_the_schema_says(store, receiver):
    partial = replace(REPORT, rows=(replace(REPORT.rows[0], partial=True, as_of=NOW),))
    pushed(store, partial)
    fastjsonschema.compile(SCHEMA)(bodies(receiver)[0])
