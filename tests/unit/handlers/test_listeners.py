"""What the listeners do with each envelope, over ports in memory."""

import pytest

from bot.errors import MemoryUnavailable
from bot.models import ConversationKey
from handlers.mentions import Mentions
from handlers.messages import Messages
from handlers.threads import Threads
from tests.unit.handlers.stand_ins import Jobs, Talks, context, envelope

THREAD = ConversationKey("T0ACME", "C0CANTEEN", "1772452800.000100")


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def talks() -> Talks:
    return Talks()


async def test_a_mention_becomes_one_job_however_often_it_comes(jobs: Jobs, talks: Talks) -> None:
    """Redeliveries of the same event change nothing."""
    for _ in range(4):
        await Mentions(jobs, talks).on_mention(envelope("app_mention"), context())
    assert [question.text for question in jobs.questions] == ["how many hours of annual leave can I roll over?"]


async def test_a_mention_without_words_is_a_question_too(jobs: Jobs, talks: Talks) -> None:
    """Whoever only calls the bot is told what to do, not ignored."""
    body = envelope("app_mention")
    body["event"]["text"] = "<@U0FOOTNOTE>"
    await Mentions(jobs, talks).on_mention(body, context())
    assert [question.text for question in jobs.questions] == [""]


async def test_a_bot_that_mentions_us_is_not_answered(jobs: Jobs, talks: Talks) -> None:
    """Two bots would talk for ever."""
    await Mentions(jobs, talks).on_mention(envelope("bot_mention"), context())
    assert not jobs.questions
    assert not talks.places


async def test_a_mention_takes_part_before_it_is_queued(jobs: Jobs, talks: Talks) -> None:
    """With the queue down nothing is lost, and a follow-up typed at once still finds the thread taken part in."""
    jobs.down = True
    with pytest.raises(MemoryUnavailable):
        await Mentions(jobs, talks).on_mention(envelope("app_mention"), context())
    assert THREAD in talks.places


@pytest.mark.parametrize("name", ["thread_reply", "thread_broadcast"])
async def test_a_follow_up_is_answered_where_the_bot_takes_part(name: str, jobs: Jobs, talks: Talks) -> None:
    """Nobody has to mention the bot twice, and the first answer need not be there yet."""
    await talks.join(THREAD)
    await Threads(jobs, talks).on_message(envelope(name), context())
    assert [question.conversation for question in jobs.questions] == [THREAD]


async def test_a_thread_among_people_is_left_alone(jobs: Jobs, talks: Talks) -> None:
    """Where nobody called the bot, it says nothing."""
    await Threads(jobs, talks).on_message(envelope("thread_reply"), context())
    assert not jobs.questions


async def test_the_bot_leaves_when_somebody_else_is_addressed(jobs: Jobs, talks: Talks) -> None:
    """A message to a colleague is not answered, nor is what follows it, until the bot is mentioned again."""
    await talks.join(THREAD)
    threads = Threads(jobs, talks)
    await threads.on_message(envelope("thread_reply_to_a_colleague"), context())
    await threads.on_message(envelope("thread_reply"), context())
    assert not jobs.questions
    await Mentions(jobs, talks).on_mention(envelope("app_mention_in_thread"), context())
    await threads.on_message(envelope("thread_broadcast"), context())
    assert [question.text for question in jobs.questions] == ["and for part-timers?", "and when is the deadline?"]


async def test_a_mention_in_a_thread_is_left_to_its_own_event(jobs: Jobs, talks: Talks) -> None:
    """Naming the bot beside a colleague neither asks twice nor makes it leave."""
    await talks.join(THREAD)
    body = envelope("thread_reply")
    body["event"]["text"] = "<@U0FOOTNOTE> is <@U0BEN> right?"
    await Threads(jobs, talks).on_message(body, context())
    assert not jobs.questions
    assert THREAD in talks.places


async def test_a_wordless_follow_up_is_no_question(jobs: Jobs, talks: Talks) -> None:
    """A picture put into the thread asks nothing."""
    await talks.join(THREAD)
    body = envelope("thread_reply")
    body["event"] |= {"text": "", "subtype": "file_share"}
    await Threads(jobs, talks).on_message(body, context())
    assert not jobs.questions


@pytest.mark.parametrize("name", ["bot_message", "own_reply", "message_changed", "message_deleted"])
async def test_what_no_person_wrote_is_passed_over_in_threads(name: str, jobs: Jobs, talks: Talks) -> None:
    """Other bots, our own replies, edits and deletions ask nothing, even where the bot takes part."""
    await talks.join(THREAD)
    await Threads(jobs, talks).on_message(envelope(name), context())
    await Messages(jobs).on_message(envelope(name), context())
    assert not jobs.questions


@pytest.mark.parametrize("name", ["direct_message", "direct_message_reply"])
async def test_every_direct_message_is_a_question(name: str, jobs: Jobs) -> None:
    """In a direct message nobody else can be meant."""
    await Messages(jobs).on_message(envelope(name), context())
    assert [question.private for question in jobs.questions] == [True]


@pytest.mark.parametrize("name", ["channel_message", "channel_join", "message_that_is_a_mention"])
async def test_the_talk_of_a_channel_passes(name: str, jobs: Jobs) -> None:
    """What is said in a channel is not ours to answer, or comes as a mention of its own."""
    await Messages(jobs).on_message(envelope(name), context())
    assert not jobs.questions


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("thread_reply", True),
        ("group_message_reply", True),
        ("bot_message", True),
        ("direct_message_reply", False),
        ("channel_message", False),
        ("message_that_is_a_mention", False),
    ],
)
async def test_which_messages_threads_takes(name: str, jobs: Jobs, talks: Talks, *, theirs: bool) -> None:
    """Replies in a channel or a group message; direct messages have a listener of their own."""
    assert await Threads(jobs, talks).is_in_channel_thread(envelope(name)["event"]) == theirs
