"""Whole answers by way of Cohere: what a person is left with when any of its calls fails."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot.adapters.cohere.generator import CohereGenerator
from bot.adapters.cohere.reranker import CohereReranker
from bot.adapters.local.generator import ExtractiveGenerator
from bot.adapters.local.rewriter import HistoryRewriter
from bot.answering.pipeline import HEDGE, UNWRITTEN, Pipeline
from bot.models import Answer
from tests.contracts.cohere_rig import CHAT, RERANK, Rig, a_rig
from tests.searching import READER, Library

QUESTION = "how many weeks of paid leave do parents get"
EVENTS = 40
"""More than the answer has."""


@dataclass(slots=True)
class Heard:
    """What a person sees in the end: said pieces, forgotten when the answer is begun anew."""

    text: str = ""
    taken_back: list[str] = field(default_factory=list[str])

    def step(self, words: str) -> None:
        """Pass."""

    def say(self, piece: str) -> None:
        """Go on."""
        self.text += piece

    def anew(self) -> None:
        """Take back."""
        self.taken_back.append(self.text)
        self.text = ""


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with a_rig() as running:
        yield running


async def answered(rig: Rig, library: Library, heard: Heard) -> Answer:
    """An answer ranked and written by Cohere, quoted where that fails."""
    pipeline = Pipeline(
        rewriter=HistoryRewriter(),
        embedder=library.embedder,
        index=library.index,
        reranker=CohereReranker(rig.client, model=RERANK),
        generator=CohereGenerator(rig.client, model=CHAT),
        clock=time.monotonic,
        spare=ExtractiveGenerator(),
    )
    return (await pipeline.answer(QUESTION, [], audience=READER, listener=heard)).answer


async def test_an_answer_is_written_and_cited(rig: Rig, library: Library) -> None:
    """Said while it is written, exactly as it stands in the end."""
    heard = Heard()
    answer = await answered(rig, library, heard)
    assert answer.answered
    assert not answer.unwritten
    assert answer.backends["reranker"] == f"cohere {RERANK}"
    assert answer.backends["generator"] == f"cohere {CHAT}"
    assert "sixteen weeks of paid leave. [1]" in answer.text
    assert heard.text == answer.text


@pytest.mark.parametrize("fault", ["cut", "end_silently", "malform"])
@pytest.mark.parametrize("at", range(0, EVENTS, 3))
async def test_a_stream_that_breaks_once_is_begun_anew(rig: Rig, library: Library, fault: str, at: int) -> None:
    """Wherever it broke, the person has the same answer in the end as without, or quotes, and never half of one."""
    whole = (await answered(rig, library, Heard())).text
    match fault:
        case "cut":
            rig.api.cut(on="chat", at=at, times=1)
        case "end_silently":
            rig.api.end_silently(at=at, times=1)
        case _:
            rig.api.malform(at=at, times=1)
    heard = Heard()
    answer = await answered(rig, library, heard)
    assert heard.text == answer.text
    assert answer.text == whole or answer.text.startswith(UNWRITTEN)
    assert all(whole.startswith(text) for text in heard.taken_back)


async def test_a_model_that_keeps_breaking_off_is_replaced_by_quotes(rig: Rig, library: Library) -> None:
    """Two tries, each taken back; then what the passages say."""
    rig.api.finish("ERROR")
    heard = Heard()
    answer = await answered(rig, library, heard)
    assert answer.unwritten
    assert answer.text.startswith(UNWRITTEN)
    assert "sixteen weeks" in answer.text
    assert answer.citations
    assert len(rig.api.bodies("chat")) <= 2


async def test_without_a_ranking_the_fused_order_stands(rig: Rig, library: Library) -> None:
    """The answer is written all the same, and says in its details that nobody ranked."""
    rig.api.refuse(503, on="rerank")
    answer = await answered(rig, library, Heard())
    assert answer.answered
    assert answer.text.startswith(HEDGE)
    assert answer.without == ("reranker",)


async def test_cohere_sees_no_more_than_the_best_passages(rig: Rig, library: Library) -> None:
    """Ranking reads what may be read and was found; writing reads the best of it."""
    await answered(rig, library, Heard())
    assert len(rig.api.bodies("chat")[0]["documents"]) <= 8
    assert len(rig.api.bodies("rerank")) == 1
