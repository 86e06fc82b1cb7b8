"""A TCP proxy that can be told to fail: slow, cut off, silent, refusing, or answering to nobody."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

PIECE = 65_536
_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close a reset."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class _Pair:
    """One connection: both ends, and whether it was left for dead, which neither end is told."""

    client: Streams
    server: Streams
    dead: bool = False
    asked: bool = False
    """Its client has sent what the cut waits for: the answer to it is the last of the connection."""
    left: int | None = None
    """Bytes of that answer that still pass, once it has begun."""
    passed: int = 0
    """Bytes of answers so far."""

    def reset(self) -> None:
        """Cut both ends without a word."""
        for _, writer in (self.client, self.server):
            ours: socket.socket | None = writer.get_extra_info("socket")
            with suppress(OSError):
                if ours is not None:
                    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            writer.transport.abort()


@dataclass(slots=True)
class Proxy:
    """Stands before `targets` (ports of loopback, taken in turn) at `port`. Faults hold until `heal`."""

    targets: list[int]
    port: int = 0
    delay: float = 0.0
    """Seconds before each piece is passed on."""
    reset_after: int | None = None
    """Bytes of answers after which a connection is reset, wherever that is in an answer."""
    trickle: float = 0.0
    """Seconds between two bytes of an answer."""
    silent: bool = False
    """New connections are taken, and nothing ever answers."""
    cuts: int = 0
    """How many more answers are cut off: the server has surely done what was asked."""
    cut_on: bytes = b""
    """What a request holds whose answer is cut off."""
    cut_after: int = 0
    """Bytes of such an answer that pass before the connection is reset."""
    made: int = 0
    """Connections so far."""
    _pairs: list[_Pair] = field(default_factory=list[_Pair])
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where clients go, over HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def standing(self) -> int:
        """Connections that stand."""
        return len(self._pairs)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Proxy]:
        """Open while the block runs."""
        await self.accept()
        try:
            yield self
        finally:
            await self.refuse()

    async def accept(self) -> None:
        """Take connections, as at first."""
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Refuse connections, and cut those that stand."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.reset()
        await asyncio.sleep(0)

    def reset(self) -> None:
        """Cut every connection that stands."""
        for pair in self._pairs:
            pair.reset()

    def half_open(self) -> None:
        """Leave every connection for dead without a FIN, and answer no new one, as when a cable is pulled."""
        self.silent = True
        for pair in self._pairs:
            pair.dead = True

    def cut(self, on: bytes = b"", *, times: int = 1, after: int = 0) -> None:
        """Cut the answers to the next requests that hold `on`, `after` so many bytes of each."""
        self.cut_on, self.cuts, self.cut_after = on, times, after
        for pair in self._pairs:
            pair.asked = False

    async def heal(self) -> None:
        """Be a wire again. Connections that were left for dead stay so."""
        self.delay = self.trickle = 0.0
        self.reset_after, self.silent, self.cuts = None, False, 0
        await self.accept()

    # --- one connection ---------------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.made += 1
        target = self.targets[self.made % len(self.targets)] if self.targets else 0
        try:
            server = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair((reader, writer), server, dead=self.silent)
        self._pairs.append(pair)
        await self._carry(pair)

    async def _carry(self, pair: _Pair) -> None:
        ways = [
            asyncio.create_task(self._pass_on(pair, pair.client[0], pair.server[1], answers=False)),
            asyncio.create_task(self._pass_on(pair, pair.server[0], pair.client[1], answers=True)),
        ]
        try:
            await asyncio.gather(*ways)
        finally:
            for way in ways:
                way.cancel()
            pair.reset()
            self._pairs.remove(pair)

    async def _pass_on(
        self, pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if pair.dead:
                    continue
                if not answers:
                    pair.asked = pair.asked or bool(self.cuts and self.cut_on in piece)
                    await self._write(writer, self._addressed(piece, writer))
                elif not await self._answered(pair, piece, writer):
                    return
            if not pair.dead and writer.can_write_eof():
                writer.write_eof()

    async def _answered(self, pair: _Pair, piece: bytes, writer: asyncio.StreamWriter) -> bool:
        """Pass on as much of an answer as may pass; False when that was the last of the connection."""
        room = self._room(pair)
        await self._write(writer, piece[:room], trickles=True)
        pair.passed += len(piece)
        if pair.left is not None:
            pair.left -= len(piece)
        if room is None or len(piece) < room:
            return True
        pair.reset()
        return False

    def _room(self, pair: _Pair) -> int | None:
        """Bytes of answers that still pass; None while there is no end to them."""
        if pair.asked and self.cuts and pair.left is None:
            self.cuts -= 1
            pair.left = self.cut_after
        ends = [] if pair.left is None else [pair.left]
        if self.reset_after is not None:
            ends.append(self.reset_after - pair.passed)
        return max(0, min(ends)) if ends else None

    def _addressed(self, piece: bytes, writer: asyncio.StreamWriter) -> bytes:
        """A request whose `Host` is the target's, as behind any proxy of HTTP: the stand-ins take no other."""
        there = writer.get_extra_info("peername")
        if there is None:
            return piece
        return piece.replace(b"Host: 127.0.0.1:%d\r\n" % self.port, b"Host: 127.0.0.1:%d\r\n" % there[1], 1)

    async def _write(self, writer: asyncio.StreamWriter, piece: bytes, *, trickles: bool = False) -> None:
        if not (trickles and self.trickle):
            writer.write(piece)
            return await writer.drain()
        for byte in piece:
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(self.trickle)
        return None
