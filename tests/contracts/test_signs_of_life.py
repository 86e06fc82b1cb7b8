"""The sign of life, where Slack takes no more of them just now: nobody waits for it who could be answered."""

from __future__ import annotations

from tests.contracts.replies_rig import ANSWER, World, opened
from tests.waiting import wait_until

STATUS = "assistant.threads.setStatus"


async def test_an_answer_that_is_there_waits_for_no_turn_of_its_sign_of_life() -> None:
    """Though there would be room for one in half a second: then the answer stands already."""
    async with opened(rate_limits=True) as world:
        await _fill(world, half_a_second_short=True)
        began = world.time.now
        question = await world.asked()
        await world.posted(question)
        assert world.count(STATUS) == 0
        assert len(world.thread(question)) == 1
        assert world.time.now == began


async def test_a_sign_of_life_comes_as_soon_as_there_is_room() -> None:
    """However often there was none before, and though nothing new is to be told."""
    async with opened(rate_limits=True) as world:
        await _fill(world)
        question = await world.asked()
        async with world.open(question) as reply:
            await reply.sign()
            for _ in range(3):
                await wait_until(lambda: world.time.sleeping > 0, because="it waits for its moment")
                world.time.pass_by(1.0)
            assert world.count(STATUS) == 0
            await wait_until(lambda: world.time.sleeping > 0, because="it waits for its moment")
            world.time.pass_by(61.0)
            await wait_until(lambda: world.count(STATUS) == 1, because="there is room")
            await reply.answer(ANSWER)


async def _fill(world: World, *, half_a_second_short: bool = False) -> None:
    """Leave no room for a status; `half_a_second_short`, until then."""
    pace = world.replies.call.pace
    while pace.room_for(STATUS):
        await pace.turn(STATUS, patience=0)
    if half_a_second_short:
        world.time.pass_by(60.0)
