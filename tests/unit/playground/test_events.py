"""Events: shaped as Slack's, sent to the bot that may have them, and twice for a mention."""

from __future__ import annotations

from typing import Any

import pytest

from bot.playground import Playground
from bot.playground.cast import EVENTS, SCOPES
from tests.unit.playground.conftest import Client

GENERAL, ANA = "C07GENERAL1", "U07ANARBRO1"


def events(slack: Playground) -> list[dict[str, Any]]:
    """The events sent so far."""
    return [delivery.payload["event"] for delivery in slack.deliveries]


def kinds(slack: Playground) -> list[str]:
    """The sorts of the events sent so far."""
    return [event.get("subtype") or event["type"] for event in events(slack)]


async def test_a_mention_makes_two_events(slack: Playground) -> None:
    """An `app_mention` and a `message`, the same message with different event ids."""
    ts = await slack.say("ana", "general", "<@bot> how many?")
    mention, message = [delivery.payload for delivery in slack.deliveries]
    assert (mention["event"]["type"], message["event"]["type"]) == ("app_mention", "message")
    assert mention["event"]["ts"] == message["event"]["ts"] == ts
    assert mention["event"]["client_msg_id"] == message["event"]["client_msg_id"]
    assert mention["event_id"] != message["event_id"]
    assert (message["event"]["channel_type"], "channel_type" in mention["event"]) == ("channel", False)


async def test_an_event_is_wrapped_as_slack_wraps_it(slack: Playground) -> None:
    """Team, app, authorization and context stand around it, the text escaped inside."""
    ts = await slack.say("ana", "general", "<@bot> 1 < 2")
    payload = slack.deliveries[0].payload
    assert (payload["type"], payload["team_id"], payload["api_app_id"]) == (
        "event_callback",
        slack.team_id,
        "A07FOOTNOTE",
    )
    assert payload["event_id"].startswith("Ev")
    assert payload["event_time"] == int(float(ts))
    assert payload["is_ext_shared_channel"] is False
    assert payload["event_context"].startswith("4-")
    assert payload["authorizations"] == [
        {
            "enterprise_id": None,
            "team_id": slack.team_id,
            "user_id": slack.bot_user_id,
            "is_bot": True,
            "is_enterprise_install": False,
        }
    ]
    event = payload["event"]
    assert (event["user"], event["channel"], event["team"]) == (ANA, GENERAL, slack.team_id)
    assert event["text"] == f"<@{slack.bot_user_id}> 1 &lt; 2"
    assert event["event_ts"] == event["ts"] == ts
    assert event["blocks"][0]["type"] == "rich_text"


async def test_a_reply_names_its_thread(slack: Playground) -> None:
    """A follow-up carries `thread_ts` and the root's author; a first message does not."""
    root = await slack.say("ana", "general", "lunch?")
    await slack.say("ben", "general", "yes", thread_ts=root)
    first, reply = events(slack)
    assert "thread_ts" not in first
    assert (reply["thread_ts"], reply["parent_user_id"]) == (root, ANA)


async def test_a_mention_in_a_direct_message_is_a_message(slack: Playground) -> None:
    """Slack sends no `app_mention` from a direct message."""
    await slack.say("ana", "dm-ana", "<@bot> hi")
    assert [(event["type"], event["channel_type"]) for event in events(slack)] == [("message", "im")]


async def test_a_private_channel_has_its_own_feed(slack: Playground) -> None:
    """Its messages come as `group`."""
    await slack.say("ana", "people-ops", "hi")
    assert [event["channel_type"] for event in events(slack)] == ["group"]


async def test_nothing_is_heard_where_the_bot_is_not(slack: Playground) -> None:
    """Neither messages nor mentions from a channel without the bot."""
    await slack.say("ana", "random", "<@bot> hi")
    await slack.say("ana", "secret", "<@bot> hi")
    assert events(slack) == []


async def test_the_bots_own_words_come_back(slack: Playground, client: Client) -> None:
    """As in Slack, marked with `bot_id`, and never as a mention, whatever they say."""
    await client.chat_postMessage(channel=GENERAL, text=f"I am <@{slack.bot_user_id}>")
    (event,) = events(slack)
    assert (event["type"], event["bot_id"], event["user"]) == ("message", slack.bot_id, slack.bot_user_id)


async def test_edits_and_deletions_are_told(slack: Playground) -> None:
    """Hidden messages with what is and what was."""
    ts = await slack.say("ana", "general", "one")
    await slack.edit("ana", "general", ts, "two")
    await slack.delete("ana", "general", ts)
    _, changed, deleted = events(slack)
    assert (changed["subtype"], changed["hidden"], changed["message"]["ts"]) == ("message_changed", True, ts)
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("one", "two")
    assert changed["message"]["edited"]["user"] == ANA
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    assert deleted["previous_message"]["text"] == "two"


async def test_an_edited_mention_is_a_mention_again(slack: Playground) -> None:
    """With the `ts` it had and with `edited`, also where the edit first names the bot; an unfurl is no edit."""
    ts = await slack.say("ana", "general", "how many?")
    await slack.edit("ana", "general", ts, "<@bot> how many?")
    await slack.unfurl("general", ts)
    await slack.edit("ana", "general", ts, "<@bot> how many days?")
    mentions = [event for event in events(slack) if event["type"] == "app_mention"]
    assert [(event["ts"], event["edited"]["user"]) for event in mentions] == [(ts, ANA)] * 2
    assert mentions[1]["text"].endswith("how many days?")
    assert len({delivery.payload["event_id"] for delivery in slack.deliveries}) == len(slack.deliveries)
    direct = await slack.say("ana", "dm-ana", "<@bot> hi")
    await slack.edit("ana", "dm-ana", direct, "<@bot> hello")
    assert [event["type"] for event in events(slack)][-2:] == ["message", "message"]


async def test_ephemeral_lines_and_reactions_are_not_told(slack: Playground, client: Client) -> None:
    """They are no messages."""
    ts = await slack.say("ana", "general", "one")
    await client.chat_postEphemeral(channel=GENERAL, user=ANA, text="psst")
    await client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
    assert kinds(slack) == ["message"]


async def test_a_stream_is_told_when_it_begins_and_ends(slack: Playground, client: Client) -> None:
    """Not for every piece in between."""
    root = await slack.say("ana", "dm-ana", "hi")
    stream = await client.chat_stream(
        channel="D07ANARBRO1",
        thread_ts=root,
        recipient_team_id=slack.team_id,
        recipient_user_id=ANA,
        buffer_size=1,
    )
    for piece in ("one ", "two ", "three"):
        await stream.append(markdown_text=piece)
    await stream.stop()
    assert kinds(slack) == ["message", "message", "message_changed"]


async def test_who_comes_and_goes_is_told(slack: Playground) -> None:
    """`member_joined_channel` and `member_left_channel`, with the channel's kind in a letter."""
    await slack.join("gus", "general")
    await slack.leave("gus", "general")
    await slack.join("ben", "people-ops")
    assert [(event["type"], event["channel_type"]) for event in events(slack)] == [
        ("member_joined_channel", "C"),
        ("member_left_channel", "C"),
        ("member_joined_channel", "G"),
    ]


async def test_opening_the_home_tab_is_told(slack: Playground) -> None:
    """With the tab that was opened."""
    slack.open_home("ana")
    slack.open_home("ana", "messages")
    assert [(event["type"], event["tab"]) for event in events(slack)] == [
        ("app_home_opened", "home"),
        ("app_home_opened", "messages"),
    ]


@pytest.mark.parametrize(
    ("scopes", "subscribed", "expected"),
    [
        (SCOPES, [name for name in EVENTS if name != "message.channels"], ["app_mention"]),
        (SCOPES, [name for name in EVENTS if name != "app_mention"], ["message"]),
        ([scope for scope in SCOPES if scope != "channels:history"], EVENTS, ["app_mention"]),
        ([scope for scope in SCOPES if scope != "app_mentions:read"], EVENTS, ["message"]),
        (SCOPES, [], []),
    ],
)
async def test_events_want_a_subscription_and_a_scope(
    scopes: list[str], subscribed: list[str], expected: list[str]
) -> None:
    """Without either the bot hears nothing of it."""
    async with Playground(scopes=scopes, events=subscribed, ack_within=0.01, retry_delays=()) as slack:
        await slack.say("ana", "general", "<@bot> hi")
        assert kinds(slack) == expected
