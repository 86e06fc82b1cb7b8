"""The Embedder port over /v1/embeddings."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from bot.adapters.openai.client import OpenAIClient
from bot.adapters.openai.refusals import TOO_LONG
from bot.errors import Unusable
from bot.models import Chunk, Embedding, Matrix
from bot.together import together
from bot.words.sendable import sendable

BATCH: Final = 32
"""Texts in one call: what Text Embeddings Inference takes at most unless it is told otherwise."""
CONCURRENCY: Final = 2
"""Calls at once: a server on one machine gains nothing by more."""
SECONDS: Final = 30.0
"""For one call; a model that is loaded at its first use takes its time."""
LONGEST: Final = 8_000
"""Characters of a text that are sent, far more than a chunk has: servers refuse what does not fit their window."""

SHORTEST: Final = 200
"""Characters of a text that every model has room for: a server that refuses it means something else."""


class OpenAIEmbedder:
    """Embeds with `model`, chunks after `document_prefix` and questions after `query_prefix`.

    Several models are trained with such prefixes ("passage:" and "query:") and are worse without them. White space
    stands between a prefix and the text, also where a setting has lost it.
    """

    def __init__(
        self,
        client: OpenAIClient,
        *,
        model: str,
        dimension: int,
        query_prefix: str = "",
        document_prefix: str = "",
        batch: int = BATCH,
        seconds: float = SECONDS,
    ) -> None:
        self._client = client
        self._model = model
        self._dimension = dimension
        self._query_prefix = _apart(query_prefix)
        self._document_prefix = _apart(document_prefix)
        self._batch = max(1, batch)
        self._seconds = seconds
        self._at_once = asyncio.Semaphore(CONCURRENCY)

    @property
    def model(self) -> str:
        """Name of the model, the dimension, and a mark of the prefixes: an index built with another name is refused."""
        prefixes = f"{self._document_prefix}\n{self._query_prefix}"
        mark = f"+{hashlib.sha256(prefixes.encode()).hexdigest()[:6]}" if prefixes.strip("\n") else ""
        return f"{self._model}@{self._dimension}{mark}"

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._dimension

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        """One embedding per chunk, in order: of its place, then its text; units have none of their own.

        Raises `Unavailable` when a call fails, `Unusable` when the vectors have another length than was said.
        """
        return [Embedding(row) for row in await self._embed([self._document_prefix + chunk.placed for chunk in chunks])]

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """Shape (len(texts), dimension), unit rows, in order. Raises like `embed_chunks`."""
        return await self._embed([self._query_prefix + text for text in texts])

    async def _embed(self, texts: Sequence[str]) -> Matrix:
        sent = [sendable(text, most=LONGEST) for text in texts]
        parts = [sent[start : start + self._batch] for start in range(0, len(sent), self._batch)]
        matrices = await together([self._matrix(part) for part in parts])
        return np.concatenate([np.zeros((0, self._dimension), np.float32), *matrices])

    async def _matrix(self, texts: Sequence[str]) -> Matrix:
        async with self._at_once:
            rows = await self._fitting(texts)
        if rows.shape[1] != self._dimension:
            raise Unusable(
                f"{self._model} gives vectors of {rows.shape[1]} numbers, not of {self._dimension}", code="dimension"
            )
        return rows

    async def _fitting(self, texts: Sequence[str]) -> Matrix:
        """The vectors; of fewer texts at once, then of the beginning of one, where the server finds them too long.

        Ollama fails a whole batch for one text past the model's window, and no longer cuts it by itself.
        """
        try:
            return await vectors(self._client, self._model, texts, seconds=self._seconds)
        except Unusable as error:
            half = len(texts) // 2
            if error.code != TOO_LONG or (not half and len(texts[0]) < SHORTEST):
                raise
        if not half:
            return await self._fitting([sendable(texts[0], most=len(texts[0]) // 2)])
        return np.concatenate([await self._fitting(texts[:half]), await self._fitting(texts[half:])])


async def measured(client: OpenAIClient, model: str, *, seconds: float = SECONDS) -> int:
    """The length of the model's vectors, found by one call. Raises `Unavailable`."""
    return int((await vectors(client, model, ["-"], seconds=seconds)).shape[1])


async def vectors(client: OpenAIClient, model: str, texts: Sequence[str], *, seconds: float) -> Matrix:
    """Unit rows, one for each text, in order. Raises `Unavailable`, also for a reply that does not hold them."""
    what = f"embed with {model}"
    async with client.calling(what, most=seconds):
        reply = await client.sdk.embeddings.create(model=model, input=list(texts), encoding_format="float")
        client.used(model, "embeddings", reply.usage)
        rows = {one.index: one.embedding for one in reply.data}
        if len(reply.data) != len(texts) or rows.keys() != set(range(len(texts))):
            raise ValueError("not every text is embedded once")
        return _unit([rows[place] for place in range(len(texts))])


def _apart(prefix: str) -> str:
    return prefix if not prefix or prefix[-1].isspace() else f"{prefix} "


def _unit(rows: Sequence[Sequence[float]]) -> Matrix:
    """The rows at unit length. Raises `ValueError` unless they are numbers of one length, none of them all zeros."""
    matrix = np.array(rows, np.float64)
    if matrix.ndim != 2:  # noqa: PLR2004 - rows and columns
        raise ValueError("the vectors are of several lengths")
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise ValueError("a vector has no direction")
    return (matrix / lengths).astype(np.float32)
