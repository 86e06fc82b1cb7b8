"""A migration that is killed has broken nothing, and goes on when it is run again; questions go on all the while."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from weaviate import WeaviateAsyncClient

from bot.adapters.local.moving import LocalIndexes
from bot.adapters.weaviate.client import Place
from bot.adapters.weaviate.index import WeaviateIndex
from bot.adapters.weaviate.moving import WeaviateIndexes
from bot.errors import IndexMismatch
from bot.models import EVERYONE, Audience, Chunk, Embedding, Query
from bot.ports.migration import Indexes, Stock
from bot.ports.search import SearchIndex
from tests.architecture.sources import ROOT
from tests.contracts.migration_rig import DIMENSIONS, PARTS, STAFF, Around, House, WordEmbedder, page
from tests.waiting import wait_until
from tests.weaviate_server import WeaviateAddress

EMPLOYEE = Audience.of([EVERYONE, STAFF])
PAGES = 200
"""With their parts more than two batches of the embedder."""
stop: Stop
"""Where a migration in a process of its own ends."""
RANKED = 100
"""Passages that a search ranks of so many."""
POINTS = ("embedding", "storing", "judging", "switching", "half switched", "switched")


@pytest.fixture(params=["local", "weaviate"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    """A home whose index lies in it, and one whose index lies in Weaviate."""
    if request.param == "local":
        return House(tmp_path, None)
    address: WeaviateAddress = request.getfixturevalue("weaviate_address")
    return House(tmp_path, Place(address.url, f"t{uuid4().hex}", grpc_port=address.grpc_port))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("point", POINTS)
async def test_killed_and_run_again(house: House, point: str, tmp_path: Path) -> None:
    """After kill -9 questions are answered as before or as after; the next run moves what is not there yet."""
    await house.fill(*map(page, range(PAGES)))
    async with asked_all_the_while(house) as readers:
        await killed(house, point, tmp_path / "reached")
        await readers.settle()
        embedder = WordEmbedder("new")
        async with house.migration(embedder=embedder) as migration:
            did = (await migration.run()).did
        await readers.settle()
    assert did == ("up to date" if point == "switched" or (point, house.place) == ("half switched", None) else "moved")
    if point == "embedding":
        assert len(embedder.texts) == PAGES * PARTS
    elif point == "storing":
        assert 0 < len(embedder.texts) < PAGES * PARTS
    else:
        assert embedder.texts == []
    async with house.indexes("new") as indexes:
        live, previous = await indexes.live(), await indexes.previous()
        assert live
        assert previous
        assert len((await live.inventory()).entries) == len((await previous.inventory()).entries) == PAGES
    assert readers.answers > 0
    assert not readers.wrong


# --- questions meanwhile ----------------------------------------------------------------------------------------------


@dataclass
class Readers:
    """Two bots that are asked all the while: one runs with the settings of before, one with the new ones."""

    answers: int = 0
    wrong: list[str] = field(default_factory=list[str])
    rounds: int = 0

    def note(self, lengths: set[int], hits: int, model: str) -> None:
        """An answer's passages must be there, and all of the model that was asked."""
        self.answers += 1
        if lengths != {DIMENSIONS[model]} or hits != RANKED:
            self.wrong.append(f"{hits} hits with vectors of {lengths} numbers, asked with {model}")

    async def settle(self) -> None:
        """Until both have been asked twice more."""
        seen = self.rounds
        await wait_until(lambda: self.rounds >= seen + 2)


@asynccontextmanager
async def asked_all_the_while(house: House) -> AsyncGenerator[Readers]:
    """Ask both bots until the block ends, then once more; what the old one may not be asked any more is not asked."""
    readers = Readers()
    over = asyncio.Event()

    async def ask() -> None:
        async with house.reading("old") as index:
            while not over.is_set():
                switched = await _ask_new(house, readers)
                try:
                    await _ask(index, readers, "old")
                except IndexMismatch:  # one folder holds one index: until it is restarted, the old bot says so
                    if house.place or not (switched or await _ask_new(house, readers)):
                        readers.wrong.append("the old bot was refused")
                readers.rounds += 1

    asking = asyncio.create_task(ask())
    try:
        yield readers
    finally:
        over.set()
        await asking


async def _ask(index: SearchIndex, readers: Readers, model: str) -> None:
    if isinstance(index, WeaviateIndex):
        await index.check()  # at once what a reader otherwise does every ten seconds
    hits = await index.search(Query("page says", None), visible_to=EMPLOYEE, limit=RANKED)
    readers.note({len(hit.embedding.vector) for hit in hits if hit.embedding}, len(hits), model)


async def _ask_new(house: House, readers: Readers) -> bool:
    """Ask a bot with the new settings. False while it is told that the index is another."""
    try:
        async with house.reading("new") as index:
            await _ask(index, readers, "new")
    except IndexMismatch:
        return False
    return True


# --- who is killed ----------------------------------------------------------------------------------------------------


async def killed(house: House, point: str, reached: Path) -> None:
    """Run a migration in a process of its own, and kill it at a point that it waits at."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(house.home), json.dumps(_address(house.place)), point, str(reached)),
        cwd=ROOT,
    )
    try:
        await wait_until(lambda: child.returncode is not None or reached.exists())
    finally:
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGKILL)
        assert await child.wait() == -signal.SIGKILL


def _address(place: Place | None) -> list[str | int | None]:
    return [place.url, place.tenant, place.grpc_port] if place else []


@dataclass(frozen=True)
class Stop:
    """Waits at one point, for ever."""

    point: str
    reached: Path

    async def at(self, point: str) -> None:
        if point == self.point:
            self.reached.write_text("reached")
            await asyncio.Event().wait()

    def die(self) -> None:
        """Do not wait."""
        self.reached.write_text("reached")
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Stopping(Around):
    """Indexes that stop before a switch or after it."""

    stop: Stop

    async def switch(self, to: str) -> None:
        await self.stop.at("switching")
        await super().switch(to)
        await self.stop.at("switched")


class HalfLocal(LocalIndexes):
    """Dies between the two steps of a switch."""

    switching: Stop | None = None

    def _tidy(self) -> None:
        if self.switching:
            self.switching.die()
        super()._tidy()

    async def switch(self, to: str) -> None:
        self.switching = stop
        await super().switch(to)


class HalfWeaviate(WeaviateIndexes):
    """Dies between the two steps of a switch."""

    pointed = False

    async def _point(self, client: WeaviateAsyncClient, alias: str, to: str) -> None:
        if self.pointed:
            stop.die()
        self.pointed = True
        await super()._point(client, alias, to)


def half(house: House) -> Indexes:
    """Indexes that die in the middle of a switch."""
    dimension = DIMENSIONS["new"]
    if house.place is None:
        return HalfLocal(house.home, model="new", dimension=dimension)
    return HalfWeaviate(house.place, model="new", dimension=dimension)


class StoppingEmbedder(WordEmbedder):
    """Stops before the first batch, or before the last one."""

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        await stop.at("embedding")
        if self.texts and len(self.texts) + len(chunks) == PAGES * PARTS:
            await stop.at("storing")
        return await super().embed_chunks(chunks)


async def migrate(house: House) -> None:
    """Run until the point is reached."""

    async def judge(old: Stock, new: Stock) -> None:
        del old, new
        await stop.at("judging")

    def around(indexes: Indexes) -> Indexes:
        return half(house) if stop.point == "half switched" else Stopping(indexes, stop)

    async with house.migration(embedder=StoppingEmbedder("new"), judge=judge, around=around) as migration:
        await migration.run()


if __name__ == "__main__":
    stop = Stop(sys.argv[3], Path(sys.argv[4]))
    told: list[Any] = json.loads(sys.argv[2])
    place = Place(told[0], told[1], grpc_port=told[2]) if told else None
    asyncio.run(migrate(House(Path(sys.argv[1]), place)))
