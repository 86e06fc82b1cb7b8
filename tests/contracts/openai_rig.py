"""The adapters over the stand-in of an OpenAI-compatible server, for the ports' suites and for what is their own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.adapters.openai.client import OpenAIClient, open_client
from bot.adapters.openai.embedder import OpenAIEmbedder
from bot.adapters.openai.generator import OpenAIGenerator
from bot.adapters.openai.reranker import OpenAIReranker
from bot.adapters.openai.rewriter import OpenAIRewriter
from bot.ports.generation import Generator, Rewriter
from bot.ports.search import Embedder, Reranker
from bot.spending import Usage
from tests.standins.openai import OpenAIStandIn
from tests.standins.openai_rules import CHAT, EMBED, RERANK, SIZE

KEY = "sk-not-a-key"


@dataclass(frozen=True, slots=True)
class Rig:
    """The stand-in, a client of it, and what it told of its use."""

    api: OpenAIStandIn
    client: OpenAIClient
    usages: list[Usage] = field(default_factory=list[Usage])


@asynccontextmanager
async def a_rig(api: OpenAIStandIn | None = None, *, key: str = KEY) -> AsyncGenerator[Rig]:
    """A client with `key` of a stand-in, on a port of its own."""
    usages: list[Usage] = []
    async with (
        (api or OpenAIStandIn(key=KEY)).running() as running,
        open_client(base_url=running.url, api_key=key, on_usage=usages.append) as client,
    ):
        yield Rig(running, client, usages)


@asynccontextmanager
async def openai_embedder() -> AsyncGenerator[Embedder]:
    """With prefixes, as e5 and nomic want them."""
    async with a_rig() as rig:
        yield OpenAIEmbedder(rig.client, model=EMBED, dimension=SIZE)


@asynccontextmanager
async def openai_reranker() -> AsyncGenerator[Reranker]:
    """As vLLM, llama.cpp and Jina rank."""
    async with a_rig() as rig:
        yield OpenAIReranker(rig.client, model=RERANK)


@asynccontextmanager
async def tei_reranker() -> AsyncGenerator[Reranker]:
    """As Text Embeddings Inference ranks, with raw scores."""
    async with a_rig(OpenAIStandIn(rerank="tei", logits=True, below_v1=False)) as rig:
        yield OpenAIReranker(rig.client, model=RERANK)


@asynccontextmanager
async def openai_generator() -> AsyncGenerator[Generator]:
    """Without an embedder: words alone verify."""
    async with a_rig() as rig:
        yield OpenAIGenerator(rig.client, model=CHAT)


@asynccontextmanager
async def openai_rewriter() -> AsyncGenerator[Rewriter]:
    """With a schema."""
    async with a_rig() as rig:
        yield OpenAIRewriter(rig.client, model=CHAT)
