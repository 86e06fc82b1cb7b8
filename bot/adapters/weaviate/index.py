"""The SearchIndex port over Weaviate: one hybrid query for a search, and the audience inside every read."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from itertools import islice
from typing import Any, Final, TypeVar

import numpy as np
import structlog
from httpx import HTTPError
from structlog.typing import FilteringBoundLogger
from weaviate.classes.aggregate import GroupByAggregate, Metrics
from weaviate.classes.query import Filter, FilterReturn
from weaviate.exceptions import WeaviateBaseError

from bot.adapters.weaviate import schema
from bot.adapters.weaviate.client import PAUSES, READING, Collection, Gone, Line, Place
from bot.adapters.weaviate.objects import PACKED, SHOWN, chunk_of, document_uuid, embedding_of
from bot.adapters.weaviate.ranking import Asked, Found, ranked
from bot.adapters.weaviate.who import may_read, readers, sendable
from bot.adapters.weaviate.writer import WeaviateIndexWriter
from bot.errors import IndexUnavailable
from bot.models import Audience, Chunk, Hit, Query
from bot.ports.search import Counts, SourceCounts

LOOK: Final = 10.0
"""Seconds after which a reader looks again which index is live."""
GLANCE: Final = 0.5
"""Seconds that such a look may take from a search."""
AT_ONCE: Final = 100
"""Names that one query asks for."""
VERSIONS: Final = 4
"""Of a chunk that can be there at once: one, two while its document is replaced, more after writers were killed."""
SOURCES: Final = 10_000
"""Sources that are counted."""

log: FilteringBoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """Our tenant's part of the two collections of the index that is read, and whether several nodes have copies."""

    chunks: Collection
    documents: Collection
    copied: bool


Work = Callable[[View], Awaitable[T]]


class WeaviateIndex:
    """Searches one tenant of Weaviate, each search within three seconds, or what the question has left.

    It sees every change as soon as it is written. While a document is replaced, a search that meets two of its versions
    asks which one is true, and keeps that; what a killed writer left of a version is removed by the next one.
    """

    def __init__(
        self,
        place: Place,
        *,
        model: str,
        dimension: int,
        vectors: bool = True,
        units: bool = True,
        deadline: float = READING,
    ) -> None:
        self._line = Line(place, deadline=deadline)
        self._place = place
        self._model = model
        self._dimension = dimension
        self._units = units
        self._properties = (*SHOWN, PACKED) if vectors else SHOWN
        self._names: schema.Names | None = None
        self._looked = 0.0
        self._warned = False

    @staticmethod
    @asynccontextmanager
    async def open(
        place: Place,
        *,
        model: str,
        dimension: int,
        vectors: bool = True,
        units: bool = True,
        deadline: float = READING,
    ) -> AsyncGenerator[WeaviateIndex]:
        """The read side. Hits have their vectors if `vectors`, and those of their units if `units` too.

        A server that cannot be reached now is no reason not to open. Raises `NothingIndexed` when it says that there is
        no index, `IndexMismatch` when another model or schema made what is there, `Unusable` when it refuses us; and
        `Misconfigured` without an address.
        """
        index = WeaviateIndex(place, model=model, dimension=dimension, vectors=vectors, units=units, deadline=deadline)
        try:
            with suppress(IndexUnavailable):
                await index.check()
            yield index
        finally:
            await index.close()

    @staticmethod
    @asynccontextmanager
    async def create(
        place: Place, *, model: str, dimension: int, pauses: Sequence[float] = PAUSES
    ) -> AsyncGenerator[WeaviateIndexWriter]:
        """The write side, to a new index where there is none; a write that fails is tried again after each pause.

        Raises `IndexMismatch` when another model or schema made the live index, `IndexUnavailable` without a server.
        """
        writer = WeaviateIndexWriter(place, model=model, dimension=dimension, pauses=pauses)
        try:
            await writer.begin()
            yield writer
        finally:
            await writer.close()

    async def check(self) -> None:
        """Raises what a search would raise before it searches."""
        async with self._line.reading() as client:
            await self._look(client)

    async def close(self) -> None:
        """Let go of the server."""
        await self._line.close()

    async def search(
        self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
    ) -> list[Hit]:
        """At most `limit` hits, best first, each readable by all of `visible_to`.

        Only chunks of the sources `within` are candidates; of every source when it is empty.
        Raises `NothingIndexed`, `IndexMismatch`, and `IndexUnavailable` past the deadline.
        """
        visible = _visible(visible_to)
        sources = sendable(within)
        if visible is None or limit <= 0 or (within and not sources):
            return []
        if sources:
            visible &= Filter.by_property("source").contains_any(sources)
        asked = Asked.of(query, filters=visible, properties=self._properties)
        found = await self._read(partial(_search, asked, visible_to, limit))
        shown = (one for one in found if _is_for(one.chunk, visible_to, within))
        return [_hit(one, query, units=self._units) for one in islice(shown, limit)]

    async def chunks(self, ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, Chunk]:
        """Those of the chunks that exist and are readable by all of `visible_to`, by id."""
        asked, visible = sendable(ids), _visible(visible_to)
        if visible is None or not asked:
            return {}
        found = await self._read(partial(_chunks, asked, visible, visible_to))
        wanted = frozenset(asked)
        return {one.id: one for one in found if one.id in wanted and visible_to.may_read(one.readable_by)}

    async def revisions(self, document_ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, str]:
        """Revision of each of the documents that exists and is readable by all of `visible_to`."""
        visible = _visible(visible_to)
        if visible is None or not document_ids:
            return {}
        found = await self._read(lambda view: _documents(view, document_ids, visible))
        return {one["document_id"]: one["revision"] for one in found}

    async def counts(self, *, visible_to: Audience) -> Counts:
        """How many documents and chunks all of `visible_to` may read."""
        visible = _visible(visible_to)
        return Counts(0, 0) if visible is None else await self._read(partial(_counts, visible))

    async def sources(self, *, visible_to: Audience) -> tuple[SourceCounts, ...]:
        """The sources of which all of `visible_to` may read something, by name, counting only what they may read."""
        visible = _visible(visible_to)
        return () if visible is None else await self._read(partial(_sources, visible))

    async def _read(self, work: Work[T]) -> T:
        """Do `work` on the index that is live; once more where that one has just gone."""
        try:
            return await self._tried(work)
        except Gone:
            self._names = None
            return await self._tried(work)

    async def _tried(self, work: Work[T]) -> T:
        async with self._line.reading() as client:
            if self._names is None:
                await self._look(client)
            elif time.monotonic() - self._looked > LOOK:
                await self._look_again(client)
            names = self._names
            assert names is not None  # noqa: S101  (what was looked for is there, or was raised)
            parts = (self._line.part(client, name) for name in (names.chunks, names.documents))
            return await work(View(*parts, copied=self._place.replicas > 1))

    async def _look_again(self, client: Any) -> None:
        """Go on with what was live where nobody can say: nodes that elect a leader answer searches and nothing else."""
        self._looked = time.monotonic()
        with suppress(TimeoutError, WeaviateBaseError, HTTPError):
            async with asyncio.timeout(GLANCE):
                await self._look(client)

    async def _look(self, client: Any) -> None:
        found = await schema.reading(client, self._place, model=self._model, dimension=self._dimension)
        if found.replaced and not self._warned:
            log.warning("index_replaced", reading=found.names.chunks, advice="restart with the settings of the new one")
        self._names, self._looked, self._warned = found.names, time.monotonic(), found.replaced


@lru_cache(maxsize=256)
def _visible(audience: Audience) -> FilterReturn | None:
    """What all of the audience may read; None when that is nothing."""
    held = readers(audience)
    return may_read(held) if held else None


def _is_for(chunk: Chunk, audience: Audience, within: frozenset[str]) -> bool:
    """Once more, to the letter: the server takes no notice of spaces around a name."""
    return audience.may_read(chunk.readable_by) and (not within or chunk.source in within)


# --- searching --------------------------------------------------------------------------------------------------------


async def _search(asked: Asked, audience: Audience, limit: int, view: View) -> list[Found]:
    found = await ranked(view.chunks, asked, limit=limit)
    stale = await _stale(view, ((one.chunk.document_id, one.version) for one in found), audience)
    return [one for one in found if (one.chunk.document_id, one.version) not in stale]


def _hit(one: Found, query: Query, *, units: bool) -> Hit:
    embedding = embedding_of(one.properties, units=units)
    cosine = one.cosine or 0.0
    if embedding is not None and query.vector is not None:
        cosine = float(np.dot(embedding.vector, query.vector))
    return Hit(one.chunk, one.score, one.bm25 or 0.0, cosine, embedding)


async def _stale(view: View, found: Iterable[tuple[str, str]], audience: Audience) -> frozenset[tuple[str, str]]:
    """Versions that are not what their document is now, or not for this audience any more.

    On one node only a document of which two were found can have any. One of several nodes may have been away while a
    document was changed or removed, or its readers were: there every document is asked.
    """
    versions: dict[str, set[str]] = defaultdict(set)
    for document_id, version in found:
        versions[document_id].add(version)
    asked = [document_id for document_id, several in versions.items() if view.copied or len(several) > 1]
    visible = _visible(audience)
    if not asked or visible is None:
        return frozenset()
    current = {one["document_id"]: one["version"] for one in await _documents(view, asked, visible)}
    return frozenset((name, one) for name in asked for one in versions[name] if one != current.get(name))


# --- by name ----------------------------------------------------------------------------------------------------------


async def _chunks(ids: Sequence[str], visible: FilterReturn, audience: Audience, view: View) -> list[Chunk]:
    found: list[tuple[Chunk, str]] = []
    for start in range(0, len(ids), AT_ONCE):
        few = list(ids[start : start + AT_ONCE])
        reply = await view.chunks.query.fetch_objects(
            filters=Filter.by_property("chunk_id").contains_any(few) & visible,
            limit=VERSIONS * len(few),
            return_properties=list(SHOWN),
        )
        found += [(chunk_of(one.properties), one.properties["version"]) for one in reply.objects]
    stale = await _stale(view, ((chunk.document_id, version) for chunk, version in found), audience)
    return [chunk for chunk, version in found if (chunk.document_id, version) not in stale]


async def _documents(view: View, document_ids: Sequence[str], visible: FilterReturn) -> list[Mapping[str, Any]]:
    names = [document_uuid(one) for one in dict.fromkeys(document_ids)]
    found: list[Mapping[str, Any]] = []
    for start in range(0, len(names), AT_ONCE):
        few = names[start : start + AT_ONCE]
        if view.copied:  # a node that was away answers with what it had, and takes over from others what is newer
            await _documents_now(view, few, visible)
        found += await _documents_now(view, few, visible)
    return found


async def _documents_now(view: View, uuids: Sequence[str], visible: FilterReturn) -> list[Mapping[str, Any]]:
    reply = await view.documents.query.fetch_objects(
        filters=Filter.by_id().contains_any(uuids) & visible,
        limit=AT_ONCE,
        return_properties=["document_id", "revision", "version"],
    )
    return [one.properties for one in reply.objects]


# --- counting ---------------------------------------------------------------------------------------------------------


async def _counts(visible: FilterReturn, view: View) -> Counts:
    found = await view.documents.aggregate.over_all(
        filters=visible, total_count=True, return_metrics=Metrics("chunks").integer(sum_=True)
    )
    return Counts(found.total_count or 0, _sum(found.properties))


async def _sources(visible: FilterReturn, view: View) -> tuple[SourceCounts, ...]:
    found = await view.documents.aggregate.over_all(
        filters=visible,
        group_by=GroupByAggregate(prop="source", limit=SOURCES),
        total_count=True,
        return_metrics=[Metrics("chunks").integer(sum_=True), Metrics("updated").date_(maximum=True)],
    )
    counted = (
        SourceCounts(
            str(group.grouped_by.value), group.total_count or 0, _sum(group.properties), _newest(group.properties)
        )
        for group in found.groups
    )
    return tuple(sorted(counted, key=lambda one: one.source))


def _sum(properties: Mapping[str, Any]) -> int:
    counted = properties.get("chunks")
    return int(counted.sum_ or 0) if counted is not None else 0


def _newest(properties: Mapping[str, Any]) -> datetime | None:
    dated = properties.get("updated")
    newest = None if dated is None else dated.maximum
    return None if not newest else datetime.fromisoformat(newest)
