"""Ranking over /rerank in its two shapes, beyond what every reranker promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.adapters.openai.reranker import OpenAIReranker
from bot.errors import Unavailable, Unusable
from bot.models import Query
from bot.ports.search import Floors
from tests.contracts.openai_rig import a_rig
from tests.nouns import a_hit
from tests.standins.openai import OpenAIStandIn
from tests.standins.openai_rules import RERANK

QUERY = Query("when is lunch", None)
LUNCH = a_hit("Lunch is at noon.", path="lunch.md")
BIKES = a_hit("Bicycles stand in the yard.", path="bikes.md")
HITS = [LUNCH, replace(BIKES, chunk=replace(BIKES.chunk, title="Yard", heading_path=()))]


async def test_the_body_is_jinas() -> None:
    """With the model and every passage under its title."""
    async with a_rig() as rig:
        await OpenAIReranker(rig.client, model=RERANK).rerank(QUERY, HITS, limit=1)
        (body,) = rig.api.bodies("/v1/rerank")
    assert body["model"] == RERANK
    assert body["query"] == "when is lunch"
    assert body["documents"][0].endswith("\nLunch is at noon.")
    assert rig.usages[0].operation == "rerank"
    assert rig.usages[0].input_tokens > 0


async def test_text_embeddings_inference_is_found_out_once() -> None:
    """Its path is below the host and its shape is its own: both are remembered."""
    async with a_rig(OpenAIStandIn(rerank="tei", below_v1=False)) as rig:
        reranker = OpenAIReranker(rig.client, model=RERANK)
        first = await reranker.rerank(QUERY, HITS, limit=2)
        calls = len(rig.api.calls)
        again = await reranker.rerank(QUERY, HITS, limit=2)
        assert [hit.score for hit in again.hits] == [hit.score for hit in first.hits]
        assert len(rig.api.calls) == calls + 1
        assert rig.api.calls[-1].path == "/rerank"
        assert rig.api.calls[-1].body["texts"]
    assert [hit.chunk.path for hit in first.hits] == ["lunch.md", "bikes.md"]


async def test_scores_that_are_no_probabilities_become_some() -> None:
    """llama.cpp and others give logits: their order stays, and from then on every score is taken for one."""
    async with a_rig(OpenAIStandIn(logits=True)) as rig:
        reranker = OpenAIReranker(rig.client, model=RERANK)
        ranking = await reranker.rerank(QUERY, HITS, limit=2)
        assert ranking.hits[0].score > 0.99
        assert ranking.hits[1].score < 0.01
        rig.api.fib({"results": [{"index": n, "relevance_score": 0.5} for n in (0, 1)]})
        again = await reranker.rerank(QUERY, HITS, limit=2)
        assert again.hits[0].score == pytest.approx(0.6225, abs=1e-3)
        rig.api.fib({"results": [{"index": n, "relevance_score": -9999} for n in (0, 1)]})
        assert (await reranker.rerank(QUERY, HITS, limit=2)).confidence == pytest.approx(0)


async def test_equal_scores_stand_by_chunk_id() -> None:
    """However they were given."""
    async with a_rig() as rig:
        rig.api.fib([{"index": n, "score": 0.5} for n in (1, 0)])
        ranking = await OpenAIReranker(rig.client, model=RERANK).rerank(QUERY, HITS, limit=2)
    assert [hit.chunk.path for hit in ranking.hits] == ["bikes.md", "lunch.md"]


async def test_many_passages_are_several_calls() -> None:
    """No more than a server takes at once; all are ranked."""
    hits = [a_hit(f"Lunch number {n}.", path=f"{n}.md") for n in range(70)]
    async with a_rig() as rig:
        ranking = await OpenAIReranker(rig.client, model=RERANK).rerank(QUERY, hits, limit=70)
        assert sorted(len(body["documents"]) for body in rig.api.bodies("rerank")) == [6, 32, 32]
    assert len({hit.chunk.id for hit in ranking.hits}) == 70


@pytest.mark.parametrize(
    ("url", "path"), [("{host}", "/rerank"), ("{host}/v1/rerank", "/v1/rerank"), ("", "/v1/rerank")]
)
async def test_the_address_is_the_one_that_is_set(url: str, path: str) -> None:
    """An address without a path gets the usual one."""
    async with a_rig() as rig:
        host = rig.api.url.removesuffix("/v1")
        await OpenAIReranker(rig.client, model=RERANK, url=url.format(host=host)).rerank(QUERY, HITS, limit=1)
        assert rig.api.calls[0].path == path


@pytest.mark.parametrize(
    "reply",
    [
        {},
        [],
        {"results": [{"index": 0, "relevance_score": 1}]},
        {"results": [{"index": 0, "relevance_score": 1}, {"index": 2, "relevance_score": 1}]},
        {"results": [{"index": 0, "relevance_score": 1}, {"index": 1, "relevance_score": "high"}]},
        {"results": [{"index": 0, "relevance_score": 1}, {"index": 1}]},
        "no",
        3,
    ],
)
async def test_a_ranking_that_is_none_is_unavailable(reply: object) -> None:
    """Passages left out, unknown ones, no numbers."""
    async with a_rig() as rig:
        rig.api.fib(reply)
        with pytest.raises(Unavailable):
            await OpenAIReranker(rig.client, model=RERANK).rerank(QUERY, HITS, limit=2)


async def test_a_model_that_is_not_there_is_unusable() -> None:
    """Whoever runs it has to say another."""
    async with a_rig() as rig:
        with pytest.raises(Unusable):
            await OpenAIReranker(rig.client, model="none-such").rerank(QUERY, HITS, limit=2)


async def test_floors_are_the_installations() -> None:
    """As the constructor has them."""
    async with a_rig() as rig:
        assert OpenAIReranker(rig.client, model=RERANK, floors=Floors(0.3, 0.7)).floors == Floors(0.3, 0.7)
