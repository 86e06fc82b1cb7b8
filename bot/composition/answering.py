"""From a question to an answer, and from documents to an index, over the backends of the settings."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.allowance import Terms
from bot.answering.converse import Alone, Conversing
from bot.answering.pipeline import PASSAGES, Pipeline
from bot.answering.retrieve import CANDIDATES
from bot.composition.backends import Backends, backends
from bot.composition.home import now
from bot.composition.memory import remembering
from bot.models import EVERYONE, Audience, ConversationKey
from bot.ports.generation import Generator
from bot.ports.search import Embedder, IndexWriter, SearchIndex
from bot.settings import Settings
from bot.together import beside

FEWER = 60
"""Candidates for a vendor's reranker, which reads each of them for money and looks at no other."""
REHEARSED = 5.0
"""Seconds after which a worker begins, whatever its rehearsal does."""
TERMINAL = "terminal"
"""Workspace and channel of conversations that do not happen in Slack."""


@asynccontextmanager
async def answering(settings: Settings, *, generator: Generator | None = None) -> AsyncGenerator[Pipeline]:
    """The steps from a question to an answer over the index of the settings. Starts no Redis.

    `generator` stands in for the one of the settings. Raises `NothingIndexed` when nothing was indexed yet,
    `IndexMismatch` when it was by another model.
    """
    async with backends(settings) as made:
        embedder = await made.embedder()
        yield await assembled(settings, made, embedder, await made.index(embedder), generator=generator)


async def assembled(
    settings: Settings, made: Backends, embedder: Embedder, index: SearchIndex, *, generator: Generator | None = None
) -> Pipeline:
    """The steps over an index whose vectors are the embedder's."""
    asking = settings.asking
    return Pipeline(
        rewriter=await made.rewriter(),
        embedder=embedder,
        index=index,
        reranker=await made.reranker(),
        generator=generator or await made.generator(embedder),
        spare=None if generator else made.spare(),
        clock=time.perf_counter,
        index_name=settings.index.backend,
        candidates=CANDIDATES if settings.models.reranker == "local" else FEWER,
        english_only=settings.models.embedder == "local",
        terms=Terms(seconds=asking.seconds, calls=asking.calls, tokens=asking.tokens),
    )


async def rehearse(settings: Settings, pipeline: Pipeline) -> None:
    """Find something once, for nobody: what is read when it is first used keeps no person's answer waiting.

    That is a quarter of a second of weights, index and code. It is done where all of it is in this process: others
    charge for each look, and may be away. Raises nothing: whatever fails here fails again where somebody is told.
    """
    if {settings.models.embedder, settings.models.reranker, settings.index.backend} == {"local"}:
        async with beside(_find_something(pipeline)) as finding:
            await asyncio.wait([finding], timeout=REHEARSED)


async def _find_something(pipeline: Pipeline) -> None:
    await pipeline.find("How do I begin?", (), audience=Audience.of({EVERYONE}), limit=PASSAGES)


@asynccontextmanager
async def conversing(settings: Settings, *, conversation: str | None) -> AsyncGenerator[Alone | Conversing]:
    """A way to ask; with the name of a conversation, one that remembers. Without, starts no Redis."""
    async with AsyncExitStack() as stack:
        pipeline = await stack.enter_async_context(answering(settings))
        if conversation is None:
            yield Alone(pipeline)
            return
        memory = await stack.enter_async_context(remembering(settings))
        key = ConversationKey(TERMINAL, TERMINAL, conversation)
        yield Conversing(key, pipeline, memory.conversations, now)


@dataclass(frozen=True, slots=True)
class Writing:
    """What an indexer writes with."""

    index: IndexWriter
    embedder: Embedder


@asynccontextmanager
async def writing(settings: Settings) -> AsyncGenerator[Writing]:
    """The write side of the index of the settings; makes the home when there is none."""
    async with backends(settings) as made:
        embedder = await made.embedder()
        yield Writing(await made.writer(embedder), embedder)
