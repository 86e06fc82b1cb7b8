"""One websocket of Socket Mode: what comes over it, and the acknowledgements that go back the same way."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from aiohttp import ClientError, ClientWebSocketResponse, WSMsgType
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from handlers.shapes import check

GOING = frozenset({"warning", "refresh_requested", "too_many_websockets", "link_disabled"})
"""Slack's words for why a connection has to go."""

Frame = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Envelope:
    """Something that Slack delivers, and the name under which it is acknowledged."""

    id: str
    request: AsyncBoltRequest


@dataclass(eq=False, slots=True)
class Connection:
    """Read from Slack's hello until it ends; `leaving` comes true as soon as it has to be replaced, and says why.

    `take` is called with every envelope, in the order of arrival, and must not wait.
    """

    socket: ClientWebSocketResponse
    take: Callable[["Connection", Envelope], None]
    born: float
    leaving: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    under_way: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _reading: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether the socket is open, as far as anybody knows."""
        return not self.socket.closed and self._reading is not None and not self._reading.done()

    def read(self) -> None:
        """Read in the background from now on."""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for frame in self.socket:
                if frame.type is WSMsgType.TEXT:
                    self._hear(parsed(frame.data))
        finally:
            self._leave(_ending(self.socket))

    def _hear(self, frame: Frame) -> None:
        """One frame: a farewell, or an envelope. What cannot be read is left unacknowledged."""
        if frame.get("type") == "disconnect":
            self._leave(farewell(frame))
        elif "envelope_id" in frame:
            envelope = _envelope(frame)
            if envelope is None:
                structlog.get_logger().warning("envelope_refused", reason="not of a shape that Slack sends")
            else:
                self.take(self, envelope)

    def _leave(self, reason: str) -> None:
        if not self.leaving.done():
            self.leaving.set_result(reason)

    async def acknowledge(self, envelope: Envelope, response: BoltResponse) -> None:
        """Tell Slack that this envelope is stored; if that cannot be told, Slack delivers it again."""
        answer = {"envelope_id": envelope.id, **_payload(response)}
        try:
            await self.socket.send_json(answer)
        except (ClientError, ConnectionError) as error:
            structlog.get_logger().warning("acknowledgement_lost", error=type(error).__name__)

    async def close(self, *, within: float) -> None:
        """Give what is under way `within` seconds to be acknowledged, then say goodbye."""
        if self.under_way:
            await asyncio.wait(self.under_way, timeout=within)
        await self.socket.close()
        if self._reading is not None:
            await asyncio.wait([self._reading])


def farewell(frame: Frame) -> str:
    """Why Slack wants a connection to go; Slack's own word where we know it."""
    reason: object = frame.get("reason")
    return reason if isinstance(reason, str) and reason in GOING else "unknown"


def parsed(data: str) -> Frame:
    """A frame as Slack sends them; an empty one where it is none."""
    try:
        frame: object = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return cast("Frame", frame) if isinstance(frame, dict) else {}


def _ending(socket: ClientWebSocketResponse) -> str:
    """How a socket came to its end, in a word."""
    error = socket.exception()
    return type(error).__name__ if error else f"closed_{socket.close_code}"


def _envelope(frame: Frame) -> Envelope | None:
    """The envelope as Bolt reads it, with what Slack says of earlier attempts in the headers that HTTP has for it."""
    tried = {"x-slack-retry-num": frame.get("retry_attempt"), "x-slack-retry-reason": frame.get("retry_reason")}
    headers: dict[str, str | Sequence[str]] = {name: str(value) for name, value in tried.items() if value is not None}
    body: object = frame.get("payload")
    try:
        check(body)
        request = AsyncBoltRequest(mode="socket_mode", body=cast("dict[str, Any]", body), headers=headers)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):  # Bolt parses as it constructs
        return None
    return Envelope(str(frame["envelope_id"]), request)


def _payload(response: BoltResponse) -> dict[str, object]:
    """What an acknowledgement says besides: what Bolt answers with, as JSON or as plain text."""
    if not response.body:
        return {}
    kind = response.headers.get("content-type", [""])[0]
    return {"payload": json.loads(response.body) if kind.startswith("application/json") else {"text": response.body}}
