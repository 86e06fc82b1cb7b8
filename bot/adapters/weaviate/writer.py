"""The IndexWriter port over Weaviate, which has no transactions: a document changes when its one object does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter

from bot.adapters.weaviate import batches, schema
from bot.adapters.weaviate.batches import Object, persistently
from bot.adapters.weaviate.client import PAUSES, Line, Place
from bot.adapters.weaviate.objects import chunk_objects, chunk_uuid, document_object, document_uuid, version_of
from bot.errors import Unreadable
from bot.models import Addition, Document, Embedding, Principal
from bot.ports.search import Known

PAGE: Final = 500
"""Documents that are listed at once."""
PARCEL: Final = 100
"""Chunks that are written together, at least."""
AT_ONCE: Final = 2
"""Parcels on their way."""
FEW: Final = 200
"""Documents that one filter names."""


class WeaviateIndexWriter:
    """Writes one tenant. One writer at a time; readers are never kept waiting.

    The chunks of a document's new version are written beside the old ones, then the document's object says which
    version is true, then the others go. What a killed writer was about to do stands in a journal, and the next one ends
    it. Where the index before this one is kept for a roll-back, and read by bots of then, who may read and what is gone
    holds there too.
    """

    def __init__(self, place: Place, *, model: str, dimension: int, pauses: Sequence[float] = PAUSES) -> None:
        self._line = Line(place, pauses=pauses)
        self._place = place
        self._model = model
        self._dimension = dimension
        self._names = schema.Names("")
        self._before: schema.Names | None = None

    async def begin(self) -> None:
        """Find the index or make one, and end what another writer had to leave.

        Raises `IndexMismatch` when another model or schema made the live index, `IndexUnavailable` without a server.
        """

        async def find(client: Any) -> tuple[schema.Names, schema.Names | None]:
            names = await schema.writing(client, self._place, model=self._model, dimension=self._dimension)
            return names, await schema.kept_before(client, self._place, names)

        self._names, self._before = await persistently(self._line, find)
        await self._recover()

    async def close(self) -> None:
        """Let go of the server."""
        await self._line.close()

    async def known(self, source: str) -> Mapping[str, Known]:
        """Every indexed document of a source, by document id."""
        found: dict[str, Known] = {}
        cursor: str | None = None
        while page := await self._page(cursor):
            cursor = str(page[-1].uuid)
            for one in (one.properties for one in page):
                if one["kind"] == "document" and one["source"] == source:
                    name = one["document_id"]
                    found[name] = Known(name, one["revision"], one["fingerprint"], int(one["chunks"]))
        return found

    async def upsert(self, document: Document, embeddings: Sequence[Embedding], *, fingerprint: str) -> None:
        """Replace the document as a whole: readers see the old version or the new one, never a mixture.

        Raises `ValueError` when chunks and embeddings do not fit, `Unreadable` when the server refuses the document for
        what it is; then the old version stays.
        """
        refused = await self.upsert_many([Addition(document, embeddings, fingerprint)])
        for reason in refused.values():
            raise Unreadable(reason)

    async def upsert_many(self, additions: Sequence[Addition]) -> Mapping[str, str]:
        """Replace several documents, each as a whole; why each of those was refused that were, by document id."""
        for addition in additions:
            addition.check(self._dimension)
        last = {addition.document.id: addition for addition in additions}
        if not last:
            return {}
        journal = await self._note("write", list(last))
        versions = {name: version_of(one.document, one.fingerprint) for name, one in last.items()}
        refused = await self._write_chunks(last, versions)
        await self._flip([one for name, one in last.items() if name not in refused], versions, refused)
        await self._pass_readers_on([one.document for name, one in last.items() if name not in refused])
        await self._settle(list(last), {name: one for name, one in versions.items() if name not in refused})
        await self._forget(journal)
        return refused

    async def touch(
        self, document_id: str, *, fingerprint: str, readable_by: tuple[Principal, ...] | None = None
    ) -> None:
        """Remember a new fingerprint for a document whose content has not changed, and its new readers if given.

        Each chunk has its old readers or its new ones at any moment, and all have the new ones when this returns.
        """
        one = (await self._current([document_id])).get(document_id)
        if one is not None:
            who = {} if readable_by is None else _who(readable_by)
            await self._change(self._names, one, who, who | {"fingerprint": fingerprint})
        if readable_by is not None and self._before is not None:
            for kept in (await self._current([document_id], self._before)).values():
                await self._change(self._before, kept, _who(readable_by), _who(readable_by))

    async def delete(self, document_ids: Sequence[str]) -> int:
        """Remove documents with all their chunks; how many of them existed."""
        existing = 0
        for start in range(0, len(document_ids), FEW):
            few = list(dict.fromkeys(document_ids[start : start + FEW]))
            existing += len(await self._current(few))
            journal = await self._note("delete", few)
            await self._remove(few)
            await self._forget(journal)
        return existing

    # --- the steps of a change --------------------------------------------------------------------------------------

    async def _write_chunks(self, additions: Mapping[str, Addition], versions: Mapping[str, str]) -> dict[str, str]:
        """Beside what is there; why each document was refused that was, by id.

        While the server works on some of them, the next are made ready.
        """
        doors = asyncio.Semaphore(AT_ONCE)

        async def write(some: Sequence[Addition]) -> dict[str, str]:
            async with doors:
                return await self._write_some(some, versions)

        written = await asyncio.gather(*(write(some) for some in _parcels(additions.values())), return_exceptions=True)
        refused: dict[str, str] = {}
        for told in written:
            if isinstance(told, BaseException):
                raise told
            refused |= told
        return refused

    async def _write_some(self, additions: Sequence[Addition], versions: Mapping[str, str]) -> dict[str, str]:
        objects, owners = await asyncio.to_thread(_objects, additions, versions)
        refused = await batches.insert(self._line, self._names.chunks, objects)
        return {owners[uuid]: reason for uuid, reason in refused.items()}

    async def _flip(self, additions: Sequence[Addition], versions: Mapping[str, str], refused: dict[str, str]) -> None:
        """Say which version is true now: for readers this is the change."""
        objects = [document_object(one.document, one.fingerprint, versions[one.document.id]) for one in additions]
        failed = await batches.insert(self._line, self._names.documents, objects)
        refused |= {one.document.id: failed[str(made.uuid)] for one, made in zip(additions, objects, strict=True)
                    if str(made.uuid) in failed}  # fmt: skip

    async def _settle(self, names: Sequence[str], versions: Mapping[str, str] | None = None) -> None:
        """Delete what the documents have in other versions than their true ones, which are looked up if not given."""
        given = versions or {}
        missing = [name for name in names if name not in given]
        known = {**given, **{name: one["version"] for name, one in (await self._current(missing)).items()}}
        for start in range(0, len(names), FEW):
            few = names[start : start + FEW]
            true = [known[name] for name in few if name in known]
            where = Filter.by_property("document").contains_any([document_uuid(name) for name in few])
            if true:
                where &= Filter.by_property("version").contains_none(true)
            await batches.delete(self._line, self._names.chunks, where)

    async def _remove(self, names: Sequence[str]) -> None:
        uuids = [document_uuid(name) for name in names]
        if uuids:
            where = Filter.by_property("document").contains_any(uuids)
            for index in filter(None, (self._names, self._before)):
                await batches.delete(self._line, index.chunks, where)
                await batches.delete(self._line, index.documents, Filter.by_id().contains_any(uuids))

    async def _change(
        self, index: schema.Names, document: Mapping[str, Any], chunks: Mapping[str, Any], head: Mapping[str, Any]
    ) -> None:
        """Change properties of a document's chunks, then of the document itself."""
        name, version = document["document_id"], document["version"]
        if chunks:
            uuids = [chunk_uuid(name, version, number) for number in range(int(document["chunks"]))]
            await batches.update(self._line, index.chunks, uuids, chunks)
        await batches.update(self._line, index.documents, [document_uuid(name)], head)

    async def _pass_readers_on(self, documents: Sequence[Document]) -> None:
        """Let the index before this one know other readers of documents that it has in an older version."""
        if self._before is not None:
            kept = await self._current([document.id for document in documents], self._before)
            for document in documents:
                who = _who(document.readable_by)
                if document.id in kept and [*(kept[document.id]["readable_by"] or ())] != who["readable_by"]:
                    await self._change(self._before, kept[document.id], who, who)

    # --- the journal --------------------------------------------------------------------------------------------------

    async def _note(self, kind: str, names: Sequence[str]) -> str:
        """Write down what is about to be done to which documents."""
        journal = str(uuid4())
        entry = DataObject({"kind": f"journal:{kind}", "journal": [*names]}, journal)
        await batches.insert(self._line, self._names.documents, [entry])
        return journal

    async def _forget(self, journal: str) -> None:
        await persistently(
            self._line, lambda client: self._line.part(client, self._names.documents).data.delete_by_id(journal)
        )

    async def _recover(self) -> None:
        """End what a writer that is no more has begun: what was half written goes, what was half removed too."""
        for kind, end in (("write", self._settle), ("delete", self._remove)):
            where = Filter.by_property("kind").equal(f"journal:{kind}")

            async def found(client: Any, where: Any = where) -> Any:
                part = self._line.part(client, self._names.documents)
                return await part.query.fetch_objects(filters=where, limit=PAGE, return_properties=["journal"])

            for entry in (await persistently(self._line, found)).objects:
                await end(entry.properties["journal"] or [])
                await self._forget(str(entry.uuid))

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _current(self, names: Sequence[str], index: schema.Names | None = None) -> dict[str, Mapping[str, Any]]:
        """The objects of those of the documents that exist, by document id."""
        place = index or self._names
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(names), FEW):
            uuids = [document_uuid(name) for name in names[start : start + FEW]]

            async def look(client: Any, uuids: list[str] = uuids) -> Any:
                part = self._line.part(client, place.documents)
                return await part.query.fetch_objects(filters=Filter.by_id().contains_any(uuids), limit=FEW)

            found |= {
                one.properties["document_id"]: one.properties for one in (await persistently(self._line, look)).objects
            }
        return found

    async def _page(self, after: str | None) -> Any:
        async def look(client: Any) -> Any:
            part = self._line.part(client, self._names.documents)
            wanted = ["kind", "document_id", "source", "revision", "fingerprint", "chunks"]
            return (await part.query.fetch_objects(limit=PAGE, after=after, return_properties=wanted)).objects

        return await persistently(self._line, look)


def _who(readable_by: Sequence[Principal]) -> dict[str, Any]:
    return {"readable_by": [str(principal) for principal in readable_by]}


def _parcels(additions: Iterable[Addition]) -> Iterator[list[Addition]]:
    """Documents together until they have chunks enough for a message."""
    parcel: list[Addition] = []
    for one in additions:
        parcel.append(one)
        if sum(len(each.document.chunks) for each in parcel) >= PARCEL:
            yield parcel
            parcel = []
    if parcel:
        yield parcel


def _objects(additions: Sequence[Addition], versions: Mapping[str, str]) -> tuple[list[Object], dict[str, str]]:
    """The chunks of documents, and whose each is, by the object's id."""
    made = {
        one.document.id: chunk_objects(one.document, one.embeddings, versions[one.document.id]) for one in additions
    }
    owners = {str(each.uuid): name for name, objects in made.items() for each in objects}
    return [each for objects in made.values() for each in objects], owners
