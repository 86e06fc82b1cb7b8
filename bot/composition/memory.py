"""Jobs, conversations, records: in the server of the settings, or in one that we start."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from bot.composition.home import private
from bot.ports.memory import Memory
from bot.settings import EmbeddedMemory, Settings


@asynccontextmanager
async def remembering(settings: Settings) -> AsyncGenerator[Memory]:
    """Jobs, conversations and records, in the server of the settings or in one that we start.

    Raises `Misconfigured` when that server may lose what it took, `MemoryUnavailable` when it does not answer.
    """
    import structlog

    from bot.adapters.redis.budgets import RedisBudgets
    from bot.adapters.redis.channels import RedisChannels
    from bot.adapters.redis.client import check, connect
    from bot.adapters.redis.conversations import RedisConversations
    from bot.adapters.redis.dead_letters import RedisDeadLetters
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
            budgets=RedisBudgets(link),
            dead_letters=RedisDeadLetters(link),
        )


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
