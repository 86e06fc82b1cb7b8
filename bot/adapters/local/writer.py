"""The IndexWriter port on this machine: documents into the SQLite file, one transaction each."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from bot.adapters.local import database, lookups, scan
from bot.adapters.local.postings import count
from bot.adapters.local.reading import gathered, published
from bot.errors import BadRequest
from bot.models import Addition, Document, Embedding, Principal
from bot.ports.search import Known

LOCK: Final = "lock"
UNPUBLISHED: Final = 2000
"""Chunks, or a quarter of all if that is more, that readers gather for themselves before a scan is published again."""

T = TypeVar("T")


class LocalIndexWriter:
    """Writes on a thread of its own. While it is open no other process can write; readers are never kept waiting."""

    def __init__(self, path: Path, *, model: str, dimension: int, durable: bool) -> None:
        self._path = path
        self._model = model
        self._dimension = dimension
        self._durable = durable
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="index")
        self._lock: int | None = None
        self._connection: sqlite3.Connection | None = None
        self._settled = 0
        self._unpublished = 0

    async def begin(self) -> None:
        """Claim the folder, and open its index or make a new one.

        Raises `BadRequest` while another process writes there, `IndexMismatch` when another model or a newer version
        made the index.
        """
        await self._run(self._begin)

    async def close(self) -> None:
        """Let go of the folder. What was committed stays; readers do without what was not published."""
        await self._run(self._close)
        self._pool.shutdown()

    async def publish(self) -> None:
        """Write what searches scan to disk, so that readers need not gather it; nothing to do when it is there."""
        await self._run(self._publish)

    async def known(self, source: str) -> Mapping[str, Known]:
        """Every indexed document of a source, by document id."""
        return await self._run(lambda: {one.document_id: one for one in lookups.known(self._writing(), source)})

    async def upsert(self, document: Document, embeddings: Sequence[Embedding], *, fingerprint: str) -> None:
        """Replace the document as a whole, durably: readers see the old version or the new one, never a mixture.

        Raises `ValueError` when chunks and embeddings differ in number, when a chunk says otherwise than its document
        of what they share, or when another document has a chunk of the same id.
        """
        Addition(document, embeddings, fingerprint).check(self._dimension)
        await self._run(lambda: self._upsert(document, embeddings, fingerprint))

    async def upsert_many(self, additions: Sequence[Addition]) -> Mapping[str, str]:
        """Replace several documents, one transaction each; none is refused."""
        for addition in additions:
            await self.upsert(addition.document, addition.embeddings, fingerprint=addition.fingerprint)
        return {}

    async def touch(
        self, document_id: str, *, fingerprint: str, readable_by: tuple[Principal, ...] | None = None
    ) -> None:
        """Remember a new fingerprint for a document whose content has not changed, and its new readers if given."""
        await self._run(lambda: self._touch(document_id, fingerprint, readable_by))

    async def delete(self, document_ids: Sequence[str]) -> int:
        """Remove documents with all their chunks; how many of them existed."""
        return await self._run(lambda: self._delete(document_ids))

    async def _run(self, work: Callable[[], T]) -> T:
        def told() -> T:
            with database.told(self._path):
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._pool, told)

    def _begin(self) -> None:
        folder = self._path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _claim(folder)
        connection = database.open_to_write(self._path, durable=self._durable)
        self._connection = connection
        database.create(connection, model=self._model, dimension=self._dimension)
        state = database.check(connection, self._path, model=self._model, dimension=self._dimension)
        scan.remove_all_but(folder, state.published)
        self._settled = lookups.chunk_count(connection)

    def _close(self) -> None:
        if self._connection:
            with suppress(sqlite3.Error):  # only tidiness: who opens the file next does it instead
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _writing(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("the writer is closed")
        return self._connection

    def _upsert(self, document: Document, embeddings: Sequence[Embedding], fingerprint: str) -> None:
        terms = [count(chunk.text, chunk.place) for chunk in document.chunks]
        connection = self._writing()
        with database.transaction(connection):
            database.put(connection, document, embeddings, terms=terms, fingerprint=fingerprint)
        self._unpublished += len(document.chunks)
        if self._unpublished > max(UNPUBLISHED, self._settled // 4):
            self._publish()

    def _touch(self, document_id: str, fingerprint: str, readable_by: tuple[Principal, ...] | None) -> None:
        connection = self._writing()
        if readable_by is None:
            database.touch(connection, document_id, fingerprint)
            return
        with database.transaction(connection):
            database.grant(connection, document_id, readable_by, fingerprint=fingerprint)

    def _delete(self, document_ids: Sequence[str]) -> int:
        connection = self._writing()
        with database.transaction(connection):
            return database.delete(connection, document_ids)

    def _publish(self) -> None:
        connection, folder = self._writing(), self._path.parent
        state = database.state_of(connection)
        before = published(folder, state)
        if before.generation == state.generation:
            return
        current = gathered(connection, state, before)
        name = database.new_name(connection, f"{scan.PREFIX}{state.generation:010}-") if current.rows else None
        if name:
            scan.save(current, folder, name, durable=self._durable)
        with database.transaction(connection):
            database.publish(connection, name, forget=before.last_change)
        scan.remove_all_but(folder, name)
        self._settled, self._unpublished = current.rows, 0


def _claim(folder: Path) -> int:
    """An open file that is locked for as long as it is open. Raises `BadRequest` when another process has it."""
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise BadRequest(f"another process is indexing into {folder.parent}; wait until it is done") from None
    return lock
