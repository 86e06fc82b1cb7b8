"""Every job comes to a visible end: done, or told to the person and buried; in order, within limits, by one worker."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.adapters.redis.client import Link, connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.server import EmbeddedServer
from bot.errors import (
    FootnoteError,
    IndexUnavailable,
    LeaseLost,
    MemoryUnavailable,
    Refused,
    SlackUnavailable,
    Unavailable,
)
from bot.jobs import AnswerQuestion, Click, ShowHome
from bot.ports.queue import Claim
from bot.worker import Limits, Worker
from tests.nouns import asked
from tests.redis_fixtures import PassTime, a_job, age_leases
from tests.waiting import wait_until

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


@pytest.fixture
def desk() -> Desk:
    return Desk()


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


async def wait_for(gate: asyncio.Semaphore) -> None:
    await gate.acquire()


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


async def test_the_last_try_ends_with_a_word_to_the_person(jobs: RedisJobQueue, desk: Desk) -> None:
    """After five failed tries the person is told, and the job lies with the dead letters."""
    desk.doing = failing(Unavailable("down"))
    async with working(jobs, desk):
        await put(jobs, 1)
        await until_empty(jobs)
    assert desk.deliveries == [1, 2, 3, 4, 5]
    assert desk.told == [("Question 1?", "Unavailable at delivery 5")]
    assert [letter.reason for letter in await jobs.dead_letters()] == ["Unavailable at delivery 5"]


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
    assert any("test_worker.py" in entry.get("where", "") for entry in logs)


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


async def test_a_person_who_cannot_be_told_now_is_told_later(jobs: RedisJobQueue, desk: Desk) -> None:
    """While Slack is out of reach a lost question is not buried: it is told as soon as Slack is back."""
    desk.doing = failing(Unavailable("down"))
    desk.telling = failing(SlackUnavailable("down"), times=3)
    async with working(jobs, desk):
        await put(jobs, 1)
        await until_empty(jobs)
    assert desk.deliveries == [1, 2, 3, 4, 5]
    assert desk.told == [("Question 1?", "not done after 7 deliveries")]
    assert len(await jobs.dead_letters()) == 1


@pytest.mark.parametrize("error", [SlackUnavailable("down"), Refused("is_archived"), KeyError("x")])
async def test_a_person_who_cannot_be_told_at_all_does_not_block_the_queue(
    jobs: RedisJobQueue, desk: Desk, error: Exception
) -> None:
    """Telling has an end too: then the dead letter says that nobody was told."""
    desk.doing = failing(Refused("is_archived"))
    desk.telling = failing(error)
    async with working(jobs, desk, Limits(farewells=2, poll=0.05, backoff=(0.0,))):
        await put(jobs, 1)
        await until_empty(jobs)
    (letter,) = await jobs.dead_letters()
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


async def test_a_job_whose_lease_is_lost_is_cancelled(link: Link, desk: Desk) -> None:
    """A worker that was paused for too long stops the job that is another's by now, and begins none that is."""
    queue, other = RedisJobQueue(link, lease=3.0), RedisJobQueue(link, lease=0.0)  # to which every lease has run out
    cancelled = asyncio.Event()

    async def hang(_: Claim) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    desk.doing = hang
    await put(queue, 1, 2, thread="one")
    async with working(queue, desk, Limits(answers=2, poll=0.05)):
        await wait_until(lambda: len(desk.begun) == 1)
        taken = await other.claim(limit=8, wait=0)
        await wait_until(cancelled.is_set)
        assert await queue.depth() == 2
    assert desk.begun == ["Question 1?"]
    assert len(taken) == 2
    for claim in taken:
        await other.complete(claim)
    assert await other.dead_letters() == []


async def test_a_handler_that_was_overtaken_ends_nothing(jobs: RedisJobQueue, desk: Desk) -> None:
    """When a write is refused because another worker holds the job, the job is neither completed nor buried."""
    desk.doing = failing(LeaseLost("fence"))
    with capture_logs() as logs:
        async with working(jobs, desk):
            await put(jobs, 1)
            await wait_until(lambda: any(entry["event"] == "lease_lost" for entry in logs))
    assert await jobs.depth() == 1
    assert (desk.told, await jobs.dead_letters()) == ([], [])


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


async def test_a_stop_is_heard_by_a_job_that_swallows_a_cancellation(jobs: RedisJobQueue, desk: Desk) -> None:
    """Nothing runs on after a second stop, even where a library loses the first request to end."""
    stubborn = Stubborn()
    desk.doing = stubborn.handle
    await put(jobs, 1)
    async with working(jobs, desk):
        await wait_until(lambda: len(desk.begun) == 1)
    assert stubborn.ended


async def test_a_lost_job_ends_though_it_swallows_a_cancellation(link: Link, desk: Desk) -> None:
    """A job that belongs to another worker is cancelled again until it has ended."""
    queue, other, stubborn = RedisJobQueue(link, lease=1.5), RedisJobQueue(link, lease=0.0), Stubborn()
    desk.doing = stubborn.handle
    await put(queue, 1)
    async with working(queue, desk):
        await wait_until(lambda: len(desk.begun) == 1)
        await other.claim(limit=1, wait=0)
        await wait_until(lambda: stubborn.ended)


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
    limits = Limits(poll=0.05, drain=0.05 if patience == "drained" else 600)
    worker = Worker(jobs, handle=desk.handle, give_up=desk.give_up, limits=limits)
    running = asyncio.create_task(worker.run())
    await put(jobs, 1, 2, thread="one")
    await wait_until(lambda: len(desk.begun) == 1)
    await leave(worker, running, how=patience)
    claims = await jobs.claim(limit=8, wait=0)
    assert [(name(claim), claim.deliveries) for claim in claims] == [("Question 1?", 1), ("Question 2?", 1)]
    assert desk.told == []


async def leave(worker: Worker, running: asyncio.Task[None], *, how: str) -> None:
    if how == "cancelled":
        running.cancel()
    else:
        for _ in range(2 if how == "stopped twice" else 1):
            worker.stop()
    await asyncio.wait({running})


async def test_a_stop_while_idle_returns_soon(jobs: RedisJobQueue, desk: Desk) -> None:
    """A worker with nothing to do returns when it is told to stop."""
    async with working(jobs, desk, Limits(poll=0.01)):
        pass
    assert desk.begun == []


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
