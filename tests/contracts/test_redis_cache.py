"""A cache keeps what it is given for a while, and is empty when it fails; it never fails its caller."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.adapters.redis.cache import KEPT_FOR, RedisCache
from bot.adapters.redis.client import Link, connect, facts
from bot.adapters.redis.server import EmbeddedServer
from bot.errors import Misconfigured
from bot.ports.memory import Cache
from tests.redis_fixtures import EVERYWHERE, PASSWORD, USER, on, rights

MANY = {f"model/{n}": bytes([n]) * 4096 for n in range(200)}


@pytest.fixture
def cache(link: Link) -> Cache:
    return RedisCache(link, patience=10)


@on(EVERYWHERE)
async def test_what_was_put_is_got_in_order(cache: Cache) -> None:
    """Values come back whole, each where its key stood; what was never put is a miss."""
    assert await cache.get_many(["a", "b"]) == [None, None]
    await cache.put_many({"a": b"", "b{}:\n": b"\x00\xff"})
    assert await cache.get_many(["b{}:\n", "c", "a", "a"]) == [b"\x00\xff", None, b"", b""]


@on(EVERYWHERE)
async def test_a_great_many_are_kept(cache: Cache) -> None:
    """More values than fit in one trip are put and got like few; none is nothing to do."""
    await cache.put_many(MANY)
    assert await cache.get_many(list(MANY)) == list(MANY.values())
    assert await cache.get_many([]) == []
    await cache.put_many({})


async def test_every_value_ends(link: Link) -> None:
    """What nobody asks for again is not kept for good."""
    await RedisCache(link, patience=10).put_many({"a": b"x"})
    assert KEPT_FOR - 60 < await link.call("TTL", link.key(of=("a",))) <= KEPT_FOR


async def test_a_cache_that_is_gone_is_empty(tmp_path: Path) -> None:
    """Nobody hears of it but the log, once a minute; after a failure nobody waits for it until a while has passed."""
    clock = Clock()
    async with connect(f"unix://{tmp_path}/nobody", setting="REDIS_CACHE_URL") as link:
        cache = RedisCache(link, clock=clock)
        with capture_logs() as lines:
            for _ in range(100):
                await cache.put_many({"a": b"a value"})
                assert await cache.get_many(["a", "b"]) == [None, None]
                clock.now += 1.3
    assert [line["event"] for line in lines] == ["cache_unavailable"] * 3
    assert "a value" not in lines[0]["reason"]


async def test_a_cache_that_hangs_is_given_up(tmp_path: Path) -> None:
    """A server that does not answer is waited for once, briefly, and is used again when it is back."""
    server = EmbeddedServer(tmp_path)
    clock = Clock()
    async with connect(server.join()) as link:
        cache = RedisCache(link, clock=clock)
        await cache.put_many({"a": b"x"})
        process = int((tmp_path / "redis" / "valkey.pid").read_text())
        os.kill(process, signal.SIGSTOP)
        started = time.monotonic()
        assert [await cache.get_many(["a"]) for _ in range(50)] == [[None]] * 50
        assert time.monotonic() - started < 5
        os.kill(process, signal.SIGCONT)
        clock.now += 60
        assert await cache.get_many(["a"]) == [b"x"]
    server.leave()


async def test_a_full_cache_is_a_miss(tmp_path: Path) -> None:
    """A server that takes nothing more, because nobody told it to forget, costs nothing but the cache."""
    server = EmbeddedServer(tmp_path)
    async with connect(server.join()) as link:
        await link.call("CONFIG", "SET", "maxmemory", "1")
        cache = RedisCache(link)
        await cache.put_many({"a": b"x"})
        assert await cache.get_many(["a"]) == [None]
    server.leave()


async def test_a_cache_needs_few_rights(tmp_path: Path) -> None:
    """The user of the guide, who may read and write values, is enough, and one who may not is found."""
    server = EmbeddedServer(tmp_path)
    url = server.join()
    own = url.replace("unix://", f"unix://{USER}:{PASSWORD}@")
    async with connect(url) as link:
        await link.call("ACL", "SETUSER", *rights(of="~{footnote-cache*"))
        await link.call("ACL", "SETUSER", USER, "-set")
        async with connect(own, prefix="footnote-cache", setting="REDIS_CACHE_URL") as ours:
            with pytest.raises(Misconfigured, match=r"^REDIS_CACHE_URL: .*'set'"):
                await facts(ours, cache=True)
            await link.call("ACL", "SETUSER", USER, "+set")
            assert (await facts(ours, cache=True))["role"] == "master"
            cache = RedisCache(ours, patience=10)
            await cache.put_many({"a": b"x"})
            assert await cache.get_many(["a"]) == [b"x"]
    server.leave()


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
