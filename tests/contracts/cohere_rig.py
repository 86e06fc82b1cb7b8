"""Cohere's adapters over its stand-in, for the suites of the ports and for what is Cohere's own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.adapters.cohere.client import CohereClient, open_client
from bot.adapters.cohere.embedder import CohereEmbedder
from bot.adapters.cohere.generator import CohereGenerator
from bot.adapters.cohere.reranker import CohereReranker
from bot.adapters.cohere.rewriter import CohereRewriter
from bot.ports.generation import Generator, Rewriter
from bot.ports.search import Embedder, Reranker
from bot.spending import Usage
from tests.standins.cohere import CohereStandIn

KEY = "co-not-a-key"
EMBED = "embed-v5.0-pro"
EMBED_QUERIES = "embed-v5.0-fast"
RERANK = "rerank-v5.0-fast"
CHAT = "command-a-03-2025"
SMALL = "command-r7b-12-2024"
DIMENSION = 256


@dataclass(frozen=True, slots=True)
class Rig:
    """The stand-in, a client of it, and what it was billed for."""

    api: CohereStandIn
    client: CohereClient
    usages: list[Usage] = field(default_factory=list[Usage])


@asynccontextmanager
async def a_rig(*, key: str = KEY, demanded: str | None = KEY) -> AsyncGenerator[Rig]:
    """A client with `key` of a stand-in that demands `demanded`, on a port of its own."""
    usages: list[Usage] = []
    async with (
        CohereStandIn(key=demanded).running() as api,
        open_client(api_key=key, base_url=api.url, on_usage=usages.append) as client,
    ):
        yield Rig(api, client, usages)


@asynccontextmanager
async def cohere_embedder() -> AsyncGenerator[Embedder]:
    """Documents with the large model, questions with the fast one."""
    async with a_rig() as rig:
        yield CohereEmbedder(rig.client, model=EMBED, query_model=EMBED_QUERIES, dimension=DIMENSION)


@asynccontextmanager
async def cohere_reranker(model: str = RERANK) -> AsyncGenerator[Reranker]:
    """The version that tells spans."""
    async with a_rig() as rig:
        yield CohereReranker(rig.client, model=model)


@asynccontextmanager
async def cohere_older_reranker() -> AsyncGenerator[Reranker]:
    """A version that tells none."""
    async with cohere_reranker("rerank-v4.0-fast") as reranker:
        yield reranker


@asynccontextmanager
async def cohere_generator() -> AsyncGenerator[Generator]:
    """Citations in the midst of the stream."""
    async with a_rig() as rig:
        yield CohereGenerator(rig.client, model=CHAT)


@asynccontextmanager
async def cohere_late_generator() -> AsyncGenerator[Generator]:
    """Citations at its end."""
    async with a_rig() as rig:
        yield CohereGenerator(rig.client, model=CHAT, citations="ACCURATE")


@asynccontextmanager
async def cohere_rewriter() -> AsyncGenerator[Rewriter]:
    """The small model."""
    async with a_rig() as rig:
        yield CohereRewriter(rig.client, model=SMALL)
