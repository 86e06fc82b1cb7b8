"""Jobs, conversations, records: in the server of the settings, or in one that we start."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from bot.composition.home import private
from bot.ports.memory import Memory
from bot.settings import EmbeddedMemory, Settings

if TYPE_CHECKING:
    from bot.adapters.redis.link import Link

HURRY = 0.5
"""Seconds that a call may take while Slack waits for an acknowledgement."""


@dataclass(slots=True)
class Reach:
    """A server that may be away at the moment; `hurried` is the same memory for those who have little time.

    `trusted` says whether it was found fit to keep what people were told is kept.
    """

    memory: Memory
    hurried: Memory
    link: "Link"
    trusted: bool = False

    async def ready(self) -> None:
        """Return when the server answers.

        Raises `MemoryUnavailable` when it does not, and `Misconfigured`, until it is trusted, when it may lose things.
        """
        import structlog

        from bot.adapters.redis.client import check

        if self.trusted:
            await self.hurried.jobs.depth()
            return
        for warning in await check(self.link):
            structlog.get_logger().warning("memory_at_risk", advice=warning)
        self.trusted = True


@asynccontextmanager
async def remembering(settings: Settings) -> AsyncGenerator[Memory]:
    """Jobs, conversations and records, in the server of the settings or in one that we start.

    Raises `Misconfigured` when that server may lose what it took, `MemoryUnavailable` when it does not answer.
    """
    async with reaching(settings) as reach:
        await reach.ready()
        yield reach.memory


@asynccontextmanager
async def reaching(settings: Settings) -> AsyncGenerator[Reach]:
    """The same, whether the server of the settings answers or not; the caller asks whether it is ready.

    Raises `Misconfigured` for a malformed address, `MemoryUnavailable` when one of our own cannot be started.
    """
    from bot.adapters.redis.client import connect
    from bot.adapters.redis.memory import memory_over

    async with _memory_url(settings) as url, connect(url) as link:
        make = partial(memory_over, lease=settings.work.lease)
        yield Reach(make(link), make(replace(link, timeout=HURRY)), link)


async def memory_facts(settings: Settings) -> Mapping[str, str]:
    """What the servers of the settings say of themselves: INFO's names, `appendfsync` where told, and their `place`.

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
        return {**await facts(link), "place": link.place}


async def cache_facts(url: str) -> Mapping[str, str]:
    """The same of the server for caches. Raises likewise."""
    from bot.adapters.redis.cache import PREFIX
    from bot.adapters.redis.client import connect, facts

    async with connect(url, prefix=PREFIX, setting="REDIS_CACHE_URL") as link:
        return {**await facts(link, cache=True), "place": link.place}


@asynccontextmanager
async def _memory_url(settings: Settings) -> AsyncGenerator[str]:
    if not isinstance(settings.memory, EmbeddedMemory):
        yield str(settings.memory.url)
        return
    from bot.adapters.redis.server import embedded

    async with embedded(private(settings.home), binary=settings.memory.binary) as url:
        yield url
