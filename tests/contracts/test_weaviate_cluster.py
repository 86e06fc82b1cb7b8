"""Three nodes with three copies: one of them dies while others read and write, and comes back to what it missed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection

import pytest

from bot.adapters.weaviate.client import Place
from bot.adapters.weaviate.index import WeaviateIndex
from bot.errors import IndexUnavailable
from bot.models import EVERYONE, Audience, Document, Hit, Query
from tests.contracts.weaviate_rig import DIMENSION, MODEL, STAFF, a_place, addition, vector
from tests.nouns import a_document
from tests.waiting import wait_until
from tests.weaviate_fixtures import OwnCluster
from tests.weaviate_server import HOST, WeaviateCluster, WeaviateServer

pytestmark = pytest.mark.timeout(180)

MEMBERS = Audience.of((EVERYONE,))
COPIES = 3
BEFORE, AFTER = 5, 20
"""Writes, and searches, that a death has before it and after it."""
IN_THE_END = 90.0
"""Seconds after which a wait has failed."""


@pytest.fixture
async def cluster(own_cluster: OwnCluster) -> WeaviateCluster:
    """Three nodes that this test may harm, set as the guide says but to compare what they have every second."""
    settings = {
        "COLLECTION_RETRIEVAL_STRATEGY": "LocalOnly",
        "ASYNC_REPLICATION_FREQUENCY": "1s",
        "ASYNC_REPLICATION_PROPAGATION_DELAY": "1s",
    }
    return await asyncio.to_thread(lambda: own_cluster(**settings))


def led(cluster: WeaviateCluster) -> tuple[WeaviateServer, list[WeaviateServer]]:
    """The node that leads, whose death the others feel most, and those others."""
    with closing(HTTPConnection(HOST, cluster.nodes[0].http_port, timeout=20.0)) as line:
        line.request("GET", "/v1/cluster/statistics")
        name: str = json.loads(line.getresponse().read())["statistics"][0]["leaderId"]
    (leader,) = (node for node in cluster.nodes if node.name == name)
    return leader, [node for node in cluster.nodes if node is not leader]


@dataclass
class Traffic:
    """Somebody who indexes and somebody who searches, over and over, until told to stop."""

    place: Place
    acknowledged: list[Document] = field(default_factory=list[Document])
    found: int = 0
    failed: list[IndexUnavailable] = field(default_factory=list[IndexUnavailable])
    stopped: bool = False

    async def write(self) -> None:
        """Index new documents; what counts is what was acknowledged."""
        async with WeaviateIndex.create(self.place, model=MODEL, dimension=DIMENSION) as writer:
            while not self.stopped:
                number = len(self.acknowledged)
                document = a_document(f"{number}.md", [f"lunch number {number}", f"soup of day {number}"])
                assert not await writer.upsert_many([addition(document)])
                self.acknowledged.append(document)

    async def read(self) -> None:
        """Search for what is there from the beginning."""
        async with WeaviateIndex.open(self.place, model=MODEL, dimension=DIMENSION) as index:
            query = Query("lunch number 0", vector("lunch number 0"))
            while not self.stopped:
                try:
                    hits = await index.search(query, visible_to=MEMBERS, limit=5)
                except IndexUnavailable as error:
                    self.failed.append(error)
                else:
                    assert hits[0].chunk.id == "handbook:0.md#0"
                    self.found += 1
                await asyncio.sleep(0.01)


async def has_all(place: Place, documents: list[Document]) -> bool:
    """Whether every document can be had from there, each with all its chunks as they were written."""
    wanted = {chunk.id: chunk for document in documents for chunk in document.chunks}
    async with WeaviateIndex.open(place, model=MODEL, dimension=DIMENSION) as index:
        try:
            return await index.chunks(list(wanted), visible_to=MEMBERS) == wanted
        except IndexUnavailable:  # as long as no other node leads, a reader that begins learns nothing
            return False


def at(place: Place, node: WeaviateServer) -> Place:
    """The same place by way of another node."""
    return replace(place, url=node.url, grpc_port=node.grpc_port)


async def find(place: Place, text: str) -> list[Hit]:
    """What members find there."""
    async with WeaviateIndex.open(place, model=MODEL, dimension=DIMENSION) as index:
        return await index.search(Query(text, vector(text)), visible_to=MEMBERS, limit=50)


async def in_the_end(holds: Callable[[], Awaitable[bool]]) -> None:
    """Return as soon as it holds."""
    async with asyncio.timeout(IN_THE_END):
        while not await holds():  # noqa: ASYNC110  (there is no event: another process has to be asked)
            await asyncio.sleep(0.2)


async def test_a_node_dies_and_nothing_is_lost(cluster: WeaviateCluster) -> None:
    """Reads and writes go on without it; what was acknowledged is whole at every node, at the one that returns too."""
    doomed, others = led(cluster)
    traffic = Traffic(a_place(others[0], replicas=COPIES))
    async with asyncio.TaskGroup() as both:
        both.create_task(traffic.write())
        await wait_until(lambda: len(traffic.acknowledged) >= BEFORE)
        both.create_task(traffic.read())
        await wait_until(lambda: traffic.found >= BEFORE)
        await asyncio.to_thread(doomed.kill)
        written, read = len(traffic.acknowledged), traffic.found
        await wait_until(
            lambda: len(traffic.acknowledged) >= written + AFTER and traffic.found >= read + AFTER, patience=IN_THE_END
        )
        traffic.stopped = True
    for node in others:
        assert await has_all(at(traffic.place, node), traffic.acknowledged)
    await asyncio.to_thread(doomed.start)
    alone = replace(at(traffic.place, doomed), consistency="ONE")
    await in_the_end(lambda: has_all(alone, traffic.acknowledged))


async def test_a_node_that_was_away_shows_nothing_that_is_gone(cluster: WeaviateCluster) -> None:
    """What was removed, changed or restricted meanwhile is not shown by way of it, not even by its first answer."""
    *others, away = cluster.nodes
    place = a_place(others[0], replicas=COPIES)
    gone, secret, changed = (a_document(f"{name}.md", [f"lunch is {name}"]) for name in ("gone", "secret", "changed"))
    after = a_document("changed.md", ["dinner is new"])
    async with WeaviateIndex.create(place, model=MODEL, dimension=DIMENSION) as writer:
        await writer.upsert_many([addition(document) for document in (gone, secret, changed)])
        await asyncio.to_thread(away.kill)
        await writer.delete([gone.id])
        await writer.touch(secret.id, fingerprint="2", readable_by=(STAFF,))
        await writer.upsert_many([addition(after, fingerprint="2")])
    await asyncio.to_thread(away.start)
    by_way_of_it = at(place, away)
    assert [hit for hit in await find(by_way_of_it, "lunch is") if "lunch" in hit.chunk.text] == []
    async with WeaviateIndex.open(by_way_of_it, model=MODEL, dimension=DIMENSION) as index:
        documents = (gone, secret, changed)
        assert {*await index.revisions([one.id for one in documents], visible_to=MEMBERS)} <= {changed.id}
        assert not await index.chunks([gone.chunks[0].id, secret.chunks[0].id], visible_to=MEMBERS)

    async def is_there() -> bool:
        return [hit.chunk for hit in await find(by_way_of_it, "dinner")] == list(after.chunks)

    await in_the_end(is_there)


async def test_whoever_knows_one_node_goes_down_with_it(cluster: WeaviateCluster) -> None:
    """A bot that was told one node's own address has no index until it is back; by way of another, nothing is lost."""
    known, (other, _) = led(cluster)
    traffic = Traffic(a_place(known, replicas=COPIES))
    async with asyncio.TaskGroup() as both:
        writing = both.create_task(traffic.write())
        await wait_until(lambda: len(traffic.acknowledged) >= BEFORE)
        both.create_task(traffic.read())
        await wait_until(lambda: traffic.found >= BEFORE)
        await asyncio.to_thread(known.kill)
        await wait_until(lambda: bool(traffic.failed))
        writing.cancel()
        traffic.stopped = True
    elsewhere = at(traffic.place, other)
    await in_the_end(lambda: has_all(elsewhere, traffic.acknowledged))
    async with WeaviateIndex.create(elsewhere, model=MODEL, dimension=DIMENSION) as writer:
        assert {one.id for one in traffic.acknowledged} <= set(await writer.known("handbook"))
        document = a_document("later.md", ["breakfast is at eight"])
        assert not await writer.upsert_many([addition(document)])
    assert (await find(elsewhere, "breakfast is at eight"))[0].chunk == document.chunks[0]
