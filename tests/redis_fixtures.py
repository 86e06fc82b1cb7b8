"""A real Valkey for the tests, started by the project's own code; each test has keys of its own on it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from uuid import uuid4

import pytest

from bot.adapters.redis.client import Link, connect
from bot.adapters.redis.conversations import RedisConversations
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.records import RedisAnswerRecords
from bot.adapters.redis.server import EmbeddedServer
from bot.jobs import AnswerQuestion
from tests.nouns import a_question

FOR_GOOD = {"jobs", "leases", "fence", "channels", "audit"}
"""Keys that may stay without an end: the queue, who holds what of it, the counter of fences, what admins decided."""
LEASE = 30.0
"""Seconds: as in production; tests let time pass instead of waiting."""


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The address of a server that the whole run shares."""
    server = EmbeddedServer(tmp_path_factory.mktemp("valkey"))
    yield server.join()
    server.leave()


@pytest.fixture
async def link(valkey_url: str) -> AsyncGenerator[Link]:
    """A link with a prefix of its own; afterwards no key but a named few may be left without an end."""
    async with connect(valkey_url, prefix=f"test-{uuid4().hex}", timeout=10.0) as made:
        yield made
        assert await endless(made) <= FOR_GOOD


async def endless(link: Link) -> set[str]:
    """The names, without their prefix, of our keys that never expire."""
    beginning = f"{{{link.prefix}"
    found = [key.decode() for keys in (await link.told("KEYS", f"{beginning}*")).values() for key in keys]
    return {key.removeprefix(beginning).removeprefix("}:") for key in found if await link.call("TTL", key) == -1}


@pytest.fixture
def jobs(link: Link) -> RedisJobQueue:
    return RedisJobQueue(link, lease=LEASE)


PassTime = Callable[[float], Awaitable[None]]


@pytest.fixture
def pass_time(link: Link) -> PassTime:
    """Let every lease be that many seconds older at once, as the server counts it."""

    async def let_pass(seconds: float) -> None:
        await age_leases(link, seconds)

    return let_pass


async def age_leases(link: Link, seconds: float) -> None:
    """Let every lease be that many seconds older at once, as the server counts it."""
    jobs, group = link.key("jobs"), "workers"
    for job, _, idle, _ in await link.call("XPENDING", jobs, group, "-", "+", 1000):
        await link.call("XCLAIM", jobs, group, "worker", 0, job, "IDLE", idle + round(seconds * 1000), "JUSTID")


@pytest.fixture
def conversations(link: Link) -> RedisConversations:
    return RedisConversations(link)


@pytest.fixture
def records(link: Link) -> RedisAnswerRecords:
    return RedisAnswerRecords(link)


def a_job(number: int = 1, *, thread: str | None = None) -> AnswerQuestion:
    """A job for question `number`, in a conversation of its own unless `thread` names one."""
    message = f"{number}.000100"
    return AnswerQuestion(a_question(f"Question {number}?", message=message, thread=thread or message))
