"""A clock that moves when somebody sleeps, a guard that goes by it, and what it told of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.adapters.wrappers.breaker import Breaker
from bot.adapters.wrappers.guard import Guard
from bot.adapters.wrappers.tracing import Kind, Telemetry

CANARY = "the salary of Ada Lovelace"
"""Text that may stand in no span, no metric and no line of a log."""


@dataclass
class Hands:
    """Seconds that pass only when told to, or slept."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list[float])

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Told:
    """The SDK with exporters that keep everything in memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._spans = InMemorySpanExporter()
        self._metrics = InMemoryMetricReader()
        tracers = TracerProvider(shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        meters = MeterProvider([self._metrics], shutdown_on_exit=False)
        self.telemetry = Telemetry(tracers=tracers, meters=meters, clock=clock)

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._spans.get_finished_spans())

    def measured(self) -> dict[str, list[tuple[Mapping[str, object], float]]]:
        """By the metric's name: attributes, and the sum of a histogram or the value of what is none."""
        found: dict[str, list[tuple[Mapping[str, object], float]]] = {}
        data = self._metrics.get_metrics_data()
        if data is None:
            return found
        for metric in (m for one in data.resource_metrics for scope in one.scope_metrics for m in scope.metrics):
            found[metric.name] = [_point(point) for point in metric.data.data_points]
        return found

    def everything(self) -> str:
        """All of it as one text."""
        return " ".join(span.to_json() for span in self.spans) + str(self.measured())


def _point(point: object) -> tuple[Mapping[str, object], float]:
    assert isinstance(point, HistogramDataPoint | NumberDataPoint)
    return dict(point.attributes or {}), point.sum if isinstance(point, HistogramDataPoint) else point.value


@dataclass
class Rig:
    """A guard's surroundings. Chance always says one half, so a pause is as long as it is named."""

    hands: Hands = field(default_factory=Hands)
    told: Told = field(init=False)
    breaker: Breaker = field(init=False)

    def __post_init__(self) -> None:
        self.told = Told(self.hands)
        self.breaker = Breaker("cohere rerank", clock=self.hands)

    def guard(self, operation: Kind = "rerank", *, deadline: float = 2.0, tries: int = 2) -> Guard:
        return Guard(
            "weaviate" if operation == "search" else "cohere",
            operation,
            "rerank-v5.0-fast",
            deadline=deadline,
            tries=tries,
            breaker=self.breaker,
            telemetry=self.told.telemetry,
            clock=self.hands,
            sleep=self.hands.sleep,
            chance=lambda: 0.5,
        )
