"""Documents and chunks as Weaviate keeps them, and back."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import Any, Final, Literal, cast
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
from pydantic_core import from_json
from weaviate.classes.data import DataObject

from bot.adapters.weaviate.schema import VECTOR
from bot.models import Chunk, Document, Embedding, Principal, Vector
from bot.words import words

Properties = Mapping[str, Any]

SHOWN: Final = ("kept", "readable_by", "version")
"""The properties that make a chunk: few, because the client takes longer over each than over all that is in `kept`."""
PACKED: Final = "vectors"
"""The property with a chunk's vectors, once more: the client takes longer over a vector than over all else of a hit."""
PLACE: Final = 2
"""A word in title or headings counts as so many of the text, as in the local index."""
_HEAD: Final = Struct("<?H")
"""What the vectors begin with: whether there are any of units (none at all, and of no units, are two things), and their
length."""


# --- names ------------------------------------------------------------------------------------------------------------


def document_uuid(document_id: str) -> str:
    """The name of a document's object: the same for every version. It has no spaces that Weaviate could trim."""
    return str(uuid5(NAMESPACE_URL, f"footnote:{_hex(document_id)}"))


def chunk_uuid(document_id: str, version: str, number: int) -> UUID:
    """The name of a chunk's object in this version of its document."""
    return uuid5(NAMESPACE_URL, f"footnote:{_hex(document_id)}#{version}#{number}")


def version_of(document: Document, fingerprint: str) -> str:
    """A name for exactly this content, these readers and this fingerprint: written again, it falls on itself."""
    return blake2b(f"{document!r}|{fingerprint}".encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _hex(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").hex()


# --- in ---------------------------------------------------------------------------------------------------------------


def spelled(chunk: Chunk) -> str:
    """The words of a chunk, as its property `words` holds them."""
    return " ".join([*words(chunk.text), *words(chunk.place) * PLACE])


def chunk_objects(
    document: Document, embeddings: Sequence[Embedding], version: str
) -> list[DataObject[Properties, None]]:
    """A document's chunks, ready to be inserted."""
    return [
        DataObject(
            properties=chunk_properties(chunk, version) | {PACKED: packed(embedding)},
            uuid=chunk_uuid(document.id, version, number),
            vector={VECTOR: embedding.vector.tolist()},
        )
        for number, (chunk, embedding) in enumerate(zip(document.chunks, embeddings, strict=True))
    ]


def chunk_properties(chunk: Chunk, version: str) -> dict[str, Any]:
    """What is kept of a chunk but for its vectors: what is searched and filtered by, and all there is to show."""
    return {
        "words": spelled(chunk),
        "document": document_uuid(chunk.document_id),
        "document_id": chunk.document_id,
        "chunk_id": chunk.id,
        "version": version,
        "source": chunk.source,
        "readable_by": [str(principal) for principal in chunk.readable_by],
        "heading_path": list(chunk.heading_path),
        "updated": chunk.updated,
        "kept": json.dumps(_shown(chunk), ensure_ascii=False, separators=(",", ":")),
    }


def _shown(chunk: Chunk) -> dict[str, Any]:
    return {
        "id": chunk.id,
        "document_id": chunk.document_id,
        "source": chunk.source,
        "path": chunk.path,
        "title": chunk.title,
        "heading_path": chunk.heading_path,
        "text": chunk.text,
        "position": chunk.position,
        "lines": chunk.lines,
        "url": chunk.url,
        "updated": chunk.updated and chunk.updated.isoformat(),
        "revision": chunk.revision,
        "units": chunk.units,
        "owner": chunk.owner,
    }


def document_object(document: Document, fingerprint: str, version: str) -> DataObject[Properties, None]:
    """What is true of a document: one object, so that another version takes its place in one step."""
    return DataObject(
        properties={
            "kind": "document",
            "document_id": document.id,
            "source": document.source,
            "readable_by": [str(principal) for principal in document.readable_by],
            "updated": document.updated,
            "path": document.path,
            "title": document.title,
            "url": document.url,
            "revision": document.revision,
            "owner": document.owner,
            "fingerprint": fingerprint,
            "version": version,
            "chunks": len(document.chunks),
        },
        uuid=document_uuid(document.id),
    )


def packed(embedding: Embedding) -> str:
    """The chunk's vector as it is, the units' in half precision as the local index keeps them: off by 1e-5."""
    vector, units = np.asarray(embedding.vector, "<f4"), embedding.units
    head = _HEAD.pack(units is not None, len(vector))
    halves = b"" if units is None else np.asarray(units, "<f2").tobytes()
    return base64.b64encode(head + vector.tobytes() + halves).decode()


# --- out --------------------------------------------------------------------------------------------------------------


def chunk_of(properties: Properties) -> Chunk:
    """The chunk that an object holds, for those who may read it now."""
    kept: dict[str, Any] = from_json(properties["kept"])  # in half the time of the standard library's
    updated: str | None = kept["updated"]
    first, last = kept["lines"]
    return Chunk(
        id=kept["id"],
        document_id=kept["document_id"],
        source=kept["source"],
        path=kept["path"],
        title=kept["title"],
        heading_path=tuple(kept["heading_path"]),
        text=kept["text"],
        position=kept["position"],
        lines=(first, last),
        url=kept["url"],
        updated=None if updated is None else datetime.fromisoformat(updated),
        revision=kept["revision"],
        readable_by=tuple(principal(one) for one in properties["readable_by"] or ()),
        units=tuple((begin, end) for begin, end in kept["units"]),
        owner=kept["owner"],
    )


def embedding_of(properties: Properties, *, units: bool = True) -> Embedding | None:
    """The vectors that came with an object, those of its units where they are wanted and there; None without any."""
    kept: str | None = properties.get(PACKED)
    if not kept:
        return None
    raw = base64.b64decode(kept)
    with_units, dimension = _HEAD.unpack_from(raw)
    vector: Vector = np.frombuffer(raw, "<f4", dimension, _HEAD.size).astype(np.float32)
    if not (with_units and units):
        return Embedding(vector)
    halves = np.frombuffer(raw, "<f2", offset=_HEAD.size + vector.nbytes)
    return Embedding(vector, halves.astype(np.float32).reshape(-1, dimension))


@lru_cache(maxsize=4096)
def principal(text: str) -> Principal:
    """Read what `str()` wrote, to the letter: `Principal.parse` would forgive spaces that people type."""
    kind, _, name = text.partition(":")
    return Principal(cast("Literal['everyone', 'group', 'user']", kind), name)
