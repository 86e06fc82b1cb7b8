"""What the writer to Weaviate promises beyond what every writer does: whole documents, whatever happens."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from bot.adapters.weaviate import schema
from bot.adapters.weaviate.client import Line, Place
from bot.adapters.weaviate.index import WeaviateIndex
from bot.adapters.weaviate.moving import WeaviateIndexes
from bot.adapters.weaviate.writer import WeaviateIndexWriter
from bot.errors import IndexUnavailable, Unreadable
from bot.models import EVERYONE, Audience, Document, Hit, Principal, Query
from bot.ports.search import Counts, Known
from tests.contracts.weaviate_rig import DIMENSION, MODEL, NEW, OLD, STAFF, a_place, addition, asked, vector
from tests.nouns import a_document
from tests.weaviate_fixtures import OwnWeaviate
from tests.weaviate_server import WeaviateAddress

MEMBERS = Audience.of((EVERYONE,))


@dataclass(frozen=True)
class Both:
    """The two sides of one tenant's index, open."""

    place: Place
    index: WeaviateIndex
    writer: WeaviateIndexWriter

    async def find(self, near: str, *, visible_to: Audience = MEMBERS, limit: int = 50) -> list[Hit]:
        """What lies near a text and has its words."""
        return await self.index.search(Query(near, vector(near)), visible_to=visible_to, limit=limit)

    async def add(self, *documents: Document, fingerprint: str = "1") -> None:
        """Index documents with the vectors of their texts."""
        assert not await self.writer.upsert_many([addition(one, fingerprint=fingerprint) for one in documents])


@asynccontextmanager
async def opened(place: Place, *, pauses: tuple[float, ...] = (0.1,) * 100) -> AsyncGenerator[Both]:
    """Both sides; the writer is patient."""
    async with (
        WeaviateIndex.create(place, model=MODEL, dimension=DIMENSION, pauses=pauses) as writer,
        WeaviateIndex.open(place, model=MODEL, dimension=DIMENSION) as index,
    ):
        yield Both(place, index, writer)


@pytest.fixture
async def both(weaviate_address: WeaviateAddress) -> AsyncGenerator[Both]:
    async with opened(a_place(weaviate_address)) as both:
        yield both


async def kept(place: Place) -> tuple[int, int]:
    """How many objects there are in the two collections, whoever may read them and whatever they are."""
    line, names = Line(place), schema.Names(schema.collection(MODEL, DIMENSION))
    async with line.reading() as client:
        found = [await line.part(client, name).aggregate.over_all() for name in (names.documents, names.chunks)]
    await line.close()
    return found[0].total_count or 0, found[1].total_count or 0


# --- a document changes as a whole ------------------------------------------------------------------------------------


async def test_readers_see_one_version_of_a_document(both: Both) -> None:
    """While two documents flip between versions of different length, each search finds one of each, and never none."""
    await both.add(a_document("a.md", OLD), a_document("b.md", OLD))
    flipping = asyncio.create_task(_flip(both, times=25))
    seen: set[tuple[str, str]] = set()
    searches = 0
    while not flipping.done():
        for near, limit in (("the new desk at noon", 50), ("soup", 3)):
            hits = await both.find(near, limit=limit)
            versions = {(hit.chunk.path, hit.chunk.revision) for hit in hits}
            assert len(versions) == len({path for path, _ in versions})
            assert limit == 3 or len(versions) == 2
            seen |= versions
        named = await both.index.chunks(["handbook:a.md#0", "handbook:a.md#1"], visible_to=MEMBERS)
        assert len({chunk.revision for chunk in named.values()}) == 1
        searches += 1
    await flipping
    assert len(seen) == 4
    assert searches > 10


async def _flip(both: Both, *, times: int) -> None:
    for number in range(times):
        texts = NEW if number % 2 == 0 else OLD
        await both.add(a_document("a.md", texts), a_document("b.md", texts), fingerprint=str(number))


@pytest.mark.parametrize("step", ["write", "flip", "settle", "forget", "remove"])
async def test_what_a_killed_writer_left_is_put_in_order(weaviate_address: WeaviateAddress, step: str) -> None:
    """Killed before any step: until then readers see one version; the next writer leaves the true one and no scraps."""
    place = a_place(weaviate_address)
    async with opened(place) as both:
        await both.add(a_document("a.md", OLD), a_document("gone.md", ["to be removed", "with the rest"]))
        before, after = (a_document("a.md", texts).revision for texts in (OLD, NEW))
        killed = await _killed(place, step)
        assert killed == -signal.SIGKILL
        true = {(await both.index.revisions(["handbook:a.md"], visible_to=MEMBERS))["handbook:a.md"]}
        hits = await both.find("the new desk at noon")
        assert {hit.chunk.revision for hit in hits if hit.chunk.path == "a.md"} == true
        assert true == {after if step in ("settle", "forget") else before}
    async with opened(place) as both:
        assert await both.writer.known("handbook") == {
            name: known
            for name, known in _known(after=true == {after}).items()
            if step != "remove" or "gone" not in name
        }
        documents, chunks = 2 - (step == "remove"), 3 + (true == {after}) + 2 * (step != "remove")
        assert await kept(place) == (documents, chunks)
        await both.add(a_document("a.md", NEW), fingerprint="2")
        hits = await both.find("the new desk at noon")
        assert sorted(hit.chunk.text for hit in hits if hit.chunk.path == "a.md") == sorted(NEW)


def _known(*, after: bool) -> dict[str, Known]:
    document, other = (
        a_document("a.md", NEW if after else OLD),
        a_document("gone.md", ["to be removed", "with the rest"]),
    )
    return {
        document.id: Known(document.id, document.revision, "2" if after else "1", len(document.chunks)),
        other.id: Known(other.id, other.revision, "1", 2),
    }


async def _killed(place: Place, step: str) -> int:
    """How a writer ended that was to die before a step."""
    command = ["-m", "tests.contracts.weaviate_rig", place.url, str(place.grpc_port), place.tenant, step]
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    return await process.wait()


async def test_nobody_sees_what_is_neither_the_old_nor_the_new_readers(both: Both) -> None:
    """While a document goes from one group to another and back, who was never in either finds nothing."""
    texts = [f"lunch {number}" for number in range(20)]
    await both.add(a_document("a.md", texts, readable_by=(STAFF,)))
    lab = Principal("group", "lab")

    async def pass_on() -> None:
        for readers in ((lab,), (STAFF, lab), (STAFF,)) * 2:
            await both.writer.touch("handbook:a.md", fingerprint="2", readable_by=readers)
            for reader in (STAFF, lab):
                hits = await both.find("lunch", visible_to=Audience.of((reader,)))
                assert len(hits) == (20 if reader in readers else 0)

    passing = asyncio.create_task(pass_on())
    while not passing.done():
        assert await both.find("lunch") == []
        assert await both.find("lunch", visible_to=Audience.of((STAFF,), (EVERYONE,))) == []
    await passing
    hits = await both.find("lunch 7", visible_to=Audience.of((STAFF,)))
    assert hits[0].chunk.text == "lunch 7"
    assert hits[0].cosine == pytest.approx(1, abs=1e-3)


async def test_an_index_that_is_kept_for_a_roll_back_hides_what_the_live_one_hides(
    weaviate_address: WeaviateAddress,
) -> None:
    """Bots that still read it lose what was removed, and what was taken from their readers, by touch or by upsert."""
    place, new = a_place(weaviate_address), "other-words-of-64"
    paths = ("gone.md", "touched.md", "replaced.md", "stays.md")
    async with opened(place) as before:
        await before.add(*(a_document(path, OLD) for path in paths))
        indexes = WeaviateIndexes(place, model=new, dimension=DIMENSION)
        async with indexes.filling() as filling:
            await filling.writer.upsert_many([addition(a_document(path, OLD)) for path in paths])
        await indexes.switch(filling.stock.name)
        await indexes.close()
        async with WeaviateIndex.create(place, model=new, dimension=DIMENSION) as writer:
            await writer.delete(["handbook:gone.md"])
            await writer.touch("handbook:touched.md", fingerprint="2", readable_by=(STAFF,))
            await writer.upsert_many([addition(a_document("replaced.md", NEW, readable_by=(STAFF,)))])
        assert {hit.chunk.path for hit in await before.find("noon")} == {"stays.md"}
        staff = await before.find("noon", visible_to=Audience.of((STAFF,)))
        assert {hit.chunk.text for hit in staff if hit.chunk.path == "replaced.md"} == {*OLD}


# --- what cannot be stored --------------------------------------------------------------------------------------------


async def test_a_document_that_cannot_be_stored_is_named_and_the_rest_goes_in(both: Both) -> None:
    """Half a character somewhere: its old version stays, nothing of the new one is left, the others are stored."""
    await both.add(a_document("a.md", OLD))
    *good, bad = a_document("a.md", NEW).chunks
    poison = replace(a_document("a.md", NEW), chunks=(*good, replace(bad, text="half a character: \udc00")))
    others = [a_document(f"{number}.md", ["soup", "noon"]) for number in range(20)]
    refused = await both.writer.upsert_many([addition(one) for one in (*others[:7], poison, *others[7:])])
    assert refused == {"handbook:a.md": "it holds half a character"}
    one = addition(poison)
    with pytest.raises(Unreadable, match="half a character"):
        await both.writer.upsert(one.document, one.embeddings, fingerprint="2")
    assert await both.index.counts(visible_to=MEMBERS) == Counts(21, 43)
    assert await kept(both.place) == (21, 43)
    hits = await both.find("the desk at noon")
    assert sorted(hit.chunk.text for hit in hits if hit.chunk.path == "a.md") == sorted(OLD)


async def test_many_chunks_are_deleted_however_few_a_server_takes_at_once(own_weaviate: OwnWeaviate) -> None:
    """A server that deletes five hundred objects a call: all of a longer document goes."""
    place = a_place(own_weaviate(QUERY_MAXIMUM_RESULTS="500"))
    async with opened(place) as both:
        await both.add(
            a_document("long.md", [f"lunch {number}" for number in range(700)]), a_document("b.md", ["soup"])
        )
        await both.add(a_document("long.md", ["lunch"]))
        assert await kept(place) == (2, 2)
        assert await both.writer.delete(["handbook:long.md"]) == 1
        assert await kept(place) == (1, 1)


# --- outages ----------------------------------------------------------------------------------------------------------


async def test_writing_outlasts_a_restart_and_reading_a_full_disk(own_weaviate: OwnWeaviate) -> None:
    """A write during a restart is done in the end; while nothing can be written, searches go on and writers say why."""
    server = own_weaviate()
    place = a_place(server)
    async with opened(place) as both:
        await both.add(a_document("a.md", OLD))
        await asyncio.to_thread(server.kill)
        adding = asyncio.create_task(both.add(a_document("b.md", OLD)))
        await asyncio.to_thread(server.start)
        await adding
        assert {hit.chunk.path for hit in await both.find("noon")} == {"a.md", "b.md"}
    shard = f"schema/{schema.collection(MODEL, DIMENSION)}/shards/{place.tenant}"
    asked(server.http_port, "PUT", shard, {"status": "READONLY"})
    async with opened(place, pauses=()) as both:
        with pytest.raises(IndexUnavailable, match="read-only"):
            await both.writer.upsert_many([addition(a_document("c.md", NEW))])
        with pytest.raises(IndexUnavailable):
            await both.writer.delete(["handbook:a.md"])
        assert {hit.chunk.path for hit in await both.find("noon")} == {"a.md", "b.md"}
        asked(server.http_port, "PUT", shard, {"status": "READY"})
    async with opened(place) as both:
        assert {hit.chunk.path for hit in await both.find("noon")} == {"b.md"}  # what was begun is ended
        await both.add(a_document("c.md", NEW))
        assert await both.index.counts(visible_to=MEMBERS) == Counts(2, 7)
