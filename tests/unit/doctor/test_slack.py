"""What Slack says over the wire becomes one finding, whatever it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientConnectorCertificateError, ClientConnectorDNSError, ServerDisconnectedError, web
from aiohttp.client_reqrep import ConnectionKey

from bot.doctor import slack
from bot.doctor.findings import Findings
from bot.doctor.wire import Reply, Wire, open_wire, reason
from tests.unit.doctor.installation import answering

NOBODY = ConnectionKey("slack.example", 443, True, True, None, None, None)  # noqa: FBT003  (by place, as aiohttp has it)


@asynccontextmanager
async def _wire(frame: dict[str, Any] | None, *, app_of_bot: str = "A1") -> AsyncGenerator[Wire]:
    """A wire to a Slack whose WebSocket says this and no more (None: it closes at once)."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path != "/link":
            return web.json_response({"ok": True, "user": {"profile": {"api_app_id": app_of_bot}}})
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if frame is not None:
            await socket.send_json(frame)
        await socket.close()
        return socket

    async with answering(answer) as address, open_wire(address) as wire:
        wire.answers["apps.connections.open"] = Reply(200, {"ok": True, "url": f"{address}link".replace("http", "ws")})
        wire.answers["auth.test"] = Reply(200, {"ok": True, "user_id": "U1"})
        yield wire


async def _socket_mode(frame: dict[str, Any] | None, *, app_of_bot: str = "A1") -> tuple[str, str, str]:
    async with _wire(frame, app_of_bot=app_of_bot) as wire:
        found = await slack.socket_mode(wire, bot_token="xoxb-1")
    return _only(found)


def _only(found: Findings) -> tuple[str, str, str]:
    assert found is not None
    (one,) = found
    return one.level, one.said, one.remedy


def _hello(**more: Any) -> dict[str, Any]:
    return {"type": "hello", "connection_info": {"app_id": "A1"}, **more}


async def test_a_connection_that_opens_is_in_order() -> None:
    """Slack's hello is enough, and says how many others are connected."""
    assert await _socket_mode(_hello(num_connections=1)) == ("ok", "connects", "")
    assert await _socket_mode(_hello(num_connections=2)) == ("ok", "connects, beside 1 other connection", "")


async def test_socket_mode_that_is_turned_off_is_told() -> None:
    """Slack's word for it becomes the switch to press."""
    level, said, remedy = await _socket_mode({"type": "disconnect", "reason": "link_disabled"})
    assert (level, said, remedy) == ("error", "is turned off in the app", "Socket Mode › Enable Socket Mode")


@pytest.mark.parametrize("frame", [None, {"type": "disconnect", "reason": "warning"}, {"type": "disconnect"}])
async def test_a_connection_that_is_closed_is_told(frame: dict[str, Any] | None) -> None:
    """Whatever Slack closes it with, or without, is an error with a next step."""
    level, said, remedy = await _socket_mode(frame)
    assert level == "error"
    assert said.startswith("Slack closed the connection")
    assert "run footnote doctor again" in remedy


async def test_tokens_of_two_apps_are_told_apart() -> None:
    """A bot that hears for one app and speaks for another never answers; both apps are named."""
    level, said, remedy = await _socket_mode(_hello(), app_of_bot="A2")
    assert (level, said) == ("error", "SLACK_APP_TOKEN is of the app A1, SLACK_BOT_TOKEN of A2")
    assert remedy.startswith("copy both from one app")


async def test_a_websocket_that_is_refused_is_told_without_its_ticket() -> None:
    """A firewall's refusal has its own line; the address with its ticket is not in it."""

    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.Response(status=403)

    async with answering(refuse) as address, open_wire(address) as wire:
        url = f"{address}?ticket=secret".replace("http", "ws")
        wire.answers["apps.connections.open"] = Reply(200, {"ok": True, "url": url})
        level, said, remedy = _only(await slack.socket_mode(wire, bot_token="xoxb-1"))
    assert (level, said) == ("error", "the WebSocket does not open: it was refused with status 403")
    assert "wss://*.slack.com" in remedy


async def test_a_token_of_a_person_is_found_though_slack_takes_it() -> None:
    """An answer to `auth.test` without a bot's id is that of a person's token."""
    level, said, _ = _only(slack.bot_token(Reply(200, {"ok": True, "user": "ana"}), token="xoxb-" + "1" * 40))
    assert (level, said) == ("error", "xoxb-…1111 belongs to a person, not to a bot")


async def test_scopes_that_slack_does_not_tell_are_a_warning() -> None:
    """Without the header nothing is claimed."""
    assert _only(slack.scopes(None))[0] == "warning"


@pytest.mark.parametrize(
    ("status", "text"),
    [(200, "<html>"), (200, "[]"), (200, "null"), (502, "Bad gateway"), (200, '{"other": 1}'), (200, "[" * 100_000)],
)
async def test_what_is_not_slacks_answer_is_no_answer(status: int, text: str) -> None:
    """Pages, lists and other people's JSON do not count as Slack's."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status)

    async with answering(answer) as address, open_wire(address) as wire:
        level, said, _ = _only(await slack.reached(wire, token=""))
        assert level == "error"
        assert f"status {status}" in said


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (ClientConnectorDNSError(NOBODY, OSError(-2, "Name or service not known")), "its name cannot be resolved"),
        (ClientConnectorCertificateError(NOBODY, ValueError("self-signed")), "its certificate is not trusted"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection reset by peer"),
        (ServerDisconnectedError(), "the connection broke (ServerDisconnectedError)"),
        (TimeoutError(), "no answer in time"),
    ],
)
def test_why_a_connection_failed_is_told_in_words(broken: Exception, said: str) -> None:
    """The library's words, and the address with its ticket, are not shown."""
    assert reason(broken) == said


async def test_a_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads that Slack cannot be reached must know on which way it was tried."""
    monkeypatch.setenv("HTTPS_PROXY", "http://somebody:rosebud@127.0.0.1:9")
    async with open_wire("https://slack.example/api/") as wire:
        level, said, _ = _only(await slack.reached(wire, token=""))
    assert level == "error"
    assert said.startswith("slack.example (through the proxy 127.0.0.1:9) cannot be reached: ")
    assert "rosebud" not in said
