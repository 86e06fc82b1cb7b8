"""This process's metrics as Prometheus reads them, made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.errors import Misconfigured

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader


def scraped() -> tuple[MetricReader, Callable[[], bytes]]:
    """What collects for a provider of metrics, and what writes it all down, with the memory and files of this process.

    Raises `Misconfigured` where the packages for it are not installed.
    """
    try:
        from opentelemetry.exporter.prometheus import PrometheusMetricReader  # noqa: PLC0415 - optional
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest  # noqa: PLC0415
    except ImportError as missing:
        raise Misconfigured(
            "FOOTNOTE_STATUS_PORT is set, but what writes metrics is not installed: run make backends"
        ) from missing
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    reader = PrometheusMetricReader(registry=registry, scope_info_enabled=False)
    return reader, lambda: generate_latest(registry)
