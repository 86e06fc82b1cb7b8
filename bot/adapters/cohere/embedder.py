"""The Embedder port over Cohere: documents and questions as two kinds of input of one space."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final, Literal

import numpy as np
from pydantic import BaseModel, Field

from bot.adapters.cohere.client import CohereClient
from bot.adapters.cohere.events import Spent
from bot.adapters.cohere.pace import Pace
from bot.adapters.cohere.refusals import reading
from bot.errors import Misconfigured, Unusable
from bot.models import Chunk, Embedding, Matrix
from bot.together import together
from bot.words.sendable import sendable

AT_ONCE: Final = 96
"""Texts that one call takes; the next one is refused."""
PER_MINUTE: Final = 2_000
"""Inputs that an account may send in a minute, a trial's and a paying one's alike."""
CONCURRENCY: Final = 4
SECONDS: Final = 10.0
LONGEST: Final = 20_000
"""Characters of a text that are sent, far more than a chunk has: no text may cost without bounds."""

Kind = Literal["search_document", "search_query"]

_SHARED = re.compile(r"(embed-v5\.\d+)-(?:pro|fast)")
_FIXED = re.compile(r"embed-.*v[123]\.")


class _Vectors(BaseModel):
    rows: list[list[float]] = Field(alias="float")


class _Reply(BaseModel):
    embeddings: _Vectors
    meta: Spent | None = None


class CohereEmbedder:
    """Embeds chunks with `model` and questions with `query_model`, which must share one space.

    Several calls of at most 96 texts run at once, chunks under the account's `per_minute`; a question never waits for
    them. Deadlines: `seconds` for each call.
    """

    def __init__(
        self,
        client: CohereClient,
        *,
        model: str,
        query_model: str = "",
        dimension: int,
        concurrency: int = CONCURRENCY,
        per_minute: int = PER_MINUTE,
        seconds: float = SECONDS,
        pace: Pace | None = None,
    ) -> None:
        if space(query_model or model) != space(model):
            raise Misconfigured(f"{query_model} cannot search what {model} embeds: their vectors differ")
        self._client = client
        self._model = model
        self._query_model = query_model or model
        self._dimension = dimension
        self._seconds = seconds
        self._pace = pace or Pace(per_minute)
        self._at_once = asyncio.Semaphore(max(1, concurrency))

    @property
    def model(self) -> str:
        """Name of the space and the dimension; an index built with another name is refused."""
        return f"{space(self._model)}@{self._dimension}"

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        return self._dimension

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        """One embedding per chunk, in order: of its place, then its text; units have none of their own.

        Raises `Unavailable` when a call fails: the others are given up then.
        """
        texts = [chunk.placed for chunk in chunks]
        parts = [texts[start : start + AT_ONCE] for start in range(0, len(texts), AT_ONCE)]
        matrices = await together([self._documents(part) for part in parts])
        return [Embedding(vector) for vector in chain.from_iterable(matrices)]

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """Shape (len(texts), dimension), unit rows, in order. Raises `Unavailable` like `embed_chunks`."""
        parts = [texts[start : start + AT_ONCE] for start in range(0, len(texts), AT_ONCE)]
        matrices = await together([self._queries(part) for part in parts])
        return np.concatenate([np.zeros((0, self._dimension), np.float32), *matrices])

    async def _documents(self, texts: Sequence[str]) -> Matrix:
        async with self._at_once:
            await self._pace.keep(len(texts))
            return await self._embed(texts, self._model, "search_document")

    async def _queries(self, texts: Sequence[str]) -> Matrix:
        self._pace.note(len(texts))
        return await self._embed(texts, self._query_model, "search_query")

    async def _embed(self, texts: Sequence[str], model: str, kind: Kind) -> Matrix:
        body: dict[str, Any] = {
            "model": model,
            "input_type": kind,
            "texts": [sendable(text, most=LONGEST) for text in texts],
            "embedding_types": ["float"],
        }
        if not _FIXED.match(model):
            body["output_dimension"] = self._dimension
        what = f"embed with {model}"
        content = await self._client.post("/v2/embed", body, what=what, most=self._seconds)
        with reading(what):
            reply = _Reply.model_validate_json(content)
            matrix = _matrix(reply.embeddings.rows, len(texts))
        meta = reply.meta or Spent()
        self._client.used(model, "embeddings", meta.billed_units, meta.tokens)
        if matrix.shape[1] != self._dimension:
            raise Unusable(
                f"{model} gives vectors of {matrix.shape[1]} numbers, not of {self._dimension}", code="dimension"
            )
        return matrix


def space(model: str) -> str:
    """The name that models whose vectors may be compared have in common."""
    shared = _SHARED.fullmatch(model)
    return shared[1] if shared else model


def _matrix(rows: Sequence[Sequence[float]], count: int) -> Matrix:
    """The rows at unit length. Raises `ValueError` unless they are `count` rows of one length, none all zeros."""
    matrix = np.array(rows, np.float64)
    lengths = np.linalg.norm(matrix, axis=-1, keepdims=True)
    if len(matrix) != count or not np.isfinite(lengths).all() or not lengths.all():
        raise ValueError("these are no vectors")
    return (matrix / lengths).astype(np.float32)
