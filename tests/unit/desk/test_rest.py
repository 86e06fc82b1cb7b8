"""A question is asked again in direct messages: by its asker, once."""

from dataclasses import replace

import pytest

from bot.desk.clickers import GONE, NOT_YOURS
from bot.desk.rest import THERE_ALREADY
from bot.errors import SlackUnavailable
from bot.jobs import AnswerQuestion, AskInDirect, SendRest
from bot.models import ConversationKey, Question
from tests.nouns import NOON
from tests.unit.desk.stand_ins import ASKER, OTHER, WORKSPACE
from tests.unit.desk.world import World, click, lunch

DIRECT = ConversationKey(WORKSPACE, f"D{ASKER}", "0.0")
ASKED = Question(f"{WORKSPACE}/D{ASKER}/0.0", lunch().text, ASKER, DIRECT, "0.0", NOON, private=True)
SEND = SendRest(click(), lunch().id)
ASK = AskInDirect(click(), lunch().text)


async def test_the_question_is_asked_in_private(world: World) -> None:
    """A thread begins in the asker's direct messages, and the question is queued there."""
    await world.answered(lunch())
    await world.do(SEND)
    assert world.slack.posts == [("direct", ASKER, lunch().text)]
    assert world.jobs.appended == [AnswerQuestion(ASKED)]


async def test_a_second_click_sends_nothing(world: World) -> None:
    """Another click on the button says where the answer is."""
    await world.answered(lunch())
    await world.do(SEND)
    await world.do(SendRest(click(id_="click-2"), lunch().id))
    assert len(world.slack.posts) == 1
    assert world.jobs.appended == [AnswerQuestion(ASKED)]
    assert world.slack.whispers == [(ASKER, THERE_ALREADY)]


@pytest.mark.parametrize("deliveries", [1, 2])
@pytest.mark.parametrize("job", [SEND, ASK], ids=["rest", "words"])
async def test_a_lost_confirmation_begins_no_second_thread(
    world: World, job: SendRest | AskInDirect, deliveries: int
) -> None:
    """The redelivery finds the thread that was begun, and queues the question there once."""
    await world.answered(lunch())
    world.slack.lose_the_reply = True
    with pytest.raises(SlackUnavailable):
        await world.do(job)
    await world.do(job, deliveries=deliveries)
    await world.do(job, deliveries=3)
    assert len(world.slack.posts) == 1
    assert world.jobs.appended == [AnswerQuestion(ASKED)]
    assert world.slack.whispers == []


async def test_nobody_else_gets_the_rest(world: World) -> None:
    """What only the asker may read is sent to nobody else."""
    await world.answered(lunch())
    await world.do(SendRest(click(OTHER), lunch().id))
    assert (world.slack.posts, world.jobs.appended) == ([], [])
    assert world.told == NOT_YOURS


async def test_a_question_that_is_not_known_is_not_sent(world: World) -> None:
    """Without a record there is nothing to ask again."""
    await world.do(SEND)
    assert world.told == GONE
    assert world.jobs.appended == []


async def test_a_follow_up_is_asked_as_it_was_understood(world: World) -> None:
    """In its new thread nothing was said before it, so that it has to stand alone."""
    record = await world.answered(lunch())
    assert record.answer is not None
    whole = replace(record.answer, rewritten=True, standalone_query="lunch is served when on fridays")
    world.records.kept[lunch().id] = replace(record, answer=whole)
    await world.do(SEND)
    (job,) = world.jobs.appended
    assert isinstance(job, AnswerQuestion)
    assert job.question.text == "lunch is served when on fridays"


async def test_suggested_words_are_asked_in_direct_messages(world: World) -> None:
    """A suggested question is asked as if the person had written it there."""
    await world.do(ASK)
    assert world.jobs.appended == [AnswerQuestion(ASKED)]
