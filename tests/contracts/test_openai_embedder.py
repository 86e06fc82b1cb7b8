"""Embedding over /v1/embeddings, beyond what every embedder promises."""

from __future__ import annotations

import numpy as np
import pytest

from bot.adapters.openai.embedder import OpenAIEmbedder, measured
from bot.errors import Unavailable, Unusable
from tests.contracts.openai_rig import a_rig
from tests.nouns import a_chunk
from tests.standins.openai import OpenAIStandIn
from tests.standins.openai_rules import EMBED, SIZE


async def test_batches_are_as_large_as_told_and_ask_for_floats() -> None:
    """70 texts are three calls; the rows come back in order though the server turns them round."""
    texts = [f"word{n}" for n in range(70)]
    async with a_rig() as rig:
        embedder = OpenAIEmbedder(rig.client, model=EMBED, dimension=SIZE)
        rows = await embedder.embed_queries(texts)
        assert sorted(len(body["input"]) for body in rig.api.bodies("embeddings")) == [6, 32, 32]
        assert {body["encoding_format"] for body in rig.api.bodies("embeddings")} == {"float"}
        assert np.allclose(rows[69], (await embedder.embed_queries(["word69"]))[0])
    assert [usage.input_tokens for usage in rig.usages[-1:]] == [1]


async def test_prefixes_stand_before_what_they_are_for() -> None:
    """Each kind of text has its own, and the name of the space tells them apart."""
    async with a_rig() as rig:
        embedder = OpenAIEmbedder(
            rig.client, model=EMBED, dimension=SIZE, query_prefix="query:", document_prefix="passage: "
        )
        await embedder.embed_queries(["lunch"])
        await embedder.embed_chunks([a_chunk("Soup.", title="Canteen", heading_path=())])
        sent = [body["input"] for body in rig.api.bodies("embeddings")]
        assert sent == [["query: lunch"], ["passage: Canteen\nSoup."]]
        assert embedder.model != OpenAIEmbedder(rig.client, model=EMBED, dimension=SIZE).model
        assert embedder.model.startswith(f"{EMBED}@{SIZE}")


async def test_the_length_of_vectors_is_found_and_checked() -> None:
    """One call finds it; a server with another model than was said is refused."""
    async with a_rig() as rig:
        assert await measured(rig.client, EMBED) == SIZE
        with pytest.raises(Unusable) as refused:
            await OpenAIEmbedder(rig.client, model=EMBED, dimension=768).embed_queries(["x"])
        assert refused.value.code == "dimension"


async def test_a_text_past_the_window_is_embedded_by_its_beginning() -> None:
    """It fails the whole batch on Ollama: the others stay whole, in order."""
    texts = ["soup", "lunch " * 300, "bike"]
    async with a_rig(OpenAIStandIn(window=1_000)) as rig:
        embedder = OpenAIEmbedder(rig.client, model=EMBED, dimension=SIZE)
        rows = await embedder.embed_queries(texts)
        alone = await embedder.embed_queries(["soup", "lunch", "bike"])
    assert np.allclose(rows, alone, atol=1e-5)


async def test_a_refusal_for_another_reason_is_not_asked_again() -> None:
    """Nor one of a short text."""
    async with a_rig(OpenAIStandIn(window=10)) as rig:
        embedder = OpenAIEmbedder(rig.client, model=EMBED, dimension=SIZE)
        with pytest.raises(Unusable):
            await embedder.embed_queries(["lunch is at noon"])
        rig.api.refuse(400, words="no")
        with pytest.raises(Unusable):
            await embedder.embed_queries(["x", "y"])
        assert len(rig.api.calls) == 2


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}],
        [{"index": 0, "embedding": [0.0]}, {"index": 1, "embedding": [1.0]}],
        [{"index": 0, "embedding": ["a"]}, {"index": 1, "embedding": [1.0]}],
        [{"index": 0, "embedding": None}, {"index": 1, "embedding": [1.0]}],
    ],
)
async def test_rows_that_are_none_are_unavailable(rows: list[object]) -> None:
    """Too few, twice the same, of several lengths, without direction, no numbers."""
    async with a_rig() as rig:
        rig.api.fib({"data": rows, "model": EMBED, "usage": None})
        with pytest.raises(Unavailable):
            await OpenAIEmbedder(rig.client, model=EMBED, dimension=1).embed_queries(["x", "y"])
