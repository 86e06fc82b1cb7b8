"""Lets this process's spans and metrics go to a collector, over OTLP and HTTP, and be read by who asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from opentelemetry import metrics, trace

from bot.errors import Misconfigured

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

SERVICE = "footnote"
"""What the process calls itself where OTEL_SERVICE_NAME does not say otherwise."""


def start_telemetry(endpoint: str | None, *, reader: MetricReader | None = None) -> Callable[[], None]:
    """Send from now on; once in a process. Gives what sends the rest and stops, blocking for 30 s at the most.

    `endpoint` is the collector's address without /v1/traces, None where there is none; the other OTEL_* variables are
    read by the SDK itself. `reader` gets the metrics besides. Raises `Misconfigured` where the packages for it are not
    installed.
    """
    try:
        return _started(endpoint, reader)
    except ImportError as missing:
        raise Misconfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT or FOOTNOTE_STATUS_PORT is set, but what counts and traces is not installed: "
            "run make backends"
        ) from missing


def _started(endpoint: str | None, reader: MetricReader | None) -> Callable[[], None]:
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415 - optional
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415

    resource = Resource.create({"service.name": SERVICE}).merge(OTELResourceDetector().detect())
    readers = [reader] if reader else []
    stops: list[Callable[[], None]] = []
    if endpoint is not None:
        tracers, sender = _sent(endpoint.rstrip("/"), resource)
        trace.set_tracer_provider(tracers)
        stops.append(tracers.shutdown)
        readers.append(sender)
    meters = MeterProvider(readers, resource=resource)
    metrics.set_meter_provider(meters)
    stops.append(meters.shutdown)

    def stop() -> None:
        for one in stops:
            one()

    return stop


def _sent(address: str, resource: Resource) -> tuple[TracerProvider, MetricReader]:
    """What sends spans, and what sends metrics."""
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415 - optional
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{address}/v1/traces")))
    return tracers, PeriodicExportingMetricReader(OTLPMetricExporter(f"{address}/v1/metrics"))
