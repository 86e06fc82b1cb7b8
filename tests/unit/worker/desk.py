"""A desk where jobs are done as a test wants, and a worker that sits at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest

from bot.adapters.redis.queue import RedisJobQueue
from bot.jobs import AnswerQuestion
from bot.ports.queue import Claim
from bot.worker import Limits, Worker
from tests.nouns import asked
from tests.redis_fixtures import a_job

QUICK = Limits(poll=0.05, backoff=(0.0,), between=0.0, unreachable=(0.02,))
"""No waiting between tries."""


@dataclass
class Desk:
    """Where jobs are done: notes which ran and whom it told, and does with each what the test wants."""

    begun: list[str] = field(default_factory=list[str])
    ended: list[str] = field(default_factory=list[str])
    told: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    deliveries: list[int] = field(default_factory=list[int])
    doing: Callable[[Claim], Awaitable[None]] | None = None
    telling: Callable[[Claim], Awaitable[None]] | None = None

    async def handle(self, claim: Claim) -> None:
        self.begun.append(name(claim))
        self.deliveries.append(claim.deliveries)
        if self.doing:
            await self.doing(claim)
        self.ended.append(name(claim))

    async def give_up(self, claim: Claim, reason: str) -> None:
        if self.telling:
            await self.telling(claim)
        self.told.append((name(claim), reason))


def name(claim: Claim) -> str:
    return asked(claim).text


@asynccontextmanager
async def working(queue: RedisJobQueue, desk: Desk, limits: Limits = QUICK) -> AsyncGenerator[Worker]:
    """A worker that runs meanwhile and is stopped at once at the end."""
    worker = Worker(queue, handle=desk.handle, give_up=desk.give_up, limits=limits)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        worker.stop()
        await running


async def put(queue: RedisJobQueue, *numbers: int, thread: str | None = None) -> None:
    """Queue these questions, each of a person of its own, in one thread or each in its own."""
    for number in numbers:
        await queue.enqueue(a_job_of(f"U{number}", number, thread=thread), once=[])


def a_job_of(person: str, number: int, *, thread: str | None = None) -> AnswerQuestion:
    return AnswerQuestion(replace(a_job(number, thread=thread).question, asker=person))


async def until_empty(queue: RedisJobQueue) -> None:
    """Return when every job has come to an end."""
    for _ in range(2_000):
        if not await queue.depth():
            return
        await asyncio.sleep(0.01)
    pytest.fail("jobs are left in the queue")


def failing(error: Exception, *, times: int = 1_000_000) -> Callable[[Claim], Awaitable[None]]:
    """Fail that many times, then succeed."""
    left = [times]

    async def fail(_: Claim) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise error

    return fail


async def wait_for(gate: asyncio.Semaphore) -> None:
    await gate.acquire()


async def leave(worker: Worker, running: asyncio.Task[None], *, how: str) -> None:
    if how == "cancelled":
        running.cancel()
    else:
        for _ in range(2 if how == "stopped twice" else 1):
            worker.stop()
    await asyncio.wait({running})


@dataclass
class Stubborn:
    """A job that does not listen to its first cancellation."""

    ended: bool = False

    async def handle(self, _: Claim) -> None:
        try:
            for _swallowed in range(2):
                with suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
        finally:
            self.ended = True
