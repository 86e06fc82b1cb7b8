"""What the backends of the settings say of themselves: for who examines an installation."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from bot.composition.backends import Backends, place_of
from bot.composition.vendors import installed
from bot.settings import Cohere, OpenAI, Settings, WeaviateIndex


async def weaviate_facts(chosen: WeaviateIndex) -> Mapping[str, str]:
    """Version, nodes, and our index on that server; see `bot.adapters.weaviate.facts`.

    Raises `IndexUnavailable`, `Unusable`, and `Misconfigured` when its package is missing.
    """
    with installed("WEAVIATE_URL", "weaviate"):
        from bot.adapters.weaviate.facts import facts

    return await facts(place_of(chosen))


async def cohere_lacks(settings: Settings, named: Cohere) -> list[str]:
    """Models of the settings that the account cannot use. Raises `Unavailable`, `Unusable` and `Misconfigured`."""
    async with AsyncExitStack() as stack:
        models = await Backends(settings, stack).cohere()
        from bot.adapters.cohere.check import check

        chosen = settings.models
        used = {
            named.embed_model: chosen.embedder,
            named.queries_by: chosen.embedder,
            named.rerank_model: chosen.reranker,
            named.chat_model: chosen.generator,
            named.rewrite_model: chosen.rewriter,
        }
        return await check(
            models.client,
            models=[model for model, by in used.items() if by == "cohere"],
            embedder=models.unguarded() if chosen.embedder == "cohere" else None,
        )


async def openai_lacks(settings: Settings, named: OpenAI) -> list[str]:
    """Models of the settings that the server does not list. Raises `Unavailable`, `Unusable` and `Misconfigured`."""
    async with AsyncExitStack() as stack:
        models = await Backends(settings, stack).openai()
        from bot.adapters.openai.client import check

        every = (named.chat_model, named.rewrite_model, named.embed_model)
        reranks_there = named.rerank_url is None
        wanted = [model for model in (*every, named.rerank_model if reranks_there else "") if model]
        return [model for model, known in (await check(models.client, wanted)).items() if not known]
