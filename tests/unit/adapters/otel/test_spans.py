"""Each delivery of a job is one span, with ids and no words, and what is called for it hangs below."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.adapters.otel.spans import traced
from bot.adapters.wrappers.breaker import Breaker
from bot.adapters.wrappers.guard import Guard
from bot.adapters.wrappers.tracing import Telemetry
from bot.errors import Unavailable
from bot.jobs import AnswerQuestion
from bot.ports.queue import Claim
from tests.nouns import a_question

CANARY = "the salary of Ada Lovelace"


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracers(spans: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return provider


def _claim() -> Claim:
    return Claim("1-0", AnswerQuestion(a_question(CANARY)), deliveries=2, fence=7)


def _named(spans: InMemorySpanExporter, name: str) -> ReadableSpan:
    (span,) = [span for span in spans.get_finished_spans() if span.name == name]
    return span


async def test_the_calls_of_a_question_hang_below_its_span(
    spans: InMemorySpanExporter, tracers: TracerProvider
) -> None:
    """In one trace, under the ids that its log lines carry."""
    telemetry = Telemetry(tracers=tracers)
    guard = Guard("weaviate", "search", "t", deadline=5.0, breaker=Breaker("weaviate"), telemetry=telemetry)

    async def handle(_: Claim) -> None:
        await guard.call(found)

    async def found() -> str:
        return CANARY

    await traced(handle, tracers=tracers)(_claim())
    job, search = _named(spans, "AnswerQuestion"), _named(spans, "search t")
    assert search.parent
    assert job.context
    assert search.parent.span_id == job.context.span_id
    assert job.attributes == {"footnote.job": "1-0", "footnote.question": _claim().job.id, "footnote.delivery": 2}


async def test_a_delivery_that_fails_is_named_by_its_kind(spans: InMemorySpanExporter, tracers: TracerProvider) -> None:
    """And by none of its words."""

    async def handle(_: Claim) -> None:
        raise Unavailable(CANARY)

    with pytest.raises(Unavailable):
        await traced(handle, tracers=tracers)(_claim())
    job = _named(spans, "AnswerQuestion")
    assert not job.status.is_ok
    assert job.attributes
    assert job.attributes["error.type"] == "Unavailable"
    assert CANARY not in job.to_json()
