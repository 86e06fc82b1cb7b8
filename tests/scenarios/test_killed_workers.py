"""Workers are killed in the middle of their jobs, again and again: every question is brought to its end by others."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from bot.adapters.redis.client import Link
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.records import RedisAnswerRecords
from bot.records import State
from tests.redis_fixtures import a_job

ROOT = Path(__file__).parents[2]
QUESTIONS = 45
KILLED_AT = (5, 25)
"""After how many ended jobs a worker is killed."""


class Crew:
    """Worker processes on one queue."""

    def __init__(self, link: Link, url: str, stack: ExitStack) -> None:
        self._command = [sys.executable, "-m", "tests.scenarios.mortal_worker", url, link.prefix]
        self._stack = stack
        self.workers: list[subprocess.Popen[bytes]] = []

    def hire(self) -> None:
        worker = self._stack.enter_context(subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE))
        self._stack.callback(worker.kill)
        self.workers.append(worker)

    def kill_one(self) -> None:
        worker = self.workers.pop(0)
        worker.kill()
        assert worker.wait(30) == -signal.SIGKILL

    def dismiss(self) -> list[int]:
        """Ask the rest to stop; their exit codes."""
        for worker in self.workers:
            assert worker.stdout
            assert worker.stdout.readline() == b"ready\n"
            worker.terminate()
        return [worker.wait(30) for worker in self.workers]


async def _notes(link: Link, what: str) -> Counter[str]:
    return Counter(name.decode() for name in await link.call("LRANGE", link.key("note", what), 0, -1))


async def _until(link: Link, *, ended: int) -> None:
    """Return when that many different jobs have ended."""
    seen = 0
    while seen < ended:
        await asyncio.sleep(0.01)
        seen = len(await _notes(link, "ended"))


async def test_no_question_is_lost_when_workers_are_killed(link: Link, valkey_url: str) -> None:
    """Every question ends as delivered although workers died with jobs in hand; those that are stopped exit well."""
    queue, records = RedisJobQueue(link), RedisAnswerRecords(link)
    jobs = [a_job(number) for number in range(QUESTIONS)]
    for job in jobs:
        await queue.enqueue(job, once=[job.question.id])
    with ExitStack() as stack:
        crew = Crew(link, valkey_url, stack)
        crew.hire()
        crew.hire()
        for ended in KILLED_AT:
            await _until(link, ended=ended)
            crew.kill_one()
            crew.hire()
        await _until(link, ended=QUESTIONS)
        assert crew.dismiss() == [0, 0]
    found = [await records.read(job.question.id) for job in jobs]
    assert [record and record.state for record in found] == [State.DELIVERED] * QUESTIONS
    assert await queue.depth() == 0
    assert await _notes(link, "given up") == Counter()
    started = await _notes(link, "started")
    assert started.total() > QUESTIONS, "nobody died with a job in hand: the test has shown nothing"
