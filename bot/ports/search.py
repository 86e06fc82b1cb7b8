"""Finding passages: embedder, the two sides of the index, reranker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.models import Addition, Audience, Chunk, Document, Embedding, Hit, Matrix, Principal, Query, Ranking


class Embedder(Protocol):
    """Turns text into unit vectors of one space."""

    @property
    def model(self) -> str:
        """Name of the model and revision; an index built with another name is refused."""
        ...

    @property
    def dimension(self) -> int:
        """Length of every vector."""
        ...

    async def embed_chunks(self, chunks: Sequence[Chunk]) -> list[Embedding]:
        """One embedding per chunk, in order; text past the model's window is not seen.

        Raises `Unavailable` when the model cannot be reached within its deadline.
        """
        ...

    async def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """Shape (len(texts), dimension), unit rows, in order."""
        ...


class SearchIndex(Protocol):
    """The read side. Every read takes the audience and filters inside the query."""

    async def search(
        self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
    ) -> list[Hit]:
        """At most `limit` hits, best first, each readable by all of `visible_to`, each with its embedding.

        Only chunks of the sources `within` are candidates; of every source when it is empty.
        Hybrid: relative-score fusion of BM25 and cosine with alpha 0.5 over the first 100 of each leg (scores scaled
        to 0..1 per leg and query); ties break by chunk id. A query without a vector searches by words alone.
        Raises `NothingIndexed` without an index and `IndexUnavailable` past its deadline.
        """
        ...

    async def chunks(self, ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, Chunk]:
        """Those of the chunks that exist and are readable by all of `visible_to`, by id.

        One that may not be read is missing like one that was never there.
        """
        ...

    async def revisions(self, document_ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, str]:
        """Revision of each of the documents that exists and is readable by all of `visible_to`."""
        ...

    async def counts(self, *, visible_to: Audience) -> Counts:
        """How many documents and chunks all of `visible_to` may read."""
        ...

    async def sources(self, *, visible_to: Audience) -> tuple[SourceCounts, ...]:
        """The sources of which all of `visible_to` may read something, by name, counting only what they may read."""
        ...


@dataclass(frozen=True, slots=True)
class Counts:
    """Size of what is indexed."""

    documents: int
    chunks: int


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """Size of what is indexed of one source, and when the newest document of it was changed, where that is known."""

    source: str
    documents: int
    chunks: int
    updated: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the index remembers of a document so that an unchanged one is skipped.

    `fingerprint` is whatever the indexer stored with it (size, mtime, access list, chunker version).
    """

    document_id: str
    revision: str
    fingerprint: str
    chunks: int


class IndexWriter(Protocol):
    """The write side, owned by one indexer at a time."""

    async def known(self, source: str) -> Mapping[str, Known]:
        """Every indexed document of a source, by document id."""
        ...

    async def upsert(self, document: Document, embeddings: Sequence[Embedding], *, fingerprint: str) -> None:
        """Replace the document as a whole, durably: readers see the old version or the new one, never a mixture.

        Raises `ValueError` when chunks and embeddings differ in number, `Unreadable` when the index refuses the
        document for what it is: then the old version stays.
        """
        ...

    async def upsert_many(self, additions: Sequence[Addition]) -> Mapping[str, str]:
        """Replace several documents, each as a whole, as `upsert` does: quicker where a server has to be asked.

        Says why each was refused that was, by document id: their old versions stay, and the others are stored.
        """
        ...

    async def touch(
        self, document_id: str, *, fingerprint: str, readable_by: tuple[Principal, ...] | None = None
    ) -> None:
        """Remember a new fingerprint for a document whose content has not changed.

        With `readable_by` its access list is replaced too, in the same transaction: who may read changes at once,
        without embedding anything again.
        """
        ...

    async def delete(self, document_ids: Sequence[str]) -> int:
        """Remove documents with all their chunks; how many of them existed."""
        ...


class Reranker(Protocol):
    """Puts the passages that answer first."""

    @property
    def name(self) -> str:
        """What *Why this answer?* calls it."""
        ...

    @property
    def floors(self) -> Floors:
        """Where this reranker's confidence means a decline, and where it means a plain answer."""
        ...

    async def rerank(self, query: Query, hits: Sequence[Hit], *, limit: int) -> Ranking:
        """The best `limit` of `hits`, best first, with this reranker's score in each and a calibrated confidence."""
        ...


@dataclass(frozen=True, slots=True)
class Floors:
    """Confidence below `decline` is a decline, from `plain` on a plain answer, between them a hedged one."""

    decline: float
    plain: float
