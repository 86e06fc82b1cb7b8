"""The SearchIndex port on this machine: one SQLite file is true, and a search scans arrays that follow from it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from bot.adapters.local import database, lookups
from bot.adapters.local.database import State
from bot.adapters.local.fusion import Tuning
from bot.adapters.local.postings import Mask, key_of
from bot.adapters.local.reading import Reading, identity
from bot.adapters.local.writer import LocalIndexWriter
from bot.errors import IndexUnavailable
from bot.models import Audience, Chunk, Hit, Query
from bot.ports.search import Counts, SourceCounts
from bot.words.asking import weights

FOLDER: Final = "index"
"""Inside the home folder."""
MOST_WORDS: Final = 256
"""Different words of a query that are looked up; what is longer was not typed as a question."""
DEADLINE: Final = 10.0
THREADS: Final = 2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """One snapshot of the index, for as long as its transaction lasts."""

    connection: sqlite3.Connection
    state: State
    reading: Reading


Work: TypeAlias = Callable[[View], T | None]
"""Reads one snapshot; None when this process has moved on to a newer one meanwhile."""


class LocalIndex:
    """Searches the index under a home folder, on at most `threads` threads, each search within `deadline` seconds.

    It sees every change as soon as it is committed, by whatever process, even that the index was removed and made anew.
    """

    def __init__(
        self,
        home: Path,
        *,
        model: str,
        dimension: int,
        tuning: Tuning | None = None,
        threads: int = THREADS,
        deadline: float = DEADLINE,
    ) -> None:
        self._path = _file(home)
        self._model = model
        self._dimension = dimension
        self._tuning = tuning or Tuning()
        self._deadline = deadline
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="search")
        self._lock = threading.Lock()
        self._reading: Reading | None = None

    @staticmethod
    @asynccontextmanager
    async def open(
        home: Path,
        *,
        model: str,
        dimension: int,
        tuning: Tuning | None = None,
        threads: int = THREADS,
        deadline: float = DEADLINE,
    ) -> AsyncGenerator[LocalIndex]:
        """The read side.

        Raises `NothingIndexed` when there is no index, `IndexMismatch` when another model or version made it.
        """
        index = LocalIndex(home, model=model, dimension=dimension, tuning=tuning, threads=threads, deadline=deadline)
        try:
            await index.check()
            yield index
        finally:
            index.close()

    @staticmethod
    @asynccontextmanager
    async def create(
        home: Path, *, model: str, dimension: int, durable: bool = True
    ) -> AsyncGenerator[LocalIndexWriter]:
        """The write side, to a new index where there is none. Without `durable`, a power cut may lose what was written.

        Raises `BadRequest` while another process writes there, `IndexMismatch` when another model or a newer version
        made the index.
        """
        writer = LocalIndexWriter(_file(home), model=model, dimension=dimension, durable=durable)
        try:
            await writer.begin()
            yield writer
            await writer.publish()
        finally:
            await writer.close()

    async def check(self) -> None:
        """Raises what a search would raise before it searches."""
        await self._run(lambda view: view.state)

    async def search(
        self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
    ) -> list[Hit]:
        """At most `limit` hits, best first, each readable by all of `visible_to`, each with its embedding.

        Only chunks of the sources `within` are candidates; of every source when it is empty.
        Raises `NothingIndexed`, `IndexMismatch`, and `IndexUnavailable` past the deadline.
        """
        return await self._run(partial(_search, query, visible_to, limit, within))

    async def chunks(self, ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, Chunk]:
        """Those of the chunks that exist and are readable by all of `visible_to`, by id."""
        return await self._run(partial(_chunks, ids, visible_to))

    async def revisions(self, document_ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, str]:
        """Revision of each of the documents that exists and is readable by all of `visible_to`."""
        return await self._run(partial(_revisions, document_ids, visible_to))

    async def counts(self, *, visible_to: Audience) -> Counts:
        """How many documents and chunks all of `visible_to` may read."""
        return await self._run(partial(_counts, visible_to))

    async def sources(self, *, visible_to: Audience) -> tuple[SourceCounts, ...]:
        """The sources of which all of `visible_to` may read something, by name, counting only what they may read."""
        return await self._run(partial(_sources, visible_to))

    def close(self) -> None:
        """Wait for the searches that are running, then let go of the file."""
        self._pool.shutdown()
        if self._reading:
            self._reading.close()

    async def _run(self, work: Work[T]) -> T:
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work)
        except TimeoutError:
            raise IndexUnavailable(f"the index at {self._path} did not answer in {self._deadline:g} s") from None

    def _read(self, work: Work[T]) -> T:
        """Do `work` in one snapshot, and in a newer one whenever it finds itself behind."""
        reading = self._current()
        with database.told(self._path), reading.connection() as connection:
            while True:
                known = reading.generation
                with database.snapshot(connection):
                    state = database.check(connection, self._path, model=self._model, dimension=self._dimension)
                    if state.generation < known:
                        reading.forget()
                    found = work(View(connection, state, reading))
                if found is not None:
                    return found

    def _current(self) -> Reading:
        """The file that has the name now, which need not be the one that had it before."""
        with self._lock:
            if self._reading is None or self._reading.identity != identity(self._path):
                if self._reading:
                    self._reading.close()
                self._reading = Reading(self._path, self._tuning)
            return self._reading


def _file(home: Path) -> Path:
    return home.absolute() / FOLDER / database.FILE


def _search(query: Query, audience: Audience, limit: int, within: frozenset[str], view: View) -> list[Hit] | None:
    ranker = view.reading.ranker(view.connection, view.state)
    if ranker is None:
        return None
    allowed = ranker.allowed(view.reading.readable.by(audience))
    if within:
        allowed &= ranker.within(within, partial(lookups.stretches, view.connection))
    ids = partial(lookups.chunk_ids, view.connection)
    ranked = ranker.rank(_weighed(query), query.vector, allowed=allowed, limit=limit, ids=ids)
    found = lookups.chunks(view.connection, [one.key for one in ranked], view.reading.readable.lists)
    return [
        Hit(chunk, one.score, one.bm25, one.cosine, embedding)
        for one, (chunk, embedding) in ((one, found[one.key]) for one in ranked)
    ]


def _weighed(query: Query) -> dict[int, float]:
    """How much each word that the query asks for counts, by the word's key."""
    return {key_of(word): weight for word, weight in islice(weights(query).items(), MOST_WORDS)}


def _chunks(chunk_ids: Sequence[str], audience: Audience, view: View) -> dict[str, Chunk]:
    readable = view.reading.readable
    readable.refresh(view.connection)
    return lookups.chunks_named(view.connection, chunk_ids, readable.lists, allowed=readable.by(audience))


def _revisions(document_ids: Sequence[str], audience: Audience, view: View) -> dict[str, str]:
    allowed = _readable(audience, view)
    rows = lookups.revisions(view.connection, document_ids)
    return {document_id: revision for document_id, revision, access in rows if allowed[access]}


def _counts(audience: Audience, view: View) -> Counts:
    allowed = _readable(audience, view)
    readable = [(documents, chunks) for access, documents, chunks in lookups.sizes(view.connection) if allowed[access]]
    return Counts(sum(documents for documents, _ in readable), sum(chunks for _, chunks in readable))


def _sources(audience: Audience, view: View) -> tuple[SourceCounts, ...]:
    allowed = _readable(audience, view)
    found: dict[str, SourceCounts] = {}
    for source, access, documents, chunks, updated in lookups.sources(view.connection):
        if allowed[access]:
            one = found.get(source, SourceCounts(source, 0, 0, None))
            newest = max(filter(None, (one.updated, updated)), default=None)
            found[source] = SourceCounts(source, one.documents + documents, one.chunks + chunks, newest)
    return tuple(found[source] for source in sorted(found))


def _readable(audience: Audience, view: View) -> Mask:
    view.reading.readable.refresh(view.connection)
    return view.reading.readable.by(audience)
