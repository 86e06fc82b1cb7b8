"""The vendors' models, each behind its guard: one client per process and vendor, opened when it is first needed."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.composition.bounds import DOCUMENT_TRIES, Bounds
from bot.errors import Misconfigured
from bot.ports import generation
from bot.ports.generation import Rewriter
from bot.ports.search import Embedder, Floors, Reranker

USUAL: Final = 20.0
"""Seconds to a first word that nobody calls slow."""
HTTP: Final = "httpx"
"""What comes with every vendor's package, and is missing with it."""

if TYPE_CHECKING:
    from bot.adapters.cohere.client import CohereClient
    from bot.adapters.cohere.embedder import CohereEmbedder
    from bot.adapters.openai.client import OpenAIClient
    from bot.settings import Cohere, OpenAI


@contextmanager
def installed(setting: str, package: str) -> Generator[None]:
    """Imports inside tell which package is missing. Raises `Misconfigured`."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in (package, HTTP):
            raise
        raise Misconfigured(f"{setting} is set, but its package is not installed: run make backends") from missing


@dataclass(frozen=True, slots=True)
class CohereModels:
    """Cohere's models, as the settings name them."""

    client: "CohereClient"
    named: "Cohere"
    bounds: Bounds

    def embedder(self) -> Embedder:
        """Documents and questions to vectors of one space."""
        return guarded_embedder(self.unguarded(), "cohere", self.bounds)

    def unguarded(self) -> "CohereEmbedder":
        """The embedder alone: whoever examines it wants its first failure."""
        from bot.adapters.cohere.embedder import CohereEmbedder

        named = self.named
        return CohereEmbedder(
            self.client,
            model=named.embed_model,
            query_model=named.queries_by,
            dimension=named.embed_dimension,
            per_minute=named.embed_rate,
        )

    def reranker(self, floors: Floors) -> Reranker:
        """The best passages first."""
        from bot.adapters.cohere.reranker import CohereReranker
        from bot.adapters.wrappers.guarded import RERANK, GuardedReranker

        model = self.named.rerank_model
        reranker = CohereReranker(self.client, model=model, floors=floors)
        return GuardedReranker(reranker, self.bounds.guard("cohere", "rerank", model, deadline=RERANK))

    def generator(self) -> generation.Generator:
        """Passages to statements."""
        from bot.adapters.cohere.generator import CohereGenerator
        from bot.adapters.wrappers.guarded import CHAT, GuardedGenerator

        model = self.named.chat_model
        generator = CohereGenerator(self.client, model=model)
        return GuardedGenerator(generator, self.bounds.guard("cohere", "chat", model, deadline=CHAT))

    def rewriter(self) -> Rewriter:
        """Follow-ups made whole."""
        from bot.adapters.cohere.rewriter import CohereRewriter

        model = self.named.rewrite_model
        return guarded_rewriter(CohereRewriter(self.client, model=model), "cohere", model, self.bounds)


@dataclass(frozen=True, slots=True)
class OpenAIModels:
    """The models of a server that speaks OpenAI's API, as the settings name them."""

    client: "OpenAIClient"
    named: "OpenAI"
    bounds: Bounds
    whole: float
    """Seconds that an answer may take."""

    def embedder(self) -> Embedder:
        """Documents and questions to vectors of one space."""
        from bot.adapters.openai.embedder import OpenAIEmbedder

        named = self.named
        embedder = OpenAIEmbedder(
            self.client,
            model=named.embed_model,
            dimension=named.embed_dimension or 0,  # settings choose it as the embedder only with one
            query_prefix=named.query_prefix,
            document_prefix=named.document_prefix,
        )
        return guarded_embedder(embedder, "openai", self.bounds, slowness=self._slowness)

    def reranker(self, floors: Floors) -> Reranker:
        """The best passages first."""
        from bot.adapters.openai.reranker import OpenAIReranker
        from bot.adapters.wrappers.guarded import RERANK, GuardedReranker

        named = self.named
        url = str(named.rerank_url) if named.rerank_url else ""
        seconds = RERANK * self._slowness
        reranker = OpenAIReranker(self.client, model=named.rerank_model, url=url, floors=floors, seconds=seconds)
        guard = self.bounds.guard("openai", "rerank", named.rerank_model, deadline=seconds)
        return GuardedReranker(reranker, guard)

    def generator(self, embedder: Embedder) -> generation.Generator:
        """Passages to statements, each verified against its passages with the help of `embedder`."""
        from bot.adapters.openai.generator import OpenAIGenerator
        from bot.adapters.wrappers.guarded import GuardedGenerator

        model = self.named.chat_model
        generator = OpenAIGenerator(self.client, model=model, embedder=embedder, first=self.named.patience)
        return GuardedGenerator(generator, self.bounds.guard("openai", "chat", model, deadline=self.whole))

    def rewriter(self) -> Rewriter:
        """Follow-ups made whole."""
        from bot.adapters.openai.rewriter import OpenAIRewriter
        from bot.adapters.wrappers.guarded import REWRITE

        model = self.named.rewrite_model or self.named.chat_model
        rewriter = OpenAIRewriter(self.client, model=model, seconds=REWRITE * self._slowness)
        return guarded_rewriter(rewriter, "openai", model, self.bounds, slowness=self._slowness)

    @property
    def _slowness(self) -> float:
        """How much longer everything may take than usual, on a machine of one's own without a graphics card, say."""
        return max(1.0, self.named.patience / USUAL)


def guarded_embedder(embedder: Embedder, provider: str, bounds: Bounds, *, slowness: float = 1.0) -> Embedder:
    """Questions within seconds, documents with patience."""
    from bot.adapters.wrappers.guarded import EMBED_DOCUMENTS, EMBED_QUERY, GuardedEmbedder

    questions = bounds.guard(provider, "embeddings", embedder.model, deadline=EMBED_QUERY * slowness)
    documents = bounds.guard(
        provider,
        "embeddings",
        embedder.model,
        deadline=EMBED_DOCUMENTS * DOCUMENT_TRIES,
        tries=DOCUMENT_TRIES,
        work="documents",
    )
    return GuardedEmbedder(embedder, questions, documents)


def guarded_rewriter(
    rewriter: Rewriter, provider: str, model: str, bounds: Bounds, *, slowness: float = 1.0
) -> Rewriter:
    """A rewriter that gives way to the turns themselves when it is away."""
    from bot.adapters.local.rewriter import HistoryRewriter
    from bot.adapters.wrappers.fallback import FallbackRewriter
    from bot.adapters.wrappers.guarded import REWRITE, GuardedRewriter

    guard = bounds.guard(provider, "chat", model, deadline=REWRITE * slowness, work="rewriting")
    return FallbackRewriter(GuardedRewriter(rewriter, guard), HistoryRewriter())
