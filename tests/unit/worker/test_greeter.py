"""Who has to wait for long is told so: once, alone, where they asked, and only while Slack has room for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from bot.adapters.redis.queue import RedisJobQueue
from bot.errors import MemoryUnavailable, SlackUnavailable
from bot.jobs import AnswerQuestion, Click
from bot.models import Addressed
from bot.ports.queue import Waiting
from bot.worker import Greeter
from bot.worker.greeter import busy
from tests.redis_fixtures import a_job
from tests.timing import Time
from tests.unit.desk.stand_ins import Slack
from tests.unit.worker.desk import a_job_of
from tests.waiting import wait_until


@dataclass
class Ears(Slack):
    """Hears whispers, and where they were whispered; deaf, it fails as Slack does."""

    heard: list[tuple[Click, str]] = field(default_factory=list[tuple[Click, str]])
    deaf: bool = False

    async def whisper(self, to: Click, text: str) -> None:
        if self.deaf:
            raise SlackUnavailable("down")
        self.heard.append((to, text))


def a_greeter(jobs: RedisJobQueue, ears: Ears, *, room: bool = True, time: Time | None = None) -> Greeter:
    return Greeter(jobs=jobs, notices=ears, room=lambda _: room, ahead=2, age=90.0, sleep=(time or Time()).sleep)


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (213, "I'm busy: about 213 questions are ahead of yours. I'll answer here when it's your turn."),
        (1, "I'm busy: one question is ahead of yours. I'll answer here when it's your turn."),
        (0, "I'm busy. I'll answer here when it's your turn."),
    ],
)
def test_the_line_says_how_many_and_what_comes(ahead: int, text: str) -> None:
    """A plain line that says what happens next."""
    assert busy(ahead) == text


async def test_who_waits_behind_many_is_told_once(jobs: RedisJobQueue) -> None:
    """Those far behind hear how many are ahead, each once, however often somebody looks."""
    ears = Ears()
    for number in range(4):
        await jobs.enqueue(a_job_of(f"U{number}", number), once=[])
    for _ in range(3):
        await a_greeter(jobs, ears).look()
    assert [(to.person, text) for to, text in ears.heard] == [("U3", busy(3))]


async def test_without_room_nobody_is_told_before_there_is(jobs: RedisJobQueue) -> None:
    """Answers come first: while Slack has no room for such lines nobody is named, so that they are told later."""
    ears = Ears()
    for number in range(4):
        await jobs.enqueue(a_job_of(f"U{number}", number), once=[])
    await a_greeter(jobs, ears, room=False).look()
    assert ears.heard == []
    await a_greeter(jobs, ears).look()
    assert len(ears.heard) == 1


async def test_a_line_that_fails_is_not_sent_again(jobs: RedisJobQueue) -> None:
    """A failure ends nothing, and who was not told is not told later: perhaps they were."""
    ears = Ears(deaf=True)
    for number in range(4):
        await jobs.enqueue(a_job_of(f"U{number}", number), once=[])
    await a_greeter(jobs, ears).look()
    ears.deaf = False
    await a_greeter(jobs, ears).look()
    assert ears.heard == []


@dataclass
class Long(RedisJobQueue):
    """A queue with one question that has waited for long, or that is silent."""

    job: AnswerQuestion
    silent: bool = False

    async def overdue(self, *, ahead: int, age: float, limit: int) -> list[Waiting]:
        if self.silent:
            raise MemoryUnavailable("away")
        return [Waiting(self.job, 5, 91.0)]


@pytest.mark.parametrize("addressed", ["followed", "overheard"])
async def test_who_did_not_ask_us_hears_nothing(addressed: Addressed) -> None:
    """Nobody knows yet whether such a message is for us."""
    ears, job = Ears(), a_job()
    await a_greeter(Long(AnswerQuestion(replace(job.question, addressed=addressed))), ears).look()
    assert ears.heard == []


async def test_the_line_stands_where_the_question_does() -> None:
    """In the thread where that has begun, in the channel where the question begins it, and to a command's address."""
    ears = Ears()
    began, within = a_job(1), a_job(2, thread="1.000100")
    asked = AnswerQuestion(replace(within.question, reply_url="https://hooks.slack.example/1"))
    for job in (began, within, asked):
        await a_greeter(Long(job), ears).look()
    where = [(to.channel, to.thread, to.reply_url) for to, _ in ears.heard]
    channel = began.question.conversation.channel
    assert where == [(channel, "", ""), (channel, "1.000100", ""), (channel, "", "https://hooks.slack.example/1")]


async def test_a_silent_queue_ends_nothing() -> None:
    """While Redis is away the greeter goes on looking, once a second."""
    time, queue, ears = Time(), Long(a_job(), silent=True), Ears()
    running = asyncio.create_task(a_greeter(queue, ears, time=time).run())
    await wait_until(lambda: time.sleeping == 1)
    time.pass_by(1.0)
    await wait_until(lambda: time.sleeping == 1)
    queue.silent = False
    time.pass_by(1.0)
    await wait_until(lambda: len(ears.heard) == 1)
    running.cancel()
    await asyncio.wait([running])
