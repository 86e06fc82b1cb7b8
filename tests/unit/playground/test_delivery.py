"""Delivery to real bots: Socket Mode through Slack's client, HTTP through Bolt's web application."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import web

from bot.playground import Playground
from tests.unit.playground.bots import Bot

RETRIES = (0.0, 0.0, 0.0)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Bolt reports the failures that these tests order."""
    caplog.set_level(logging.CRITICAL)


def all_settled(slack: Playground) -> bool:
    """Whether every event was acknowledged or given up."""
    return all(delivery.acknowledged or delivery.given_up for delivery in slack.deliveries)


@pytest.mark.parametrize("way", ["over_socket_mode", "over_http"])
async def test_a_real_bot_answers(way: str) -> None:
    """A Bolt app hears a mention, answers in the thread, and acknowledges everything, both ways."""
    async with Playground(retry_delays=()) as slack, getattr(Bot(slack), way)() as bot:
        ts = await slack.say("ana", "general", "<@bot> hi & bye")
        await slack.wait_until(lambda: len(slack.thread("general", ts)) == 2 and all_settled(slack))
        assert [message.visible_text for message in slack.thread("general", ts)] == [
            "@Footnote hi & bye",
            "echo @Footnote hi & bye",
        ]
        assert [body["event"]["type"] for body in bot.heard] == ["app_mention", "message"]
        assert all(delivery.attempts == 1 for delivery in slack.deliveries)


@pytest.mark.parametrize(("way", "reason"), [("over_socket_mode", "timeout"), ("over_http", "http_error")])
async def test_what_is_not_acknowledged_comes_again(way: str, reason: str) -> None:
    """The same event id, with the number of the retry and why, until the bot takes it."""
    async with Playground(retry_delays=RETRIES, ack_within=0.2) as slack, getattr(Bot(slack, deaf=2), way)() as bot:
        await slack.say("ana", "dm-ana", "hi")
        await slack.wait_until(lambda: all_settled(slack))
        assert bot.retries == [("1", reason), ("2", reason)]
        assert [body["event_id"] for body in bot.heard] == [slack.deliveries[0].payload["event_id"]]
        assert slack.deliveries[0].failures == [reason, reason]


async def test_slack_gives_up_after_three_retries() -> None:
    """Four attempts in all; then the event is lost, as in Slack."""
    async with (
        Playground(retry_delays=RETRIES, ack_within=0.05) as slack,
        Bot(slack, deaf=9).over_socket_mode() as bot,
    ):
        await slack.say("ana", "dm-ana", "hi")
        await slack.wait_until(lambda: all_settled(slack))
        assert (slack.deliveries[0].attempts, slack.deliveries[0].given_up, bot.heard) == (4, True, [])


async def test_without_a_bot_nothing_arrives() -> None:
    """An event for nobody times out; the retry reaches a bot that has come in the meantime."""
    async with Playground(retry_delays=(0.0, 0.0, 0.0), ack_within=0.3) as slack:
        await slack.say("ana", "dm-ana", "hi")
        await slack.wait_until(lambda: slack.deliveries[0].failures)
        async with Bot(slack).over_socket_mode() as bot:
            await slack.wait_until(lambda: slack.deliveries[0].acknowledged)
            assert [body["event"]["text"] for body in bot.heard] == ["hi"]


async def test_each_envelope_goes_to_one_connection() -> None:
    """With two connections of one app no event is delivered twice, and both get some."""
    async with Playground(retry_delays=()) as slack, AsyncExitStack() as stack:
        bots = [await stack.enter_async_context(Bot(slack).over_socket_mode()) for _ in range(2)]
        await slack.wait_until(lambda: slack.connections == 2)
        for number in range(6):
            await slack.say("ana", "dm-ana", f"hi {number}")
        await slack.wait_until(lambda: all_settled(slack))
        heard = [[body["event"]["text"] for body in bot.heard] for bot in bots]
        assert sorted(heard[0] + heard[1]) == [f"hi {number}" for number in range(6)]
        assert all(heard)


async def test_a_refresh_brings_the_bot_back() -> None:
    """After `refresh_requested` the client opens a new connection, and hears what was said in between."""
    async with Playground(retry_delays=RETRIES) as slack, Bot(slack).over_socket_mode() as bot:
        await slack.disconnect()
        assert slack.connections == 0
        await slack.say("ana", "dm-ana", "hi")
        await slack.wait_until(lambda: all_settled(slack))
        assert [body["event"]["text"] for body in bot.heard] == ["hi"]
        assert [call.method for call in slack.calls].count("apps.connections.open") == 2


async def test_a_dropped_connection_loses_nothing() -> None:
    """An event on its way over a connection that breaks is sent again over the next one."""
    async with Playground(retry_delays=(0.0, 0.1, 0.1), ack_within=2.0) as slack:
        async with aiohttp.ClientSession() as session:
            socket = await session.ws_connect(await open_socket(session, slack))
            await socket.receive_json()
            await slack.say("ana", "dm-ana", "hi")
            assert (await socket.receive_json())["type"] == "events_api"
            slack.drop_connections()
            await slack.wait_until(lambda: slack.deliveries[0].failures == ["connection_failed"])
        async with Bot(slack).over_socket_mode() as bot:
            await slack.wait_until(lambda: slack.deliveries[0].acknowledged)
            assert [body["event"]["text"] for body in bot.heard] == ["hi"]


async def open_socket(session: aiohttp.ClientSession, slack: Playground) -> str:
    """A websocket address, fresh from the API."""
    headers = {"Authorization": f"Bearer {slack.app_token}"}
    async with session.post(slack.api_url + "apps.connections.open", headers=headers) as response:
        return str((await response.json())["url"])


async def test_a_ticket_opens_one_connection(slack: Playground) -> None:
    """The address of a websocket works once, and a made-up one never."""
    async with aiohttp.ClientSession() as session:
        url = await open_socket(session, slack)
        async with session.ws_connect(url) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{slack.address}link?ticket=made-up".replace("http", "ws"))


async def test_ten_connections_are_the_most(slack: Playground) -> None:
    """The eleventh is told `too_many_websockets` and closed."""
    async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        for _ in range(10):
            socket = await stack.enter_async_context(session.ws_connect(await open_socket(session, slack)))
            assert (await socket.receive_json())["type"] == "hello"
        async with session.ws_connect(await open_socket(session, slack)) as one_more:
            assert (await one_more.receive_json())["reason"] == "too_many_websockets"
            assert (await one_more.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_an_envelope_is_shaped_as_slacks() -> None:
    """Envelope id, payload, type, and which retry it is."""
    async with Playground(retry_delays=(0.0,), ack_within=0.2) as slack, aiohttp.ClientSession() as session:
        async with session.ws_connect(await open_socket(session, slack)) as socket:
            await socket.receive_json()
            await slack.say("ana", "dm-ana", "hi")
            first, second = await socket.receive_json(), await socket.receive_json()
            await socket.send_str("not json")
            await socket.send_json({"envelope_id": second["envelope_id"]})
            await slack.wait_until(lambda: slack.deliveries[0].acknowledged)
        assert first.keys() == {
            "envelope_id",
            "payload",
            "type",
            "accepts_response_payload",
            "retry_attempt",
            "retry_reason",
        }
        assert (first["retry_attempt"], first["retry_reason"]) == (0, "")
        assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
        assert first["payload"] == second["payload"]


async def test_the_handshake_of_a_request_url() -> None:
    """A Bolt app echoes the challenge; somebody else's server does not."""
    async with Playground() as slack, Bot(slack).over_http():
        assert await slack.verify_url()
        slack.http_events_url = f"{slack.address}api/api.test"
        assert not await slack.verify_url()


async def test_a_bot_can_ask_for_no_retry() -> None:
    """A failure with `x-slack-no-retry: 1` is the last attempt."""

    async def refuse(request: web.Request) -> web.Response:
        del request
        return web.Response(status=500, headers={"x-slack-no-retry": "1"})

    application = web.Application()
    application.router.add_post("/", refuse)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with Playground(http_events_url=f"http://127.0.0.1:{runner.addresses[0][1]}/", retry_delays=RETRIES) as slack:
        await slack.say("ana", "dm-ana", "hi")
        await slack.wait_until(lambda: all_settled(slack))
        assert slack.deliveries[0].failures == ["http_error"]
    await runner.cleanup()
