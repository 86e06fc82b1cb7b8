"""The proxy of the kill test fails as it is told: a row that uses a fault shows nothing where the fault is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.kills.proxy import Proxy, Streams
from tests.waiting import wait_until

ANSWER = bytes(range(100, 120))


@asynccontextmanager
async def _wire() -> AsyncGenerator[Proxy]:
    """A proxy before a server that answers every byte with the same twenty."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while asked := await reader.read(1):
                writer.write(ANSWER * len(asked))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, Proxy([server.sockets[0].getsockname()[1]]).running() as wire:
        yield wire
        await wait_until(lambda: not wire.standing)


@asynccontextmanager
async def _calling(wire: Proxy) -> AsyncGenerator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _asked(client: Streams, word: bytes = b"?") -> bytes:
    """What comes of the answer to one byte until it is whole, or the connection at its end."""
    reader, writer = client
    writer.write(word)
    heard = b""
    try:
        while len(heard) < len(ANSWER) and (piece := await reader.read(len(ANSWER) - len(heard))):
            heard += piece
    except ConnectionResetError:
        pass
    return heard


async def test_a_whole_proxy_is_a_wire() -> None:
    """Nothing is lost or cut, however often it is asked."""
    async with _wire() as wire, _calling(wire) as client:
        assert [await _asked(client) for _ in range(3)] == [ANSWER] * 3


@pytest.mark.parametrize("after", [0, 1, 7, 19])
async def test_an_answer_is_cut_after_so_many_bytes(after: int) -> None:
    """The one that was meant; the next connection is whole again."""
    async with _wire() as wire, _calling(wire) as client, _calling(wire) as later:
        wire.cut(b"!", after=after)
        assert await _asked(client) == ANSWER
        assert (await _asked(client, b"!"), wire.cuts) == (ANSWER[:after], 0)
        assert await _asked(later, b"!") == ANSWER


@pytest.mark.parametrize("after", [1, 20, 33])
async def test_a_connection_is_reset_after_so_many_bytes(after: int) -> None:
    """Counted over all its answers, and each connection by itself, until it is healed."""
    async with _wire() as wire:
        wire.reset_after = after
        for _ in range(2):
            async with _calling(wire) as client:
                heard = [await _asked(client) for _ in range(after // len(ANSWER) + 1)]
                assert b"".join(heard) == (ANSWER * 2)[:after]
        await wire.heal()
        async with _calling(wire) as client:
            assert [await _asked(client) for _ in range(3)] == [ANSWER] * 3


async def test_an_answer_trickles() -> None:
    """It comes byte by byte, and whole."""
    async with _wire() as wire, _calling(wire) as (reader, writer):
        wire.trickle = 0.001
        writer.write(b"?")
        first = await reader.read(100)
        assert len(first) < len(ANSWER)
        assert first + await reader.readexactly(len(ANSWER) - len(first)) == ANSWER
