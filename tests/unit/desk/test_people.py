"""People are brought in once, and what they answer is kept."""

from datetime import timedelta

import pytest

from bot.channels import ChannelSettings
from bot.desk.clickers import ELSEWHERE, GONE, NOT_YOURS
from bot.desk.people import (
    ASK_IN_A_CHANNEL,
    ASKED_ALREADY,
    CANNOT_POST,
    CLOSED,
    LONGEST,
    MEMBERS_RESOLVE,
    NOBODY_TO_ASK,
    RESOLVED_ALREADY,
)
from bot.errors import Refused, SlackUnavailable
from bot.feedback import Escalation
from bot.jobs import AskPerson, Resolve
from tests.nouns import NOON
from tests.unit.desk.stand_ins import ASKER, CANTEEN, GUEST, OTHER
from tests.unit.desk.world import World, click, lunch

ASK = AskPerson(click(), lunch().id)
COOKS = "S0COOKS"
BROUGHT_IN = [(f"bring in {COOKS}", CANTEEN, lunch().text)]


@pytest.fixture
async def asked(world: World) -> World:
    """A world in which a question was answered in a channel that has somebody to ask."""
    world.channels.settings[CANTEEN] = ChannelSettings(humans=COOKS)
    await world.answered(lunch())
    return world


# --- Ask a person ---------------------------------------------------------------------------------------------------


async def test_the_channels_people_are_brought_in(asked: World) -> None:
    """They are mentioned in the thread, and the question is open from then on."""
    await asked.do(ASK)
    assert asked.slack.posts == BROUGHT_IN
    thread = lunch().conversation.thread
    assert asked.book.opened[lunch().id] == Escalation(lunch().id, ASKER, CANTEEN, thread, NOON, message="0")


async def test_somebody_else_asks_in_vain(asked: World) -> None:
    """A second person's click mentions nobody again."""
    await asked.do(ASK)
    await asked.do(AskPerson(click(OTHER, id_="click-2"), lunch().id))
    assert asked.slack.posts == BROUGHT_IN
    assert asked.slack.whispers == [(OTHER, ASKED_ALREADY)]


async def test_two_people_at_once_bring_people_in_once(asked: World) -> None:
    """While another's click is still posting, nobody is mentioned twice."""
    await asked.book.escalate(Escalation(lunch().id, OTHER, CANTEEN, "1.1", NOON))
    await asked.book.once(f"bring_in/{lunch().id}", seconds=10)
    await asked.do(ASK)
    assert asked.slack.posts == []
    assert asked.told == ASKED_ALREADY


async def test_what_another_click_began_and_never_did_is_taken_over(asked: World) -> None:
    """An escalation that never got its message does not keep people from being asked."""
    await asked.book.escalate(Escalation(lunch().id, OTHER, CANTEEN, "1.1", NOON))
    await asked.do(ASK)
    assert asked.slack.posts == BROUGHT_IN
    assert asked.book.opened[lunch().id].message == "0"


async def test_what_another_click_posted_is_found(asked: World) -> None:
    """Somebody's click brought people in and died before it could say so: the next one mentions nobody again."""
    asked.slack.lose_the_reply = True
    with pytest.raises(SlackUnavailable):
        await asked.do(AskPerson(click(OTHER, id_="click-2"), lunch().id))
    await asked.do(ASK)
    assert asked.slack.posts == BROUGHT_IN
    assert asked.book.opened[lunch().id].message == "0"


@pytest.mark.parametrize("deliveries", [1, 2])
async def test_a_lost_confirmation_mentions_nobody_twice(asked: World, deliveries: int) -> None:
    """Slack took the mention but its answer was lost: the redelivery finds it and keeps its id."""
    asked.slack.lose_the_reply = True
    with pytest.raises(SlackUnavailable):
        await asked.do(ASK)
    await asked.do(ASK, deliveries=deliveries)
    await asked.do(ASK, deliveries=3)
    assert asked.slack.posts == BROUGHT_IN
    assert asked.book.opened[lunch().id].message == "0"
    assert asked.slack.whispers == []


async def test_a_refusal_is_said_and_may_be_tried_again(asked: World) -> None:
    """Where we may not post, the clicker hears of it, and may click again after the invitation."""
    asked.slack.refuse = Refused("chat.postMessage: not_in_channel")
    await asked.do(ASK)
    await asked.do(AskPerson(click(id_="click-2"), lunch().id))
    assert asked.slack.whispers == [(ASKER, CANNOT_POST)] * 2
    asked.slack.refuse = None
    await asked.do(AskPerson(click(id_="click-3"), lunch().id))
    assert asked.slack.posts == BROUGHT_IN


async def test_without_anybody_to_ask_the_clicker_is_told(world: World) -> None:
    """A channel that names nobody opens nothing."""
    await world.answered(lunch())
    await world.do(ASK)
    assert world.told == NOBODY_TO_ASK
    assert world.book.opened == {}


async def test_whoever_is_asked_by_default(world: World) -> None:
    """Where a channel names nobody, those of the settings are brought in."""
    world.humans = COOKS
    await world.answered(lunch())
    await world.do(ASK)
    assert world.slack.posts == BROUGHT_IN


async def test_a_private_question_is_put_in_the_channel_for_help(asked: World) -> None:
    """What was asked privately is not repeated in the channel where it was typed."""
    asked.humans, asked.help_channel = COOKS, "C0HELP"
    await asked.answered(lunch(private=True))
    await asked.do(ASK)
    assert asked.slack.posts == [(f"bring in {COOKS}", "C0HELP", lunch().text)]
    assert asked.book.opened[lunch().id].thread == ""


async def test_a_private_question_without_such_a_channel_stays_private(asked: World) -> None:
    """Then the asker is told where people can be asked."""
    await asked.answered(lunch(private=True))
    await asked.do(ASK)
    assert asked.slack.posts == []
    assert asked.told == ASK_IN_A_CHANNEL


async def test_nobody_else_puts_a_private_question_to_people(asked: World) -> None:
    """A click of somebody who is not the asker does nothing but a polite line."""
    asked.humans, asked.help_channel = COOKS, "C0HELP"
    await asked.answered(lunch(private=True))
    await asked.do(AskPerson(click(OTHER), lunch().id))
    assert asked.slack.posts == []
    assert asked.told == NOT_YOURS


async def test_a_question_that_is_not_known_is_put_to_nobody(world: World) -> None:
    """Without a record there is nothing to ask people."""
    await world.do(ASK)
    assert world.told == GONE


# --- Resolved -------------------------------------------------------------------------------------------------------


def resolve(words: str = "At noon.", person: str = OTHER, *, channel: str = CANTEEN, id_: str = "click-9") -> Resolve:
    return Resolve(click(person, id_=id_, channel=channel), lunch().id, words)


async def test_a_persons_answer_closes_the_question(asked: World) -> None:
    """Who, when and what is kept, and shown on the message that asked for it."""
    await asked.do(ASK)
    asked.clock.advance(60)
    await asked.do(resolve())
    closed = asked.book.opened[lunch().id]
    assert (closed.resolved_by, closed.resolved_at, closed.answer) == (OTHER, NOON + timedelta(seconds=60), "At noon.")
    assert asked.shown == closed


async def test_the_words_are_gated_and_cut(asked: World) -> None:
    """No link, mention or endless text is kept as an answer."""
    await asked.do(ASK)
    await asked.do(resolve("[here](https://evil.example) <!channel> " + "very " * 1_000))
    answer = asked.book.opened[lunch().id].answer
    assert len(answer) <= LONGEST
    assert "evil" not in answer
    assert "<!" not in answer
    assert answer.startswith("here")


async def test_the_first_answer_stands(asked: World) -> None:
    """Somebody who comes later is told, and changes nothing."""
    await asked.do(ASK)
    await asked.do(resolve())
    await asked.do(resolve("At one.", ASKER, id_="click-10"))
    assert asked.book.opened[lunch().id].answer == "At noon."
    assert asked.slack.whispers == [(ASKER, RESOLVED_ALREADY)]


async def test_a_redelivered_answer_is_shown_again(asked: World) -> None:
    """A crash between keeping and showing ends in the same message."""
    await asked.do(ASK)
    await asked.do(resolve())
    await asked.do(resolve(), deliveries=2)
    assert asked.slack.shown == [asked.book.opened[lunch().id]] * 2
    assert asked.slack.whispers == []


async def test_a_guest_resolves_nothing(asked: World) -> None:
    """Only members answer for the documents, though a guest may hold something too."""
    await asked.do(ASK)
    await asked.do(resolve(person=GUEST))
    assert asked.book.opened[lunch().id].resolved_by == ""
    assert asked.told == MEMBERS_RESOLVE


async def test_nobody_resolves_from_elsewhere(asked: World) -> None:
    """A click that comes from another channel is none of this question's."""
    await asked.do(ASK)
    await asked.do(resolve(channel="C0ELSEWHERE"))
    assert asked.book.opened[lunch().id].resolved_by == ""
    assert asked.told == ELSEWHERE


async def test_what_was_never_asked_of_people_cannot_be_resolved(asked: World) -> None:
    """Without an escalation there is nothing to close."""
    await asked.do(resolve())
    assert asked.told == GONE


async def test_an_answer_outlives_the_record_of_its_question(asked: World) -> None:
    """Escalations are kept longer than records: the answer is kept all the same, and its writer thanked."""
    await asked.do(ASK)
    asked.records.kept.clear()
    await asked.do(resolve())
    assert asked.book.opened[lunch().id].answer == "At noon."
    assert asked.told == CLOSED
