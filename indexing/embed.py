"""Embeds chunks of many documents in batches, and gives each document back as soon as it is whole."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator

from bot.models import Chunk, Document, Embedding
from bot.ports.search import Embedder

BATCH = 256
"""Chunks given to the embedder at once: enough for it to sort them by length."""

Embedded = tuple[Document, list[Embedding]]


async def embedded(
    documents: AsyncIterator[Document], embedder: Embedder, *, batch: int = BATCH
) -> AsyncGenerator[list[Embedded]]:
    """Documents with their embeddings, in order, a list for every batch (empty while a long document goes on).

    While one batch is embedded, the documents before it are stored by the caller and those of the next are read.
    Raises what `documents` and the embedder raise.
    """
    pool = _Pool(documents, batch)
    running = _start(await pool.next_batch(), embedder)
    try:
        while running is not None:
            following = await pool.next_batch()
            vectors = await running
            running = _start(following, embedder)
            yield pool.completed(vectors)
    finally:
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _start(chunks: list[Chunk], embedder: Embedder) -> asyncio.Task[list[Embedding]] | None:
    return asyncio.ensure_future(embedder.embed_chunks(chunks)) if chunks else None


class _Pool:
    """Documents on their way: their chunks leave in batches, and they leave when all of their vectors are back."""

    def __init__(self, documents: AsyncIterator[Document], batch: int) -> None:
        self._documents = documents
        self._batch = batch
        self._open: deque[Document] = deque()
        self._chunks: deque[Chunk] = deque()
        self._vectors: deque[Embedding] = deque()

    async def next_batch(self) -> list[Chunk]:
        """The next chunks, at most a batch of them; none when all documents have been read."""
        while len(self._chunks) < self._batch and (document := await anext(self._documents, None)) is not None:
            self._open.append(document)
            self._chunks.extend(document.chunks)
        return [self._chunks.popleft() for _ in range(min(self._batch, len(self._chunks)))]

    def completed(self, vectors: list[Embedding]) -> list[Embedded]:
        """Take in the vectors of a batch; gives the documents that they complete."""
        self._vectors.extend(vectors)
        done: list[Embedded] = []
        while self._open and len(self._open[0].chunks) <= len(self._vectors):
            document = self._open.popleft()
            done.append((document, [self._vectors.popleft() for _ in document.chunks]))
        return done
