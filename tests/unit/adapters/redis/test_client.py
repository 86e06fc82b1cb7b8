"""Calls to Redis end in time, happen at most once, and fail in one way; an unfit server is refused at start."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.adapters.redis.client import Link, Script, check, connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.server import EmbeddedServer
from bot.errors import MemoryUnavailable, Misconfigured
from tests.redis_fixtures import a_job

PROMPT = 5.0
"""Seconds, far above any deadline here and far below the minute that the client's own defaults take."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def url(home: Path) -> Generator[str]:
    """The address of a server that this test may harm."""
    server = EmbeddedServer(home)
    yield server.join()
    server.revive()
    server.leave()


def _process(home: Path) -> int:
    return int((home / "redis" / "valkey.pid").read_text())


@contextmanager
def _hanging(home: Path) -> Generator[None]:
    os.kill(_process(home), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(_process(home), signal.SIGCONT)


@pytest.mark.parametrize("query", ["", "?socket_timeout=60&retry_on_timeout=yes&socket_connect_timeout=60"])
async def test_a_command_that_timed_out_is_not_sent_again(home: Path, url: str, query: str) -> None:
    """A server that hangs costs one deadline, whatever the address asks for, and the command happens once at most."""
    async with connect(url + query, timeout=0.1) as link:
        await link.call("SET", "counter", 0)
        started = time.monotonic()
        with _hanging(home), pytest.raises(MemoryUnavailable):
            await link.call("INCR", "counter")
        assert time.monotonic() - started < PROMPT
    async with connect(url) as link:
        assert int(await link.call("GET", "counter")) <= 1


async def test_a_connection_to_a_hanging_server_is_given_up(home: Path, url: str) -> None:
    """The deadline holds for a first call too, which has to connect."""
    async with connect(url, timeout=0.1) as link:
        started = time.monotonic()
        with _hanging(home), pytest.raises(MemoryUnavailable):
            await link.call("PING")
        assert time.monotonic() - started < PROMPT


async def test_a_command_whose_reply_is_lost_is_not_sent_again(tmp_path: Path) -> None:
    """When the connection breaks after a command was taken, it is not repeated: it may have been done."""
    taken: list[bytes] = []

    async def take_and_hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while b"INCR" not in (words := await reader.read(4096)):
            writer.write(b"+OK\r\n" * words.count(b"*"))
        taken.append(words)
        writer.close()

    server = await asyncio.start_unix_server(take_and_hang_up, Path(tmp_path, "s"))
    async with server, connect(f"unix://{tmp_path}/s", timeout=10) as link:
        with pytest.raises(MemoryUnavailable):
            await link.call("INCR", "counter")
    assert len(taken) == 1


async def test_a_deadline_holds_at_whatever_moment_it_comes(link: Link) -> None:
    """A call that is out of time, or cancelled, at any step of its way ends as such and does not go on."""
    await link.call("PING")
    with pytest.raises(MemoryUnavailable):
        await link.call("PING", within=0)
    for moment in range(60):
        calling = asyncio.create_task(link.call("PING"))
        for _ in range(moment):
            await asyncio.sleep(0)
        done = not calling.cancel()
        await asyncio.wait({calling})
        assert calling.cancelled() or done


@pytest.mark.parametrize("query", ["", "?socket_timeout=0.01"])
async def test_a_long_wait_is_not_cut_short(url: str, query: str) -> None:
    """A command that blocks may take its time, whatever the address says about timeouts."""
    async with connect(url + query) as link:
        assert await link.wait("BLPOP", "nothing", 0.1, within=0.1) is None


async def test_an_append_gives_up_before_slack_does(home: Path, url: str) -> None:
    """Appending to a server that hangs fails well within the three seconds that Slack waits, and may be repeated."""
    async with connect(url, timeout=60) as link:
        queue = RedisJobQueue(link)
        started = time.monotonic()
        with _hanging(home), pytest.raises(MemoryUnavailable):
            await queue.enqueue(a_job(), once=["event:Ev1"])
        assert time.monotonic() - started < PROMPT
        await queue.enqueue(a_job(), once=["event:Ev1"])
        assert await queue.depth() == 1


async def test_a_server_that_is_gone_fails_in_one_way(home: Path, url: str) -> None:
    """Where nobody listens every call says so, naming the place, and the link works again when the server is back."""
    async with connect(url, timeout=5) as link:
        assert await link.call("PING") == b"PONG"
        os.kill(_process(home), signal.SIGKILL)
        server = EmbeddedServer(home)
        with pytest.raises(MemoryUnavailable, match=r"valkey\.sock"):
            await _until_it_fails(link)
        server.revive()
        assert await link.call("PING") == b"PONG"


async def _until_it_fails(link: Link) -> None:
    while True:
        await link.call("PING")


async def test_a_refusal_is_unavailability_too(link: Link) -> None:
    """An error that the server replies with is the same one error for callers."""
    await link.call("SET", link.key("word"), "x", "EX", 60)
    with pytest.raises(MemoryUnavailable, match="not an integer"):
        await link.call("INCR", link.key("word"))


async def test_a_script_is_taught_to_a_server_that_forgot_it(link: Link) -> None:
    """A server that was restarted does not know our scripts; the call works all the same."""
    enlist = Script.load("enlist")
    await link.call("SCRIPT", "FLUSH")
    assert await link.run(enlist, [link.key("list")], ["GT", 1, "one", 10**10]) == 1


async def test_all_keys_share_one_hash_tag(link: Link) -> None:
    """No part of a key, whatever it holds, moves it out of our slot or makes two keys one."""
    keys = [link.key("once", part) for part in ("a:b", "a", "{x}", "", "a b\n")] + [link.key("once", "a", "b")]
    assert len(set(keys)) == len(keys)
    assert {key[: key.index("}") + 1] for key in keys} == {"{" + link.prefix + "}"}


@pytest.mark.parametrize(
    "url", ["http://host", "valkey.sock", "", "redis://host:port", "redis://host?db=one", "unix:///s?colour=red"]
)
async def test_an_address_that_is_none_is_refused(url: str) -> None:
    """A malformed address is a mistake in the settings, named with what it should look like."""
    with pytest.raises(Misconfigured, match="REDIS_URL must read"):
        async with connect(url):
            pass


async def test_no_error_repeats_a_password() -> None:
    """Where a server stands is said without the user and password that its address holds."""
    async with connect("redis://bot:s3cret@127.0.0.1:1/0", timeout=5) as link:
        with pytest.raises(MemoryUnavailable) as caught:
            await link.call("PING")
    assert "127.0.0.1:1/0" in str(caught.value)
    assert "s3cret" not in str(caught.value)


async def test_a_fit_server_raises_no_eyebrow(url: str) -> None:
    """The embedded server passes the check without a warning."""
    async with connect(url) as link:
        assert await check(link) == []


async def test_a_server_that_may_evict_jobs_is_refused(url: str) -> None:
    """A server that throws keys away when full is refused, by the setting to change; without a limit it never does."""
    async with connect(url) as link:
        await link.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        assert await check(link) == []
        await link.call("CONFIG", "SET", "maxmemory", "100mb")
        with pytest.raises(Misconfigured, match=r"maxmemory-policy is allkeys-lru.*set maxmemory-policy to noeviction"):
            await check(link)


async def test_a_server_that_forgets_at_a_crash_is_warned_about(url: str) -> None:
    """Without an append-only file the operator is told what is at stake and what to set."""
    async with connect(url) as link:
        await link.call("CONFIG", "SET", "appendonly", "no")
        (warning,) = await check(link)
    assert "appendonly yes" in warning


async def test_a_full_server_takes_no_half_jobs(url: str) -> None:
    """When memory is used up an append is refused as a whole: its keys are not used, and it can be repeated."""
    async with connect(url) as link:
        queue = RedisJobQueue(link)
        await link.call("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(MemoryUnavailable, match="maxmemory"):
            await queue.enqueue(a_job(), once=["event:Ev1"])
        await link.call("CONFIG", "SET", "maxmemory", "0")
        assert await queue.enqueue(a_job(), once=["event:Ev1"])


async def test_a_wrong_password_is_a_mistake_in_the_settings(url: str) -> None:
    """A server that refuses the password is named as such at start, not as one that does not answer."""
    async with connect(url) as link:
        await link.call("CONFIG", "SET", "requirepass", "right")
    async with connect(url + "?password=wrong") as link:
        with pytest.raises(Misconfigured, match="refuses the user or password"):
            await check(link)
    async with connect(url + "?password=right") as link:
        await link.call("CONFIG", "SET", "requirepass", "")
