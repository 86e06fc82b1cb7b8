"""What no person wrote: other apps, workflows, Slackbot, Slack's own notes, unfurled links, files."""

from __future__ import annotations

from typing import Any

import pytest

from bot.playground import Playground
from bot.playground.robots import HAPPENINGS, RobotKind
from tests.unit.playground.conftest import Client

GENERAL = "C07GENERAL1"


def events(slack: Playground) -> list[dict[str, Any]]:
    """The events sent so far."""
    return [delivery.payload["event"] for delivery in slack.deliveries]


WRITERS: list[tuple[RobotKind, str | None, str | None, str | None]] = [
    ("webhook", None, "bot_message", "B07DEPLOYS5"),
    ("workflow", None, "bot_message", "B07DEPLOYS5"),
    ("app", "U07DEPLOYS5", None, "B07DEPLOYS5"),
    ("slackbot", "USLACKBOT", "slackbot_response", None),
]


@pytest.mark.parametrize("writer", WRITERS, ids=[writer[0] for writer in WRITERS])
async def test_each_robot_signs_in_its_own_way(
    slack: Playground, writer: tuple[RobotKind, str | None, str | None, str | None]
) -> None:
    """With or without a user, a subtype, a `bot_id` that is not ours."""
    kind, user, subtype, bot_id = writer
    ts = await slack.bot_says("general", "deployed", kind=kind)
    (event,) = events(slack)
    assert (event["ts"], event["text"], event["type"]) == (ts, "deployed", "message")
    assert (event.get("user"), event.get("subtype"), event.get("bot_id")) == (user, subtype, bot_id)
    assert "client_msg_id" not in event
    assert slack.messages("general")[0].visible_text == "deployed"


async def test_a_robot_can_mention_the_bot(slack: Playground) -> None:
    """Then Slack sends an `app_mention` too: it is for the bot to see who wrote it."""
    root = await slack.bot_says("general", "<@bot> hello", kind="app")
    await slack.bot_says("general", "<@bot> again", thread_ts=root)
    kinds = [(event["type"], event.get("bot_id"), event.get("thread_ts")) for event in events(slack)]
    assert kinds == [
        ("app_mention", "B07DEPLOYS5", None),
        ("message", "B07DEPLOYS5", None),
        ("app_mention", "B07DEPLOYS5", root),
        ("message", "B07DEPLOYS5", root),
    ]
    with pytest.raises(LookupError):
        await slack.bot_says("general", "x", thread_ts="1700000000.000100")


@pytest.mark.parametrize("subtype", HAPPENINGS)
async def test_slacks_own_notes_have_a_subtype(slack: Playground, client: Client, subtype: str) -> None:
    """Even one that names the bot mentions nobody; history lists them as they came."""
    await slack.system_message("general", subtype)
    (event,) = events(slack)
    assert (event["type"], event["subtype"]) == ("message", subtype)
    (listed,) = (await client.conversations_history(channel=GENERAL))["messages"]
    assert listed["subtype"] == subtype


async def test_an_unknown_note_is_not_written(slack: Playground) -> None:
    """The tests mean one that Slack has."""
    with pytest.raises(LookupError):
        await slack.system_message("general", "channel_party")


async def test_an_unfurl_is_no_edit(slack: Playground) -> None:
    """A hidden `message_changed` with an attachment and without `edited`, unlike a person's edit."""
    ts = await slack.say("ana", "general", "see https://example.com/")
    await slack.unfurl("general", ts)
    await slack.edit("ana", "general", ts, "see there")
    _, unfurled, edited = events(slack)
    assert (unfurled["subtype"], unfurled["hidden"], "edited" in unfurled["message"]) == (
        "message_changed",
        True,
        False,
    )
    assert unfurled["message"]["text"] == unfurled["previous_message"]["text"]
    assert unfurled["message"]["attachments"][0]["from_url"] == "https://example.com/"
    assert "edited" in edited["message"]
    with pytest.raises(LookupError):
        await slack.unfurl("general", "1700000000.000100")


async def test_a_file_comes_with_a_message(slack: Playground) -> None:
    """A `file_share` is still a question, mention and all; a broadcast reply still belongs to its thread."""
    root = await slack.say("ana", "general", "<@bot> read this", file="leave.pdf")
    mention, message = events(slack)
    assert (mention["type"], message["subtype"], message["files"][0]["name"]) == (
        "app_mention",
        "file_share",
        "leave.pdf",
    )
    reply = await slack.say("ben", "general", "and?", thread_ts=root, broadcast=True)
    broadcast = events(slack)[-1]
    assert (broadcast["ts"], broadcast["subtype"], broadcast["thread_ts"]) == (reply, "thread_broadcast", root)
