"""A span per attempt for OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT says where to."""

import os
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from tenure._version import __version__
from tenure.daemon.runs import GOOD
from tenure.daemon.turn import Ended, Observer
from tenure.errors import ConfigError
from tenure.ledger.tables import to_micros

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def exporter() -> "SpanExporter | None":
    """What sends spans; None where nobody asks for any. Raises `ConfigError` without the extra."""
    if not any(os.environ.get(name) for name in VARIABLES):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )
    except ImportError:
        raise ConfigError(
            f"{VARIABLES[0]} is set, and OpenTelemetry is not installed",
            "pip install 'tenure[telemetry]', or unset it",
        ) from None
    return OTLPSpanExporter()


def observer(exporter: "SpanExporter", instance: str) -> tuple[Observer, Callable[[], None]]:
    """Makes a span of each attempt that ended; and what is to be called at the end."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - likewise
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - likewise
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - likewise

    named = {"service.name": "tenure", "service.version": __version__}
    provider = TracerProvider(resource=Resource.create(named | {"service.instance.id": instance}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("tenure.daemon", __version__)

    def told(ended: Ended) -> None:
        task, good = ended.task, ended.state in GOOD
        facts: dict[str, str | int] = {
            "tenure.job": task.job.name,
            "tenure.run": task.run,
            "tenure.attempt": task.attempt,
            "tenure.result": ended.state.value,
        }
        start = _nanos(task.started_at)
        span = tracer.start_span(task.job.name, start_time=start, attributes=facts)
        span.set_status(Status(StatusCode.OK) if good else Status(StatusCode.ERROR, ended.message))
        span.end(_nanos(ended.ended_at))

    return told, provider.shutdown


def _nanos(instant: datetime) -> int:
    return to_micros(instant) * 1000
