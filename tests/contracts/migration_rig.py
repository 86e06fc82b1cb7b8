"""What the suites of migrations share: two models whose vectors are of different length, and places to move in."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bot.adapters.local.index import LocalIndex
from bot.adapters.local.moving import LocalIndexes
from bot.adapters.weaviate.client import Place
from bot.adapters.weaviate.index import WeaviateIndex
from bot.adapters.weaviate.moving import WeaviateIndexes
from bot.errors import Unreadable
from bot.models import EVERYONE, Addition, Chunk, Document, Embedding, Matrix, Principal, Vector
from bot.ports.migration import Filling, Indexes, Inventory, Stock
from bot.ports.search import IndexWriter, Known, SearchIndex
from bot.words import words
from indexing.migrate import Judge, Migration
from indexing.progress import Progress
from tests.nouns import a_document

Model = Literal["old", "new"]
DIMENSIONS: Mapping[str, int] = {"old": 32, "new": 48}
STAFF = Principal("group", "staff")
PARTS = 3
"""Chunks of each document."""


@dataclass
class WordEmbedder:
    """Texts that share words lie close together. `before` is called before each batch of chunks."""

    model: str = "new"
    before: Callable[[], None] = lambda: None
    texts: list[str] = field(default_factory=list[str])

    @property
    def dimension(self) -> int:
        return DIMENSIONS[self.model]

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        self.before()
        self.texts += [chunk.text for chunk in chunks]
        return [self.embedding(chunk) for chunk in chunks]

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        return np.stack([self.vector(text) for text in texts])

    def embedding(self, chunk: Chunk) -> Embedding:
        """The vectors of a chunk and of its units."""
        units = [self.vector(chunk.text[start:end]) for start, end in chunk.units]
        return Embedding(self.vector(chunk.text), np.stack(units) if units else None)

    def vector(self, text: str) -> Vector:
        """A direction that follows from the words of a text."""
        summed = sum((_direction(word, self.dimension) for word in words(text)), start=_direction("", self.dimension))
        return (summed / np.linalg.norm(summed)).astype(np.float32)


@cache
def _direction(word: str, dimension: int) -> Vector:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)


def page(number: int, word: str = "oldmarker", *, readable_by: tuple[Principal, ...] = ()) -> Document:
    """A document that says `word` in each of its parts. Every third is for staff, unless others are named."""
    texts = [f"Part {part} of page {number} says {word}." for part in range(PARTS)]
    return a_document(
        f"page{number}.md", texts, readable_by=readable_by or ((STAFF,) if number % 3 == 0 else (EVERYONE,))
    )


def addition(document: Document, model: Model = "old", *, fingerprint: str = "1") -> Addition:
    """A document with the vectors of its texts."""
    embedder = WordEmbedder(model)
    return Addition(document, [embedder.embedding(chunk) for chunk in document.chunks], fingerprint)


@dataclass(frozen=True)
class House:
    """A home folder and the place of its index: how to open each side, for either model."""

    home: Path
    place: Place | None

    def reading(self, model: Model) -> AbstractAsyncContextManager[SearchIndex]:
        """The read side of what is live."""
        open_ = partial(WeaviateIndex.open, self.place) if self.place else partial(LocalIndex.open, self.home)
        return open_(model=model, dimension=DIMENSIONS[model])

    def writing(self, model: Model) -> AbstractAsyncContextManager[IndexWriter]:
        """The write side of what is live."""
        if self.place:
            return WeaviateIndex.create(self.place, model=model, dimension=DIMENSIONS[model])
        return LocalIndex.create(self.home, model=model, dimension=DIMENSIONS[model], durable=False)

    @asynccontextmanager
    async def indexes(self, model: Model) -> AsyncGenerator[Indexes]:
        """Its indexes, for settings that name this model."""
        if self.place is None:
            yield LocalIndexes(self.home, model=model, dimension=DIMENSIONS[model])
            return
        indexes = WeaviateIndexes(self.place, model=model, dimension=DIMENSIONS[model])
        try:
            yield indexes
        finally:
            await indexes.close()

    @asynccontextmanager
    async def migration(
        self,
        model: Model = "new",
        *,
        embedder: WordEmbedder | None = None,
        judge: Judge | None = None,
        force: bool = False,
        around: Callable[[Indexes], Indexes] = lambda indexes: indexes,
        seen: list[Progress] | None = None,
        steps: list[str] | None = None,
    ) -> AsyncGenerator[Migration]:
        """A migration to this model."""
        async with self.indexes(model) as indexes:
            yield Migration(
                home=self.home,
                indexes=around(indexes),
                embedder=embedder or WordEmbedder(model),
                clock=time.monotonic,
                origin=self._origin(model),
                on_progress=(seen if seen is not None else []).append,
                on_step=(steps if steps is not None else []).append,
                judge=judge,
                force=force,
            )

    def _origin(self, model: Model) -> Any:
        async def none() -> None:
            return None

        return LocalIndexes(self.home, model=model, dimension=DIMENSIONS[model]).live if self.place else none

    async def fill(self, *documents: Document, model: Model = "old", fingerprint: str = "1") -> None:
        """Index documents."""
        async with self.writing(model) as writer:
            refused = await writer.upsert_many([addition(one, model, fingerprint=fingerprint) for one in documents])
            assert not refused


# --- indexes that are not quite themselves ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Around:
    """Indexes that do what the others do."""

    indexes: Indexes

    async def live(self) -> Stock | None:
        return await self.indexes.live()

    async def previous(self) -> Stock | None:
        return await self.indexes.previous()

    def filling(self, *, rebuild: bool = False) -> AbstractAsyncContextManager[Filling]:
        return self.indexes.filling(rebuild=rebuild)

    def writing(self, stock: Stock) -> AbstractAsyncContextManager[IndexWriter]:
        return self.indexes.writing(stock)

    async def switch(self, to: str) -> None:
        await self.indexes.switch(to)

    async def spare(self) -> Sequence[str]:
        return await self.indexes.spare()

    async def forget(self, names: Sequence[str]) -> None:
        await self.indexes.forget(names)


class Refusing(Around):
    """Indexes of which a new one takes no document."""

    @asynccontextmanager
    async def _refusing(self, *, rebuild: bool) -> AsyncGenerator[Filling]:
        async with self.indexes.filling(rebuild=rebuild) as new:
            yield Filling(new.stock, _RefusingWriter(new.writer))

    def filling(self, *, rebuild: bool = False) -> AbstractAsyncContextManager[Filling]:
        return self._refusing(rebuild=rebuild)


@dataclass(frozen=True)
class _RefusingWriter:
    writer: IndexWriter

    async def known(self, source: str) -> Mapping[str, Known]:
        return await self.writer.known(source)

    async def upsert(self, document: Document, embeddings: Sequence[Embedding], *, fingerprint: str) -> None:
        raise Unreadable("it is too long")

    async def upsert_many(self, additions: Sequence[Addition]) -> Mapping[str, str]:
        return {one.document.id: "it is too long" for one in additions}

    async def touch(
        self, document_id: str, *, fingerprint: str, readable_by: tuple[Principal, ...] | None = None
    ) -> None:
        await self.writer.touch(document_id, fingerprint=fingerprint, readable_by=readable_by)

    async def delete(self, document_ids: Sequence[str]) -> int:
        return await self.writer.delete(document_ids)


class Marked(Around):
    """Indexes whose live one is read as if it said another word: what is filled from it can be told from it."""

    async def live(self) -> Stock | None:
        live = await self.indexes.live()
        return None if live is None else _MarkedStock(live, "oldmarker", "newmarker")


@dataclass(frozen=True)
class _MarkedStock:
    stock: Stock
    old: str
    new: str

    @property
    def name(self) -> str:
        return self.stock.name

    @property
    def model(self) -> str:
        return self.stock.model

    @property
    def home(self) -> Path | None:
        return self.stock.home

    @property
    def wanted(self) -> bool:
        return self.stock.wanted

    @property
    def same_model(self) -> bool:
        return self.stock.same_model

    def holds(self, *, model: str, dimension: int) -> bool:
        return self.stock.holds(model=model, dimension=dimension)

    async def inventory(self) -> Inventory:
        return await self.stock.inventory()

    async def documents(self, ids: Sequence[str], *, vectors: bool) -> Sequence[Addition]:
        return [self._marked(one) for one in await self.stock.documents(ids, vectors=vectors)]

    def _marked(self, one: Addition) -> Addition:
        chunks = tuple(replace(each, text=each.text.replace(self.old, self.new)) for each in one.document.chunks)
        return Addition(replace(one.document, chunks=chunks), one.embeddings, one.fingerprint)
