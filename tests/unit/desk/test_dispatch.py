"""Each job finds its use case, and ends in a line when it cannot be done."""

from dataclasses import replace
from typing import get_args

import pytest

from bot.answering.respond import code
from bot.desk.dispatch import NO_WAY_FOR_NOW
from bot.errors import SlackUnavailable
from bot.jobs import (
    AnswerQuestion,
    AskInDirect,
    AskPerson,
    Clicked,
    Job,
    OfferAnswer,
    OpenChannelForm,
    Reopen,
    ReportOutdated,
    Resolve,
    SendRest,
    ShareAnswer,
    ShowHome,
    ShowPassages,
    ShowWhy,
    Suggest,
    SummariseThread,
    WithdrawQuestion,
)
from bot.models import Question
from bot.ports.queue import Claim
from tests.nouns import a_question
from tests.unit.desk.stand_ins import ASKER, CANTEEN
from tests.unit.desk.world import World, click

QUESTION = a_question()
CLICK = click()
CLICKED: list[Clicked] = [
    ShowPassages(CLICK, "lunch"),
    AskInDirect(CLICK, "lunch"),
    SummariseThread(CLICK, QUESTION.conversation),
    ShareAnswer(CLICK, QUESTION.id),
    AskPerson(CLICK, QUESTION.id),
    Resolve(CLICK, QUESTION.id, "At noon."),
    ReportOutdated(CLICK, QUESTION.id, "handbook:canteen.md#0"),
    SendRest(CLICK, QUESTION.id),
    ShowWhy(CLICK, QUESTION.id),
    Reopen(CLICK, QUESTION.id),
    ShowHome(CLICK),
    OpenChannelForm(CLICK, CANTEEN),
    Suggest(CLICK),
]
SILENT = (ShowHome, Suggest)
"""Nobody pressed anything for these, and there is no place for a line."""


def test_every_gesture_is_tried_below() -> None:
    """A new job must be added to these tests."""
    assert {type(job) for job in CLICKED} == set(get_args(Clicked))


@pytest.mark.parametrize("job", CLICKED, ids=lambda job: type(job).__name__)
async def test_every_gesture_ends_visibly(world: World, job: Clicked) -> None:
    """Whatever a person does, something is shown, posted, pinned or said."""
    await world.do(job)
    slack = world.slack
    assert slack.shown or slack.whispers or slack.apologies or slack.posts or slack.pages or slack.pinned


async def test_questions_go_to_the_responder(world: World) -> None:
    """Answering and withdrawing are its own, with the fence of the claim."""
    await world.do(AnswerQuestion(QUESTION))
    await world.do(WithdrawQuestion(QUESTION.id, QUESTION.conversation))
    assert world.answering.asked == [("respond", QUESTION.id, 1), ("withdraw", QUESTION.id, 2)]


async def test_the_responder_gives_its_own_questions_up(world: World) -> None:
    """A question that cannot be answered ends where it was asked."""
    await world.desk().give_up(Claim("1-1", AnswerQuestion(QUESTION), 6, 7), "poison")
    assert world.answering.asked == [("give up", QUESTION.id, 7)]
    assert world.slack.whispers == []


async def test_a_question_whose_place_is_shut_is_given_up_in_direct_messages(world: World) -> None:
    """And then it has ended: nobody takes it up again to say so once more."""
    world.answering.mute = True
    await world.desk().give_up(Claim("1-1", AnswerQuestion(QUESTION), 6, 7), "poison")
    assert [step for step, *_ in world.answering.asked] == ["give up", "end"]
    assert len(world.slack.whispers) == 1


async def test_a_question_that_slack_fails_to_end_twice_is_given_up_beside_it(world: World) -> None:
    """The first time another try may do; from the second on nobody waits any longer for a message that is stuck."""
    world.answering.fails = SlackUnavailable("chat.update: internal_error (200)")
    giving_up = world.desk().give_up
    with pytest.raises(SlackUnavailable):
        await giving_up(Claim("1-1", AnswerQuestion(QUESTION), 5, 7), "poison")
    assert world.slack.whispers == []
    await giving_up(Claim("1-1", AnswerQuestion(QUESTION), 6, 8), "poison")
    assert [step for step, *_ in world.answering.asked] == ["give up", "give up", "clear and end"]
    assert world.slack.whispers == [(ASKER, NO_WAY_FOR_NOW.format(code=code(QUESTION.id)))]


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (QUESTION, SlackUnavailable("chat.update: no room for 20.0 s", retry_after=20.0)),
        (replace(QUESTION, addressed="overheard"), SlackUnavailable("conversations.replies: TimeoutError")),
    ],
    ids=["Slack asks to wait", "nobody waits"],
)
async def test_nobody_is_told_beside_a_question(world: World, question: Question, error: SlackUnavailable) -> None:
    """Where Slack takes the line a little later, and where there is no line."""
    world.answering.fails = error
    for deliveries in range(5, 10):
        with pytest.raises(SlackUnavailable):
            await world.desk().give_up(Claim("1-1", AnswerQuestion(question), deliveries, 7), "poison")
    assert world.slack.whispers == []


@pytest.mark.parametrize("view", ["", "V1"])
@pytest.mark.parametrize(
    "job", [job for job in CLICKED if not isinstance(job, SILENT)], ids=lambda job: type(job).__name__
)
async def test_a_gesture_that_fails_is_said_to_its_person(world: World, job: Clicked, view: str) -> None:
    """One plain line with the code that the logs know, in the modal where one stands open."""
    await world.desk().give_up(Claim("1-1", replace(job, click=click(view=view)), 6, 1), "poison")
    lines, others = (
        (world.slack.apologies, world.slack.whispers) if view else (world.slack.whispers, world.slack.apologies)
    )
    assert lines == [(ASKER, f"I couldn't do this. It's logged as {code('click-1')} for your admins.")]
    assert others == []


@pytest.mark.parametrize(
    "job",
    [OfferAnswer(QUESTION), WithdrawQuestion(QUESTION.id, QUESTION.conversation), ShowHome(CLICK), Suggest(CLICK)],
)
async def test_nobody_waits_for_these(world: World, job: Job) -> None:
    """What nobody asked for fails without a line; the logs and the dead letters have it."""
    await world.desk().give_up(Claim("1-1", job, 6, 1), "poison")
    assert (world.slack.whispers, world.slack.apologies, world.answering.asked) == ([], [], [])
