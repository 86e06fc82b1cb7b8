"""Weaviate over real text: our searches and our writer against a bare client that does the same, in the same run.

    make bench ARGS='weaviate FOLDER [--chunks 100000] [--embedded 10000] [--queries 200] [--keep FOLDER]'

FOLDER is searched for documents: Markdown pages, and passages as `corpus.jsonl` (BEIR's layout), eight of which make a
page. All are cut as `footnote index` cuts them. The first `--embedded` chunks get their vectors from the local model;
those of the others are mixtures of two of these with noise, and once the text runs out it begins again: the output says
how much of both there is. One document in a hundred is for a group alone, so that one chunk in a hundred passes a
filter. `--keep` names a folder where vectors stay for the next run.

Ours and the bare client take turns. Searching, both send the same words, vector, filter and limit, and get the same
texts and vectors: ours has the vectors from a property, which the client reads sooner than a vector, so the bare client
is asked in both ways. Writing, both write the same objects into a tenant each, and only ours has to make them.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
from weaviate.classes.query import HybridFusion, MetadataQuery

from bot.adapters.local.embedder import LocalEmbedder
from bot.adapters.local.index import LocalIndex
from bot.adapters.weaviate import schema
from bot.adapters.weaviate.client import Line, Place
from bot.adapters.weaviate.index import WeaviateIndex
from bot.adapters.weaviate.objects import PACKED, SHOWN, chunk_objects, document_object, version_of
from bot.adapters.weaviate.ranking import ALPHA, Asked
from bot.adapters.weaviate.who import may_read, readers
from bot.models import EVERYONE, Addition, Audience, Document, Embedding, Principal, Query
from indexing.chunk.headings import HeadingChunker
from indexing.embed import BATCH
from indexing.parse import kinds
from indexing.ports import Origin
from tests.bench.measuring import p, weaviate_binary, where
from tests.nouns import NOON
from tests.weaviate_server import WeaviateServer

LAB = Principal("group", "lab")
ALL, FEW = Audience.of((EVERYONE, LAB)), Audience.of((LAB,))
ONE_IN = 100
PASSAGES = 8
"""Passages of a corpus that make a page."""
LIMIT = 100
"""Hits that a question asks for."""
SEARCH_LIMIT, INGEST_LIMIT = 1.15, 0.9
ALIKE = 10
"""Hits that are compared with the local index's."""
NOISE = 0.5
"""Length of the noise that is added to a mixture of two vectors, which has length one."""


def main() -> None:
    """Read, embed, write, search, compare."""
    parser = argparse.ArgumentParser(prog="weaviate", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where documents and corpora lie")
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--embedded", type=int, default=10_000, help="chunks whose vectors the model makes")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3, help="times that every query is asked")
    parser.add_argument(
        "--without-vectors", action="store_true", help="as with a reranker elsewhere: hits without them"
    )
    parser.add_argument("--keep", type=Path, help="keep vectors here for the next run")
    arguments = parser.parse_args()
    print(where())
    with tempfile.TemporaryDirectory() as temporary:
        keep = arguments.keep or Path(temporary)
        keep.mkdir(parents=True, exist_ok=True)
        server = WeaviateServer(Path(temporary) / "weaviate", weaviate_binary())
        with closing(server):
            asyncio.run(measure(arguments, server, keep, Path(temporary) / "home"))


async def measure(arguments: argparse.Namespace, server: WeaviateServer, keep: Path, home: Path) -> None:
    """One run."""
    documents = list(cut(arguments.folder, arguments.chunks))
    additions, queries = await embedded(documents, questions(arguments.folder, arguments.queries), arguments, keep)
    await asyncio.to_thread(server.start)
    place = Place(server.url, "ours", grpc_port=server.grpc_port)
    async with AsyncExitStack() as stack:
        bare = await Bare.beside(place, stack)
        await ingest(place, bare, additions)
        size(server)
        vectors = not arguments.without_vectors
        opening = WeaviateIndex.open(place, model=MODEL, dimension=DIMENSION, vectors=vectors)
        index = await stack.enter_async_context(opening)
        print(f"{LIMIT} hits a search, {'with' if vectors else 'without'} their vectors")
        await search(index, bare, queries, rounds=arguments.rounds, vectors=vectors)
        async with LocalIndex.create(home, model=MODEL, dimension=DIMENSION, durable=False) as writer:
            for addition in additions:
                await writer.upsert(addition.document, addition.embeddings, fingerprint="1")
        local = await stack.enter_async_context(LocalIndex.open(home, model=MODEL, dimension=DIMENSION))
        await compare(index, local, queries)


MODEL, DIMENSION = "bench", 384


# --- real text --------------------------------------------------------------------------------------------------------


def pages(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every page under a folder, by name."""
    for path in sorted(folder.rglob("*.md")):
        yield str(path.relative_to(folder)), path.read_bytes()
    for path in sorted(folder.rglob("corpus.jsonl")):
        name = str(path.relative_to(folder).with_suffix(""))
        with path.open(encoding="utf-8") as lines:
            for number in itertools.count():
                passages = [json.loads(line) for line in itertools.islice(lines, PASSAGES)]
                if not passages:
                    break
                told = (f"# {one.get('title') or 'Untitled'}\n\n{one['text']}\n" for one in passages)
                yield f"{name}/{number}.md", "\n".join(told).encode()


def cut(folder: Path, wanted: int) -> Iterator[Document]:
    """Documents with that many chunks in all; the text begins again when it runs out."""
    chunks, number, chunker = 0, 0, HeadingChunker()
    for again in itertools.count():
        for name, data in pages(folder):
            readable_by = (LAB,) if number % ONE_IN == 0 else (EVERYONE,)
            origin = Origin("bench", f"{again}/{name}", sha256(data).hexdigest()[:12], NOON, readable_by)
            parsed = kinds.parser_for(kinds.kind_of("a.md")).parse(data)
            document = chunker.chunk(parsed, origin, link=lambda anchor: f"https://docs.example.com/#{anchor}")
            if document.chunks:
                yield document
                chunks, number = chunks + len(document.chunks), number + 1
            if chunks >= wanted:
                print(f"{chunks:,} chunks of {number:,} documents; the text was used {again + 1} times over")
                return
        if not chunks:
            raise SystemExit(f"no *.md and no corpus.jsonl under {folder}")


def questions(folder: Path, wanted: int) -> list[str]:
    """What people ask, from every `queries.jsonl` under a folder in turn."""
    files = [path.read_text(encoding="utf-8").splitlines() for path in sorted(folder.rglob("queries.jsonl"))]
    mixed = (line for lines in itertools.zip_longest(*files) for line in lines if line)
    return [json.loads(line)["text"] for line in itertools.islice(mixed, wanted)]


async def embedded(
    documents: Sequence[Document], asked: Sequence[str], arguments: argparse.Namespace, keep: Path
) -> tuple[list[Addition], list[Query]]:
    """Documents and questions with vectors."""
    chunks = [chunk for document in documents for chunk in document.chunks]
    real = min(arguments.embedded, len(chunks))
    file = keep / f"vectors-{sha256('|'.join(one.id for one in chunks[:real]).encode()).hexdigest()[:12]}.npy"
    with closing(LocalEmbedder(stamp=None)) as model:
        if not file.exists():
            made = [await model.embed_chunks(chunks[start : start + BATCH]) for start in range(0, real, BATCH)]
            np.save(file, np.array([one.vector for few in made for one in few][:real], np.float32))
        vectors = np.load(file)
        queries = [Query(text, vector) for text, vector in zip(asked, await model.embed_queries(asked), strict=True)]
    generator = np.random.default_rng(5)
    first, second = generator.integers(real, size=(2, len(chunks) - real))
    noise = generator.standard_normal((len(chunks) - real, DIMENSION)).astype(np.float32) * (NOISE / DIMENSION**0.5)
    share = generator.uniform(0.5, 0.9, (len(chunks) - real, 1)).astype(np.float32)
    mixed = share * vectors[first] + (1 - share) * vectors[second] + noise
    rows = iter(np.concatenate([vectors, mixed / np.linalg.norm(mixed, axis=1, keepdims=True)]))
    print(f"{real:,} vectors from the local model, {len(mixed):,} mixed from two of these each")
    return [Addition(one, [Embedding(next(rows)) for _ in one.chunks], "1") for one in documents], queries


# --- the bare client --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Bare:
    """The client as its manual shows it, on the same collections."""

    line: Line
    names: schema.Names
    waits: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    @classmethod
    async def beside(cls, place: Place, stack: AsyncExitStack) -> Bare:
        """With a tenant of its own."""
        line = Line(Place(place.url, "bare", grpc_port=place.grpc_port))
        stack.push_async_callback(line.close)
        async with line.writing() as client:
            return cls(line, await schema.writing(client, line.place, model=MODEL, dimension=DIMENSION))

    async def insert(self, batch: Sequence[Sequence[object]]) -> None:
        """Chunks and documents, made before."""
        async with self.line.reading(60.0) as client:
            for name, objects in zip((self.names.chunks, self.names.documents), batch, strict=True):
                reply = await self.line.part(client, name).data.insert_many(list(objects))  # pyright: ignore[reportArgumentType]  (of one kind or the other)
                assert not reply.has_errors

    async def search(self, asked: Asked, *, tenant: str, vectors: bool) -> int:
        """How many hits there are; with `vectors` as the client gives them, where they do not come as a property."""
        async with self.line.reading(60.0) as client:
            found = (
                await client.collections.use(self.names.chunks)
                .with_tenant(tenant)
                .query.hybrid(
                    asked.words,
                    alpha=ALPHA,
                    vector=asked.vector,
                    target_vector=schema.VECTOR,
                    query_properties=["words"],
                    fusion_type=HybridFusion.RELATIVE_SCORE,
                    limit=LIMIT,
                    filters=asked.filters,
                    include_vector=[schema.VECTOR] if vectors else False,
                    return_metadata=MetadataQuery(score=True),
                    return_properties=asked.properties,
                )
            )
            return len(found.objects)


# --- writing ----------------------------------------------------------------------------------------------------------


async def ingest(place: Place, bare: Bare, additions: Sequence[Addition]) -> None:
    """Batch by batch, in turns, as the indexer gives them out."""
    ours, theirs, chunks = 0.0, 0.0, 0
    async with WeaviateIndex.create(place, model=MODEL, dimension=DIMENSION) as writer:
        for number, batch in enumerate(batches(additions)):
            made = objects(batch)

            async def write(batch: Sequence[Addition] = batch) -> None:
                assert not await writer.upsert_many(batch)

            steps: list[Callable[[], Awaitable[None]]] = [write, lambda made=made: bare.insert(made)]
            taken = [0.0, 0.0]
            for which in (0, 1) if number % 2 else (1, 0):
                taken[which] = await timed(steps[which])
            ours, theirs, chunks = ours + taken[0], theirs + taken[1], chunks + len(made[0])
    ratio = theirs / ours
    print(
        f"\ningest               ours {chunks / ours:7.0f} chunks/s   bare {chunks / theirs:7.0f} chunks/s   ", end=""
    )
    print(f"{ratio:.2f} of its rate (reach {INGEST_LIMIT})")


def batches(additions: Sequence[Addition]) -> Iterator[list[Addition]]:
    """As many documents at a time as have a batch of chunks."""
    batch: list[Addition] = []
    for addition in additions:
        batch.append(addition)
        if sum(len(one.embeddings) for one in batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def objects(batch: Sequence[Addition]) -> tuple[list[object], list[object]]:
    """What our writer would write: the chunks, and the documents."""
    chunks: list[object] = []
    for one in batch:
        chunks += chunk_objects(one.document, one.embeddings, version_of(one.document, one.fingerprint))
    return chunks, [document_object(one.document, "1", version_of(one.document, one.fingerprint)) for one in batch]


async def timed(step: Callable[[], Awaitable[object]]) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    await step()
    return time.perf_counter() - started


def size(server: WeaviateServer) -> None:
    """Memory and disk of the server, which holds everything twice: ours and the bare client's."""
    mine = [path for path in Path("/proc").glob("[0-9]*") if _belongs(path, server)]
    lines = "\n".join((path / "status").read_text() for path in mine).splitlines()
    memory = sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
    disk = sum(path.stat().st_size for path in (server.folder / "data").rglob("*") if path.is_file())
    print(
        f"server               {memory:,.0f} MB of memory, {disk / 1e6:,.0f} MB on disk, with all of it in two tenants"
    )


def _belongs(process: Path, server: WeaviateServer) -> bool:
    try:
        return process.joinpath("cmdline").read_bytes().split(b"\0")[0] == str(weaviate_binary()).encode() and (
            str(server.folder).encode() in process.joinpath("environ").read_bytes()
        )
    except OSError:
        return False


# --- searching --------------------------------------------------------------------------------------------------------


async def search(index: WeaviateIndex, bare: Bare, queries: Sequence[Query], *, rounds: int, vectors: bool) -> None:
    """Every query, by turns first and second, after one round that does not count."""
    for name, audience in (("unfiltered", ALL), ("1 % readable", FEW)):
        ours: list[float] = []
        theirs: list[float] = []
        same: list[float] = []
        for turn, (number, query) in itertools.product(range(rounds + 1), enumerate(queries)):
            visible = may_read(readers(audience))
            plain = Asked.of(query, filters=visible, properties=SHOWN)
            packed = Asked.of(query, filters=visible, properties=(*SHOWN, PACKED) if vectors else SHOWN)
            steps: list[Callable[[], Awaitable[object]]] = [
                lambda query=query, audience=audience: index.search(query, visible_to=audience, limit=LIMIT),
                lambda plain=plain: bare.search(plain, tenant="ours", vectors=vectors),
                lambda packed=packed: bare.search(packed, tenant="ours", vectors=False),
            ]
            order = itertools.islice(itertools.cycle((0, 1, 2)), (turn + number) % 3, (turn + number) % 3 + 3)
            taken = {which: await timed(steps[which]) for which in order}
            if turn:
                for times, which in ((ours, 0), (theirs, 1), (same, 2)):
                    times.append(taken[which])
        report(f"hybrid, {name}", ours, theirs)
        if vectors:
            report("  same properties", ours, same)


def report(name: str, ours: Sequence[float], theirs: Sequence[float]) -> None:
    """One line."""
    told = [f"{who} {1e3 * p(taken, 0.5):6.1f} / {1e3 * p(taken, 0.95):6.1f} ms" for who, taken in
            (("ours", ours), ("bare", theirs))]  # fmt: skip
    ratios = [p(ours, share) / p(theirs, share) for share in (0.5, 0.95)]
    print(f"{name:20} p50 / p95   {'   '.join(told)}   {ratios[0]:.2f} / {ratios[1]:.2f} x (reach {SEARCH_LIMIT})")


async def compare(index: WeaviateIndex, local: LocalIndex, queries: Sequence[Query]) -> None:
    """How many of the best ten the two indexes share."""
    for name, audience in (("unfiltered", ALL), ("1 % readable", FEW)):
        shared: list[float] = []
        for query in queries:
            best = [
                {hit.chunk.id for hit in (await one.search(query, visible_to=audience, limit=LIMIT))[:ALIKE]}
                for one in (index, local)
            ]
            shared.append(len(best[0] & best[1]) / max(1, len(best[1])))
        print(f"best {ALIKE}, {name:12} {100 * sum(shared) / len(shared):.1f} % as the local index, ", end="")
        print(f"all of them for {100 * sum(one == 1 for one in shared) / len(shared):.0f} % of {len(queries)} queries")


if __name__ == "__main__":
    main()
