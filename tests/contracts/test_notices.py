"""The Notices port, held against a Slack on loopback: lines to one person, and messages that are not a reply."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.errors import Refused, SlackUnavailable
from bot.feedback import Escalation
from bot.jobs import Click
from bot.models import Answer, Citation, ConversationKey, Question
from bot.playground import Message, Playground
from bot.ports.slack import Notices
from bot.screens import Doubt, PassagePage, Point, Summary
from handlers.buttons import Action, Seal
from handlers.calls import Calls, open_client
from handlers.notices import SlackNotices
from handlers.pace import Pace
from tests.nouns import NOON, a_question
from tests.timing import Time

SEAL = Seal.of("xoxb-test")
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
    owner="ana@acme.example",
)
ANSWER = Answer(
    question="how many hours?",
    standalone_query="how many hours?",
    text="At most 240 hours carry over. [1]",
    answered=True,
    confidence="high",
    citations=(LEAVE,),
    backends={"generator": "quotes"},
)
DOUBT = Doubt(LEAVE, owner="ana@acme.example", person="U07BENOKFR2", question="", day="2026-03-02")
ANA = "U07ANARBRO1"
GROUP = "S07PEOPLEOP"


@dataclass
class World:
    """Notices, and the Slack that they appear in."""

    slack: Playground
    notices: Notices

    async def asked(self, channel: str = "general", *, person: str = "ana", thread: str | None = None) -> Question:
        ts = await self.slack.say(person, channel, "how many hours?", thread_ts=thread)
        key = ConversationKey(self.slack.team_id, self.slack.id_of(channel), thread or ts)
        question = a_question("how many hours?", asker=self.slack.id_of(person), message=ts)
        return replace(question, id=f"{key.workspace}/{key.channel}/{ts}", conversation=key, asked_at=NOON)

    async def privately_asked(self) -> Question:
        key = ConversationKey(self.slack.team_id, self.slack.id_of("general"), "ask-1.2.3")
        question = a_question("how many hours?", asker=ANA, private=True, message="")
        return replace(question, conversation=key, reply_url=await self.address(), asked_at=NOON)

    async def address(self) -> str:
        """A reply address, as a command brings one along."""
        await self.slack.command("ana", "general", "/ask", "how many hours?")
        return self._brought()

    async def pressed(self, message: Message, action: Action) -> str:
        """A reply address, as a click brings one along."""
        await self.slack.click("ana", message.channel, message.ts, action)
        return self._brought()

    def _brought(self) -> str:
        return [one.payload["response_url"] for one in self.slack.deliveries if "response_url" in one.payload][-1]

    def click(self, channel: str = "general", *, reply_url: str = "", thread: str = "") -> Click:
        place = self.slack.id_of(channel) if channel else ""
        return Click("c", self.slack.team_id, ANA, channel=place, thread=thread, reply_url=reply_url)

    def shown(self, channel: str = "general") -> list[Message]:
        return [message for message in self.slack.messages(channel) if message.author == "bot"]

    def sent(self, method: str) -> int:
        return sum(call.method == method for call in self.slack.calls)

    def posted(self) -> int:
        return self.sent("chat.postMessage")


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    time = Time(hurried=True)
    async with (
        Playground(clock=time, ack_within=0.05, retry_delays=()) as slack,
        open_client(bot_token=slack.bot_token, api_url=slack.api_url) as client,
    ):
        calls = Calls(client, pace=Pace({}, clock=time, sleep=time.sleep))
        yield World(slack, SlackNotices(calls, bot_id=slack.bot_id, seal=SEAL, now=lambda: NOON))


def values(message: Message, action: Action) -> Sequence[str]:
    """What the button carries, once its seal is opened."""
    return SEAL.open(action, message.buttons[action].attributes["value"])


# --- lines to one person alone --------------------------------------------------------------------------------------


async def test_a_line_answers_the_gesture_that_it_belongs_to(world: World) -> None:
    """Through the address that came with it, in the thread where it was made, for that person alone."""
    question = await world.asked()
    thread = question.conversation.thread
    await world.notices.whisper(world.click(reply_url=await world.address(), thread=thread), "That button is too old.")
    _, line = world.slack.thread("general", thread)
    assert (line.visible_text, line.ephemeral_to) == ("That button is too old.", "ana")
    assert {call.method for call in world.slack.calls} <= {"response_url"}


async def test_a_line_without_an_address_is_shown_where_the_person_is(world: World) -> None:
    """A shortcut's or a form's click has none."""
    await world.notices.whisper(world.click(), "Saved.")
    (line,) = world.shown()
    assert (line.visible_text, line.ephemeral_to) == ("Saved.", "ana")


@pytest.mark.parametrize("made_up", [True, False])
async def test_an_address_that_is_used_up_does_not_swallow_the_line(world: World, made_up: bool) -> None:  # noqa: FBT001
    """Five lines, half an hour: after that the line comes another way, once."""
    address = f"{world.slack.address}respond/nothing" if made_up else await world.address()
    click = world.click(reply_url=address)
    for number in range(6):
        await world.notices.whisper(click, f"Line {number}")
    assert [line.visible_text for line in world.shown()] == [f"Line {number}" for number in range(6)]
    assert world.sent("chat.postEphemeral") == (6 if made_up else 1)


@pytest.mark.parametrize("channel", ["", "it-help"])
async def test_a_line_that_has_no_other_place_is_a_direct_message(world: World, channel: str) -> None:
    """Nobody knows where it was done, or the bot or the person is not in that channel."""
    await world.slack.leave("ana", "it-help")
    await world.notices.whisper(world.click(channel), "Saved.")
    (line,) = world.shown("dm-ana")
    assert (line.visible_text, line.ephemeral_to) == ("Saved.", None)


async def test_a_line_that_may_have_arrived_is_not_sent_again(world: World) -> None:
    """When the answer to it is lost, the caller hears of it, and no other way is tried."""
    world.slack.cut("chat.postEphemeral")
    with pytest.raises(SlackUnavailable):
        await world.notices.whisper(world.click(), "Saved.")
    assert len(world.shown()) == 1
    assert world.posted() == 0


async def test_an_outage_of_the_address_is_said(world: World) -> None:
    """Nobody knows whether the line arrived: no other way is tried."""
    click = world.click(reply_url=await world.address())
    world.slack.fail("response_url", "internal_error", status=500)
    with pytest.raises(SlackUnavailable):
        await world.notices.whisper(click, "Saved.")
    assert world.shown() == []
    assert world.sent("chat.postEphemeral") == 0


async def test_an_offer_is_for_the_writer_alone(world: World) -> None:
    """In the thread that goes on, with a button that names the question."""
    root = await world.asked()
    question = await world.asked(thread=root.message)
    await world.notices.offer(question)
    *_, offer = world.slack.thread("general", root.message)
    assert offer.ephemeral_to == "ana"
    assert offer.visible_text.startswith("Shall I answer this from the docs?")
    assert values(offer, Action.ACCEPT_OFFER) == (question.id,)


async def test_more_is_hinted_at_without_saying_what(world: World) -> None:
    """To a question that began no thread yet the hint stands in the channel: in the thread nobody would see it."""
    question = await world.asked()
    await world.notices.more(question)
    (hint,) = world.shown()
    assert hint.ephemeral_to == "ana"
    assert "There is more in documents only you can see." in hint.visible_text
    assert values(hint, Action.SEND_REST) == (question.id,)


async def test_passages_come_page_by_page_in_one_place(world: World) -> None:
    """The next page takes the place of the one whose button was pressed."""
    page = PassagePage("annual leave", 0, (LEAVE,), more=True)
    await world.notices.passages(world.click(reply_url=await world.address()), page)
    (first,) = world.shown()
    assert first.visible_text.startswith("Passages for “annual leave”\n1  Leave › Annual leave · updated 3 weeks ago")
    assert first.links == [LEAVE.url]
    assert values(first, Action.MORE_PASSAGES) == ("annual leave", "1")
    address = await world.pressed(first, Action.MORE_PASSAGES)
    await world.notices.passages(world.click(reply_url=address), replace(page, page=1, more=False))
    (second,) = world.shown()
    assert (second.ts, second.ephemeral_to) == (first.ts, "ana")
    assert "page 2" in second.visible_text
    assert not second.buttons


async def test_a_summary_names_who_said_what_and_where(world: World) -> None:
    """Each statement with its author and a link to the message."""
    point = Point("The VPN drops.", ANA, "https://acme.slack.com/archives/C1/p1", NOON - timedelta(minutes=3))
    await world.notices.summary(world.click(reply_url=await world.address()), Summary((point,), 14))
    (shown,) = world.shown()
    assert "The VPN drops." in shown.visible_text
    assert "@Ana Ribeiro · 3 minutes ago" in shown.visible_text
    assert shown.links == [point.link]


# --- sharing --------------------------------------------------------------------------------------------------------


async def test_an_answer_is_shared_with_who_asked_and_what(world: World) -> None:
    """A new message in the channel, whose buttons are those of a public answer."""
    question = await world.privately_asked()
    await world.notices.share(world.click(), question, ANSWER, again=False)
    (shown,) = world.shown()
    assert shown.visible_text.startswith("Asked by @Ana Ribeiro\nhow many hours?\nAt most 240 hours carry over. [1]")
    assert (shown.ephemeral_to, shown.thread_ts) == (None, None)
    assert shown.links == [LEAVE.url]
    assert Action.SHARE not in shown.buttons


async def test_sharing_again_finds_what_was_shared(world: World) -> None:
    """After a lost answer the message is looked for; another question's is not taken for it."""
    question = await world.privately_asked()
    world.slack.cut("chat.postMessage")
    with pytest.raises(SlackUnavailable):
        await world.notices.share(world.click(), question, ANSWER, again=False)
    await world.notices.share(world.click(), question, ANSWER, again=True)
    assert len(world.shown()) == 1
    await world.notices.share(world.click(), replace(question, id="another"), ANSWER, again=True)
    assert len(world.shown()) == 2


async def test_sharing_where_the_bot_may_not_post_is_refused(world: World) -> None:
    """The caller tells the person to invite it."""
    await world.slack.leave("bot", "general")
    with pytest.raises(Refused) as caught:
        await world.notices.share(world.click(), await world.privately_asked(), ANSWER, again=False)
    assert caught.value.code == "not_in_channel"


# --- people ---------------------------------------------------------------------------------------------------------


def escalation(question: Question, *, thread: str | None = None, channel: str = "") -> Escalation:
    where = question.conversation
    thread = where.thread if thread is None else thread
    return Escalation(question.id, question.asker, channel or where.channel, thread, NOON)


@pytest.mark.parametrize(("humans", "named"), [(GROUP, "@people-ops"), (ANA, "@Ana Ribeiro")])
async def test_people_are_called_into_the_thread_once(world: World, humans: str, named: str) -> None:
    """One message with the one mention that is meant to ping, what was asked, and a button that closes it."""
    question = await world.asked(person="ben")
    wished = escalation(question)
    at = await world.notices.bring_in(question, wished, humans=humans, again=False)
    _, call = world.slack.thread("general", question.message)
    assert call.ts == at
    assert call.visible_text.startswith(f"{named}, can you help? @Ben Okafor asked:\nhow many hours?")
    assert values(call, Action.RESOLVED) == (question.id,)
    assert await world.notices.bring_in(question, wished, humans=humans, again=True) == at
    assert world.posted() == 1


@pytest.mark.parametrize("humans", ["", "channel", "<!channel>", "here", "C07GENERAL1", "U07> <!everyone"])
async def test_nothing_but_an_id_is_ever_mentioned(world: World, humans: str) -> None:
    """Whatever stands in the settings, the call for help is posted and pings nobody."""
    question = await world.asked(person="ben")
    await world.notices.bring_in(question, escalation(question), humans=humans, again=False)
    _, call = world.slack.thread("general", question.message)
    assert call.visible_text.startswith("Everyone here, can you help?")
    assert [node.text for node in call.nodes_of("mention")] == ["@Ben Okafor"]


async def test_what_was_asked_privately_is_not_put_into_a_thread(world: World) -> None:
    """A command has none: people are called in a new message."""
    question = await world.privately_asked()
    wished = escalation(question, channel=world.slack.id_of("it-help"))
    at = await world.notices.bring_in(question, wished, humans=GROUP, again=False)
    (call,) = world.shown("it-help")
    assert (call.ts, call.thread_ts) == (at, None)
    assert await world.notices.bring_in(question, wished, humans=GROUP, again=True) == at


async def test_a_call_for_help_says_who_resolved_it(world: World) -> None:
    """In small print, in place of the mention and the button; doing it twice changes nothing more."""
    question = await world.asked(person="ben")
    wished = escalation(question)
    at = await world.notices.bring_in(question, wished, humans=GROUP, again=False)
    closed = replace(wished, message=at, resolved_by=ANA)
    await world.notices.resolved(question, closed)
    await world.notices.resolved(question, closed)
    _, call = world.slack.thread("general", question.message)
    assert call.visible_text == "how many hours?\nResolved by @Ana Ribeiro"
    assert not call.buttons
    assert await world.notices.bring_in(question, wished, humans=GROUP, again=True) == at


async def test_nothing_is_changed_where_nothing_was_posted(world: World) -> None:
    """People who were never called need not be told."""
    question = await world.asked()
    await world.notices.resolved(question, escalation(question))
    assert world.slack.calls == []


@pytest.mark.parametrize(("to", "place"), [(ANA, "dm-ana"), ("C07ITHELP01", "it-help")])
async def test_an_owner_hears_which_passage_is_doubted(world: World, to: str, place: str) -> None:
    """By direct message or in a channel: who, where, what it says, how old it is; once."""
    await world.notices.doubt(DOUBT, to=to, again=False)
    (told,) = world.shown(place)
    text = told.visible_text
    assert text.startswith("@Ben Okafor says this may be outdated. It was last updated 3 weeks ago.")
    assert "Leave › Annual leave\nAt most 240 hours carry over." in text
    assert told.links == [LEAVE.url]
    await world.notices.doubt(DOUBT, to=to, again=True)
    assert world.posted() == 1
    await world.notices.doubt(replace(DOUBT, day="2026-03-03"), to=to, again=True)
    assert world.posted() == 2


async def test_a_thread_is_begun_in_direct_messages(world: World) -> None:
    """It repeats the question and where it was asked, and is found again."""
    question = await world.asked()
    key = await world.notices.open_direct(question, again=False)
    (root,) = world.shown("dm-ana")
    assert key == ConversationKey(world.slack.team_id, world.slack.id_of("dm-ana"), root.ts)
    assert root.visible_text == "You asked in #general:\nhow many hours?"
    assert await world.notices.open_direct(question, again=True) == key
    assert world.posted() == 1


async def test_a_question_from_nowhere_is_repeated_without_a_place(world: World) -> None:
    """One that was put on the Home tab."""
    question = replace(await world.asked(), conversation=ConversationKey(world.slack.team_id, "", ""))
    await world.notices.open_direct(question, again=False)
    (root,) = world.shown("dm-ana")
    assert root.visible_text == "You asked:\nhow many hours?"


async def test_another_apps_copy_of_our_mark_proves_nothing(world: World) -> None:
    """Only a message of ours is taken for one that an earlier try posted."""
    question = await world.privately_asked()
    await world.notices.share(world.click(), question, ANSWER, again=False)
    (ours,) = world.shown()
    person = world.slack.workspace.person("ben")
    forged = replace(ours, ts=world.slack.workspace.timestamps.next(), user=person.id, author="ben")
    world.slack.workspace.remove(ours)
    world.slack.workspace.post(forged)
    await world.notices.share(world.click(), question, ANSWER, again=True)
    assert len(world.shown()) == 1
