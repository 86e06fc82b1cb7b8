"""Jobs run at once, in order and within limits: none twice, none before its turn."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.adapters.redis.queue import RedisJobQueue
from bot.ports.queue import Claim
from bot.worker import Limits
from tests.nouns import asked
from tests.unit.worker.desk import QUICK, Desk, a_job_of, put, until_empty, wait_for, working
from tests.waiting import wait_until


async def test_a_job_is_done_once_and_gone(jobs: RedisJobQueue, desk: Desk) -> None:
    """What is appended is handled one time and leaves the queue."""
    async with working(jobs, desk):
        await put(jobs, 1, 2)
        await until_empty(jobs)
    assert sorted(desk.ended) == ["Question 1?", "Question 2?"]
    assert desk.told == []


async def test_no_more_jobs_run_at_a_time_than_allowed(jobs: RedisJobQueue, desk: Desk) -> None:
    """Of many jobs the limit's number runs, and each that ends makes room for one."""
    gate = asyncio.Semaphore(0)
    desk.doing = lambda _: wait_for(gate)
    await put(jobs, *range(6))
    async with working(jobs, desk, Limits(answers=2, poll=0.05)):
        for ended in range(5):
            await wait_until(lambda ended=ended: len(desk.begun) == min(6, ended + 2))
            assert len(desk.begun) - len(desk.ended) <= 2
            gate.release()
        gate.release()
        await until_empty(jobs)


async def test_a_conversation_is_answered_in_order_and_holds_up_no_other(jobs: RedisJobQueue, desk: Desk) -> None:
    """Questions of one thread run one after another as they came, while another thread's question overtakes them."""
    gate = asyncio.Semaphore(0)

    async def slow_thread(claim: Claim) -> None:
        if asked(claim).conversation.thread == "slow":
            await gate.acquire()

    desk.doing = slow_thread
    await put(jobs, 1, 2, 3, thread="slow")
    await put(jobs, 4)
    async with working(jobs, desk, Limits(answers=4, poll=0.05)):
        await wait_until(lambda: desk.ended == ["Question 4?"])
        assert sorted(desk.begun) == ["Question 1?", "Question 4?"]
        for _ in range(3):
            gate.release()
        await until_empty(jobs)
    assert desk.ended == ["Question 4?", "Question 1?", "Question 2?", "Question 3?"]


async def test_a_long_conversation_leaves_room_for_others(jobs: RedisJobQueue, desk: Desk) -> None:
    """Many questions in one thread take one place of several, however many of them wait."""
    gate = asyncio.Semaphore(0)

    async def slow_thread(claim: Claim) -> None:
        if asked(claim).conversation.thread == "slow":
            await gate.acquire()

    desk.doing = slow_thread
    await put(jobs, *range(20), thread="slow")
    await put(jobs, 77, 78)
    async with working(jobs, desk, Limits(answers=2, poll=0.05)):
        await wait_until(lambda: sorted(desk.ended) == ["Question 77?", "Question 78?"])


async def test_a_worker_with_time_gets_what_waits_at_a_busy_one(jobs: RedisJobQueue, desk: Desk) -> None:
    """What one worker leased beyond its places, and cannot begin, is done by another that comes to have room."""
    busy, idle = desk, Desk()
    busy.doing = lambda _: wait_for(asyncio.Semaphore(0))
    limits = replace(QUICK, answers=1, keep=0.1)
    async with working(jobs, busy, limits):
        await put(jobs, 1, 2, 3)
        await wait_until(lambda: busy.begun == ["Question 1?"])
        async with working(jobs, idle, limits):
            await wait_until(lambda: sorted(idle.ended) == ["Question 2?", "Question 3?"])
    assert idle.deliveries == [1, 1]


async def test_a_person_who_floods_holds_up_nobody(jobs: RedisJobQueue, desk: Desk) -> None:
    """Others are answered while all that one person asked hangs; of that, half of the places are taken at most."""
    gate = asyncio.Semaphore(0)

    async def flooded(claim: Claim) -> None:
        if asked(claim).asker == "U0FLOOD":
            await gate.acquire()

    desk.doing = flooded
    for number in range(9):
        await jobs.enqueue(a_job_of("U0FLOOD", number), once=[])
    await put(jobs, 77, 78)
    async with working(jobs, desk, replace(QUICK, answers=4)):
        await wait_until(lambda: sorted(desk.ended) == ["Question 77?", "Question 78?"])
        assert len(desk.begun) == 4
