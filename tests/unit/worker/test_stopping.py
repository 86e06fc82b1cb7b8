"""A worker that is asked to stop ends what it began, and gives back what it cannot end."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.adapters.redis.client import Link
from bot.adapters.redis.queue import RedisJobQueue
from bot.ports.queue import Claim
from bot.worker import Limits, Worker
from tests.unit.worker.desk import (
    QUICK,
    Desk,
    Stubborn,
    leave,
    name,
    put,
    wait_for,
    working,
)
from tests.waiting import wait_until


async def test_a_stop_waits_for_what_runs_and_takes_nothing_more(jobs: RedisJobQueue, desk: Desk) -> None:
    """After a stop the running job is finished, and one that comes later stays for the next worker, uncounted."""
    gate = asyncio.Semaphore(0)
    desk.doing = lambda _: wait_for(gate)
    worker = Worker(jobs, handle=desk.handle, give_up=desk.give_up, limits=QUICK)
    running = asyncio.create_task(worker.run())
    await put(jobs, 1)
    await wait_until(lambda: len(desk.begun) == 1)
    worker.stop()
    await put(jobs, 2)
    gate.release()
    await running
    assert desk.ended == ["Question 1?"]
    (claim,) = await jobs.claim(limit=8, wait=0)
    assert (name(claim), claim.deliveries) == ("Question 2?", 1)


async def test_a_stop_is_heard_by_a_job_that_swallows_a_cancellation(jobs: RedisJobQueue, desk: Desk) -> None:
    """Nothing runs on after a second stop, even where a library loses the first request to end."""
    stubborn = Stubborn()
    desk.doing = stubborn.handle
    await put(jobs, 1)
    async with working(jobs, desk):
        await wait_until(lambda: len(desk.begun) == 1)
    assert stubborn.ended


class StoppedMeanwhile(RedisJobQueue):
    """A queue whose worker is stopped while it claims."""

    worker: Worker | None = None

    async def claim(self, *, limit: int, wait: float) -> list[Claim]:
        claims = await super().claim(limit=limit, wait=wait)
        if self.worker:
            self.worker.stop()
        return claims


async def test_a_job_that_arrives_with_the_stop_goes_back(link: Link, desk: Desk) -> None:
    """What was claimed while the stop came is not begun, and is there for the next worker at once, uncounted."""
    queue = StoppedMeanwhile(link)
    await put(queue, 1)
    queue.worker = Worker(queue, handle=desk.handle, give_up=desk.give_up, limits=QUICK)
    await queue.worker.run()
    (claim,) = await RedisJobQueue(link).claim(limit=8, wait=0)
    assert (name(claim), claim.deliveries, desk.begun) == ("Question 1?", 1, [])


@pytest.mark.parametrize("patience", ["drained", "stopped twice", "cancelled"])
async def test_what_is_not_done_in_time_is_given_back(jobs: RedisJobQueue, desk: Desk, patience: str) -> None:
    """At the end of the drain, at a second stop, or when cancelled, jobs go back at once, and uncounted."""
    desk.doing = lambda _: wait_for(asyncio.Semaphore(0))
    limits = Limits(answers=1, poll=0.05, drain=0.05 if patience == "drained" else 600)
    worker = Worker(jobs, handle=desk.handle, give_up=desk.give_up, limits=limits)
    running = asyncio.create_task(worker.run())
    await put(jobs, 1, 2)
    await wait_until(lambda: len(desk.begun) == 1)
    await leave(worker, running, how=patience)
    claims = await jobs.claim(limit=8, wait=0)
    assert [(name(claim), claim.deliveries) for claim in claims] == [("Question 1?", 1), ("Question 2?", 1)]
    assert desk.told == []


async def test_a_stop_while_idle_returns_soon(jobs: RedisJobQueue, desk: Desk) -> None:
    """A worker with nothing to do returns when it is told to stop."""
    async with working(jobs, desk, Limits(poll=0.01)):
        pass
    assert desk.begun == []


async def test_what_fails_beside_the_jobs_is_heard_and_stops_none(jobs: RedisJobQueue, desk: Desk) -> None:
    """A failure of what runs besides is logged by kind; questions are answered on, and a stop ends what still runs."""
    ended = asyncio.Event()

    async def fail() -> None:
        raise KeyError("a bug that quotes: When is lunch?")

    async def go_on() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    worker = Worker(jobs, handle=desk.handle, give_up=desk.give_up, limits=QUICK, beside=(fail, go_on))
    with capture_logs() as logs:
        running = asyncio.create_task(worker.run())
        await put(jobs, 1)
        await wait_until(lambda: desk.ended == ["Question 1?"])
        worker.stop()
        await running
    assert [entry["error"] for entry in logs if entry["event"] == "beside_failed"] == ["KeyError"]
    assert "lunch" not in repr(logs)
    await ended.wait()
