"""What a Weaviate server says of itself and of our index: for who looks after an installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from weaviate import WeaviateAsyncClient
from weaviate.classes.query import Filter
from weaviate.exceptions import WeaviateBaseError

from bot.adapters.weaviate import schema
from bot.adapters.weaviate.client import Gone, Line, Place, said

NOWHERE: Final = "FootnoteNowhere"
"""A collection that is never made."""


async def facts(place: Place) -> Mapping[str, str]:
    """The nodes' oldest version, how many there are and healthy; and of our index its name, status and size.

    `index` is empty where there is none, `before` where none is kept for a roll-back; `status` is READY or READONLY.
    Raises `IndexUnavailable` when the server does not answer, `Unusable` when it refuses us.
    """
    line = Line(place)
    try:
        async with line.reading() as client:
            return await _facts(line, client)
    finally:
        await line.close()


async def _facts(line: Line, client: WeaviateAsyncClient) -> dict[str, str]:
    nodes = await client.cluster.nodes()
    current = await schema.live(client, schema.alias(line.place.tenant))
    before = await schema.live(client, schema.alias_before(line.place.tenant))
    told = {
        "version": min(node.version for node in nodes),
        "nodes": str(len(nodes)),
        "healthy": str(sum(node.status == "HEALTHY" for node in nodes)),
        "index": current or "",
        "before": before or "",
    }
    if current is None:
        await _asked_over_grpc(line, client)
        return told
    return told | await _of_index(line, client, schema.Names(current))


async def _asked_over_grpc(line: Line, client: WeaviateAsyncClient) -> None:
    """Searches go over gRPC, which may be closed where HTTP is open: a name that is not there is an answer too."""
    try:
        await client.collections.use(NOWHERE).query.fetch_objects(limit=1)
    except WeaviateBaseError as error:
        if not isinstance(said(error, line.place), Gone):
            raise


async def _of_index(line: Line, client: WeaviateAsyncClient, names: schema.Names) -> dict[str, str]:
    parts = [part.status for part in await client.collections.use(names.chunks).config.get_shards()]
    chunks = await line.part(client, names.chunks).aggregate.over_all(total_count=True)
    documents = await line.part(client, names.documents).aggregate.over_all(
        total_count=True, filters=Filter.by_property("kind").equal("document")
    )
    return {
        "status": "READONLY" if "READONLY" in parts else "READY",
        "documents": str(documents.total_count or 0),
        "chunks": str(chunks.total_count or 0),
    }
