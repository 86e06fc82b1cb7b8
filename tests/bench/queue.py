"""How long an append takes until it is on disk, how soon a worker has it, and how many jobs a second go through.

Uses the embedded server with its real settings: each write is synced before it is confirmed. What one sync of this
machine's disk costs stands beside. Jobs go through as they do in production: an edge of its own process appends them,
for as many people at the same time as there are producers, and a worker leases and completes them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.redis.client import Link, connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.server import EmbeddedServer
from bot.jobs import AnswerQuestion
from bot.models import ConversationKey, Question
from tests.bench.measuring import p, where

SIMULTANEOUS = 16
PRODUCERS = 32
PEOPLE = 500
"""Who ask, in turn: nobody's jobs are held back."""
ROUNDS = 10
PATIENCE = 30.0
"""Seconds that an append may take here: a busy machine is to be measured, not refused."""
SYNCS = 500
STARTS = 10
PAUSE = 0.02
"""Seconds between two appends while the pickup is timed: the worker is idle when a job comes."""


def a_job(number: int) -> AnswerQuestion:
    """A question as Slack would bring it."""
    conversation = ConversationKey("T0BENCH", "C0BENCH", f"{number}.000100")
    asker, words = f"U{number % PEOPLE}", "How do I reset my VPN password?" * 4
    return AnswerQuestion(Question(f"q{number}", words, asker, conversation, "1", datetime.now(UTC)))


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


async def produce(url: str, count: int) -> None:
    """Append jobs for `PRODUCERS` at the same time, from when a line comes in."""
    async with connect(url) as link:
        queue = RedisJobQueue(link, acknowledge=PATIENCE)
        await queue.depth()
        print("ready", flush=True)
        sys.stdin.readline()
        numbers = iter(range(count))
        await asyncio.gather(*(_appended(queue, numbers) for _ in range(PRODUCERS)))


async def _appended(queue: RedisJobQueue, numbers: Iterator[int]) -> None:
    mark = os.getpid()
    for number in numbers:
        await queue.enqueue(a_job(number), once=[f"{mark}:event:{number}", f"{mark}:message:{number}"])


async def through(queue: RedisJobQueue, url: str, count: int) -> float:
    """Jobs a second that are appended, leased and completed."""
    words = ("-m", "tests.bench.queue", "--produce", url, "--jobs", str(count))
    edge = await asyncio.create_subprocess_exec(sys.executable, *words, stdin=PIPE, stdout=PIPE)
    assert edge.stdin
    assert edge.stdout
    await edge.stdout.readline()
    started = time.perf_counter()
    edge.stdin.write(b"go\n")
    done = 0
    while done < count:
        claims = await queue.claim(limit=200, wait=1)
        await asyncio.gather(*(queue.complete(claim) for claim in claims))
        done += len(claims)
    seconds = time.perf_counter() - started
    await edge.wait()
    return count / seconds


def syncs(folder: Path) -> list[float]:
    """Seconds that the disk takes to keep a job for good."""
    taken: list[float] = []
    with (folder / "syncs").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(1_000))
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - started)
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


async def measure(link: Link, url: str, count: int) -> None:
    """Print the figures of the queue."""
    queue = RedisJobQueue(link, acknowledge=PATIENCE)
    report("append, one at a time", await appends(queue, count, simultaneous=1))
    report("lease and complete", await cycles(queue))
    report(f"append, {SIMULTANEOUS} at a time", await appends(queue, count, simultaneous=SIMULTANEOUS))
    await cycles(queue)
    report("append to leased, worker idle", await pickups(queue, min(count, 200)))
    rates = [round(await through(queue, url, 5 * count)) for _ in range(ROUNDS)]
    print(f"\nappended, leased and completed, {PRODUCERS} producers: {', '.join(map(str, rates))} jobs a second")


@asynccontextmanager
async def _served(home: Path) -> AsyncGenerator[str]:
    server = EmbeddedServer(home)
    try:
        yield server.join()
    finally:
        server.leave()


async def main(count: int) -> None:
    """Print a table: milliseconds at the median, the 95th and the 99th percentile."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"{where()}, load {os.getloadavg()[0]:.1f}\n\n| ms | p50 | p95 | p99 | n |\n|---|---|---|---|---|")
        report("sync of the disk", syncs(Path(folder)))
        report("start of the server", starts(Path(folder)))
        async with _served(Path(folder)) as url, connect(url) as link:
            await measure(link, url, count)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000, help="how many are appended in each part")
    parser.add_argument("--produce", metavar="URL", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    asyncio.run(produce(arguments.produce, arguments.jobs) if arguments.produce else main(arguments.jobs))
