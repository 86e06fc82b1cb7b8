"""A question that nobody works on any more is taken up again: by one process, in its place, and not for ever."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.redis.client import Link
from bot.adapters.redis.feedback import RedisFeedbackBook
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.records import RedisAnswerRecords
from bot.jobs import AnswerQuestion
from bot.ports.watch import Unwatched
from bot.records import AnswerRecord, State
from bot.worker import Sweeper
from tests.nouns import NOON, Clock
from tests.redis_fixtures import a_job
from tests.unit.worker.desk import QUICK, Desk, until_empty, working

FORGOTTEN = 120.0


@dataclass
class Counting(Unwatched):
    """Counts sweeps."""

    sweeps: list[int] = field(default_factory=list[int])

    def swept(self) -> None:
        self.sweeps.append(1)


@dataclass
class Rig:
    """Sweepers over one memory."""

    link: Link
    jobs: RedisJobQueue
    records: RedisAnswerRecords
    clock: Clock = field(default_factory=lambda: Clock(datetime.now(UTC)))
    """Not at noon of some day: Redis forgets what is older than a record gets."""
    watch: Counting = field(default_factory=Counting)

    def sweeper(self) -> Sweeper:
        return Sweeper(
            records=self.records,
            jobs=self.jobs,
            book=RedisFeedbackBook(self.link),
            watch=self.watch,
            now=self.clock,
            forgotten=FORGOTTEN,
        )

    async def begun(self, number: int, state: State, *, fence: int = 1) -> None:
        """A record that somebody writes now."""
        record = AnswerRecord(a_job(number).question, state=state, updated_at=self.clock())
        await self.records.write(record, fence=fence)

    async def queued(self) -> list[AnswerQuestion]:
        claims = await self.jobs.claim(limit=20, wait=0)
        return [claim.job for claim in claims if isinstance(claim.job, AnswerQuestion)]


@pytest.fixture
def rig(link: Link, jobs: RedisJobQueue, records: RedisAnswerRecords) -> Rig:
    return Rig(link, jobs, records)


@pytest.mark.parametrize("state", [State.POSTING, State.STREAMING, State.SIGNED, State.ANSWERED])
async def test_what_is_forgotten_is_queued_again(rig: Rig, state: State) -> None:
    """A reply that was begun and is nobody's job comes back to a worker, and is counted."""
    await rig.begun(1, state)
    rig.clock.advance(FORGOTTEN + 1)
    await rig.sweeper().sweep()
    assert await rig.queued() == [AnswerQuestion(a_job(1).question, sweeps=1)]
    assert rig.watch.sweeps == [1]


@pytest.mark.parametrize("state", [State.DELIVERED, State.FAILED, State.STOPPED, State.WITHDRAWN, State.RECEIVED])
async def test_what_has_ended_or_not_begun_is_left(rig: Rig, state: State) -> None:
    """An end is an end; and where nothing was shown, as when an answer was only offered, nobody waits for anything."""
    await rig.begun(1, state)
    rig.clock.advance(FORGOTTEN + 1)
    await rig.sweeper().sweep()
    assert await rig.queued() == []


async def test_what_somebody_works_on_is_left(rig: Rig) -> None:
    """A question that is leased, or written a moment ago, is nobody's to take up."""
    await rig.jobs.enqueue(a_job(1), once=[])
    await rig.jobs.claim(limit=1, wait=0)
    await rig.begun(1, State.SIGNED)
    rig.clock.advance(FORGOTTEN)
    await rig.begun(2, State.SIGNED)
    rig.clock.advance(FORGOTTEN - 1)
    await rig.sweeper().sweep()
    assert await rig.queued() == []
    assert rig.watch.sweeps == []


async def test_many_sweepers_take_up_a_question_once(rig: Rig) -> None:
    """However many processes sweep at the same time, one job comes of it."""
    for number in range(3):
        await rig.begun(number, State.SIGNED)
    rig.clock.advance(FORGOTTEN + 1)
    await asyncio.gather(*(rig.sweeper().sweep() for _ in range(5)))
    assert len(await rig.queued()) == 3
    assert len(rig.watch.sweeps) == 3


async def test_at_the_third_time_the_asker_is_told(rig: Rig, desk: Desk) -> None:
    """A question that is forgotten again and again is given up: told, buried, and not taken up a fourth time."""
    for round_ in range(5):
        await rig.begun(1, State.SIGNED, fence=round_ + 1)
        rig.clock.advance(FORGOTTEN + 1)
        await rig.sweeper().sweep()
        async with working(rig.jobs, desk, QUICK):
            await until_empty(rig.jobs)
    assert len(desk.begun) == 2
    assert desk.told == [("Question 1?", "forgotten 3 times")]
    assert len(rig.watch.sweeps) == 3


async def test_sweeps_come_four_times_as_often_as_things_are_forgotten(rig: Rig) -> None:
    """Nobody waits much longer than the setting says."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise asyncio.CancelledError

    sweeper = Sweeper(
        records=rig.records,
        jobs=rig.jobs,
        book=RedisFeedbackBook(rig.link),
        watch=rig.watch,
        now=lambda: NOON + timedelta(1),
        forgotten=FORGOTTEN,
        sleep=sleep,
    )
    with pytest.raises(asyncio.CancelledError):
        await sweeper.run()
    assert slept == [30.0, 30.0, 30.0]
