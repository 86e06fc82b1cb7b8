"""What a reply was billed for reaches the question, the span and the metrics."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from bot.adapters.wrappers.metering import Meter
from bot.adapters.wrappers.tracing import Telemetry
from bot.allowance import Terms, allowing
from bot.spending import Price, Prices, Usage
from tests.unit.adapters.wrappers.rig import Rig

PRICES = Prices({"command": Price(input=1.0, output=10.0), "rerank": Price(search=0.002)})
CHAT = Usage("cohere", "command", "chat", input_tokens=1000, output_tokens=100)


@pytest.fixture
def meter(rig: Rig) -> Meter:
    return Meter(PRICES, rig.told.telemetry)


def test_the_question_is_charged(meter: Meter) -> None:
    """Tokens of both kinds, and dollars by the table."""
    with allowing(Terms()) as allowance:
        meter.note(CHAT)
        meter.note(Usage("cohere", "rerank", "rerank", searches=1))
    assert allowance.tokens == 1100
    assert allowance.dollars == pytest.approx(0.002 + 0.002)


def test_work_that_no_question_asked_for_is_measured_too(meter: Meter, rig: Rig) -> None:
    """Indexing costs money as well."""
    meter.note(CHAT)
    measured = rig.told.measured()
    tokens = {str(about["gen_ai.token.type"]): value for about, value in measured["gen_ai.client.token.usage"]}
    assert tokens == {"input": 1000, "output": 100}
    ((about, dollars),) = measured["footnote.client.cost"]
    assert dollars == pytest.approx(0.002)
    assert about == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "cohere",
        "gen_ai.request.model": "command",
    }


async def test_the_span_of_a_call_has_what_all_its_replies_took(meter: Meter, rig: Rig) -> None:
    """Also of replies that came at the same time, as those to batches of an embedder do."""

    async def work() -> None:
        async def batch() -> None:
            meter.note(CHAT)

        await asyncio.gather(batch(), batch())

    await rig.guard("chat").call(work)
    (span,) = rig.told.spans
    attributes = span.attributes or {}
    assert attributes["gen_ai.usage.input_tokens"] == 2000
    assert attributes["gen_ai.usage.output_tokens"] == 200
    assert attributes["footnote.usage.cost"] == pytest.approx(0.004)


async def test_one_calls_usage_is_not_anothers(meter: Meter, rig: Rig) -> None:
    """Calls at the same time keep apart."""

    async def work() -> None:
        await asyncio.sleep(0)
        meter.note(CHAT)

    await asyncio.gather(*(rig.guard("chat").call(work) for _ in range(3)))
    assert [(span.attributes or {})["gen_ai.usage.input_tokens"] for span in rig.told.spans] == [1000] * 3


def test_a_model_without_a_price_is_named_once() -> None:
    """It costs nothing that we know of."""
    meter = Meter(PRICES, Telemetry())
    with structlog.testing.capture_logs() as logs, allowing(Terms()) as allowance:
        for _ in range(3):
            meter.note(Usage("openai", "llama", "chat", input_tokens=5))
        meter.note(CHAT)
    assert [line["model"] for line in logs] == ["llama"]
    assert allowance.tokens == 5 * 3 + 1100
