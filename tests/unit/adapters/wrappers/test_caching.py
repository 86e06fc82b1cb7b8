"""A text that was embedded once is not embedded again."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.wrappers.caching import CachedEmbedder
from bot.adapters.wrappers.packing import chunk_key, pack, query_key, unpack
from bot.errors import OutOfAllowance, Unavailable
from bot.models import Chunk, Embedding, Matrix
from tests.nouns import a_chunk
from tests.unit.adapters.wrappers.rig import CANARY
from tests.waiting import wait_until

D = 4


def vector(text: str, dimension: int = D) -> Matrix:
    """A unit vector that is the text's own."""
    row = np.random.default_rng(zlib.crc32(text.encode("utf-8", "surrogatepass"))).normal(size=dimension)
    return (row / np.linalg.norm(row)).astype(np.float32)


@dataclass
class Model:
    """An embedder that remembers what it embedded, waits at a gate if there is one, and fails when told to."""

    model: str = "embed-5"
    dimension: int = D
    units: bool = False
    embedded: list[str] = field(default_factory=list[str])
    gate: asyncio.Event | None = None
    errors: list[Exception] = field(default_factory=list[Exception])

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        await self._begin(texts)
        return np.array([vector(text, self.dimension) for text in texts]).reshape(len(texts), self.dimension)

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        await self._begin([chunk.text for chunk in chunks])
        return [Embedding(vector(chunk.text, self.dimension), self._pooled(chunk)) for chunk in chunks]

    def _pooled(self, chunk: Chunk) -> Matrix | None:
        if not self.units:
            return None
        rows = [vector(chunk.text[first:last], self.dimension) for first, last in chunk.units]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dimension)

    async def _begin(self, texts: Sequence[str]) -> None:
        self.embedded += texts
        if self.gate:
            await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)


@dataclass
class Shelf:
    """A shared cache in memory."""

    kept: dict[str, bytes] = field(default_factory=dict[str, bytes])
    asked: int = 0

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        self.asked += 1
        return [self.kept.get(key) for key in keys]

    async def put_many(self, values: Mapping[str, bytes]) -> None:
        self.kept.update(values)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


# --- questions ------------------------------------------------------------------------------------------------------


async def test_a_question_is_embedded_once(model: Model) -> None:
    """And has the same vector each time, in the order asked, however often a text stands there."""
    embedder = CachedEmbedder(model)
    first = await embedder.embed_queries(["lunch", "vpn"])
    again = await embedder.embed_queries(["vpn", "badge", "lunch", "vpn"])
    assert model.embedded == ["lunch", "vpn", "badge"]
    assert first.tolist() == [vector("lunch").tolist(), vector("vpn").tolist()]
    assert again.tolist() == [vector(text).tolist() for text in ("vpn", "badge", "lunch", "vpn")]
    assert (embedder.model, embedder.dimension) == ("embed-5", D)


async def test_no_question_no_rows(model: Model) -> None:
    """As the port says."""
    assert (await CachedEmbedder(model).embed_queries([])).shape == (0, D)


async def test_a_caller_may_write_into_its_rows(model: Model) -> None:
    """What is kept is not what is given."""
    embedder = CachedEmbedder(model)
    for _ in range(2):
        rows = await embedder.embed_queries(["lunch"])
        assert rows.tolist() == [vector("lunch").tolist()]
        rows[:] = 0


async def test_the_oldest_questions_are_forgotten(model: Model) -> None:
    """Those asked last stay, up to the bound."""
    embedder = CachedEmbedder(model, bound=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        await embedder.embed_queries([text])
    assert model.embedded == ["a", "b", "c", "b"]


async def test_another_process_has_it_from_the_shared_cache(model: Model, shelf: Shelf) -> None:
    """Bit by bit the same."""
    await CachedEmbedder(model, shelf).embed_queries(["lunch"])
    rows = await CachedEmbedder(model, shelf).embed_queries(["lunch"])
    assert model.embedded == ["lunch"]
    assert rows.tolist() == [vector("lunch").tolist()]


async def test_the_process_is_asked_before_the_shared_cache(model: Model, shelf: Shelf) -> None:
    """No network for what is at hand."""
    embedder = CachedEmbedder(model, shelf)
    await embedder.embed_queries(["lunch"])
    asked = shelf.asked
    await embedder.embed_queries(["lunch"])
    assert shelf.asked == asked


@pytest.mark.parametrize("other", [Model(model="embed-6"), Model(dimension=8)])
async def test_another_model_has_vectors_of_its_own(model: Model, shelf: Shelf, other: Model) -> None:
    """And so has another dimension of the same."""
    await CachedEmbedder(model, shelf).embed_queries(["lunch"])
    assert (await CachedEmbedder(other, shelf).embed_queries(["lunch"])).shape == (1, other.dimension)
    assert len(shelf.kept) == 2


def test_a_question_is_not_a_chunk(model: Model) -> None:
    """Models embed the two differently, even with the same words."""
    bare = a_chunk("lunch", title="", heading_path=())
    assert query_key(model, "lunch") != chunk_key(model, bare)


async def test_no_key_holds_words(model: Model, shelf: Shelf) -> None:
    """Hashes only, of questions and of chunks."""
    embedder = CachedEmbedder(model, shelf)
    await embedder.embed_queries([CANARY])
    await embedder.embed_chunks([a_chunk(CANARY, title=CANARY)])
    assert len(shelf.kept) == 2
    assert not [word for word in CANARY.split() if word in str(shelf.kept)]


async def test_equal_questions_at_once_are_embedded_once(model: Model) -> None:
    """Those that come while it is under way wait for it, in any order of texts."""
    model.gate = asyncio.Event()
    embedder = CachedEmbedder(model)
    asking = [asyncio.create_task(embedder.embed_queries(texts)) for texts in (["a", "b"], ["b", "a"], ["b", "c"])]
    await wait_until(lambda: model.embedded == ["a", "b", "c"])
    model.gate.set()
    rows = [(await task).tolist() for task in asking]
    a, b, c = (vector(text).tolist() for text in "abc")
    assert rows == [[a, b], [b, a], [b, c]]
    assert model.embedded == ["a", "b", "c"]


async def test_those_who_wait_share_a_failure(model: Model) -> None:
    """A model that is down is not asked once for each of them; the next one may try."""
    model.gate, model.errors = asyncio.Event(), [Unavailable("down")]
    embedder = CachedEmbedder(model)
    asking = [asyncio.create_task(embedder.embed_queries(["a"])) for _ in range(3)]
    await wait_until(lambda: model.embedded == ["a"])
    model.gate.set()
    for task in asking:
        with pytest.raises(Unavailable):
            await task
    assert model.embedded == ["a"]
    assert (await embedder.embed_queries(["a"])).shape == (1, D)


@pytest.mark.parametrize("how", ["stopped", "out of allowance"])
async def test_what_ends_one_question_does_not_end_the_others(model: Model, how: str) -> None:
    """Those who waited for it ask for themselves, one of them for all."""
    model.gate, model.errors = asyncio.Event(), []
    embedder = CachedEmbedder(model)
    first = asyncio.create_task(embedder.embed_queries(["a"]))
    await wait_until(lambda: model.embedded == ["a"])
    others = [asyncio.create_task(embedder.embed_queries(["a"])) for _ in range(2)]
    await asyncio.sleep(0)
    if how == "stopped":
        first.cancel()
    else:
        model.errors = [OutOfAllowance("calls")]
    model.gate.set()
    with pytest.raises((asyncio.CancelledError, OutOfAllowance)):
        await first
    for task in others:
        assert (await task).tolist() == [vector("a").tolist()]
    assert model.embedded == ["a", "a"]


async def test_who_stops_waiting_disturbs_nobody(model: Model) -> None:
    """The one who asks goes on."""
    model.gate = asyncio.Event()
    embedder = CachedEmbedder(model)
    first, second = (asyncio.create_task(embedder.embed_queries(["a"])) for _ in range(2))
    await wait_until(lambda: model.embedded == ["a"])
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    model.gate.set()
    assert (await first).tolist() == [vector("a").tolist()]


# --- chunks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", [False, True])
async def test_only_what_changed_is_embedded_again(shelf: Shelf, *, units: bool) -> None:
    """A chunk that reads the same has its embedding, whatever document, revision or readers it now has."""
    model = Model(units=units)
    soup = a_chunk("Soup is two euros. Bread is free.", units=((0, 18), (19, 33)))
    before = await CachedEmbedder(model, shelf).embed_chunks([soup, a_chunk("Closed on Mondays.")])
    moved = replace(soup, id="x#7", document_id="x", path="x.md", revision="9", readable_by=(), position=7)
    after = await CachedEmbedder(model, shelf).embed_chunks([a_chunk("Closed on Fridays."), moved])
    assert model.embedded == [soup.text, "Closed on Mondays.", "Closed on Fridays."]
    assert after[1].vector.tolist() == before[0].vector.tolist()
    kept, made = after[1].units, before[0].units
    assert (kept is None, made is None) == (not units, not units)
    if kept is not None and made is not None:
        assert kept.tolist() == made.tolist()


@pytest.mark.parametrize(
    "other", [a_chunk(title="Kitchen"), a_chunk(heading_path=("Prices",)), a_chunk(units=((0, 5),)), a_chunk("Soup.")]
)
def test_all_that_an_embedder_reads_counts(model: Model, other: Chunk) -> None:
    """Title, headings and units are part of what is embedded."""
    assert chunk_key(model, other) != chunk_key(model, a_chunk())


async def test_equal_chunks_of_a_batch_are_embedded_once(model: Model, shelf: Shelf) -> None:
    """The same footer under every page costs once."""
    footers = [a_chunk("Ask the front desk.", path=f"{n}.md") for n in range(3)]
    assert len(await CachedEmbedder(model, shelf).embed_chunks(footers)) == 3
    assert model.embedded == ["Ask the front desk."]


async def test_without_a_shared_cache_chunks_pass(model: Model) -> None:
    """A process does not keep a whole index in its memory."""
    embedder = CachedEmbedder(model)
    for _ in range(2):
        await embedder.embed_chunks([a_chunk("Soup.")])
    assert model.embedded == ["Soup.", "Soup."]


# --- as bytes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", [b"", b"1", b"2" + b"0" * 17, b"10" + b"\0" * 12, b"11" + b"\0" * 16 * 3])
async def test_what_cannot_be_read_is_embedded_again(model: Model, shelf: Shelf, found: bytes) -> None:
    """Cut, of another format, or of another number of units."""
    shelf.kept = {query_key(model, "lunch"): found}
    assert (await CachedEmbedder(model, shelf).embed_queries(["lunch"])).tolist() == [vector("lunch").tolist()]


@given(st.integers(1, 6), st.none() | st.integers(0, 4), st.integers(0, 2**32))
def test_what_is_packed_comes_back(dimension: int, units: int | None, seed: int) -> None:
    """Every number exactly, and whether the units had vectors."""
    rows = np.random.default_rng(seed).normal(size=(1 + (units or 0), dimension)).astype(np.float32)
    packed = pack(Embedding(rows[0], None if units is None else rows[1:]))
    back = unpack(packed, dimension, units=units or 0)
    assert back is not None
    assert back.vector.tolist() == rows[0].tolist()
    assert (back.units is None) == (units is None)
    assert back.units is None or back.units.tolist() == rows[1:].tolist()


@pytest.mark.parametrize("text", ["", "\ud800 alone", "🤷🏽‍♀️", "\x00"])
async def test_any_text_has_a_key(model: Model, shelf: Shelf, text: str) -> None:
    """Also what is no proper Unicode."""
    await CachedEmbedder(model, shelf).embed_queries([text])
    (key,) = shelf.kept
    assert key.isascii()
