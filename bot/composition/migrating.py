"""What a migration needs: the indexes of the place that the settings name, and pipelines over any of them."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.answering.pipeline import Pipeline
from bot.composition.answering import assembled
from bot.composition.backends import Backends, backends, place_of
from bot.composition.home import private
from bot.composition.vendors import installed
from bot.ports.migration import Indexes, Stock
from bot.ports.search import Embedder, SearchIndex
from bot.settings import Settings, WeaviateIndex

if TYPE_CHECKING:
    from bot.adapters.local.moving import LocalIndexes

Kind = Literal["local", "cohere", "openai"]


@asynccontextmanager
async def migrating(settings: Settings) -> AsyncGenerator["Migrating"]:
    """The indexes of the settings, and the embedder that a new one is filled with; makes the home if there is none."""
    private(settings.home)
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(backends(settings))
        embedder = await made.embedder()
        indexes = await _indexes(settings, embedder, stack)
        yield Migrating(settings, made, stack, indexes, embedder)


@dataclass(frozen=True, slots=True)
class Migrating:
    """What a migration works with."""

    settings: Settings
    made: Backends
    stack: AsyncExitStack
    indexes: Indexes
    embedder: Embedder

    async def origin(self) -> Stock | None:
        """What to begin from where nothing is live yet: for Weaviate, the index in the home folder if there is one."""
        return await _local(self.settings, self.embedder).live() if _is_elsewhere(self.settings) else None

    async def pipeline(self, stock: Stock) -> Pipeline | None:
        """The steps from a question to an answer over one index; None when no embedder of the settings made it."""
        embedder = self.embedder if stock.same_model else await self._maker(stock)
        if embedder is None:
            return None
        index = await self._index(stock, embedder)
        return await assembled(self.settings, self.made, embedder, index)

    async def _maker(self, stock: Stock) -> Embedder | None:
        """The embedder that made an index: the local one, or one whose account the settings still name."""
        for kind in self._kinds():
            models = self.settings.models.model_copy(update={"embedder": kind})
            others = self.settings.model_copy(update={"models": models})
            made = await self.stack.enter_async_context(backends(others))
            embedder = await made.embedder()
            if stock.holds(model=embedder.model, dimension=embedder.dimension):
                return embedder
        return None

    def _kinds(self) -> list[Kind]:
        kinds: list[Kind] = ["local"]
        if self.settings.cohere and self.settings.cohere.api_key.get_secret_value():
            kinds.append("cohere")
        if self.settings.openai and self.settings.openai.embed_model:
            kinds.append("openai")
        return kinds

    async def _index(self, stock: Stock, embedder: Embedder) -> SearchIndex:
        """The read side of one index, live or not."""
        chosen, model, dimension = self.settings.index, embedder.model, embedder.dimension
        home = stock.home
        if home is not None:
            from bot.adapters.local.index import LocalIndex

            return await self.stack.enter_async_context(LocalIndex.open(home, model=model, dimension=dimension))
        assert isinstance(chosen, WeaviateIndex)  # noqa: S101 - what lies in no folder lies there
        from bot.adapters.weaviate.stock import WeaviateIndexAt

        index = WeaviateIndexAt(place_of(chosen), stock.name, model=model, dimension=dimension)
        self.stack.push_async_callback(index.close)
        return index


def _is_elsewhere(settings: Settings) -> bool:
    return isinstance(settings.index, WeaviateIndex)


async def _indexes(settings: Settings, embedder: Embedder, stack: AsyncExitStack) -> Indexes:
    chosen = settings.index
    if not isinstance(chosen, WeaviateIndex):
        return _local(settings, embedder)
    with installed("WEAVIATE_URL", "weaviate"):
        from bot.adapters.weaviate.moving import WeaviateIndexes

    indexes = WeaviateIndexes(place_of(chosen), model=embedder.model, dimension=embedder.dimension)
    stack.push_async_callback(indexes.close)
    return indexes


def _local(settings: Settings, embedder: Embedder) -> "LocalIndexes":
    from bot.adapters.local.moving import LocalIndexes

    return LocalIndexes(settings.home, model=embedder.model, dimension=embedder.dimension)
