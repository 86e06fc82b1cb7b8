"""The Replies port, held against a Slack on loopback: one message per question, whatever breaks on the way."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import Refused, SlackUnavailable
from bot.models import Answer, Citation, ConversationKey, Question
from bot.playground import Message, Playground
from handlers.calls import Calls, open_client
from handlers.replies import MARK, SIGN_OF_LIFE, SlackReplies
from tests.nouns import NOON, a_question

LEAVE = Citation(
    n=1,
    chunk_id="leave#0",
    document_id="leave",
    revision="r1",
    path="leave.md",
    title="Leave",
    heading="Annual leave",
    heading_path=("Annual leave",),
    quote="At most 240 hours carry over.",
    url="https://wiki.acme.example/leave#annual",
    updated=NOON - timedelta(days=21),
)
ANSWER = Answer(
    question="how many hours?",
    standalone_query="how many hours?",
    text="At most 240 hours carry over. [1]",
    answered=True,
    confidence="high",
    citations=(LEAVE,),
    timings_ms={"total": 812.0},
    backends={"generator": "quotes"},
)


@dataclass
class World:
    """Replies, the Slack that they are made in, and how long they slept."""

    slack: Playground
    replies: SlackReplies
    slept: list[float]

    async def asked(self, channel: str = "general", *, person: str = "ana", thread: str | None = None) -> Question:
        """A question that stands in the channel."""
        ts = await self.slack.say(person, channel, "<@bot> how many hours?", thread_ts=thread)
        key = ConversationKey(self.slack.team_id, self.slack.id_of(channel), thread or ts)
        private = channel.startswith("dm-")
        question = a_question(asker=self.slack.id_of(person), message=ts, private=private)
        return replace(question, id=f"{key.workspace}/{key.channel}/{ts}", conversation=key)

    def thread(self, question: Question) -> list[Message]:
        """What stands below the question's thread, its root left out."""
        return self.slack.thread(question.conversation.channel, question.conversation.thread)[1:]

    def sent(self, method: str) -> list[dict[str, Any]]:
        return [dict(call.arguments) for call in self.slack.calls if call.method == method]


@asynccontextmanager
async def opened(*, deadline: float = 5.0, rate_limits: bool = False, patience: float = 20.0) -> AsyncGenerator[World]:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with (
        Playground(rate_limits=rate_limits) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url, deadline=deadline) as client,
    ):
        calls = Calls(client, patience=patience, sleep=sleep)
        yield World(slack, SlackReplies(calls, bot_id=slack.bot_id, now=lambda: NOON), slept)


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with opened() as here:
        yield here


# --- as it should be ------------------------------------------------------------------------------------------------


async def test_a_sign_of_life_becomes_the_answer(world: World) -> None:
    """One message in the thread: first that it searches, then the answer with its source as the only link."""
    question = await world.asked()
    at = await world.replies.sign_of_life(question)
    (shown,) = world.thread(question)
    assert shown.visible_text.strip() == SIGN_OF_LIFE
    await world.replies.answer(question, ANSWER, at=at)
    (shown,) = world.thread(question)
    assert shown.ts == at
    assert shown.visible_text.startswith("At most 240 hours carry over. [1]")
    assert "1  Leave › Annual leave   updated 3 weeks ago" in shown.visible_text
    assert "Quoted from the docs automatically · 0.8 s" in shown.visible_text
    assert shown.links == ["https://wiki.acme.example/leave#annual"]
    assert "Sources: 1 Leave › Annual leave" in shown.text


async def test_answering_twice_leaves_the_same_message(world: World) -> None:
    """A worker that died after the update may do it again."""
    question = await world.asked()
    at = await world.replies.sign_of_life(question)
    await world.replies.answer(question, ANSWER, at=at)
    (first,) = world.thread(question)
    await world.replies.answer(question, ANSWER, at=at)
    (second,) = world.thread(question)
    assert second.visible_text == first.visible_text


async def test_a_sign_of_life_is_found_again(world: World) -> None:
    """By its mark, also once it has become the answer, in a channel and in a direct message."""
    for channel in ("general", "people-ops", "dm-ana"):
        question = await world.asked(channel)
        assert await world.replies.find(question) is None
        at = await world.replies.sign_of_life(question)
        assert await world.replies.find(question) == at
        await world.replies.answer(question, ANSWER, at=at)
        assert await world.replies.find(question) == at


async def test_only_the_message_of_this_question_is_found(world: World) -> None:
    """Two questions in one thread have a message each."""
    first = await world.asked()
    second = await world.asked(thread=first.message)
    at_second = await world.replies.sign_of_life(second)
    assert await world.replies.find(first) is None
    at_first = await world.replies.sign_of_life(first)
    assert await world.replies.find(first) == at_first
    assert await world.replies.find(second) == at_second


async def test_a_message_of_somebody_else_is_never_found(world: World) -> None:
    """Any app can write our mark under its own message; only ours are edited."""
    question = await world.asked()
    await world.replies.sign_of_life(question)
    stranger = replace(world.replies, bot_id="B0SOMEBODY")
    assert await stranger.find(question) is None


async def test_it_is_found_in_a_long_thread(world: World) -> None:
    """Beyond the first page of messages too."""
    question = await world.asked()
    for number in range(250):
        await world.slack.say("ben", "general", f"me too ({number})", thread_ts=question.message)
    at = await world.replies.sign_of_life(question)
    assert await world.replies.find(question) == at
    assert len(world.sent("conversations.replies")) == 2


async def test_nothing_that_is_sent_can_come_alive(world: World) -> None:
    """No previews, no names made into mentions, no parsing, on whatever way a message leaves."""
    question = await world.asked()
    at = await world.replies.sign_of_life(question)
    await world.replies.answer(question, ANSWER, at=at)
    await world.replies.tell(question, "busy", at=None)
    (posted,) = world.sent("chat.postMessage")
    assert (posted["unfurl_links"], posted["unfurl_media"]) == (False, False)
    assert posted["metadata"] == {"event_type": MARK, "event_payload": {"question_id": question.id}}
    for sent in (posted, *world.sent("chat.update"), *world.sent("chat.postEphemeral")):
        assert (sent["parse"], sent["link_names"]) == ("none", False)


async def test_a_line_replaces_the_message(world: World) -> None:
    """What cannot be answered is said in the message that was there, in words that nothing can come alive in."""
    question = await world.asked()
    at = await world.replies.sign_of_life(question)
    await world.replies.tell(question, "<!channel> gave up on <https://evil.example|this>", at=at)
    (shown,) = world.thread(question)
    assert "gave up on" in shown.visible_text
    assert shown.links == []
    assert shown.nodes_of("mention") == []
    assert "<" not in shown.text


async def test_without_a_message_the_asker_alone_is_told(world: World) -> None:
    """In the channel where the thread has not begun, for Slack would show it nowhere else."""
    question = await world.asked()
    await world.replies.tell(question, "I can only answer members.", at=None)
    (told,) = [message for message in world.slack.messages("general") if message.ephemeral_to]
    assert told.ephemeral_to == "ana"
    assert told.visible_text.strip() == "I can only answer members."


async def test_in_a_thread_the_asker_is_told_there(world: World) -> None:
    """A thread that goes on shows what is said in it."""
    root = await world.asked()
    question = await world.asked(thread=root.message)
    await world.replies.tell(question, "I can only answer members.", at=None)
    assert [message.ephemeral_to for message in world.thread(question)] == [None, "ana"]


async def test_in_a_direct_message_everything_is_said_openly(world: World) -> None:
    """Nobody else reads it, and an ordinary message stays."""
    question = await world.asked("dm-ana")
    await world.replies.tell(question, "I can only answer members.", at=None)
    (told,) = world.thread(question)
    assert told.ephemeral_to is None


async def test_a_very_long_answer_is_still_taken(world: World) -> None:
    """Thousands of characters and dozens of sources stay within every limit."""
    question = await world.asked()
    at = await world.replies.sign_of_life(question)
    many = tuple(replace(LEAVE, n=n, title="& <title> " * 40, heading_path=("<" * 300,)) for n in range(1, 61))
    await world.replies.answer(question, replace(ANSWER, text="& <words> [1]\n" * 3_000, citations=many), at=at)
    (shown,) = world.thread(question)
    assert shown.visible_text.startswith("& <words> [1]")


# --- as it happens --------------------------------------------------------------------------------------------------


async def test_a_rate_limit_is_waited_for(world: World) -> None:
    """Told to wait, it waits that long and then goes on; nothing is posted twice."""
    question = await world.asked()
    world.slack.fail("chat.postMessage", retry_after=3)
    at = await world.replies.sign_of_life(question)
    world.slack.fail("chat.update", times=2, retry_after=4)
    await world.replies.answer(question, ANSWER, at=at)
    assert world.slept == [3, 4, 4]
    assert len(world.thread(question)) == 1


async def test_a_long_rate_limit_is_handed_on() -> None:
    """Past its patience the caller learns how long Slack wants to be left alone."""
    async with opened(patience=20) as world:
        question = await world.asked()
        world.slack.fail("chat.postMessage", retry_after=30)
        with pytest.raises(SlackUnavailable) as caught:
            await world.replies.sign_of_life(question)
        assert caught.value.retry_after == 30
        assert world.slept == []


async def test_a_post_whose_answer_was_lost_is_not_posted_again(world: World) -> None:
    """Slack took it and the connection broke: nobody knows, until the thread is looked at."""
    question = await world.asked()
    world.slack.cut("chat.postMessage", accept=True)
    with pytest.raises(SlackUnavailable):
        await world.replies.sign_of_life(question)
    (standing,) = world.thread(question)
    assert await world.replies.find(question) == standing.ts


async def test_a_post_that_never_arrived_is_not_found(world: World) -> None:
    """Then it may be posted once more."""
    question = await world.asked()
    world.slack.cut("chat.postMessage", accept=False)
    with pytest.raises(SlackUnavailable):
        await world.replies.sign_of_life(question)
    assert await world.replies.find(question) is None


@pytest.mark.parametrize("accept", [True, False])
async def test_an_edit_whose_connection_breaks_is_made_again(world: World, *, accept: bool) -> None:
    """Editing twice is editing once."""
    question = await world.asked()
    at = await world.replies.sign_of_life(question)
    world.slack.cut("chat.update", accept=accept)
    await world.replies.answer(question, ANSWER, at=at)
    (shown,) = world.thread(question)
    assert shown.visible_text.startswith("At most 240 hours")


async def test_a_connection_that_breaks_twice_is_said(world: World) -> None:
    """The worker decides when to try again."""
    question = await world.asked()
    at = await world.replies.sign_of_life(question)
    world.slack.cut("chat.update", times=2)
    with pytest.raises(SlackUnavailable):
        await world.replies.answer(question, ANSWER, at=at)


async def test_a_slack_that_never_answers_is_given_up() -> None:
    """Every call has a deadline."""
    async with opened(deadline=0.2) as world:
        question = await world.asked()
        world.slack.hang("chat.postMessage")
        with pytest.raises(SlackUnavailable):
            await world.replies.sign_of_life(question)


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"])
async def test_a_passing_failure_may_be_tried_again(world: World, code: str) -> None:
    """Slack's own trouble is not an answer."""
    question = await world.asked()
    world.slack.fail("chat.postMessage", code)
    with pytest.raises(SlackUnavailable, match=code):
        await world.replies.sign_of_life(question)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_broken_server_may_be_tried_again(world: World, status: int) -> None:
    """Whatever stands in the body."""
    question = await world.asked()
    world.slack.fail("chat.postMessage", "whatever", status=status)
    with pytest.raises(SlackUnavailable):
        await world.replies.sign_of_life(question)


@pytest.mark.parametrize(
    "code",
    ["channel_not_found", "is_archived", "not_in_channel", "token_revoked", "msg_too_long", "restricted_action", "new"],
)
async def test_a_refusal_is_for_good(world: World, code: str) -> None:
    """Trying again cannot help; the error names the method and the code, and nothing that was sent."""
    question = await world.asked()
    world.slack.fail("chat.postMessage", code)
    with pytest.raises(Refused) as refused:
        await world.replies.sign_of_life(question)
    assert str(refused.value) == f"chat.postMessage: {code}"


async def test_a_message_that_was_deleted_cannot_become_the_answer(world: World) -> None:
    """Somebody took it away: that is an end, not a reason to try for ever."""
    question = await world.asked()
    with pytest.raises(Refused, match="message_not_found"):
        await world.replies.answer(question, ANSWER, at="1772452899.000001")


HOSTILE: Sequence[str] = (
    "<!channel> <!here> <!everyone> <@U07BENOKFR2> <!subteam^S07PEOPLEOP> <#C07GENERAL1>",
    "<https://evil.example|the handbook> <mailto:a@evil.example> <slack://channel>",
    "[the handbook](https://evil.example) ![x](https://evil.example/?q=1) <https://evil.example>",
    "[1]: https://evil.example\n[the handbook][1]",
    "@channel @here @everyone #general",
    "*bold* _italic_ ~struck~ > quoted ```fence``` :tada:",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["text", "title", "heading", "path", "query", "closest", "line"])
async def test_no_text_of_others_comes_alive(world: World, text: str, place: str) -> None:
    """Wherever a document or a model has a word, it makes no mention, no image and no link but the source's own."""
    question = await world.asked()
    at = await world.replies.sign_of_life(question)
    if place == "line":
        await world.replies.tell(question, text, at=at)
    else:
        await world.replies.answer(question, _with(text, place), at=at)
    (shown,) = world.thread(question)
    assert shown.nodes_of("mention") == []
    assert shown.nodes_of("image") == []
    assert set(shown.links) <= {LEAVE.url}
    assert "<" not in shown.text


def _with(text: str, place: str) -> Answer:
    """An answer that has a hostile text in one place; the answer's own text is inert even if the gate had missed it."""
    if place == "text":
        return replace(ANSWER, text=text)
    if place == "query":
        return replace(ANSWER, standalone_query=text, rewritten=True)
    worded = replace(
        LEAVE,
        title=text if place == "title" else LEAVE.title,
        heading_path=(text,) if place == "heading" else LEAVE.heading_path,
        path=text if place == "path" else LEAVE.path,
        url="file:///leave.md" if place == "path" else LEAVE.url,
    )
    if place == "closest":
        near = replace(worded, title=text)
        return replace(ANSWER, text="The docs don't say.", answered=False, citations=(), closest=(near, near))
    return replace(ANSWER, citations=(worded,))
