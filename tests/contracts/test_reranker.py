"""What every Reranker promises."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import pytest

from bot.adapters.local.reranker import LocalReranker
from bot.models import Query
from bot.ports.search import Reranker
from tests.contracts.cohere_rig import cohere_older_reranker, cohere_reranker
from tests.contracts.openai_rig import openai_reranker, tei_reranker
from tests.nouns import a_hit
from tests.searching import Library


@asynccontextmanager
async def local() -> AsyncGenerator[Reranker]:
    """The weighted sum."""
    yield LocalReranker()


ADAPTERS: Final[Mapping[str, Callable[[], AbstractAsyncContextManager[Reranker]]]] = {
    "local": local,
    "cohere": cohere_reranker,
    "cohere, version 4": cohere_older_reranker,
    "openai": openai_reranker,
    "openai, as TEI ranks": tei_reranker,
}


@pytest.fixture(params=ADAPTERS)
async def reranker(request: pytest.FixtureRequest) -> AsyncIterator[Reranker]:
    """Each adapter in turn."""
    async with ADAPTERS[request.param]() as adapter:
        yield adapter


async def test_what_answers_outranks_what_shares_a_word(reranker: Reranker, library: Library) -> None:
    """The page that says how to reset the VPN password comes before the page that has another password."""
    query = await library.query("how do I reset my vpn password")
    ranking = await reranker.rerank(query, await library.hits(query), limit=2)
    assert [hit.chunk.path for hit in ranking.hits] == ["vpn.md", "guest.md"]


async def test_only_what_was_given_comes_back_best_first(reranker: Reranker, library: Library) -> None:
    """Hits are the given ones, each once, with falling scores, at most `limit` of them; their chunks are untouched."""
    query = await library.query("when is lunch")
    hits = await library.hits(query)
    given = {hit.chunk.id: hit for hit in hits}
    for limit in (1, 3, len(hits), 50):
        ranking = await reranker.rerank(query, hits, limit=limit)
        assert len({hit.chunk.id for hit in ranking.hits}) == len(ranking.hits) == min(limit, len(hits))
        for hit in ranking.hits:
            was = given[hit.chunk.id]
            assert (hit.chunk, hit.bm25, hit.cosine, hit.embedding) == (was.chunk, was.bm25, was.cosine, was.embedding)
        assert [hit.score for hit in ranking.hits] == sorted((hit.score for hit in ranking.hits), reverse=True)


async def test_the_same_question_is_ranked_the_same_way(reranker: Reranker, library: Library) -> None:
    """Neither the order in which hits are given nor asking again changes the ranking."""
    query = await library.query("how long is parental leave")
    hits = await library.hits(query)
    first = await reranker.rerank(query, hits, limit=5)
    turned = await reranker.rerank(query, hits[::-1], limit=5)
    assert [hit.chunk.id for hit in turned.hits] == [hit.chunk.id for hit in first.hits]
    assert turned.confidence == pytest.approx(first.confidence)


async def test_confidence_tells_what_the_pages_say_from_what_they_do_not(reranker: Reranker, library: Library) -> None:
    """It lies between 0 and 1, and a question that the pages answer gets more of it than one that they do not."""
    confidences: list[float] = []
    for text in ("how many weeks of paid leave do parents get", "what is the stock price of our competitor in Japan"):
        query = await library.query(text)
        confidences.append((await reranker.rerank(query, await library.hits(query), limit=3)).confidence)
    assert 0 <= confidences[1] < confidences[0] <= 1
    assert confidences[1] < reranker.floors.plain


async def test_the_floors_stand_in_order(reranker: Reranker) -> None:
    """A decline lies below a plain answer, with room for a hedged one between them."""
    assert 0 <= reranker.floors.decline < reranker.floors.plain <= 1


async def test_nothing_given_is_nothing_ranked(reranker: Reranker) -> None:
    """Without hits there is no ranking and no confidence."""
    ranking = await reranker.rerank(Query("lunch", None), [], limit=5)
    assert ranking.hits == ()
    assert ranking.confidence == 0


async def test_words_alone_are_enough(reranker: Reranker) -> None:
    """While the embedder is down a query has no vector, and hits may have none: the words still rank."""
    hits = [
        a_hit("Bicycles stand in the yard.", path="bikes.md", bm25=0, cosine=0),
        a_hit("Reset your vpn password on the access page.", path="vpn.md", bm25=9, cosine=0),
    ]
    ranking = await reranker.rerank(Query("reset vpn password", None), hits, limit=2)
    assert [hit.chunk.path for hit in ranking.hits] == ["vpn.md", "bikes.md"]


@pytest.mark.parametrize(
    "text", ["", "   ", "?", "the of and", "\x00\ud800", "a" * 5000, "字" * 50, "DROP TABLE chunk;--"]
)
async def test_odd_questions_are_ranked_like_any_other(reranker: Reranker, text: str) -> None:
    """No question and no passage makes ranking fail."""
    hits = [a_hit(""), a_hit(text.replace("\ud800", "?"), path="odd.md"), a_hit("Lunch is at noon.", path="lunch.md")]
    ranking = await reranker.rerank(Query(text, None), hits, limit=3)
    assert len(ranking.hits) == 3
    assert 0 <= ranking.confidence <= 1
