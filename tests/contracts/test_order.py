"""What every job queue must keep to in one conversation: its questions are leased one by one, whoever leases them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.adapters.redis.client import Link
from bot.adapters.redis.queue import RedisJobQueue
from bot.jobs import WithdrawQuestion
from bot.ports.queue import Claim, DeadLetters
from tests.nouns import asked
from tests.redis_fixtures import EVERYWHERE, PassTime, a_job, on

pytestmark = on(EVERYWHERE)

THREAD = "1.000100"
COMPLETE_BEFORE = """\
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
return redis.call('HDEL', KEYS[2], ARGV[2])
"""
"""How a worker ended a job before conversations had a line."""


async def _ask(jobs: RedisJobQueue, *numbers: int) -> None:
    """One question after the other in the same thread, each of another person."""
    for number in numbers:
        assert await jobs.enqueue(a_job(number, thread=THREAD, person=f"U{number}"), once=[f"{number}"])


async def _leased(jobs: RedisJobQueue) -> list[Claim]:
    return await jobs.claim(limit=100, wait=0)


def _numbers(claims: Sequence[Claim]) -> list[int]:
    return [int(asked(claim).text.removeprefix("Question ").removesuffix("?")) for claim in claims]


@pytest.mark.parametrize("step", ["complete", "bury"])
async def test_the_next_question_waits_until_the_one_before_has_ended(
    jobs: RedisJobQueue, link: Link, step: str
) -> None:
    """Another worker gets questions of other conversations only; the next of this one as soon as the first is over."""
    await _ask(jobs, 1, 2, 3)
    await jobs.enqueue(a_job(9), once=["9"])
    other = RedisJobQueue(link, lease=jobs.lease)
    first, elsewhere = await _leased(jobs)
    assert _numbers([first, elsewhere]) == [1, 9]
    assert await _leased(other) == []
    waiting = asyncio.create_task(other.claim(limit=100, wait=600))
    await (jobs.complete(first) if step == "complete" else jobs.bury(first, reason="x"))
    second = await asyncio.wait_for(waiting, 30)
    assert _numbers(second) == [2]
    assert await _leased(jobs) == []
    await other.complete(second[0])
    assert _numbers(await _leased(jobs)) == [3]


async def test_a_question_whose_worker_died_comes_before_the_next(jobs: RedisJobQueue, pass_time: PassTime) -> None:
    """Nobody overtakes it meanwhile, neither when it is given back nor when it is tried again after an error."""
    await _ask(jobs, 1, 2)
    (first,) = await _leased(jobs)
    await pass_time(jobs.lease)
    (first,) = await _leased(jobs)
    await jobs.release(first)
    (first,) = await _leased(jobs)
    await jobs.retry(first, after=jobs.lease)
    assert await _leased(jobs) == []
    await pass_time(jobs.lease)
    (first,) = await _leased(jobs)
    assert _numbers([first]) == [1]
    await jobs.complete(first)
    assert _numbers(await _leased(jobs)) == [2]


async def test_a_conversation_goes_on_while_a_question_was_asked_to_wait(
    jobs: RedisJobQueue, pass_time: PassTime
) -> None:
    """As long as nothing can be searched, whoever asks there next hears so too; ending the first lets in no other."""
    await _ask(jobs, 1, 2, 3)
    (first,) = await _leased(jobs)
    await jobs.retry(first, after=jobs.lease, counted=False)
    (second,) = await _leased(jobs)
    assert _numbers([second]) == [2]
    await pass_time(jobs.lease)
    both = await _leased(jobs)
    assert _numbers(both) == [1, 2]
    await jobs.complete(both[0])
    assert await _leased(jobs) == []
    await jobs.complete(both[1])
    assert _numbers(await _leased(jobs)) == [3]


async def test_a_deletion_brings_the_question_that_it_withdraws(jobs: RedisJobQueue) -> None:
    """Neither waits for the answers before it; those between keep their order."""
    await _ask(jobs, 1, 2, 3)
    deleted = a_job(3, thread=THREAD, person="U3")
    withdrawal = WithdrawQuestion(deleted.id, deleted.question.conversation)
    assert await jobs.enqueue(withdrawal, once=["deleted"])
    leased = await _leased(jobs)
    assert [claim.job for claim in leased] == [a_job(1, thread=THREAD, person="U1"), deleted, withdrawal]
    for claim in leased:
        await jobs.complete(claim)
    assert _numbers(await _leased(jobs)) == [2]


async def test_who_has_many_before_them_waits_for_the_conversation_after_that(jobs: RedisJobQueue) -> None:
    """A question that was held back for its person's sake stands in its conversation's line when its turn comes."""
    for number in range(101, 111):
        await jobs.enqueue(a_job(number, person="U2"), once=[])
    await _ask(jobs, 1, 2)  # the second is U2's
    claims = await _leased(jobs)
    assert _numbers(claims) == [*range(101, 111), 1]
    await jobs.complete(claims[0])
    assert await _leased(jobs) == []
    assert (await jobs.load()).held_back == 1
    await jobs.complete(claims[-1])
    assert _numbers(await _leased(jobs)) == [2]


async def test_workers_of_before_leave_nothing_stuck(jobs: RedisJobQueue, link: Link) -> None:
    """One that knows of no such lines ends a job; the next that looks for jobs lets in what comes after it."""
    await _ask(jobs, 1, 2)
    (first,) = await _leased(jobs)
    keys = (link.key("jobs"), link.key("leases"))
    await link.call("EVAL", COMPLETE_BEFORE, 2, *keys, "workers", first.id)
    assert _numbers(await _leased(jobs)) == [2]


async def test_what_is_noted_of_a_conversation_may_be_lost(jobs: RedisJobQueue, link: Link) -> None:
    """Without the note of what stands in line the order is lost, and nothing else."""
    await _ask(jobs, 1, 2)
    await link.call("DEL", f"{link.key('standing')}:#T0ACME%2FC0CANTEEN%2F{THREAD}")
    claims = await _leased(jobs)
    assert _numbers(claims) == [1, 2]
    for claim in claims:
        await jobs.complete(claim)
    assert await jobs.depth() == 0


async def test_a_revived_question_waits_its_turn(jobs: RedisJobQueue, letters: DeadLetters) -> None:
    """It comes after what is asked there now."""
    await _ask(jobs, 1)
    (first,) = await _leased(jobs)
    await jobs.bury(first, reason="x")
    await _ask(jobs, 2)
    (second,) = await _leased(jobs)
    (letter,) = await letters.list(limit=1)
    assert await letters.revive(letter.id, first.job)
    assert await _leased(jobs) == []
    await jobs.complete(second)
    assert _numbers(await _leased(jobs)) == [1]


async def test_who_waits_for_a_conversation_is_told_like_others(jobs: RedisJobQueue) -> None:
    """They stand behind all that is in line now."""
    await _ask(jobs, 1, 2, 3)
    assert len(await _leased(jobs)) == 1
    assert await jobs.overdue(ahead=2, age=600, limit=10) == []
    await jobs.enqueue(a_job(9), once=[])
    found = await jobs.overdue(ahead=200, age=-1, limit=10)
    assert [(waiting.job.id, waiting.ahead) for waiting in found] == [
        (a_job(number).id, ahead) for number, ahead in ((9, 1), (2, 2), (3, 3))
    ]
