"""Clicks, forms and response URLs, with a real bot at the other end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bot.playground import Playground
from tests.unit.playground.bots import Bot
from tests.unit.playground.conftest import Caller, Client, Seconds, button, section

GENERAL, ANA = "C07GENERAL1", "U07ANARBRO1"
FORM: dict[str, Any] = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "Report"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "what",
            "label": {"type": "plain_text", "text": "What?"},
            "element": {"type": "plain_text_input", "action_id": "words"},
        }
    ],
}


@pytest.fixture
async def bot(slack: Playground) -> AsyncIterator[Bot]:
    async with Bot(slack).over_socket_mode() as bot:
        yield bot


async def post_buttons(client: Client, *elements: dict[str, Any]) -> str:
    """A message with a row of elements; its timestamp."""
    blocks = [section(), {"type": "actions", "block_id": "row", "elements": list(elements)}]
    return str((await client.chat_postMessage(channel=GENERAL, text="fallback", blocks=blocks))["ts"])


async def clicked(slack: Playground, bot: Bot, ts: str, **more: Any) -> dict[str, Any]:
    """What the bot hears when Ana presses `go`."""
    await slack.click("ana", "general", ts, "go", **more)
    return bot.clicks[-1]


async def post(url: str, **body: Any) -> tuple[int, str]:
    """POST JSON to a response URL."""
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return response.status, await response.text()


async def test_a_click_tells_what_and_where(slack: Playground, client: Client, bot: Bot) -> None:
    """The action with its value, the message it stands in, the person, and ways to answer."""
    ts = await post_buttons(client, button(value="q1", style="primary"))
    body = await clicked(slack, bot, ts)
    (action,) = body["actions"]
    assert (action["type"], action["action_id"], action["block_id"], action["value"]) == ("button", "go", "row", "q1")
    assert (body["user"]["id"], body["channel"], body["team"]["id"]) == (
        ANA,
        {"id": GENERAL, "name": "general"},
        slack.team_id,
    )
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": GENERAL,
        "is_ephemeral": False,
    }
    assert body["message"]["ts"] == ts
    assert body["response_url"].startswith(slack.address)


async def test_a_menu_sends_its_option(slack: Playground, client: Client, bot: Bot) -> None:
    """What was chosen, not what else there was; an option that is not there cannot be chosen."""
    option = {"text": {"type": "plain_text", "text": "Outdated?"}, "value": "old"}
    ts = await post_buttons(client, {"type": "overflow", "action_id": "go", "options": [option]})
    body = await clicked(slack, bot, ts, value="old")
    assert body["actions"][0]["selected_option"] == option
    with pytest.raises(LookupError):
        await slack.click("ana", "general", ts, "go", value="new")


async def test_feedback_sends_its_side(slack: Playground, client: Client, bot: Bot) -> None:
    """As `feedback_buttons` with the value of the side that was pressed."""
    sides = {
        f"{side}_button": {"text": {"type": "plain_text", "text": side}, "value": side}
        for side in ("positive", "negative")
    }
    block = {"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": "go", **sides}]}
    ts = str((await client.chat_postMessage(channel=GENERAL, text="a", blocks=[block]))["ts"])
    body = await clicked(slack, bot, ts, value="negative")
    assert (body["actions"][0]["type"], body["actions"][0]["value"]) == ("feedback_buttons", "negative")


async def test_nobody_presses_what_they_cannot_see(slack: Playground, client: Client) -> None:
    """Not from outside the channel, not on a line for somebody else, not a button that is not there."""
    ts = await post_buttons(client, button())
    with pytest.raises(PermissionError):
        await slack.click("gus", "general", ts, "go")
    with pytest.raises(LookupError):
        await slack.click("ana", "general", ts, "stop")
    blocks = [{"type": "actions", "elements": [button()]}]
    line = await client.chat_postEphemeral(channel=GENERAL, user=ANA, text="a", blocks=blocks)
    with pytest.raises(LookupError):
        await slack.click("ben", "general", line["message_ts"], "go")


async def test_an_ephemeral_line_comes_without_itself(slack: Playground, client: Client, bot: Bot) -> None:
    """A click on a line for one person names its container, but no message."""
    blocks = [{"type": "actions", "elements": [button()]}]
    line = await client.chat_postEphemeral(channel=GENERAL, user=ANA, text="a", blocks=blocks)
    body = await clicked(slack, bot, line["message_ts"])
    assert (body["container"]["is_ephemeral"], "message" in body) == (True, False)


async def test_a_response_url_answers_the_one_who_clicked(slack: Playground, client: Client, bot: Bot) -> None:
    """By default only that person sees it; `in_channel` shows it to all; the message can be replaced or deleted."""
    ts = await post_buttons(client, button())
    url = (await clicked(slack, bot, ts))["response_url"]
    assert await post(url, text="just you") == (200, "ok")
    assert await post(url, text="all of you", response_type="in_channel") == (200, "ok")
    first, private, public = slack.messages("general")
    assert [(m.visible_text, m.ephemeral_to) for m in (private, public)] == [("just you", "ana"), ("all of you", None)]
    assert await post(url, text="replaced", replace_original=True) == (200, "ok")
    assert slack.thread("general", first.ts)[0].visible_text == "replaced"
    assert await post(url, delete_original=True) == (200, "ok")
    assert slack.thread("general", first.ts) == []


async def test_a_response_url_wears_out(slack: Playground, client: Client, bot: Bot, seconds: Seconds) -> None:
    """Five uses within half an hour, refused for what Slack refuses, and a made-up one is none."""
    ts = await post_buttons(client, button())
    url = (await clicked(slack, bot, ts))["response_url"]
    assert (await post(url))[0] == 400
    for _ in range(4):
        assert (await post(url, text="hi"))[0] == 200
    assert await post(url, text="hi") == (404, '{"ok": false, "error": "used_url"}')
    other = (await clicked(slack, bot, ts))["response_url"]
    seconds.now += 1801
    assert await post(other, text="hi") == (404, '{"ok": false, "error": "expired_url"}')
    assert (await post(other + "x", text="hi"))[0] == 404


async def test_a_trigger_opens_one_modal_soon(slack: Playground, client: Client, bot: Bot, seconds: Seconds) -> None:
    """Used, made up and three seconds old are three refusals."""
    ts = await post_buttons(client, button())
    trigger = (await clicked(slack, bot, ts))["trigger_id"]
    await client.views_open(trigger_id=trigger, view=FORM)
    shown = slack.modal("ana")
    assert shown is not None
    assert shown.view["callback_id"] == "form"
    assert slack.modal("ben") is None
    late = (await clicked(slack, bot, ts))["trigger_id"]
    seconds.now += 4
    for wrong, code in (
        (trigger, "exchanged_trigger_id"),
        (late, "expired_trigger_id"),
        ("1.2.x", "invalid_trigger_id"),
    ):
        with pytest.raises(SlackApiError, match=code):
            await client.views_open(trigger_id=wrong, view=FORM)


async def test_a_form_is_sent_and_closes(slack: Playground, client: Client, bot: Bot) -> None:
    """Its entries come by block and action; errors that the bot answers stay on the screen."""
    ts = await post_buttons(client, button())
    trigger = (await clicked(slack, bot, ts))["trigger_id"]
    view = (await client.views_open(trigger_id=trigger, view=FORM))["view"]
    await slack.submit(view["id"], {"words": "no"})
    shown = slack.modal("ana")
    assert shown is not None
    assert shown.errors == {"what": "Too short"}
    await slack.submit(view["id"], {"words": "it is wrong"})
    assert slack.modal("ana") is None
    entry = bot.clicks[-1]["view"]["state"]["values"]["what"]["words"]
    assert entry == {"type": "plain_text_input", "value": "it is wrong"}


async def test_a_form_nobody_takes_stays_open(slack: Playground, client: Client, call: Caller) -> None:
    """Without a bot the form says that something is wrong, and a click is given up."""
    ts = await post_buttons(client, button())
    await slack.click("ana", "general", ts, "go")
    (delivery,) = [delivery for delivery in slack.deliveries if delivery.kind == "interactive"]
    assert (delivery.attempts, delivery.given_up) == (1, True)
    view = (await call("views.open", trigger_id=delivery.payload["trigger_id"], view=FORM))["view"]
    await slack.submit(view["id"], {"words": "hello"})
    shown = slack.modal("ana")
    assert shown is not None
    assert shown.errors
    await slack.dismiss(view["id"])
    assert slack.modal("ana") is None


async def test_a_home_tab_is_published_for_one(slack: Playground, client: Client) -> None:
    """Each person has their own; a wrong hash is a conflict."""
    home = {"type": "home", "blocks": [section("Ask anything")]}
    first = (await client.views_publish(user_id=ANA, view=home))["view"]
    shown = slack.home("ana")
    assert shown is not None
    assert shown.id == first["id"]
    assert slack.home("ben") is None
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_publish(user_id=ANA, view=home, hash="old")
    again = (await client.views_publish(user_id=ANA, view=home, hash=first["hash"]))["view"]
    assert again["id"] == first["id"]
