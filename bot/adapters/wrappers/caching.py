"""An embedder that does not embed the same text twice.

What is kept is the vector of a text under a hash of it. That betrays no document to anybody: only who has the text can
ask for its vector, and what may be found with it is decided by the audience of each search. The vectors of a deleted
document stay until their time in the cache is over, but nothing leads from them to an answer. Answers are not kept, nor
taken from a question that is merely alike: that would carry what one audience may read over to another.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from bot.adapters.wrappers.packing import chunk_key, pack, query_key, unpack
from bot.errors import OutOfAllowance, Unavailable
from bot.models import Chunk, Embedding, Matrix, Vector
from bot.ports.memory import Cache
from bot.ports.search import Embedder

QUERIES = 2_048
"""Questions whose vectors stay in the process: 8 MB at 1,024 dimensions."""

Outcome: TypeAlias = "Vector | Unavailable | None"
"""What came of a text that somebody else is having embedded; None: nothing that tells us anything, ask yourself."""


class CachedEmbedder:
    """Keeps the vectors of questions in the process, and those of questions and chunks in a shared cache, if any.

    Equal questions at the same time are embedded once.
    """

    def __init__(self, embedder: Embedder, cache: Cache | None = None, *, bound: int = QUERIES) -> None:
        self._embedder = embedder
        self._cache = cache
        self._bound = bound
        self._recent: OrderedDict[str, Vector] = OrderedDict()
        self._pending: dict[str, asyncio.Future[Outcome]] = {}

    @property
    def model(self) -> str:
        """The embedder's own."""
        return self._embedder.model

    @property
    def dimension(self) -> int:
        """The embedder's own."""
        return self._embedder.dimension

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """See the port. Raises `Unavailable`."""
        if not texts:
            return await self._embedder.embed_queries(texts)
        keys = [query_key(self._embedder, text) for text in texts]
        vectors = await self._vectors(dict(zip(keys, texts, strict=True)))
        return np.stack([vectors[key] for key in keys])

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        """See the port. Of chunks that read the same, in this batch or kept from another, one is embedded."""
        if self._cache is None or not chunks:
            return await self._embedder.embed_chunks(chunks)
        keys = [chunk_key(self._embedder, chunk) for chunk in chunks]
        wanted = dict(zip(keys, chunks, strict=True))
        kept = await self._read(list(wanted))
        known = {
            key: embedding
            for key, chunk in wanted.items()
            if (embedding := unpack(kept.get(key), self.dimension, units=len(chunk.units))) is not None
        }
        fresh = {key: chunk for key, chunk in wanted.items() if key not in known}
        if fresh:
            made = dict(zip(fresh, await self._embedder.embed_chunks(list(fresh.values())), strict=True))
            await self._write({key: pack(embedding) for key, embedding in made.items()})
            known |= made
        return [known[key] for key in keys]

    async def _vectors(self, wanted: Mapping[str, str]) -> dict[str, Vector]:
        """The vectors of texts by key: those at hand, then those nobody is getting, then those that others got."""
        found: dict[str, Vector] = {}
        while missing := [key for key in wanted if key not in found]:
            found |= {key: self._recall(key) for key in missing if key in self._recent}
            others = {key: self._pending[key] for key in missing if key in self._pending}
            ours = {key: wanted[key] for key in missing if key not in found and key not in others}
            if ours:
                found |= await self._get(ours)
            for key, pending in others.items():
                await asyncio.wait([pending])
                outcome = pending.result()
                if isinstance(outcome, Unavailable):
                    raise Unavailable(f"{self.model} failed another question with the same words") from outcome
                if outcome is not None:
                    found[key] = outcome
        return found

    async def _get(self, texts: Mapping[str, str]) -> Mapping[str, Vector]:
        """Embed texts by key while others may wait for them. If our own question ends it, they go on by themselves."""
        loop = asyncio.get_running_loop()
        pending: dict[str, asyncio.Future[Outcome]] = {key: loop.create_future() for key in texts}
        self._pending |= pending
        outcomes: Mapping[str, Outcome] = {}
        try:
            outcomes = vectors = await self._fetch(texts)
        except OutOfAllowance:
            raise
        except Unavailable as error:
            outcomes = dict.fromkeys(texts, error)
            raise
        finally:
            for key, future in pending.items():
                del self._pending[key]
                future.set_result(outcomes.get(key))
        for key, vector in vectors.items():
            self._remember(key, vector)
        return vectors

    async def _fetch(self, texts: Mapping[str, str]) -> dict[str, Vector]:
        kept = await self._read(list(texts))
        unpacked = {key: unpack(packed, self.dimension) for key, packed in kept.items()}
        vectors = {key: embedding.vector for key, embedding in unpacked.items() if embedding is not None}
        fresh = {key: text for key, text in texts.items() if key not in vectors}
        if fresh:
            rows = await self._embedder.embed_queries(list(fresh.values()))
            made = dict(zip(fresh, rows, strict=True))
            await self._write({key: pack(Embedding(vector)) for key, vector in made.items()})
            vectors |= made
        return vectors

    def _recall(self, key: str) -> Vector:
        self._recent.move_to_end(key)
        return self._recent[key]

    def _remember(self, key: str, vector: Vector) -> None:
        self._recent[key] = np.array(vector, dtype=np.float32)  # its own memory, so that the batch's can go
        self._recent.move_to_end(key)
        while len(self._recent) > self._bound:
            self._recent.popitem(last=False)

    async def _read(self, keys: Sequence[str]) -> Mapping[str, bytes | None]:
        if self._cache is None:
            return {}
        return dict(zip(keys, await self._cache.get_many(keys), strict=True))

    async def _write(self, packed: Mapping[str, bytes]) -> None:
        if self._cache is not None:
            await self._cache.put_many(packed)
