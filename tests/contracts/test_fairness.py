"""What every job queue must keep to when one person has much to do: others do not wait for it, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.adapters.redis.client import Link
from bot.adapters.redis.queue import RedisJobQueue
from bot.jobs import Job, WithdrawQuestion
from bot.models import ConversationKey
from bot.ports.queue import Claim
from tests.nouns import asked
from tests.redis_fixtures import EVERYWHERE, PassTime, a_job, on

pytestmark = on(EVERYWHERE)

STAND = 10
"""Unfinished jobs of one person that are in line at the same time."""
COMPLETE_BEFORE = """\
local holder = redis.call('HGET', KEYS[2], ARGV[2])
if holder and holder ~= ARGV[3] then
  return 0
end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[2])
return 1
"""
"""How a worker ended a job before there were backlogs."""
ENQUEUE_BEFORE = "return redis.call('XADD', KEYS[1], '*', 'job', ARGV[1])"


async def _flood(jobs: RedisJobQueue, count: int, *, person: str = "U1", start: int = 1) -> None:
    for number in range(start, start + count):
        assert await jobs.enqueue(a_job(number, person=person), once=[f"{number}"])


async def _leased(jobs: RedisJobQueue, limit: int = 1_000) -> list[Claim]:
    return await jobs.claim(limit=limit, wait=0)


def _numbers(claims: Sequence[Claim]) -> list[int]:
    return [int(asked(claim).text.removeprefix("Question ").removesuffix("?")) for claim in claims]


async def _work_off(jobs: RedisJobQueue) -> list[Job]:
    """Every job that is left, in the order in which they are leased one by one."""
    done: list[Job] = []
    while claims := await _leased(jobs, 1):
        await jobs.complete(claims[0])
        done.append(claims[0].job)
    return done


async def test_nobody_waits_behind_all_that_one_person_asked(jobs: RedisJobQueue) -> None:
    """After 500 questions of one person, the first one of another is among the first dozen."""
    await _flood(jobs, 500)
    await _flood(jobs, 1, person="U2", start=1_000)
    assert 1_000 in _numbers(await _leased(jobs, 12))
    load = await jobs.load()
    assert (load.waiting, load.leased, load.held_back) == (0, STAND + 1, 490)
    assert await jobs.depth() == 501


async def test_what_is_held_back_comes_in_its_order(jobs: RedisJobQueue) -> None:
    """A person's jobs are leased in the order in which they were asked, as soon as theirs end, and each once."""
    await _flood(jobs, 35)
    done: list[int] = []
    while claims := await _leased(jobs):
        assert len(claims) <= STAND
        done += _numbers(claims)
        for claim in claims:
            await jobs.complete(claim)
    assert done == list(range(1, 36))
    assert await jobs.depth() == 0


async def test_a_waiting_worker_is_woken_by_what_was_held_back(jobs: RedisJobQueue) -> None:
    """Room that another worker makes is heard of at once, not at the next look."""
    await _flood(jobs, STAND + 1)
    first, *_ = await _leased(jobs)
    waiting = asyncio.create_task(jobs.claim(limit=1, wait=600))
    await jobs.depth()
    await jobs.complete(first)
    assert _numbers(await asyncio.wait_for(waiting, 30)) == [STAND + 1]


async def test_a_buried_job_makes_room(jobs: RedisJobQueue) -> None:
    """It has ended, if not well."""
    await _flood(jobs, STAND + 1)
    first, *_ = await _leased(jobs)
    await jobs.bury(first, reason="x")
    assert _numbers(await _leased(jobs)) == [STAND + 1]


async def test_a_job_that_is_tried_again_makes_none(jobs: RedisJobQueue, pass_time: PassTime) -> None:
    """As long as ten have not ended, no other of theirs begins."""
    await _flood(jobs, STAND + 1)
    for claim in await _leased(jobs):
        await jobs.retry(claim, after=0)
    await pass_time(jobs.lease)
    assert _numbers(await _leased(jobs)) == list(range(1, STAND + 1))


async def test_held_back_jobs_keep_their_age(jobs: RedisJobQueue, link: Link) -> None:
    """How long a job waits counts from when it was asked, not from when its turn came."""
    await _flood(jobs, STAND + 1)
    place = "T0ACME%2FU1:1"
    kept = await link.call("HGET", link.key("backlog"), place)
    since, rest = kept.split(b"\n", 1)
    await link.call("HSET", link.key("backlog"), place, b"%d\n%s" % (int(since) - 100_000, rest))
    assert 100 <= (await jobs.load()).oldest < 200
    for claim in await _leased(jobs):
        await jobs.complete(claim)
    (last,) = await _leased(jobs)
    assert 100 <= last.age < 200


async def test_a_deletion_does_not_overtake_the_question(jobs: RedisJobQueue) -> None:
    """What withdraws a question that is held back brings it into line, and stands behind it."""
    await _flood(jobs, 15)
    deleted = a_job(13).question
    withdrawal = WithdrawQuestion(deleted.id, deleted.conversation)
    assert await jobs.enqueue(withdrawal, once=["deleted"])
    leased = await _leased(jobs)
    assert [claim.job for claim in leased[STAND:]] == [a_job(13), withdrawal]
    for claim in leased:
        await jobs.complete(claim)
    assert _numbers(await _leased(jobs)) == [11, 12, 14, 15]


async def test_an_edit_stays_behind_what_it_edits(jobs: RedisJobQueue) -> None:
    """Two versions of a question that is held back come one after the other; a deletion takes both along."""
    await _flood(jobs, 12)
    edited = replace(a_job(12), question=replace(a_job(12).question, version="2.0"))
    assert await jobs.enqueue(edited, once=["edit"])
    withdrawal = WithdrawQuestion(edited.id, edited.question.conversation)
    assert await jobs.enqueue(withdrawal, once=["deleted"])
    assert (await _work_off(jobs))[STAND:] == [a_job(12), edited, withdrawal, a_job(11)]


async def test_nobodys_jobs_are_never_held_back(jobs: RedisJobQueue) -> None:
    """Deletions stand in line however many they are."""
    for number in range(30):
        withdrawal = WithdrawQuestion(f"{number}", ConversationKey("T0ACME", "C0CANTEEN", "1"))
        assert await jobs.enqueue(withdrawal, once=[])
    assert len(await _leased(jobs)) == 30


async def test_a_held_back_job_is_new_only_once(jobs: RedisJobQueue) -> None:
    """A second delivery of what is held back is no new job."""
    await _flood(jobs, STAND + 1)
    assert not await jobs.enqueue(a_job(STAND + 1), once=[f"{STAND + 1}"])
    assert await jobs.depth() == STAND + 1


@pytest.mark.parametrize("ended", [1, STAND])
async def test_workers_of_before_leave_nothing_stuck(jobs: RedisJobQueue, link: Link, ended: int) -> None:
    """A worker that knows of no backlog ends jobs; the next one that looks for jobs lets the others in."""
    await _flood(jobs, STAND + 5)
    for claim in (await _leased(jobs))[:ended]:
        keys = (link.key("jobs"), link.key("leases"))
        assert await link.call("EVAL", COMPLETE_BEFORE, 2, *keys, "workers", claim.id, claim.fence)
    assert _numbers(await _leased(jobs)) == list(range(STAND + 1, STAND + 1 + min(ended, 5)))


async def test_an_edge_of_before_leaves_nothing_stuck(jobs: RedisJobQueue, link: Link) -> None:
    """Jobs that it appends count for nobody, and are done beside those that are held back."""
    await _flood(jobs, STAND + 5)
    raw = dict(zip(*[iter((await link.call("XRANGE", link.key("jobs"), "-", "+"))[0][1])] * 2, strict=True))[b"job"]
    for _ in range(3):
        await link.call("EVAL", ENQUEUE_BEFORE, 1, link.key("jobs"), raw)
    assert len(await _work_off(jobs)) == STAND + 5 + 3
    assert await jobs.depth() == 0


async def test_what_is_noted_of_ended_jobs_may_be_lost(jobs: RedisJobQueue, link: Link) -> None:
    """The list of who stands where is only a note: without it some more are let in, and none is stuck."""
    await _flood(jobs, STAND + 5)
    await link.call("DEL", f"{link.key('standing')}:T0ACME%2FU1")
    assert len(await _work_off(jobs)) == STAND + 5


async def test_many_people_at_once(jobs: RedisJobQueue) -> None:
    """More people with a backlog than one look goes through: all of it is done, and each person's in their order."""
    for person in range(30):
        await _flood(jobs, STAND + 3, person=f"U{person}", start=person * 100)
    done = [job.id for job in await _work_off(jobs)]
    assert len(done) == len(set(done)) == 30 * (STAND + 3)
    for person in range(30):
        theirs = [a_job(person * 100 + n).id for n in range(STAND + 3)]
        assert [id_ for id_ in done if id_ in theirs] == theirs


async def test_questions_that_wait_long_are_named_once(jobs: RedisJobQueue) -> None:
    """Whoever stands behind more than so many, in line or held back, is named with their place, and never again."""
    await _flood(jobs, 12)
    await _flood(jobs, 3, person="U2", start=100)
    found = await jobs.overdue(ahead=9, age=600, limit=100)
    assert [(waiting.job.id, waiting.ahead) for waiting in found] == [
        (a_job(number).id, ahead) for number, ahead in ((100, 10), (101, 11), (102, 12), (11, 13), (12, 14))
    ]
    assert await jobs.overdue(ahead=9, age=600, limit=100) == []
    assert len(await jobs.overdue(ahead=600, age=-1, limit=100)) == STAND


async def test_naming_stops_at_its_limit(jobs: RedisJobQueue, link: Link) -> None:
    """What did not fit is named the next time, and by whichever process looks."""
    await _flood(jobs, 5)
    first = await jobs.overdue(ahead=1, age=600, limit=2)
    other = RedisJobQueue(link)
    second = await other.overdue(ahead=1, age=600, limit=2)
    assert [waiting.job for waiting in [*first, *second]] == [a_job(3), a_job(4), a_job(5)]


async def test_what_nobody_works_on_any_more_is_overdue(jobs: RedisJobQueue, pass_time: PassTime) -> None:
    """A question that was leased once, by a worker that is gone, waits like one that never was."""
    await _flood(jobs, 1)
    assert len(await jobs.claim(limit=1, wait=0)) == 1
    assert await jobs.overdue(ahead=600, age=-1, limit=100) == []
    await pass_time(jobs.lease)
    assert len(await jobs.overdue(ahead=600, age=-1, limit=100)) == 1
    assert await jobs.overdue(ahead=600, age=-1, limit=100) == []


async def test_what_somebody_works_on_is_not_overdue(jobs: RedisJobQueue) -> None:
    """Only what was never leased waits; what nobody put to us is not told; and looking leases nothing."""
    await _flood(jobs, 3)
    overheard = replace(a_job(50).question, addressed="overheard")
    await jobs.enqueue(replace(a_job(50), question=overheard), once=[])
    await jobs.enqueue(WithdrawQuestion("Q", overheard.conversation), once=[])
    first, _ = await _leased(jobs, 2)
    await jobs.release(first)
    found = await jobs.overdue(ahead=0, age=600, limit=100)
    assert [(waiting.job, waiting.ahead) for waiting in found] == [(a_job(3), 2)]
    assert [claim.deliveries for claim in await _leased(jobs)] == [1, 1, 1, 1]


async def test_whether_a_question_is_still_worked_on(jobs: RedisJobQueue) -> None:
    """Leased, waiting and held back ones are; ended and unknown ones are not."""
    await _flood(jobs, 12)
    first, *_ = await _leased(jobs, 2)
    ids = [a_job(number).id for number in range(1, 15)]
    assert await jobs.unfinished(ids) == frozenset(ids[:12])
    await jobs.complete(first)
    assert await jobs.unfinished(ids) == frozenset(ids[1:12])
    assert await jobs.unfinished([]) == frozenset()


async def test_the_load_is_told(jobs: RedisJobQueue) -> None:
    """What waits, what is leased or waits for another try, what is held back and what is buried; nothing at first."""
    load = await jobs.load()
    assert (load.waiting, load.leased, load.held_back, load.dead, load.oldest) == (0, 0, 0, 0, 0.0)
    await _flood(jobs, 12)
    first, second, *_ = await _leased(jobs, 3)
    await jobs.retry(first, after=10)
    await jobs.bury(second, reason="x")
    load = await jobs.load()
    assert (load.waiting, load.leased, load.held_back, load.dead) == (8, 2, 1, 1)
    assert 0 <= load.oldest < 60
