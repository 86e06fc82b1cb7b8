"""Every job comes to a visible end: done, tried again, or told to the person and buried."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.adapters.redis.client import Link
from bot.adapters.redis.queue import RedisJobQueue
from bot.errors import (
    IndexUnavailable,
    Refused,
    SlackUnavailable,
    Unavailable,
)
from bot.jobs import Click, ShowHome
from bot.ports.queue import Claim, DeadLetters
from bot.worker import Limits, Worker
from tests.redis_fixtures import PassTime, age_leases
from tests.unit.worker.desk import (
    QUICK,
    Desk,
    failing,
    leave,
    put,
    until_empty,
    working,
)
from tests.waiting import wait_until


@pytest.mark.parametrize("error", [Unavailable("down"), SlackUnavailable("cut"), TimeoutError()])
async def test_what_may_pass_is_tried_again(jobs: RedisJobQueue, desk: Desk, error: Exception) -> None:
    """A retryable failure is tried again, and nobody is told that there will be no answer."""
    desk.doing = failing(error, times=2)
    async with working(jobs, desk):
        await put(jobs, 1)
        await until_empty(jobs)
    assert desk.deliveries == [1, 2, 3]
    assert (desk.ended, desk.told) == (["Question 1?"], [])


async def test_being_asked_to_wait_for_ever_is_one(jobs: RedisJobQueue, desk: Desk) -> None:
    """A job that is old enough is tried as often as any other, and then the person is told."""
    desk.doing = failing(SlackUnavailable("429", retry_after=0.0), times=99)
    async with working(jobs, desk, Limits(poll=0.05, backoff=(0.0,), unreachable=(0.02,), patience=0.0)):
        await put(jobs, 1)
        await until_empty(jobs)
    assert desk.deliveries == [1, 2, 3, 4, 5]
    assert (desk.ended, len(desk.told)) == ([], 1)


async def test_being_asked_to_wait_is_no_failure(jobs: RedisJobQueue, desk: Desk) -> None:
    """However often Slack says later, the answer comes in the end: only failures are counted."""
    desk.doing = failing(SlackUnavailable("429", retry_after=0.0), times=9)
    async with working(jobs, desk):
        await put(jobs, 1)
        await until_empty(jobs)
    assert desk.deliveries == [1] * 10
    assert (desk.ended, desk.told) == (["Question 1?"], [])


async def test_a_question_waits_until_somebody_can_search(jobs: RedisJobQueue, desk: Desk) -> None:
    """However often the index is away, the answer comes in the end; a failure of another kind counts as ever."""
    desk.doing = failing(IndexUnavailable("down"), times=9)
    async with working(jobs, desk):
        await put(jobs, 1)
        await until_empty(jobs)
    assert desk.deliveries == [1] * 10
    assert (desk.ended, desk.told) == (["Question 1?"], [])


async def test_an_index_that_stays_away_is_a_failure_in_the_end(jobs: RedisJobQueue, desk: Desk) -> None:
    """A question that has waited long enough is tried as often as any other, and then the person is told."""
    desk.doing = failing(IndexUnavailable("down"))
    async with working(jobs, desk, replace(QUICK, outage=0.0)):
        await put(jobs, 1)
        await until_empty(jobs)
    assert desk.deliveries == [1, 2, 3, 4, 5]
    assert desk.told == [("Question 1?", "IndexUnavailable at delivery 5")]


@pytest.mark.parametrize(("rest", "after"), [(None, 3.0), (12.5, 12.5)])
async def test_a_question_is_asked_again_soon_after_the_index_is_back(
    jobs: RedisJobQueue, desk: Desk, rest: float | None, after: float
) -> None:
    """Some seconds lie between two tries, or what is left of the index's rest, however long it has been away."""
    desk.doing = failing(IndexUnavailable("down", retry_after=rest), times=1)
    with capture_logs() as logs:
        async with working(jobs, desk, Limits(poll=0.02)):
            await put(jobs, 1)
            await wait_until(lambda: any(entry["event"] == "job_retried" for entry in logs))
    assert [entry["after"] for entry in logs if entry["event"] == "job_retried"] == [after]


async def test_a_click_does_not_wait_for_the_index(jobs: RedisJobQueue) -> None:
    """Who looks at a modal that says it is loading hears soon that it will not be filled."""
    tries: list[int] = []

    async def fail(claim: Claim) -> None:
        tries.append(claim.deliveries)
        raise IndexUnavailable("down")

    async def tell(_claim: Claim, _reason: str) -> None: ...

    worker = Worker(jobs, handle=fail, give_up=tell, limits=QUICK)
    running = asyncio.create_task(worker.run())
    await jobs.enqueue(ShowHome(Click("c1", "T1", "U0ANN")), once=[])
    await until_empty(jobs)
    await leave(worker, running, how="stopped twice")
    assert tries == [1, 2, 3, 4, 5]


async def test_a_retry_waits_as_long_as_it_should(jobs: RedisJobQueue, desk: Desk, pass_time: PassTime) -> None:
    """Before another try stands the backoff, or what Slack asked for if that is longer."""
    desk.doing = failing(SlackUnavailable("429", retry_after=20.0), times=1)
    with capture_logs() as logs:
        async with working(jobs, desk, Limits(poll=0.02, backoff=(10.0,))):
            await put(jobs, 1)
            await wait_until(lambda: any(entry["event"] == "job_retried" for entry in logs))
    assert [entry["after"] for entry in logs if entry["event"] == "job_retried"] == [20.0]
    await pass_time(19)
    assert await jobs.claim(limit=1, wait=0) == []
    await pass_time(1)
    assert len(await jobs.claim(limit=1, wait=0)) == 1


async def test_the_last_try_ends_with_a_word_to_the_person(
    jobs: RedisJobQueue, letters: DeadLetters, desk: Desk
) -> None:
    """After five failed tries the person is told, and the job lies with the dead letters."""
    desk.doing = failing(Unavailable("down"))
    async with working(jobs, desk):
        await put(jobs, 1)
        await until_empty(jobs)
    assert desk.deliveries == [1, 2, 3, 4, 5]
    assert desk.told == [("Question 1?", "Unavailable at delivery 5")]
    assert [letter.reason for letter in await letters.list(limit=9)] == ["Unavailable at delivery 5"]


@pytest.mark.parametrize("error", [Refused("is_archived"), ValueError("a bug that quotes: When is lunch?")])
async def test_what_cannot_pass_is_given_up_at_once(jobs: RedisJobQueue, desk: Desk, error: Exception) -> None:
    """A failure for good is not tried again: the person is told, the job is buried, and the worker goes on."""
    desk.doing = failing(error, times=1)
    with capture_logs() as logs:
        async with working(jobs, desk):
            await put(jobs, 1)
            await until_empty(jobs)
            await put(jobs, 2)
            await until_empty(jobs)
    assert desk.told == [("Question 1?", f"{type(error).__name__} at delivery 1")]
    assert desk.ended == ["Question 2?"]
    assert "lunch" not in repr(logs)
    assert any("desk.py" in entry.get("where", "") for entry in logs)


async def test_a_job_that_kills_workers_is_not_run_a_sixth_time(link: Link, jobs: RedisJobQueue, desk: Desk) -> None:
    """A job whose worker died five times is not tried again; its person is told."""
    await put(jobs, 1)
    for _ in range(5):
        await jobs.claim(limit=1, wait=0)
        await age_leases(link, jobs.lease)
    async with working(jobs, desk):
        await until_empty(jobs)
    assert desk.begun == []
    assert desk.told == [("Question 1?", "not done after 5 deliveries")]


async def test_a_person_who_cannot_be_told_now_is_told_later(
    jobs: RedisJobQueue, letters: DeadLetters, desk: Desk
) -> None:
    """While Slack is out of reach a lost question is not buried: it is told as soon as Slack is back."""
    desk.doing = failing(Unavailable("down"))
    desk.telling = failing(SlackUnavailable("down"), times=3)
    async with working(jobs, desk):
        await put(jobs, 1)
        await until_empty(jobs)
    assert desk.deliveries == [1, 2, 3, 4, 5]
    assert desk.told == [("Question 1?", "not done after 7 deliveries")]
    assert len(await letters.list(limit=9)) == 1


@pytest.mark.parametrize("error", [SlackUnavailable("down"), Refused("is_archived"), KeyError("x")])
async def test_a_person_who_cannot_be_told_at_all_does_not_block_the_queue(
    jobs: RedisJobQueue, letters: DeadLetters, desk: Desk, error: Exception
) -> None:
    """Telling has an end too: then the dead letter says that nobody was told."""
    desk.doing = failing(Refused("is_archived"))
    desk.telling = failing(error)
    async with working(jobs, desk, Limits(farewells=2, poll=0.05, backoff=(0.0,))):
        await put(jobs, 1)
        await until_empty(jobs)
    (letter,) = await letters.list(limit=9)
    assert letter.reason.endswith("nobody was told")
    assert letter.deliveries == (7 if isinstance(error, SlackUnavailable) else 1)


async def test_a_job_that_takes_too_long_is_tried_again(jobs: RedisJobQueue, desk: Desk) -> None:
    """A try that outlives its deadline is cancelled and counts as one that may pass."""

    async def hang_first(claim: Claim) -> None:
        if claim.deliveries == 1:
            await asyncio.Event().wait()

    desk.doing = hang_first
    async with working(jobs, desk, Limits(deadline=0.05, poll=0.05, backoff=(0.0,))):
        await put(jobs, 1)
        await until_empty(jobs)
    assert (desk.deliveries, desk.ended) == ([1, 2], ["Question 1?"])
