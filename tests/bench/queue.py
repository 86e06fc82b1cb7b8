"""How long an append takes until it is on disk, how soon a waiting worker has the job, and how soon the server is up.

Uses the embedded server with its real settings: each write is synced before it is confirmed.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.redis.client import Link, connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.server import EmbeddedServer
from bot.jobs import AnswerQuestion
from bot.models import ConversationKey, Question
from tests.bench.measuring import p, where

SIMULTANEOUS = 16
STARTS = 10
PAUSE = 0.02
"""Seconds between two appends while the pickup is timed: the worker is idle when a job comes."""


def a_job(number: int) -> AnswerQuestion:
    """A question as Slack would bring it."""
    conversation = ConversationKey("T0BENCH", "C0BENCH", f"{number}.000100")
    question = Question(f"q{number}", "How do I reset my VPN password?" * 4, "U1", conversation, "1", datetime.now(UTC))
    return AnswerQuestion(question)


async def appends(queue: RedisJobQueue, count: int, *, simultaneous: int) -> list[float]:
    """Seconds of each append, that many at the same time."""
    taken: list[float] = []
    numbers = iter(range(count))

    async def appender() -> None:
        for number in numbers:
            started = time.perf_counter()
            await queue.enqueue(
                a_job(number), once=[f"{simultaneous}:event:{number}", f"{simultaneous}:message:{number}"]
            )
            taken.append(time.perf_counter() - started)

    await asyncio.gather(*(appender() for _ in range(simultaneous)))
    return taken


async def cycles(queue: RedisJobQueue) -> list[float]:
    """Seconds to lease and complete each of the jobs that are there, one at a time."""
    taken: list[float] = []
    while True:
        started = time.perf_counter()
        claims = await queue.claim(limit=1, wait=0)
        if not claims:
            return taken
        await queue.complete(claims[0])
        taken.append(time.perf_counter() - started)


async def pickups(queue: RedisJobQueue, count: int) -> list[float]:
    """Seconds from before an append until an idle worker has leased the job."""
    begun: dict[str, float] = {}
    taken: list[float] = []

    async def worker() -> None:
        while len(taken) < count:
            for claim in await queue.claim(limit=8, wait=1):
                taken.append(time.perf_counter() - begun[claim.job.id])
                await queue.complete(claim)

    working = asyncio.create_task(worker())
    for number in range(count):
        begun[f"q{number}"] = time.perf_counter()
        await queue.enqueue(a_job(number), once=[])
        await asyncio.sleep(PAUSE)
    await working
    return taken


def starts(home: Path) -> list[float]:
    """Seconds from nothing to a server that answers, on data that is there already."""
    taken: list[float] = []
    for _ in range(STARTS):
        server = EmbeddedServer(home)
        started = time.perf_counter()
        server.join()
        taken.append(time.perf_counter() - started)
        server.leave()
    return taken


def report(name: str, seconds: Sequence[float]) -> None:
    """One line of the table, in milliseconds."""
    cells = [f"{p(seconds, share) * 1e3:.2f}" for share in (0.5, 0.95, 0.99)]
    print(" | ".join((f"| {name}", *cells, f"{len(seconds)} |")))


async def measure(link: Link, count: int) -> None:
    """Print the figures of the queue."""
    queue = RedisJobQueue(link)
    report("append, one at a time", await appends(queue, count, simultaneous=1))
    report("lease and complete", await cycles(queue))
    report(f"append, {SIMULTANEOUS} at a time", await appends(queue, count, simultaneous=SIMULTANEOUS))
    await cycles(queue)
    report("append to leased, worker idle", await pickups(queue, min(count, 200)))


async def main(count: int) -> None:
    """Print a table: milliseconds at the median, the 95th and the 99th percentile."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder))
        print(f"{where()}\n\n| ms | p50 | p95 | p99 | n |\n|---|---|---|---|---|")
        async with connect(server.join()) as link:
            await measure(link, count)
        server.leave()
        report("start of the server", starts(Path(folder)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000, help="how many are appended in each part")
    asyncio.run(main(parser.parse_args().jobs))
