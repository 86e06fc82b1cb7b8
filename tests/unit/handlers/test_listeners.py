"""What the listeners of messages do with each envelope, over ports in memory."""

from typing import Any

import pytest

from bot.channels import Mode
from bot.errors import MemoryUnavailable
from bot.jobs import AnswerQuestion, OfferAnswer
from bot.models import ConversationKey
from handlers.mentions import Mentions
from handlers.messages import Messages
from handlers.threads import Threads
from tests.tray import Tray
from tests.unit.handlers.stand_ins import Stores, Talks, context, envelope

THREAD = ConversationKey("T0ACME", "C0CANTEEN", "1772452800.000100")


@pytest.fixture
def stores() -> Stores:
    return Stores()


@pytest.fixture
def jobs(stores: Stores) -> Tray:
    return stores.jobs


@pytest.fixture
def talks(stores: Stores) -> Talks:
    return stores.talks


@pytest.fixture
def threads(stores: Stores) -> Threads:
    return Threads(stores.jobs, stores.talks, stores.behaviour())


@pytest.fixture
def messages(stores: Stores) -> Messages:
    return Messages(stores.jobs, stores.behaviour())


async def test_a_mention_becomes_one_job_however_often_it_comes(jobs: Tray, talks: Talks) -> None:
    """Redeliveries of the same event change nothing."""
    for _ in range(4):
        await Mentions(jobs, talks).on_mention(envelope("app_mention"), context())
    assert [question.text for question in jobs.questions] == ["how many hours of annual leave can I roll over?"]


async def test_a_mention_without_words_is_a_question_too(jobs: Tray, talks: Talks) -> None:
    """Whoever only calls the bot is told what to do, not ignored."""
    body = envelope("app_mention")
    body["event"]["text"] = "<@U0FOOTNOTE>"
    await Mentions(jobs, talks).on_mention(body, context())
    assert [question.text for question in jobs.questions] == [""]


async def test_an_edited_mention_is_left_to_the_change_that_comes_besides(jobs: Tray, talks: Talks) -> None:
    """Slack sends both; heard twice, the question would be answered twice."""
    body = envelope("app_mention")
    body["event"]["edited"] = {"user": body["event"]["user"], "ts": "1772452860.000000"}
    await Mentions(jobs, talks).on_mention(body, context())
    assert jobs.questions == []


async def test_a_bot_that_mentions_us_is_not_answered(jobs: Tray, talks: Talks) -> None:
    """Two bots would talk for ever."""
    await Mentions(jobs, talks).on_mention(envelope("bot_mention"), context())
    assert not jobs.questions
    assert not talks.places


async def test_a_mention_takes_part_before_it_is_queued(jobs: Tray, talks: Talks) -> None:
    """With the queue down nothing is lost, and a follow-up typed at once still finds the thread taken part in."""
    jobs.down = True
    with pytest.raises(MemoryUnavailable):
        await Mentions(jobs, talks).on_mention(envelope("app_mention"), context())
    assert THREAD in talks.places


@pytest.mark.parametrize("name", ["thread_reply", "thread_broadcast"])
async def test_a_follow_up_is_answered_where_the_bot_takes_part(
    name: str, jobs: Tray, talks: Talks, threads: Threads
) -> None:
    """Nobody has to mention the bot twice, and the first answer need not be there yet."""
    await talks.join(THREAD)
    await threads.on_message(envelope(name), context())
    assert [question.conversation for question in jobs.questions] == [THREAD]


async def test_a_thread_among_people_is_left_alone(jobs: Tray, threads: Threads) -> None:
    """Where nobody called the bot, it says nothing."""
    await threads.on_message(envelope("thread_reply"), context())
    assert not jobs.questions


async def test_the_bot_leaves_when_somebody_else_is_addressed(jobs: Tray, talks: Talks, threads: Threads) -> None:
    """A message to a colleague is not answered, nor is what follows it, until the bot is mentioned again."""
    await talks.join(THREAD)
    await threads.on_message(envelope("thread_reply_to_a_colleague"), context())
    await threads.on_message(envelope("thread_reply"), context())
    assert not jobs.questions
    await Mentions(jobs, talks).on_mention(envelope("app_mention_in_thread"), context())
    await threads.on_message(envelope("thread_broadcast"), context())
    assert [question.text for question in jobs.questions] == ["and for part-timers?", "and when is the deadline?"]


async def test_a_mention_in_a_thread_is_left_to_its_own_event(jobs: Tray, talks: Talks, threads: Threads) -> None:
    """Naming the bot beside a colleague neither asks twice nor makes it leave."""
    await talks.join(THREAD)
    body = envelope("thread_reply")
    body["event"]["text"] = "<@U0FOOTNOTE> is <@U0BEN> right?"
    await threads.on_message(body, context())
    assert not jobs.questions
    assert THREAD in talks.places


async def test_a_wordless_follow_up_is_no_question(jobs: Tray, talks: Talks, threads: Threads) -> None:
    """A picture put into the thread asks nothing."""
    await talks.join(THREAD)
    body = envelope("thread_reply")
    body["event"] |= {"text": "", "subtype": "file_share"}
    await threads.on_message(body, context())
    assert not jobs.questions


@pytest.mark.parametrize(
    "name",
    ["bot_message", "own_reply", "workflow_post", "slackbot_message", "bot_edit", "message_unfurled", "channel_join"],
)
async def test_what_no_person_wrote_is_passed_over_in_threads(
    name: str, jobs: Tray, talks: Talks, threads: Threads, messages: Messages
) -> None:
    """Other bots, workflows, Slackbot, our own replies and previews ask nothing, even where the bot takes part."""
    await talks.join(THREAD)
    await threads.on_message(envelope(name), context())
    await messages.on_message(envelope(name), context())
    assert not jobs.questions


@pytest.mark.parametrize("name", ["direct_message", "direct_message_reply"])
async def test_every_direct_message_is_a_question(name: str, jobs: Tray, messages: Messages) -> None:
    """In a direct message nobody else can be meant."""
    await messages.on_message(envelope(name), context())
    assert [question.private for question in jobs.questions] == [True]


@pytest.mark.parametrize("name", ["channel_message", "channel_join", "message_that_is_a_mention"])
async def test_the_talk_of_a_channel_passes(name: str, jobs: Tray, messages: Messages) -> None:
    """What is said in a channel is not ours to answer, or comes as a mention of its own."""
    await messages.on_message(envelope(name), context())
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
async def test_which_messages_threads_takes(name: str, threads: Threads, *, theirs: bool) -> None:
    """Replies in a channel or a group message; direct messages have a listener of their own."""
    assert await threads.is_in_channel_thread(envelope(name)["event"]) == theirs


# --- modes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "kind"), [("continue", AnswerQuestion), ("offer", OfferAnswer), ("mention", None)])
async def test_the_channel_decides_how_a_thread_goes_on(
    mode: Mode, kind: type[AnswerQuestion | OfferAnswer] | None, stores: Stores, threads: Threads
) -> None:
    """Answered, offered to the writer, or left until somebody mentions the bot."""
    stores.settings.put("C0CANTEEN", mode=mode)
    await stores.talks.join(THREAD)
    await threads.on_message(envelope("thread_reply"), context())
    assert [type(job) for job in stores.jobs.appended] == ([kind] if kind else [])


async def test_a_follow_up_says_that_nobody_named_us(stores: Stores, threads: Threads) -> None:
    """The worker stays out when people turn out to talk to each other."""
    await stores.talks.join(THREAD)
    await threads.on_message(envelope("thread_reply"), context())
    assert [question.addressed for question in stores.jobs.questions] == ["followed"]


@pytest.mark.parametrize("said", ["thanks!", "I think it does", ":tada:", "see https://acme.example/?a=1"])
async def test_talk_in_a_thread_is_not_answered(said: str, stores: Stores, threads: Threads) -> None:
    """Only what asks is a follow-up."""
    await stores.talks.join(THREAD)
    body = envelope("thread_reply")
    body["event"]["text"] = said
    await threads.on_message(body, context())
    assert not stores.jobs.appended


async def test_settings_are_asked_for_once_in_ten_seconds(stores: Stores, threads: Threads) -> None:
    """A busy thread costs one look, and a change counts soon."""
    await stores.talks.join(THREAD)
    for _ in range(3):
        await threads.on_message(envelope("thread_reply"), context())
    assert stores.settings.reads == 1
    stores.settings.put("C0CANTEEN", mode="offer")
    stores.seconds = 10.0
    body = envelope("thread_reply")
    body["event_id"], body["event"] = "Ev2", body["event"] | {"ts": "1772452899.000300", "client_msg_id": "2"}
    await threads.on_message(body, context())
    assert [type(job) for job in stores.jobs.appended] == [AnswerQuestion, OfferAnswer]


# --- questions that a channel leaves to the bot ---------------------------------------------------------------------


async def test_an_open_question_is_overheard_where_an_admin_said_so(stores: Stores, messages: Messages) -> None:
    """Marked as overheard: it is answered only when the answer is sure."""
    stores.settings.put("C0CANTEEN", auto_answer=True)
    await messages.on_message(spoken("When is lunch today?"), context())
    assert [question.addressed for question in stores.jobs.questions] == ["overheard"]
    assert not stores.talks.places


@pytest.mark.parametrize(
    "said", ["<@U0BEN> when is lunch?", "<!here> when is lunch?", "<@U0FOOTNOTE> when is lunch?", "lunch is at noon"]
)
async def test_what_names_somebody_or_asks_nothing_is_not_overheard(
    said: str, stores: Stores, messages: Messages
) -> None:
    """A question to a colleague is theirs, one to us comes as a mention, and talk is talk."""
    stores.settings.put("C0CANTEEN", auto_answer=True)
    await messages.on_message(spoken(said), context())
    assert not stores.jobs.appended


async def test_an_open_question_elsewhere_costs_one_look(stores: Stores, messages: Messages) -> None:
    """Channels are quiet unless an admin decides otherwise, and talk is not even looked up."""
    await messages.on_message(spoken("lunch is at noon"), context())
    assert stores.settings.reads == 0
    await messages.on_message(spoken("When is lunch?"), context())
    assert (stores.settings.reads, stores.jobs.appended) == (1, [])


def spoken(text: str) -> dict[str, Any]:
    """A message at the top of a channel."""
    body = envelope("channel_message")
    body["event"]["text"] = text
    return body
