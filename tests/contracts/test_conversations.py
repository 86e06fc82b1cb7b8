"""What every memory of conversations must keep to."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.adapters.redis.conversations import RedisConversations
from bot.conversations import Turn
from bot.models import ConversationKey
from bot.ports.memory import Conversations
from tests.nouns import NOON
from tests.redis_fixtures import EVERYWHERE, on

KEY = ConversationKey("T0ACME", "C0CANTEEN", "1.000100")


pytestmark = on(EVERYWHERE)


@pytest.fixture
def memory(conversations: RedisConversations) -> Conversations:
    return conversations


def _turn(number: int = 1) -> Turn:
    cited = {f"handbook:{number}.md": "r1"}
    return Turn(
        f"Question {number}?", f"Whole question {number}?", f"Soup \N{SNOWMAN} {number} [1]", cited, NOON, f"Q{number}"
    )


async def test_nothing_is_remembered_at_first(memory: Conversations) -> None:
    """A conversation that never was is empty."""
    assert (await memory.read(KEY)).turns == ()


async def test_turns_come_back_whole_and_in_order(memory: Conversations) -> None:
    """What was remembered is read back equal, oldest first."""
    for number in (1, 2):
        await memory.remember(KEY, _turn(number))
    assert (await memory.read(KEY)).turns == (_turn(1), _turn(2))


async def test_a_question_is_remembered_once(memory: Conversations) -> None:
    """Remembering again, after a crash or twice at a time, adds nothing."""
    await asyncio.gather(*(memory.remember(KEY, _turn(1)) for _ in range(10)))
    assert (await memory.read(KEY)).turns == (_turn(1),)


async def test_a_question_answered_anew_has_its_latest_turn(memory: Conversations) -> None:
    """After an edit the turn says what was answered last, in its old place."""
    for number in (1, 2):
        await memory.remember(KEY, _turn(number))
    anew = replace(_turn(3), question_id="Q1")
    await memory.remember(KEY, anew)
    assert (await memory.read(KEY)).turns == (anew, _turn(2))


async def test_ids_that_begin_alike_are_different(memory: Conversations) -> None:
    """Q1 does not hide Q11, nor the other way round; odd characters in an id are no matter."""
    for number, question_id in enumerate(("Q11", "Q1", "Q1\nQ", "")):
        await memory.remember(KEY, replace(_turn(number), question_id=question_id))
    assert len((await memory.read(KEY)).turns) == 4


async def test_the_last_forty_turns_are_kept(memory: Conversations) -> None:
    """A long conversation loses its oldest turns first."""
    for number in range(45):
        await memory.remember(KEY, _turn(number))
    turns = (await memory.read(KEY)).turns
    assert [turn.question for turn in turns] == [f"Question {number}?" for number in range(5, 45)]


@pytest.mark.parametrize(
    "other",
    [
        ConversationKey("T0OTHER", "C0CANTEEN", "1.000100"),
        ConversationKey("T0ACME", "C0OTHER", "1.000100"),
        ConversationKey("T0ACME", "C0CANTEEN", "2.000100"),
        ConversationKey("T0ACME:C0CANTEEN", "1.000100", ""),
        ConversationKey("T0ACME", "C0CANTEEN:1.000100", ""),
    ],
)
async def test_conversations_do_not_mix(memory: Conversations, other: ConversationKey) -> None:
    """Another workspace, channel or thread, however it is spelled, sees nothing of this one."""
    await memory.remember(KEY, _turn())
    assert (await memory.read(other)).turns == ()


async def test_a_forgotten_conversation_is_gone(memory: Conversations) -> None:
    """After forgetting nothing is left, and what comes later starts anew."""
    await memory.remember(KEY, _turn(1))
    await memory.forget(KEY)
    assert (await memory.read(KEY)).turns == ()
    await memory.remember(KEY, _turn(1))
    assert (await memory.read(KEY)).turns == (_turn(1),)


async def test_the_bot_takes_part_from_joining_to_leaving(memory: Conversations) -> None:
    """A thread is the bot's from the mention on until the talk turns to others; joining twice is joining once."""
    assert not await memory.joined(KEY)
    await memory.join(KEY)
    await memory.join(KEY)
    assert await memory.joined(KEY)
    assert not await memory.joined(ConversationKey("T0ACME", "C0CANTEEN", "2.000100"))
    await memory.leave(KEY)
    assert not await memory.joined(KEY)


async def test_turns_and_taking_part_are_two_things(memory: Conversations) -> None:
    """A bot that left a thread still knows what was said there, and takes part without having said anything."""
    await memory.join(KEY)
    assert (await memory.read(KEY)).turns == ()
    await memory.remember(KEY, _turn(1))
    await memory.leave(KEY)
    assert (await memory.read(KEY)).turns == (_turn(1),)
