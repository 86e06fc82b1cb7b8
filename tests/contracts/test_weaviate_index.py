"""What the index in Weaviate promises beyond what every index does: the local ranking, and how it meets outages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.adapters.local.index import LocalIndex
from bot.adapters.weaviate import schema
from bot.adapters.weaviate.client import Line, Place
from bot.adapters.weaviate.facts import facts
from bot.adapters.weaviate.index import WeaviateIndex
from bot.errors import IndexMismatch, IndexUnavailable, Misconfigured, NothingIndexed, Unusable
from bot.models import EVERYONE, Audience, Document, Hit, Lent, Principal, Query
from tests.contracts.weaviate_rig import DIMENSION, MODEL, STAFF, a_place, addition, asked, handbook, vector
from tests.nouns import a_document
from tests.weaviate_fixtures import OwnWeaviate
from tests.weaviate_server import WeaviateAddress

ALL = Audience.of((EVERYONE, STAFF))
MEMBERS = Audience.of((EVERYONE,))

# --- the same ranking as the local index ------------------------------------------------------------------------------

SCORE, LENT_SCORE = 1e-5, 5e-3
"""How far a fused score may be from the local index's; with lent words whose weight is no simple fraction."""
RAW = 1e-5
"""How far raw scores may be apart, as a share of them."""
QUESTIONS = (
    "When is lunch?",
    "who may read a document",
    "what does the bot answer when the index is down",
    "Redis",
    "How do I share an answer with my channel?",
)


@dataclass(frozen=True)
class Twins:
    """The same documents in both indexes."""

    documents: list[Document]
    home: Path
    place: Place


@pytest.fixture(scope="module")
def twins(weaviate_address: WeaviateAddress, tmp_path_factory: pytest.TempPathFactory) -> Twins:
    twins = Twins(handbook(), tmp_path_factory.mktemp("home"), a_place(weaviate_address))

    async def fill() -> None:
        additions = [addition(document) for document in twins.documents]
        async with LocalIndex.create(twins.home, model=MODEL, dimension=DIMENSION, durable=False) as local:
            await local.upsert_many(additions)
        async with WeaviateIndex.create(twins.place, model=MODEL, dimension=DIMENSION) as writer:
            await writer.upsert_many(additions)

    asyncio.run(fill())
    return twins


@dataclass(frozen=True)
class Case:
    """A way to ask."""

    audience: Audience = ALL
    within: frozenset[str] = frozenset()
    lent: tuple[Lent, ...] = ()
    near: bool = True
    score: float = SCORE
    raw: float = RAW


CASES = {
    "plain": Case(),
    "for members": Case(audience=MEMBERS),
    "for two readers": Case(audience=Audience.of((EVERYONE, STAFF), (STAFF,))),
    "in one source": Case(within=frozenset({"handbook"})),
    "with lent words": Case(lent=(Lent("index documents", 0.5),)),
    "with odd weights": Case(lent=(Lent("index documents", 0.35), Lent("queue", 0.123)), score=LENT_SCORE, raw=0.01),
    "words alone": Case(near=False),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_it_ranks_as_the_local_index_does(twins: Twins, case: Case) -> None:
    """Of real text, the same first ten but for equal scores, the same scores within a tolerance, the same chunks."""
    async with (
        LocalIndex.open(twins.home, model=MODEL, dimension=DIMENSION) as local,
        WeaviateIndex.open(twins.place, model=MODEL, dimension=DIMENSION) as remote,
    ):
        for question in QUESTIONS:
            query = Query(question, vector(question) if case.near else None, case.lent)
            for limit in (10, 50):
                ours, theirs = [
                    await index.search(query, visible_to=case.audience, limit=limit, within=case.within)
                    for index in (local, remote)
                ]
                assert ours, question
                _check_same(ours, theirs, case)


def _check_same(ours: Sequence[Hit], theirs: Sequence[Hit], case: Case) -> None:
    """The scores are the same place by place, and so are all hits but those as good as the last."""
    assert [hit.score for hit in theirs] == pytest.approx([hit.score for hit in ours], abs=case.score)
    clear = ours[-1].score + case.score
    mine, others = ({hit.chunk.id: hit for hit in hits} for hits in (ours, theirs))
    for name in (hit.chunk.id for hit in (*ours, *theirs) if hit.score > clear):
        assert others[name].chunk == mine[name].chunk
        assert others[name].cosine == pytest.approx(mine[name].cosine, abs=RAW)
        if others[name].bm25:  # the leg of words missed it otherwise
            assert others[name].bm25 == pytest.approx(mine[name].bm25, rel=case.raw)


async def test_hits_have_the_vectors_that_were_asked_for(twins: Twins) -> None:
    """Without vectors the cosine is the one that the server ranked by, or 0; without units there are none."""
    question = QUESTIONS[0]
    query = Query(question, vector(question))
    async with WeaviateIndex.open(twins.place, model=MODEL, dimension=DIMENSION, vectors=False) as index:
        bare = await index.search(query, visible_to=ALL, limit=10)
    async with WeaviateIndex.open(twins.place, model=MODEL, dimension=DIMENSION, units=False) as index:
        full = await index.search(query, visible_to=ALL, limit=10)
    assert [hit.embedding for hit in bare] == [None] * 10
    ranked = [(one.cosine, other.cosine) for one, other in zip(bare, full, strict=True) if one.cosine]
    assert len(ranked) > 5
    assert all(one == pytest.approx(other, abs=1e-3) for one, other in ranked)
    assert all(hit.embedding is not None and hit.embedding.units is None for hit in full)


async def test_a_channel_of_hundreds_reads_what_all_of_them_may(twins: Twins) -> None:
    """Every member with groups of their own: what everyone may read is found, and nothing else."""
    crowd = Audience.of(*((EVERYONE, Principal("user", f"U{n}"), Principal("group", f"g{n % 7}")) for n in range(300)))
    query = Query("Redis", vector("Redis"))
    async with WeaviateIndex.open(twins.place, model=MODEL, dimension=DIMENSION) as index:
        hits = await index.search(query, visible_to=crowd, limit=20)
        assert {hit.chunk.readable_by for hit in hits} == {(EVERYONE,)}
        assert await index.counts(visible_to=crowd) == await index.counts(visible_to=MEMBERS)


async def test_names_are_taken_to_the_letter(weaviate_address: WeaviateAddress) -> None:
    """Spaces around a name make another name, though Weaviate's own filters pass over them."""
    place = a_place(weaviate_address)
    spaced = Principal("group", "staff ")
    documents = [a_document("a.md", readable_by=(spaced,)), a_document("b.md ", readable_by=(STAFF,))]
    async with WeaviateIndex.create(place, model=MODEL, dimension=DIMENSION) as writer:
        await writer.upsert_many([addition(one) for one in (*documents, a_document("b.md", readable_by=(STAFF,)))])
        await writer.delete(["handbook:b.md"])
        async with WeaviateIndex.open(place, model=MODEL, dimension=DIMENSION) as index:
            for reader, path in ((spaced, "a.md"), (STAFF, "b.md ")):
                hits = await index.search(Query("canteen", None), visible_to=Audience.of((reader,)), limit=9)
                assert {hit.chunk.path for hit in hits} == {path}


# --- which index is read ----------------------------------------------------------------------------------------------


async def _switch(place: Place, *, to: str, before: str) -> None:
    """What a migration does at its end."""
    line = Line(place)
    async with line.writing() as client:
        await client.alias.create(alias_name=schema.alias_before(place.tenant), target_collection=before)
        await client.alias.update(alias_name=schema.alias(place.tenant), new_target_collection=to)
    await line.close()


async def test_a_bot_with_the_old_settings_goes_on_after_a_migration(weaviate_address: WeaviateAddress) -> None:
    """Each model's bot reads its own collection; with the settings of neither there is nothing that fits."""
    place = a_place(weaviate_address)
    new, old = "other-words-of-64", MODEL
    async with WeaviateIndex.create(place, model=old, dimension=DIMENSION) as writer:
        await writer.upsert_many([addition(a_document("old.md"))])
    with pytest.raises(IndexMismatch, match="footnote migrate"):
        async with WeaviateIndex.open(place, model=new, dimension=DIMENSION):
            pass
    line = Line(place)
    names = schema.Names(schema.collection(new, DIMENSION))
    async with line.writing() as client:
        await schema.ensure(client, place, names)
    await line.close()
    await _switch(place, to=names.chunks, before=schema.collection(old, DIMENSION))
    async with WeaviateIndex.create(place, model=new, dimension=DIMENSION) as writer:
        await writer.upsert_many([addition(a_document("new.md"))])
    for model, path in ((old, "old.md"), (new, "new.md")):
        async with WeaviateIndex.open(place, model=model, dimension=DIMENSION) as index:
            hits = await index.search(Query("canteen", None), visible_to=MEMBERS, limit=9)
            assert {hit.chunk.path for hit in hits} == {path}
    with pytest.raises(IndexMismatch):
        async with WeaviateIndex.create(place, model=old, dimension=DIMENSION):
            pass


async def test_an_index_that_was_removed_is_missed_at_once(weaviate_address: WeaviateAddress) -> None:
    """A reader that has it open says that nothing is indexed, and finds the one that is made anew."""
    place, model = a_place(weaviate_address), "removed-while-read"
    query = Query("canteen", None)
    async with WeaviateIndex.create(place, model=model, dimension=DIMENSION) as writer:
        await writer.upsert_many([addition(a_document())])
    async with WeaviateIndex.open(place, model=model, dimension=DIMENSION) as index:
        assert len(await index.search(query, visible_to=MEMBERS, limit=9)) == 2
        port, names = weaviate_address.http_port, schema.Names(schema.collection(model, DIMENSION))
        for path in (f"aliases/{schema.alias(place.tenant)}", f"schema/{names.chunks}", f"schema/{names.documents}"):
            asked(port, "DELETE", path)
        with pytest.raises(NothingIndexed):
            await index.search(query, visible_to=MEMBERS, limit=9)
        async with WeaviateIndex.create(place, model=model, dimension=DIMENSION) as writer:
            await writer.upsert_many([addition(a_document("new.md"))])
        hits = await index.search(query, visible_to=MEMBERS, limit=9)
        assert {hit.chunk.path for hit in hits} == {"new.md"}


# --- outages ----------------------------------------------------------------------------------------------------------


async def test_it_opens_without_a_server_and_mends_itself(own_weaviate: OwnWeaviate) -> None:
    """Down, up, paused, killed: each search ends with hits or `IndexUnavailable`, and works again after the outage."""
    server = own_weaviate()
    place = a_place(server)
    query = Query("canteen", None)
    await asyncio.to_thread(server.stop)
    async with WeaviateIndex.open(place, model=MODEL, dimension=DIMENSION, deadline=0.5) as index:

        async def found() -> int:
            return len(await index.search(query, visible_to=MEMBERS, limit=9))

        with pytest.raises(IndexUnavailable):
            await found()
        await asyncio.to_thread(server.start)
        with pytest.raises(NothingIndexed):
            await found()
        async with WeaviateIndex.create(place, model=MODEL, dimension=DIMENSION) as writer:
            await writer.upsert_many([addition(a_document())])
        assert await found() == 2
        for fail, mend in ((server.pause, server.resume), (server.kill, server.start)):
            await asyncio.to_thread(fail)
            with pytest.raises(IndexUnavailable):
                await found()
            await asyncio.to_thread(mend)
            assert await _in_the_end(found) == 2


async def _in_the_end(found: Callable[[], Awaitable[int]]) -> int:
    """What a search finds as soon as there is one that works; thirty seconds are too long."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await found()
            except IndexUnavailable:
                await asyncio.sleep(0.05)


async def test_who_is_refused_is_told_what_to_set(own_weaviate: OwnWeaviate) -> None:
    """Without a key, or with a wrong one, which stands in no message; with the right one all works."""
    server = own_weaviate(
        AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED="false",
        AUTHENTICATION_APIKEY_ENABLED="true",
        AUTHENTICATION_APIKEY_ALLOWED_KEYS="open-sesame",
        AUTHENTICATION_APIKEY_USERS="footnote",
    )
    for key in (None, "wrong-key"):
        place = a_place(server, api_key=key)
        with pytest.raises(Unusable, match="WEAVIATE_API_KEY") as refused:
            async with WeaviateIndex.open(place, model=MODEL, dimension=DIMENSION):
                pass
        assert "wrong-key" not in f"{refused.value}{place!r}"
    place = a_place(server, api_key="open-sesame")
    async with WeaviateIndex.create(place, model=MODEL, dimension=DIMENSION) as writer:
        await writer.upsert_many([addition(a_document())])
    async with WeaviateIndex.open(place, model=MODEL, dimension=DIMENSION) as index:
        assert len(await index.search(Query("canteen", None), visible_to=MEMBERS, limit=9)) == 2


@pytest.mark.parametrize(
    "url",
    ["", "weaviate:8080", "ftp://weaviate", "http://weaviate:port", "http://weaviate/path", "http://me:pw@weaviate"],
)
async def test_a_malformed_address_is_said_by_name(url: str) -> None:
    """Before anything is asked of anybody, and without what stands in it."""
    with pytest.raises(Misconfigured, match=r"^WEAVIATE_URL is not an address such as http://weaviate:8080"):
        async with WeaviateIndex.open(Place(url, "t1"), model=MODEL, dimension=DIMENSION):
            pass


async def test_what_the_doctor_is_told(twins: Twins) -> None:
    """Version, nodes, and the index by name, status and size; of a tenant without one, the server alone."""
    told = await facts(twins.place)
    assert {**told, "version": ""} == {
        "version": "",
        "nodes": "1",
        "healthy": "1",
        "index": schema.collection(MODEL, DIMENSION),
        "before": "",
        "status": "READY",
        "documents": str(len(twins.documents)),
        "chunks": str(sum(len(document.chunks) for document in twins.documents)),
    }
    assert (await facts(replace(twins.place, tenant="nobody")))["index"] == ""
