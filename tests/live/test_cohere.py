"""The contracts of the ports on Cohere's own API, within what a trial key may do.

Needs CO_API_KEY or COHERE_API_KEY (and COHERE_BASE_URL for a private deployment); about 60 calls of the 1,000 that a
trial key has in a month, at the pace of its 20 chats and 10 rankings in a minute.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final

import pytest

from bot.adapters.cohere.check import check
from bot.adapters.cohere.client import ADDRESS, CohereClient, open_client
from bot.adapters.cohere.embedder import CohereEmbedder
from bot.adapters.cohere.generator import CohereGenerator
from bot.adapters.cohere.pace import Pace
from bot.adapters.cohere.reranker import CohereReranker
from bot.adapters.cohere.rewriter import CohereRewriter
from bot.conversations import Turn
from bot.models import Hit, Query, Ranking, Statement
from bot.ports.generation import Generator, Rewriter, Rewritten
from bot.ports.search import Embedder, Floors, Reranker
from bot.spending import Usage
from tests.contracts.test_embedder import (
    test_a_chunk_is_embedded_with_its_place,
    test_nothing_to_embed,
    test_odd_text_is_embedded_too,
    test_one_unit_vector_per_text_in_order,
    test_the_same_text_has_the_same_vector,
    test_what_is_past_the_window_is_not_seen,
    test_what_means_the_same_lies_closer,
)
from tests.contracts.test_generator import (
    test_every_statement_rests_on_a_given_passage,
    test_nothing_comes_from_nothing,
)
from tests.contracts.test_reranker import (
    test_confidence_tells_what_the_pages_say_from_what_they_do_not,
    test_nothing_given_is_nothing_ranked,
    test_odd_questions_are_ranked_like_any_other,
    test_only_what_was_given_comes_back_best_first,
    test_what_answers_outranks_what_shares_a_word,
    test_words_alone_are_enough,
)
from tests.contracts.test_rewriter import (
    test_a_change_of_topic_is_not_drowned,
    test_a_first_question_is_left_alone,
    test_a_follow_up_finds_its_subject_in_the_turn_before,
)
from tests.nouns import a_hit

CONTRACTS: Final = (
    test_a_chunk_is_embedded_with_its_place,
    test_nothing_to_embed,
    test_odd_text_is_embedded_too,
    test_one_unit_vector_per_text_in_order,
    test_the_same_text_has_the_same_vector,
    test_what_is_past_the_window_is_not_seen,
    test_what_means_the_same_lies_closer,
    test_every_statement_rests_on_a_given_passage,
    test_nothing_comes_from_nothing,
    test_confidence_tells_what_the_pages_say_from_what_they_do_not,
    test_nothing_given_is_nothing_ranked,
    test_odd_questions_are_ranked_like_any_other,
    test_only_what_was_given_comes_back_best_first,
    test_what_answers_outranks_what_shares_a_word,
    test_words_alone_are_enough,
    test_a_change_of_topic_is_not_drowned,
    test_a_first_question_is_left_alone,
    test_a_follow_up_finds_its_subject_in_the_turn_before,
)
"""Run here because they stand in this module, with the fixtures below instead of their own."""

KEY: Final = os.environ.get("COHERE_API_KEY") or os.environ.get("CO_API_KEY") or ""
URL: Final = os.environ.get("COHERE_BASE_URL") or ADDRESS
"""Read before the suite takes them out of the environment."""
PATIENT: Final = 30.0
"""Seconds for a call: here nobody waits."""
EMBED: Final = "embed-v5.0-pro"
EMBED_QUERIES: Final = "embed-v5.0-fast"
RERANK: Final = "rerank-v5.0-fast"
CHAT: Final = "command-a-03-2025"
SMALL: Final = "command-r7b-12-2024"

CHATS = Pace(20)
RANKINGS = Pace(10)

pytestmark = pytest.mark.skipif(not KEY, reason="no CO_API_KEY: nothing is asked of Cohere")


class Paced:
    """A reranker, a generator or a rewriter that keeps to a trial key's pace."""

    def __init__(self, client: CohereClient) -> None:
        self._reranker = CohereReranker(client, model=RERANK, seconds=PATIENT)
        self._generator = CohereGenerator(client, model=CHAT)
        self._rewriter = CohereRewriter(client, model=SMALL, seconds=PATIENT)

    @property
    def name(self) -> str:
        """See the ports."""
        return "cohere"

    @property
    def floors(self) -> Floors:
        """See the port."""
        return self._reranker.floors

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        """See the port."""
        await RANKINGS.keep(1)
        return await self._reranker.rerank(query, hits, limit=limit)

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """See the port."""
        await CHATS.keep(1)
        return await self._rewriter.rewrite(question, history)

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """See the port."""
        await CHATS.keep(1)
        async with aclosing(self._generator.generate(query, passages)) as statements:
            async for statement in statements:
                yield statement


@asynccontextmanager
async def connected(usages: list[Usage]) -> AsyncGenerator[CohereClient]:
    """A client of the real API."""
    async with open_client(api_key=KEY, base_url=URL, on_usage=usages.append) as client:
        yield client


@pytest.fixture
def usages() -> list[Usage]:
    """What the calls of a test were billed for."""
    return []


@pytest.fixture
async def client(usages: list[Usage]) -> AsyncIterator[CohereClient]:
    async with connected(usages) as opened:
        yield opened


@pytest.fixture
def embedder(client: CohereClient) -> Embedder:
    """Both models of Embed 5."""
    return CohereEmbedder(client, model=EMBED, query_model=EMBED_QUERIES, dimension=1024, seconds=PATIENT)


@pytest.fixture
def tolerance() -> float:
    """How far numbers that should be the same may lie apart: what else a server computes beside them tells."""
    return 5e-3


@pytest.fixture
def reranker(client: CohereClient) -> Reranker:
    """Rerank 5."""
    return Paced(client)


@pytest.fixture
def generator(client: CohereClient) -> Generator:
    """Command A."""
    return Paced(client)


@pytest.fixture
def rewriter(client: CohereClient) -> Rewriter:
    """The small model."""
    return Paced(client)


async def test_the_models_of_the_settings_are_there(client: CohereClient) -> None:
    """Each name that is a default is known to this account."""
    assert await check(client, models=[EMBED, EMBED_QUERIES, RERANK, CHAT, SMALL]) == []


async def test_calls_are_billed(usages: list[Usage], embedder: Embedder) -> None:
    """The reply says what a call cost."""
    await embedder.embed_queries(["when is lunch"])
    assert [usage.input_tokens > 0 for usage in usages] == [True]


async def test_spans_lie_where_the_answer_stands(reranker: Reranker) -> None:
    """Counted in code points of the chunk's own text, past emoji, as the documentation says."""
    text = "🍜🍜🍜 Noodles come on Monday.\nBicycles stand in the yard.\nSoup costs two euros and 50 cents."
    ranking = await reranker.rerank(Query("what does the soup cost", None), [a_hit(text)], limit=1)
    assert ranking.hits[0].spans
    start, end = ranking.hits[0].spans[0]
    assert "two euros" in text[start:end]


async def test_citations_are_placed_past_emoji(generator: Generator) -> None:
    """Whatever offsets count, an answer about emoji is grounded."""
    hits = [
        a_hit("🍜 means noodles, 🚲 means bicycles, and 👨‍👩‍👧 means families. Each stands on a door of the canteen.")
    ]
    query = Query("What do 🍜, 🚲 and 👨‍👩‍👧 mean? Write one sentence for each, and put the sign into it.", None)
    answer = [statement async for statement in generator.generate(query, hits)]
    assert any("🚲" in statement.text for statement in answer)
