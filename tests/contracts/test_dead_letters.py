"""What every store of dead letters must keep to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.redis.client import Link
from bot.adapters.redis.queue import RedisJobQueue
from bot.jobs import Job
from bot.ports.queue import DeadLetter, DeadLetters
from tests.redis_fixtures import EVERYWHERE, a_job, on

pytestmark = on(EVERYWHERE)


async def _bury(jobs: RedisJobQueue, *numbers: int) -> None:
    for number in numbers:
        await jobs.enqueue(a_job(number), once=[])
        (claim,) = await jobs.claim(limit=1, wait=0)
        await jobs.bury(claim, reason=f"reason {number}")


async def _waiting(jobs: RedisJobQueue) -> list[Job]:
    return [claim.job for claim in await jobs.claim(limit=100, wait=0)]


async def _only(letters: DeadLetters) -> DeadLetter:
    (letter,) = await letters.list(limit=10)
    return letter


async def test_the_last_ones_come_first(letters: DeadLetters, jobs: RedisJobQueue) -> None:
    """A list is newest first, no longer than asked for, and each is found by its id."""
    assert await letters.list(limit=10) == []
    await _bury(jobs, 1, 2, 3)
    found = await letters.list(limit=2)
    assert [letter.job for letter in found] == [a_job(3), a_job(2)]
    assert [await letters.find(letter.id) for letter in found] == [*found]


async def test_a_letter_says_what_became_of_its_job(letters: DeadLetters, jobs: RedisJobQueue) -> None:
    """The job whole, why, after how many deliveries, how old it was, and when that was."""
    await _bury(jobs, 1)
    letter = await _only(letters)
    assert (letter.job, letter.reason, letter.deliveries) == (a_job(1), "reason 1", 1)
    assert 0 <= letter.age < 60
    assert abs(datetime.now(UTC) - letter.buried_at) < timedelta(minutes=1)


async def test_a_revived_job_is_in_line_and_no_letter_any_more(letters: DeadLetters, jobs: RedisJobQueue) -> None:
    """It is delivered as new, once, however often it is revived; what is revived may differ from what was buried."""
    await _bury(jobs, 1)
    letter = await _only(letters)
    assert await letters.revive(letter.id, a_job(2))
    assert not await letters.revive(letter.id, a_job(2))
    assert await letters.list(limit=10) == []
    (claim,) = await jobs.claim(limit=10, wait=0)
    assert (claim.job, claim.deliveries) == (a_job(2), 1)


async def test_many_that_are_revived_keep_nobody_waiting(letters: DeadLetters, jobs: RedisJobQueue) -> None:
    """One person's letters come back in their order, ten at a time."""
    await _bury(jobs, *range(12))
    for letter in reversed(await letters.list(limit=100)):
        assert letter.job
        assert await letters.revive(letter.id, letter.job)
    assert await _waiting(jobs) == [a_job(number) for number in range(10)]
    assert (await jobs.load()).held_back == 2


async def test_a_dropped_letter_is_gone(letters: DeadLetters, jobs: RedisJobQueue) -> None:
    """It is not found, revived or dropped again, and its job is in line no more."""
    await _bury(jobs, 1)
    letter = await _only(letters)
    assert await letters.drop(letter.id)
    assert not await letters.drop(letter.id)
    assert await letters.find(letter.id) is None
    assert not await letters.revive(letter.id, a_job(1))
    assert await jobs.depth() == 0


@pytest.mark.parametrize("nonsense", ["", "-", "+", "1", "1-", "(1-1", "a b", "1-1 1-2", "9" * 30 + "-1"])
async def test_an_id_that_cannot_be_one_is_unknown(letters: DeadLetters, jobs: RedisJobQueue, nonsense: str) -> None:
    """Whatever somebody types names one letter or none, never a range of them."""
    await _bury(jobs, 1)
    assert await letters.find(nonsense) is None
    assert not await letters.drop(nonsense)
    assert not await letters.revive(nonsense, a_job(1))
    assert len(await letters.list(limit=10)) == 1


@pytest.mark.parametrize("raw", [b"garbage", b'{"v": 1, "kind": "AJobOfTomorrow", "value": {}}'])
async def test_what_cannot_be_read_can_be_dropped(letters: DeadLetters, link: Link, raw: bytes) -> None:
    """A letter whose job is damaged, or of a newer version, is listed without it."""
    dead = link.key("dead")
    await link.call("XADD", dead, "*", "id", "1-1", "reason", "r", "deliveries", 2, "age_ms", 1500, "job", raw)
    await link.call("PEXPIRE", dead, 60_000)
    letter = await _only(letters)
    assert (letter.job, letter.reason, letter.deliveries, letter.age) == (None, "r", 2, 1.5)
    assert await letters.drop(letter.id)
