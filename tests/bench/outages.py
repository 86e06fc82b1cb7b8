"""Weaviate paused and killed, over and over, under a whole bot that is asked all the while: what people see of it.

    make bench ARGS='outages [--paused 60] [--killed] [--down 10] [--cycles 20] [--rate 5]'

The bot and the playground run in this process over a real Weaviate and a real Valkey. Questions are asked at a fixed
rate; in each cycle the server hangs for so many seconds (SIGSTOP), or is killed and started again after `--down`
seconds. Counted: how long any search took that the bot made, with all its tries; what became of every question; and how
long after the server's return the first answer stood. A server has returned when it goes on, or is ready again.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from bot.adapters.wrappers.tracing import DB_OPERATION
from bot.errors import IndexUnavailable
from bot.playground import Message
from bot.settings import WeaviateIndex
from tests.bench.measuring import p, weaviate_binary, where
from tests.scenarios.company import HANDBOOK, LEAVE
from tests.scenarios.whole import Whole, is_finished, whole
from tests.weaviate_server import HOST, WeaviateServer

CHANNEL = "general"
RIGHT = "240 hours"
DEADLINE = 3.5
"""Seconds that no search may take."""
RECOVERY = 30.0
"""Seconds from a server's return in which an answer has to stand."""
BETWEEN = 5.0
"""Seconds of quiet before each outage."""
GLANCE = 0.05
"""Seconds between two looks at what stands in Slack."""
LAST = 120.0
"""Seconds after the last cycle after which a question has no end."""


@dataclass
class Searches(SpanProcessor):
    """How long each search took."""

    seconds: list[float] = field(default_factory=list[float])

    def on_end(self, span: ReadableSpan) -> None:
        """Note one."""
        if (span.attributes or {}).get(DB_OPERATION) == "search" and span.end_time and span.start_time:
            self.seconds.append((span.end_time - span.start_time) / 1e9)


@dataclass
class Desk:
    """What was asked, and what stands under it."""

    company: Whole
    rate: float
    open: dict[str, float] = field(default_factory=dict[str, float])
    """When each question was asked that has no end yet."""
    told: set[str] = field(default_factory=set[str])
    """Questions under which stood that search is away."""
    waits: list[float] = field(default_factory=list[float])
    answers: list[float] = field(default_factory=list[float])
    """When each answer was there."""
    other: int = 0
    """Questions that ended otherwise."""
    number: int = 0
    stopped: bool = False
    """No more questions; and when that is so, over."""
    over: bool = False

    async def ask(self) -> None:
        """Ask at the rate, each question in a thread of its own."""
        start = time.monotonic()
        while not self.stopped:
            await asyncio.sleep(max(0.0, start + self.number / self.rate - time.monotonic()))
            if self.stopped:
                return
            asked = time.monotonic()
            ts = await self.company.slack.say("ana", CHANNEL, f"@Footnote {LEAVE} ({self.number})")
            self.open[ts] = asked
            self.number += 1

    async def watch(self) -> None:
        """Look what has come to an end."""
        slack = self.company.slack
        while self.open or not self.over:
            await asyncio.sleep(GLANCE)
            for message in list(slack.workspace.room(CHANNEL).messages.values()):
                if message.root_ts in self.open and message.user == slack.bot_user_id:
                    self._look(message)

    def _look(self, message: Message) -> None:
        text = message.visible_text
        if IndexUnavailable.user_message in text:
            self.told.add(message.root_ts)
        elif is_finished(message):
            now, asked = time.monotonic(), self.open.pop(message.root_ts)
            if RIGHT in text:
                self.waits.append(now - asked)
                self.answers.append(now)
            else:
                self.other += 1


@dataclass(frozen=True, slots=True)
class Outage:
    """A way to be away, for so many seconds, and back."""

    name: str
    seconds: float
    begin: Callable[[], Awaitable[None]]
    end: Callable[[], Awaitable[None]]


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="outages", description=__doc__.splitlines()[0])
    parser.add_argument("--paused", type=float, metavar="SECONDS", help="let the server hang for so long")
    parser.add_argument("--killed", action="store_true", help="kill the server")
    parser.add_argument("--down", type=float, default=10.0, help="seconds until a killed server is started again")
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--rate", type=float, default=5.0, help="questions a second")
    arguments = parser.parse_args()
    if arguments.paused is None and not arguments.killed:
        parser.error("say --paused SECONDS, --killed, or both")
    print(where())
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(f"{arguments.cycles} cycles, {arguments.rate:g} questions a second\n")
    searches, provider = Searches(), TracerProvider()
    provider.add_span_processor(searches)
    trace.set_tracer_provider(provider)
    with tempfile.TemporaryDirectory() as folder:
        server = WeaviateServer(Path(folder) / "weaviate", weaviate_binary())
        with closing(server):
            server.start()
            for outage in outages(arguments, server):
                searches.seconds.clear()
                asyncio.run(measure(outage, server, Path(folder) / outage.name, arguments, searches))


def outages(arguments: argparse.Namespace, server: WeaviateServer) -> list[Outage]:
    """Those that were asked for."""

    def off_loop(step: Callable[[], None]) -> Callable[[], Awaitable[None]]:
        return lambda: asyncio.to_thread(step)

    asked: list[Outage] = []
    if arguments.paused is not None:
        asked.append(Outage("paused", arguments.paused, off_loop(server.pause), off_loop(server.resume)))
    if arguments.killed:
        asked.append(Outage("killed", arguments.down, off_loop(server.kill), off_loop(server.start)))
    return asked


async def measure(
    outage: Outage, server: WeaviateServer, home: Path, arguments: argparse.Namespace, searches: Searches
) -> None:
    """All cycles of one kind, under one bot."""
    chosen = WeaviateIndex.model_validate(
        {"backend": "weaviate", "url": server.url, "grpc_url": f"http://{HOST}:{server.grpc_port}",
         "tenant": outage.name}
    )  # fmt: skip
    async with whole(home) as built:
        company = replace(built, settings=built.settings.model_copy(update={"index": chosen}))
        await company.indexed("handbook", HANDBOOK)
        desk, recoveries = Desk(company, arguments.rate), list[float]()
        async with company.running():
            asking, watching = asyncio.create_task(desk.ask()), asyncio.create_task(desk.watch())
            for cycle in range(arguments.cycles):
                recoveries.append(await once(outage, desk))
                print(f"{outage.name} {cycle + 1}: first answer {recoveries[-1]:.1f} s after its return", flush=True)
            await asyncio.sleep(BETWEEN)
            desk.stopped = True
            await asking
            desk.over = True
            await asyncio.wait([watching], timeout=LAST)
            watching.cancel()
            report(outage, desk, recoveries, searches.seconds)
            for ts in desk.open:  # nobody waits for them any more
                await company.slack.delete("ana", CHANNEL, ts)


async def once(outage: Outage, desk: Desk) -> float:
    """One outage; seconds from the server's return to the first answer."""
    await asyncio.sleep(BETWEEN)
    await outage.begin()
    await asyncio.sleep(outage.seconds)
    await outage.end()
    returned = time.monotonic()
    while not (desk.answers and desk.answers[-1] > returned):
        await asyncio.sleep(GLANCE)
        if time.monotonic() - returned > LAST:
            return LAST
    return next(answer for answer in desk.answers if answer > returned) - returned


def report(outage: Outage, desk: Desk, recoveries: list[float], searches: list[float]) -> None:
    """The table."""
    late = sum(seconds > DEADLINE for seconds in searches)
    rows = [
        ("questions asked", f"{desk.number:,}", ""),
        ("of them told that search is away", f"{len(desk.told):,}", ""),
        ("answered", f"{len(desk.waits):,}", ""),
        ("ended otherwise", f"{desk.other:,}", "0"),
        ("without a visible end", f"{len(desk.open):,}", "0"),
        ("searches made", f"{len(searches):,}", ""),
        ("longest search", f"{max(searches):.2f} s", f"{DEADLINE:g} s"),
        (f"searches over {DEADLINE:g} s", f"{late:,}", "0"),
        ("from return to first answer, median", f"{p(recoveries, 0.5):.1f} s", ""),
        ("from return to first answer, longest", f"{max(recoveries):.1f} s", f"{RECOVERY:g} s"),
        ("longest wait for an answer", f"{max(desk.waits):.1f} s", ""),
    ]
    print(f"\nWeaviate {outage.name} for {outage.seconds:g} s, {len(recoveries)} cycles".ljust(55) + "reach")
    for name, value, reach in rows:
        print(f"  {name:40} {value:>12}{reach:>10}")
    print(flush=True)


if __name__ == "__main__":
    main()
