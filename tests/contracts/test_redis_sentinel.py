"""With Sentinels the bot finds the primary by itself, and finds its successor; nothing is done twice on the way."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bot.adapters.redis.client import Link, check, connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.errors import MemoryUnavailable, Misconfigured
from tests.redis_fixtures import a_job
from tests.redis_servers import PRIMARY, Watched, eventually, free_ports

PROMPT = 5.0
"""Seconds, far above any deadline here."""


@pytest.fixture
def own(tmp_path: Path) -> Generator[Watched]:
    """Servers that this test may harm."""
    servers = Watched(tmp_path / "servers")
    with closing(servers):
        yield servers.start()


async def _moved(link: Link, servers: Watched) -> None:
    """Return once the link has found the former replica; until then each call ends in time, and in one way."""
    end = time.monotonic() + 40
    while time.monotonic() < end:
        started = time.monotonic()
        with suppress(MemoryUnavailable):
            if await link.told("PING") == {f"127.0.0.1:{servers.replica.port}": b"PONG"}:
                return
        assert time.monotonic() - started < link.timeout + PROMPT
        await asyncio.sleep(0.02)
    raise AssertionError("the new primary was not found")


def _kill(servers: Watched) -> None:
    servers.primary.signal(signal.SIGKILL)


def _hang(servers: Watched) -> None:
    servers.primary.signal(signal.SIGSTOP)


def _replace(servers: Watched) -> None:
    """Let them change places while both are well, as for an upgrade."""
    sentinel = servers.sentinels[0]
    eventually(lambda: sentinel.say("SENTINEL", "FAILOVER", PRIMARY), because="the replica is fit to be promoted")


@pytest.mark.parametrize("harm", [_kill, _hang, _replace])
async def test_a_new_primary_is_found(own: Watched, harm: Callable[[Watched], None]) -> None:
    """Whatever becomes of the primary, calls end in time, and what was accepted is there after, once."""
    async with connect(own.url, timeout=1.5) as link:
        queue = RedisJobQueue(link)
        await link.call("PING")
        assert await queue.enqueue(a_job(1), once=["event:Ev1"])
        await link.call("SET", "{counter}", 0)
        assert await link.call("WAIT", 1, 10_000, within=20) == 1
        await asyncio.to_thread(harm, own)
        await _moved(link, own)
        assert not await queue.enqueue(a_job(1), once=["event:Ev1"])
        (claim,) = await queue.claim(limit=8, wait=0)
        assert claim.job == a_job(1)
        assert await link.call("INCR", "{counter}") == 1


async def test_a_demoted_primary_takes_nothing(own: Watched) -> None:
    """What stands at the old place, and is a replica by now, is out of reach: over an open connection and a new one."""
    async with connect(own.url, timeout=10) as link:
        await link.call("SET", "{word}", "before")
        own.sentinels[0].signal(signal.SIGSTOP)
        own.primary.say("REPLICAOF", "127.0.0.1", own.replica.port)
        with pytest.raises(MemoryUnavailable, match="read only replica"):
            await link.call("SET", "{word}", "after")
        own.primary.say("CLIENT", "KILL", "TYPE", "normal")  # as Sentinels do
        with pytest.raises(MemoryUnavailable, match="a replica by now"):
            await link.call("GET", "{word}")


async def test_a_worker_that_waits_outlives_the_change(own: Watched) -> None:
    """A wait on the old primary ends as unavailable, at the latest when it is replaced, and the next one works."""
    async with connect(own.url, timeout=1.5) as link:
        queue = RedisJobQueue(link)
        waiting = asyncio.create_task(queue.claim(limit=1, wait=600))
        assert await queue.depth() == 0
        await asyncio.to_thread(_kill, own)
        with pytest.raises(MemoryUnavailable):
            await asyncio.wait_for(waiting, 30)
        await _moved(link, own)
        waiting = asyncio.create_task(queue.claim(limit=1, wait=600))
        await queue.enqueue(a_job(), once=[])
        assert len(await asyncio.wait_for(waiting, 30)) == 1


async def test_a_primary_is_used_while_the_sentinels_are_away(own: Watched) -> None:
    """Sentinels are asked when something fails; that none answers then is no reason to leave a primary that is well."""
    async with connect(own.url, timeout=1.5) as link:
        assert await link.call("PING") == b"PONG"
        own.sentinels[0].signal(signal.SIGSTOP)
        with pytest.raises(MemoryUnavailable):
            await link.call("BLPOP", "{nothing}", 5)
        assert await link.call("PING") == b"PONG"


async def test_one_sentinel_of_several_is_enough(watched: Watched) -> None:
    """Sentinels that are gone, or that hang, do not keep the bot from the primary."""
    (gone,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as hung:
        others = f"127.0.0.1:{gone},127.0.0.1:{hung.getsockname()[1]}"
        async with connect(watched.url.replace("://", f"://{others},"), timeout=10) as link:
            assert await link.call("PING") == b"PONG"


async def test_what_can_be_wrong_with_sentinels_is_said(watched: Watched) -> None:
    """A name they do not know, a Sentinel taken for a server, a replica taken for the primary: one sentence each."""
    sentinel, replica = watched.sentinels[0].port, watched.replica.port
    mistakes = {
        f"redis+sentinel://127.0.0.1:{sentinel}/answers": "know no primary named answers",
        f"redis://127.0.0.1:{sentinel}": r"is a Sentinel; write redis\+sentinel://",
        f"redis://127.0.0.1:{replica}": "is a replica, which takes no writes",
    }
    for url, said in mistakes.items():
        async with connect(url) as link:
            with pytest.raises(Misconfigured, match=f"^REDIS_URL: .*{said}"):
                await check(link)


async def test_sentinels_that_are_gone_are_unavailability() -> None:
    """Nobody to ask is no mistake in the settings: it may pass."""
    first, second = free_ports(2)
    async with connect(f"redis+sentinel://127.0.0.1:{first},127.0.0.1:{second}/{PRIMARY}") as link:
        with pytest.raises(MemoryUnavailable, match="Connect call failed"):
            await check(link)
