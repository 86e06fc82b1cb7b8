"""What the spans and metrics of a call say, and what they never say."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.semconv.attributes import db_attributes, error_attributes
from opentelemetry.semconv.metrics import db_metrics
from opentelemetry.trace import SpanKind, StatusCode

from bot.adapters.wrappers import tracing
from bot.adapters.wrappers.guard import Guard
from bot.adapters.wrappers.metering import Meter
from bot.errors import Unavailable, Unusable
from bot.spending import Prices, Usage
from tests.unit.adapters.wrappers.rig import CANARY, Rig

ABOUT = {
    "gen_ai.operation.name": "rerank",
    "gen_ai.provider.name": "cohere",
    "gen_ai.request.model": "rerank-v5.0-fast",
}


async def done() -> str:
    return CANARY


def test_our_names_are_the_conventions() -> None:
    """As the SDK's own copy of them has it."""
    assert gen_ai_attributes.GEN_AI_OPERATION_NAME == tracing.OPERATION
    assert gen_ai_attributes.GEN_AI_PROVIDER_NAME == tracing.PROVIDER
    assert gen_ai_attributes.GEN_AI_REQUEST_MODEL == tracing.MODEL
    assert gen_ai_attributes.GEN_AI_USAGE_INPUT_TOKENS == tracing.INPUT_TOKENS
    assert gen_ai_attributes.GEN_AI_USAGE_OUTPUT_TOKENS == tracing.OUTPUT_TOKENS
    assert gen_ai_attributes.GEN_AI_TOKEN_TYPE == tracing.TOKEN_TYPE
    assert gen_ai_attributes.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK == tracing.FIRST
    assert gen_ai_metrics.GEN_AI_CLIENT_OPERATION_DURATION == tracing.OPERATION_DURATION
    assert gen_ai_metrics.GEN_AI_CLIENT_TOKEN_USAGE == tracing.TOKEN_USAGE
    assert gen_ai_metrics.GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK == tracing.TIME_TO_FIRST
    assert error_attributes.ERROR_TYPE == tracing.ERROR
    assert db_attributes.DB_SYSTEM_NAME == tracing.DB_SYSTEM
    assert db_attributes.DB_OPERATION_NAME == tracing.DB_OPERATION
    assert db_attributes.DB_COLLECTION_NAME == tracing.DB_COLLECTION
    assert db_metrics.DB_CLIENT_OPERATION_DURATION == tracing.DB_DURATION


async def test_a_call_is_a_span_and_a_duration(rig: Rig) -> None:
    """Named by what is done with which model; the time is that of all tries."""
    troubles = [Unavailable("busy")]

    async def work() -> None:
        rig.hands.now += 0.5
        if troubles:
            raise troubles.pop()

    await rig.guard().call(work)
    (span,) = rig.told.spans
    assert (span.name, span.kind, span.status.status_code) == (
        "rerank rerank-v5.0-fast",
        SpanKind.CLIENT,
        StatusCode.UNSET,
    )
    assert span.attributes == {**ABOUT, "footnote.tries": 2}
    measured = rig.told.measured()
    assert measured["gen_ai.client.operation.duration"] == [(ABOUT, pytest.approx(0.5 + 0.2 + 0.5))]
    assert measured["footnote.client.retries"] == [(ABOUT, 1)]
    assert measured["footnote.breaker.state"] == [({"footnote.dependency": "cohere rerank"}, 0)]


async def test_a_search_goes_by_the_names_of_databases(rig: Rig) -> None:
    """An index is no model."""
    await rig.guard("search").call(done)
    (span,) = rig.told.spans
    about = {
        "db.system.name": "weaviate",
        "db.operation.name": "search",
        "db.collection.name": "rerank-v5.0-fast",
    }
    assert (span.name, span.attributes) == ("search rerank-v5.0-fast", about)
    assert [about for about, _ in rig.told.measured()["db.client.operation.duration"]] == [about]


async def test_a_failure_is_named_by_its_kind(rig: Rig) -> None:
    """On the span, in the duration, and in the state of the breaker that it opened."""

    async def work() -> None:
        raise Unusable("key")

    with suppress(Unavailable):
        await rig.guard().call(work)
    (span,) = rig.told.spans
    assert (span.attributes or {})["error.type"] == "Unusable"
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())
    measured = rig.told.measured()
    assert [about["error.type"] for about, _ in measured["gen_ai.client.operation.duration"]] == ["Unusable"]
    assert [value for _, value in measured["footnote.breaker.state"]] == [2]


async def test_the_time_to_the_first_statement_is_measured(rig: Rig) -> None:
    """From the beginning of the call."""

    async def statements() -> AsyncGenerator[str]:
        rig.hands.now += 1.5
        yield "a"
        rig.hands.now += 1.0
        yield "b"

    assert [s async for s in rig.guard("chat", deadline=60.0).stream(statements)] == ["a", "b"]
    (span,) = rig.told.spans
    assert (span.attributes or {})["gen_ai.response.time_to_first_chunk"] == 1.5
    measured = rig.told.measured()
    assert [value for _, value in measured["gen_ai.client.operation.time_to_first_chunk"]] == [1.5]
    assert [value for _, value in measured["gen_ai.client.operation.duration"]] == [2.5]


async def test_a_stream_that_is_left_is_a_span_without_an_error(rig: Rig) -> None:
    """Whoever read it had enough."""

    async def statements() -> AsyncGenerator[str]:
        yield "a"
        yield "b"

    async with aclosing(rig.guard("chat").stream(statements)) as pieces:
        await anext(pieces)
    (span,) = rig.told.spans
    assert "error.type" not in (span.attributes or {})


async def test_a_streams_span_is_current_only_within_its_steps(rig: Rig) -> None:
    """What the reader does between two pieces is not part of the call."""
    inside: list[bool] = []

    async def statements() -> AsyncGenerator[str]:
        try:
            inside.append(trace.get_current_span().is_recording())
            yield "a"
        finally:
            inside.append(trace.get_current_span().is_recording())

    async for _ in rig.guard("chat").stream(statements):
        assert not trace.get_current_span().is_recording()
    assert inside == [True, True]


async def test_no_text_leaks(rig: Rig) -> None:
    """Neither what was asked or written, nor an error's words, stand in a span, a metric or a log."""

    async def fails() -> str:
        raise Unavailable(CANARY)

    async def breaks() -> str:
        raise ValueError(CANARY)

    async def statements() -> AsyncGenerator[str]:
        yield CANARY
        raise Unusable(CANARY, code=CANARY)

    with structlog.testing.capture_logs() as logs:
        assert await rig.guard().call(done) == CANARY
        for failing in (fails, breaks):
            with suppress(Unavailable, ValueError):
                await rig.guard().call(failing)
        with suppress(Unavailable):
            assert [s async for s in rig.guard("chat").stream(statements)]
        Meter(Prices({}), rig.told.telemetry).note(Usage("cohere", "command", "chat", input_tokens=1))
    assert len(rig.told.spans) == 4
    assert logs
    assert CANARY not in rig.told.everything() + str(logs)


async def test_without_an_sdk_nothing_happens(rig: Rig) -> None:
    """A guard with a telemetry of its own works where no collector was named."""
    assert await Guard("cohere", "rerank", "m", deadline=2.0, breaker=rig.breaker).call(done) == CANARY
    assert rig.told.spans == []
