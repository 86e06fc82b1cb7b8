"""Slash commands and shortcuts, with a real bot at the other end, both ways."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.playground import Playground
from tests.unit.playground.bots import Bot
from tests.unit.playground.conftest import Client, Seconds

GENERAL, ANA = "C07GENERAL1", "U07ANARBRO1"


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Bolt reports the failures that these tests order."""
    caplog.set_level(logging.CRITICAL)


@pytest.fixture
async def bot(slack: Playground) -> AsyncIterator[Bot]:
    async with Bot(slack).over_socket_mode() as bot:
        yield bot


async def post(url: str, **body: Any) -> int:
    """POST JSON to a response URL."""
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return response.status


@pytest.mark.parametrize("way", ["over_socket_mode", "over_http"])
async def test_a_command_tells_who_asks_what_and_where(way: str) -> None:
    """With the fields of Slack's form, and no more, both ways."""
    async with Playground() as slack, getattr(Bot(slack), way)() as bot:
        acked = await slack.command("ana", "general", "/ask", "how many days? ")
        (body,) = bot.heard
        assert (acked.body, acked.ts, acked.failure) == (None, None, "")
        assert slack.messages("general") == []
        assert {name: body[name] for name in body if name not in ("token", "response_url", "trigger_id")} == {
            "team_id": slack.team_id,
            "team_domain": "playground",
            "channel_id": GENERAL,
            "channel_name": "general",
            "user_id": ANA,
            "user_name": "ana",
            "command": "/ask",
            "text": "how many days?",
            "api_app_id": "A07FOOTNOTE",
            "is_enterprise_install": "false",
        }
        assert body["response_url"].startswith(slack.address)
        assert slack.deliveries[-1].kind == "slash_commands"


@pytest.mark.parametrize("way", ["over_socket_mode", "over_http"])
@pytest.mark.parametrize("reply", ["Looking …", {"text": "Looking …"}])
async def test_what_acknowledges_a_command_is_shown_to_the_one_who_asked(way: str, reply: object) -> None:
    """Words or a body: a line for that person only."""
    async with Playground() as slack, getattr(Bot(slack, reply=reply), way)():
        acked = await slack.command("ana", "general", "/ask", "x")
        (line,) = slack.messages("general")
        assert (line.ts, line.visible_text, line.ephemeral_to) == (acked.ts, "Looking …", "ana")
        assert acked.body is not None
        assert acked.body["text"] == "Looking …"


async def test_a_command_may_be_answered_for_all(slack: Playground, bot: Bot) -> None:
    """`in_channel` is a message like any other."""
    bot.reply = {"text": "240 hours", "response_type": "in_channel"}
    acked = await slack.command("ana", "general", "/ask", "x")
    (message,) = slack.messages("general")
    assert (message.ts, message.ephemeral_to) == (acked.ts, None)


async def test_a_command_works_where_the_bot_is_not(slack: Playground, bot: Bot, seconds: Seconds) -> None:
    """Its `response_url` too: five times within half an hour, each a new line, for there is nothing to replace."""
    await slack.command("ana", "secret", "/ask", "x")
    body = bot.heard[-1]
    assert body["channel_name"] == "privategroup"
    url = body["response_url"]
    assert [await post(url, text=str(n), replace_original=True) for n in range(6)] == [200] * 5 + [404]
    assert [line.visible_text for line in slack.messages("secret")] == ["0", "1", "2", "3", "4"]
    await slack.command("ana", "secret", "/ask", "x")
    seconds.now += 1801
    assert await post(bot.heard[-1]["response_url"], text="late") == 404


async def test_a_command_opens_a_form(slack: Playground, client: Client, bot: Bot) -> None:
    """Its trigger opens one modal."""
    await slack.command("ana", "general", "/ask")
    title = {"type": "plain_text", "text": "Ask"}
    view = {"type": "modal", "title": title, "blocks": [{"type": "divider"}]}
    await client.views_open(trigger_id=bot.heard[-1]["trigger_id"], view=view)
    assert slack.modal("ana")


async def test_an_unknown_command_is_not_sent(slack: Playground, bot: Bot) -> None:
    """Nor is any command of somebody who is not there."""
    with pytest.raises(LookupError, match="/deploy"):
        await slack.command("ana", "general", "/deploy")
    with pytest.raises(PermissionError):
        await slack.command("gus", "general", "/ask", "x")
    assert bot.heard == []


async def test_a_command_that_takes_too_long_fails(slack: Playground) -> None:
    """As Slack says it, to the one who asked; and it is not tried again."""
    troubles: list[object] = []
    slack.workspace.watchers.append(lambda change: troubles.append(change.of) if change.kind == "trouble" else None)
    acked = await slack.command("ana", "general", "/ask", "x")
    assert acked.failure == "operation_timeout"
    assert troubles == [(ANA, '/ask failed with the error "operation_timeout"')]
    assert (slack.deliveries[-1].attempts, slack.deliveries[-1].given_up) == (1, True)


async def test_a_response_url_can_fail(slack: Playground, bot: Bot) -> None:
    """On order, like a method called `response_url`; each POST is kept with its answer."""
    await slack.command("ana", "general", "/ask", "x")
    url = bot.heard[-1]["response_url"]
    slack.fail("response_url", "internal_error", status=500)
    assert [await post(url, text="hello") for _ in range(2)] == [500, 200]
    slack.cut("response_url")
    with pytest.raises(aiohttp.ClientError):
        await post(url, text="again")
    assert [(made.status, made.arguments["text"]) for made in slack.responses] == [
        (500, "hello"),
        (200, "hello"),
        (0, "again"),
    ]
    assert [line.visible_text for line in slack.messages("general")] == ["hello", "again"]


async def test_a_command_that_breaks_fails() -> None:
    """A server error is another failure than silence, a body that cannot be shown too."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=int(request.query["status"]), text='{"text": ""}', content_type="application/json")

    application = web.Application()
    application.router.add_post("/slack", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/slack"
    for status in (500, 200):
        async with Playground(http_events_url=f"{address}?status={status}") as slack:
            assert (await slack.command("ana", "general", "/ask", "x")).failure == "dispatch_failed"
    await runner.cleanup()


async def test_a_message_shortcut_carries_the_message(slack: Playground, bot: Bot) -> None:
    """Also of a thread; with ways to answer, and both `action_ts` and `message_ts`."""
    root = await slack.say("ana", "general", "lunch?")
    reply = await slack.say("ben", "general", "at noon", thread_ts=root)
    await slack.message_shortcut("ana", "general", reply, "answer_this")
    (body,) = bot.clicks
    assert (body["type"], body["callback_id"], body["message_ts"]) == ("message_action", "answer_this", reply)
    assert (body["message"]["text"], body["message"]["thread_ts"]) == ("at noon", root)
    assert (body["user"]["id"], body["team"]["id"], body["channel"]["id"]) == (ANA, slack.team_id, GENERAL)
    assert body["action_ts"]
    assert body["trigger_id"]
    assert await post(body["response_url"], text="psst", thread_ts=root) == 200
    assert slack.thread("general", root)[-1].ephemeral_to == "ana"


async def test_a_global_shortcut_has_no_place(bot: Bot, slack: Playground) -> None:
    """Only a trigger; and a shortcut that the app does not have cannot be chosen."""
    with pytest.raises(LookupError):
        await slack.global_shortcut("ana", "new_question")
    with pytest.raises(LookupError):
        await slack.message_shortcut("ana", "general", await slack.say("ana", "general", "x"), "translate")
    assert bot.clicks == []


async def test_a_global_shortcut_opens_a_form() -> None:
    """What it sends is a trigger, nothing to answer to."""
    async with (
        Playground(shortcuts=[("global", "new_question")]) as slack,
        Bot(slack).over_socket_mode() as bot,
    ):
        await slack.global_shortcut("ada", "new_question")
        (body,) = bot.clicks
        assert (body["type"], body["callback_id"]) == ("shortcut", "new_question")
        assert body["user"]["name"] == "ada"
        assert body["trigger_id"]
        assert not {"channel", "message", "response_url"} & body.keys()


async def test_without_the_scope_nothing_is_offered() -> None:
    """`commands` stands for commands and shortcuts."""
    async with Playground(scopes=["chat:write"]) as slack:
        ts = await slack.say("ana", "general", "x")
        with pytest.raises(LookupError):
            await slack.command("ana", "general", "/ask", "x")
        with pytest.raises(LookupError):
            await slack.message_shortcut("ana", "general", ts, "answer_this")
