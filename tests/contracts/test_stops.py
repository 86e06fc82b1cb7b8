"""What every store of wishes to stop must keep to."""

from __future__ import annotations

import pytest

from bot.adapters.redis.client import Link
from bot.adapters.redis.stops import RedisStops
from bot.models import ConversationKey
from bot.ports.memory import Stops
from tests.redis_fixtures import EVERYWHERE, on

KEY = ConversationKey("T1", "C1", "1.1")


pytestmark = on(EVERYWHERE)


@pytest.fixture
def stops(link: Link) -> Stops:
    return RedisStops(link)


async def test_a_wish_is_heard_until_it_is_cleared(stops: Stops) -> None:
    """Only what was wished for is named, as often as one looks."""
    assert await stops.asked([]) == frozenset()
    await stops.ask("q1")
    assert await stops.asked(["q1", "q2"]) == {"q1"}
    assert await stops.asked(["q1"]) == {"q1"}
    await stops.clear("q1")
    assert await stops.asked(["q1", "q2"]) == frozenset()


async def test_the_question_being_answered_is_known_by_its_conversation(stops: Stops) -> None:
    """A stop that names only the thread finds its question, as long as somebody works on it."""
    assert await stops.being_answered(KEY) is None
    await stops.working(KEY, "q1")
    assert await stops.being_answered(KEY) == "q1"
    assert await stops.being_answered(ConversationKey("T1", "C1", "2.2")) is None
    await stops.working(KEY, None)
    assert await stops.being_answered(KEY) is None


async def test_the_end_of_work_hears_of_wishes_in_the_same_trip(stops: Stops) -> None:
    """Of those that were named, and they stand until they are cleared."""
    await stops.working(KEY, "q1")
    await stops.ask("q2")
    assert await stops.worked(KEY, ["q1", "q2"]) == {"q2"}
    assert await stops.being_answered(KEY) is None
    assert await stops.worked(KEY, ["q1", "q2"]) == {"q2"}
