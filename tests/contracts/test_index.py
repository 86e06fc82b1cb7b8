"""What every SearchIndex and its IndexWriter promise together."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta, timezone
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.local.index import LocalIndex
from bot.adapters.weaviate.client import Place
from bot.adapters.weaviate.index import WeaviateIndex
from bot.errors import IndexMismatch, NothingIndexed
from bot.models import EVERYONE, Audience, Document, Embedding, Hit, Lent, Principal, Query, Vector
from bot.ports.search import Counts, IndexWriter, Known, SearchIndex, SourceCounts
from tests.nouns import NOON, a_document
from tests.weaviate_server import WeaviateAddress

DIMENSION = 16
MEMBERS = Audience.of((EVERYONE,))
STAFF, LAB, ANN = Principal("group", "staff"), Principal("group", "lab"), Principal("user", "U0ANN")
EVERYTHING = 10_000


@dataclass(frozen=True)
class Indexes:
    """How to open the two sides of one adapter's index, as often as wanted."""

    reading: Callable[..., AbstractAsyncContextManager[SearchIndex]]
    writing: Callable[..., AbstractAsyncContextManager[IndexWriter]]


@dataclass(frozen=True)
class Both:
    """The two sides of one index, open."""

    index: SearchIndex
    writer: IndexWriter

    async def add(self, *documents: Document) -> None:
        """Index documents with the vectors that `vector` gives their texts."""
        for document in documents:
            await self.writer.upsert(document, embeddings(document), fingerprint="1")

    async def find(
        self,
        text: str = "",
        near: str | None = None,
        *,
        visible_to: Audience = MEMBERS,
        limit: int = EVERYTHING,
        within: frozenset[str] = frozenset(),
    ) -> list[Hit]:
        """Search with words, and with the vector of the text `near` where one is given."""
        query = Query(text, None if near is None else vector(near))
        return await self.index.search(query, visible_to=visible_to, limit=limit, within=within)


def vector(text: str) -> Vector:
    """A direction for a text: the same for the same text, far from any other's."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
    drawn = np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def embeddings(document: Document) -> list[Embedding]:
    """One per chunk, each unit's vector turned a little away from the chunk's."""
    return [
        Embedding(vector(chunk.text), np.array([vector(f"{chunk.text} {n}") for n in range(len(chunk.units))]))
        for chunk in document.chunks
    ]


def ids(hits: Sequence[Hit]) -> list[str]:
    """The hits by their chunks' ids."""
    return [hit.chunk.id for hit in hits]


def local(home: Path) -> Indexes:
    """The laptop's index under `home`."""

    def reading(model: str = "model-1", dimension: int = DIMENSION) -> AbstractAsyncContextManager[SearchIndex]:
        return LocalIndex.open(home, model=model, dimension=dimension)

    def writing(model: str = "model-1", dimension: int = DIMENSION) -> AbstractAsyncContextManager[IndexWriter]:
        return LocalIndex.create(home, model=model, dimension=dimension, durable=False)

    return Indexes(reading, writing)


def weaviate(address: WeaviateAddress) -> Indexes:
    """An index in Weaviate, in a tenant of its own."""
    place = Place(address.url, f"t{uuid4().hex}", grpc_port=address.grpc_port)

    def reading(model: str = "model-1", dimension: int = DIMENSION) -> AbstractAsyncContextManager[SearchIndex]:
        return WeaviateIndex.open(place, model=model, dimension=dimension)

    def writing(model: str = "model-1", dimension: int = DIMENSION) -> AbstractAsyncContextManager[IndexWriter]:
        return WeaviateIndex.create(place, model=model, dimension=dimension)

    return Indexes(reading, writing)


NewIndexes = Callable[[], Indexes]
"""Gives an index that nobody has used, each time it is called."""


@pytest.fixture(params=["local", "weaviate"])
def new_indexes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewIndexes:
    """Each adapter in turn."""
    if request.param == "local":
        return lambda: local(tmp_path_factory.mktemp("home"))
    address: WeaviateAddress = request.getfixturevalue("weaviate_address")
    return lambda: weaviate(address)


@pytest.fixture
def indexes(new_indexes: NewIndexes) -> Indexes:
    """Each adapter in turn, without an index yet."""
    return new_indexes()


@asynccontextmanager
async def opened(indexes: Indexes) -> AsyncGenerator[Both]:
    """Both sides of a new index."""
    async with AsyncExitStack() as stack:
        writer = await stack.enter_async_context(indexes.writing())
        yield Both(await stack.enter_async_context(indexes.reading()), writer)


@pytest.fixture
async def both(indexes: Indexes) -> AsyncGenerator[Both]:
    """Each adapter in turn, both sides open, nothing indexed."""
    async with opened(indexes) as both:
        yield both


# --- what is found --------------------------------------------------------------------------------------------------


async def test_a_hit_carries_what_was_indexed(both: Both) -> None:
    """Chunk, vectors and raw scores come back as they went in, as soon as the upsert returns."""
    document = a_document("canteen.md", ["Lunch is served at noon.", "Soup costs two euros."], owner="People Ops")
    document = replace(document, chunks=tuple(replace(chunk, units=((0, 4), (5, 12))) for chunk in document.chunks))
    await both.add(document)
    hits = await both.find("lunch", near="Lunch is served at noon.")
    expected = embeddings(document)[0]
    assert {hit.chunk for hit in hits} == set(document.chunks)
    assert hits[0].chunk == document.chunks[0]
    assert hits[0].cosine == pytest.approx(1, abs=1e-3)
    assert hits[0].bm25 > 0
    assert hits[0].embedding is not None
    assert hits[0].embedding.vector == pytest.approx(expected.vector, abs=1e-3)
    assert hits[0].embedding.units == pytest.approx(expected.units, abs=1e-3)


async def test_no_more_than_asked_for_best_first(both: Both) -> None:
    """The limit holds, scores fall, and a smaller limit gives the beginning of the same list."""
    await both.add(*(a_document(f"{n}.md", [f"lunch {n}", f"soup {n}"]) for n in range(20)))
    hits = await both.find("lunch 7", near="lunch 7")
    assert ids(hits)[0] == "handbook:7.md#0"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for limit in (0, 1, 5):
        assert ids(await both.find("lunch 7", near="lunch 7", limit=limit)) == ids(hits)[:limit]


async def test_scores_are_fused_as_promised(both: Both) -> None:
    """Half the scaled cosine and half the scaled BM25, each leg scaled over its own hits; the raw scores stay."""
    texts = ["soup", "soup soup lunch", "lunch at noon", "noon", "vpn token", "soup of the day at noon"]
    await both.add(*(a_document(f"{n}.md", [text]) for n, text in enumerate(texts)))
    hits = await both.find("soup noon", near="noon")
    cosines = np.array([hit.cosine for hit in hits])
    words = np.array([hit.bm25 for hit in hits])
    assert len(hits) == len(texts)
    assert cosines == pytest.approx([float(vector("noon") @ vector(hit.chunk.text)) for hit in hits], abs=1e-3)
    said = words > 0
    assert {hit.chunk.text for hit in hits if hit.bm25} == {
        text for text in texts if {"soup", "noon"} & {*text.split()}
    }
    by_words = np.zeros(len(hits))
    by_words[said] = (words[said] - words[said].min()) / np.ptp(words[said])
    by_meaning = (cosines - cosines.min()) / np.ptp(cosines)
    assert [hit.score for hit in hits] == pytest.approx(list(0.5 * by_meaning + 0.5 * by_words), abs=1e-3)


async def test_only_the_first_hundred_of_each_leg_are_fused(both: Both) -> None:
    """However much matches, no more than two hundred chunks are candidates."""
    await both.add(
        *(a_document(f"{n}.md", [f"lunch {'soup ' * (n % 9)}{n}.{k}" for k in range(10)]) for n in range(30))
    )
    assert len(await both.find("lunch")) == 100
    assert 100 <= len(await both.find("lunch", near="anything")) <= 200


async def test_ties_break_by_chunk_id(both: Both) -> None:
    """Equal chunks come in the order of their ids, whatever the order in which they were indexed."""
    paths = [f"{n:03}.md" for n in range(130)]
    shuffled: list[str] = np.random.default_rng(1).permutation(paths).tolist()
    await both.add(*(a_document(path, ["lunch at noon"]) for path in shuffled))
    expected = [f"handbook:{path}#0" for path in paths[:100]]
    assert ids(await both.find("lunch")) == expected
    assert ids(await both.find("lunch", near="lunch at noon")) == expected


async def test_words_alone_search_without_a_vector(both: Both) -> None:
    """With the embedder down, what has the words is found, and nothing else."""
    await both.add(a_document("a.md", ["lunch at noon"]), a_document("b.md", ["vpn token"]))
    (hit,) = await both.find("when is LUNCH?")
    assert hit.chunk.text == "lunch at noon"
    assert hit.cosine == 0
    assert await both.find("nothing such") == []
    assert await both.find("") == []


async def test_a_vector_alone_searches_without_words(both: Both) -> None:
    """A question that shares no word with any document still finds the nearest."""
    await both.add(a_document("a.md", ["lunch at noon"]), a_document("b.md", ["vpn token"]))
    hits = await both.find("?!", near="vpn token")
    assert [hit.chunk.text for hit in hits] == ["vpn token", "lunch at noon"]
    assert [hit.bm25 for hit in hits] == [0, 0]


async def test_titles_and_headings_are_searched(both: Both) -> None:
    """A word that stands only in a heading finds the chunks under it."""
    document = a_document("a.md", ["Ask at the desk.", "Closed on Sundays."])
    lost, other = document.chunks
    await both.add(replace(document, chunks=(replace(lost, heading_path=("Visitors", "Lost badge")), other)))
    assert ids(await both.find("badges")) == [lost.id]
    assert len(await both.find("canteen")) == 2


async def test_identifiers_are_words(both: Both) -> None:
    """Codes and names from code are found whole, in parts, and in another spelling."""
    texts = ["ERR-1234 means retry", "call parseConfigFile first", "set max_retry_count", "see bot.adapters.local"]
    await both.add(*(a_document(f"{n}.md", [text]) for n, text in enumerate(texts)))
    asked = {"ERR-1234": 0, "err1234": 0, "parseConfigFile": 1, "parse_config_file": 1, "config": 1, "maxRetryCount": 2,
             "bot.adapters.local": 3}  # fmt: skip
    for text, expected in asked.items():
        assert ids(await both.find(text))[0] == f"handbook:{expected}.md#0", text


async def test_lent_words_count_less(both: Both) -> None:
    """What an earlier turn lends finds passages too, but the question's own words come first."""
    await both.add(*(a_document(f"{n}.md", [text]) for n, text in enumerate(("lunch hours", "parental leave", "noon"))))
    query = Query("leave", None, lent=(Lent("lunch", 0.5),))
    hits = await both.index.search(query, visible_to=MEMBERS, limit=9)
    assert [hit.chunk.text for hit in hits] == ["parental leave", "lunch hours"]
    assert hits[1].bm25 == pytest.approx(0.5 * (await both.find("lunch"))[0].bm25, rel=1e-3)


@pytest.mark.parametrize(
    "text", ['"', "a AND NOT (b", "* OR 1=1; --", "x" * 100_000, "\x00", "🤷🏽‍♀️", "\udc00", "NEAR/3"]
)
async def test_any_text_can_be_searched_for(both: Both, text: str) -> None:
    """No operator, quote or odd character in a question is more than text."""
    await both.add(a_document())
    assert await both.find(text) == []
    assert len(await both.find(text, near="x")) == 2


# --- who may read ---------------------------------------------------------------------------------------------------

principals = st.sampled_from([EVERYONE, STAFF, LAB, ANN, Principal("user", "U0BOB")])
lists = st.lists(principals, max_size=3, unique=True).map(tuple)
audiences = st.lists(st.frozensets(principals, max_size=4), max_size=4).map(lambda readers: Audience.of(*readers))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(readable_by=st.lists(lists, min_size=1, max_size=12), asking=st.lists(audiences, min_size=1, max_size=4))
async def test_hits_are_exactly_what_every_reader_may_read(
    new_indexes: NewIndexes,
    readable_by: list[tuple[Principal, ...]],
    asking: list[Audience],
) -> None:
    """For any access lists and any audience: no hit that one of them may not read, no match missing that all may."""
    documents = [a_document(f"{n}.md", ["lunch", f"soup {n}"], readable_by=who) for n, who in enumerate(readable_by)]
    async with opened(new_indexes()) as both:
        await both.add(*documents)
        for audience in (*asking, Audience.of()):
            readable = [document for document in documents if audience.may_read(document.readable_by)]
            chunks = {chunk.id for document in readable for chunk in document.chunks}
            lunches = {document.chunks[0].id for document in readable}
            assert set(ids(await both.find("lunch", near="lunch", visible_to=audience))) == chunks
            assert set(ids(await both.find("lunch", visible_to=audience))) == lunches
            assert await both.index.counts(visible_to=audience) == Counts(len(readable), 2 * len(readable))
            revisions = await both.index.revisions([document.id for document in documents], visible_to=audience)
            assert revisions == {document.id: document.revision for document in readable}
            everything = [chunk.id for document in documents for chunk in document.chunks]
            assert set(await both.index.chunks(everything, visible_to=audience)) == chunks
            counted = SourceCounts("handbook", len(readable), 2 * len(readable), NOON)
            assert await both.index.sources(visible_to=audience) == ((counted,) if readable else ())


async def test_what_is_hidden_does_not_take_the_place_of_what_is_not(both: Both) -> None:
    """Filtering happens before the best are taken: one readable chunk under 150 better hidden ones is found."""
    await both.add(*(a_document(f"{n}.md", ["lunch lunch"], readable_by=(LAB,)) for n in range(150)))
    await both.add(a_document("open.md", ["a long text in which lunch is mentioned once"]))
    assert ids(await both.find("lunch", near="lunch lunch")) == ["handbook:open.md#0"]


async def test_nobody_reads_nothing(both: Both) -> None:
    """An audience that could not be found out sees nothing at all."""
    await both.add(a_document())
    nobody = Audience.of()
    assert await both.find("lunch", near="lunch", visible_to=nobody) == []
    assert await both.index.counts(visible_to=nobody) == Counts(0, 0)
    assert await both.index.revisions(["handbook:canteen.md"], visible_to=nobody) == {}
    assert await both.index.chunks(["handbook:canteen.md#0"], visible_to=nobody) == {}
    assert await both.index.sources(visible_to=nobody) == ()


@pytest.mark.parametrize("by", ["upsert", "touch"])
async def test_a_changed_access_list_holds_at_once(both: Both, by: str) -> None:
    """The same content for other readers: the next search asks the new list, and hits carry it."""
    document = a_document(readable_by=(EVERYONE,))
    await both.add(document, a_document("other.md", ["noon"]))
    members = Audience.of((EVERYONE, LAB))
    for readable_by in ((LAB,), (EVERYONE,), (ANN, LAB)):
        if by == "upsert":
            await both.add(a_document(readable_by=readable_by))
        else:
            await both.writer.touch(document.id, fingerprint="2", readable_by=readable_by)
            await both.find("lunch")
            await both.add(a_document("other.md", ["noon"]))
        for audience in (MEMBERS, members):
            shown = audience.may_read(readable_by)
            hits = [hit for hit in await both.find("lunch", near="x", visible_to=audience) if "canteen" in hit.chunk.id]
            assert len(hits) == (2 if shown else 0)
            assert all(hit.chunk.readable_by == readable_by for hit in hits)
            assert (await both.index.counts(visible_to=audience)).documents == 1 + shown
    assert (await both.writer.known("handbook"))[document.id].fingerprint == ("1" if by == "upsert" else "2")


# --- by source, and by name -----------------------------------------------------------------------------------------


async def test_only_chosen_sources_are_searched(both: Both) -> None:
    """Words and vectors find only what belongs to the sources named; none named is all, an unknown one is nothing."""
    await both.add(*(a_document("a.md", ["lunch"], source=source) for source in ("handbook", "wiki", "notes")))
    for chosen in ({"wiki"}, {"wiki", "notes"}, {"wiki", "none"}, {"none"}):
        within = frozenset(chosen)
        expected = [f"{source}:a.md#0" for source in sorted(chosen - {"none"})]
        assert ids(await both.find("lunch", within=within)) == expected
        assert ids(await both.find("lunch", near="lunch", within=within)) == expected
    assert len(await both.find("lunch", near="lunch", within=frozenset())) == 3


async def test_other_sources_take_no_place(both: Both) -> None:
    """Filtering happens before the best are taken: one chunk of the source under 150 better ones elsewhere is found."""
    await both.add(*(a_document(f"{n}.md", ["lunch lunch"]) for n in range(150)))
    await both.add(a_document("a.md", ["a long text in which lunch is mentioned once"], source="wiki"))
    assert ids(await both.find("lunch", near="lunch lunch", within=frozenset({"wiki"}))) == ["wiki:a.md#0"]


async def test_a_source_opens_nothing(both: Both) -> None:
    """Who names a source still sees only what every reader may read of it."""
    await both.add(a_document("a.md", ["lunch"], source="wiki", readable_by=(LAB,)))
    await both.add(a_document("b.md", ["lunch"], source="wiki"))
    assert ids(await both.find("lunch", near="lunch", within=frozenset({"wiki"}))) == ["wiki:b.md#0"]


async def test_sources_are_searched_as_they_are_now(both: Both) -> None:
    """What was added, replaced or removed since the last search within the source is seen by the next."""
    within = frozenset({"wiki"})
    await both.add(a_document("a.md", ["lunch"]), a_document("a.md", ["lunch"], source="wiki"))
    assert ids(await both.find("lunch", within=within)) == ["wiki:a.md#0"]
    await both.add(a_document("b.md", ["lunch", "lunch"], source="wiki"), a_document("c.md", ["lunch"]))
    assert set(ids(await both.find("lunch", within=within))) == {"wiki:a.md#0", "wiki:b.md#0", "wiki:b.md#1"}
    await both.add(a_document("b.md", ["soup"], source="wiki"))
    await both.writer.delete(["wiki:a.md"])
    assert await both.find("lunch", within=within) == []
    assert ids(await both.find("", near="x", within=within)) == ["wiki:b.md#0"]


async def test_chunks_by_name(both: Both) -> None:
    """Each comes back as it was indexed; ids that name none are passed over, whatever they look like."""
    document, other = a_document(owner="People Ops"), a_document("b.md", ["soup"], updated=None)
    await both.add(document, other)
    asked = [document.chunks[1].id, other.chunks[0].id, "handbook:none.md#0", "", "%", "\udc00", "'; --"]
    found = await both.index.chunks([*asked, *asked], visible_to=MEMBERS)
    assert found == {document.chunks[1].id: document.chunks[1], other.chunks[0].id: other.chunks[0]}
    assert await both.index.chunks([], visible_to=MEMBERS) == {}


async def test_a_hidden_chunk_is_as_one_that_never_was(both: Both) -> None:
    """Neither its id nor its source tells whether it is there; with its readers it comes back."""
    hidden = a_document("pay.md", ["salaries"], readable_by=(LAB,), source="payroll")
    await both.add(a_document(), hidden)
    asked = [hidden.chunks[0].id, "handbook:none.md#0"]
    assert await both.index.chunks(asked, visible_to=MEMBERS) == {}
    assert await both.index.chunks(asked, visible_to=Audience.of((EVERYONE, LAB), (EVERYONE,))) == {}
    assert set(await both.index.chunks(asked, visible_to=Audience.of((LAB,)))) == {hidden.chunks[0].id}
    assert [one.source for one in await both.index.sources(visible_to=MEMBERS)] == ["handbook"]


async def test_sources_are_counted(both: Both) -> None:
    """By name, with the newest date of what may be read, across time zones; a source that is gone is not there."""
    later = NOON + timedelta(hours=1)
    east = (NOON + timedelta(minutes=30)).astimezone(timezone(timedelta(hours=9)))
    await both.add(a_document("a.md", ["one", "two"], source="wiki"), a_document("b.md", [], source="wiki"))
    await both.add(a_document("c.md", ["three"], source="wiki", updated=east))
    await both.add(a_document("d.md", ["four"], source="wiki", updated=later, readable_by=(LAB,)))
    await both.add(a_document("e.md", ["five"], source="handbook", updated=None))
    undated = SourceCounts("handbook", 1, 1, None)
    assert await both.index.sources(visible_to=MEMBERS) == (undated, SourceCounts("wiki", 3, 3, east))
    assert await both.index.sources(visible_to=Audience.of((EVERYONE, LAB))) == (
        undated,
        SourceCounts("wiki", 4, 4, later),
    )
    await both.writer.delete(["handbook:e.md"])
    assert [one.source for one in await both.index.sources(visible_to=MEMBERS)] == ["wiki"]


# --- what changes ---------------------------------------------------------------------------------------------------


async def test_a_document_is_replaced_as_a_whole(both: Both) -> None:
    """Of the old version nothing is found, of the new one everything, whichever is longer."""
    await both.add(a_document("a.md", ["old one", "old two", "old three"]), a_document("b.md", ["stays"]))
    await both.add(a_document("a.md", ["new one"]))
    assert {hit.chunk.text for hit in await both.find("", near="x")} == {"new one", "stays"}
    assert await both.find("old") == []
    assert await both.index.counts(visible_to=MEMBERS) == Counts(2, 2)
    await both.add(a_document("a.md", ["newer one", "newer two"]))
    assert {hit.chunk.text for hit in await both.find("", near="x")} == {"newer one", "newer two", "stays"}


async def test_deleted_means_gone(both: Both) -> None:
    """What is deleted is not found again, not counted, not known, and its words weigh nothing in what stays."""
    await both.add(a_document("b.md", ["lunch"]), a_document("c.md", ["noon"]))
    alone = (await both.find("lunch"))[0].bm25
    await both.add(a_document("a.md", ["lunch", "soup"]))
    assert await both.writer.delete(["handbook:a.md", "handbook:none.md"]) == 1
    assert ids(await both.find("lunch soup", near="soup")) == ["handbook:b.md#0", "handbook:c.md#0"]
    assert (await both.find("lunch"))[0].bm25 == pytest.approx(alone)
    assert await both.index.counts(visible_to=MEMBERS) == Counts(2, 2)
    assert await both.index.revisions(["handbook:a.md"], visible_to=MEMBERS) == {}
    assert set(await both.writer.known("handbook")) == {"handbook:b.md", "handbook:c.md"}
    assert await both.writer.delete([]) == 0


async def test_what_is_known_of_a_source(both: Both) -> None:
    """Revision, fingerprint and size of each document of that source alone; a touch changes the fingerprint alone."""
    first, second = a_document("a.md", ["one", "two"]), a_document("b.md", ["three"])
    other = a_document("b.md", ["three"], source="wiki")
    await both.add(first, second, other)
    await both.writer.touch(first.id, fingerprint="2")
    await both.writer.touch("handbook:none.md", fingerprint="2")
    await both.writer.touch("handbook:none.md", fingerprint="2", readable_by=(LAB,))
    assert await both.writer.known("handbook") == {
        first.id: Known(first.id, first.revision, "2", 2),
        second.id: Known(second.id, second.revision, "1", 1),
    }
    assert set(await both.writer.known("wiki")) == {other.id}
    assert await both.writer.known("none") == {}


async def test_chunks_need_their_embeddings(both: Both) -> None:
    """One too few is refused, and the version that was there stays."""
    await both.add(a_document(texts=["old"]))
    new = a_document(texts=["new one", "new two"])
    with pytest.raises(ValueError, match="2 chunks"):
        await both.writer.upsert(new, embeddings(new)[:1], fingerprint="2")
    assert [hit.chunk.text for hit in await both.find("", near="x")] == ["old"]


async def test_a_document_without_chunks(both: Both) -> None:
    """An empty page is known, so that it is not read again, and is never found."""
    await both.add(a_document("empty.md", []))
    assert await both.find("", near="x") == []
    assert (await both.writer.known("handbook"))["handbook:empty.md"].chunks == 0
    assert await both.index.counts(visible_to=MEMBERS) == Counts(1, 0)


async def test_vectors_without_units(both: Both) -> None:
    """An embedder that pools no units is welcome; its hits say so."""
    document = a_document(texts=["lunch"])
    await both.writer.upsert(document, [Embedding(vector("lunch"))], fingerprint="1")
    (hit,) = await both.find("lunch")
    assert hit.embedding is not None
    assert hit.embedding.units is None


async def test_everything_is_there_after_a_restart(indexes: Indexes) -> None:
    """Closed and opened again, the index answers as before, and can be written again."""
    async with opened(indexes) as both:
        await both.add(*(a_document(f"{n}.md", [f"lunch {n}", "soup"]) for n in range(5)))
        await both.writer.delete(["handbook:3.md"])
        before = await both.find("lunch 4", near="lunch 2")
    async with indexes.reading() as index:
        after = await index.search(Query("lunch 4", vector("lunch 2")), visible_to=MEMBERS, limit=EVERYTHING)
    assert [(hit.chunk, hit.score, hit.bm25, hit.cosine) for hit in before] == [
        (hit.chunk, hit.score, hit.bm25, hit.cosine) for hit in after
    ]
    async with opened(indexes) as both:
        assert set(await both.writer.known("handbook")) == {f"handbook:{n}.md" for n in (0, 1, 2, 4)}
        await both.add(a_document("3.md", ["back again"]))
        assert ids(await both.find("again")) == ["handbook:3.md#0"]


async def test_without_an_index_there_is_nothing_to_search(indexes: Indexes) -> None:
    """Reading before anything was indexed says so, and what to do."""
    with pytest.raises(NothingIndexed, match="footnote index"):
        async with indexes.reading():
            pass


@pytest.mark.parametrize("other", [{"model": "model-2"}, {"dimension": DIMENSION + 1}], ids=["model", "dimension"])
async def test_another_model_is_refused(indexes: Indexes, other: dict[str, str]) -> None:
    """Vectors of two models cannot be compared: neither side opens, and the index stays as it was."""
    async with opened(indexes) as both:
        await both.add(a_document(texts=["lunch"]))
    for side in (indexes.reading, indexes.writing):
        with pytest.raises(IndexMismatch, match="index again"):
            async with side(**other):
                pass
    async with opened(indexes) as both:
        assert len(await both.find("lunch")) == 1
