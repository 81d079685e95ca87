"""What a daemon shows of itself, over HTTP and elsewhere."""

import json
import re
import socket
import threading
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml
from daemons import Rig, a_plan, at, job, without_threads

from tenure.config.sections import DaemonTable
from tenure.daemon.crew import Speech
from tenure.daemon.heartbeat import beat
from tenure.daemon.runs import State
from tenure.daemon.service import Service
from tenure.daemon.turn import Ended, Task
from tenure.daemon.watch import _MOST_THREADS, HUNG, Watch, serve
from tenure.errors import ConfigError
from tenure.ledger.store import Store

ROOT = Path(__file__).parents[2]
SYNC = "sync:billing"


class NoLock:
    """Nobody else is there."""

    def held(self) -> bool:
        return True

    def holder(self) -> str:
        return "nobody"

    def release(self) -> None:
        pass


@pytest.fixture
def watch(sqlite_database):
    rig = Rig(Store.open(sqlite_database), a_plan(job(SYNC, "every 1h"), job("report")))
    service = Service(rig.plan, Speech(instance="one"), NoLock(), clock=lambda: rig.now)
    service.view.turned_at, service.view.trouble, service.view.leads = rig.now, None, True
    watch = Watch(service)
    watch.rig = rig
    yield watch
    service._alarms.stop()


def ended(state: State = State.DONE) -> Ended:
    now = at("2026-01-05T10:00")
    task = Task(run=7, job=job(SYNC), attempt=1, due_at=now, started_at=now)
    return Ended(task=task, state=state, message="", ended_at=now + timedelta(seconds=3))


def synced(watch: Watch, when: str) -> None:
    """As a complete sync would leave the ledger."""
    from sqlalchemy import insert  # noqa: PLC0415 - here alone

    from tenure.ledger.tables import ConnectorState, table  # noqa: PLC0415 - likewise

    row = {"name": "billing", "plugin": "x", "held_retractions": 0, "last_complete_at": at(when)}
    with watch.rig.store.aside() as connection:
        connection.execute(insert(table(ConnectorState)).values(**row))


def ready(watch: Watch) -> tuple[int, dict]:
    watch.turned(watch.rig.turn, [ended()])
    code, _, body = watch.readiness()
    return code, json.loads(body)


def test_ready_while_every_source_is_fresh(watch):
    synced(watch, "2026-01-05T09:00")
    assert ready(watch)[0] == 200


def test_not_ready_once_a_source_is_older_than_two_of_its_periods_and_an_hour(watch):
    synced(watch, "2026-01-05T06:59")
    code, said = ready(watch)
    assert (code, said["stale"]) == (503, {"billing": "last read to its end 2026-01-05 06:59 UTC"})


def test_not_ready_over_a_source_that_was_read_by_a_clock_that_was_ahead(watch):
    synced(watch, "2026-01-05T10:06")
    code, said = ready(watch)
    stale = {"billing": "last read to its end 2026-01-05 10:06 UTC (clock ahead)"}
    assert (code, said["stale"]) == (503, stale)
    # 0 is never: what lies in the future would look fresh to an alert that takes the difference.
    assert 'complete_sync_timestamp_seconds{connector="billing"} 0.0' in shown(watch)


def test_clocks_of_two_machines_may_differ_a_little(watch):
    synced(watch, "2026-01-05T10:04")
    assert ready(watch)[0] == 200


def test_a_bound_of_ones_own(watch):
    synced(watch, "2026-01-05T06:59")
    watch.rig.turn.plan = a_plan(job(SYNC), stale_after="2d")
    assert ready(watch)[0] == 200


def test_not_ready_while_the_ledger_does_not_answer(watch):
    watch.service.view.trouble = "The ledger does not answer"
    assert (watch.readiness()[0], watch.health()[0]) == (503, 200)


def shown(watch: Watch) -> str:
    return watch.metrics()[2].decode()


def test_who_leads_no_more_says_nothing_of_what_grows_old(watch):
    synced(watch, "2026-01-05T06:59")
    assert ready(watch)[0] == 503
    assert 'connector="billing"' in shown(watch)
    watch.service.view.leads = False
    assert watch.readiness()[0] == 200
    assert 'connector="billing"' not in shown(watch)


def test_a_job_that_is_gone_from_plugins_toml_is_shown_no_more(watch):
    ready(watch)
    watch.rig.turn.plan = a_plan(job("report"))
    ready(watch)
    assert 'next_due_timestamp_seconds{tenure_job="report"}' in shown(watch)
    assert 'next_due_timestamp_seconds{tenure_job="sync:billing"}' not in shown(watch)


def test_a_main_thread_that_hangs_does_not_live(watch):
    watch.rig.now += HUNG + timedelta(seconds=1)
    assert watch.health()[0] == 503


def test_attempts_are_counted_by_job_and_result(watch):
    for one in (ended(), ended(), ended(State.TIMEOUT)):
        watch.ended(one)
    body = watch.metrics()[2].decode()
    assert 'tenure_job_runs_total{result="done",tenure_job="sync:billing"} 2.0' in body
    assert 'tenure_job_runs_total{result="timeout",tenure_job="sync:billing"} 1.0' in body
    assert 'tenure_job_seconds_sum{tenure_job="sync:billing"} 9.0' in body


def test_what_did_not_happen_yet_is_counted_as_nothing(watch):
    ready(watch)
    assert 'tenure_job_runs_total{result="crashed",tenure_job="sync:billing"} 0.0' in shown(watch)


def test_no_label_is_one_that_prometheus_puts_there_itself(watch):
    names(watch)
    labels = set(re.findall(r"[{,](\w+)=", shown(watch)))
    assert LABEL in labels
    assert labels.isdisjoint({"job", "instance"})


LABEL = "tenure_job"


def names(watch: Watch) -> set[str]:
    watch.ended(ended())
    watch.turned(watch.rig.turn, [])
    return set(re.findall(r"^# TYPE (tenure_\w+)", watch.metrics()[2].decode(), re.MULTILINE))


def test_the_docs_list_every_metric_and_no_other(watch):
    docs = (ROOT / "docs/daemon.md").read_text()
    assert set(re.findall(r"^\| `(tenure_\w+)", docs, re.MULTILINE)) == names(watch)


def test_the_dashboard_asks_for_metrics_that_exist(watch):
    dashboard = json.loads((ROOT / "deploy/grafana/tenure.json").read_text())
    queries = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    asked = {name for query in queries for name in re.findall(r"tenure_\w+", query)}
    known = names(watch) | {"tenure_job_seconds_bucket", "tenure_job_seconds_sum", LABEL}
    assert len(queries) > 5
    assert asked - known == set()


def test_the_alerts_ask_for_metrics_that_exist(watch):
    rules = yaml.safe_load((ROOT / "deploy/prometheus/tenure.rules.yaml").read_text())
    alerts = rules["groups"][0]["rules"]
    asked = {name for one in alerts for name in re.findall(r"tenure_\w+", one["expr"])}
    assert len(alerts) > 5
    assert asked - names(watch) - {LABEL} == set()


def test_what_to_do_about_every_alert_is_in_the_docs():
    rules = (ROOT / "deploy/prometheus/tenure.rules.yaml").read_text()
    docs = (ROOT / "docs/production.md").read_text()
    told = set(re.findall(r"^\| `(Tenure\w+)`", docs, re.MULTILINE))
    assert told == set(re.findall(r"alert: (\w+)", rules))


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_what_is_asked_over_http_is_answered(watch, host):
    server = serve(watch, f"{host}:0")
    base = f"http://{host}:{server.server_port}"
    try:
        assert fetch(f"{base}/healthz") == (200, '{"alive": true}\n')
        assert fetch(f"{base}/metrics")[0] == 200
        assert fetch(f"{base}/")[0] == 404
    finally:
        server.shutdown()
        server.server_close()


def test_clients_that_say_nothing_take_no_more_than_their_share(watch):
    with ExitStack() as stack:
        server = serve(watch, "127.0.0.1:0")
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        address = ("127.0.0.1", server.server_port)
        silent = [stack.enter_context(socket.create_connection(address, 5)) for _ in range(140)]
        assert silent[-1].recv(1) == b""  # turned away
        assert threading.active_count() <= _MOST_THREADS
        silent[0].sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert b"200 OK" in silent[0].recv(1024)


def test_who_asks_is_answered_while_as_many_work_as_may(watch):
    over = threading.Event()
    most = DaemonTable.model_json_schema()["properties"]["workers"]["maximum"]
    seers = [threading.Thread(target=over.wait) for _ in range(most)]
    server = serve(watch, "127.0.0.1:0")
    for seer in seers:
        seer.start()
    try:
        with socket.create_connection(("127.0.0.1", server.server_port), 5) as asking:
            asking.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert b"200 OK" in asking.recv(1024)
    finally:
        over.set()
        for each in (server.shutdown, server.server_close, *(seer.join for seer in seers)):
            each()


def test_who_asks_while_no_thread_can_be_had_is_turned_away_in_words(watch, caplog):
    with ExitStack() as stack:
        server = serve(watch, "127.0.0.1:0")
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        with without_threads(), socket.create_connection(server.server_address, 5) as asking:
            assert asking.recv(1) == b""
        assert "got no answer: can't start new thread" in caplog.text
        assert fetch(f"http://127.0.0.1:{server.server_port}/healthz")[0] == 200


def test_an_address_that_is_taken_is_a_mistake(watch):
    server = serve(watch, "127.0.0.1:0")
    try:
        with pytest.raises(ConfigError, match="cannot be used"):
            serve(watch, f"127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def ear():
    """A loopback service that remembers what it was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.heard.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.heard = []
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_heart_beats_when_all_is_well_and_not_while_something_failed(watch, ear):
    from tenure.daemon.start import _beat  # noqa: PLC0415 - what is tried

    rig = watch.rig
    rig.turn.plan = a_plan(job(SYNC), heartbeat=f"http://127.0.0.1:{ear.server_port}/alive")
    rig.hands.results[SYNC] = (State.FAILED, "is down")
    for now in ("2026-01-05T10:00", "2026-01-05T10:01"):
        rig.tick(now)
        _beat(rig.turn, [ended()])
    assert ear.heard == []
    rig.hands.results.clear()
    rig.tick("2026-01-05T11:00")
    _beat(rig.turn, [])
    beat(rig.turn.plan.settings.heartbeat).join()
    assert ear.heard == ["/alive"]


def test_a_heartbeat_for_which_there_is_no_thread_is_left_out(watch, caplog):
    from tenure.daemon.start import _beat  # noqa: PLC0415 - what is tried

    watch.rig.turn.plan = a_plan(job(SYNC), heartbeat="http://127.0.0.1:9/secret")
    watch.rig.tick()
    with without_threads():
        _beat(watch.rig.turn, [ended()])
    assert "the heartbeat is left out: No thread could be started" in caplog.text


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/secret", "http://127.0.0.1:9/a secret"])
def test_a_heartbeat_that_nobody_hears_is_logged_without_its_address(caplog, address):
    beat(address).join()
    assert "was not heard" in caplog.text
    assert "secret" not in caplog.text


def test_a_heartbeat_that_nobody_hears_says_why(caplog):
    beat("http://127.0.0.1:9/").join()
    assert "Connection refused" in caplog.text


def test_each_attempt_is_a_span():
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415 - heavy
        InMemorySpanExporter,
    )

    from tenure.daemon.traces import observer  # noqa: PLC0415 - likewise

    spans = InMemorySpanExporter()
    told, flush = observer(spans, "one")
    told(replace(ended(State.FAILED), message="is down"))
    flush()
    (span,) = spans.get_finished_spans()
    assert (span.name, span.end_time - span.start_time) == (SYNC, 3 * 10**9)
    assert (span.attributes["tenure.result"], span.status.description) == ("failed", "is down")


def test_nobody_who_does_not_ask_for_spans_gets_any(monkeypatch, watch):
    from tenure.daemon.traces import VARIABLES, exporter  # noqa: PLC0415 - likewise

    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert exporter() is None
    monkeypatch.setenv(VARIABLES[0], "http://127.0.0.1:9")
    assert exporter() is not None


def test_what_is_watched_ends_with_the_service(watch):
    from tenure.daemon.start import watched  # noqa: PLC0415 - what is tried

    watch.service.plan = a_plan(job(SYNC), listen="127.0.0.1:0")
    with ExitStack() as stack:
        watched(watch.service, stack)
        assert len(watch.service.after_turn) == 2
