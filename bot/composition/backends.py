"""Who does each work: a local adapter, or a vendor's behind what keeps it in bounds."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.composition.bounds import Bounds, bounds
from bot.composition.home import private
from bot.composition.vendors import CohereModels, OpenAIModels, installed
from bot.ports.generation import Generator, Rewriter
from bot.ports.search import Embedder, Floors, IndexWriter, Reranker, SearchIndex
from bot.settings import Settings, WeaviateIndex

if TYPE_CHECKING:
    from bot.adapters.local.embedder import LocalEmbedder
    from bot.adapters.weaviate.client import Place


@asynccontextmanager
async def backends(settings: Settings) -> AsyncGenerator["Backends"]:
    """What the settings ask for; let go of when the block ends."""
    async with AsyncExitStack() as stack:
        yield Backends(settings, stack)


class Backends:
    """Makes each port as the settings say. What two of them need is made once."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._bounds: Bounds | None = None
        self._cohere: CohereModels | None = None
        self._openai: OpenAIModels | None = None

    async def embedder(self) -> Embedder:
        """Text to vectors; those of a vendor are kept, so that a question that comes again costs nothing."""
        match self._settings.models.embedder:
            case "cohere":
                return await self._cached((await self.cohere()).embedder())
            case "openai":
                return await self._cached((await self.openai()).embedder())
            case "local":
                return self._local_embedder()

    async def index(self, embedder: Embedder) -> SearchIndex:
        """The read side. Raises `NothingIndexed` and `IndexMismatch`."""
        chosen = self._settings.index
        if not isinstance(chosen, WeaviateIndex):
            from bot.adapters.local.index import LocalIndex

            opening = LocalIndex.open(self._settings.home, model=embedder.model, dimension=embedder.dimension)
            return await self._stack.enter_async_context(opening)
        with installed("WEAVIATE_URL", "weaviate"):
            from bot.adapters.weaviate.index import WeaviateIndex as Index
        from bot.adapters.wrappers.guarded import SEARCH, GuardedIndex

        opening = Index.open(
            place_of(chosen),
            model=embedder.model,
            dimension=embedder.dimension,
            vectors=self._settings.models.reranker == "local" or self._reads_units,
            units=self._reads_units,
        )
        guard = self._in_bounds().guard("weaviate", "search", chosen.tenant, deadline=SEARCH)
        return GuardedIndex(await self._stack.enter_async_context(opening), guard)

    async def writer(self, embedder: Embedder) -> IndexWriter:
        """The write side; makes an index where there is none. Raises `IndexMismatch`."""
        home, chosen = private(self._settings.home), self._settings.index
        if not isinstance(chosen, WeaviateIndex):
            from bot.adapters.local.index import LocalIndex

            creating = LocalIndex.create(home, model=embedder.model, dimension=embedder.dimension)
            return await self._stack.enter_async_context(creating)
        with installed("WEAVIATE_URL", "weaviate"):
            from bot.adapters.weaviate.index import WeaviateIndex as Index

        created = Index.create(place_of(chosen), model=embedder.model, dimension=embedder.dimension)
        return await self._stack.enter_async_context(created)

    async def reranker(self) -> Reranker:
        """The best passages first."""
        asking = self._settings.asking
        floors = Floors(decline=asking.decline_below, plain=asking.plain_from)
        match self._settings.models.reranker:
            case "cohere":
                return (await self.cohere()).reranker(floors)
            case "openai":
                return (await self.openai()).reranker(floors)
            case "local":
                from bot.adapters.local.reranker import LocalReranker

                return LocalReranker()

    async def generator(self, embedder: Embedder) -> Generator:
        """Passages to statements."""
        match self._settings.models.generator:
            case "cohere":
                return (await self.cohere()).generator()
            case "openai":
                return (await self.openai()).generator(embedder)
            case "quotes":
                return _quotes()

    def spare(self) -> Generator | None:
        """Who quotes when the model that writes is away; nobody where the passages are quoted anyway."""
        return None if self._settings.models.generator == "quotes" else _quotes()

    async def rewriter(self) -> Rewriter:
        """Follow-ups made whole."""
        match self._settings.models.rewriter:
            case "cohere":
                return (await self.cohere()).rewriter()
            case "openai":
                return (await self.openai()).rewriter()
            case "history":
                from bot.adapters.local.rewriter import HistoryRewriter

                return HistoryRewriter()

    # --- made once --------------------------------------------------------------------------------------------------

    def _in_bounds(self) -> Bounds:
        if self._bounds is None:
            self._bounds = bounds(self._settings)
        return self._bounds

    async def cohere(self) -> CohereModels:
        """Cohere's models over one client."""
        named = self._settings.cohere
        if self._cohere is None and named is not None:
            with installed("COHERE_API_KEY", "cohere"):
                from bot.adapters.cohere.client import open_client

            limits = self._in_bounds()
            key, address = named.api_key.get_secret_value(), str(named.base_url)
            opening = open_client(api_key=key, base_url=address, on_usage=limits.meter.note)
            self._cohere = CohereModels(await self._stack.enter_async_context(opening), named, limits)
        assert self._cohere is not None  # noqa: S101 - settings choose Cohere only where it can be reached
        return self._cohere

    async def openai(self) -> OpenAIModels:
        """The models of the OpenAI-compatible server over one client."""
        named = self._settings.openai
        if self._openai is None and named is not None:
            with installed("OPENAI_BASE_URL", "openai"):
                from bot.adapters.openai.client import open_client

            limits = self._in_bounds()
            key, address = named.api_key.get_secret_value(), str(named.base_url)
            opening = open_client(base_url=address, api_key=key, on_usage=limits.meter.note)
            client = await self._stack.enter_async_context(opening)
            self._openai = OpenAIModels(client, named, limits, self._settings.asking.seconds)
        assert self._openai is not None  # noqa: S101 - settings choose it only where it can be reached
        return self._openai

    async def _cached(self, embedder: Embedder) -> Embedder:
        from bot.adapters.wrappers.caching import CachedEmbedder

        address = self._settings.cache_url
        if address is None:
            return CachedEmbedder(embedder)
        from bot.adapters.redis.cache import PREFIX, RedisCache
        from bot.adapters.redis.client import connect

        opening = connect(str(address), prefix=PREFIX, setting="REDIS_CACHE_URL")
        return CachedEmbedder(embedder, RedisCache(await self._stack.enter_async_context(opening)))

    def _local_embedder(self) -> "LocalEmbedder":
        from bot.adapters.local.embedder import LocalEmbedder

        local = LocalEmbedder(stamp=self._settings.home / "weights-checked", threads=self._settings.work.threads)
        self._stack.callback(local.close)
        return local

    @property
    def _reads_units(self) -> bool:
        """Whether somebody looks at the vectors of sentences: only the local embedder makes them.

        They are held against the vector of their passage, so that a hit brings that one too.
        """
        models = self._settings.models
        return models.embedder == "local" and (models.reranker == "local" or models.generator == "quotes")


def place_of(chosen: WeaviateIndex) -> "Place":
    """Where a workspace's index lies, as plain values."""
    from bot.adapters.weaviate.client import Place

    grpc = urlsplit(str(chosen.grpc_url)) if chosen.grpc_url else None
    return Place(
        url=str(chosen.url).rstrip("/"),
        tenant=chosen.tenant,
        grpc_host=grpc.hostname if grpc else None,
        grpc_port=grpc.port if grpc else None,
        api_key=chosen.api_key.get_secret_value() if chosen.api_key else None,
        replicas=chosen.replicas,
    )


def _quotes() -> Generator:
    from bot.adapters.local.generator import ExtractiveGenerator

    return ExtractiveGenerator()


def check_model(settings: Settings) -> str:
    """The local embedding model's name, once its files are those that its authors published; loads no weights.

    Raises `Misconfigured` when they are missing or altered.
    """
    from bot.adapters.local.embedder import LocalEmbedder
    from bot.adapters.local.minilm import check_once, packaged_model

    check_once(packaged_model(), stamp=None)
    local = LocalEmbedder(stamp=None, threads=settings.work.threads)
    try:
        return local.model
    finally:
        local.close()
