"""A process that counts one of everything and says so on its port, until its input ends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from bot.adapters.wrappers.breaker import Breaker
from bot.adapters.wrappers.guard import Guard
from bot.adapters.wrappers.metering import Meter
from bot.adapters.wrappers.tracing import Kind
from bot.composition.watching import watching
from bot.errors import Unavailable
from bot.logs import configure
from bot.ports.queue import Load
from bot.ports.watch import Readings, Watch
from bot.settings import Settings
from bot.settings.tree import Status
from bot.spending import PUBLISHED, Prices, Usage
from bot.status import Check


async def main() -> None:
    """Print the port, then wait."""
    configure("warning")
    async with watching(Settings(status=Status(port=0))) as watched:
        count(watched.watch)
        await call()
        watched.status.needs(Check("edge", "slack", there), Check("worker", "redis", there))
        watched.status.begin()
        watched.pulse.reads(read)
        await watched.pulse.take()
        sys.stdout.write(f"{watched.address}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


def count(watch: Watch) -> None:
    """Everything that can happen, once."""
    watch.accepted("spooled", seconds=0.004)
    watch.delivered("AnswerQuestion", deliveries=1, waited=0.2)
    watch.delivered("AnswerQuestion", deliveries=2, waited=40.0)
    watch.ended("AnswerQuestion", "done", seconds=3.0)
    watch.signed(seconds=0.7)
    watch.answered(seconds=3.2, answered=True)
    watch.turned_away("person_minute")
    watch.swept()


async def call() -> None:
    """A reranker that answers at its second try, a model that streams, and a search."""
    meter = Meter(Prices(PUBLISHED))
    await guarded("cohere", "rerank").call(Flaky(meter).work)
    await guarded("weaviate", "search").call(found)
    async for _ in guarded("cohere", "chat").stream(pieces):
        meter.note(Usage("cohere", "command-a-03-2025", "chat", input_tokens=900, output_tokens=60))


def guarded(provider: str, kind: Kind) -> Guard:
    """A guard with a breaker of its own."""
    return Guard(provider, kind, "model", deadline=5.0, breaker=Breaker(f"{provider} {kind}"))


@dataclass
class Flaky:
    """Fails once."""

    meter: Meter
    tries: int = 0

    async def work(self) -> None:
        """Billed when it ends well."""
        self.tries += 1
        if self.tries == 1:
            raise Unavailable("busy", retry_after=0.0)
        self.meter.note(Usage("cohere", "rerank-v4.0-fast", "rerank", searches=1))


async def found() -> None:
    """Nothing."""


async def pieces() -> AsyncGenerator[str]:
    """One word."""
    yield "word"


async def read(readings: Readings) -> Readings:
    """How things stand in a company with a bad day."""
    load = Load(waiting=3, leased=2, held_back=40, dead=1, oldest=12.5)
    return replace(readings, load=load, spooled=4, spent=20.0, limit=25.0)


async def there() -> bool:
    """What every part needs."""
    return True


if __name__ == "__main__":
    asyncio.run(main())
