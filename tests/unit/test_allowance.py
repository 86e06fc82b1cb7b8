"""What a question may take is counted where its calls are made, in time, calls and tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bot.allowance import Terms, allowing, current, patiently, seconds_for
from bot.errors import OutOfAllowance, Unavailable


class Watch:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def stream(*events: int, hang: bool = False) -> AsyncGenerator[int]:
    """These events, and then the end, or nothing for ever."""
    for event in events:
        yield event
    if hang:
        await asyncio.Event().wait()


def test_without_a_question_only_the_calls_own_deadline_counts() -> None:
    """Indexing has no allowance."""
    assert current() is None
    assert seconds_for(3.0) == 3.0


def test_a_call_gets_what_it_asks_or_what_is_left() -> None:
    """The smaller of the two; nothing left is an error, not a call of no length."""
    watch = Watch()
    with allowing(Terms(seconds=10.0), clock=watch):
        assert seconds_for(3.0) == 3.0
        watch.now += 8.0
        assert seconds_for(3.0) == pytest.approx(2.0)
        watch.now += 2.0
        with pytest.raises(OutOfAllowance, match="10 s are over"):
            seconds_for(3.0)
    assert current() is None


def test_calls_and_tokens_are_bounded() -> None:
    """The call after the last one is refused, and so is one after the last token."""
    with allowing(Terms(calls=2, tokens=100)) as allowance:
        allowance.begin_call()
        allowance.charge(tokens=100, dollars=0.5)
        with pytest.raises(OutOfAllowance, match="tokens"):
            allowance.begin_call()
    with allowing(Terms(calls=1)) as allowance:
        allowance.begin_call()
        with pytest.raises(OutOfAllowance, match="1 calls"):
            allowance.begin_call()


async def test_tasks_that_a_question_starts_share_its_allowance() -> None:
    """What is charged in one of them counts for all; other questions have their own."""

    async def charge() -> None:
        allowance = current()
        assert allowance is not None
        allowance.charge(tokens=1, dollars=0.25)

    async def question() -> float:
        with allowing(Terms()) as allowance:
            await asyncio.gather(charge(), charge())
        return allowance.dollars

    assert await asyncio.gather(question(), question()) == [0.5, 0.5]


def test_what_is_taken_inside_counts_outside_too() -> None:
    """Who measures around a question sees what it cost."""
    with allowing(Terms()) as outer, allowing(Terms()) as inner:
        inner.begin_call()
        inner.charge(tokens=7, dollars=0.1)
    assert (outer.calls, outer.tokens, outer.dollars) == (1, 7, 0.1)


async def test_a_stream_that_goes_on_is_heard_to_its_end() -> None:
    """Each event as it comes."""
    assert [event async for event in patiently(stream(1, 2, 3), first=5.0, idle=5.0, what="it")] == [1, 2, 3]


@pytest.mark.parametrize("events", [(), (1, 2)])
async def test_a_stream_that_stops_is_not_waited_for(events: tuple[int, ...]) -> None:
    """Before the first event or between two."""
    told = patiently(stream(*events, hang=True), first=0.01, idle=0.01, what="it")
    assert [await anext(told) for _ in events] == list(events)
    with pytest.raises(Unavailable, match="it sent nothing"):
        await anext(told)


async def test_a_stream_ends_with_the_questions_time() -> None:
    """However patient the caller is."""
    watch = Watch()
    with allowing(Terms(seconds=1.0), clock=watch):
        watch.now += 2.0
        with pytest.raises(OutOfAllowance):
            await anext(patiently(stream(1), first=20.0, idle=10.0, what="it"))
