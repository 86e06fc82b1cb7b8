"""An answer is offered to a member, at most once."""

from dataclasses import replace

import pytest

from bot.errors import LeaseLost, SlackUnavailable
from bot.jobs import OfferAnswer
from bot.records import AnswerRecord, State
from tests.nouns import NOON, a_question
from tests.unit.desk.stand_ins import CANTEEN, GUEST
from tests.unit.desk.world import World

QUESTION = replace(a_question(), addressed="followed")
OFFERED = [("offer", CANTEEN, QUESTION.id)]


async def test_an_offer_keeps_the_question(world: World) -> None:
    """The question is there when the offer is taken up."""
    await world.do(OfferAnswer(QUESTION))
    assert world.slack.posts == OFFERED
    assert world.records.kept == {QUESTION.id: AnswerRecord(QUESTION, State.RECEIVED, updated_at=NOON)}


async def test_an_offer_is_never_made_twice(world: World) -> None:
    """A line that only one person sees cannot be looked for, so a redelivery says nothing."""
    world.slack.lose_the_reply = True
    with pytest.raises(SlackUnavailable):
        await world.do(OfferAnswer(QUESTION))
    await world.do(OfferAnswer(QUESTION), deliveries=2)
    assert world.slack.posts == OFFERED


async def test_a_question_that_was_asked_meanwhile_is_not_offered(world: World) -> None:
    """What is answered already stays as it is."""
    answered = AnswerRecord(QUESTION, State.DELIVERED)
    world.records.kept[QUESTION.id] = answered
    await world.do(OfferAnswer(QUESTION))
    assert world.slack.posts == []
    assert world.records.kept[QUESTION.id] is answered


async def test_a_guest_is_offered_nothing(world: World) -> None:
    """Whoever may not ask is not asked."""
    await world.do(OfferAnswer(replace(QUESTION, asker=GUEST)))
    assert (world.slack.posts, world.records.kept) == ([], {})


async def test_a_worker_that_lost_its_lease_offers_nothing(world: World) -> None:
    """Only the worker with the highest fence goes on."""
    world.records.fences[QUESTION.id] = 99
    with pytest.raises(LeaseLost):
        await world.do(OfferAnswer(QUESTION))
    assert world.slack.posts == []
