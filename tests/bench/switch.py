"""An index in Weaviate is filled anew and switched to under a steady load of questions: failed, mixed and slow answers.

A pipeline with the reader of a company's bot (vectors stay in the index, as with a reranker elsewhere), quoted answers,
and next to nothing for embedding and ranking, is asked at a fixed rate: each question at its time, whether or not those
before it are answered, and its time counts from then. Meanwhile another process, with the priority of `footnote
migrate`, builds the index again (`--rebuild`: the same model, so that the bot follows the alias). It reads each text
with another word in it, of the same length, so that every passage tells which index it comes from.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.adapters.local.generator import ExtractiveGenerator
from bot.adapters.local.rewriter import HistoryRewriter
from bot.adapters.weaviate.client import Place
from bot.adapters.weaviate.index import WeaviateIndex
from bot.adapters.wrappers.guarded import SEARCH, GuardedIndex
from bot.answering.pipeline import Pipeline
from bot.commands.priority import INDEXING, give_way
from bot.composition.bounds import bounds
from bot.errors import FootnoteError
from bot.models import EVERYONE, Audience, Document, Hit, Query, Ranking
from bot.ports.search import Floors
from bot.settings import load
from tests.bench.measuring import ROOT, p, where
from tests.contracts.migration_rig import Around, House, Marked, WordEmbedder
from tests.nouns import a_document
from tests.weaviate_server import WeaviateServer

THINGS = ("boiler", "projector", "printer", "whiteboard", "telescope", "piano", "freezer", "scanner", "lamp", "kettle")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
WORDS = frozenset({"oldmarker", "newmarker"})
MEMBER = Audience.of([EVERYONE])
WARM = 50
"""Questions that are asked before any is counted."""
AFTER = 15.0
"""Seconds that questions go on after the switch, at least: a reader looks every ten which index is live."""
PHASES = ("before", "filling", "around the switch", "after")
BATCH = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: when it was due, when its answer was there, and of which index its passages were."""

    due: float
    done: float
    words: frozenset[str]
    failure: str = ""


@dataclass(slots=True)
class Load:
    """Questions at a fixed rate, and what became of them."""

    pipeline: Pipeline
    rate: float
    documents: int
    asked: list[Asked] = field(default_factory=list[Asked])
    over: bool = False

    async def run(self) -> None:
        """Ask until it is over, then wait for the answers."""
        start, number = time.time(), 0
        async with asyncio.TaskGroup() as questions:
            while not self.over:
                due = start + number / self.rate
                await asyncio.sleep(max(0.0, due - time.time()))
                questions.create_task(self.ask(number, due))
                number += 1

    async def ask(self, number: int, due: float) -> None:
        """One question, and what became of it."""
        room = number * 7919 % self.documents
        try:
            given = await self.pipeline.answer(question(room), (), audience=MEMBER)
        except FootnoteError as error:
            self.asked.append(Asked(due, time.time(), frozenset(), type(error).__name__))
            return
        words = frozenset(word for hit in given.hits for word in WORDS if word in hit.chunk.text)
        failure = "" if given.answer.answered else "declined"
        if not given.hits or given.answer.unwritten:
            failure = "no passages"
        self.asked.append(Asked(due, time.time(), words, failure))


def page(room: int) -> Document:
    """A page of one room with three facts."""
    texts = [
        f"The {thing} in room {room} is serviced every {DAYS[(room + n) % len(DAYS)]}, says the oldmarker edition."
        for n, thing in enumerate((THINGS[room % 10], THINGS[(room + 3) % 10], THINGS[(room + 7) % 10]))
    ]
    return a_document(f"room{room}.md", texts)


def question(room: int) -> str:
    """What the page of a room answers."""
    return f"When is the {THINGS[room % 10]} in room {room} serviced?"


def house_of(home: Path, url: str, grpc_port: int) -> House:
    """A home whose index lies in Weaviate."""
    return House(home, Place(url, "bench", grpc_port=grpc_port))


class Order:
    """A reranker that leaves hits as they are, and is sure of them."""

    name = "order"
    floors = Floors(decline=0.0, plain=0.0)

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        """The first `limit`."""
        del query
        return Ranking(tuple(hits[:limit]), 1.0)


@asynccontextmanager
async def bot(house: House) -> AsyncGenerator[Pipeline]:
    """What answers in a bot."""
    assert house.place
    embedder = WordEmbedder("old")
    guard = bounds(load({})).guard("weaviate", "search", house.place.tenant, deadline=SEARCH)
    opening = WeaviateIndex.open(house.place, model="old", dimension=embedder.dimension, vectors=False)
    async with opening as index:
        yield Pipeline(
            rewriter=HistoryRewriter(),
            embedder=embedder,
            index=GuardedIndex(index, guard),
            reranker=Order(),
            generator=ExtractiveGenerator(),
            clock=time.perf_counter,
            index_name="weaviate",
        )


# --- the other process ------------------------------------------------------------------------------------------------


class Timed(Around):
    """Says when the switch began and when it was done."""

    async def switch(self, to: str) -> None:
        began = time.time()
        await super().switch(to)
        print(json.dumps({"began": began, "done": time.time()}), flush=True)


async def migrate(house: House) -> None:
    """Build the index again, with the other word in its texts."""
    give_way(INDEXING)
    async with house.migration("old", around=lambda indexes: Marked(Timed(indexes))) as migration:
        moved = await migration.run(rebuild=True)
    print(json.dumps({"written": moved.written, "seconds": moved.seconds}), flush=True)


@dataclass(frozen=True, slots=True)
class Switched:
    """When the migration began, and when its switch began and was done; how many documents it wrote."""

    started: float
    began: float
    done: float
    written: int


async def migrated(home: Path, server: WeaviateServer) -> Switched:
    """Run a migration in a process of its own, to its end."""
    started = time.time()
    command = (sys.executable, "-m", "tests.bench.switch", "--migrate", str(home), server.url, str(server.grpc_port))
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
    out, _ = await child.communicate()
    if child.returncode:
        raise SystemExit(f"the migration ended with {child.returncode}")
    switch, end = (json.loads(line) for line in out.decode().splitlines())
    return Switched(started, switch["began"], switch["done"], end["written"])


# --- measuring --------------------------------------------------------------------------------------------------------


async def measure(home: Path, server: WeaviateServer, arguments: argparse.Namespace) -> tuple[list[Asked], Switched]:
    """Ask; let a migration begin after a third of the time; ask on for at least another third."""
    house = house_of(home, server.url, server.grpc_port)
    for start in range(0, arguments.documents, BATCH):
        await house.fill(*map(page, range(start, min(start + BATCH, arguments.documents))))
    async with bot(house) as pipeline:
        load_ = Load(pipeline, arguments.rate, arguments.documents)
        for number in range(WARM):
            await load_.ask(number, time.time())
        load_.asked.clear()
        asking = asyncio.create_task(load_.run())
        await asyncio.sleep(arguments.seconds / 3)
        switched = await migrated(home, server)
        await asyncio.sleep(max(AFTER, arguments.seconds / 3))
        load_.over = True
        await asking
    return load_.asked, switched


def phase_of(one: Asked, switched: Switched, seen: float) -> str:
    """Around the switch: from a second before it until the first answer from the new index, and a second more."""
    if one.done < switched.started:
        return "before"
    if one.done < switched.began - 1.0:
        return "filling"
    return "around the switch" if one.due <= seen + 1.0 else "after"


def table(asked: Sequence[Asked], switched: Switched) -> str:
    """One line for each phase."""
    seen = min((one.done for one in asked if "newmarker" in one.words), default=switched.done)
    lines = [
        f"{'':<20}{'seconds':>9}{'answers':>9}{'per s':>7}{'failed':>8}{'mixed':>7}{'p50 ms':>9}{'p95 ms':>9}{'max':>8}"
    ]
    for phase in PHASES:
        ours = [one for one in asked if phase_of(one, switched, seen) == phase]
        if not ours:
            continue
        took = [(one.done - one.due) * 1000 for one in ours]
        seconds = max(one.done for one in ours) - min(one.due for one in ours)
        failed, mixed = sum(bool(one.failure) for one in ours), sum(len(one.words) > 1 for one in ours)
        lines.append(
            f"{phase:<20}{seconds:>9.1f}{len(ours):>9}{len(ours) / seconds:>7.1f}{failed:>8}{mixed:>7}"
            f"{p(took, 0.5):>9.1f}{p(took, 0.95):>9.1f}{max(took):>8.0f}"
        )
    failures: Any = dict(Counter(one.failure for one in asked if one.failure)) or "none"
    lines.append(f"failures: {failures}; the switch took {(switched.done - switched.began) * 1000:.0f} ms")
    if any(one.failure for one in asked if phase_of(one, switched, seen) == "before"):
        lines.append("questions failed before anything was migrated: this machine is too busy for so many; see --rate")
    lines.append(f"the bot's first answer from the new index came {seen - switched.done:.1f} s after the switch")
    return "\n".join(lines)


def main() -> None:
    """Start a Weaviate, fill it, ask, migrate, and print what became of the answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of which a third before the migration begins")
    parser.add_argument("--rate", type=float, default=50.0, help="questions a second")
    parser.add_argument("--documents", type=int, default=2000, help="pages of three chunks")
    parser.add_argument("--migrate", nargs=3, metavar=("HOME", "URL", "PORT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.migrate:
        home, url, port = arguments.migrate
        asyncio.run(migrate(house_of(Path(home), url, int(port))))
        return
    found = subprocess.run([ROOT / ".ci/weaviate", "--path"], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        server = WeaviateServer(Path(folder) / "weaviate", Path(found.stdout.strip()))
        with closing(server):
            server.start()
            home = Path(folder) / "home"
            home.mkdir()
            asked, switched = asyncio.run(measure(home, server, arguments))
    print(f"{where()}; {arguments.documents} pages, {switched.written} written anew, {arguments.rate:g} questions/s")
    print(table(asked, switched))


if __name__ == "__main__":
    main()
