"""Sends this process's spans and metrics to a collector, over OTLP and HTTP."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry import metrics, trace

from bot.errors import Misconfigured

SERVICE = "footnote"
"""What the process calls itself where OTEL_SERVICE_NAME does not say otherwise."""


def start_telemetry(endpoint: str) -> Callable[[], None]:
    """Send from now on; once in a process. Gives what sends the rest and stops, blocking for 30 s at the most.

    `endpoint` is the collector's address without /v1/traces; the other OTEL_* variables are read by the SDK itself.
    Raises `Misconfigured` where the packages for it are not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415 - optional
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as missing:
        raise Misconfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but what sends traces is not installed: run make backends"
        ) from missing
    address = endpoint.rstrip("/")
    resource = Resource.create({"service.name": SERVICE}).merge(OTELResourceDetector().detect())
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{address}/v1/traces")))
    meters = MeterProvider(
        [PeriodicExportingMetricReader(OTLPMetricExporter(f"{address}/v1/metrics"))], resource=resource
    )
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(meters)

    def stop() -> None:
        tracers.shutdown()
        meters.shutdown()

    return stop
