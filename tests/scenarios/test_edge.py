"""From a message in Slack to one job in the queue, over both transports."""

from collections.abc import AsyncGenerator

import pytest

from bot.adapters.redis.conversations import RedisConversations
from bot.adapters.redis.queue import RedisJobQueue
from bot.app import build_app, run_socket_mode
from bot.errors import Misconfigured
from bot.playground import Playground
from handlers.calls import open_client
from handlers.tokens import Transport, check_tokens
from tests.scenarios.edge import Edge, http_edge, socket_edge


@pytest.fixture(params=["socket", "http"])
async def edge(request: pytest.FixtureRequest) -> AsyncGenerator[Edge]:
    """The edge over each transport in turn."""
    async with socket_edge() if request.param == "socket" else http_edge() as opened:
        yield opened


async def test_a_mention_becomes_one_job(edge: Edge) -> None:
    """Slack sends a mention as two events; one question is queued, and both are acknowledged."""
    ts = await edge.slack.say("ana", "general", "<@bot> how do I reset my VPN password?")
    await edge.settled()
    assert [delivery.payload["event"]["type"] for delivery in edge.slack.deliveries] == ["app_mention", "message"]
    assert all(delivery.acknowledged for delivery in edge.slack.deliveries)
    (question,) = edge.jobs.questions
    assert question.text == "how do I reset my VPN password?"
    assert question.asker == edge.slack.id_of("ana")
    assert question.conversation.thread == question.message == ts
    assert not question.private


async def test_an_event_that_comes_again_is_acknowledged_and_not_queued(edge: Edge) -> None:
    """Slack repeats what it is not sure of; so may anybody who recorded a request."""
    await edge.slack.say("ana", "general", "<@bot> when is lunch?")
    await edge.settled()
    for delivery in tuple(edge.slack.deliveries):
        edge.slack.redeliver(delivery)
    await edge.settled()
    assert [delivery.acknowledged for delivery in edge.slack.deliveries] == [True] * 4
    assert edge.asked == ["when is lunch?"]


async def test_a_follow_up_in_the_thread_is_queued(edge: Edge) -> None:
    """Nobody mentions the bot twice, and other threads are left alone."""
    ts = await edge.slack.say("ana", "general", "<@bot> when is lunch?")
    other = await edge.slack.say("ben", "general", "who is for lunch?")
    await edge.settled()
    await edge.slack.say("ben", "general", "and on Fridays?", thread_ts=ts)
    await edge.slack.say("ana", "general", "me", thread_ts=other)
    await edge.settled()
    assert edge.asked == ["when is lunch?", "and on Fridays?"]
    assert {question.conversation.thread for question in edge.jobs.questions} == {ts}


async def test_a_word_to_a_colleague_is_not_for_the_bot(edge: Edge) -> None:
    """From there on the bot is silent in that thread, until it is mentioned again."""
    ts = await edge.slack.say("ana", "general", "<@bot> when is lunch?")
    await edge.settled()
    for text in ("<@ben> do you know?", "is it twelve?", "<@bot> is it twelve?", "sure?"):
        await edge.slack.say("ana", "general", text, thread_ts=ts)
        await edge.settled()
    assert edge.asked == ["when is lunch?", "is it twelve?", "sure?"]


async def test_a_direct_message_is_queued(edge: Edge) -> None:
    """Without a mention, and marked as read by the asker alone."""
    ts = await edge.slack.say("ana", "dm-ana", "how do I reset my VPN password?")
    await edge.slack.say("ana", "dm-ana", "and on a phone?", thread_ts=ts)
    await edge.settled()
    assert edge.asked == ["how do I reset my VPN password?", "and on a phone?"]
    assert all(question.private for question in edge.jobs.questions)


async def test_edits_deletions_and_arrivals_ask_nothing(edge: Edge) -> None:
    """Everything the app hears of is acknowledged; only what somebody asks is queued."""
    ts = await edge.slack.say("ana", "general", "<@bot> when is lunch?")
    await edge.slack.edit("ana", "general", ts, "<@bot> when is dinner?")
    await edge.slack.delete("ana", "general", ts)
    await edge.slack.leave("ben", "general")
    await edge.slack.join("ben", "general")
    edge.slack.open_home("ana")
    await edge.settled()
    assert len(edge.slack.deliveries) == 7
    assert all(delivery.acknowledged for delivery in edge.slack.deliveries)
    assert edge.asked == ["when is lunch?"]


async def test_with_the_queue_down_nothing_is_acknowledged_and_nothing_lost(edge: Edge) -> None:
    """The first attempts fail, Slack tries again, and the attempt that can be stored is the one acknowledged."""
    edge.jobs.down = True
    await edge.slack.say("ana", "dm-ana", "when is lunch?")
    await edge.slack.wait_until(lambda: edge.jobs.asked == 2)
    edge.jobs.down = False
    await edge.settled()
    (delivery,) = edge.slack.deliveries
    assert delivery.acknowledged
    assert len(delivery.failures) >= 1
    assert edge.asked == ["when is lunch?"]


async def test_with_memory_down_a_mention_is_not_acknowledged(edge: Edge) -> None:
    """Neither the thread nor the question is half stored."""
    edge.talks.down = True
    await edge.slack.say("ana", "general", "<@bot> when is lunch?")
    await edge.slack.wait_until(lambda: bool(edge.slack.deliveries[0].failures))
    edge.talks.down = False
    await edge.settled()
    assert edge.asked == ["when is lunch?"]


async def test_no_call_of_slack_stands_before_the_acknowledgement(edge: Edge) -> None:
    """A Slack that answers nothing but events still gets its acknowledgement."""
    before = len(edge.slack.calls)
    await edge.slack.say("ana", "general", "<@bot> when is lunch?")
    await edge.settled()
    assert edge.asked == ["when is lunch?"]
    assert len(edge.slack.calls) == before


async def test_the_socket_comes_back_by_itself() -> None:
    """Slack recycles connections every few hours; a question typed meanwhile is asked once."""
    async with socket_edge(retry_delays=(0.0, 0.5, 1.0, 2.0, 4.0)) as edge:
        await edge.slack.wait_until(lambda: edge.slack.connections == 1)
        await edge.slack.disconnect("refresh_requested")
        await edge.slack.say("ana", "general", "<@bot> when is lunch?")
        await edge.settled()
        assert edge.asked == ["when is lunch?"]


async def test_a_question_and_its_follow_up_lie_in_the_real_queue(
    jobs: RedisJobQueue, conversations: RedisConversations
) -> None:
    """What was acknowledged is on disk, whole, once, and in order; where the bot takes part is there as well."""
    async with (
        Playground() as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client,
    ):
        identity = await check_tokens(client, transport="socket", app_token=slack.app_token)
        app = build_app(client=client, identity=identity, jobs=jobs, conversations=conversations)
        async with run_socket_mode(app, app_token=slack.app_token):
            edge = Edge(slack)
            ts = await slack.say("ana", "people-ops", "<@bot> when is lunch?")
            await edge.settled()
            await slack.say("ana", "people-ops", "and on Fridays?", thread_ts=ts)
            slack.redeliver(slack.deliveries[0])
            await edge.settled()
    questions = [claim.job.question for claim in await jobs.claim(limit=9, wait=0.1)]
    assert [question.text for question in questions] == ["when is lunch?", "and on Fridays?"]
    assert {question.conversation.thread for question in questions} == {ts}
    assert await conversations.joined(questions[0].conversation)


# --- at start -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transport", "bot", "app", "secret", "said"),
    [
        ("socket", "", "{app}", "", "SLACK_BOT_TOKEN is missing"),
        ("socket", "{app}", "{bot}", "", "SLACK_BOT_TOKEN holds an app-level token"),
        ("socket", "xoxp-1-2", "{app}", "", "SLACK_BOT_TOKEN holds a user token"),
        ("socket", "hunter2", "{app}", "", "SLACK_BOT_TOKEN holds something else"),
        ("socket", "{bot}", "", "", "SLACK_APP_TOKEN is missing"),
        ("socket", "{bot}", "{bot}", "", "SLACK_APP_TOKEN holds a bot token"),
        ("socket", "xoxb-1-2-revoked", "{app}", "", "Slack does not accept SLACK_BOT_TOKEN"),
        ("socket", "{bot}", "xapp-1-2-revoked", "", "Slack does not accept SLACK_APP_TOKEN"),
        ("http", "{bot}", "", "", "SLACK_SIGNING_SECRET is missing"),
        ("http", "{bot}", "", "{app}", "SLACK_SIGNING_SECRET holds an app-level token"),
        (None, "", "", "", "SLACK_BOT_TOKEN is missing"),
    ],
)
async def test_a_missing_or_swapped_secret_is_refused_by_name(
    transport: Transport | None, bot: str, app: str, secret: str, said: str
) -> None:
    """One sentence names the setting and where to find what belongs there, and never what it holds."""
    async with Playground() as slack:
        held = {"bot": slack.bot_token, "app": slack.app_token}
        bot, app, secret = (value.format(**held) for value in (bot, app, secret))
        async with open_client(bot_token=bot or None, api_url=slack.api_url) as client:
            with pytest.raises(Misconfigured, match=said) as refused:
                await check_tokens(client, transport=transport, app_token=app, signing_secret=secret)
    assert "set it to" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not any(value and value in str(refused.value) for value in (bot, app, secret))
