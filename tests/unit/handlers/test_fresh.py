"""Values that are believed for a while."""

import asyncio

import pytest

from bot.errors import SlackUnavailable
from handlers.fresh import Fresh


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_value_is_loaded_again_when_it_is_too_old() -> None:
    """Its age counts from before it was asked for, so that a slow answer is not believed for longer."""
    clock, loads = Seconds(), 0

    async def load() -> int:
        nonlocal loads
        loads += 1
        clock.now += 5
        return loads

    fresh = Fresh[str, int](60, clock)
    assert await fresh.get("a", load) == 1
    clock.now += 54.9
    assert await fresh.get("a", load) == 1
    clock.now += 0.1
    assert await fresh.get("a", load) == 2


async def test_many_who_ask_at_once_load_once() -> None:
    """Twenty questions in one channel look its members up together."""
    loads: list[str] = []

    async def load() -> str:
        await asyncio.sleep(0)
        loads.append("a")
        return "value"

    fresh = Fresh[str, str](60, Seconds())
    assert await asyncio.gather(*(fresh.get("a", load) for _ in range(20))) == ["value"] * 20
    assert loads == ["a"]


async def test_a_failure_is_not_kept() -> None:
    """Whoever asks next tries again."""

    async def fail() -> str:
        raise SlackUnavailable("no answer")

    async def load() -> str:
        return "value"

    fresh = Fresh[str, str](60, Seconds())
    with pytest.raises(SlackUnavailable):
        await fresh.get("a", fail)
    assert await fresh.get("a", load) == "value"


def test_stale_values_go() -> None:
    """What nobody asks for again does not stay in memory."""
    clock = Seconds()
    fresh = Fresh[str, str](60, clock)
    fresh.keep({"a": "old"}, asked_at=clock())
    clock.now += 60
    assert fresh.peek("a") is None
    fresh.keep({"b": "new"}, asked_at=clock())
    clock.now -= 1
    assert fresh.peek("a") is None
    assert fresh.peek("b") == "new"
