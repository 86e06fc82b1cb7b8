"""What comes over a websocket and is no envelope: it is left alone, and what follows is heard."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from handlers.calls import open_client
from handlers.sockets import Timing, run_socket_mode
from tests.unit.handlers.stand_ins import envelope
from tests.waiting import wait_until

QUICK = Timing(first_pause=0.005, longest_pause=0.05, goodbye=0.5)


@dataclass
class Server:
    """Speaks `frames` after its greeting, at first one of the `strange` ones, and keeps what it is told."""

    frames: list[Any]
    strange: list[Any] = field(default_factory=list[Any])
    connected: int = 0
    told: list[Any] = field(default_factory=list[Any])
    address: str = ""

    async def open(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True, "url": self.address.replace("http", "ws") + "/link"})

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connected += 1
        for frame in (self.strange.pop(0) if self.strange else {"type": "hello"}, *self.frames):
            await socket.send_str(frame) if isinstance(frame, str) else await socket.send_json(frame)
        async for frame in socket:
            self.told.append(frame.json())
        return socket


@dataclass
class Ear:
    """Hears envelopes, and answers each with `body`."""

    body: Any = ""
    heard: list[AsyncBoltRequest] = field(default_factory=list[AsyncBoltRequest])

    async def dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        self.heard.append(request)
        return BoltResponse(status=200, body=self.body)


@asynccontextmanager
async def talking(server: Server, ear: Ear) -> AsyncGenerator[None]:
    site = web.Application()
    site.add_routes([web.post("/api/apps.connections.open", server.open), web.get("/link", server.link)])
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with (
            open_client(bot_token="xoxb-1", api_url=f"{server.address}/api/") as client,
            run_socket_mode(ear, client=client, app_token="xapp-1", connections=1, timing=QUICK),
        ):
            yield
    finally:
        await runner.cleanup()


def sent(name: str, **more: Any) -> dict[str, Any]:
    """A frame that carries an envelope."""
    return {"type": "events_api", "envelope_id": "e-1", "payload": envelope(name), **more}


STRANGE = (
    "",
    "not JSON",
    "[" * 100_000,
    [1, 2],
    {"type": "news"},
    {"type": "hello"},
    {"envelope_id": "e-0"},
    {"envelope_id": "e-0", "payload": "text"},
    {"envelope_id": "e-0", "payload": {"type": "event_callback", "event": {"type": "app_mention"}}},
    {"envelope_id": "e-0", "payload": {"command": 7}},
    '{"envelope_id": "e-0", "payload": {"text": "\\ud800"}}',
)


async def test_strange_frames_are_left_alone() -> None:
    """None is handed on or acknowledged, and none ends the connection: the envelope after them is."""
    server, ear = Server([*STRANGE, sent("app_mention")]), Ear()
    async with talking(server, ear):
        await wait_until(lambda: bool(server.told))
        assert server.told == [{"envelope_id": "e-1"}]
        assert [request.body for request in ear.heard] == [envelope("app_mention")]


async def test_attempts_are_told_as_over_http() -> None:
    """What Slack says of earlier attempts stands in the headers that HTTP has for it."""
    frame = sent("app_mention", retry_attempt=2, retry_reason="timeout", accepts_response_payload=False)
    server, ear = Server([frame]), Ear()
    async with talking(server, ear):
        await wait_until(lambda: bool(ear.heard))
        assert ear.heard[0].headers["x-slack-retry-num"] == ["2"]
        assert ear.heard[0].headers["x-slack-retry-reason"] == ["timeout"]


@pytest.mark.parametrize(
    ("body", "payload"),
    [({"response_action": "clear"}, {"response_action": "clear"}), ("Done.", {"text": "Done."})],
)
async def test_an_acknowledgement_carries_the_answer(body: Any, payload: dict[str, str]) -> None:
    """A form's errors and a command's text go back with the acknowledgement."""
    server, ear = Server([sent("slash_ask")]), Ear(body)
    async with talking(server, ear):
        await wait_until(lambda: bool(server.told))
        assert server.told == [{"envelope_id": "e-1", "payload": payload}]


@pytest.mark.parametrize("greeting", [{"type": "news"}, {"type": "disconnect", "reason": "warning"}, {}])
async def test_a_server_that_does_not_greet_is_left(greeting: dict[str, str]) -> None:
    """Without Slack's hello a connection is none, and the next attempt is made."""
    server, ear = Server([sent("app_mention")], strange=[greeting]), Ear()
    async with talking(server, ear):
        await wait_until(lambda: bool(server.told))
        assert server.connected == 2
