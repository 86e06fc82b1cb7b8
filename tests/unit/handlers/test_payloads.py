"""Envelopes to questions."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import ConversationKey, Question
from handlers.payloads import (
    LONGEST,
    addresses_others,
    delivery_keys,
    from_person,
    in_thread,
    is_direct,
    mentions,
    plain,
    question_from_message,
)
from tests.unit.handlers.stand_ins import BOT_USER, envelope


def test_a_mention_is_a_question_without_a_slack_type_in_it() -> None:
    """Text without the mention, the asker, the place, and an id that is the same for every delivery."""
    assert question_from_message(envelope("app_mention"), bot_user=BOT_USER) == Question(
        id="T0ACME/C0CANTEEN/1772452800.000100",
        text="how many hours of annual leave can I roll over?",
        asker="U0ANA",
        conversation=ConversationKey("T0ACME", "C0CANTEEN", "1772452800.000100"),
        message="1772452800.000100",
        asked_at=datetime(2026, 3, 2, 12, 0, 0, 100, tzinfo=UTC),
        private=False,
    )


def test_the_two_events_of_one_mention_are_one_question() -> None:
    """`app_mention` and `message` differ in their event id and in nothing that matters."""
    mention, message = envelope("app_mention"), envelope("message_that_is_a_mention")
    assert question_from_message(mention, bot_user=BOT_USER) == question_from_message(message, bot_user=BOT_USER)
    assert not set(delivery_keys(mention)).isdisjoint(delivery_keys(message))
    assert mention["event_id"] != message["event_id"]


def test_a_reply_belongs_to_the_conversation_of_its_thread() -> None:
    """The root message names the conversation, whoever replies."""
    question = question_from_message(envelope("thread_reply"), bot_user=BOT_USER)
    assert question.conversation.thread == "1772452800.000100"
    assert question.message == "1772452870.000300"


def test_a_direct_message_is_private_and_begins_its_own_conversation() -> None:
    """Only the asker reads the reply, which hangs on the message itself."""
    question = question_from_message(envelope("direct_message"), bot_user=BOT_USER)
    assert question.private
    assert question.conversation.thread == question.message


def test_a_conversation_with_a_d_is_direct_whatever_the_event_says() -> None:
    """A mention carries no `channel_type`; the id of the place says it."""
    body = envelope("app_mention")
    body["event"]["channel"] = "D0ANA"
    assert question_from_message(body, bot_user=BOT_USER).private


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("<@U0FOOTNOTE> when is lunch?", "when is lunch?"),
        ("<@U0FOOTNOTE|footnote>: when is lunch?", "when is lunch?"),
        ("Hey <@U0FOOTNOTE>, when is lunch?", "Hey, when is lunch?"),
        ("when is lunch, <@U0FOOTNOTE>?", "when is lunch?"),
        ("<@U0FOOTNOTE>", ""),
        ("  <@U0FOOTNOTE> \n ", ""),
        ("is &lt;b&gt; a tag &amp;amp; why?", "is <b> a tag &amp; why?"),
        ("see <https://wiki.acme.example/leave|the leave page>?", "see the leave page?"),
        ("see <https://wiki.acme.example/leave?a=1&amp;b=2>?", "see https://wiki.acme.example/leave?a=1&b=2?"),
        ("ask <mailto:hr@acme.example|hr@acme.example>?", "ask hr@acme.example?"),
        ("ask <mailto:hr@acme.example>?", "ask hr@acme.example?"),
        ("does <@U0BEN> approve it?", "does someone approve it?"),
        ("does <@U0BEN|ben> approve it?", "does ben approve it?"),
        ("who reads <#C0CANTEEN|canteen>?", "who reads #canteen?"),
        ("who reads <#C0CANTEEN>?", "who reads #channel?"),
        ("does <!subteam^S0HR|@people-ops> know?", "does @people-ops know?"),
        ("does <!subteam^S0HR> know?", "does @group know?"),
        ("<!here> when is lunch?", "@here when is lunch?"),
        ("by <!date^1772452800^{date}|2 March>?", "by 2 March?"),
        ("two\nlines", "two\nlines"),
        ("a \t b", "a b"),
    ],
)
def test_a_question_reads_as_a_person_reads_it(said: str, read: str) -> None:
    """Entities become words, escapes what they stand for, once."""
    assert plain(said, bot_user=BOT_USER) == read


def test_a_very_long_question_is_cut() -> None:
    """Nobody makes the bot carry a book."""
    assert len(plain("why " * 5_000, bot_user=BOT_USER)) <= LONGEST


@given(st.text(alphabet="<>@U0FOTNE|!^&;lgtamp#C \n", max_size=60))
def test_any_text_can_be_read(said: str) -> None:
    """No markup, however broken, stops the edge, and the bot is never left in the words."""
    assert f"<@{BOT_USER}>" not in plain(said, bot_user=BOT_USER) or "&lt;" in said


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("app_mention", True),
        ("thread_reply", True),
        ("thread_broadcast", True),
        ("file_share", True),
        ("direct_message", True),
        ("message_changed", False),
        ("message_deleted", False),
        ("message_replied", False),
        ("channel_join", False),
        ("bot_mention", False),
        ("bot_message", False),
        ("own_reply", False),
    ],
)
def test_only_what_a_person_has_just_written_counts(name: str, *, written: bool) -> None:
    """Bots, ourselves, edits, deletions and joins are passed over."""
    assert from_person(envelope(name)["event"], bot_user=BOT_USER) == written


def test_slackbot_is_not_a_person() -> None:
    """Slack's own reminders look like messages of a user."""
    assert not from_person({"user": "USLACKBOT", "text": "Reminder", "ts": "1.000001"}, bot_user=BOT_USER)


@pytest.mark.parametrize(
    ("text", "bot_named", "others_named"),
    [
        ("when?", False, False),
        ("<@U0FOOTNOTE> when?", True, False),
        ("<@U0FOOTNOTE|footnote> when?", True, False),
        ("<@U0BEN> when?", False, True),
        ("<@U0FOOTNOTE> <@W0BEN> when?", True, True),
        ("<!subteam^S0HR|@hr> when?", False, True),
        ("<!here> when?", False, True),
        ("<!channel> when?", False, True),
        ("<!everyone> when?", False, True),
        ("<!date^1^{date}|then> in <#C0CANTEEN|canteen> at <https://acme.example>", False, False),
        ("&lt;@U0BEN&gt; when?", False, False),
    ],
)
def test_who_is_named(text: str, *, bot_named: bool, others_named: bool) -> None:
    """The bot, a person, a group or everybody; a date, a channel, a link or a typed bracket is nobody."""
    assert mentions({"text": text}, BOT_USER) == bot_named
    assert addresses_others({"text": text}, bot_user=BOT_USER) == others_named


def test_a_message_that_begins_a_thread_is_not_in_it() -> None:
    """Slack gives the root of a thread a `thread_ts` too, its own."""
    assert not in_thread({"ts": "1.000001"})
    assert not in_thread({"ts": "1.000001", "thread_ts": "1.000001"})
    assert in_thread({"ts": "2.000001", "thread_ts": "1.000001"})


def test_a_group_message_is_not_direct() -> None:
    """More than the asker read it."""
    assert is_direct(envelope("direct_message")["event"])
    assert not is_direct(envelope("group_message_reply")["event"])
