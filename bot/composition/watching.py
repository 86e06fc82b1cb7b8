"""How a process is watched: what it counts, what it says of itself, and where that can be had."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from bot.models import EVERYONE, Audience
from bot.ports.memory import Memory
from bot.ports.queue import Claim, JobQueue
from bot.ports.search import SearchIndex
from bot.ports.spool import Spool
from bot.ports.watch import Part, Readings, Unwatched, Watch
from bot.settings import Settings
from bot.together import beside

if TYPE_CHECKING:
    from bot.status import Pulse, Status

Handle = Callable[[Claim], Awaitable[None]]
NO_DOCUMENT = "no such document"
"""An id of no document: to ask for it is the cheapest way to learn whether an index answers."""


@dataclass(frozen=True, slots=True)
class Watching:
    """Who counts in this process, what it needs to be ready, and what is read of it now and then."""

    watch: Watch
    status: "Status"
    pulse: "Pulse"
    traces: bool = False
    address: str = ""
    """Where all this is told, if anywhere."""

    def traced(self, handle: Handle) -> Handle:
        """The same, each job in a span of its own where somebody collects them."""
        if not self.traces:
            return handle
        from bot.adapters.otel.spans import traced

        return traced(handle)

    def needs_slack(self, hears: Callable[[], bool]) -> None:
        """An edge can do nothing unless Slack can reach it."""

        async def answers() -> bool:
            return hears()

        self._needs("edge", "slack", answers)

    def needs_memory(self, part: Part, jobs: JobQueue, *, instead: str = "") -> None:
        """This part can do nothing without the queue, unless there is something else `instead`."""

        async def answers() -> bool:
            await jobs.depth()
            return True

        self._needs(part, "redis", answers, instead=instead)

    def needs_index(self, index: SearchIndex) -> None:
        """A worker can do nothing without the index."""
        bare = _unguarded(index)

        async def answers() -> bool:
            await bare.revisions([NO_DOCUMENT], visible_to=Audience.of({EVERYONE}))
            return True

        self._needs("worker", "index", answers)

    def needs_spool(self, spool: Spool) -> None:
        """An edge keeps envelopes here while Redis is away; it does without while Redis is there."""

        async def answers() -> bool:
            await spool.count()
            return True

        async def count(readings: Readings) -> Readings:
            return replace(readings, spooled=await spool.count())

        self._needs("edge", "spool", answers, instead="redis")
        self.pulse.reads(count)

    def _needs(self, part: Part, name: str, answers: Callable[[], Awaitable[bool]], *, instead: str = "") -> None:
        from bot.status import Check

        self.status.needs(Check(part, name, answers, instead=instead))

    def reads(self, memory: Memory, *, workspace: str, limit: float) -> None:
        """What the queue holds, and what the workspace has spent of its limit: in dollars a day, 0 for none."""

        async def load(readings: Readings) -> Readings:
            return replace(readings, load=await memory.jobs.load())

        async def spent(readings: Readings) -> Readings:
            return replace(readings, spent=(await memory.budgets.today(workspace)).dollars, limit=limit or None)

        self.pulse.reads(load, spent)


@asynccontextmanager
async def watching(settings: Settings) -> AsyncGenerator[Watching]:
    """Traces and metrics go to the collector of the settings, and to whoever asks on the port of the settings.

    Without either nothing is counted. Raises `Misconfigured` where that port cannot be had, or a package is missing.
    """
    from bot.status import Pulse, Status

    status = Status()
    pulse = Pulse(status)
    endpoint, port = settings.telemetry.endpoint, settings.status.port
    if endpoint is None and port is None:
        yield Watching(Unwatched(), status, pulse)
        return
    async with AsyncExitStack() as stack:
        metrics = await _started(stack, endpoint=str(endpoint) if endpoint else None, scraped=port is not None)
        watch = _counting(pulse)
        task = await stack.enter_async_context(beside(pulse.run()))
        status.lives_by("pulse", lambda: not task.done())
        address = "" if port is None else await _served(stack, status, metrics, host=settings.status.host, port=port)
        yield Watching(watch, status, pulse, traces=endpoint is not None, address=address)


async def _started(stack: AsyncExitStack, *, endpoint: str | None, scraped: bool) -> Callable[[], bytes]:
    """What writes the metrics down."""
    from bot.adapters.otel.export import start_telemetry

    if not scraped:
        stack.push_async_callback(asyncio.to_thread, start_telemetry(endpoint))
        return bytes
    from bot.adapters.otel.scrape import scraped as start_scraped

    reader, metrics = start_scraped()
    stack.push_async_callback(asyncio.to_thread, start_telemetry(endpoint, reader=reader))
    return metrics


async def _served(
    stack: AsyncExitStack, status: "Status", metrics: Callable[[], bytes], *, host: str, port: int
) -> str:
    """The address at which all this is told from now on."""
    from bot.status import served
    from handlers.door import quiet_http_logger

    serving = served(status, metrics, host=host, port=port, logger=quiet_http_logger())
    address = await stack.enter_async_context(serving)
    structlog.get_logger().info("status_served", address=address)
    return address


def _counting(pulse: "Pulse") -> Watch:
    from bot.adapters.otel.watch import OtelWatch

    watch = OtelWatch()
    watch.show(lambda: pulse.readings)
    return watch


def _unguarded(index: SearchIndex) -> SearchIndex:
    """The index itself: looks after its health are no searches, and trip no breaker."""
    from bot.adapters.wrappers.guarded import GuardedIndex

    return index.index if isinstance(index, GuardedIndex) else index
