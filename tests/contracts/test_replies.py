"""The Replies port, held against a Slack on loopback: one message per question, whatever breaks on the way."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import nullcontext
from dataclasses import replace

import pytest

from bot.errors import Refused, SlackUnavailable
from bot.models import Answer
from bot.records import State
from handlers.buttons import Action
from handlers.posting import MARK
from tests.contracts.replies_rig import ANSWER, LEAVE, SEAL, World, opened
from tests.waiting import wait_until

STATUS, POST, UPDATE = "assistant.threads.setStatus", "chat.postMessage", "chat.update"
SESSION = "agents.sessions.setStatus"


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with opened() as here:
        yield here


# --- as it should be ------------------------------------------------------------------------------------------------


async def test_a_fast_answer_is_a_status_and_a_post(world: World) -> None:
    """Two calls: a line that it searches, which goes by itself, and the answer with its source as the only link."""
    question = await world.asked()
    async with world.open(question) as reply:
        await reply.sign()
        assert world.slack.status("general", question.message) == "Searching the docs…"
        assert world.thread(question) == []
        await reply.answer(ANSWER)
    (shown,) = world.thread(question)
    assert world.methods == [STATUS, POST]
    assert world.noted == [(State.POSTING, None), (State.SIGNED, shown.ts)]
    assert world.slack.status("general", question.message) is None
    assert shown.visible_text.startswith("At most 240 hours carry over. [1]")
    assert "1  Leave › Annual leave\nupdated 3 weeks ago" in shown.visible_text
    assert "Quoted from the docs automatically · 0.8 s" in shown.visible_text
    assert shown.links == ["https://wiki.acme.example/leave#annual"]
    assert "Sources: 1 Leave › Annual leave" in shown.text


async def test_signing_twice_shows_one_sign(world: World) -> None:
    """Whichever sign it is."""
    question = await world.asked()
    async with world.open(question) as reply:
        await reply.sign()
        await reply.sign()
    assert world.methods == [STATUS]


@pytest.mark.parametrize("code", ["missing_scope", "not_allowed_token_type", "channel_type_not_supported", "new"])
async def test_without_a_status_a_message_becomes_the_answer(world: World, code: str) -> None:
    """It can be stopped while it waits, and the next reply in the channel does not ask for a status again."""
    world.slack.fail(STATUS, code)
    question = await world.asked()
    async with world.open(question) as reply:
        await reply.sign()
        await reply.sign()
        (shown,) = world.thread(question)
        assert shown.visible_text.startswith("Searching the docs…")
        stop = shown.buttons["stop"].attributes["value"]
        assert SEAL.open(Action.STOP, stop) == (question.id,)
        await reply.answer(ANSWER)
    (answered,) = world.thread(question)
    assert (answered.ts, "stop" in answered.buttons) == (shown.ts, False)
    assert answered.visible_text.startswith("At most 240 hours")
    async with world.open(await world.asked()) as reply:
        await reply.sign()
    assert world.methods == [STATUS, POST, UPDATE, POST]


async def test_without_room_for_a_status_it_comes_later(world: World) -> None:
    """A sign of life never keeps the answer waiting; it is shown when Slack has room again, if that is not too late."""
    world.slack.fail(STATUS, retry_after=2)
    question = await world.asked()
    async with world.open(question) as reply:
        await reply.sign()
        assert world.slack.status("general", question.message) is None
        world.time.pass_by(2.0)
        await wait_until(lambda: world.count(STATUS) == 2, because="there is room again")
        assert world.slack.status("general", question.message) == "Searching the docs…"
        await reply.answer(ANSWER)
    assert world.methods == [STATUS, SESSION, STATUS, POST, SESSION]


async def test_answering_twice_leaves_the_same_message(world: World) -> None:
    """A worker that died after the post may do it again."""
    question = await world.asked()
    at = await world.posted(question)
    (first,) = world.thread(question)
    await world.posted(question, at=at)
    (second,) = world.thread(question)
    assert (second.ts, second.visible_text) == (first.ts, first.visible_text)


async def test_a_reply_that_stands_needs_no_sign(world: World) -> None:
    """It is taken up where it is."""
    question = await world.asked()
    at = await world.posted(question)
    async with world.open(question, at=at) as reply:
        await reply.sign()
    assert world.count(STATUS) == 1


async def test_nothing_that_is_sent_can_come_alive(world: World) -> None:
    """No previews, no names made into mentions, no parsing, on whatever way a message leaves."""
    question = await world.asked()
    at = await world.posted(question)
    await world.posted(question, at=at)
    (posted,) = world.sent(POST)
    assert (posted["unfurl_links"], posted["unfurl_media"]) == (False, False)
    assert posted["metadata"] == {"event_type": MARK, "event_payload": {"question_id": question.id}}
    for sent in (posted, *world.sent(UPDATE)):
        assert (sent["parse"], sent["link_names"]) == ("none", False)


async def test_a_very_long_answer_is_still_taken(world: World) -> None:
    """Thousands of characters and dozens of sources stay within every limit."""
    question = await world.asked()
    many = tuple(replace(LEAVE, n=n, title="& <title> " * 40, heading_path=("<" * 300,)) for n in range(1, 61))
    for generator in ("quotes", "some-model"):
        long = replace(ANSWER, text="& <words> [1]\n" * 3_000, citations=many, backends={"generator": generator})
        await world.posted(question, long)
        assert world.thread(question)[-1].visible_text.startswith("& <words> [1]")


# --- a line in place of an answer -----------------------------------------------------------------------------------


async def test_a_line_replaces_the_message(world: World) -> None:
    """What cannot be answered is said in the message that was there, in words that nothing can come alive in."""
    question = await world.asked()
    at = await world.posted(question)
    async with world.open(question, at=at) as reply:
        await reply.tell("<!channel> gave up on <https://evil.example|this>")
    (shown,) = world.thread(question)
    assert "gave up on" in shown.visible_text
    assert (shown.links, shown.nodes_of("mention")) == ([], [])
    assert "<" not in shown.text


@pytest.mark.parametrize(
    ("text", "label"), [("Stopped.", "Answer anyway"), ("I couldn't answer this. It's logged as Q-7F3K.", "Try again")]
)
async def test_one_can_ask_again_under_a_line(world: World, text: str, label: str) -> None:
    """The button says what it does, and which question it means."""
    question = await world.asked()
    async with world.open(question) as reply:
        await reply.sign()
        await reply.tell(text, again=True)
    (shown,) = world.thread(question)
    again = shown.buttons["again"]
    assert (shown.visible_text.splitlines()[0], again.text) == (text, label)
    assert SEAL.open(Action.AGAIN, again.attributes["value"]) == (question.id,)
    assert world.noted[-1] == (State.SIGNED, shown.ts)


async def test_what_a_line_said_can_still_become_the_answer(world: World) -> None:
    """An outage is told, and later the answer stands in its place."""
    question = await world.asked()
    async with world.open(question) as reply:
        await reply.sign()
        await reply.tell("Search is unavailable. I'll keep trying and edit this message.")
    at = world.noted[-1][1]
    await world.posted(question, at=at)
    (shown,) = world.thread(question)
    assert shown.visible_text.startswith("At most 240 hours")


# --- taking back ----------------------------------------------------------------------------------------------------


async def test_a_withdrawn_reply_is_gone(world: World) -> None:
    """Its message and its status, and a message that is gone already is no failure."""
    question = await world.asked()
    async with world.open(question) as reply:
        await reply.sign()
        await reply.withdraw()
    assert world.slack.status("general", question.message) is None
    at = await world.posted(question)
    for _ in range(2):
        async with world.open(question, at=at) as reply:
            await reply.withdraw()
    assert world.thread(question) == []


# --- where nobody asked, and where nobody else reads ----------------------------------------------------------------


async def test_an_interjection_is_one_post_and_nothing_before_it(world: World) -> None:
    """Neither a sign nor a line; answered again, it is edited."""
    question = replace(await world.asked(), addressed="overheard")
    async with world.open(question) as reply:
        await reply.sign()
        reply.step("Reading 6 passages…")
        reply.say("At most")
        await reply.tell("Search is unavailable.", again=True)
        assert world.methods == []
        await reply.answer(ANSWER)
        await reply.answer(ANSWER)
    (shown,) = world.thread(question)
    assert world.methods == [POST, UPDATE]
    assert world.noted == [(State.POSTING, None), (State.SIGNED, shown.ts)]
    assert await world.replies.find(question, streaming=False) == shown.ts


async def test_a_private_answer_goes_to_the_asker_alone_and_once(world: World) -> None:
    """Through the address that Slack gave for it; noted before, for afterwards nobody can look."""
    question = await world.commanded()
    async with world.open(question) as reply:
        assert not reply.unposted
        await reply.sign()
        reply.say("At most")
        await reply.answer(ANSWER)
        await reply.answer(ANSWER)
        await reply.tell("Search is unavailable.")
    (shown,) = world.slack.messages("general")
    assert (shown.ephemeral_to, world.methods) == ("ana", [])
    assert world.noted == [(State.POSTING, None)]
    assert list(shown.buttons) == ["outdated", "share", "follow_up", "why", "ask_person"]
    assert await world.replies.find(question, streaming=False) is None


async def test_a_private_line_can_say_why_there_is_no_answer(world: World) -> None:
    """With a button to ask again."""
    question = await world.commanded()
    async with world.open(question) as reply:
        await reply.tell("I couldn't answer this.", again=True)
        await reply.withdraw()
    (shown,) = world.slack.messages("general")
    assert (shown.ephemeral_to, list(shown.buttons)) == ("ana", ["again"])


@pytest.mark.parametrize("ways", [["general"], ["dm-ana"], []])
async def test_an_address_that_has_expired_does_not_swallow_the_answer(world: World, ways: list[str]) -> None:
    """After half an hour it comes where the person asked, else directly; where Slack refuses all, that is known."""
    question = replace(await world.commanded(), reply_url=f"{world.slack.address}respond/nothing")
    if "general" not in ways:
        world.slack.fail("chat.postEphemeral", "user_not_in_channel")
    if not ways:
        world.slack.fail("conversations.open", "user_not_found")
    async with world.open(question) as reply:
        with nullcontext() if ways else pytest.raises(Refused):
            await reply.answer(ANSWER)
    assert [where for where in ("general", "dm-ana") if world.slack.messages(where)] == ways
    assert world.noted == [(State.POSTING, None), *([] if ways else [(State.RECEIVED, None)])]


async def test_a_private_line_that_slack_did_not_take_may_be_sent_by_another_try(world: World) -> None:
    """Where Slack asks to wait for longer than anybody does, nothing was shown: nothing would be shown twice."""
    question = await world.commanded()
    world.slack.fail("response_url", retry_after=30)
    async with world.open(question) as reply:
        with pytest.raises(SlackUnavailable):
            await reply.answer(ANSWER)
    assert world.noted == [(State.POSTING, None), (State.RECEIVED, None)]
    world.slack.fail("response_url", "internal_error", status=500)
    async with world.open(question) as reply:
        with pytest.raises(SlackUnavailable):
            await reply.answer(ANSWER)
    assert world.noted[2:] == [(State.POSTING, None)]


async def test_an_address_that_nobody_answers_at_is_said(world: World) -> None:
    """Nobody knows then whether it was shown."""
    question = replace(await world.commanded(), reply_url="http://127.0.0.1:9/respond/x")
    async with world.open(question) as reply:
        with pytest.raises(SlackUnavailable, match="reply address"):
            await reply.answer(ANSWER)


# --- finding what an earlier try began ------------------------------------------------------------------------------


async def test_a_reply_is_found_again(world: World) -> None:
    """By its mark, in a channel and in a direct message, as a line or as the answer."""
    for channel in ("general", "people-ops", "dm-ana"):
        question = await world.asked(channel)
        assert await world.replies.find(question, streaming=False) is None
        at = await world.posted(question)
        assert await world.replies.find(question, streaming=False) == at
        async with world.open(question, at=at) as reply:
            await reply.tell("Stopped.", again=True)
        assert await world.replies.find(question, streaming=True) == at


async def test_only_the_message_of_this_question_is_found(world: World) -> None:
    """Two questions in one thread have a message each, also while one of them may be a stream."""
    first = await world.asked()
    second = await world.asked(thread=first.message)
    at_second = await world.posted(second)
    assert await world.replies.find(first, streaming=True) is None
    at_first = await world.posted(first)
    assert await world.replies.find(first, streaming=False) == at_first
    assert await world.replies.find(second, streaming=False) == at_second


async def test_a_message_of_somebody_else_is_never_found(world: World) -> None:
    """Any app can write our mark under its own message; only ours are edited."""
    question = await world.asked()
    await world.posted(question)
    stranger = replace(world.replies, bot_id="B0SOMEBODY")
    assert await stranger.find(question, streaming=True) is None


async def test_it_is_found_in_a_long_thread(world: World) -> None:
    """Beyond the first page of messages too."""
    question = await world.asked()
    for number in range(250):
        await world.slack.say("ben", "general", f"me too ({number})", thread_ts=question.message)
    at = await world.posted(question)
    assert await world.replies.find(question, streaming=False) == at
    assert world.count("conversations.replies") == 2


# --- as it happens --------------------------------------------------------------------------------------------------


async def test_a_rate_limit_is_waited_for() -> None:
    """Told to wait, it waits that long and then goes on; nothing is posted twice."""
    async with opened(hurried=True) as world:
        question = await world.asked()
        world.slack.fail(POST, retry_after=3)
        began = world.time.now
        at = await world.posted(question)
        assert world.time.now - began >= 3
        world.slack.fail(UPDATE, times=2, retry_after=4)
        began = world.time.now
        await world.posted(question, at=at)
        assert world.time.now - began >= 8
        assert len(world.thread(question)) == 1


async def test_a_long_rate_limit_is_handed_on(world: World) -> None:
    """Past its patience the caller learns how long Slack wants to be left alone; nobody asks again before."""
    question = await world.asked()
    world.slack.fail(POST, retry_after=30)
    for _ in range(2):
        with pytest.raises(SlackUnavailable) as caught:
            await world.posted(question)
        assert caught.value.retry_after == 30
    assert world.count(POST) == 1


async def test_a_post_whose_answer_was_lost_is_not_posted_again(world: World) -> None:
    """Slack took it and the connection broke: nobody knows, until the thread is looked at."""
    question = await world.asked()
    world.slack.cut(POST, accept=True)
    with pytest.raises(SlackUnavailable):
        await world.posted(question)
    (standing,) = world.thread(question)
    assert world.noted == [(State.POSTING, None)]
    assert await world.replies.find(question, streaming=False) == standing.ts


async def test_a_post_that_never_arrived_is_not_found(world: World) -> None:
    """Then it may be posted once more."""
    question = await world.asked()
    world.slack.cut(POST, accept=False)
    with pytest.raises(SlackUnavailable):
        await world.posted(question)
    assert await world.replies.find(question, streaming=False) is None


@pytest.mark.parametrize("accept", [True, False])
async def test_an_edit_whose_connection_breaks_is_made_again(world: World, *, accept: bool) -> None:
    """Editing twice is editing once."""
    question = await world.asked()
    at = await world.posted(question, replace(ANSWER, text="Wait."))
    world.slack.cut(UPDATE, accept=accept)
    await world.posted(question, at=at)
    (shown,) = world.thread(question)
    assert shown.visible_text.startswith("At most 240 hours")


async def test_a_connection_that_breaks_twice_is_said(world: World) -> None:
    """The worker decides when to try again."""
    question = await world.asked()
    at = await world.posted(question)
    world.slack.cut(UPDATE, times=2)
    with pytest.raises(SlackUnavailable):
        await world.posted(question, at=at)


async def test_a_slack_that_never_answers_is_given_up() -> None:
    """Every call has a deadline."""
    async with opened(deadline=0.2) as world:
        question = await world.asked()
        world.slack.hang(POST)
        with pytest.raises(SlackUnavailable):
            await world.posted(question)


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"])
async def test_a_passing_failure_may_be_tried_again(world: World, code: str) -> None:
    """Slack's own trouble is not an answer."""
    question = await world.asked()
    world.slack.fail(POST, code)
    with pytest.raises(SlackUnavailable, match=code):
        await world.posted(question)


async def test_a_status_that_cannot_be_shown_keeps_no_answer_back(world: World) -> None:
    """It is a courtesy: while that method alone is out of order, answers are given without it."""
    question = await world.asked()
    world.slack.fail(STATUS, "internal_error", times=9)
    await world.posted(question)
    (message,) = world.thread(question)
    assert LEAVE.quote in message.visible_text


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_broken_server_may_be_tried_again(world: World, status: int) -> None:
    """Whatever stands in the body."""
    question = await world.asked()
    world.slack.fail(POST, "whatever", status=status)
    with pytest.raises(SlackUnavailable):
        await world.posted(question)


REFUSALS: Sequence[str] = (
    "channel_not_found", "is_archived", "not_in_channel", "token_revoked", "account_inactive", "invalid_auth",
    "msg_too_long", "no_text", "restricted_action", "restricted_action_thread_only_channel", "ekm_access_denied",
    "team_access_not_granted", "message_limit_exceeded", "new",
)  # fmt: skip


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("method", [POST, UPDATE])
async def test_a_refusal_is_for_good(world: World, method: str, code: str) -> None:
    """Trying again cannot help; the error names the method and the code, and nothing that was sent."""
    question = await world.asked()
    at = await world.posted(question) if method == UPDATE else None
    world.slack.fail(method, code)
    with pytest.raises(Refused) as refused:
        await world.posted(question, at=at)
    assert (str(refused.value), refused.value.code) == (f"{method}: {code}", code)


@pytest.mark.parametrize("method", [POST, UPDATE])
async def test_blocks_that_a_slack_does_not_take_become_words(world: World, method: str) -> None:
    """An answer in plain words is better than none."""
    question = await world.asked()
    at = await world.posted(question) if method == UPDATE else None
    world.slack.fail(method, "invalid_blocks")
    await world.posted(question, at=at)
    (shown,) = world.thread(question)
    assert shown.visible_text.startswith("At most 240 hours carry over. [1]\nSources: 1 Leave › Annual leave")


async def test_a_message_that_was_deleted_cannot_become_the_answer(world: World) -> None:
    """Somebody took it away: that is an end, not a reason to try for ever."""
    question = await world.asked()
    with pytest.raises(Refused, match="message_not_found"):
        await world.posted(question, at="1772452899.000001")


async def test_what_noting_raises_keeps_the_message_from_being_posted(world: World) -> None:
    """Whoever lost the job writes nothing."""
    question = await world.asked()

    async def lost(state: State, at: str | None) -> None:
        raise SlackUnavailable(f"no note of {state} {at}")

    async with world.replies.open(question, at=None, note=lost) as reply:
        with pytest.raises(SlackUnavailable, match="no note of posting"):
            await reply.answer(ANSWER)
    assert world.count(POST) == 0


async def test_what_breaks_off_leaves_nothing_running(world: World) -> None:
    """A job that is lost shows no more; its session is over."""
    question = await world.asked()
    with pytest.raises(RuntimeError):  # noqa: PT012  (the reply must be open when it breaks)
        async with world.open(question) as reply:
            await reply.sign()
            world.time.pass_by(1.0)
            await wait_until(lambda: world.count(SESSION) == 1, because="a session began")
            raise RuntimeError
    session = world.slack.session("general", question.message)
    assert session is not None
    assert session.status == "active"


# --- nothing of others comes alive ----------------------------------------------------------------------------------

HOSTILE: Sequence[str] = (
    "<!channel> <!here> <!everyone> <@U07BENOKFR2> <!subteam^S07PEOPLEOP> <#C07GENERAL1>",
    "<https://evil.example|the handbook> <mailto:a@evil.example> <slack://channel>",
    "[the handbook](https://evil.example) ![x](https://evil.example/?q=1) <https://evil.example>",
    "[1]: https://evil.example\n[the handbook][1]",
    "@channel @here @everyone #general",
    "*bold* _italic_ ~struck~ > quoted ```fence``` :tada:",
    "| <!here> | b |\n|---|---|\n| [x](https://evil.example) | <@U07BENOKFR2> |",
)


@pytest.mark.parametrize("generator", ["quotes", "some-model"])
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["text", "title", "heading", "path", "owner", "query", "closest", "line"])
async def test_no_text_of_others_comes_alive(world: World, text: str, place: str, generator: str) -> None:
    """Wherever a document or a model has a word, it makes no mention, no image and no link but the source's own."""
    question = await world.asked()
    async with world.open(question) as reply:
        if place == "line":
            await reply.tell(text, again=True)
        else:
            await reply.answer(replace(_with(text, place), backends={"generator": generator}))
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
        owner=text if place == "owner" else "",
        url="file:///leave.md" if place == "path" else LEAVE.url,
    )
    if place == "closest":
        near = replace(worded, title=text)
        return replace(ANSWER, text="The docs don't say.", answered=False, citations=(), closest=(near, near))
    return replace(ANSWER, citations=(worded,))
