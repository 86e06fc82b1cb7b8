"""Posting, editing and deleting, through Slack's own client."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError

from bot.playground import Playground
from tests.unit.playground.conftest import Caller, Client, Seconds, section

GENERAL, ANA = "C07GENERAL1", "U07ANARBRO1"


async def post(client: Client, thread_ts: str | None = None, text: str = "hello") -> str:
    """Post a message; its timestamp."""
    answer = await client.chat_postMessage(channel=GENERAL, text=text, thread_ts=thread_ts)
    return str(answer["ts"])


async def test_a_post_stands_in_its_thread(slack: Playground, client: Client) -> None:
    """A reply is in the thread, not in the channel, and its author is the bot."""
    root = await slack.say("ana", "general", "@Footnote hi")
    ts = await post(client, root)
    assert [message.ts for message in slack.messages("general")] == [root]
    (question, answer) = slack.thread("general", root)
    assert (question.author, answer.author, answer.ts, answer.visible_text) == ("ana", "bot", ts, "hello")


async def test_a_broadcast_stands_in_both(slack: Playground, client: Client) -> None:
    """`reply_broadcast` shows a reply in the channel too."""
    root = await slack.say("ana", "general", "hi")
    await client.chat_postMessage(channel=GENERAL, text="all of you", thread_ts=root, reply_broadcast=True)
    assert [message.visible_text for message in slack.messages("general")] == ["hi", "all of you"]


async def test_timestamps_differ_while_the_clock_stands(client: Client) -> None:
    """Two messages in the same instant have different timestamps, the later one greater."""
    first, second = await post(client), await post(client)
    assert float(first) < float(second)


async def test_nobody_can_reply_to_a_reply(slack: Playground, client: Client) -> None:
    """`thread_ts` must be the root's."""
    root = await slack.say("ana", "general", "hi")
    reply = await post(client, root)
    with pytest.raises(SlackApiError, match="cannot_reply_to_message"):
        await post(client, reply)


async def test_a_deleted_question_cannot_be_answered(slack: Playground, client: Client) -> None:
    """Posting under a message that its author took back is `thread_not_found`."""
    root = await slack.say("ana", "general", "hi")
    await slack.delete("ana", "general", root)
    with pytest.raises(SlackApiError, match="thread_not_found"):
        await post(client, root)


async def test_a_deleted_root_leaves_its_replies(slack: Playground, client: Client) -> None:
    """A root with replies becomes a tombstone."""
    root = await slack.say("ana", "general", "hi")
    await post(client, root)
    await slack.delete("ana", "general", root)
    assert [message.visible_text for message in slack.thread("general", root)] == ["This message was deleted.", "hello"]
    replies = await client.conversations_replies(channel=GENERAL, ts=root)
    assert replies["messages"][0]["subtype"] == "tombstone"


async def test_long_text_is_cut(slack: Playground, client: Client) -> None:
    """Text over 40,000 characters is truncated when posted, and refused over 4,000 when edited."""
    ts = await post(client, text="x" * 40_001)
    assert len(slack.messages("general")[0].text) == 40_000
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await client.chat_update(channel=GENERAL, ts=ts, text="x" * 4_001)


async def test_an_update_with_text_alone_removes_the_blocks(slack: Playground, client: Client) -> None:
    """Slack drops blocks that an update does not repeat."""
    answer = await client.chat_postMessage(channel=GENERAL, text="fallback", blocks=[section("in a block")])
    assert slack.messages("general")[0].visible_text == "in a block"
    await client.chat_update(channel=GENERAL, ts=answer["ts"], text="only text")
    (message,) = slack.messages("general")
    assert (message.visible_text, message.blocks, message.earlier) == ("only text", (), ("in a block",))
    assert message.edited_ts is not None


async def test_an_update_with_blocks_is_not_marked_as_edited(slack: Playground, client: Client) -> None:
    """Slack shows "(edited)" for text only."""
    ts = await post(client)
    await client.chat_update(channel=GENERAL, ts=ts, text="fallback", blocks=[section("done")])
    (message,) = slack.messages("general")
    assert (message.visible_text, message.edited_ts) == ("done", None)


async def test_metadata_stays_until_it_is_taken_away(slack: Playground, client: Client) -> None:
    """An update without metadata keeps it, one with an empty object removes it."""
    noted = {"event_type": "question", "event_payload": {"id": "q1"}}
    answer = await client.chat_postMessage(channel=GENERAL, text="hi", metadata=noted)
    ts = str(answer["ts"])
    await client.chat_update(channel=GENERAL, ts=ts, text="hello")
    assert slack.messages("general")[0].metadata == noted
    with_metadata = await client.conversations_history(channel=GENERAL, include_all_metadata=True)
    assert with_metadata["messages"][0]["metadata"] == noted
    assert "metadata" not in (await client.conversations_history(channel=GENERAL))["messages"][0]
    await client.chat_update(channel=GENERAL, ts=ts, text="hello", metadata={})
    assert slack.messages("general")[0].metadata is None


async def test_only_its_own_words_can_be_changed(slack: Playground, client: Client) -> None:
    """The bot can neither edit nor delete what a person wrote."""
    ts = await slack.say("ana", "general", "hi")
    with pytest.raises(SlackApiError, match="cant_update_message"):
        await client.chat_update(channel=GENERAL, ts=ts, text="ho")
    with pytest.raises(SlackApiError, match="cant_delete_message"):
        await client.chat_delete(channel=GENERAL, ts=ts)


async def test_a_deleted_message_is_gone(slack: Playground, client: Client) -> None:
    """Deleting a message twice is `message_not_found`."""
    ts = await post(client)
    await client.chat_delete(channel=GENERAL, ts=ts)
    assert slack.messages("general") == []
    with pytest.raises(SlackApiError, match="message_not_found"):
        await client.chat_delete(channel=GENERAL, ts=ts)


async def test_a_person_is_reached_in_a_direct_message(slack: Playground, client: Client) -> None:
    """Posting to a person's id goes to their direct message; updating wants its id."""
    opened = await client.conversations_open(users=ANA)
    answer = await client.chat_postMessage(channel=ANA, text="psst")
    assert answer["channel"] == opened["channel"]["id"] == "D07ANARBRO1"
    assert [message.visible_text for message in slack.messages("dm-ana")] == ["psst"]


async def test_an_ephemeral_line_is_for_one(slack: Playground, client: Client) -> None:
    """It is not in the history, and says whom it is for."""
    await client.chat_postEphemeral(channel=GENERAL, user=ANA, text="just you")
    (message,) = slack.messages("general")
    assert (message.visible_text, message.ephemeral_to) == ("just you", "ana")
    assert (await client.conversations_history(channel=GENERAL))["messages"] == []


async def test_an_ephemeral_line_wants_a_living_thread(slack: Playground, client: Client) -> None:
    """In a thread without replies Slack takes it and shows nothing."""
    root = await slack.say("ana", "general", "hi")
    await client.chat_postEphemeral(channel=GENERAL, user=ANA, text="too soon", thread_ts=root)
    await post(client, root)
    await client.chat_postEphemeral(channel=GENERAL, user=ANA, text="now", thread_ts=root)
    assert [message.visible_text for message in slack.thread("general", root)] == ["hi", "hello", "now"]


async def test_markdown_text_is_shown_as_markdown(slack: Playground, client: Client) -> None:
    """`markdown_text` is standard Markdown, `text` is Slack's own."""
    await client.chat_postMessage(channel=GENERAL, markdown_text="**bold** [a](https://example.com)")
    await client.chat_postMessage(channel=GENERAL, text="**bold** <https://example.com|a>")
    assert [message.visible_text for message in slack.messages("general")] == ["bold a", "**bold** a"]


async def test_reactions_are_counted_once(slack: Playground, client: Client) -> None:
    """The same reaction twice is `already_reacted`; it can be taken back once."""
    ts = await slack.say("ana", "general", "hi")
    await client.reactions_add(channel=GENERAL, name="eyes", timestamp=ts)
    with pytest.raises(SlackApiError, match="already_reacted"):
        await client.reactions_add(channel=GENERAL, name="eyes", timestamp=ts)
    assert [reaction.name for reaction in slack.messages("general")[0].reactions] == ["eyes"]
    await client.reactions_remove(channel=GENERAL, name="eyes", timestamp=ts)
    with pytest.raises(SlackApiError, match="no_reaction"):
        await client.reactions_remove(channel=GENERAL, name="eyes", timestamp=ts)


async def test_a_permalink_leads_to_the_page(slack: Playground, client: Client) -> None:
    """It names the message, and its thread for a reply."""
    root = await slack.say("ana", "general", "hi")
    ts = await post(client, root)
    link = (await client.chat_getPermalink(channel=GENERAL, message_ts=ts))["permalink"]
    assert link == f"{slack.address}archives/{GENERAL}/p{ts.replace('.', '')}?thread_ts={root}&cid={GENERAL}"


async def test_a_status_ends_with_a_message(slack: Playground, client: Client, seconds: Seconds) -> None:
    """A status shows until the bot speaks in the thread, or for two minutes."""
    root = await slack.say("ana", "general", "@Footnote hi")
    await client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status="Searching the docs…")
    assert slack.status("general", root) == "Searching the docs…"
    await post(client, root)
    assert slack.status("general", root) is None
    await client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status="Writing…")
    seconds.now += 121
    assert slack.status("general", root) is None


async def test_an_empty_status_clears_it(slack: Playground, client: Client) -> None:
    """So a failure need not leave a bot thinking for ever."""
    root = await slack.say("ana", "general", "@Footnote hi")
    await client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status="Searching…")
    await client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status="")
    assert slack.status("general", root) is None


async def test_a_message_that_only_has_blocks_needs_no_text(slack: Playground, call: Caller) -> None:
    """`no_text` is for messages that would show nothing."""
    assert (await call("chat.postMessage", channel=GENERAL, blocks=[section("here")]))["ok"]
    assert slack.messages("general")[0].visible_text == "here"
