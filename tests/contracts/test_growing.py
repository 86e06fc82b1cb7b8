"""Replies that people see grow: streams, edits and statuses, within what Slack allows, and whole at the end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from bot.errors import LeaseLost, SlackUnavailable, Stopped
from bot.models import Question
from bot.playground import Message
from bot.ports.slack import Reply
from bot.records import State
from handlers.calls import Calls
from handlers.growing import GrowingReply
from handlers.pace import Pace
from handlers.posting import MARK, Posting
from handlers.streams import CROWD, OpenStreams, Stream
from tests.contracts.replies_rig import ANSWER, LONG, SENTENCES, World, opened
from tests.waiting import wait_until

STATUS, POST, UPDATE = "assistant.threads.setStatus", "chat.postMessage", "chat.update"
START, APPEND, STOP = "chat.startStream", "chat.appendStream", "chat.stopStream"
SESSION, DELETE = "agents.sessions.setStatus", "chat.delete"
CALM = 20
"""Turns of the loop in which nothing happens, after which nothing will."""
MORE = "".join(SENTENCES[1:8])
"""Enough for the next piece."""


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with opened() as here:
        yield here


def is_whole(message: Message) -> bool:
    """Whether the long answer stands there, once, with what belongs below it."""
    text = message.visible_text
    once = all(text.count(sentence.strip()) == 1 for sentence in SENTENCES)
    return once and not message.is_streaming and "Ask a person" in text and "…" not in text


async def late(world: World) -> None:
    """Let the answer take longer than a second, and wait until that has shown."""
    sessions = world.count(SESSION)
    world.time.pass_by(1.0)
    await wait_until(lambda: world.count(SESSION) > sessions, because="the session began")


# --- as it should be ------------------------------------------------------------------------------------------------


async def test_a_long_answer_is_streamed_and_becomes_one_message(world: World) -> None:
    """What is there after a second begins it, what belongs below ends it; it carries the mark like any other."""
    question = await world.asked()
    async with world.open(question) as reply:
        shown = await world.stream(question, reply)
        assert shown.is_streaming
        assert shown.visible_text.strip() == SENTENCES[0].strip()
        await world.say_on(reply, MORE)
        assert world.thread(question)[0].visible_text.count("Rule number") == 8
        await reply.answer(LONG)
    (whole,) = world.thread(question)
    assert (whole.ts, is_whole(whole)) == (shown.ts, True)
    assert whole.metadata == {"event_type": MARK, "event_payload": {"question_id": question.id}}
    assert world.methods == [STATUS, SESSION, START, APPEND, STOP]
    assert world.noted == [(State.STREAMING, None), (State.SIGNED, shown.ts)]
    assert await world.replies.find(question, streaming=False) == shown.ts


async def test_a_stream_says_whom_it_is_for(world: World) -> None:
    """Slack refuses one in a channel otherwise, and, as others measured, in a direct message too."""
    for channel in ("general", "dm-ana"):
        question = await world.asked(channel)
        async with world.open(question) as reply:
            await world.stream(question, reply)
            await reply.answer(LONG)
    for sent in world.sent(START):
        assert (sent["recipient_team_id"], sent["recipient_user_id"]) == (world.slack.team_id, question.asker)


@pytest.mark.parametrize(("steps", "statuses", "pieces"), [(0, 1, 4), (1, 2, 3), (5, 3, 2)])
async def test_an_answer_of_1500_characters_takes_at_most_eight_calls(steps: int, statuses: int, pieces: int) -> None:
    """Though there were time for a call after each sentence: steps that were told leave fewer pieces."""
    async with opened(hurried=True) as world:
        question = await world.asked()
        async with world.open(question) as reply:
            await reply.sign()
            for step in range(steps):
                reply.step(f"Reading {step} passages…")
                await quiet(reply)
            for sentence in SENTENCES:
                reply.say(sentence)
                await quiet(reply)
            await reply.answer(LONG)
        assert len(LONG.text) >= 1_500
        assert world.methods.count(STATUS) == statuses
        assert world.methods.count(APPEND) == pieces
        assert len(world.methods) == 8
        assert is_whole(world.thread(question)[0])


async def test_a_longer_answer_takes_a_few_more() -> None:
    """One for each four hundred characters beyond."""
    text = "".join(SENTENCES * 3).strip()
    async with opened(hurried=True) as world:
        question = await world.asked()
        async with world.open(question) as reply:
            await reply.sign()
            for sentence in SENTENCES * 3:
                reply.say(sentence)
                await quiet(reply)
            await reply.answer(replace(LONG, text=text))
        assert 8 < len(world.methods) <= 8 + (len(text) - 1_500) // 400


async def quiet(reply: Reply) -> None:
    """Wait until what was said is shown, or is not going to be."""
    assert isinstance(reply, GrowingReply)
    calm = 0
    while calm < CALM:
        await asyncio.sleep(0)
        working = reply._news.is_set() or reply._busy.locked()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (it shows nowhere else)
        calm = 0 if working else calm + 1


async def test_steps_are_shown_while_there_is_time_to_read_them(world: World) -> None:
    """The last of those that came within a second, and none once the text comes."""
    question = await world.asked()
    async with world.open(question) as reply:
        await reply.sign()
        reply.step("Searching")
        reply.step("Reading 8 passages…")
        await late(world)
        await wait_until(lambda: world.count(STATUS) == 2, because="the step was shown")
        assert world.slack.status("general", question.message) == "Reading 8 passages…"
        reply.step("Writing…")
        reply.say(SENTENCES[0])
        await wait_until(lambda: world.count(START) == 1, because="a stream began")
        await reply.answer(LONG)
    assert world.count(STATUS) == 2
    assert world.slack.status("general", question.message) is None


async def test_what_takes_long_can_be_stopped(world: World) -> None:
    """The session says that we are at it, in a direct message under a title, and then that we are not."""
    for channel in ("general", "dm-ana"):
        question = await world.asked(channel)
        async with world.open(question) as reply:
            await reply.sign()
            await late(world)
            session = world.slack.session(channel, question.message)
            assert session is not None
            assert session.status == "processing"
            assert session.title == ("how many hours?" if question.private else "")
            await reply.answer(ANSWER)
        session = world.slack.session(channel, question.message)
        assert session is not None
        assert session.status == "active"


async def test_a_stop_button_that_may_stand_is_taken_away(world: World) -> None:
    """Slack took the session, and nobody heard so: the connection broke, or the reply ended while it was on its way."""
    world.slack.cut(SESSION, times=2)
    broken = await world.asked()
    async with world.open(broken):
        await late(world)
        await wait_until(lambda: world.count(SESSION) == 2, because="it was tried once more")
    world.slack.hang(SESSION)
    left = await world.asked()
    async with world.open(left):
        await late(world)
    for question in (broken, left):
        session = world.slack.session(question.conversation.channel, question.conversation.thread)
        assert session is not None
        assert session.status == "active"


async def test_a_slack_without_sessions_is_not_asked_again_and_again(world: World) -> None:
    """An app that is no agent answers all the same."""
    world.slack.fail(SESSION, "not_allowed_token_type")
    for _ in range(2):
        question = await world.asked()
        async with world.open(question) as reply:
            await world.stream(question, reply)
            await reply.answer(LONG)
        assert is_whole(world.thread(question)[0])
    assert world.count(SESSION) == 1
    assert all("session_status" not in sent for sent in world.sent(STOP))


# --- where there is no stream ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["channel_type_not_supported", "restricted_action", "missing_recipient_user_id", "user_not_found", "new"]
)
async def test_where_streams_are_refused_the_answer_is_posted(world: World, code: str) -> None:
    """And for a while none is tried in that channel."""
    world.slack.fail(START, code)
    for _ in range(2):
        question = await world.asked()
        async with world.open(question) as reply:
            await reply.sign()
            reply.say(SENTENCES[0])
            await late(world)
            await wait_until(lambda: world.count(START) == 1, because="a stream was tried")
            await reply.answer(LONG)
        (shown,) = world.thread(question)
        assert is_whole(shown)
    assert world.count(START) == 1


async def test_a_stream_that_must_wait_is_not_begun(world: World) -> None:
    """The answer is posted; nothing waits for its sake."""
    world.slack.fail(START, retry_after=30)
    question = await world.asked()
    async with world.open(question) as reply:
        await reply.sign()
        reply.say(SENTENCES[0])
        await late(world)
        await wait_until(lambda: world.count(START) == 1, because="a stream was tried")
        reply.say(MORE)
        await reply.answer(LONG)
    assert is_whole(world.thread(question)[0])
    assert world.count(START) == 1


async def test_a_placeholder_grows_by_edits(world: World) -> None:
    """Never a second message beside it."""
    world.slack.fail(STATUS, "missing_scope")
    question = await world.asked()
    async with world.open(question) as reply:
        await reply.sign()
        await late(world)
        await world.say_on(reply, MORE, seconds=3.0)
        (growing,) = world.thread(question)
        assert growing.visible_text.count("Rule number") == 7
        assert "stop" in growing.buttons
        await reply.answer(LONG)
    (shown,) = world.thread(question)
    assert is_whole(shown)
    assert "stop" not in shown.buttons
    assert START not in world.methods


async def test_an_earlier_reply_grows_by_edits_whatever_it_is(world: World) -> None:
    """A stream that a worker left open is ended first."""
    question = await world.asked()
    async with world.open(question) as reply:
        shown = await world.stream(question, reply)
    assert world.thread(question)[0].is_streaming
    async with world.open(question, at=shown.ts) as reply:
        await reply.sign()
        await late(world)
        await world.say_on(reply, MORE, seconds=3.0)
        await wait_until(lambda: world.count(STOP) == 1, because="the stream was ended")
        await reply.answer(LONG)
    (whole,) = world.thread(question)
    assert (whole.ts, is_whole(whole)) == (shown.ts, True)


# --- streams that break ---------------------------------------------------------------------------------------------


async def test_a_stream_that_is_over_is_finished_by_an_edit(world: World) -> None:
    """Slack ends them after five minutes."""
    question = await world.asked()
    async with world.open(question) as reply:
        shown = await world.stream(question, reply)
        world.time.pass_by(301)
        await world.say_on(reply, MORE)
        await reply.answer(LONG)
    (whole,) = world.thread(question)
    assert (whole.ts, is_whole(whole)) == (shown.ts, True)
    assert STOP not in world.methods


APPENDS = ["message_not_in_streaming_state", "message_not_owned_by_app", "ratelimited", "internal_error", "new"]


@pytest.mark.parametrize("code", APPENDS)
async def test_a_piece_that_is_refused_is_in_the_answer(world: World, code: str) -> None:
    """Once, whatever became of the piece."""
    question = await world.asked()
    async with world.open(question) as reply:
        shown = await world.stream(question, reply)
        world.slack.fail(APPEND, code)
        await world.say_on(reply, MORE)
        await reply.answer(LONG)
    (whole,) = world.thread(question)
    assert (whole.ts, is_whole(whole)) == (shown.ts, True)


@pytest.mark.parametrize("accept", [True, False])
async def test_a_piece_that_may_have_arrived_is_not_sent_again(world: World, *, accept: bool) -> None:
    """Nobody knows what stands there, so that the whole answer takes its place."""
    question = await world.asked()
    async with world.open(question) as reply:
        shown = await world.stream(question, reply)
        world.slack.cut(APPEND, accept=accept)
        await world.say_on(reply, MORE)
        reply.say(MORE)
        await reply.answer(LONG)
    (whole,) = world.thread(question)
    assert (whole.ts, is_whole(whole)) == (shown.ts, True)
    assert world.count(APPEND) == 1


@pytest.mark.parametrize(
    "code",
    ["message_not_in_streaming_state", "msg_blocks_too_many", "invalid_blocks", "streaming_mode_mismatch", "new"],
)
async def test_an_end_that_is_refused_is_an_edit(world: World, code: str) -> None:
    """The stream is ended bare, and then the message is edited."""
    question = await world.asked()
    async with world.open(question) as reply:
        shown = await world.stream(question, reply)
        world.slack.fail(STOP, code)
        await reply.answer(LONG)
    (whole,) = world.thread(question)
    assert (whole.ts, is_whole(whole)) == (shown.ts, True)


@pytest.mark.parametrize("accept", [True, False])
async def test_an_end_whose_connection_breaks_is_made_again(world: World, *, accept: bool) -> None:
    """Ending twice is ending once."""
    question = await world.asked()
    async with world.open(question) as reply:
        await world.stream(question, reply)
        world.slack.cut(STOP, accept=accept)
        await reply.answer(LONG)
    assert is_whole(world.thread(question)[0])


async def test_an_answer_that_goes_on_otherwise_replaces_what_was_said(world: World) -> None:
    """A model that broke and was asked anew may choose other words."""
    question = await world.asked()
    async with world.open(question) as reply:
        shown = await world.stream(question, reply, "It was never so. ")
        await reply.answer(LONG)
    (whole,) = world.thread(question)
    assert (whole.ts, is_whole(whole)) == (shown.ts, True)
    assert "It was never so" not in whole.visible_text


@pytest.mark.parametrize("accept", [True, False])
async def test_a_stream_that_nobody_knows_of_ends_the_try(world: World, *, accept: bool) -> None:
    """The next one finds it, or finds nothing and posts: one message in the end."""
    question = await world.asked()
    world.slack.cut(START, accept=accept)
    async with world.open(question) as reply:
        await reply.sign()
        reply.say(SENTENCES[0])
        await late(world)
        await wait_until(lambda: world.count(START) == 1, because="a stream was tried")
        for ending in (reply.answer(LONG), reply.tell("Search is unavailable."), reply.withdraw()):
            with pytest.raises(SlackUnavailable):
                await ending
    assert world.noted == [(State.STREAMING, None)]
    assert (await world.replies.find(question, streaming=False)) is None
    at = await world.replies.find(question, streaming=True)
    assert (at is not None) == accept
    await world.posted(question, LONG, at=at)
    (whole,) = world.thread(question)
    assert is_whole(whole)


@pytest.mark.parametrize("accept", [True, False])
async def test_who_stores_the_answer_hears_of_every_message_that_may_stand(world: World, *, accept: bool) -> None:
    """While a stream is begun, and when it is not known whether it was, no new message is going to be posted."""
    question, told = await world.asked(), list[tuple[State, str | None, bool]]()
    world.slack.cut(START, accept=accept)

    async def note(state: State, at: str | None) -> None:
        told.append((state, at, reply.unposted))

    async with world.replies.open(question, at=None, note=note) as reply:
        assert reply.unposted
        reply.say(SENTENCES[0])
        await late(world)
        await wait_until(lambda: world.count(START) == 1, because="a stream was tried")
        with pytest.raises(SlackUnavailable):
            await reply.answer(LONG)
        assert (told, reply.unposted) == ([(State.STREAMING, None, False)], False)
    async with world.open(question, at=await world.posted(question, LONG)) as again:
        assert not again.unposted


@pytest.mark.parametrize("accept", [True, False])
async def test_no_stream_begins_beside_a_placeholder_that_nobody_knows_of(world: World, *, accept: bool) -> None:
    """Else two messages might stand, of which the next try would find one."""
    question = await world.asked()
    world.slack.fail(STATUS, "channel_type_not_supported")
    world.slack.cut(POST, accept=accept)
    async with world.open(question) as reply:
        with pytest.raises(SlackUnavailable):
            await reply.sign()
        reply.say(SENTENCES[0])
        await late(world)
        for _ in range(CALM):
            await asyncio.sleep(0)
        with pytest.raises(SlackUnavailable):
            await reply.answer(LONG)
    assert world.count(START) == 0
    assert world.noted == [(State.POSTING, None)]
    await world.posted(question, LONG, at=await world.replies.find(question, streaming=False))
    (whole,) = world.thread(question)
    assert is_whole(whole)


async def test_whoever_lost_the_job_streams_nothing(world: World) -> None:
    """The note before it fails, and so does the answer."""
    question = await world.asked()

    async def lost(state: State, at: str | None) -> None:
        raise LeaseLost(f"{state} {at}")

    async with world.replies.open(question, at=None, note=lost) as reply:
        await reply.sign()
        reply.say(SENTENCES[0])
        await late(world)
        with pytest.raises(LeaseLost):
            await reply.answer(LONG)
    assert START not in world.methods


# --- stopping and taking back ---------------------------------------------------------------------------------------


async def test_who_stops_it_in_slack_is_obeyed(world: World) -> None:
    """The answer does not come after all, and what stands says so."""
    question = await world.asked()
    async with world.open(question) as reply:
        shown = await world.stream(question, reply)
        await world.slack.stop("ana", "general", question.message)
        await world.say_on(reply, MORE)
        with pytest.raises(Stopped):
            await reply.answer(LONG)
        await reply.tell("Stopped.", again=True)
    (stopped,) = world.thread(question)
    assert (stopped.ts, stopped.visible_text.splitlines()) == (shown.ts, ["Stopped.", "Answer anyway"])


@pytest.mark.parametrize("state", ["streaming", "over"])
async def test_a_line_ends_what_grows(world: World, state: str) -> None:
    """Whoever stopped it elsewhere, or whatever broke."""
    question = await world.asked()
    async with world.open(question) as reply:
        shown = await world.stream(question, reply)
        if state == "over":
            world.time.pass_by(301)
        await reply.tell("Stopped.", again=True)
    (told,) = world.thread(question)
    assert (told.ts, told.is_streaming) == (shown.ts, False)
    assert told.visible_text.startswith("Stopped.")
    assert await world.replies.find(question, streaming=False) == shown.ts


async def test_a_stream_is_taken_back(world: World) -> None:
    """Ended, then deleted."""
    question = await world.asked()
    async with world.open(question) as reply:
        await world.stream(question, reply)
        await reply.withdraw()
    assert world.thread(question) == []
    assert world.methods[-3:] == [STOP, DELETE, SESSION]


# --- within what Slack allows ---------------------------------------------------------------------------------------


async def streamed_at_once(world: World, questions: list[Question]) -> None:
    async def one(question: Question) -> None:
        async with world.open(question) as reply:
            await reply.sign()
            for sentence in SENTENCES:
                reply.say(sentence)
                await world.time.sleep(0.1)
            await reply.answer(LONG)

    await asyncio.gather(*(one(question) for question in questions))


async def test_twenty_answers_at_once_stay_within_the_limits() -> None:
    """All are whole in the end, and no call came before Slack wanted it.

    A call that is on its way while time jumps may arrive with later ones, and be told to wait: that is obeyed.
    """
    async with opened(rate_limits=True, hurried=True, patience=600.0) as world:
        questions = [await world.asked() for _ in range(CROWD)]
        await streamed_at_once(world, questions)
        assert all(is_whole(world.thread(question)[0]) for question in questions)
        assert world.slack.too_early() == []
        assert world.count(START) > 0


async def test_in_a_crowd_answers_come_in_one_piece() -> None:
    """Each shows its sign of life and then stands whole; once there is room, what is left grows as usual."""
    async with opened() as world, AsyncExitStack() as others:
        for _ in range(CROWD):
            await others.enter_async_context(world.open(await world.asked()))
        question = await world.asked()
        async with world.open(question) as reply:
            await reply.sign()
            reply.say(LONG.text[:400])
            world.time.pass_by(10)
            await asyncio.sleep(0)
            await reply.answer(LONG)
        assert world.methods == [STATUS, POST]
        await others.aclose()
        another = await world.asked()
        async with world.open(another) as reply:
            await world.stream(another, reply)
            await reply.answer(LONG)
        assert world.count(START) == 1


async def test_nobody_calls_before_slack_wants_it() -> None:
    """Another process used the room up: the first call is told so, and all others of ours wait as well."""
    async with opened(rate_limits=True, hurried=True, patience=600.0) as world:
        questions = [await world.asked() for _ in range(6)]
        others = Calls(world.replies.call.client, pace=Pace({}))
        for _ in range(5):
            await others(POST, repeatable=False, channel=world.slack.id_of("general"), text="me first")
        began = world.time.now
        await asyncio.gather(*(world.posted(question) for question in questions))
        refused = [call for call in world.slack.calls if call.status == 429]
        assert [call.method for call in refused] == [POST]
        assert world.time.now - began >= 5
        assert all(len(world.thread(question)) == 1 for question in questions)


async def test_a_conversation_of_one_person_has_a_title_however_quick_its_answer() -> None:
    """Once, from its first question; in a channel there is none."""
    async with opened() as world:
        first = await world.asked("dm-ana")
        await world.posted(first)
        session = world.slack.session("dm-ana", first.message)
        assert session is not None
        assert (session.status, session.title) == ("active", "how many hours?")
        before = world.count(SESSION)
        await world.posted(await world.asked("dm-ana", thread=first.message))
        await world.posted(await world.asked())
        assert world.count(SESSION) == before


async def test_a_stream_is_begun_only_where_its_end_has_room() -> None:
    """Twenty ends a minute for all: those of the streams that are open are spoken for."""
    async with opened(rate_limits=True) as world:
        call = world.replies.call
        for _ in range(18):
            await call.pace.turn(STOP, patience=0)
        question = await world.asked()
        stream = Stream(Posting(call, question), OpenStreams(count=1))
        assert stream.may_begin()
        await stream.begin("At most")
        assert not stream.may_begin()
        await stream.end()
        assert not stream.may_begin()
        world.time.pass_by(61)
        assert stream.may_begin()


async def test_without_room_for_its_end_an_answer_is_posted() -> None:
    """And nothing waits for room."""
    async with opened(rate_limits=True) as world:
        for _ in range(20):
            await world.replies.call.pace.turn(STOP, patience=0)
        question = await world.asked()
        async with world.open(question) as reply:
            await reply.sign()
            reply.say(SENTENCES[0])
            await late(world)
            await quiet(reply)
            await reply.answer(LONG)
        assert START not in world.methods
        assert is_whole(world.thread(question)[0])
