"""What every Embedder promises."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Final

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.local.embedder import LocalEmbedder
from bot.ports.search import Embedder
from tests.contracts.cohere_rig import cohere_embedder
from tests.contracts.openai_rig import openai_embedder
from tests.nouns import a_chunk

ODD = [
    "",
    " \n\t ",
    "\x00\x07",
    "🤷🏽‍♀️ 👨‍👩‍👧",
    "\ud800 alone",
    "é" * 3000,
    "字" * 40,
    "[SEP] [MASK]",
    "a" * 5000,
    "\u202eevil",
]


@asynccontextmanager
async def local(reader: LocalEmbedder) -> AsyncGenerator[Embedder]:
    """The model on this machine, loaded once for every suite."""
    yield reader


Opening = Callable[[LocalEmbedder], AbstractAsyncContextManager[Embedder]]
ADAPTERS: Final[Mapping[str, Opening]] = {
    "local": local,
    "cohere": lambda _: cohere_embedder(),
    "openai": lambda _: openai_embedder(),
}


@pytest.fixture(params=ADAPTERS)
async def embedder(request: pytest.FixtureRequest, reader: LocalEmbedder) -> AsyncIterator[Embedder]:
    """Each adapter in turn."""
    async with ADAPTERS[request.param](reader) as adapter:
        yield adapter


@pytest.fixture
def tolerance() -> float:
    """How far numbers that should be the same may lie apart."""
    return 1e-5


async def test_one_unit_vector_per_text_in_order(embedder: Embedder, tolerance: float) -> None:
    """A row per text, of the promised length and of unit length, wherever in the list the text stands."""
    texts = [f"word {'more ' * (n % 7)}{n}" for n in range(40)]
    rows = await embedder.embed_queries(texts)
    assert rows.shape == (40, embedder.dimension)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for position in (0, 17, 39):
        alone = await embedder.embed_queries([texts[position]])
        assert np.allclose(rows[position], alone[0], atol=tolerance)


async def test_nothing_to_embed(embedder: Embedder) -> None:
    """No texts give no rows, no chunks no embeddings."""
    assert (await embedder.embed_queries([])).shape == (0, embedder.dimension)
    assert await embedder.embed_chunks([]) == []


async def test_the_same_text_has_the_same_vector(embedder: Embedder, tolerance: float) -> None:
    """Twice the same call gives the same numbers."""
    texts = ["When is lunch?", "How do I reset my password?"]
    first = await embedder.embed_queries(texts)
    assert np.allclose(first, await embedder.embed_queries(texts), atol=tolerance)


async def test_what_means_the_same_lies_closer(embedder: Embedder) -> None:
    """A question is nearer to its answer in other words than to a text about something else."""
    chunks = [a_chunk("Soup is served in the canteen from noon."), a_chunk("The VPN asks for a second factor.")]
    (query,) = await embedder.embed_queries(["When can I eat lunch?"])
    lunch, vpn = [float(one.vector @ query) for one in await embedder.embed_chunks(chunks)]
    assert lunch > vpn + 0.1


async def test_a_chunk_is_embedded_with_its_place(embedder: Embedder, tolerance: float) -> None:
    """Title and headings count as if they stood above the text; without any, the text stands alone."""
    chunk = a_chunk("Ask the front desk.", title="Visitors", heading_path=("Visitors", "Lost badge"))
    bare = replace(chunk, title="", heading_path=())
    above = replace(bare, text="Visitors › Lost badge\nAsk the front desk.")
    with_place, without, expected = [one.vector for one in await embedder.embed_chunks([chunk, bare, above])]
    assert np.allclose(with_place, expected, atol=tolerance)
    assert not np.allclose(with_place, without, atol=0.01)


async def test_units_have_vectors_of_their_own(embedder: Embedder) -> None:
    """A unit's row has unit length and is closest to the question that this unit answers."""
    sentences = ["Lunch is at noon.", "The VPN needs a token.", "Badges are replaced at the desk."]
    text, units = " ".join(sentences), ((0, 17), (18, 40), (41, 73))
    (embedding,) = await embedder.embed_chunks([a_chunk(text, units=units)])
    if embedding.units is None:
        pytest.skip("this embedder cannot pool units")
    queries = await embedder.embed_queries(["lunch time", "vpn token", "where to replace a badge"])
    assert embedding.units.shape == (3, embedder.dimension)
    assert np.allclose(np.linalg.norm(embedding.units, axis=1), 1, atol=1e-5)
    assert (queries @ embedding.units.T).argmax(axis=1).tolist() == [0, 1, 2]


async def test_a_unit_past_the_window_is_no_number_trouble(embedder: Embedder) -> None:
    """A unit that the model never saw has a row without NaN; one that it saw in part is unit length."""
    text = "lunch " * 2000
    (embedding,) = await embedder.embed_chunks([a_chunk(text, units=((0, 5), (6, 6000), (6000, 11_999)))])
    if embedding.units is None:
        pytest.skip("this embedder cannot pool units")
    assert np.isfinite(embedding.units).all()
    assert np.allclose(np.linalg.norm(embedding.units[:2], axis=1), 1, atol=1e-5)


async def test_a_chunk_without_units(embedder: Embedder) -> None:
    """No units, no rows, and no failure."""
    (embedding,) = await embedder.embed_chunks([a_chunk("Lunch.", units=())])
    assert embedding.units is None or embedding.units.shape == (0, embedder.dimension)


async def test_what_is_past_the_window_is_not_seen(embedder: Embedder, tolerance: float) -> None:
    """A text far longer than any window is embedded as its beginning is."""
    start = "lunch at noon " * 2000
    first, second = await embedder.embed_queries([start, start + "password " * 100_000])
    assert np.allclose(first, second, atol=tolerance)


@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text[:10]))
async def test_odd_text_is_embedded_too(embedder: Embedder, text: str) -> None:
    """Empty, unprintable, unpaired or endless: the vector is finite and of unit length."""
    (row,) = await embedder.embed_queries([text])
    (embedding,) = await embedder.embed_chunks([a_chunk(text, revision="1")])
    assert np.isfinite(row).all()
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)
    assert np.isfinite(embedding.vector).all()
    assert embedding.units is None or np.isfinite(embedding.units).all()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=200), max_size=5))
async def test_any_text_is_embedded(embedder: Embedder, texts: list[str]) -> None:
    """No text that Python can hold breaks the embedder."""
    rows = await embedder.embed_queries(texts)
    assert rows.shape == (len(texts), embedder.dimension)
    assert np.isfinite(rows).all()
