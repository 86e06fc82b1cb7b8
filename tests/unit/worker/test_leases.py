"""What a worker holds stays its own as long as it lives, and not a moment longer."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.adapters.redis.client import Link, connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.server import EmbeddedServer
from bot.errors import (
    FootnoteError,
    LeaseLost,
    MemoryUnavailable,
)
from bot.ports.queue import Claim, DeadLetters
from bot.worker import Limits, Worker
from tests.unit.worker.desk import (
    QUICK,
    Desk,
    Stubborn,
    failing,
    put,
    until_empty,
    wait_for,
    working,
)
from tests.waiting import wait_until


class Counting(RedisJobQueue):
    """The queue, with a count of renewals."""

    renewals = 0

    async def renew(self, claim: Claim) -> None:
        await super().renew(claim)
        self.renewals += 1


async def test_a_job_longer_than_its_lease_runs_once(link: Link, desk: Desk) -> None:
    """While a job runs, and while it waits for its turn, its lease is renewed, so that nobody else takes it."""
    queue = Counting(link, lease=3.0)
    desk.doing = lambda _: wait_until(lambda: queue.renewals >= 7)
    await put(queue, 1, 2, thread="one")
    async with working(queue, desk):
        await until_empty(queue)
    assert desk.deliveries == [1, 1]


async def test_a_job_whose_lease_is_lost_is_cancelled(link: Link, letters: DeadLetters, desk: Desk) -> None:
    """A worker that was paused for too long stops the job that is another's by now, and begins none that is."""
    queue, other = RedisJobQueue(link, lease=3.0), RedisJobQueue(link, lease=0.0)  # to which every lease has run out
    cancelled = asyncio.Event()

    async def hang(_: Claim) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    desk.doing = hang
    await put(queue, 1, 2)
    async with working(queue, desk, Limits(answers=1, poll=0.05)):
        await wait_until(lambda: len(desk.begun) == 1)
        taken = await other.claim(limit=8, wait=0)
        await wait_until(cancelled.is_set)
        assert await queue.depth() == 2
    assert desk.begun == ["Question 1?"]
    assert len(taken) == 2
    for claim in taken:
        await other.complete(claim)
    assert await letters.list(limit=9) == []


async def test_a_handler_that_was_overtaken_ends_nothing(jobs: RedisJobQueue, letters: DeadLetters, desk: Desk) -> None:
    """When a write is refused because another worker holds the job, the job is neither completed nor buried."""
    desk.doing = failing(LeaseLost("fence"))
    with capture_logs() as logs:
        async with working(jobs, desk):
            await put(jobs, 1)
            await wait_until(lambda: any(entry["event"] == "lease_lost" for entry in logs))
    assert await jobs.depth() == 1
    assert (desk.told, await letters.list(limit=9)) == ([], [])


async def test_a_lost_job_ends_though_it_swallows_a_cancellation(link: Link, desk: Desk) -> None:
    """A job that belongs to another worker is cancelled again until it has ended."""
    queue, other, stubborn = RedisJobQueue(link, lease=1.5), RedisJobQueue(link, lease=0.0), Stubborn()
    desk.doing = stubborn.handle
    await put(queue, 1)
    async with working(queue, desk):
        await wait_until(lambda: len(desk.begun) == 1)
        await other.claim(limit=1, wait=0)
        await wait_until(lambda: stubborn.ended)


class Deaf(RedisJobQueue):
    """A queue that lends jobs and then falls silent."""

    async def renew(self, claim: Claim) -> None:
        raise MemoryUnavailable("silent")

    async def complete(self, claim: Claim) -> None:
        raise MemoryUnavailable("silent")


@pytest.mark.parametrize("done", [True, False])
async def test_without_renewal_a_job_is_stopped_before_its_lease_ends(link: Link, desk: Desk, *, done: bool) -> None:
    """A worker cut off from the queue lets go of a job, finished or not, when others may take it over."""
    queue = Deaf(link, lease=1.0)
    if not done:
        desk.doing = lambda _: wait_for(asyncio.Semaphore(0))
    with capture_logs() as logs:
        async with working(queue, desk, Limits(answers=1, poll=0.01, unreachable=(0.01,))):
            await put(queue, 1)
            await wait_until(lambda: any(entry["event"] == "lease_lost" for entry in logs))
    assert await queue.depth() == 1


async def test_the_queue_may_go_away_and_come_back(tmp_path: Path, desk: Desk) -> None:
    """While Redis is dead a worker keeps trying; a job that ran meanwhile is completed after, and new ones are done."""
    server = EmbeddedServer(tmp_path)
    gate = asyncio.Semaphore(0)
    desk.doing = lambda _: wait_for(gate)
    async with connect(server.join()) as link:
        queue = RedisJobQueue(link)
        with capture_logs() as logs:
            async with working(queue, desk):
                await put(queue, 1)
                await wait_until(lambda: len(desk.begun) == 1)
                os.kill(int((tmp_path / "redis" / "valkey.pid").read_text()), signal.SIGKILL)
                gate.release()
                await wait_until(lambda: any(entry["event"] == "queue_unreachable" for entry in logs))
                server.revive()
                await put(queue, 2)
                gate.release()
                await until_empty(queue)
    server.leave()
    assert (desk.ended, desk.deliveries) == (["Question 1?", "Question 2?"], [1, 1])
    assert len([entry for entry in logs if entry["event"] == "queue_unreachable"]) == 1


async def test_an_error_of_the_worker_itself_is_heard(link: Link, desk: Desk) -> None:
    """A failure that no rule foresees ends the worker loudly, instead of leaving it alive and idle."""

    class Broken(RedisJobQueue):
        async def renew(self, claim: Claim) -> None:
            raise FootnoteError("a bug")

    queue = Broken(link, lease=0.3)
    desk.doing = lambda _: wait_for(asyncio.Semaphore(0))
    await put(queue, 1)
    worker = Worker(queue, handle=desk.handle, give_up=desk.give_up, limits=QUICK)
    with pytest.raises(ExceptionGroup):
        await worker.run()


async def test_a_queue_that_hangs_loses_nothing_and_repeats_nothing(tmp_path: Path, desk: Desk) -> None:
    """A job that ends while Redis stands still is completed when it goes on, and then new ones are done."""
    server = EmbeddedServer(tmp_path)
    gate = asyncio.Semaphore(0)
    desk.doing = lambda _: wait_for(gate)
    async with connect(server.join(), timeout=0.2) as link:
        queue = RedisJobQueue(link, acknowledge=10.0)
        with capture_logs() as logs:
            async with working(queue, desk):
                await put(queue, 1)
                await wait_until(lambda: len(desk.begun) == 1)
                process = int((tmp_path / "redis" / "valkey.pid").read_text())
                os.kill(process, signal.SIGSTOP)
                gate.release()
                await wait_until(lambda: any(entry["event"] == "queue_unreachable" for entry in logs))
                await wait_until(lambda: len(desk.ended) == 1)
                os.kill(process, signal.SIGCONT)
                await put(queue, 2)
                gate.release()
                await wait_until(lambda: len(desk.ended) == 2)
                await until_empty(queue)
    server.leave()
    assert (desk.ended, desk.deliveries) == (["Question 1?", "Question 2?"], [1, 1])
