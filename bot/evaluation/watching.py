"""What each question takes of the backends while it is measured, and which of them were away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.allowance import Allowance, current
from bot.answering.pipeline import Pipeline
from bot.errors import Unavailable
from bot.models import Chunk, Embedding, Matrix
from bot.ports.search import Embedder


@dataclass(frozen=True, slots=True)
class Spent:
    """Totals over questions."""

    dollars: float = 0.0
    calls: int = 0
    tokens: int = 0

    def and_of(self, allowance: Allowance | None) -> Spent:
        """These, and what was taken of an allowance; None where nothing was."""
        if allowance is None:
            return self
        return Spent(self.dollars + allowance.dollars, self.calls + allowance.calls, self.tokens + allowance.tokens)


class Watching:
    """An embedder that remembers for which question it was asked last, and whether it was away.

    An answer says what it cost, but not in how many calls and tokens, and a question that failed says nothing. All that
    takes anything of a backend comes by here, inside the question's allowance.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.allowance: Allowance | None = None
        self.away = False

    @property
    def model(self) -> str:
        """The embedder's own."""
        return self._embedder.model

    @property
    def dimension(self) -> int:
        """The embedder's own."""
        return self._embedder.dimension

    def begin(self) -> None:
        """The next question."""
        self.allowance, self.away = None, False

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        """As the embedder does."""
        return await self._embedder.embed_chunks(chunks)

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """As the embedder does. What nobody's question asks for is not counted."""
        self.allowance = current() or self.allowance
        try:
            return await self._embedder.embed_queries(texts)
        except Unavailable:
            self.away = True
            raise


def watched(pipeline: Pipeline) -> tuple[Pipeline, Watching]:
    """The same pipeline, and what knows the allowance of the question that it answers."""
    watching = Watching(pipeline.embedder)
    return replace(pipeline, embedder=watching), watching
