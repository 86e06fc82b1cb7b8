"""What one question may still take of the backends, in time, calls and tokens, and what it has cost so far.

It travels beside the calls (a context variable, so into every task that they start) instead of through every port.
Work that no question asked for, such as indexing, has none: then only each call's own deadline counts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from bot.errors import OutOfAllowance, Unavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Terms:
    """The most that one question may take: seconds in all, calls of models, tokens in and out together."""

    seconds: float = 60.0
    calls: int = 24
    tokens: int = 200_000


@dataclass(slots=True)
class Allowance:
    """One question's share, and what of it is used."""

    terms: Terms
    clock: Callable[[], float]
    begun: float
    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0

    @property
    def seconds(self) -> float:
        """Seconds that are left; never negative."""
        return max(0.0, self.terms.seconds - (self.clock() - self.begun))

    def begin_call(self) -> None:
        """Count a call. Raises `OutOfAllowance` when the question may make none."""
        if self.seconds <= 0:
            raise OutOfAllowance(f"the question's {self.terms.seconds:g} s are over")
        if self.calls >= self.terms.calls:
            raise OutOfAllowance(f"the question has made its {self.terms.calls} calls")
        if self.tokens >= self.terms.tokens:
            raise OutOfAllowance(f"the question has used its {self.terms.tokens:,} tokens")
        self.calls += 1

    def charge(self, *, tokens: int, dollars: float) -> None:
        """Count what a call was billed for."""
        self.tokens += tokens
        self.dollars += dollars


_CURRENT: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowing(terms: Terms, *, clock: Callable[[], float] = time.monotonic) -> Generator[Allowance]:
    """What is done inside, for one question, shares these terms; what it took counts for an allowance around it too."""
    around = _CURRENT.get()
    allowance = Allowance(terms, clock, clock())
    token = _CURRENT.set(allowance)
    try:
        yield allowance
    finally:
        _CURRENT.reset(token)
        if around is not None:
            around.calls += allowance.calls
            around.charge(tokens=allowance.tokens, dollars=allowance.dollars)


def current() -> Allowance | None:
    """The allowance of the question that this is done for; None where there is no question."""
    return _CURRENT.get()


def seconds_for(most: float) -> float:
    """How long a call may take: `most`, or what the question has left. Raises `OutOfAllowance` when that is nothing."""
    allowance = current()
    if allowance is None:
        return most
    left = allowance.seconds
    if left <= 0:
        raise OutOfAllowance(f"the question's {allowance.terms.seconds:g} s are over")
    return min(most, left)


@asynccontextmanager
async def in_time(most: float, *, who: str, what: str) -> AsyncGenerator[None]:
    """What is done inside ends within `most` seconds, or what the question has left.

    Raises `Unavailable` when it does not, `OutOfAllowance` when the question has nothing left.
    """
    seconds = seconds_for(most)
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Unavailable(f"{who} took longer than {seconds:g} s ({what})") from None


async def patiently(events: AsyncIterator[T], *, first: float, idle: float, what: str) -> AsyncGenerator[T]:
    """The events of a stream, the first within `first` seconds, each other within `idle` of the one before.

    Raises `Unavailable` when one does not come in time, `OutOfAllowance` when the question's time is over.
    """
    patience = first
    while True:
        try:
            async with asyncio.timeout(seconds_for(patience)):
                event = await anext(events)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Unavailable(f"{what} sent nothing for {patience:g} s") from None
        yield event
        patience = idle
