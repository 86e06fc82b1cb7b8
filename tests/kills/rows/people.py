"""Rows 5, 28 and 49: too many questions at once, one that kills whoever works on it, one person who asks too much."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress

from bot.adapters.redis.dead_letters import RedisDeadLetters
from bot.playground.delivery import Attempt
from bot.playground.wire import Json
from tests.kills import facts
from tests.kills.processes import clean_environment
from tests.kills.rig import PRODUCTION, Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.slack_side import Asked
from tests.kills.tally import Tally, percentile
from tests.kills.worker import POISON

WORKER = [sys.executable, "-m", "tests.kills.worker"]


# --- row 5 ----------------------------------------------------------------------------------------------------------

PACE = 50
"""Questions a second."""
SOON = 0.1
"""Seconds within which 99 of 100 are acknowledged."""
BURST = 600.0
"""Seconds that all answers may take."""


@row(
    "5",
    "50 questions a second for a minute while documents are indexed; the bot calls Slack freely",
    reach="acknowledged within 100 ms (p99), all answered",
    cycles=1,
    setup=Setup(model=False, times=PRODUCTION),
)
async def burst(rig: Rig, cycle: Cycle) -> Tally:
    """Each question is put at its time, whatever became of those before it."""
    rig.worker.words = [*WORKER, "--unpaced"]
    await rig.worker.replace()
    return await _burst(rig, cycle, seconds=60.0)


@row(
    "5r",
    "5 questions a second for a minute while documents are indexed, within Slack's rate limits",
    reach="acknowledged within 100 ms (p99), all answered; how long the line takes to drain",
    cycles=1,
    setup=Setup(model=False, times=PRODUCTION, rate_limits=True),
)
async def burst_within_limits(rig: Rig, cycle: Cycle) -> Tally:
    """As row 5 with real workers, which call Slack no more often than it takes: a tenth of the questions."""
    return await _burst(rig, cycle, seconds=60.0, pace=PACE / 10)


async def _burst(rig: Rig, cycle: Cycle, *, seconds: float, pace: float = PACE) -> Tally:
    asked: list[Asked] = []
    async with timed(rig) as took, _indexing(rig):
        start = time.monotonic()
        for number in range(round(pace * seconds)):
            await asyncio.sleep(max(0.0, start + number / pace - time.monotonic()))
            asked.append(await rig.slack.ask(f"{cycle.label}x{number}"))
        fell_behind = time.monotonic() - start - seconds
        await rig.slack.wait_until(lambda: all(one.acknowledged for one in rig.slack.deliveries), timeout=60)
    ended = time.monotonic()
    await rig.answered(asked, within=BURST)
    tally = await rig.verdict(asked)
    tally.sample("drained", time.monotonic() - ended)
    tally.samples["acknowledged"] = [round(one, 4) for one in took]
    tally.sample("the_driver_fell_behind", max(0.0, fell_behind))
    if percentile(took, 0.99) > SOON:
        tally.fault("slow", f"p99 of acknowledgements is {percentile(took, 0.99) * 1e3:.0f} ms")
    return tally


@asynccontextmanager
async def timed(rig: Rig) -> AsyncGenerator[list[float]]:
    """How long each event took to be acknowledged, while the block runs."""
    deliveries, took = rig.slack._deliveries, list[float]()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (only there is it seen)
    inner = deliveries.transport

    class Timed:
        async def deliver(self, attempt: Attempt, *, within: float) -> Json | None:
            began = time.monotonic()
            try:
                return await inner.deliver(attempt, within=within)
            finally:
                took.append(time.monotonic() - began)

    deliveries.transport = Timed()
    try:
        yield took
    finally:
        deliveries.transport = inner


@asynccontextmanager
async def _indexing(rig: Rig) -> AsyncGenerator[None]:
    """Documents are indexed, again and again, while the block runs."""
    documents = await asyncio.to_thread(facts.write, rig.folder / "papers")

    async def index() -> None:
        for number in itertools.count():
            home = rig.folder / f"indexed-{number}"
            process = await asyncio.create_subprocess_exec(
                rig.edge.words[0], "index", str(documents), "--home", str(home), "--json",
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, env=clean_environment(),
            )  # fmt: skip
            try:
                if await process.wait():
                    raise RuntimeError("the documents could not be indexed")
            except asyncio.CancelledError:
                process.kill()
                raise

    task = asyncio.create_task(index())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


# --- row 28 ---------------------------------------------------------------------------------------------------------


@row(
    "28",
    "a question of which the worker dies, each time; two workers",
    reach="its person is told after five deliveries; one dead letter; others' p95 within 10 % of idle",
    cycles=5,
    quick=1,
    setup=Setup(workers=2, model=False),
)
async def poisoned(rig: Rig, cycle: Cycle) -> Tally:
    """150 questions over fifty seconds, twice: alone, and with the poisoned one among them."""
    for worker in rig.workers:
        if worker.words[: len(WORKER)] != WORKER:
            worker.words = [*WORKER, "--quoting"]
            await worker.replace()
    idle, idle_tally = await _others(rig, f"{cycle.label}i")
    before = len(await RedisDeadLetters(rig.link).list(limit=100))
    deaths = sum(worker.deaths for worker in rig.workers)
    task = asyncio.create_task(_others(rig, f"{cycle.label}o"))
    await asyncio.sleep(3)
    poison = await rig.slack.ask(f"{POISON} {cycle.label}")
    others, tally = await task
    await rig.answered([poison], within=60)
    tally.add(idle_tally)
    tally.add(await rig.verdict([poison]))
    tally.count("workers_died", sum(worker.deaths for worker in rig.workers) - deaths)
    letters = len(await RedisDeadLetters(rig.link).list(limit=100)) - before
    tally.count("dead_letters", letters)
    if letters != 1:
        tally.fault("dead_letter", f"{letters} dead letters")
    _compare(tally, idle, others)
    return tally


async def _others(rig: Rig, label: str, *, count: int = 150, seconds: float = 50.0) -> tuple[list[float], Tally]:
    """Seconds to the end of each of some questions of many people."""
    asked = await rig.ask(count, label=label, within=seconds)
    await rig.answered(asked)
    return [one.ended_at - one.at for one in asked if one.ended_at], await rig.verdict(asked)


def _compare(tally: Tally, idle: Sequence[float], others: Sequence[float]) -> None:
    """Hold the others' times against those without the trouble."""
    tally.samples["idle"], tally.samples["others"] = list(idle), list(others)
    was, is_ = percentile(idle, 0.95), percentile(others, 0.95)
    if is_ > 1.1 * was:
        tally.fault("slower", f"p95 of the others is {is_:.2f} s, and {was:.2f} s without")


# --- row 49 ---------------------------------------------------------------------------------------------------------


@row(
    "49",
    "one person floods 500 questions, with budgets as they are by default",
    reach="the person is told; others' p95 within 10 % of idle",
    cycles=3,
    quick=1,
    setup=Setup(
        model=False,
        variables=(("FOOTNOTE_PERSON_PER_MINUTE", "10"), ("FOOTNOTE_PERSON_PER_DAY", "200")),
    ),
)
async def flooded(rig: Rig, cycle: Cycle) -> Tally:
    """Sixty questions of nineteen others over thirty seconds, twice: alone, and while the twentieth asks 500."""
    idle, idle_tally = await _calm_others(rig, f"{cycle.label}i")
    await asyncio.sleep(60)  # the minute of everybody's budget
    flood = asyncio.create_task(_flood(rig, f"{cycle.label}f"))
    others, tally = await _calm_others(rig, f"{cycle.label}o")
    floods = await flood
    await rig.settled(within=120)
    tally.add(idle_tally)
    tally.count("flood", len(floods))
    tally.count("flood_answered", sum(one.ended_at is not None for one in floods))
    lines = sum(line.ephemeral_to == "p00" for line in rig.slack.workspace.room("room-0").ephemeral.values())
    tally.count("lines_to_the_flooding_person", lines)
    if not lines:
        tally.fault("untold", "the person was never told")
    if any(len(one.posts) > 1 for one in floods):
        tally.fault("twice", "a question of the flood was answered twice")
    _compare(tally, idle, others)
    return tally


async def _flood(rig: Rig, label: str) -> list[Asked]:
    """Five hundred questions of one person, in about the time in which the others ask theirs."""
    asked: list[Asked] = []
    for number in range(500):
        asked.append(await rig.slack.ask(f"{label}{number}", person="p00", channel="room-0"))
        await asyncio.sleep(0.05)
    return asked


async def _calm_others(rig: Rig, label: str) -> tuple[list[float], Tally]:
    """The same with nobody of the flood's room."""
    asked: list[Asked] = []
    for number in range(60):
        room = 1 + number % 9
        who = room * 2 + number // 9 % 2
        asked.append(await rig.slack.ask(f"{label}{number}", person=f"p{who:02d}", channel=f"room-{room}"))
        await asyncio.sleep(0.5)
    await rig.answered(asked)
    tally = rig.judging.judge(asked)
    return [one.ended_at - one.at for one in asked if one.ended_at], tally
