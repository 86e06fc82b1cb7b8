"""The composition root: turns settings into what is running, opened and closed together.

An adapter is imported inside the function that needs it, so that a command pays only for what it uses.
"""

import time
from collections import abc
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from bot.answering.converse import Alone, Conversing
from bot.answering.pipeline import Pipeline
from bot.errors import BadRequest, MemoryUnavailable
from bot.models import ConversationKey
from bot.ports.generation import Generator
from bot.ports.memory import Memory
from bot.ports.search import Embedder, IndexWriter
from bot.settings import EmbeddedMemory, Settings

if TYPE_CHECKING:
    from pydantic import SecretStr
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.adapters.local.embedder import LocalEmbedder
    from bot.desk.assembly import SlackSide
    from bot.worker import Worker
    from handlers.calls import Calls
    from handlers.tokens import Identity, Transport

TERMINAL = "terminal"
"""Workspace and channel of conversations that do not happen in Slack."""


# --- answering ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def answering(settings: Settings, *, generator: Generator | None = None) -> AsyncGenerator[Pipeline]:
    """The steps from a question to an answer over the index of this home. Starts no Redis.

    `generator` stands in for the one of the settings. Raises `NothingIndexed` when nothing was indexed yet,
    `IndexMismatch` when it was by another model.
    """
    from bot.adapters.local.generator import ExtractiveGenerator
    from bot.adapters.local.index import LocalIndex
    from bot.adapters.local.reranker import LocalReranker
    from bot.adapters.local.rewriter import HistoryRewriter

    with _embedder(settings) as embedder:
        async with LocalIndex.open(settings.home, model=embedder.model, dimension=embedder.dimension) as index:
            yield Pipeline(
                rewriter=HistoryRewriter(),
                embedder=embedder,
                index=index,
                reranker=LocalReranker(),
                generator=generator or ExtractiveGenerator(),
                clock=time.perf_counter,
            )


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


# --- memory ---------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def remembering(settings: Settings) -> AsyncGenerator[Memory]:
    """Jobs, conversations and records, in the server of the settings or in one that we start.

    Raises `Misconfigured` when that server may lose what it took, `MemoryUnavailable` when it does not answer.
    """
    import structlog

    from bot.adapters.redis.channels import RedisChannels
    from bot.adapters.redis.client import check, connect
    from bot.adapters.redis.conversations import RedisConversations
    from bot.adapters.redis.feedback import RedisFeedbackBook
    from bot.adapters.redis.queue import RedisJobQueue
    from bot.adapters.redis.records import RedisAnswerRecords
    from bot.adapters.redis.stops import RedisStops

    async with _memory_url(settings) as url, connect(url) as link:
        for warning in await check(link):
            structlog.get_logger().warning("memory_at_risk", advice=warning)
        yield Memory(
            jobs=RedisJobQueue(link),
            conversations=RedisConversations(link),
            records=RedisAnswerRecords(link),
            feedback=RedisFeedbackBook(link),
            channels=RedisChannels(link),
            stops=RedisStops(link),
        )


@asynccontextmanager
async def _memory_url(settings: Settings) -> AsyncGenerator[str]:
    if not isinstance(settings.memory, EmbeddedMemory):
        yield str(settings.memory.url)
        return
    from bot.adapters.redis.server import embedded

    async with embedded(private(settings.home), binary=settings.memory.binary) as url:
        yield url


# --- indexing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Writing:
    """What an indexer writes with."""

    index: IndexWriter
    embedder: Embedder


@asynccontextmanager
async def writing(settings: Settings) -> AsyncGenerator[Writing]:
    """The write side of the index of this home; makes the home when there is none."""
    from bot.adapters.local.index import LocalIndex

    with _embedder(settings) as embedder:
        async with LocalIndex.create(
            private(settings.home), model=embedder.model, dimension=embedder.dimension
        ) as index:
            yield Writing(index, embedder)


# --- Slack ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot that Slack has accepted: its edge, its worker, or both."""

    settings: Settings
    client: "AsyncWebClient"
    identity: "Identity"
    memory: Memory
    calls: "Calls"

    @asynccontextmanager
    async def edge(self, *, transport: "Transport") -> AsyncGenerator[str]:
        """Taking envelopes from Slack while the block runs; gives the place where."""
        from bot.app import build_app, run_http, run_socket_mode

        secrets, http = self.settings.slack, self.settings.http
        signing_secret = _plain(secrets.signing_secret) or ""
        app = build_app(
            client=self.client,
            identity=self.identity,
            ports=self.memory,
            call=self.calls,
            now=now,
            signing_secret=signing_secret,
        )
        if transport == "http":
            async with run_http(app, signing_secret=signing_secret, host=http.host, port=http.port) as address:
                yield f"{address}/slack/events"
        else:
            async with run_socket_mode(app, app_token=_plain(secrets.app_token) or ""):
                yield f"Socket Mode, workspace {self.identity.workspace_name}"

    @asynccontextmanager
    async def worker(self, *, generator: Generator | None = None) -> AsyncGenerator["Worker"]:
        """A worker for all that is queued; the caller runs it."""
        from bot.adapters.local.summariser import LexRankSummariser
        from bot.desk.assembly import Assembly, HelpDesk
        from bot.worker import Limits, Worker
        from indexing.history import read_syncs

        slack = self.settings.slack
        async with answering(self.settings, generator=generator) as pipeline:
            dispatch = Assembly(
                pipeline=pipeline,
                summariser=LexRankSummariser(pipeline.embedder),
                memory=self.memory,
                slack=self._slack_side(),
                syncs=partial(read_syncs, self.settings.home),
                help_desk=HelpDesk(humans=slack.humans, channel=slack.help_channel),
                now=now,
            ).dispatch()
            yield Worker(
                self.memory.jobs,
                handle=dispatch.handle,
                give_up=dispatch.give_up,
                limits=Limits(answers=self.settings.work.answers),
            )

    def _slack_side(self) -> "SlackSide":
        """One limiter and one directory for all that a worker says and asks."""
        from bot.desk.assembly import SlackSide
        from handlers.buttons import Seal
        from handlers.directory import SlackDirectory
        from handlers.notices import SlackNotices
        from handlers.panels import SlackPanels
        from handlers.reading import SlackThreads
        from handlers.replies import SlackReplies

        calls, who = self.calls, self.identity
        seal = Seal.of(self.client.token or "")
        directory = SlackDirectory(
            calls,
            workspace=who.workspace,
            bot_user=who.bot_user,
            clock=time.monotonic,
            admins=frozenset(self.settings.slack.admins),
        )
        return SlackSide(
            replies=SlackReplies(calls, bot_id=who.bot_id, seal=seal, now=now),
            directory=directory,
            threads=SlackThreads(calls, directory, bot_id=who.bot_id, bot_user=who.bot_user),
            notices=SlackNotices(calls, bot_id=who.bot_id, seal=seal, now=now),
            panels=SlackPanels(calls, seal=seal, now=now),
        )


@asynccontextmanager
async def bot(settings: Settings, *, transport: "Transport | None", paced: bool = True) -> AsyncGenerator[Bot]:
    """The bot, with its secrets checked for `transport` (None: for work alone) before anything is started.

    `paced` says whether Slack is called only as often as its published limits allow: a stand-in may take more.
    Raises `Misconfigured` when a secret is missing or swapped, `SlackUnavailable` when Slack does not answer.
    """
    from handlers.calls import Calls, open_client
    from handlers.pace import TIERS, Pace
    from handlers.tokens import check_tokens

    secrets = settings.slack
    async with open_client(bot_token=_plain(secrets.bot_token), api_url=str(secrets.api_url)) as client:
        identity = await check_tokens(
            client,
            transport=transport,
            app_token=_plain(secrets.app_token),
            signing_secret=_plain(secrets.signing_secret),
        )
        async with remembering(settings) as memory:
            yield Bot(settings, client, identity, memory, Calls(client, pace=Pace(TIERS if paced else {})))


# --- looking at an installation -------------------------------------------------------------------------------------


async def memory_facts(settings: Settings) -> Mapping[str, str]:
    """What the server of the settings says of itself: INFO's names, `appendfsync` where it tells, and its `place`.

    Starts an embedded one, or joins it, but changes nothing about the home folder. Raises `Misconfigured` when the
    server refuses the password or the address is malformed, `MemoryUnavailable` when it does not answer.
    """
    from bot.adapters.redis.client import connect, facts
    from bot.adapters.redis.server import embedded

    async with AsyncExitStack() as stack:
        if isinstance(settings.memory, EmbeddedMemory):
            url = await stack.enter_async_context(embedded(settings.home, binary=settings.memory.binary))
        else:
            url = str(settings.memory.url)
        link = await stack.enter_async_context(connect(url))
        told = {**await facts(link), "place": link.place}
        with suppress(MemoryUnavailable):  # a server that somebody else runs may not tell
            asked = await link.call("CONFIG", "GET", "appendfsync")
            told |= {name.decode(): value.decode() for name, value in zip(asked[::2], asked[1::2], strict=False)}
    return told


def check_model(settings: Settings) -> str:
    """The embedding model's name, once its files are those that its authors published; loads no weights.

    Raises `Misconfigured` when they are missing or altered.
    """
    from bot.adapters.local.minilm import check_once, packaged_model

    check_once(packaged_model(), stamp=None)
    with _embedder(settings) as embedder:
        return embedder.model


# --- common ---------------------------------------------------------------------------------------------------------


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def apart(settings: Settings, purpose: str, about: Path) -> Settings:
    """The same settings with a home of its own for one folder or file, so that no trial mixes with the real index."""
    name = sha256(str(about.expanduser().resolve()).encode()).hexdigest()[:12]
    return settings.model_copy(update={"home": settings.home / purpose / name})


def private(home: Path) -> Path:
    """The home folder, made when it is not there, for its owner alone. Raises `BadRequest` when it cannot be."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
    except OSError as error:
        raise BadRequest(f"cannot use {home} as the home folder ({error.strerror}); name another with --home") from None
    return home


@contextmanager
def _embedder(settings: Settings) -> abc.Generator["LocalEmbedder"]:
    from bot.adapters.local.embedder import LocalEmbedder

    embedder = LocalEmbedder(stamp=settings.home / "weights-checked", threads=settings.work.threads)
    try:
        yield embedder
    finally:
        embedder.close()


def _plain(secret: "SecretStr | None") -> str | None:
    return secret.get_secret_value() if secret else None
