"""How long wishes to stop are kept: what a user with few rights may not look up."""

from __future__ import annotations

from bot.adapters.redis.client import Link
from bot.adapters.redis.stops import RedisStops


async def test_a_wish_is_kept_as_long_as_is_said(link: Link) -> None:
    """Ten minutes outlast an answer; that a question was deleted has to outlast every late delivery of it."""
    stops = RedisStops(link)
    await stops.ask("q1")
    await stops.ask("q2", seconds=86_400)
    left = [await link.call("TTL", link.key("stop", of=("question", one))) for one in ("q1", "q2")]
    assert [round(one, -2) for one in left] == [600, 86_400]
