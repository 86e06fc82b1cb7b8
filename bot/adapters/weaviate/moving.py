"""The indexes of a tenant as a migration sees them: pairs of collections, and an alias that says which is live."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from weaviate import WeaviateAsyncClient

from bot.adapters.weaviate import schema
from bot.adapters.weaviate.batches import persistently
from bot.adapters.weaviate.client import Line, Place
from bot.adapters.weaviate.schema import Names
from bot.adapters.weaviate.stock import VECTORS, WeaviateStock
from bot.adapters.weaviate.writer import WeaviateIndexWriter
from bot.errors import BadRequest
from bot.ports.migration import Filling, Stock
from bot.ports.search import IndexWriter


class WeaviateIndexes:
    """The indexes of one tenant, for vectors of one model. `rebuilt` collections are numbered `_r2` and so on."""

    def __init__(self, place: Place, *, model: str, dimension: int) -> None:
        self._place = place
        self._model = model
        self._dimension = dimension
        self._line = Line(place)

    async def close(self) -> None:
        """Let go of the server."""
        await self._line.close()

    async def live(self) -> WeaviateStock | None:
        """The collection that the tenant's alias points at."""
        return await self._pointed(schema.alias(self._place.tenant))

    async def previous(self) -> WeaviateStock | None:
        """The collection that was live before."""
        return await self._pointed(schema.alias_before(self._place.tenant))

    @asynccontextmanager
    async def filling(self, *, rebuild: bool = False) -> AsyncGenerator[Filling]:
        """The collection of the settings' model and this version's schema, beside the live one.

        A second writer at the same time does no harm that the next look does not find: see `inventory`.
        """
        live = await self.live()
        name = schema.collection(self._model, self._dimension)
        if live and live.wanted and rebuild:
            name = _next(live.name, name)
        elif live and live.wanted:
            name = live.name
        stock = self._stock(name)
        async with self.writing(stock) as writer:
            yield Filling(stock, writer)

    @asynccontextmanager
    async def writing(self, stock: Stock) -> AsyncGenerator[IndexWriter]:
        """The write side of one collection."""
        writer = _Writer(self._place, Names(stock.name), model=self._model, dimension=self._dimension)
        try:
            await writer.begin()
            yield writer
        finally:
            await writer.close()

    async def switch(self, to: str) -> None:
        """Let the alias point at `to`. What was live is noted first, so that its readers find it in the next moment."""

        async def point(client: WeaviateAsyncClient) -> None:
            live = await schema.live(client, schema.alias(self._place.tenant))
            if live == to:
                return
            if live is not None:
                await self._point(client, schema.alias_before(self._place.tenant), live)
            await self._point(client, schema.alias(self._place.tenant), to)

        await persistently(self._line, point)

    async def spare(self) -> Sequence[str]:
        """Collections in which the tenant has a part, but for the live one."""
        return await persistently(self._line, self._spare)

    async def forget(self, names: Sequence[str]) -> None:
        """Remove the tenant's part of these collections, and each of them of which no part is left."""
        for name in names:

            async def remove(client: WeaviateAsyncClient, name: str = name) -> None:
                await self._remove(client, name)

            await persistently(self._line, remove)

    # --- their steps --------------------------------------------------------------------------------------------------

    async def _pointed(self, alias: str) -> WeaviateStock | None:
        async def look(client: WeaviateAsyncClient) -> str | None:
            name = await schema.live(client, alias)
            if name is None or not await client.collections.use(name).tenants.exists(self._place.tenant):
                return None
            return name

        name = await persistently(self._line, look)
        return None if name is None else self._stock(name)

    async def _point(self, client: WeaviateAsyncClient, alias: str, to: str) -> None:
        if await schema.live(client, alias) is None:
            await client.alias.create(alias_name=alias, target_collection=to)
        else:
            await client.alias.update(alias_name=alias, new_target_collection=to)

    def _stock(self, name: str) -> WeaviateStock:
        return WeaviateStock(self._line, name, model=self._model, dimension=self._dimension)

    async def _spare(self, client: WeaviateAsyncClient) -> list[str]:
        live = await schema.live(client, schema.alias(self._place.tenant))
        ours: list[str] = []
        for name in sorted(await client.collections.list_all()):
            if name == live or not VECTORS.fullmatch(name):
                continue
            if await client.collections.use(name).tenants.exists(self._place.tenant):
                ours.append(name)
        return ours

    async def _remove(self, client: WeaviateAsyncClient, name: str) -> None:
        """The name first, then what it led to: whoever is killed in between has left nothing that leads nowhere."""
        if name == await schema.live(client, schema.alias(self._place.tenant)):
            raise BadRequest(f"{name} is in use now; nothing of it was removed")
        if name == await schema.live(client, schema.alias_before(self._place.tenant)):
            await client.alias.delete(alias_name=schema.alias_before(self._place.tenant))
        names = Names(name)
        for one in (names.documents, names.chunks):
            if not await client.collections.exists(one):
                continue
            tenants = client.collections.use(one).tenants
            await tenants.remove([self._place.tenant])
            if not await tenants.get():
                await client.collections.delete(one)


class _Writer(WeaviateIndexWriter):
    """Writes one index, whichever is live."""

    def __init__(self, place: Place, names: Names, *, model: str, dimension: int) -> None:
        super().__init__(place, model=model, dimension=dimension)
        self._names = names

    async def begin(self) -> None:
        """Make what is missing of it, and end what another writer had to leave."""

        async def ensure(client: WeaviateAsyncClient) -> None:
            await schema.ensure(client, self._place, self._names)

        schema.check_tenant(self._place.tenant)
        await persistently(self._line, ensure)
        await self._recover()


def _next(live: str, name: str) -> str:
    """The name of one that is built again: one number higher than the live one's."""
    found = VECTORS.fullmatch(live)
    return f"{name}_r{int(found['rebuilt'] or 1) + 1 if found else 2}"
