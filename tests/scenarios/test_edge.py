"""From a message in Slack to one job in the queue, over both transports."""

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.redis.conversations import RedisConversations
from bot.adapters.redis.queue import RedisJobQueue
from bot.app import build_app
from bot.errors import Misconfigured
from bot.jobs import AnswerQuestion, OfferAnswer, ShowPassages, WithdrawQuestion
from bot.models import ConversationKey, Question
from bot.playground import Playground
from handlers.calls import open_client
from handlers.intake import Intake
from handlers.sockets import run_socket_mode
from handlers.tokens import Transport, check_tokens
from tests.scenarios.edge import Edge, http_edge, post, socket_edge
from tests.unit.handlers.stand_ins import Stores, envelope, now


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


async def test_arrivals_and_home_are_acknowledged(edge: Edge) -> None:
    """Everything the app hears of is acknowledged; only what somebody asks is queued as a question."""
    await edge.slack.leave("ben", "general")
    await edge.slack.join("ben", "general")
    edge.slack.open_home("ana")
    await edge.settled()
    assert len(edge.slack.deliveries) == 3
    assert all(delivery.acknowledged for delivery in edge.slack.deliveries)
    assert edge.asked == []


async def test_an_edited_question_is_asked_anew_and_a_deleted_one_withdrawn(edge: Edge) -> None:
    """Both in their order, behind the question itself."""
    ts = await edge.slack.say("ana", "general", "<@bot> when is lunch?")
    await edge.settled()
    await edge.slack.edit("ana", "general", ts, "<@bot> when is dinner?")
    await edge.settled()
    await edge.slack.delete("ana", "general", ts)
    await edge.settled()
    assert [type(job) for job in edge.jobs.appended] == [AnswerQuestion, AnswerQuestion, WithdrawQuestion]
    first, again = edge.jobs.questions
    assert (again.id, again.text) == (first.id, "when is dinner?")
    assert again.version > first.version == ""


async def test_an_open_question_is_overheard_where_an_admin_said_so(edge: Edge) -> None:
    """At the top of a channel, without naming anybody; elsewhere it passes."""
    edge.stores.settings.put(edge.slack.workspace.room("it-help").id, auto_answer=True)
    for channel in ("it-help", "general"):
        await edge.slack.say("ana", channel, "how do I reset my VPN password?")
    await edge.settled()
    (question,) = edge.jobs.questions
    assert (question.addressed, question.private) == ("overheard", False)


async def test_in_a_channel_that_wants_offers_a_follow_up_is_offered(edge: Edge) -> None:
    """The mention is answered; what follows is asked about first."""
    edge.stores.settings.put(edge.slack.workspace.room("general").id, mode="offer")
    ts = await edge.slack.say("ana", "general", "<@bot> when is lunch?")
    await edge.settled()
    await edge.slack.say("ben", "general", "and on Fridays?", thread_ts=ts)
    await edge.settled()
    assert [type(job) for job in edge.jobs.appended] == [AnswerQuestion, OfferAnswer]


# --- commands -------------------------------------------------------------------------------------------------------


async def test_a_private_question_is_queued_and_acknowledged_in_one_line(edge: Edge) -> None:
    """For the asker alone, with a button should nothing follow."""
    acked = await edge.slack.command("ana", "general", "/ask", "how do I reset my VPN password?")
    (question,) = edge.jobs.questions
    assert (question.text, question.private) == ("how do I reset my VPN password?", True)
    assert question.reply_url.startswith(edge.slack.address)
    (line,) = edge.slack.messages("general")
    assert (line.ts, line.ephemeral_to) == (acked.ts, "ana")
    assert line.visible_text.splitlines() == [
        question.text,
        "Ask again",
        "Searching the docs: the answer follows here.",
    ]


async def test_a_search_is_queued_and_acknowledged_without_a_word(edge: Edge) -> None:
    """Its passages come by themselves."""
    acked = await edge.slack.command("ana", "general", "/search", "travel expenses")
    (job,) = edge.jobs.appended
    assert isinstance(job, ShowPassages)
    assert (job.words, job.page, job.click.person) == ("travel expenses", 0, edge.slack.id_of("ana"))
    assert (acked.body, acked.failure) == (None, "")


@pytest.mark.parametrize("command", ["/ask", "/search"])
async def test_a_command_without_words_says_how_it_is_used(edge: Edge, command: str) -> None:
    """One private line, and nothing is queued."""
    await edge.slack.command("ana", "general", command, "  ")
    (line,) = edge.slack.messages("general")
    assert command in line.visible_text
    assert (line.ephemeral_to, edge.jobs.appended) == ("ana", [])


@pytest.mark.parametrize("command", ["/ask", "/search"])
async def test_a_command_that_cannot_be_stored_is_not_acknowledged(edge: Edge, command: str) -> None:
    """Slack tells the person, who can try again."""
    edge.jobs.down = True
    acked = await edge.slack.command("ana", "general", command, "travel expenses")
    assert acked.failure
    assert edge.jobs.appended == []


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
        await edge.slack.wait_until(lambda: edge.slack.connections)
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
        ports = replace(Stores().ports, jobs=jobs, conversations=conversations)
        app = build_app(client=client, identity=identity, ports=ports, now=now)
        async with run_socket_mode(Intake(app), client=client, app_token=slack.app_token):
            edge = Edge(slack, client)
            ts = await slack.say("ana", "people-ops", "<@bot> when is lunch?")
            await edge.settled()
            await slack.say("ana", "people-ops", "and on Fridays?", thread_ts=ts)
            slack.redeliver(slack.deliveries[0])
            await edge.settled()
    questions: list[Question] = []
    while claims := await jobs.claim(limit=9, wait=0.1):
        questions += [claim.job.question for claim in claims if isinstance(claim.job, AnswerQuestion)]
        for claim in claims:
            await jobs.complete(claim)
    assert [question.text for question in questions] == ["when is lunch?", "and on Fridays?"]
    assert {question.conversation.thread for question in questions} == {ts}
    assert await conversations.joined(questions[0].conversation)


# --- other bots -----------------------------------------------------------------------------------------------------


NEVER = (
    "bot_edit",
    "bot_mention",
    "bot_message",
    "channel_join",
    "message_replied",
    "message_unfurled",
    "own_reply",
    "slackbot_message",
    "workflow_post",
)
"""What other bots, workflows, Slackbot and Slack itself say, and what we say ourselves."""


async def heard(edge: Edge, body: dict[str, Any]) -> int:
    """The status with which the door answers an envelope that Slack signed."""
    text = json.dumps(body)
    headers = {"content-type": "application/json", **edge.slack.sign(text)}
    return (await post(edge.url, text.encode(), headers))[0]


def in_the_playground(edge: Edge, body: dict[str, Any]) -> dict[str, Any]:
    """The envelope with the playground's own ids, so that it is our bot that is meant."""
    text = json.dumps(body)
    for theirs, ours in (("U0FOOTNOTE", edge.slack.bot_user_id), ("B0FOOTNOTE", edge.slack.bot_id)):
        text = text.replace(theirs, ours)
    return json.loads(text.replace("T0ACME", edge.slack.team_id).replace("C0CANTEEN", edge.slack.id_of("general")))


@pytest.mark.parametrize("name", NEVER)
async def test_what_no_person_said_never_asks(name: str) -> None:
    """Wherever the bot takes part, and whatever the channel leaves to it: acknowledged, and nothing else."""
    async with http_edge() as edge:
        general = edge.slack.id_of("general")
        edge.stores.settings.put(general, auto_answer=True)
        await edge.talks.join(ConversationKey(edge.slack.team_id, general, "1772452800.000100"))
        assert await heard(edge, in_the_playground(edge, envelope(name))) == 200
        assert edge.jobs.appended == []
        assert edge.stores.wishes.wished == set()


async def test_two_bots_start_no_loop() -> None:
    """Another bot that answers every message of ours by asking us, by name, in our thread, again and again."""
    async with http_edge() as edge:
        ts = await edge.slack.say("ana", "general", "<@bot> when is lunch?")
        await edge.settled()
        for turn in range(5):
            body = in_the_playground(edge, envelope("bot_mention" if turn % 2 else "workflow_post"))
            stamp = f"{float(ts) + 1 + turn:.6f}"
            body["event"] |= {"ts": stamp, "event_ts": stamp, "thread_ts": ts, "text": "<@U07FOOTNOTE> are you sure?"}
            assert await heard(edge, body | {"event_id": f"EvLoop{turn}"}) == 200
        assert edge.asked == ["when is lunch?"]


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
