"""Spans and metrics of every call of a backend; nothing happens where no SDK was started (`bot.adapters.otel`).

The names are those of OpenTelemetry's GenAI conventions (still in development) and database conventions as they were in
November 2026; they are pinned here and stand nowhere else. Reranking has no convention: it borrows the former's names.
What was asked, found or written is never an attribute, and neither is an error's text.
"""

from __future__ import annotations

import time
from asyncio import CancelledError
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Literal

from opentelemetry import metrics, trace
from opentelemetry.metrics import Histogram, Meter, MeterProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from bot.spending import Usage

SCOPE: Final = "footnote"

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
MODEL: Final = "gen_ai.request.model"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
TOKEN_TYPE: Final = "gen_ai.token.type"  # noqa: S105 - a name, not a secret
FIRST: Final = "gen_ai.response.time_to_first_chunk"
ERROR: Final = "error.type"
DB_SYSTEM: Final = "db.system.name"
DB_OPERATION: Final = "db.operation.name"
DB_COLLECTION: Final = "db.collection.name"
SEARCHES: Final = "footnote.usage.searches"
COST: Final = "footnote.usage.cost"
TRIES: Final = "footnote.tries"
DEPENDENCY: Final = "footnote.dependency"

OPERATION_DURATION: Final = "gen_ai.client.operation.duration"
TOKEN_USAGE: Final = "gen_ai.client.token.usage"  # noqa: S105 - likewise
TIME_TO_FIRST: Final = "gen_ai.client.operation.time_to_first_chunk"
DB_DURATION: Final = "db.client.operation.duration"
RETRIES: Final = "footnote.client.retries"
SPENT: Final = "footnote.client.cost"
BREAKER_STATE: Final = "footnote.breaker.state"

STATES: Final[Mapping[str, int]] = {"closed": 0, "half-open": 1, "open": 2}
"""How a breaker's state is written as a number."""
SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Bounds of the histograms of time, as the GenAI conventions advise."""
TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)

Kind = Literal["chat", "embeddings", "rerank", "search"]


@dataclass(frozen=True, slots=True)
class Target:
    """Who is called for what: a model of a provider, or a collection of an index."""

    provider: str
    operation: Kind
    model: str

    @property
    def span(self) -> str:
        """The name of the span."""
        return f"{self.operation} {self.model}"

    @property
    def attributes(self) -> dict[str, str]:
        """What every span and measurement of it carries."""
        if self.operation == "search":
            return {DB_SYSTEM: self.provider, DB_OPERATION: self.operation, DB_COLLECTION: self.model}
        return {OPERATION: self.operation, PROVIDER: self.provider, MODEL: self.model}


_CURRENT: ContextVar[Call | None] = ContextVar("call", default=None)


class Telemetry:
    """The tracer and the instruments: one for the whole process.

    Without providers those of the process are used, also when they are set later on.
    """

    def __init__(
        self,
        *,
        tracers: TracerProvider | None = None,
        meters: MeterProvider | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._tracer = trace.get_tracer(SCOPE, tracer_provider=tracers)
        meter = metrics.get_meter(SCOPE, meter_provider=meters)
        self.clock = clock
        self._durations = {False: _seconds(meter, OPERATION_DURATION), True: _seconds(meter, DB_DURATION)}
        self._first = _seconds(meter, TIME_TO_FIRST)
        self._tokens = meter.create_histogram(TOKEN_USAGE, "{token}", explicit_bucket_boundaries_advisory=TOKENS)
        self._retries = meter.create_counter(RETRIES, "{retry}", "Tries after the first")
        self._spent = meter.create_counter(SPENT, "{USD}", "What was billed, by the table of prices")
        self._breaker = meter.create_gauge(BREAKER_STATE, "1", "As of the last call: 0 closed, 1 half-open, 2 open")

    @contextmanager
    def calling(self, target: Target) -> Generator[Call]:
        """The span of one call with all its tries. It is nobody's current span but inside `Call.current`."""
        span = self._tracer.start_span(target.span, kind=SpanKind.CLIENT, attributes=target.attributes)
        call = Call(self, target, span, self.clock())
        failure = ""
        try:
            yield call
        except (CancelledError, GeneratorExit):
            raise
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            self._end(call, failure)

    def used(self, usage: Usage, dollars: float) -> None:
        """Measure what a reply was billed for, and put it on the span of the call it belongs to."""
        about = Target(usage.provider, usage.operation, usage.model).attributes
        for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            if tokens:
                self._tokens.record(tokens, {**about, TOKEN_TYPE: kind})
        if dollars:
            self._spent.add(dollars, about)
        if (call := _CURRENT.get()) is not None:
            call.add(usage, dollars)

    def breaker(self, dependency: str, state: str) -> None:
        """Measure the state of a breaker."""
        self._breaker.set(STATES[state], {DEPENDENCY: dependency})

    def first(self, call: Call) -> None:
        """Measure how long the first piece of a stream took."""
        seconds = self.clock() - call.begun
        self._first.record(seconds, call.target.attributes)
        call.span.set_attribute(FIRST, seconds)

    def retry(self, call: Call) -> None:
        """Count another try."""
        call.tries += 1
        self._retries.add(1, call.target.attributes)

    def _end(self, call: Call, failure: str) -> None:
        about = call.target.attributes
        if failure:
            about[ERROR] = failure
            call.span.set_attribute(ERROR, failure)
            call.span.set_status(Status(StatusCode.ERROR))
        if call.tries > 1:
            call.span.set_attribute(TRIES, call.tries)
        self._durations[call.target.operation == "search"].record(self.clock() - call.begun, about)
        call.span.end()


@dataclass(slots=True, eq=False)
class Call:
    """One call under way, and what its replies were billed for so far."""

    telemetry: Telemetry
    target: Target
    span: Span
    begun: float
    tries: int = 1
    billed: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def current(self) -> Generator[None]:
        """What is done inside belongs to this call. A stream enters it for each step, never across a `yield`."""
        token = _CURRENT.set(self)
        try:
            with trace.use_span(self.span, record_exception=False, set_status_on_exception=False):
                yield
        finally:
            _CURRENT.reset(token)

    def add(self, usage: Usage, dollars: float) -> None:
        """Add what one reply was billed for."""
        amounts = {
            INPUT_TOKENS: usage.input_tokens,
            OUTPUT_TOKENS: usage.output_tokens,
            SEARCHES: usage.searches,
            COST: dollars,
        }
        for name, amount in amounts.items():
            if amount:
                self.billed[name] = self.billed.get(name, 0) + amount
                self.span.set_attribute(name, self.billed[name])


def _seconds(meter: Meter, name: str) -> Histogram:
    return meter.create_histogram(name, "s", explicit_bucket_boundaries_advisory=SECONDS)
