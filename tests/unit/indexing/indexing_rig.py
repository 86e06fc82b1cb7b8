"""An indexer over the real index on disk, with an embedder that needs no model."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bot.adapters.local.index import LocalIndex
from bot.models import EVERYONE, Audience, Chunk, Embedding, Hit, Matrix, Principal, Query, Vector
from bot.ports.search import IndexWriter
from indexing.progress import Progress, Report
from indexing.sync import Indexer
from tests.nouns import Clock

DIMENSION = 8
MEMBERS = Audience.of((EVERYONE,))


def vector(text: str) -> Vector:
    """A direction that only this text has."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
    drawn = np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


@dataclass
class HashEmbedder:
    """Embeds without a model, and remembers what it was given."""

    batches: list[list[str]] = field(default_factory=list[list[str]])
    before: Callable[[], None] = lambda: None

    @property
    def model(self) -> str:
        return "hash"

    @property
    def dimension(self) -> int:
        return DIMENSION

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        self.before()
        self.batches.append([chunk.text for chunk in chunks])
        return [
            Embedding(
                vector(chunk.text),
                np.stack([vector(chunk.text[a:b]) for a, b in chunk.units] or [vector("")])[: len(chunk.units)],
            )
            for chunk in chunks
        ]

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        return np.stack([vector(text) for text in texts])

    @property
    def texts(self) -> list[str]:
        """Every chunk's text, in the order it was embedded."""
        return [text for batch in self.batches for text in batch]


@dataclass
class Rig:
    """A home, its open writer, and an embedder."""

    home: Path
    writer: IndexWriter
    embedder: HashEmbedder = field(default_factory=HashEmbedder)
    seen: list[Progress] = field(default_factory=list[Progress])
    now: Clock = field(default_factory=Clock)

    async def index(
        self,
        *paths: Path,
        readable_by: tuple[Principal, ...] | None = None,
        batch: int = 256,
        largest: int = 10_000_000,
        allow_removals: bool = False,
    ) -> Report:
        """One run of the indexer."""
        indexer = Indexer(
            home=self.home,
            writer=self.writer,
            embedder=self.embedder,
            clock=time.monotonic,
            now=self.now,
            on_progress=self.seen.append,
            batch=batch,
            largest=largest,
            allow_removals=allow_removals,
        )
        return await indexer.index(paths, readable_by=readable_by)

    async def find(self, words: str, *, visible_to: Audience = MEMBERS) -> list[Hit]:
        """What a reader finds by words, best first."""
        async with LocalIndex.open(self.home, model="hash", dimension=DIMENSION) as index:
            return await index.search(Query(words, None), visible_to=visible_to, limit=10_000)

    async def paths(self, words: str, *, visible_to: Audience = MEMBERS) -> list[str]:
        """Documents in which a reader finds the words, each once, in order."""
        return sorted({hit.chunk.path for hit in await self.find(words, visible_to=visible_to)})


@asynccontextmanager
async def opened(home: Path) -> AsyncGenerator[Rig]:
    """A rig over an index in `home`."""
    async with LocalIndex.create(home, model="hash", dimension=DIMENSION, durable=False) as writer:
        yield Rig(home, writer)
