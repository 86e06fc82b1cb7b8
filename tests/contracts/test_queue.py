"""What every job queue must keep to."""

from __future__ import annotations

import asyncio

import pytest

from bot.adapters.redis.link import Link
from bot.adapters.redis.queue import RedisJobQueue
from bot.errors import LeaseLost
from bot.jobs import Job
from bot.ports.queue import Claim, DeadLetters, JobQueue
from tests.redis_fixtures import EVERYWHERE, PassTime, a_job, on

pytestmark = on(EVERYWHERE)


@pytest.fixture
def queue(jobs: RedisJobQueue) -> JobQueue:
    return jobs


async def _lease_one(queue: JobQueue) -> Claim:
    (claim,) = await queue.claim(limit=1, wait=0)
    return claim


async def _put(queue: JobQueue, *numbers: int) -> list[Job]:
    jobs = [a_job(number) for number in numbers]
    for job in jobs:
        assert await queue.enqueue(job, once=[job.question.id])
    return list(jobs)


async def test_a_job_arrives_whole(queue: JobQueue) -> None:
    """What is leased equals what was appended, as its first delivery."""
    (job,) = await _put(queue, 1)
    claim = await _lease_one(queue)
    assert (claim.job, claim.deliveries) == (job, 1)


async def test_jobs_arrive_in_order(queue: JobQueue) -> None:
    """Jobs come in the order in which they were appended, no more than asked for."""
    jobs = await _put(queue, 1, 2, 3)
    assert [claim.job for claim in await queue.claim(limit=2, wait=0)] == jobs[:2]
    assert [claim.job for claim in await queue.claim(limit=2, wait=0)] == jobs[2:]


async def test_a_leased_job_is_not_given_to_another(queue: JobQueue) -> None:
    """While a lease runs, nobody else gets the job."""
    await _put(queue, 1)
    await _lease_one(queue)
    assert await queue.claim(limit=1, wait=0) == []


async def test_one_gesture_makes_one_job_however_often_it_is_delivered(queue: JobQueue) -> None:
    """Fifty deliveries at once, with the same key, append one job and exactly one caller learns so."""
    told = await asyncio.gather(*(queue.enqueue(a_job(), once=["event:Ev1"]) for _ in range(50)))
    assert sorted(told) == [False] * 49 + [True]
    assert await queue.depth() == 1


async def test_any_used_key_makes_a_duplicate(queue: JobQueue) -> None:
    """A delivery that shares one key of several with an earlier one is no new job, and its other keys count as used."""
    assert await queue.enqueue(a_job(1), once=["event:Ev1", "message:M1"])
    assert not await queue.enqueue(a_job(1), once=["event:Ev2", "message:M1"])
    assert not await queue.enqueue(a_job(1), once=["event:Ev2", "message:M2"])
    assert await queue.enqueue(a_job(2), once=["event:Ev3", "message:M3"])
    assert await queue.depth() == 2


async def test_a_key_given_twice_is_one_key(queue: JobQueue) -> None:
    """A job is not its own duplicate when two of its keys are equal."""
    assert await queue.enqueue(a_job(), once=["event:Ev1", "event:Ev1"])
    assert await queue.depth() == 1


async def test_jobs_without_keys_are_always_new(queue: JobQueue) -> None:
    """Without keys there is nothing to be a duplicate of."""
    assert await queue.enqueue(a_job(), once=[])
    assert await queue.enqueue(a_job(), once=[])
    assert await queue.depth() == 2


async def test_a_waiting_worker_is_woken_by_a_job(queue: JobQueue) -> None:
    """A worker that waits gets a job when it comes, long before its wait ends."""
    waiting = asyncio.create_task(queue.claim(limit=1, wait=600))
    await _put(queue, 1)
    assert len(await asyncio.wait_for(waiting, 30)) == 1


async def test_waiting_ends_without_jobs(queue: JobQueue) -> None:
    """With nothing to do, a worker is let go when its wait is over."""
    assert await queue.claim(limit=1, wait=0.01) == []


async def test_a_cancelled_claim_takes_nothing_along(queue: JobQueue) -> None:
    """At whatever moment a claim is cancelled, the job can be leased at once, as its first delivery."""
    await _put(queue, 1)
    for moment in range(60):
        claiming = asyncio.create_task(queue.claim(limit=1, wait=600))
        for _ in range(moment):
            await asyncio.sleep(0)
        claiming.cancel()
        await asyncio.wait({claiming})
        claim = await _lease_one(queue) if claiming.cancelled() else claiming.result()[0]
        assert claim.deliveries == 1
        await queue.release(claim)


async def test_a_dead_workers_job_is_delivered_again(queue: JobQueue, pass_time: PassTime) -> None:
    """When a lease runs out the job comes back, as its next delivery and with a higher fence."""
    await _put(queue, 1)
    first = await _lease_one(queue)
    await pass_time(queue.lease - 5)
    assert await queue.claim(limit=1, wait=0) == []
    await pass_time(5)
    second = await _lease_one(queue)
    assert (second.id, second.deliveries) == (first.id, 2)
    assert second.fence > first.fence


async def test_lost_jobs_come_before_new_ones(queue: JobQueue) -> None:
    """Who has waited through a dead worker's lease is not overtaken by newcomers."""
    (old,) = await _put(queue, 1)
    await queue.retry(await _lease_one(queue), after=0)
    (new,) = await _put(queue, 2)
    assert [claim.job for claim in await queue.claim(limit=2, wait=0)] == [old, new]


async def test_a_waiting_worker_finds_leases_that_run_out(queue: JobQueue, pass_time: PassTime) -> None:
    """A worker that waits for new jobs gets an old one too when its lease runs out meanwhile."""
    await _put(queue, 1)
    await _lease_one(queue)
    waiting = asyncio.create_task(queue.claim(limit=1, wait=600))
    await queue.depth()
    await pass_time(queue.lease)
    (claim,) = await asyncio.wait_for(waiting, 30)
    assert claim.deliveries == 2


async def test_a_renewed_lease_does_not_run_out(queue: JobQueue, pass_time: PassTime) -> None:
    """Renewing keeps the job from others for longer than one lease, and does not count as a delivery."""
    await _put(queue, 1)
    claim = await _lease_one(queue)
    for _ in range(3):
        await pass_time(queue.lease - 5)
        await queue.renew(claim)
        assert await queue.claim(limit=1, wait=0) == []
    await pass_time(queue.lease)
    assert (await _lease_one(queue)).deliveries == 2


@pytest.mark.parametrize("step", ["renew", "complete", "release", "retry", "bury"])
async def test_who_lost_the_lease_can_do_nothing(queue: JobQueue, pass_time: PassTime, step: str) -> None:
    """A worker that woke too late is refused at every step, and the job stays with its new holder."""
    await _put(queue, 1)
    lost = await _lease_one(queue)
    await pass_time(queue.lease)
    held = await _lease_one(queue)
    with pytest.raises(LeaseLost):
        await _do(queue, step, lost)
    await queue.renew(held)
    assert await queue.depth() == 1


async def _do(queue: JobQueue, step: str, claim: Claim) -> None:
    match step:
        case "renew":
            await queue.renew(claim)
        case "complete":
            await queue.complete(claim)
        case "release":
            await queue.release(claim)
        case "retry":
            await queue.retry(claim, after=0)
        case _:
            await queue.bury(claim, reason="no reason")


async def test_a_completed_job_is_gone(queue: JobQueue, pass_time: PassTime) -> None:
    """Completing ends a job for good; doing it again, after an answer that got lost, is fine."""
    await _put(queue, 1)
    claim = await _lease_one(queue)
    await queue.complete(claim)
    await queue.complete(claim)
    assert await queue.depth() == 0
    await pass_time(queue.lease)
    assert await queue.claim(limit=1, wait=0) == []


@pytest.mark.parametrize("step", ["renew", "release", "retry"])
async def test_an_ended_job_cannot_be_taken_up_again(queue: JobQueue, step: str) -> None:
    """After its end no step brings a job back."""
    await _put(queue, 1)
    claim = await _lease_one(queue)
    await queue.complete(claim)
    with pytest.raises(LeaseLost):
        await _do(queue, step, claim)
    assert await queue.depth() == 0


async def test_a_released_job_is_there_at_once(queue: JobQueue) -> None:
    """A job given back at shutdown can be leased right away, and the interrupted delivery does not count."""
    await _put(queue, 1)
    await queue.release(await _lease_one(queue))
    (claim,) = await queue.claim(limit=1, wait=0)
    assert claim.deliveries == 1


@pytest.mark.parametrize("after", [10, 30, 3600])
async def test_a_failed_job_comes_back_later(queue: JobQueue, pass_time: PassTime, after: float) -> None:
    """A job given back after a failure is out of reach for as long as asked, one lease at most; the failure counts."""
    await _put(queue, 1)
    await queue.retry(await _lease_one(queue), after=after)
    await pass_time(min(after, queue.lease) - 5)
    assert await queue.claim(limit=1, wait=0) == []
    await pass_time(5)
    assert (await _lease_one(queue)).deliveries == 2


async def test_who_gave_a_job_back_holds_it_no_longer(queue: JobQueue) -> None:
    """After giving back, even before anybody else took the job, its former holder can do nothing."""
    await _put(queue, 1)
    claim = await _lease_one(queue)
    await queue.release(claim)
    with pytest.raises(LeaseLost):
        await queue.complete(claim)
    assert await queue.depth() == 1


async def test_a_buried_job_is_kept_aside(jobs: RedisJobQueue, letters: DeadLetters, pass_time: PassTime) -> None:
    """A buried job is never delivered again and lies once with the dead letters, with its reason."""
    await _put(jobs, 1)
    claim = await _lease_one(jobs)
    await jobs.bury(claim, reason="ValueError at delivery 1")
    await jobs.bury(claim, reason="ValueError at delivery 1")
    (letter,) = await letters.list(limit=9)
    assert (letter.job, letter.reason, letter.deliveries) == (claim.job, "ValueError at delivery 1", 1)
    assert letter.age >= 0
    assert await jobs.depth() == 0
    await pass_time(jobs.lease)
    assert await jobs.claim(limit=1, wait=0) == []


async def test_jobs_that_a_server_had_before_it_went_back_in_time_are_doubtful(queue: JobQueue, link: Link) -> None:
    """A promoted replica gives out a fence again: what it says of earlier jobs may be old; of later ones it is not."""
    await _put(queue, 1, 2, 3)
    assert [claim.doubtful for claim in await queue.claim(limit=2, wait=0)] == [False, False]
    await link.call("SET", link.key("fence"), int(await link.call("GET", link.key("fence"))) - 1)
    assert (await _lease_one(queue)).doubtful
    await asyncio.sleep(0.002)  # ages are in milliseconds
    await _put(queue, 4)
    assert not (await _lease_one(queue)).doubtful


async def test_a_job_whose_holder_vanished_is_an_orphan(queue: JobQueue, pass_time: PassTime) -> None:
    """Not one that is new or is to be tried again, and no more once somebody has tried it and lived."""
    await _put(queue, 1)
    claim = await _lease_one(queue)
    assert not claim.orphaned
    await queue.retry(claim, after=0)
    claim = await _lease_one(queue)
    assert (claim.deliveries, claim.orphaned) == (2, False)
    await pass_time(queue.lease)
    claim = await _lease_one(queue)
    assert (claim.deliveries, claim.orphaned) == (3, True)
    await queue.release(claim)
    claim = await _lease_one(queue)
    assert (claim.deliveries, claim.orphaned) == (3, True)  # nobody has tried it since
    await queue.retry(claim, after=0)
    assert not (await _lease_one(queue)).orphaned


async def test_fences_grow_with_every_delivery(queue: JobQueue) -> None:
    """Of two deliveries, of one job or of two, the later one has the higher fence."""
    await _put(queue, 1, 2)
    first, second = await queue.claim(limit=2, wait=0)
    await queue.release(second)
    third = await _lease_one(queue)
    assert first.fence < second.fence < third.fence
