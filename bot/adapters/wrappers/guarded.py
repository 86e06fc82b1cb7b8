"""Each port behind its guard: what the adapters need not think of.

The deadlines are those of the whole call with all its tries. A question has 60 s (`bot.allowance.Terms`), and each step
has to leave the next ones theirs; what takes longer is left out, and the answer gets simpler.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from bot.adapters.wrappers.guard import Guard
from bot.conversations import Turn
from bot.errors import IndexUnavailable, OutOfAllowance, Unavailable, Unusable
from bot.models import Audience, Chunk, Embedding, Hit, Matrix, Query, Ranking, Statement
from bot.ports.generation import Generator, Rewriter, Rewritten
from bot.ports.search import Counts, Embedder, Floors, Reranker, SearchIndex, SourceCounts

T = TypeVar("T")

EMBED_QUERY = 3.0
"""Seconds; likewise below."""
EMBED_DOCUMENTS = 30.0
RERANK = 2.0
REWRITE = 3.0
CHAT = 60.0
"""The whole answer. The 20 s for its first byte are the adapter's to keep: only it sees bytes."""
SEARCH = 3.0


@dataclass(frozen=True, slots=True)
class GuardedEmbedder:
    """An embedder whose queries and documents have a patience each. Nothing to embed is no call."""

    embedder: Embedder
    queries: Guard
    documents: Guard

    @property
    def model(self) -> str:
        """The embedder's own."""
        return self.embedder.model

    @property
    def dimension(self) -> int:
        """The embedder's own."""
        return self.embedder.dimension

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        """See the port. Raises `Unavailable`."""
        work = partial(self.embedder.embed_chunks, chunks)
        return await (self.documents.call(work) if chunks else work())

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """See the port. Raises `Unavailable`."""
        work = partial(self.embedder.embed_queries, texts)
        return await (self.queries.call(work) if texts else work())


@dataclass(frozen=True, slots=True)
class GuardedReranker:
    """A reranker that is late or down is so within its deadline."""

    reranker: Reranker
    guard: Guard

    @property
    def name(self) -> str:
        """The reranker's own."""
        return self.reranker.name

    @property
    def floors(self) -> Floors:
        """The reranker's own."""
        return self.reranker.floors

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        """See the port. Raises `Unavailable`."""
        work = partial(self.reranker.rerank, query, hits, limit=limit)
        return await (self.guard.call(work) if hits else work())


@dataclass(frozen=True, slots=True)
class GuardedRewriter:
    """A rewriter that is late or down is so within its deadline; `FallbackRewriter` stands around it."""

    rewriter: Rewriter
    guard: Guard

    @property
    def name(self) -> str:
        """The rewriter's own."""
        return self.rewriter.name

    async def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """See the port. Raises `Unavailable`."""
        work = partial(self.rewriter.rewrite, question, history)
        return await (self.guard.call(work) if history else work())


@dataclass(frozen=True, slots=True)
class GuardedGenerator:
    """A generator that is tried again only while nobody has heard a statement: afterwards its failure passes."""

    generator: Generator
    guard: Guard

    @property
    def name(self) -> str:
        """The generator's own."""
        return self.generator.name

    def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """See the port. Raises `Unavailable`, also when the whole takes longer than the deadline."""
        return self.guard.stream(partial(self.generator.generate, query, passages))


@dataclass(frozen=True, slots=True)
class GuardedIndex:
    """An index whose reads end within their deadline; `NothingIndexed` and `IndexMismatch` pass as they are.

    A question that has no time left gets `OutOfAllowance`, a key that is refused `Unusable`; else `IndexUnavailable`.
    """

    index: SearchIndex
    guard: Guard

    async def search(
        self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
    ) -> list[Hit]:
        """See the port."""
        return await self._read(partial(self.index.search, query, visible_to=visible_to, limit=limit, within=within))

    async def chunks(self, ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, Chunk]:
        """See the port. To ask for none is no call."""
        work = partial(self.index.chunks, ids, visible_to=visible_to)
        return await (self._read(work) if ids else work())

    async def revisions(self, document_ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, str]:
        """See the port. To ask for none is no call: a breaker would take it for one that went well."""
        work = partial(self.index.revisions, document_ids, visible_to=visible_to)
        return await (self._read(work) if document_ids else work())

    async def counts(self, *, visible_to: Audience) -> Counts:
        """See the port."""
        return await self._read(partial(self.index.counts, visible_to=visible_to))

    async def sources(self, *, visible_to: Audience) -> tuple[SourceCounts, ...]:
        """See the port."""
        return await self._read(partial(self.index.sources, visible_to=visible_to))

    async def _read(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self.guard.call(work)
        except (IndexUnavailable, OutOfAllowance, Unusable):
            raise
        except Unavailable as error:
            raise IndexUnavailable(str(error), retry_after=error.retry_after) from error
