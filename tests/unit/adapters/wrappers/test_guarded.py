"""Each port behind its guard keeps its promises."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import pytest

from bot.adapters.wrappers.guarded import (
    GuardedEmbedder,
    GuardedGenerator,
    GuardedIndex,
    GuardedReranker,
    GuardedRewriter,
)
from bot.answering.rerank import rerank
from bot.answering.retrieve import compose
from bot.conversations import Turn
from bot.errors import (
    FootnoteError,
    IndexMismatch,
    IndexUnavailable,
    NothingIndexed,
    OutOfAllowance,
    Unavailable,
    Unusable,
)
from bot.models import EVERYONE, Audience, Chunk, Embedding, Hit, Matrix, Query, Ranking, Statement
from bot.ports.generation import Rewritten
from bot.ports.search import Counts, Floors, SourceCounts
from tests.nouns import NOON, a_chunk, a_hit
from tests.unit.adapters.wrappers.rig import Rig

ALL = Audience.of([EVERYONE])
QUERY = Query("when is lunch", None)
TURN = Turn("When is lunch?", "When is lunch?", "At noon.", {}, NOON)


@dataclass
class Models:
    """Every port at once: each call first meets the next of the troubles."""

    troubles: list[FootnoteError] = field(default_factory=list[FootnoteError])
    calls: list[str] = field(default_factory=list[str])
    name: str = "double"
    model: str = "m"
    dimension: int = 2
    floors: Floors = field(default_factory=lambda: Floors(decline=0.3, plain=0.6))

    def meet(self, what: str) -> None:
        self.calls.append(what)
        if self.troubles:
            raise self.troubles.pop(0)

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        self.meet("embed_chunks")
        return [Embedding(np.ones(2, dtype=np.float32)) for _ in chunks]

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        self.meet("embed_queries")
        return np.ones((len(texts), 2), dtype=np.float32)

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        self.meet("rerank")
        return Ranking(tuple(hits[:limit]), 0.9)

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        self.meet("rewrite")
        return Rewritten(f"{question} (whole)", changed=True)

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        self.meet("generate")
        for hit in passages:
            yield Statement.quoting(hit.chunk.id, hit.chunk.text)

    async def search(
        self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
    ) -> list[Hit]:
        self.meet(f"search {limit} {sorted(within)} {visible_to == ALL}")
        return [a_hit()]

    async def chunks(self, ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, Chunk]:
        self.meet(f"chunks {list(ids)} {visible_to == ALL}")
        return {one: a_chunk() for one in ids}

    async def revisions(self, document_ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, str]:
        self.meet(f"revisions {list(document_ids)} {visible_to == ALL}")
        return dict.fromkeys(document_ids, "1")

    async def counts(self, *, visible_to: Audience) -> Counts:
        self.meet(f"counts {visible_to == ALL}")
        return Counts(1, 2)

    async def sources(self, *, visible_to: Audience) -> tuple[SourceCounts, ...]:
        self.meet(f"sources {visible_to == ALL}")
        return (SourceCounts("handbook", 1, 2, None),)


@pytest.fixture
def models() -> Models:
    return Models()


def the_embedder(models: Models, rig: Rig) -> GuardedEmbedder:
    return GuardedEmbedder(models, rig.guard("embeddings"), rig.guard("embeddings", deadline=30.0, tries=4))


async def test_an_embedder_is_tried_again(models: Models, rig: Rig) -> None:
    """Queries twice, documents as often as their own guard says."""
    embedder = the_embedder(models, rig)
    assert (embedder.model, embedder.dimension) == ("m", 2)
    models.troubles = [Unavailable("busy")]
    assert (await embedder.embed_queries(["a", "b"])).shape == (2, 2)
    models.troubles = [Unavailable("busy")] * 3
    assert len(await embedder.embed_chunks([a_chunk()])) == 1
    assert models.calls == ["embed_queries"] * 2 + ["embed_chunks"] * 4


async def test_nothing_to_do_is_no_call(models: Models, rig: Rig) -> None:
    """It passes by the guard, even by an open breaker."""
    with suppress(Unavailable):
        models.troubles = [Unusable("key")]
        await the_embedder(models, rig).embed_queries(["a"])
    assert (await the_embedder(models, rig).embed_queries([])).shape == (0, 2)
    assert await the_embedder(models, rig).embed_chunks([]) == []
    assert (await GuardedReranker(models, rig.guard()).rerank(QUERY, [], limit=3)).hits == ()
    assert (await GuardedRewriter(models, rig.guard()).rewrite("why?", [])).text == "why? (whole)"
    assert len(rig.told.spans) == 1


async def test_a_reranker_is_tried_again(models: Models, rig: Rig) -> None:
    """Its name and floors are its own."""
    reranker = GuardedReranker(models, rig.guard())
    models.troubles = [Unavailable("busy")]
    assert (await reranker.rerank(QUERY, [a_hit(), a_hit()], limit=1)).confidence == 0.9
    assert (reranker.name, reranker.floors, models.calls) == ("double", models.floors, ["rerank"] * 2)


async def test_a_rewriter_is_tried_again(models: Models, rig: Rig) -> None:
    """Its name is its own."""
    rewriter = GuardedRewriter(models, rig.guard("chat"))
    models.troubles = [Unavailable("busy")]
    assert (await rewriter.rewrite("why?", [TURN])).changed
    assert (rewriter.name, models.calls) == ("double", ["rewrite"] * 2)


async def test_a_generator_is_tried_again(models: Models, rig: Rig) -> None:
    """While nobody has heard it; its name is its own."""
    generator = GuardedGenerator(models, rig.guard("chat", deadline=60.0))
    models.troubles = [Unavailable("busy")]
    hit = a_hit()
    assert [s async for s in generator.generate(QUERY, [hit])] == [Statement.quoting(hit.chunk.id, hit.chunk.text)]
    assert (generator.name, models.calls) == ("double", ["generate"] * 2)


async def test_an_index_is_asked_what_was_asked(models: Models, rig: Rig) -> None:
    """Every read reaches it with its audience and all that was said."""
    index = GuardedIndex(models, rig.guard("search"))
    assert len(await index.search(QUERY, visible_to=ALL, limit=7, within=frozenset({"wiki"}))) == 1
    assert list(await index.chunks(["c"], visible_to=ALL)) == ["c"]
    assert await index.revisions(["d"], visible_to=ALL) == {"d": "1"}
    assert await index.counts(visible_to=ALL) == Counts(1, 2)
    assert len(await index.sources(visible_to=ALL)) == 1
    assert models.calls == [
        "search 7 ['wiki'] True",
        "chunks ['c'] True",
        "revisions ['d'] True",
        "counts True",
        "sources True",
    ]


async def test_an_index_that_is_away_says_that_search_is(models: Models, rig: Rig) -> None:
    """Whatever failed, the person is told of search; an open breaker too."""
    index = GuardedIndex(models, rig.guard("search"))
    for _ in range(3):
        models.troubles = [Unavailable("cut", retry_after=0.5), Unavailable("cut", retry_after=0.5)]
        with pytest.raises(IndexUnavailable):
            await index.search(QUERY, visible_to=ALL, limit=7)
    assert rig.breaker.state == "open"
    with pytest.raises(IndexUnavailable) as refused:
        await index.counts(visible_to=ALL)
    assert refused.value.retry_after == 15.0


async def test_to_ask_an_index_for_nothing_says_nothing_of_it(models: Models, rig: Rig) -> None:
    """Between searches that fail, a conversation that cited nothing is looked up: that proves no server well."""
    index = GuardedIndex(models, rig.guard("search"))
    for _ in range(3):
        models.troubles = [Unavailable("cut", retry_after=0.5), Unavailable("cut", retry_after=0.5)]
        with pytest.raises(IndexUnavailable):
            await index.search(QUERY, visible_to=ALL, limit=7)
        models.troubles = []
        await index.revisions([], visible_to=ALL)
        await index.chunks([], visible_to=ALL)
    assert rig.breaker.state == "open"


@pytest.mark.parametrize(
    "error", [NothingIndexed(), IndexMismatch("old"), OutOfAllowance("time"), Unusable("key"), IndexUnavailable("away")]
)
async def test_what_an_index_says_itself_passes(models: Models, rig: Rig, error: FootnoteError) -> None:
    """As it is."""
    models.troubles = [error, error]
    with pytest.raises(type(error)) as raised:
        await GuardedIndex(models, rig.guard("search")).counts(visible_to=ALL)
    assert raised.value is error


@pytest.mark.parametrize("error", [Unavailable("down"), Unusable("key"), OutOfAllowance("calls")])
async def test_the_steps_go_on_without(models: Models, rig: Rig, error: FootnoteError) -> None:
    """Without a reranker in the fused order, without an embedder by words alone, whatever the reason."""
    models.troubles = [error, error]
    ranking, reranked = await rerank(QUERY, [a_hit()], reranker=GuardedReranker(models, rig.guard()), limit=1)
    assert (len(ranking.hits), reranked) == (1, False)
    models.troubles = [error, error]
    query = await compose(Rewritten("lunch"), embedder=the_embedder(models, rig))
    assert (query.text, query.vector) == ("lunch", None)
