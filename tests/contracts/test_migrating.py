"""What a migration promises of every place that an index can lie in, and between them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from bot.adapters.weaviate import schema
from bot.adapters.weaviate.client import Line, Place
from bot.adapters.weaviate.index import WeaviateIndex
from bot.adapters.weaviate.objects import document_uuid
from bot.errors import BadRequest, IndexMismatch
from bot.models import EVERYONE, Audience, Hit, Query
from bot.ports.migration import Stock
from bot.ports.search import SearchIndex
from indexing.migrate import OURS
from indexing.progress import Progress
from indexing.turn import turn
from tests.contracts.migration_rig import (
    PARTS,
    STAFF,
    House,
    Marked,
    Model,
    Refusing,
    WordEmbedder,
    page,
)
from tests.waiting import wait_until
from tests.weaviate_server import WeaviateAddress

EMPLOYEE = Audience.of([EVERYONE, STAFF])
MEMBER = Audience.of([EVERYONE])
PAGES = 12


@pytest.fixture(params=["local", "weaviate"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    """A home whose index lies in it, and one whose index lies in Weaviate."""
    if request.param == "local":
        return House(tmp_path, None)
    return House(tmp_path, a_place(request.getfixturevalue("weaviate_address")))


@pytest.fixture
def company(weaviate_address: WeaviateAddress, tmp_path: Path) -> House:
    """A home whose index lies in Weaviate."""
    return House(tmp_path, a_place(weaviate_address))


def a_place(address: WeaviateAddress) -> Place:
    return Place(address.url, f"t{uuid4().hex}", grpc_port=address.grpc_port)


async def found(index: SearchIndex, word: str, audience: Audience = EMPLOYEE) -> list[Hit]:
    """Every passage that says the word, in the order of pages."""
    hits = await index.search(Query(word, None), visible_to=audience, limit=1_000)
    return sorted((hit for hit in hits if hit.bm25 > 0), key=lambda hit: hit.chunk.id)


async def indexed(house: House, model: Model, word: str = "oldmarker", audience: Audience = EMPLOYEE) -> list[Hit]:
    """The same of what is live."""
    async with house.reading(model) as index:
        return await found(index, word, audience)


# --- there ------------------------------------------------------------------------------------------------------------


async def test_nothing_to_move(house: House) -> None:
    """With nothing indexed, and with what the settings ask for, there is nothing to do."""
    async with house.migration() as migration:
        assert (await migration.run()).did == "nothing indexed"
    await house.fill(page(1), model="new")
    async with house.migration() as migration:
        assert (await migration.run()).did == "up to date"


async def test_moved_to_another_model(house: House) -> None:
    """All that was indexed is there for the new model, for the same readers, and no longer for the old one's words."""
    await house.fill(*map(page, range(PAGES)))
    before = await indexed(house, "old")
    embedder = WordEmbedder("new")
    async with house.migration(embedder=embedder) as migration:
        moved = await migration.run()
    assert (moved.did, moved.written, moved.total.documents, moved.total.chunks) == ("moved", 12, 12, 36)
    assert {key: counts.documents for key, counts in moved.parts.items()} == {
        ("handbook", (EVERYONE,)): 8,
        ("handbook", (STAFF,)): 4,
    }
    after = await indexed(house, "new")
    assert [hit.chunk for hit in after] == [hit.chunk for hit in before]
    assert len(await indexed(house, "new", audience=MEMBER)) == 8 * PARTS
    for hit in after:
        assert hit.embedding is not None
        assert np.allclose(hit.embedding.vector, embedder.vector(hit.chunk.text), atol=1e-3)
    assert len(embedder.texts) == PAGES * PARTS


async def test_known_documents_stay_known(house: House) -> None:
    """The next indexing run finds every document as unchanged as it was."""
    await house.fill(page(1), page(2), fingerprint="stamp|rules|everyone")
    async with house.writing("old") as writer:
        before = await writer.known("handbook")
    async with house.migration() as migration:
        await migration.run()
    async with house.writing("new") as writer:
        assert await writer.known("handbook") == before


async def test_rebuilt_with_the_vectors_it_has(house: House) -> None:
    """A new index of the same model takes the vectors over: nothing is embedded again."""
    await house.fill(*map(page, range(PAGES)))
    before = await indexed(house, "old")
    embedder = WordEmbedder("old")
    async with house.migration("old", embedder=embedder) as migration:
        moved = await migration.run(rebuild=True)
    assert (moved.did, embedder.texts) == ("moved", [])
    for was, now in zip(before, await indexed(house, "old"), strict=True):
        assert was.chunk == now.chunk
        assert was.embedding is not None
        assert now.embedding is not None
        assert was.embedding.units is not None
        assert now.embedding.units is not None
        assert np.allclose(was.embedding.vector, now.embedding.vector, atol=1e-6)
        assert np.allclose(was.embedding.units, now.embedding.units, atol=1e-3)


async def test_progress_is_told(house: House) -> None:
    """Who watches hears how far it is, how quickly it goes and how long it takes."""
    await house.fill(*map(page, range(PAGES)))
    seen: list[Progress] = []
    async with house.migration(seen=seen) as migration:
        await migration.run()
    assert (seen[-1].read, seen[-1].documents, seen[-1].embedded, seen[-1].chunks) == (12, 12, 36, 36)
    assert seen[-1].rate > 0
    assert seen[-1].seconds_left == 0


# --- what changes meanwhile -------------------------------------------------------------------------------------------


async def test_changes_meanwhile_are_taken_in(house: House) -> None:
    """What changed, came, went or got other readers during the run stands in the new index as in the old one."""
    await house.fill(*map(page, range(PAGES)))

    async def meanwhile(old: Stock, new: Stock) -> None:
        del old, new
        await house.fill(page(1, "changedmarker"), page(20))
        async with house.writing("old") as writer:
            await writer.delete([page(2).id])
            await writer.touch(page(4).id, fingerprint="2", readable_by=(STAFF,))

    async with house.migration(judge=meanwhile) as migration:
        moved = await migration.run()
    assert (moved.did, moved.removed) == ("moved", 1)
    assert {hit.chunk.path for hit in await indexed(house, "new", "changedmarker")} == {"page1.md"}
    assert {hit.chunk.path for hit in await indexed(house, "new")} == {
        f"page{number}.md" for number in {*range(PAGES), 20} - {1, 2}
    }
    assert "page4.md" not in {hit.chunk.path for hit in await indexed(house, "new", audience=MEMBER)}


async def test_an_indexer_is_waited_for(house: House) -> None:
    """The switch waits until the indexer has finished, and indexers wait until it is over."""
    await house.fill(page(1))
    steps: list[str] = []
    async with house.migration(steps=steps) as migration:
        async with turn(house.home, "indexing.lock", on_wait=lambda: None):
            moving = asyncio.create_task(migration.run())
            await wait_until(lambda: "Waiting for the indexer to finish." in steps)
            await house.fill(page(2))
        assert (await moving).total.documents == 2


async def test_two_at_once_on_one_machine(house: House) -> None:
    """The second waits for the first, and then finds nothing to do."""
    await house.fill(page(1))
    steps: list[str] = []
    async with house.migration() as first, house.migration(steps=steps) as second:
        async with turn(house.home, OURS, on_wait=lambda: None):
            both = [asyncio.create_task(one.run()) for one in (first, second)]
            await wait_until(lambda: "Waiting for another migration on this machine." in steps)
        assert {moved.did for moved in await asyncio.gather(*both)} == {"moved", "up to date"}


async def test_a_reader_sees_one_index_or_the_other(house: House) -> None:
    """While an index of the same model is filled and switched to, no search fails and none has hits of both."""
    await house.fill(*map(page, range(PAGES)))
    said: list[set[str]] = []
    over = asyncio.Event()

    async def ask(index: SearchIndex) -> None:
        while not over.is_set():
            if isinstance(index, WeaviateIndex):
                await index.check()  # at once what a reader otherwise does every ten seconds
            hits = await index.search(Query("page says", None), visible_to=EMPLOYEE, limit=1_000)
            said.append({hit.chunk.text.split()[-1] for hit in hits})
            assert len(hits) == PAGES * PARTS

    async with house.reading("old") as index, house.migration("old", around=Marked) as migration:
        asking = asyncio.create_task(ask(index))
        await migration.run(rebuild=True)
        await wait_until(lambda: said[-1:] == [{"newmarker."}])
        over.set()
        await asking
    assert {frozenset(words) for words in said} == {frozenset({"oldmarker."}), frozenset({"newmarker."})}


# --- stopping before the switch ---------------------------------------------------------------------------------------


async def test_a_worse_index_is_not_switched_to(house: House) -> None:
    """Where the judged questions say no, the old one goes on, and the next try begins where this one ended."""
    await house.fill(*map(page, range(PAGES)))

    async def refuse(old: Stock, new: Stock) -> None:
        raise BadRequest(f"{new.name} is worse than {old.name}")

    async with house.migration(judge=refuse) as migration:
        with pytest.raises(BadRequest, match="is worse than"):
            await migration.run()
    assert len(await indexed(house, "old")) == PAGES * PARTS
    embedder = WordEmbedder("new")
    async with house.migration(embedder=embedder) as migration:
        assert (await migration.run()).did == "moved"
    assert embedder.texts == []


# --- and back ---------------------------------------------------------------------------------------------------------


async def test_back_to_the_index_of_before(house: House) -> None:
    """The old index is live again; what was removed since, or is for others now, does not come back with it."""
    await house.fill(*map(page, range(PAGES)))
    async with house.migration() as migration:
        await migration.run()
    await house.fill(page(1, "changedmarker"), model="new", fingerprint="2")
    async with house.writing("new") as writer:
        await writer.delete([page(2).id])
        await writer.touch(page(4).id, fingerprint="2", readable_by=(STAFF,))
    async with house.migration() as migration:
        back = await migration.back()
    assert (back.did, back.behind) == ("returned", 1)
    after = {hit.chunk.path for hit in await indexed(house, "old")}
    assert after == {f"page{number}.md" for number in {*range(PAGES)} - {2}}
    assert "page4.md" not in {hit.chunk.path for hit in await indexed(house, "old", audience=MEMBER)}
    async with house.migration() as migration:
        assert (await migration.back()).did == "returned"
    assert len(await indexed(house, "new", "changedmarker")) == PARTS


async def test_no_way_back(house: House) -> None:
    """Without an earlier index there is nothing to go back to."""
    await house.fill(page(1))
    async with house.migration("old") as migration:
        with pytest.raises(BadRequest, match="nothing to go back to"):
            await migration.back()


async def test_the_old_one_is_forgotten(house: House) -> None:
    """What is kept goes when it is asked for by name, what is live never does."""
    await house.fill(page(1))
    async with house.migration() as migration:
        await migration.run()
        names = list(await migration.indexes.spare())
        assert len(names) == 1
        live = await migration.indexes.live()
        assert live
        assert await migration.forget([*names, live.name]) == names
        assert not await migration.indexes.spare()
        assert await migration.indexes.previous() is None
    assert len(await indexed(house, "new")) == PARTS


# --- Weaviate ---------------------------------------------------------------------------------------------------------


async def test_from_the_home_folder_to_weaviate(company: House) -> None:
    """A company's first migration fills Weaviate from the laptop's index, with its vectors where the model stays."""
    laptop = House(company.home, None)
    await laptop.fill(*map(page, range(PAGES)))
    before = await indexed(laptop, "old")
    embedder = WordEmbedder("old")
    async with company.migration("old", embedder=embedder) as migration:
        assert (await migration.run()).total.chunks == PAGES * PARTS
        assert (await migration.run()).did == "up to date"
    assert embedder.texts == []
    assert [hit.chunk for hit in await indexed(company, "old")] == [hit.chunk for hit in before]


async def test_from_the_home_folder_to_another_model(company: House) -> None:
    """With another model besides, the texts are embedded."""
    await House(company.home, None).fill(page(1))
    async with company.migration() as migration:
        assert (await migration.run()).did == "moved"
    assert len(await indexed(company, "new")) == PARTS


async def test_tenants_move_alone(company: House, weaviate_address: WeaviateAddress) -> None:
    """What one workspace migrates and forgets is no other's business, though they share every collection."""
    other = House(company.home / "other", a_place(weaviate_address))
    other.home.mkdir()
    for one in (company, other):
        await one.fill(page(1))
    async with company.migration() as migration:
        await migration.run()
        await migration.forget(await migration.indexes.spare())
    assert len(await indexed(other, "old")) == PARTS
    assert len(await indexed(company, "new")) == PARTS


async def test_readers_with_the_old_settings_go_on(company: House) -> None:
    """After the switch a bot that was not restarted answers from the index it knows, until that is forgotten."""
    await company.fill(page(1))
    assert company.place
    async with company.reading("old") as index, company.migration() as migration:
        assert isinstance(index, WeaviateIndex)
        await migration.run()
        await index.check()
        assert len(await found(index, "oldmarker")) == PARTS
        await migration.forget(await migration.indexes.spare())
        with pytest.raises(IndexMismatch):
            await index.check()


async def test_two_at_once_on_two_machines(company: House, tmp_path: Path) -> None:
    """With homes of their own no lock keeps two apart; both end well, and everything is there once."""
    await company.fill(*map(page, range(PAGES)))
    there = replace(company, home=tmp_path / "there")
    there.home.mkdir()
    async with company.migration() as one, there.migration() as other:
        moved = await asyncio.gather(one.run(), other.run())
    assert {each.did for each in moved} <= {"moved", "up to date"}
    assert len(await indexed(company, "new")) == PAGES * PARTS


async def test_what_another_machine_spoils_is_mended(company: House) -> None:
    """Chunks that another migration has taken for leftovers, and leftovers of its own, are found by the last look."""
    await company.fill(*map(page, range(PAGES)))

    async def spoil(old: Stock, new: Stock) -> None:
        del old
        assert company.place
        line = Line(company.place)
        async with line.reading() as client:
            chunks = line.part(client, schema.Names(new.name).chunks)
            one = (await chunks.query.fetch_objects(limit=1)).objects[0]
            await chunks.data.delete_by_id(one.uuid)
            stray = {**one.properties, "document_id": "stray", "document": document_uuid("stray"), "version": "x"}
            await chunks.data.insert(stray, vector={schema.VECTOR: [0.1] * 48})
        await line.close()

    async with company.migration(judge=spoil) as migration:
        moved = await migration.run()
    assert moved.written == PAGES + 1
    assert len(await indexed(company, "new")) == PAGES * PARTS


async def test_documents_that_the_new_index_refuses(company: House) -> None:
    """Where many documents cannot be taken over nothing is switched, unless somebody insists."""
    laptop = House(company.home, None)
    await laptop.fill(*map(page, range(PAGES)))

    async with company.migration("old", around=Refusing) as migration:
        with pytest.raises(BadRequest, match=r"12 of 12 documents cannot be taken over .*--force"):
            await migration.run()
    async with company.migration("old", around=Refusing, force=True) as migration:
        assert len((await migration.run()).left_out) == PAGES


async def test_whoever_is_overtaken_stops(company: House, tmp_path: Path) -> None:
    """When another machine has switched meanwhile, nothing more is written, and all is well."""
    await company.fill(*map(page, range(PAGES)))
    there = replace(company, home=tmp_path / "there")
    there.home.mkdir()

    async def meanwhile(old: Stock, new: Stock) -> None:
        del old, new
        async with there.migration() as other:
            assert (await other.run()).did == "moved"
        await company.fill(page(1, "changedmarker"), model="new")

    async with company.migration(judge=meanwhile) as migration:
        assert (await migration.run()).did == "up to date"
    assert len(await indexed(company, "new", "changedmarker")) == PARTS


async def test_what_an_indexer_left_halfway_is_left_out(company: House) -> None:
    """A document of which some chunks are missing is not taken over, but named: indexing reads it again."""
    await company.fill(*map(page, range(PAGES)))
    assert company.place
    line = Line(company.place)
    async with line.reading() as client:
        live = await schema.live(client, schema.alias(company.place.tenant))
        assert live
        chunks = line.part(client, live)
        one = (await chunks.query.fetch_objects(limit=1)).objects[0]
        await chunks.data.delete_by_id(one.uuid)
    await line.close()
    async with company.migration() as migration:
        moved = await migration.run()
    assert list(moved.left_out) == [one.properties["document_id"]]
    async with company.writing("new") as writer:
        assert (
            moved.left_out.keys()
            == {page(number).id for number in range(PAGES)} - (await writer.known("handbook")).keys()
        )
