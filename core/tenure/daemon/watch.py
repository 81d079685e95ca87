"""What a daemon shows of itself: /metrics for Prometheus, /healthz and /readyz for who runs it.

    /healthz   503 once the main thread has not turned for long: restart it
    /readyz    503 while the ledger does not answer or a connector is stale, with the reasons
    /metrics   the metrics of `Gauges`; docs/daemon.md lists them, a test holds the two together

A daemon that stands by is ready to lead, and says nothing of connectors: the one that leads does,
for what is stale is no reason to keep the others from taking over.
"""

import json
import logging
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import active_count

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import generate_latest

from tenure import status
from tenure._version import __version__
from tenure.daemon.jobs import Plan
from tenure.daemon.runs import GOOD, State
from tenure.daemon.service import Service
from tenure.daemon.turn import Ended, Turn
from tenure.errors import ConfigError
from tenure.threads import begin

HUNG = timedelta(minutes=5)
"""A main thread that has not turned for so long does not live."""

log = logging.getLogger("tenure.daemon")

_MOST_THREADS = 128
"""So many the process may have before who asks is turned away: handles are for work.

Of these one waits for each worker, of 64 at most.
"""

_COUNTED = sorted({*State} - {State.WAITING, State.RUNNING})
_LOOK_AGAIN = timedelta(seconds=15)
_BUCKETS = (1, 5, 15, 60, 300, 900, 3600, 6 * 3600)


class Gauges:
    """The metrics, in a registry of their own."""

    def __init__(self, instance: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        # Prometheus has labels `job` and `instance` of its own, and would rename these.
        job, connector = ["tenure_job"], ["connector"]

        def gauge(name: str, text: str, labels: list[str] | None = None) -> Gauge:
            return Gauge(f"tenure_{name}", text, labels or [], registry=registry)

        info = gauge("daemon_info", "The daemon's version and name", ["version", "daemon"])
        info.labels(__version__, instance).set(1)
        self.leads = gauge("daemon_leads", "1 for the daemon that works, 0 for one that stands by")
        self.store_up = gauge("store_up", "1 while the ledger answers")
        self.turned = gauge("daemon_last_turn_timestamp_seconds", "When the crank was turned last")
        self.reloads = gauge("plugins_reloads", "plugins.toml read anew, by result", ["result"])
        self.refused = gauge("plugins_refused", "1 while an older plugins.toml stays in force")
        self.runs = Counter(
            "tenure_job_runs",
            "Attempts that ended, by result",
            ["tenure_job", "result"],
            registry=registry,
        )
        self.seconds = Histogram(
            "tenure_job_seconds", "How long attempts took", job, registry=registry, buckets=_BUCKETS
        )
        self.success = gauge("job_last_success_timestamp_seconds", "Its last good end", job)
        self.due = gauge("job_next_due_timestamp_seconds", "When it is due next", job)
        self.running = gauge("job_running", "1 while it is being done", job)
        self.synced = gauge(
            "connector_last_complete_sync_timestamp_seconds", "Read to its end", connector
        )
        self.bound = gauge("connector_stale_after_seconds", "How old that may become", connector)
        self.quarantined = gauge(
            "connector_quarantined_rows", "Rows that could not be read", connector
        )
        self.deliveries = gauge("deliveries_open", "What no sink has got yet, by state", ["state"])

    def begin(self, plan: Plan) -> None:
        """Count what did not happen yet as 0: of what begins at 1 nobody sees that it rose."""
        for job in plan.jobs:
            for state in _COUNTED:
                self.runs.labels(job.name, state)

    def forget(self) -> None:
        """Show no job and no connector: others do, or there are others. What is counted stays."""
        for each in (
            *(self.success, self.due, self.running),
            *(self.synced, self.bound, self.quarantined, self.deliveries),
        ):
            each.clear()


class Watch:
    """Looks at a daemon and its ledger, now and then."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.gauges = Gauges(service.speech.instance)
        self.stale: dict[str, str] = {}
        self._looked_at: datetime | None = None
        self._plan = service.plan
        self.gauges.begin(self._plan)

    def ended(self, ended: Ended) -> None:
        """Count an attempt that ended."""
        job, gauges = ended.task.job.name, self.gauges
        gauges.runs.labels(job, ended.state.value).inc()
        gauges.seconds.labels(job).observe((ended.ended_at - ended.task.started_at).total_seconds())
        if ended.state in GOOD:
            gauges.success.labels(job).set(ended.ended_at.timestamp())

    def turned(self, turn: Turn, ended: list[Ended]) -> None:
        """After a turn: what runs, what is due, and not too often how fresh everything is."""
        now, working = self.service.clock(), turn.crew.working()
        if turn.plan is not self._plan:
            self.gauges.forget()
            self.gauges.begin(turn.plan)
            self._plan, self._looked_at = turn.plan, None
        for job in turn.plan.jobs:
            self.gauges.running.labels(job.name).set(job.name in working)
            due = job.next_due(turn.plan.zone, now)
            self.gauges.due.labels(job.name).set(due.timestamp() if due else 0)
        if ended or self._looked_at is None or now - self._looked_at > _LOOK_AGAIN:
            self._looked_at = now
            self._look(turn, now)

    def _look(self, turn: Turn, now: datetime) -> None:
        bounds, stale = turn.plan.bounds(now), {}
        for one in status.connectors(turn.runs.store, tuple(bounds)):
            last = one.last_complete_sync
            self.gauges.quarantined.labels(one.name).set(one.quarantined)
            known = last if last and not status.is_ahead(last, now) else None
            self.gauges.synced.labels(one.name).set(known.timestamp() if known else 0)
            if (bound := bounds.get(one.name)) is None:
                continue  # it is in the ledger, and no longer in plugins.toml
            self.gauges.bound.labels(one.name).set(bound.total_seconds())
            if not status.is_fresh(last, now, bound):
                said = f"last read to its end {status.when_read(last, now)}"
                stale[one.name] = said if last else "never"
        self.stale = stale
        for state, number in status.open_deliveries(turn.runs.store).items():
            self.gauges.deliveries.labels(state).set(number)

    def metrics(self) -> tuple[int, str, bytes]:
        """What Prometheus gets."""
        view, gauges = self.service.view, self.gauges
        if not view.leads:
            gauges.forget()  # what this one saw when it led grows old, and would look stale
            self._looked_at = None
        gauges.leads.set(view.leads)
        gauges.store_up.set(view.trouble is None)
        gauges.turned.set(view.turned_at.timestamp() if view.turned_at else 0)
        for result, number in view.reloads.items():
            gauges.reloads.labels(result).set(number)
        gauges.refused.set(view.refused)
        return 200, "text/plain; version=0.0.4; charset=utf-8", generate_latest(gauges.registry)

    def health(self) -> tuple[int, str, bytes]:
        """Whether the main thread still turns."""
        last = self.service.view.turned_at
        hung = last is not None and self.service.clock() - last > HUNG
        return _json(503 if hung else 200, {"alive": not hung})

    def readiness(self) -> tuple[int, str, bytes]:
        """Whether figures are what they should be: the ledger answers and no source is stale."""
        view = self.service.view
        stale = self.stale if view.leads else {}
        ready = view.trouble is None and not stale
        said = {
            "ready": ready,
            "role": "leader" if view.leads else "standby",
            "store": view.trouble or "ok",
            "stale": stale,
        }
        return _json(200 if ready else 503, said)


def _json(code: int, said: object) -> tuple[int, str, bytes]:
    return code, "application/json", json.dumps(said).encode() + b"\n"


def serve(watch: Watch, address: str) -> ThreadingHTTPServer:
    """Answer at the address, in threads; raises `ConfigError` where it is taken."""
    answers: dict[str, Callable[[], tuple[int, str, bytes]]] = {
        "/metrics": watch.metrics,
        "/healthz": watch.health,
        "/readyz": watch.readiness,
    }

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            missing = (404, "text/plain", f"There are: {', '.join(answers)}\n".encode())
            code, kind, body = answers.get(path, lambda: missing)()
            with suppress(OSError):  # whoever asked may be gone
                self.send_response(code)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Who asks is of no interest."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if address.startswith("[") else socket.AF_INET
        daemon_threads = True
        request_queue_size = _MOST_THREADS

        def get_request(self) -> tuple[socket.socket, object]:
            try:
                return super().get_request()
            except OSError:  # no more files: who asks still waits, and would be seen at once again
                time.sleep(1)
                raise

        def verify_request(self, *_: object) -> bool:
            return active_count() < _MOST_THREADS

        def handle_error(self, *_: object) -> None:
            log.warning("who asked at %s got no answer: %s", address, sys.exception())

    host, _, port = address.rpartition(":")
    try:
        server = Server((host.strip("[]"), int(port)), Handler)
    except OSError as error:
        raise ConfigError(
            f"[daemon] listen: {address} cannot be used: {error.strerror}", "Choose another port"
        ) from None
    begin(server.serve_forever)
    return server
