"""What an index looks like in Weaviate: its names, its two collections, and which of several is live."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from weaviate import WeaviateAsyncClient
from weaviate.classes.config import (
    Configure,
    DataType,
    Property,
    StopwordsPreset,
    Tokenization,
    VectorDistances,
)
from weaviate.classes.tenants import Tenant
from weaviate.exceptions import UnexpectedStatusCodeError

from bot import words
from bot.adapters.weaviate.client import Place
from bot.errors import IndexMismatch, Misconfigured, NothingIndexed

SCHEMA: Final = 1
"""Grows with every change of the properties below; the words have a version of their own."""
K1: Final = 1.5
B: Final = 0.75
"""BM25's, as the local index has them."""
VECTOR: Final = "default"
CHUNKS, DOCUMENTS = "", "_documents"
_TENANT: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Names:
    """The two collections of one index: a search asks `chunks`, and `documents` says what is true of each document."""

    chunks: str

    @property
    def documents(self) -> str:
        """The collection with one object for each document; it goes wherever its chunks go."""
        return f"{self.chunks}{DOCUMENTS}"


def collection(model: str, dimension: int) -> str:
    """The name of the collection of chunks for vectors of this model: another one, another collection."""
    return f"Footnote_{_plain(model, always=True)}_{dimension}_s{SCHEMA}w{words.VERSION}"


def alias(tenant: str) -> str:
    """The name under which a tenant's live collection of chunks is found, so that each tenant is migrated alone."""
    return f"Footnote_{_plain(tenant)}"


def alias_before(tenant: str) -> str:
    """The name of the collection that was live before, where it is kept for a roll-back."""
    return f"{alias(tenant)}_before"


def is_made_for(name: str, *, model: str, dimension: int) -> bool:
    """Whether a collection holds vectors of this model in this schema; `_r2` and the like mark a rebuilt one."""
    return re.fullmatch(re.escape(collection(model, dimension)) + r"(_r\d+)?", name) is not None


def check_tenant(tenant: str) -> None:
    """Raises `Misconfigured` for a name that Weaviate does not take."""
    if not _TENANT.fullmatch(tenant):
        raise Misconfigured(f"{tenant!r} cannot name a tenant of Weaviate: letters, digits, - and _, at most 64")


async def live(client: WeaviateAsyncClient, name: str) -> str | None:
    """The collection that an alias points at."""
    found = await client.alias.get(alias_name=name)
    return None if found is None else found.collection


@dataclass(frozen=True, slots=True)
class Reading:
    """Which index a reader reads; `replaced` when another one is live, and this one kept."""

    names: Names
    replaced: bool


async def reading(client: WeaviateAsyncClient, place: Place, *, model: str, dimension: int) -> Reading:
    """The index to read. One that was live before goes on serving those whose settings are of then.

    Raises `NothingIndexed` without one, `IndexMismatch` when there are only others.
    """
    current = await live(client, alias(place.tenant))
    if current is None:
        raise NothingIndexed(f'no index in Weaviate at {place} yet; run "footnote index PATH" first')
    if is_made_for(current, model=model, dimension=dimension):
        return Reading(Names(current), replaced=False)
    before = await live(client, alias_before(place.tenant))
    if before is not None and is_made_for(before, model=model, dimension=dimension):
        return Reading(Names(before), replaced=True)
    raise mismatch(place, current, model=model, dimension=dimension)


def mismatch(place: Place, current: str, *, model: str, dimension: int) -> IndexMismatch:
    """Why the index that is there cannot be used, and what to do."""
    return IndexMismatch(
        f"the index in Weaviate at {place} is {current}, not one of {model} with {dimension} numbers in schema "
        f'{SCHEMA}.{words.VERSION}; run "footnote migrate" to index again beside it'
    )


async def writing(client: WeaviateAsyncClient, place: Place, *, model: str, dimension: int) -> Names:
    """The index to write, made where there is none. Raises `IndexMismatch` when the live one is another."""
    check_tenant(place.tenant)
    current = await live(client, alias(place.tenant))
    if current is not None and not is_made_for(current, model=model, dimension=dimension):
        raise mismatch(place, current, model=model, dimension=dimension)
    names = Names(current or collection(model, dimension))
    await ensure(client, place, names)
    if current is None:
        await client.alias.create(alias_name=alias(place.tenant), target_collection=names.chunks)
    return names


async def kept_before(client: WeaviateAsyncClient, place: Place, names: Names) -> Names | None:
    """The index that was live before this one, where it is kept for a roll-back."""
    before = await live(client, alias_before(place.tenant))
    if before in (None, names.chunks) or not await client.collections.use(before).tenants.exists(place.tenant):
        return None
    return Names(before)


async def ensure(client: WeaviateAsyncClient, place: Place, names: Names) -> None:
    """Make what is missing of an index: its collections, and the tenant in them."""
    for name in (names.chunks, names.documents):
        if not await client.collections.exists(name):
            try:
                await _create(client, place, name, names)
            except UnexpectedStatusCodeError:
                if not await client.collections.exists(name):  # somebody else made it meanwhile
                    raise
        tenants = client.collections.use(name).tenants
        if not await tenants.exists(place.tenant):
            await tenants.create([Tenant(name=place.tenant)])


async def _create(client: WeaviateAsyncClient, place: Place, name: str, names: Names) -> None:
    of_chunks = name == names.chunks
    await client.collections.create(
        name,
        properties=_CHUNK if of_chunks else _DOCUMENT,
        vector_config=[_VECTORS] if of_chunks else None,
        inverted_index_config=Configure.inverted_index(bm25_k1=K1, bm25_b=B, stopwords_preset=StopwordsPreset.NONE),
        multi_tenancy_config=Configure.multi_tenancy(enabled=True, auto_tenant_activation=True),
        replication_config=Configure.replication(factor=place.replicas),
    )


def _exact(name: str, data_type: DataType = DataType.TEXT) -> Property:
    """Found by its whole value and nothing else."""
    return Property(name=name, data_type=data_type, tokenization=Tokenization.FIELD, index_searchable=False)


def _kept(name: str, data_type: DataType = DataType.TEXT) -> Property:
    """Only kept, to be shown."""
    return Property(
        name=name,
        data_type=data_type,
        tokenization=Tokenization.FIELD,
        index_searchable=False,
        index_filterable=False,
    )


_CHUNK: Final = [
    Property(
        name="words",
        description="the text's words as Footnote cuts them, those of title and headings twice",
        data_type=DataType.TEXT,
        tokenization=Tokenization.WHITESPACE,
        index_filterable=False,
        index_searchable=True,
    ),
    _exact("document"),
    _exact("document_id"),
    _exact("chunk_id"),
    _exact("version"),
    _exact("source"),
    _exact("readable_by", DataType.TEXT_ARRAY),
    _exact("heading_path", DataType.TEXT_ARRAY),
    Property(name="updated", data_type=DataType.DATE, index_range_filters=True),
    _kept("kept"),
    Property(name="vectors", description="the vector, float32, and its units', float16", data_type=DataType.BLOB),
]
_DOCUMENT: Final = [
    _exact("document_id"),
    _exact("kind"),
    _exact("source"),
    _exact("readable_by", DataType.TEXT_ARRAY),
    Property(name="updated", data_type=DataType.DATE, index_range_filters=True),
    *(_kept(name) for name in ("version", "path", "title", "url", "revision", "owner", "fingerprint")),
    Property(name="chunks", data_type=DataType.INT),
    _kept("journal", DataType.TEXT_ARRAY),
]


_VECTORS: Final = Configure.Vectors.self_provided(
    name=VECTOR,
    quantizer=Configure.VectorIndex.Quantizer.rq(bits=8),
    vector_index_config=Configure.VectorIndex.hnsw(distance_metric=VectorDistances.COSINE),
)


def _plain(name: str, *, always: bool = False) -> str:
    """A name of letters, digits and _; what was lost on the way is in eight digits behind it."""
    short = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_")[:48]
    if short == name and not always:
        return short
    return f"{short}_{blake2b(name.encode(), digest_size=4).hexdigest()}"
