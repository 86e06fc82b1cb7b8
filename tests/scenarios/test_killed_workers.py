"""Workers and bots are killed, or stand still, in the middle of their work: others end every question, in its place."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack

from bot.adapters.redis.client import Link, connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.records import RedisAnswerRecords
from bot.records import State
from bot.settings.tree import Work
from tests.redis_fixtures import LEASE, a_job, age_leases
from tests.scenarios.company import LEAVE, Dictated
from tests.scenarios.mortal_worker import GRAVE
from tests.scenarios.processes import GRACE, ROOT, Processes, announced
from tests.scenarios.whole import PATIENCE, Whole
from tests.waiting import wait_until

QUESTIONS = 45


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

    def kill(self, pid: int) -> None:
        [worker] = [one for one in self.workers if one.pid == pid]
        self.workers.remove(worker)
        worker.kill()
        assert worker.wait(30) == -signal.SIGKILL

    def dismiss(self) -> list[int]:
        """Ask the rest to stop; their exit codes."""
        for worker in self.workers:
            assert worker.stdout
            assert worker.stdout.readline() == b"ready\n"
            worker.terminate()
        return [worker.wait(30) for worker in self.workers]


async def _noted(link: Link, what: str) -> list[str]:
    return [name.decode() for name in await link.call("LRANGE", link.key("note", what), 0, -1)]


async def _until(link: Link, what: str, count: int) -> list[str]:
    """What was noted, as soon as it is that many different things."""
    seen: list[str] = []
    while len(seen) < count:
        await asyncio.sleep(0.01)
        seen = list(dict.fromkeys(await _noted(link, what)))
    return seen


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
        for number in range(len(GRAVE)):
            dying = await _until(link, "dying", number + 1)
            crew.kill(int(dying[number]))
            crew.hire()
        await _until(link, "ended", QUESTIONS)
        assert crew.dismiss() == [0, 0]
    found = [await records.read(job.question.id) for job in jobs]
    assert [record and record.state for record in found] == [State.DELIVERED] * QUESTIONS
    assert await queue.depth() == 0
    assert not await _noted(link, "given up")
    started = Counter(await _noted(link, "started"))
    assert all(started[question] > 1 for question in GRAVE)


async def test_half_said_answers_of_a_killed_bot_are_finished_in_place(company: Whole, valkey_url: str) -> None:
    """A status, a placeholder, a stream and a private line: another bot brings each to one whole message."""
    slack, generator = company.slack, Dictated(["The other bot says this."])
    generator.released.set()
    with ExitStack() as stack:
        killed = Processes(company, valkey_url, stack).slow(seconds=600, characters=60_000)
        await slack.wait_until(lambda: slack.connections, timeout=PATIENCE)
        slack.fail("assistant.threads.setStatus", "channel_type_not_supported")
        places = {"it-help": await slack.say("ana", "it-help", f"@Footnote {LEAVE}")}
        await slack.wait_until(lambda: company.by_bot("it-help", places["it-help"]), timeout=PATIENCE)
        places["general"] = await slack.say("ana", "general", f"@Footnote {LEAVE}")
        await slack.wait_until(lambda: company.by_bot("general", places["general"]), timeout=PATIENCE)
        assert company.by_bot("general", places["general"])[0].is_streaming
        await slack.command("ana", "people-ops", "/ask", LEAVE)
        places["dm-ben"] = await slack.say("ben", "dm-ben", LEAVE)
        await slack.wait_until(lambda: slack.status("dm-ben", places["dm-ben"]), timeout=PATIENCE)
        killed.kill()
        assert killed.wait(30) == -signal.SIGKILL
    standing = {channel: [one.ts for one in company.by_bot(channel, root)] for channel, root in places.items()}
    async with connect(valkey_url, timeout=10.0) as link:
        await age_leases(link, LEASE + 1)
    async with company.running(generator=generator) as footnote:
        await company.settled(footnote)
    for channel, root in places.items():
        [answer] = company.by_bot(channel, root)
        assert "The other bot says this." in answer.visible_text
        assert "why" in answer.buttons
        assert not answer.is_streaming
        assert standing[channel] in ([], [answer.ts])
    alone = [line for line in company.private("ana", "people-ops") if "The other bot" in line.visible_text]
    assert len(alone) == 1


def stands_still(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has stopped itself."""
    return os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None


async def test_a_worker_that_stood_still_before_its_post_says_nothing_more(company: Whole, valkey_url: str) -> None:
    """It wakes in the middle of a line, when its lease is over and another has answered: there is one answer."""
    slack = company.slack
    company.settings = company.settings.model_copy(update={"work": Work(lease=2)})
    with ExitStack() as stack:
        paused = Processes(company, valkey_url, stack, FOOTNOTE_LEASE_SECONDS="2").pausing()
        await asyncio.to_thread(announced, paused)
        async with company.running(work=False):
            root = await slack.say("ana", "general", f"@Footnote {LEAVE}")
            await wait_until(lambda: stands_still(paused))
        async with company.running():
            answer = await company.answered("general", root)
        paused.send_signal(signal.SIGCONT)
        paused.terminate()
        assert await asyncio.to_thread(paused.wait, GRACE) == 0
    assert [one.ts for one in company.by_bot("general", root)] == [answer.ts]
    assert [call.method for call in slack.calls].count("chat.postMessage") == 1
