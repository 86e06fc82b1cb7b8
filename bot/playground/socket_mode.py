"""Socket Mode: the websocket that the bot opens, and envelopes over it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware

from bot.playground.delivery import Attempt, NotAcknowledged
from bot.playground.wire import Ids, Json

MOST_CONNECTIONS = 10
TICKET_LASTS = 30.0
DisconnectReason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


@dataclass(eq=False, slots=True)
class Connection:
    """One websocket and the envelopes it has not acknowledged."""

    socket: web.WebSocketResponse
    request: web.Request
    waiting: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict[str, "asyncio.Future[Json | None]"])
    frozen: bool = False

    def freeze(self) -> None:
        """Neither read, answer nor send any more, without closing: what a network does that forgets a connection."""
        self.frozen = True
        if self.request.transport and not self.request.transport.is_closing():
            self.request.transport.pause_reading()

    def drop(self) -> None:
        """End it without a word."""
        if self.request.transport:
            self.request.transport.abort()

    def acknowledge(self, frame: Json) -> None:
        """Note what the bot sent back for an envelope."""
        future = self.waiting.pop(str(frame.get("envelope_id")), None)
        if future and not future.done():
            future.set_result(frame.get("payload"))

    def lost(self) -> None:
        """The connection is gone, and with it every acknowledgement that was due."""
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(NotAcknowledged("connection_failed"))
        self.waiting.clear()


@dataclass(slots=True)
class SocketMode:
    """All connections of the app. Each envelope goes to one of them, in turn."""

    app_id: str
    ids: Ids
    changed: Callable[[], None]
    clock: Callable[[], float]
    most: int = MOST_CONNECTIONS
    gone: bool = False
    connections: list[Connection] = field(default_factory=list[Connection])
    leaving: list[Connection] = field(default_factory=list[Connection])
    tickets: dict[str, float] = field(default_factory=dict[str, float])
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    turn: int = 0

    # --- opening ----------------------------------------------------------------------------------------------------

    def ticket(self) -> str:
        """A right to connect once, soon."""
        ticket = self.ids.unique()
        self.tickets[ticket] = self.clock() + TICKET_LASTS
        return ticket

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """One websocket's whole life."""
        if self.tickets.pop(request.query.get("ticket", ""), 0.0) < self.clock():
            raise web.HTTPForbidden(text="invalid ticket")
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        if len(self.connections) >= self.most:
            await socket.send_json(_disconnect("too_many_websockets"))
            await socket.close()
            return socket
        connection = Connection(socket, request)
        self.connections.append(connection)
        try:
            await self._talk(connection)
        finally:
            self._forget(connection)
        return socket

    async def _talk(self, connection: Connection) -> None:
        await connection.socket.send_json(self._hello())
        self.arrived.set()
        self.changed()
        async for frame in connection.socket:
            if frame.type is WSMsgType.TEXT:
                answer = _parsed(frame.data)
                if answer is not None:
                    connection.acknowledge(answer)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "applink-playground", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self.app_id},
        }

    def _forget(self, connection: Connection) -> None:
        self._retire(connection)
        self.leaving.remove(connection)
        connection.lost()
        self.changed()

    def _retire(self, connection: Connection) -> None:
        """Send nothing more over a connection; what it still owes it may still acknowledge."""
        if connection in self.connections:
            self.connections.remove(connection)
            self.leaving.append(connection)
        if not self.connections:
            self.arrived.clear()

    # --- delivering -------------------------------------------------------------------------------------------------

    async def deliver(self, attempt: Attempt, *, within: float) -> Json | None:
        """Send an envelope over one connection and wait for its acknowledgement."""
        try:
            async with asyncio.timeout(within):
                while not self.connections:  # one that arrived may have gone again by now
                    await self.arrived.wait()
                return await self._send(attempt)
        except TimeoutError:
            raise NotAcknowledged("timeout") from None
        except ConnectionError:
            raise NotAcknowledged("connection_failed") from None

    async def _send(self, attempt: Attempt) -> Json | None:
        self.turn += 1
        connection = self.connections[self.turn % len(self.connections)]
        envelope_id = self.ids.unique()
        future: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = future
        envelope: Json = {
            "envelope_id": envelope_id,
            "payload": attempt.payload,
            "type": attempt.kind,
            "accepts_response_payload": attempt.kind != "events_api",
        }
        if attempt.kind == "events_api":
            envelope |= {"retry_attempt": attempt.number, "retry_reason": attempt.reason}
        if not connection.frozen:
            await connection.socket.send_json(envelope)
        return await future

    # --- closing ----------------------------------------------------------------------------------------------------

    async def disconnect(self, reason: DisconnectReason) -> None:
        """Ask every connection to go away, as Slack does every few hours."""
        for connection in tuple(self.connections):
            self._retire(connection)
            if not connection.frozen:
                await connection.socket.send_json(_disconnect(reason))

    def cut(self) -> None:
        """Drop every connection without a word."""
        for connection in tuple(self.connections):
            connection.drop()

    def freeze(self) -> None:
        """Let every connection be half open: neither side hears the other, and nobody closes it."""
        for connection in (*self.connections, *self.leaving):
            connection.freeze()

    def unplug(self) -> None:
        """The network is gone: nothing comes through, neither over connections nor to new ones."""
        self.gone = True
        self.freeze()

    def plug_in(self) -> None:
        """The network is back; it has forgotten the connections."""
        self.gone = False
        for connection in (*self.connections, *self.leaving):
            connection.drop()

    def middleware(self) -> Middleware:
        """While the network is gone, nobody who connects hears anything."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if self.gone and request.transport:
                request.transport.abort()
                return web.Response()
            return await handler(request)

        return guard

    async def close(self) -> None:
        """Close every connection."""
        for connection in (*self.connections, *self.leaving):
            await connection.socket.close() if not connection.frozen else connection.drop()


def _disconnect(reason: DisconnectReason) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-playground"}}


def _parsed(data: Any) -> Json | None:
    try:
        frame: object = json.loads(data)
    except ValueError:
        return None
    return cast("Json", frame) if isinstance(frame, dict) else None
