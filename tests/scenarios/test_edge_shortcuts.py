"""From a shortcut in a message's menu to one job in the queue, over both transports."""

from collections.abc import AsyncGenerator

import pytest

from bot.jobs import SummariseThread
from bot.models import ConversationKey
from tests.scenarios.edge import Edge, http_edge, socket_edge

GENERAL = "C07GENERAL1"
TEAM = "T07PLAYGRND"


@pytest.fixture(params=["socket", "http"])
async def edge(request: pytest.FixtureRequest) -> AsyncGenerator[Edge]:
    """The edge over each transport in turn."""
    async with socket_edge() if request.param == "socket" else http_edge() as opened:
        yield opened


def only(edge: Edge) -> object:
    """The one job there is."""
    (job,) = edge.jobs.appended
    return job


async def test_a_chosen_message_is_answered_in_its_thread(edge: Edge) -> None:
    """The form asks where; what is asked are the words of the message, by whoever chose it."""
    root = await edge.slack.say("ana", "general", "about leave")
    ts = await edge.slack.say("ana", "general", "how many days do I have?", thread_ts=root)
    await edge.slack.message_shortcut("ben", "general", ts, "answer_this")
    assert edge.jobs.appended == []
    await edge.slack.submit(edge.form("ben").id, {"where": "thread"})
    (question,) = edge.jobs.questions
    assert (question.id, question.text) == (f"{TEAM}/{GENERAL}/{ts}/by-shortcut", "how many days do I have?")
    assert (question.asker, question.conversation.thread) == (edge.slack.id_of("ben"), root)
    assert not question.private
    assert question.conversation in edge.talks.places
    assert edge.slack.modal("ben") is None


async def test_a_chosen_message_is_answered_to_one_person_alone(edge: Edge) -> None:
    """In a conversation of its own, so that nothing of it shows up in the thread's."""
    ts = await edge.slack.say("ana", "general", "how many days do I have?")
    await edge.slack.message_shortcut("ben", "general", ts, "answer_this")
    await edge.slack.submit(edge.form("ben").id, {"where": "me"})
    (question,) = edge.jobs.questions
    assert question.private
    assert question.reply_url.startswith(edge.slack.address)
    assert question.conversation.thread.startswith("ask-")
    assert not edge.talks.places


async def test_where_we_are_no_member_a_chosen_message_is_answered_to_one_person_alone(edge: Edge) -> None:
    """A shortcut works everywhere; an answer in a thread that we cannot write in would never come."""
    ts = await edge.slack.say("ana", "general", "how many days do I have?")
    await edge.slack.leave("bot", "general")
    await edge.slack.message_shortcut("ben", "general", ts, "answer_this")
    with pytest.raises(LookupError):
        await edge.slack.submit(edge.form("ben").id, {"where": "thread"})
    await edge.slack.submit(edge.form("ben").id, {"where": "me"})
    assert [question.private for question in edge.jobs.questions] == [True]


async def test_when_slack_is_slow_both_ways_are_offered(edge: Edge) -> None:
    """Most shortcuts are used where we are."""
    ts = await edge.slack.say("ana", "general", "how many days do I have?")
    edge.slack.fail("conversations.info", "internal_error")
    await edge.slack.message_shortcut("ben", "general", ts, "answer_this")
    await edge.slack.submit(edge.form("ben").id, {"where": "thread"})
    assert [question.private for question in edge.jobs.questions] == [False]


async def test_in_direct_messages_a_chosen_message_is_answered_to_one_person_alone(edge: Edge) -> None:
    """People's direct messages are closed to us, and nothing tells them from ours."""
    ts = await edge.slack.say("ana", "dm-ana", "how many days do I have?")
    await edge.settled()
    await edge.slack.message_shortcut("ana", "dm-ana", ts, "answer_this")
    await edge.slack.submit(edge.form("ana").id, {"where": "me"})
    assert edge.jobs.questions[-1].reply_url


async def test_a_message_without_words_cannot_be_answered(edge: Edge) -> None:
    """The person is told; no form opens."""
    ts = await edge.slack.say("ana", "general", "<@bot>")
    await edge.settled()
    await edge.slack.message_shortcut("ben", "general", ts, "answer_this")
    assert edge.slack.modal("ben") is None
    assert edge.lines("ben") == ["There are no words in that message that I could look for."]


async def test_a_thread_is_summarised_for_whoever_asks(edge: Edge) -> None:
    """From any message of it."""
    root = await edge.slack.say("ana", "general", "about leave")
    ts = await edge.slack.say("ana", "general", "240 hours", thread_ts=root)
    await edge.slack.message_shortcut("ben", "general", ts, "summarise_thread")
    job = only(edge)
    assert isinstance(job, SummariseThread)
    assert job.conversation == ConversationKey(TEAM, GENERAL, root)
    assert (job.click.person, job.click.thread) == (edge.slack.id_of("ben"), root)
    assert job.click.reply_url.startswith(edge.slack.address)
