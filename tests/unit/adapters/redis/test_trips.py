"""What is asked of Redis at one moment goes there together, and nobody is disturbed by the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.adapters.redis.client import Link, connect
from bot.errors import MemoryUnavailable
from tests.waiting import wait_until


@dataclass
class Server:
    """Takes commands, and answers each with its last word once it may; `wrong` is refused."""

    trips: list[list[str]] = field(default_factory=list[list[str]])
    """The commands of each trip, by their last word."""
    may: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while raw := await reader.read(65536):
            words = [command.split("\r\n")[-2] for command in raw.decode().split("*")[1:]]
            if "CLIENT" in raw.decode():  # how a connection begins
                writer.write(b"+OK\r\n" * len(words))
                continue
            self.trips.append(words)
            waiting, ending = asyncio.create_task(self.may.wait()), asyncio.create_task(reader.read(1))
            done, _ = await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if ending in done:
                break
            ending.cancel()
            await asyncio.wait({ending})
            writer.write(b"".join(b"-ERR wrong\r\n" if word == "wrong" else f"+{word}\r\n".encode() for word in words))
        self.hung_up += 1
        writer.close()


@asynccontextmanager
async def served(folder: Path) -> AsyncGenerator[tuple[Server, Link]]:
    """A server and a link to it, over which one command has gone already."""
    server = Server()
    listening = await asyncio.start_unix_server(server.serve, folder / "s")
    async with listening, connect(f"unix://{folder}/s", timeout=10) as link:
        server.may.set()
        assert await link.call("ECHO", "first") == b"first"
        server.trips.clear()
        yield server, link


async def test_what_is_asked_at_one_moment_goes_in_one_trip(tmp_path: Path) -> None:
    """Each caller gets what was said to them; what is asked later goes in a trip of its own."""
    async with served(tmp_path) as (server, link):
        told = await asyncio.gather(*(link.call("ECHO", word) for word in ("a", "b", "c")))
        assert told == [b"a", b"b", b"c"]
        assert await link.call("ECHO", "d") == b"d"
        assert server.trips == [["a", "b", "c"], ["d"]]


async def test_a_refusal_is_for_one_caller_alone(tmp_path: Path) -> None:
    """The others hear what was said to them."""
    async with served(tmp_path) as (_, link):
        calls = (link.call("ECHO", word) for word in ("a", "wrong", "c"))
        first, refused, last = await asyncio.gather(*calls, return_exceptions=True)
        assert (first, last) == (b"a", b"c")
        assert isinstance(refused, MemoryUnavailable)


async def test_who_leaves_disturbs_nobody(tmp_path: Path) -> None:
    """Neither one who is cancelled on the way, nor one whose time is up."""
    async with served(tmp_path) as (server, link):
        server.may.clear()
        stays, leaves = (asyncio.create_task(link.call("ECHO", word)) for word in ("stays", "leaves"))
        hurries = asyncio.create_task(link.call("ECHO", "hurries", within=0.01))
        await wait_until(lambda: server.trips == [["stays", "leaves", "hurries"]])
        leaves.cancel()
        with pytest.raises(MemoryUnavailable):
            await hurries
        server.may.set()
        assert await stays == b"stays"
        assert leaves.cancelled()


async def test_a_trip_that_all_have_left_is_broken_off(tmp_path: Path) -> None:
    """Its connection may still bring their replies: it is not used again."""
    async with served(tmp_path) as (server, link):
        server.may.clear()
        calls = [asyncio.create_task(link.call("ECHO", word)) for word in ("a", "b")]
        await wait_until(lambda: bool(server.trips))
        for call in calls:
            call.cancel()
        await wait_until(lambda: server.hung_up == 1)
        server.may.set()
        assert await link.call("ECHO", "later") == b"later"


async def test_who_leaves_before_the_trip_has_asked_nothing(tmp_path: Path) -> None:
    """The server never hears of it."""
    async with served(tmp_path) as (server, link):
        route = asyncio.create_task(link.route.send([("ECHO", "gone")], patient=False))
        await asyncio.sleep(0)
        route.cancel()
        assert await link.call("ECHO", "here") == b"here"
        assert server.trips == [["here"]]


async def test_a_connection_that_breaks_is_known_to_all_who_wait(tmp_path: Path) -> None:
    """Nothing is sent again for any of them."""
    async with served(tmp_path) as (server, link):
        server.may.clear()
        calls = [asyncio.create_task(link.call("ECHO", word)) for word in ("a", "b")]
        await wait_until(lambda: bool(server.trips))
        await link.route.aclose()
        for call in calls:
            with pytest.raises(MemoryUnavailable):
                await call
        assert server.trips == [["a", "b"]]
