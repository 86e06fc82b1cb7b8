"""A guard around the calls of one dependency: deadline, tries, breaker, allowance, span.

The loop is ours. stamina 26.1 could wait as `Retry-After` says, but sleeps and draws its jitter by itself, is switched
for tests by a global, and knows nothing of what a question has left; with that said beside it, nothing of it remains.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import KW_ONLY, dataclass, field
from typing import Final, TypeVar

from bot.adapters.wrappers.breaker import Breaker
from bot.adapters.wrappers.tracing import Call, Kind, Target, Telemetry
from bot.allowance import current, seconds_for
from bot.errors import OutOfAllowance, Unavailable, Unusable

T = TypeVar("T")

PAUSE = 0.2
"""Seconds before the second try, twice as many before each further one, half to one and a half times that by chance."""
LONGEST_PAUSE = 5.0
NEARLY = 0.05
"""Seconds before the end of a question's time in which a failure is laid to that."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Makes calls of one operation of one provider, all with the same patience.

    `deadline` is in seconds, for all `tries` of a call together, and never more than the question has left.
    """

    provider: str
    operation: Kind
    model: str
    _: KW_ONLY
    deadline: float
    breaker: Breaker
    tries: int = 2
    telemetry: Telemetry = field(default_factory=Telemetry)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives, tried again where that can help and time allows.

        Raises `Unavailable` when it fails, is late, or the breaker is open; `OutOfAllowance` when the question has
        nothing left. Whatever else `work` raises passes.
        """
        with self.telemetry.calling(self._target) as call, call.current():
            time_left = self._time()
            while True:
                try:
                    return await self._once(work, time_left)
                except Unavailable as error:
                    pause = self._pause(error, call.tries, time_left)
                    if pause is None:
                        raise
                await self.sleep(pause)
                self.telemetry.retry(call)

    async def stream(self, begin: Callable[[], AsyncGenerator[T]]) -> AsyncGenerator[T]:
        """What the generator that `begin` gives yields; begun again, as `call` would, only while nothing has come.

        Raises like `call`. The deadline is for the whole. Closed before its end, it closes the generator.
        """
        with self.telemetry.calling(self._target) as call:
            time_left = self._time()
            while True:
                heard = False
                try:
                    async with aclosing(self._steps(begin, time_left, call)) as items:
                        async for item in items:
                            if not heard:
                                heard = True
                                self.telemetry.first(call)
                            yield item
                except Unavailable as error:
                    pause = None if heard else self._pause(error, call.tries, time_left)
                    if pause is None:
                        raise
                else:
                    return
                await self.sleep(pause)
                self.telemetry.retry(call)

    async def _once(self, work: Callable[[], Awaitable[T]], time_left: _Time) -> T:
        try:
            with self.breaker.passing():
                self._count()
                async with self._in_time(time_left):
                    return await work()
        finally:
            self._show_breaker()

    async def _steps(self, begin: Callable[[], AsyncGenerator[T]], time_left: _Time, call: Call) -> AsyncGenerator[T]:
        try:
            with self.breaker.passing() as passage:
                self._count()
                source = begin()
                try:
                    while not isinstance(item := await self._step(source, time_left, call), _End):
                        self.breaker.answered(passage)
                        yield item
                finally:
                    with call.current():
                        await source.aclose()
        finally:
            self._show_breaker()

    async def _step(self, source: AsyncGenerator[T], time_left: _Time, call: Call) -> T | _End:
        with call.current():
            async with self._in_time(time_left):
                return await anext(source, END)

    @property
    def _target(self) -> Target:
        return Target(self.provider, self.operation, self.model)

    def _time(self) -> _Time:
        seconds = seconds_for(self.deadline)
        return _Time(self.clock, self.clock() + seconds, cut=seconds < self.deadline)

    def _count(self) -> None:
        """Every try is a call that a model may bill; searching our own index is none."""
        allowance = current()
        if allowance is not None and self.operation != "search":
            allowance.begin_call()

    @asynccontextmanager
    async def _in_time(self, time_left: _Time) -> AsyncGenerator[None]:
        """An adapter has a deadline too, so either may be first to give up; a question's end is no one else's fault."""
        try:
            async with asyncio.timeout(time_left.seconds_or_late()):
                yield
        except (TimeoutError, Unavailable) as error:
            if time_left.cut and time_left.seconds <= NEARLY:
                raise OutOfAllowance(f"the question's time was over before {self.provider} answered") from None
            if isinstance(error, Unavailable):
                raise
            late = f"{self.provider} {self.operation} took longer than {self.deadline:g} s"
            raise Unavailable(late) from None

    def _pause(self, error: Unavailable, tried: int, time_left: _Time) -> float | None:
        """Seconds until another try; None when it cannot help or would come too late."""
        if isinstance(error, Unusable | OutOfAllowance) or tried >= self.tries or self.breaker.state != "closed":
            return None
        pause = error.retry_after
        if pause is None:
            pause = min(LONGEST_PAUSE, PAUSE * 2.0 ** (tried - 1)) * (0.5 + self.chance())
        return pause if pause < time_left.seconds else None

    def _show_breaker(self) -> None:
        self.telemetry.breaker(self.breaker.dependency, self.breaker.state)


@dataclass(frozen=True, slots=True)
class _Time:
    """When a call must have ended; `cut` when the question has less left than the call may take."""

    clock: Callable[[], float]
    end: float
    cut: bool

    @property
    def seconds(self) -> float:
        return self.end - self.clock()

    def seconds_or_late(self) -> float:
        """Seconds that are left. Raises `TimeoutError` for none, in which what is ready could still be had."""
        if self.seconds <= 0:
            raise TimeoutError
        return self.seconds


class _End:
    """Stands for the end of a stream."""


END: Final = _End()
