"""A worker process to be killed: each job takes a moment, and what it did is noted on the server."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace

from bot.adapters.redis.client import Link, connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.records import RedisAnswerRecords
from bot.ports.queue import Claim
from bot.records import AnswerRecord, State
from bot.worker import Limits, Worker
from tests.nouns import asked

LEASE = 1.0
"""Seconds after which a killed worker's jobs go to another."""
MOMENT = 0.03
"""Seconds that a job takes."""
GRAVE = ("Question 5?", "Question 25?")
"""Whoever takes one of these first never ends it: the test kills that process then."""


async def main(url: str, prefix: str) -> None:
    """Work until SIGTERM."""
    async with connect(url, prefix=prefix, timeout=10.0) as link:
        clerk = Clerk(link)
        queue = RedisJobQueue(link, lease=LEASE)
        worker = Worker(queue, handle=clerk.handle, give_up=clerk.give_up, limits=Limits(poll=0.1))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await worker.run()


class Clerk:
    """Does a job in two steps with a moment between, so that it can die at every point."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._records = RedisAnswerRecords(link)

    async def handle(self, claim: Claim) -> None:
        """Post once, however often it is tried, and note every start and every end."""
        question = asked(claim)
        record = await self._records.read(question.id, fence=claim.fence) or AnswerRecord(question)
        await self._note("started", question.text)
        if question.text in GRAVE and claim.deliveries == 1:
            await self._note("dying", str(os.getpid()))
            await asyncio.Event().wait()
        await asyncio.sleep(MOMENT)
        if record.state is not State.DELIVERED:
            await self._records.write(replace(record, state=State.DELIVERED), fence=claim.fence)
        await self._note("ended", question.text)

    async def give_up(self, claim: Claim, reason: str) -> None:
        """Note a job that nobody could do."""
        await self._note("given up", f"{asked(claim).text} {reason}")

    async def _note(self, what: str, name: str) -> None:
        key = self._link.key("note", what)
        await self._link.call("RPUSH", key, name)
        await self._link.call("EXPIRE", key, 600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
