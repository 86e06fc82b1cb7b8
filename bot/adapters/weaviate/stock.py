"""One index in Weaviate as a whole, whoever may read it: all that a tenant has in a pair of collections."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from sys import intern
from typing import Any, Final

from weaviate import WeaviateAsyncClient
from weaviate.classes.query import Filter

from bot.adapters.weaviate import schema
from bot.adapters.weaviate.batches import persistently
from bot.adapters.weaviate.client import Line, Place
from bot.adapters.weaviate.index import WeaviateIndex
from bot.adapters.weaviate.objects import PACKED, SHOWN, chunk_of, chunk_uuid, document_uuid, embedding_of, principal
from bot.adapters.weaviate.schema import Names
from bot.models import Addition, Chunk, Document, Embedding, Principal
from bot.ports.migration import Entry, Inventory

PAGE: Final = 1000
"""Objects that are listed at once, with few of their properties."""
FEW: Final = 100
"""Chunks that are read at once, with all that is theirs."""
VECTORS: Final = re.compile(r"(?P<model>Footnote_.+_\d+)_s\d+w\d+(_r(?P<rebuilt>\d+))?")
"""A collection of chunks: what of its name says whose vectors it holds, and how often it was rebuilt."""
_TOLD: Final = ("kind", "document_id", "source", "readable_by", "revision", "fingerprint", "version", "chunks")


class WeaviateStock:
    """The tenant's part of one index, all of it."""

    def __init__(self, line: Line, name: str, *, model: str, dimension: int) -> None:
        self._line = line
        self._names = Names(name)
        self._model = model
        self._dimension = dimension

    @property
    def name(self) -> str:
        """The collection of its chunks."""
        return self._names.chunks

    @property
    def home(self) -> None:
        """It lies in no folder of ours."""
        return

    @property
    def model(self) -> str:
        """The model and the length of its vectors, as the name of the collection has them."""
        found = VECTORS.fullmatch(self.name)
        return found["model"].removeprefix("Footnote_") if found else self.name

    @property
    def wanted(self) -> bool:
        """Whether it is of the settings' model, and of this version's schema."""
        return schema.is_made_for(self.name, model=self._model, dimension=self._dimension)

    @property
    def same_model(self) -> bool:
        """Whether its vectors are of the settings' model."""
        return self.holds(model=self._model, dimension=self._dimension)

    def holds(self, *, model: str, dimension: int) -> bool:
        """Whether its vectors are of this model."""
        ours, given = (VECTORS.fullmatch(name) for name in (self.name, schema.collection(model, dimension)))
        return ours is not None and given is not None and ours["model"] == given["model"]

    async def inventory(self) -> Inventory:
        """Every document and every chunk is looked at, a thousand at a time: a minute for a million of them."""
        heads = await self._all_heads()
        found: Counter[str] = Counter()
        unequal: set[str] = set()
        leftovers: set[str] = set()
        async for one in self._listed(self._names.chunks, ("document", "document_id", "version", "readable_by")):
            head = heads.get(one["document"])
            if head is None or head.version != one["version"]:
                leftovers.add(one["document_id"])
                continue
            found[head.name] += 1
            if {*(one["readable_by"] or ())} != {*map(str, head.entry.readable_by)}:
                unequal.add(head.name)
        entries = {
            one.name: replace(
                one.entry, chunks=found[one.name], whole=found[one.name] == one.entry.chunks and one.name not in unequal
            )
            for one in heads.values()
        }
        return Inventory(entries, frozenset(leftovers))

    async def documents(self, ids: Sequence[str], *, vectors: bool) -> Sequence[Addition]:
        """Those that are there whole; one that changes just now is left out, and seen by the next look."""
        heads = await self._heads(ids)
        chunks = await self._chunks(heads, vectors=vectors)
        made = (_addition(heads[name], chunks, vectors=vectors) for name in ids if name in heads)
        return [one for one in made if one is not None]

    # --- reading ------------------------------------------------------------------------------------------------------

    async def _all_heads(self) -> dict[str, _Head]:
        """What is said of each document, by the name that its chunks know it by. Equal access lists are kept once."""
        lists: dict[tuple[str, ...], tuple[Principal, ...]] = {}
        heads: dict[str, _Head] = {}
        async for one in self._listed(self._names.documents, _TOLD):
            if one["kind"] != "document":
                continue
            written = tuple(one["readable_by"] or ())
            who = lists.setdefault(written, tuple(principal(each) for each in written))
            entry = Entry(intern(one["source"]), who, one["revision"], one["fingerprint"], int(one["chunks"]))
            heads[document_uuid(one["document_id"])] = _Head(one["document_id"], one["version"], entry)
        return heads

    async def _listed(self, name: str, wanted: Sequence[str]) -> AsyncGenerator[Mapping[str, Any]]:
        """Some properties of every object of a collection."""
        cursor: str | None = None
        while True:

            async def page(client: WeaviateAsyncClient, cursor: str | None = cursor) -> Any:
                part = self._line.part(client, name)
                return await part.query.fetch_objects(limit=PAGE, after=cursor, return_properties=list(wanted))

            objects = (await persistently(self._line, page)).objects
            for one in objects:
                yield one.properties
            if not objects:
                return
            cursor = str(objects[-1].uuid)

    async def _heads(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        uuids = [document_uuid(name) for name in ids]
        found = await self._named(self._names.documents, uuids, None)
        return {one.properties["document_id"]: one.properties for one in found.values()}

    async def _chunks(self, heads: Mapping[str, Mapping[str, Any]], *, vectors: bool) -> Mapping[str, Any]:
        """The chunks' objects by their names, which follow from what the documents say."""
        uuids = [
            str(chunk_uuid(name, head["version"], number))
            for name, head in heads.items()
            for number in range(int(head["chunks"]))
        ]
        wanted = [*SHOWN, *([PACKED] if vectors else [])]
        return await self._named(self._names.chunks, uuids, wanted)

    async def _named(self, name: str, uuids: Sequence[str], wanted: Sequence[str] | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for start in range(0, len(uuids), FEW):
            few = list(uuids[start : start + FEW])

            async def look(client: WeaviateAsyncClient, few: list[str] = few) -> Any:
                return await self._line.part(client, name).query.fetch_objects(
                    filters=Filter.by_id().contains_any(few),
                    limit=FEW,
                    return_properties=None if wanted is None else list(wanted),
                )

            found |= {str(one.uuid): one for one in (await persistently(self._line, look)).objects}
        return found


@dataclass(frozen=True, slots=True)
class _Head:
    """What a document says of itself: how many chunks it has, and which version of them is true."""

    name: str
    version: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class _One:
    """A chunk as it was read."""

    chunk: Chunk
    embedding: Embedding | None


class WeaviateIndexAt(WeaviateIndex):
    """Searches one index, whichever is live: to compare it with another."""

    def __init__(self, place: Place, name: str, *, model: str, dimension: int, units: bool = True) -> None:
        super().__init__(place, model=model, dimension=dimension, units=units)
        self._at = Names(name)

    async def _look(self, client: Any) -> None:
        del client
        self._names = self._at


def _addition(head: Mapping[str, Any], objects: Mapping[str, Any], *, vectors: bool) -> Addition | None:
    """A document with its chunks; None when some of them are not there, or for other readers."""
    name, version = head["document_id"], head["version"]
    uuids = [str(chunk_uuid(name, version, number)) for number in range(int(head["chunks"]))]
    read = [_read(objects[uuid], vectors=vectors) for uuid in uuids if uuid in objects]
    document = Document(
        id=name,
        source=head["source"],
        path=head["path"],
        title=head["title"],
        url=head["url"],
        revision=head["revision"],
        updated=head["updated"],
        readable_by=tuple(principal(one) for one in head["readable_by"] or ()),
        chunks=tuple(one.chunk for one in read),
        owner=head.get("owner") or "",
    )
    if len(read) < len(uuids) or any(one.readable_by != document.readable_by for one in document.chunks):
        return None
    return Addition(document, [one.embedding for one in read if one.embedding], head["fingerprint"])


def _read(one: Any, *, vectors: bool) -> _One:
    return _One(chunk_of(one.properties), embedding_of(one.properties) if vectors else None)
