"""Who does each work: a local adapter, or a vendor's behind what keeps it in bounds."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.composition.home import private
from bot.ports.generation import Generator, Rewriter
from bot.ports.search import Embedder, IndexWriter, Reranker, SearchIndex
from bot.settings import Settings


@asynccontextmanager
async def backends(settings: Settings) -> AsyncGenerator["Backends"]:
    """What the settings ask for; let go of when the block ends."""
    async with AsyncExitStack() as stack:
        yield Backends(settings, stack)


@dataclass(frozen=True, slots=True)
class Backends:
    """Makes each port as the settings say."""

    settings: Settings
    stack: AsyncExitStack

    async def embedder(self) -> Embedder:
        """Text to vectors."""
        from bot.adapters.local.embedder import LocalEmbedder

        local = LocalEmbedder(stamp=self.settings.home / "weights-checked", threads=self.settings.work.threads)
        self.stack.callback(local.close)
        return local

    async def index(self, embedder: Embedder) -> SearchIndex:
        """The read side. Raises `NothingIndexed` and `IndexMismatch`."""
        from bot.adapters.local.index import LocalIndex

        opening = LocalIndex.open(self.settings.home, model=embedder.model, dimension=embedder.dimension)
        return await self.stack.enter_async_context(opening)

    async def writer(self, embedder: Embedder) -> IndexWriter:
        """The write side; makes an index where there is none. Raises `IndexMismatch`."""
        from bot.adapters.local.index import LocalIndex

        home = private(self.settings.home)
        creating = LocalIndex.create(home, model=embedder.model, dimension=embedder.dimension)
        return await self.stack.enter_async_context(creating)

    async def reranker(self) -> Reranker:
        """The best passages first."""
        from bot.adapters.local.reranker import LocalReranker

        return LocalReranker()

    async def generator(self, embedder: Embedder) -> Generator:
        """Passages to statements."""
        from bot.adapters.local.generator import ExtractiveGenerator

        return ExtractiveGenerator()

    def spare(self) -> Generator | None:
        """Who quotes when the model that writes is away; nobody where the passages are quoted anyway."""
        return None

    async def rewriter(self) -> Rewriter:
        """Follow-ups made whole."""
        from bot.adapters.local.rewriter import HistoryRewriter

        return HistoryRewriter()


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
