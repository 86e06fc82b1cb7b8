"""One contender of `peers`: imports, indexes, searches, and prints what that took as a line of JSON."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

BATCH = 64
LIMIT = 10


class Clocked:
    """Our embedder, called synchronously as the peers call it, with the time spent in it kept apart."""

    def __init__(self) -> None:
        from bot.adapters.local.embedder import LocalEmbedder

        self.embedder = LocalEmbedder(stamp=None)
        self.runner = asyncio.Runner()
        self.seconds = 0.0

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text."""
        start = time.perf_counter()
        vectors = self.runner.run(self.embedder.embed_queries(list(texts)))
        self.seconds += time.perf_counter() - start
        return vectors.tolist()


@dataclass(frozen=True, slots=True)
class Ready:
    """An index that can be asked, and the seconds spent outside the embedder: making it, and saving it to disk besides.

    Ours is saved while it is made; the peers' are made in memory.
    """

    search: Callable[[str], int]
    overhead: float
    saved: float


def llamaindex() -> Callable[[list[dict[str, Any]]], Ready]:
    """LlamaIndex: a vector index and a BM25 retriever in memory, joined by relative-score fusion."""
    from llama_index.core import VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms.mock import MockLLM
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.core.schema import TextNode
    from llama_index.retrievers.bm25 import BM25Retriever

    def build(chunks: list[dict[str, Any]]) -> Ready:
        clocked = Clocked()

        class Ours(BaseEmbedding):
            """Our embedder at LlamaIndex's extension point."""

            def _get_query_embedding(self, query: str) -> list[float]:
                return clocked.embed([query])[0]

            def _get_text_embedding(self, text: str) -> list[float]:
                return clocked.embed([text])[0]

            def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
                return clocked.embed(texts)

            async def _aget_query_embedding(self, query: str) -> list[float]:
                return self._get_query_embedding(query)

        clocked.embed(["warm"])
        clocked.seconds = 0.0
        start = time.perf_counter()
        nodes = [TextNode(id_=chunk["id"], text=with_place(chunk), metadata={}) for chunk in chunks]
        index = VectorStoreIndex(nodes, embed_model=Ours(embed_batch_size=BATCH))
        words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=100)
        fused = QueryFusionRetriever(
            [index.as_retriever(similarity_top_k=100), words], llm=MockLLM(), mode="relative_score",
            similarity_top_k=LIMIT, num_queries=1, use_async=False, retriever_weights=[0.5, 0.5],
        )  # fmt: skip
        overhead = time.perf_counter() - start - clocked.seconds
        folder = tempfile.mkdtemp()
        index.storage_context.persist(folder)
        words.persist(f"{folder}/bm25")
        saved = time.perf_counter() - start - clocked.seconds
        return Ready(lambda question: len(fused.retrieve(question)), overhead, saved)

    return build


def haystack() -> Callable[[list[dict[str, Any]]], Ready]:
    """Haystack: both retrievers over its in-memory store, in a pipeline with its joiner."""
    from haystack import Document, Pipeline, component
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.components.writers import DocumentWriter
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    def build(chunks: list[dict[str, Any]]) -> Ready:
        clocked = Clocked()

        @component
        class OurDocuments:
            """Our embedder as a document embedder."""

            @component.output_types(documents=list[Document])
            def run(self, documents: list[Document]) -> dict[str, list[Document]]:
                batches = (documents[start : start + BATCH] for start in range(0, len(documents), BATCH))
                vectors = [vector for batch in batches for vector in clocked.embed([d.content or "" for d in batch])]
                return {"documents": [replace(d, embedding=v) for d, v in zip(documents, vectors, strict=True)]}

        @component
        class OurQuery:
            """Our embedder as a text embedder."""

            @component.output_types(embedding=list[float])
            def run(self, text: str) -> dict[str, list[float]]:
                return {"embedding": clocked.embed([text])[0]}

        clocked.embed(["warm"])
        clocked.seconds = 0.0
        start = time.perf_counter()
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        indexing = Pipeline()
        indexing.add_component("embed", OurDocuments())
        indexing.add_component("write", DocumentWriter(store))
        indexing.connect("embed.documents", "write.documents")
        indexing.run({"embed": {"documents": [Document(id=c["id"], content=with_place(c)) for c in chunks]}})
        asking = Pipeline()
        asking.add_component("embed", OurQuery())
        asking.add_component("vectors", InMemoryEmbeddingRetriever(store, top_k=100))
        asking.add_component("words", InMemoryBM25Retriever(store, top_k=100))
        asking.add_component("join", DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=LIMIT))
        asking.connect("embed.embedding", "vectors.query_embedding")
        asking.connect("vectors", "join")
        asking.connect("words", "join")
        overhead = time.perf_counter() - start - clocked.seconds
        store.save_to_disk(f"{tempfile.mkdtemp()}/store.json")
        saved = time.perf_counter() - start - clocked.seconds

        def search(question: str) -> int:
            return len(asking.run({"embed": {"text": question}, "words": {"query": question}})["join"]["documents"])

        return Ready(search, overhead, saved)

    return build


def footnote() -> Callable[[list[dict[str, Any]]], Ready]:
    """Footnote as shipped: its index on disk, sentence vectors and access lists included."""
    from bot.adapters.local.index import LocalIndex
    from bot.answering.retrieve import compose, retrieve
    from bot.models import EVERYONE, Audience, Chunk, Document
    from bot.ports.generation import Rewritten

    def build(chunks: list[dict[str, Any]]) -> Ready:
        clocked = Clocked()
        embedder, home = clocked.embedder, Path(tempfile.mkdtemp())
        clocked.embed(["warm"])
        everyone = Audience.of([EVERYONE])

        def document(key: str, group: list[dict[str, Any]]) -> Document:
            first = group[0]
            cut = tuple(
                Chunk(c["id"], key, "peers", c["path"], c["title"], tuple(c["headings"]), c["text"], c["position"],
                      (1, 1), "", None, "1", (EVERYONE,), tuple((a, b) for a, b in c["units"]))
                for c in group
            )  # fmt: skip
            return Document(key, "peers", first["path"], first["title"], "", "1", None, (EVERYONE,), cut)

        async def fill() -> float:
            start, embedding = time.perf_counter(), 0.0
            documents = [document(key, list(group)) for key, group in groupby(chunks, key=lambda c: c["document"])]
            async with LocalIndex.create(home, model=embedder.model, dimension=embedder.dimension) as writer:
                for some in batched(documents):
                    before = time.perf_counter()
                    vectors = iter(await embedder.embed_chunks([chunk for one in some for chunk in one.chunks]))
                    embedding += time.perf_counter() - before
                    for one in some:
                        await writer.upsert(one, [next(vectors) for _ in one.chunks], fingerprint="")
            return time.perf_counter() - start - embedding

        overhead = clocked.runner.run(fill())
        index = LocalIndex(home, model=embedder.model, dimension=embedder.dimension)

        async def find(question: str) -> int:
            query = await compose(Rewritten(question), embedder=embedder)
            return len(await retrieve(query, index=index, visible_to=everyone, limit=LIMIT))

        return Ready(lambda question: clocked.runner.run(find(question)), overhead, overhead)

    return build


def batched(documents: Sequence[Any]) -> list[list[Any]]:
    """Documents in groups of about `BATCH` chunks."""
    groups: list[list[Any]] = [[]]
    for document in documents:
        if sum(len(one.chunks) for one in groups[-1]) >= BATCH:
            groups.append([])
        groups[-1].append(document)
    return groups


def with_place(chunk: dict[str, Any]) -> str:
    """What our own embedder sees of a chunk: its place, then its text."""
    return f"{chunk['place']}\n{chunk['text']}" if chunk["place"] else chunk["text"]


def main() -> None:
    """Import, index, search; every step once per process, every question once."""
    name, rig = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    start = time.perf_counter()
    build = {"footnote": footnote, "llamaindex": llamaindex, "haystack": haystack}[name]()
    imported = time.perf_counter() - start
    ready = build(rig["chunks"])
    for question in rig["questions"][:10]:
        assert ready.search(question) == LIMIT
    took: list[float] = []
    for question in rig["questions"]:
        before = time.perf_counter()
        ready.search(question)
        took.append(time.perf_counter() - before)
    figures = {
        "import, s": imported,
        "index overhead, s": ready.overhead,
        "the same, saved to disk, s": ready.saved,
        "query p50, ms": statistics.median(took) * 1e3,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
