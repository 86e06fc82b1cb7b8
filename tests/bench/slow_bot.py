"""The whole bot in a process of its own, with a generator that takes as long as it is told; the parent plays Slack.

Without `--seconds` it is the generator of the settings.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.commands.running import until_stopped
from bot.composition import bot
from bot.logs import configure
from bot.models import Hit, Query, Statement
from bot.settings import load


@dataclass
class SlowGenerator:
    """Quotes sentences of the first passage evenly over `seconds`, until `characters` were said."""

    seconds: float
    characters: int
    busy: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    @property
    def name(self) -> str:
        """What an answer calls it."""
        return "slow"

    async def generate(self, query: Query, passages: Sequence[Hit]) -> AsyncGenerator[Statement]:
        """The same words again and again: how an answer travels is measured, not what it says."""
        chunk = passages[0].chunk
        unit = max((chunk.text[start:end] for start, end in chunk.units), key=len)
        count = max(1, round(self.characters / (len(unit) + 6)))
        for _ in range(count):
            started = time.perf_counter()
            await asyncio.sleep(self.seconds / count)
            self.busy.append((started, time.perf_counter()))
            yield Statement.quoting(chunk.id, unit)


def watched(client: Any, busy: list[tuple[float, float]], *, delay: float) -> None:
    """Make each call of Slack's Web API take that much longer, and write down when it was on its way."""
    send = client.api_call

    async def timed(*given: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            await asyncio.sleep(delay)
            return await send(*given, **named)
        finally:
            busy.append((started, time.perf_counter()))

    client.api_call = timed


def watched_index() -> list[tuple[float, float]]:
    """When a search of Weaviate was on its way."""
    from bot.adapters.weaviate.index import WeaviateIndex

    search, busy = WeaviateIndex.search, list[tuple[float, float]]()

    async def timed(*given: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return await search(*given, **named)
        finally:
            busy.append((started, time.perf_counter()))

    WeaviateIndex.search = timed
    return busy


READS = frozenset(
    {"GET", "HGET", "HVALS", "LRANGE", "MGET", "XLEN", "XPENDING", "XRANGE", "XREAD", "ZREVRANGE", "ZREVRANGEBYSCORE"}
)


def watched_memory() -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """When a call of Redis was on its way, but for those that wait for work to come; and when one that writes was.

    A lease is among those that write.
    """
    from bot.adapters.redis.link import Link

    send = Link._send  # noqa: SLF001 - a benchmark looks inside
    calls, writes = list[tuple[float, float]](), list[tuple[float, float]]()

    async def timed(link: Any, steps: Any, within: float, *, patient: bool = False) -> Any:
        started = time.perf_counter()
        try:
            return await send(link, steps, within, patient=patient)
        finally:
            if all(step.words[0] != "XREAD" for step in steps):
                calls.append((started, time.perf_counter()))
            if any(step.words[0] not in READS for step in steps):
                writes.append((started, time.perf_counter()))

    Link._send = timed  # noqa: SLF001 - likewise
    return calls, writes


async def main(arguments: argparse.Namespace) -> None:
    """Answer over Socket Mode until the parent asks to stop; then print when Slack and the generator were busy."""
    import os

    configure("error")
    generator = None if arguments.seconds is None else SlowGenerator(arguments.seconds, arguments.characters)
    searches = watched_index() if os.environ.get("WEAVIATE_URL") else []
    redis, writes = watched_memory() if arguments.memory else ([], [])
    calls: list[tuple[float, float]] = []
    async with AsyncExitStack() as stack:
        footnote = await stack.enter_async_context(
            bot(load(dict(os.environ)), transport="socket", paced=arguments.paced)
        )
        watched(footnote.client, calls, delay=arguments.slack)
        worker = await stack.enter_async_context(footnote.worker(generator=generator))
        await stack.enter_async_context(footnote.edge(transport="socket"))
        await until_stopped(worker, announce="ready", status=footnote.watching.status)
    busy = {
        "generator": generator.busy if generator else [],
        "slack": calls,
        "index": searches,
        "redis": redis,
        "writes": writes,
    }
    print(json.dumps(busy), file=sys.stdout, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--characters", type=int, default=1_500)
    parser.add_argument("--paced", action="store_true", help="call Slack only as often as Slack takes it")
    parser.add_argument("--slack", type=float, default=0.0, help="seconds that each call of Slack takes besides")
    parser.add_argument("--memory", action="store_true", help="tell when Redis was busy too")
    asyncio.run(partial(main, parser.parse_args())())
