"""One call behind its guard: how long, how often, and for whom it counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

import pytest

from bot.adapters.wrappers.guard import Guard
from bot.allowance import Terms, allowing
from bot.errors import IndexMismatch, OutOfAllowance, Unavailable, Unusable
from tests.unit.adapters.wrappers.rig import Rig
from tests.waiting import wait_until

BRIEF = 0.02
"""Seconds of a real deadline, where one has to pass."""


@dataclass
class Work:
    """Fails in these ways, one after another, then answers. None hangs for ever."""

    ways: list[Exception | None] = field(default_factory=list[Exception | None])
    calls: int = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.ways:
            way = self.ways.pop(0)
            if way is None:
                await asyncio.Event().wait()
            else:
                raise way
        return "done"


@dataclass
class Script:
    """Generators: for each time it is begun, what it says before it ends, or fails, or hangs (None)."""

    takes: list[list[str | Exception | None]]
    begun: int = 0
    closed: int = 0

    async def __call__(self) -> AsyncGenerator[str]:
        self.begun += 1
        try:
            for step in self.takes.pop(0):
                if step is None:
                    await asyncio.Event().wait()
                elif isinstance(step, str):
                    yield step
                else:
                    raise step
        finally:
            self.closed += 1


async def heard(guard: Guard, script: Script, *, into: list[str] | None = None) -> list[str]:
    pieces = [] if into is None else into
    async for piece in guard.stream(script):
        pieces.append(piece)
    return pieces


# --- one call -------------------------------------------------------------------------------------------------------


async def test_an_answer_passes(rig: Rig) -> None:
    """What the work gives is what the guard gives, after one call."""
    work = Work()
    assert await rig.guard().call(work) == "done"
    assert (work.calls, rig.hands.slept) == (1, [])


async def test_what_may_pass_is_tried_again(rig: Rig) -> None:
    """With pauses that double."""
    work = Work([Unavailable("busy"), Unavailable("busy")])
    assert await rig.guard(tries=3).call(work) == "done"
    assert (work.calls, rig.hands.slept) == (3, [0.2, 0.4])


async def test_chance_spreads_the_pauses(rig: Rig) -> None:
    """From half to one and a half times as long, so that a crowd does not come back as one."""
    for chance, pause in ((0.0, 0.1), (0.999, 0.2998)):
        guard = Guard(
            "cohere", "rerank", "m", deadline=2.0, breaker=rig.breaker, clock=rig.hands, sleep=rig.hands.sleep,
            chance=lambda chance=chance: chance,
        )  # fmt: skip
        await guard.call(Work([Unavailable("busy")]))
        assert rig.hands.slept.pop() == pytest.approx(pause)


async def test_the_last_failure_is_the_answer(rig: Rig) -> None:
    """After as many tries as are allowed."""
    work = Work([Unavailable("first"), Unavailable("second"), Unavailable("third")])
    with pytest.raises(Unavailable, match="second"):
        await rig.guard(tries=2).call(work)
    assert work.calls == 2


@pytest.mark.parametrize("error", [Unusable("key"), OutOfAllowance("calls"), IndexMismatch("old"), ValueError("ours")])
async def test_what_trying_cannot_help_is_not_tried_again(rig: Rig, error: Exception) -> None:
    """It is raised as it is."""
    work = Work([error])
    with pytest.raises(type(error)) as raised:
        await rig.guard().call(work)
    assert raised.value is error
    assert work.calls == 1


async def test_it_waits_as_long_as_it_is_told(rig: Rig) -> None:
    """Neither less nor more, whatever chance says."""
    await rig.guard(deadline=60.0).call(Work([Unavailable("429", retry_after=7.5)]))
    assert rig.hands.slept == [7.5]


@pytest.mark.parametrize("told", [2.0, 30.0])
async def test_it_does_not_wait_past_its_deadline(rig: Rig, told: float) -> None:
    """A wait that would leave no time for another try is not begun: the question goes on without."""
    work = Work([Unavailable("429", retry_after=told)])
    with pytest.raises(Unavailable, match="429"):
        await rig.guard(deadline=2.0).call(work)
    assert (work.calls, rig.hands.slept) == (1, [])


async def test_it_does_not_wait_past_the_questions_time(rig: Rig) -> None:
    """A question with three seconds left does not wait for five."""
    with allowing(Terms(seconds=3.0), clock=rig.hands), pytest.raises(Unavailable, match="429"):
        await rig.guard(deadline=60.0).call(Work([Unavailable("429", retry_after=5.0)]))
    assert rig.hands.slept == []


async def test_pauses_use_up_the_deadline(rig: Rig) -> None:
    """Tries and pauses share one deadline."""
    work = Work([Unavailable("429", retry_after=1.5), Unavailable("429", retry_after=1.5)])
    with pytest.raises(Unavailable):
        await rig.guard(deadline=2.0, tries=5).call(work)
    assert (work.calls, rig.hands.slept) == (2, [1.5])


@pytest.mark.parametrize("way", [None, TimeoutError()])
async def test_what_is_late_is_unavailable(rig: Rig, way: Exception | None) -> None:
    """Said with the deadline, and held against the dependency."""
    rig.breaker.failures = 1
    with pytest.raises(Unavailable, match=r"cohere rerank took longer than 0\.02 s"):
        await rig.guard(deadline=BRIEF, tries=1).call(Work([way]))
    assert rig.breaker.state == "open"


@pytest.mark.parametrize("way", [None, Unavailable("the adapter was first to give up")])
async def test_a_questions_end_is_not_the_dependencys_fault(rig: Rig, way: Exception | None) -> None:
    """Cut short by the question, a call is out of allowance, and its breaker hears nothing."""
    rig.breaker.failures = 1
    guard = Guard("cohere", "rerank", "m", deadline=60.0, breaker=rig.breaker)
    with allowing(Terms(seconds=BRIEF)), pytest.raises(OutOfAllowance):
        await guard.call(Work([way]))
    assert rig.breaker.state == "closed"


async def test_each_try_is_a_call_of_the_question(rig: Rig) -> None:
    """A try may be billed, so it counts; when no more are allowed the question is told so."""
    work = Work([Unavailable("busy")] * 5)
    with allowing(Terms(calls=2), clock=rig.hands) as allowance, pytest.raises(OutOfAllowance):
        await rig.guard(tries=5).call(work)
    assert (work.calls, allowance.calls) == (2, 2)


async def test_searching_is_no_call_of_a_model(rig: Rig) -> None:
    """A question without calls left may still look into the index."""
    with allowing(Terms(calls=0), clock=rig.hands) as allowance:
        assert await rig.guard("search").call(Work()) == "done"
    assert allowance.calls == 0


async def test_without_time_nothing_is_begun(rig: Rig) -> None:
    """A question whose time is over makes no call."""
    work = Work()
    with allowing(Terms(seconds=5.0), clock=rig.hands):
        rig.hands.now += 5.0
        with pytest.raises(OutOfAllowance):
            await rig.guard().call(work)
    assert work.calls == 0


async def test_an_open_breaker_saves_the_call(rig: Rig) -> None:
    """Nothing is called, waited for, or counted."""
    with suppress(Unavailable):
        await rig.guard().call(Work([Unusable("key")]))
    work = Work()
    with allowing(Terms(), clock=rig.hands) as allowance, pytest.raises(Unavailable, match="left in peace"):
        await rig.guard().call(work)
    assert (work.calls, allowance.calls, rig.hands.slept) == (0, 0, [])


async def test_a_breaker_that_opens_ends_the_tries(rig: Rig) -> None:
    """The rest of them would be refused."""
    rig.breaker.failures = 2
    work = Work([Unavailable("busy")] * 5)
    with pytest.raises(Unavailable, match="busy"):
        await rig.guard(tries=5).call(work)
    assert work.calls == 2


# --- a stream -------------------------------------------------------------------------------------------------------


async def test_a_stream_passes_as_it_is(rig: Rig) -> None:
    """In order, to its end, and what made it is closed."""
    script = Script([["a", "b"]])
    assert await heard(rig.guard("chat"), script) == ["a", "b"]
    assert (script.begun, script.closed) == (1, 1)


async def test_an_empty_stream_is_an_answer(rig: Rig) -> None:
    """None when nothing answers: it is not asked again."""
    script = Script([[]])
    assert await heard(rig.guard("chat"), script) == []
    assert script.begun == 1


async def test_a_stream_is_begun_again_while_nothing_was_heard(rig: Rig) -> None:
    """After a pause; the failed one is closed."""
    script = Script([[Unavailable("429", retry_after=3.0)], ["a"]])
    assert await heard(rig.guard("chat", deadline=60.0), script) == ["a"]
    assert (script.begun, script.closed, rig.hands.slept) == (2, 2, [3.0])


async def test_a_stream_that_breaks_off_is_not_begun_again(rig: Rig) -> None:
    """What was heard was heard: whoever showed it has to take it back first."""
    script = Script([["a", Unavailable("cut")], ["b"]])
    pieces: list[str] = []
    with pytest.raises(Unavailable, match="cut"):
        await heard(rig.guard("chat", deadline=60.0), script, into=pieces)
    assert (pieces, script.begun) == (["a"], 1)


async def test_the_deadline_is_for_the_whole_stream(rig: Rig) -> None:
    """However often something comes: time that passes between two pieces counts."""
    script = Script([["a", "b", "c"]])
    guard = rig.guard("chat", deadline=60.0)
    async with aclosing(guard.stream(script)) as pieces:
        assert await anext(pieces) == "a"
        rig.hands.now += 60.0
        with pytest.raises(Unavailable, match="longer than 60 s"):
            await anext(pieces)
    assert script.closed == 1


async def test_a_stream_that_says_nothing_is_late(rig: Rig) -> None:
    """And what made it is closed."""
    script = Script([[None]])
    with pytest.raises(Unavailable, match="took longer"):
        await heard(rig.guard("chat", deadline=BRIEF, tries=1), script)
    assert script.closed == 1


async def test_a_stream_that_is_left_is_closed(rig: Rig) -> None:
    """No model writes on for nobody, and leaving is no failure."""
    rig.breaker.failures = 1
    script = Script([["a", "b"]])
    async with aclosing(rig.guard("chat").stream(script)) as pieces:
        assert await anext(pieces) == "a"
    assert (script.closed, rig.breaker.state) == (1, "closed")


async def test_a_stream_that_is_stopped_is_closed(rig: Rig) -> None:
    """Cancelling whoever reads it ends what made it."""
    script = Script([["a", None]])
    reading = asyncio.create_task(heard(rig.guard("chat"), script))
    await wait_until(lambda: script.begun == 1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert script.closed == 1


async def test_streams_count_for_breaker_and_question(rig: Rig) -> None:
    """Each time one is begun."""
    script = Script([[Unavailable("busy")], ["a", Unavailable("cut")]])
    rig.breaker.failures = 2
    with allowing(Terms(), clock=rig.hands) as allowance, suppress(Unavailable):
        await heard(rig.guard("chat", deadline=60.0), script)
    assert allowance.calls == 2
    assert rig.breaker.state == "closed"  # a piece came in between
    with suppress(Unavailable):
        await heard(rig.guard("chat", tries=1), Script([[Unavailable("busy")]]))
    assert rig.breaker.state == "open"
    refused = Script([["a"]])
    with pytest.raises(Unavailable, match="left in peace"):
        await heard(rig.guard("chat"), refused)
    assert refused.begun == 0
