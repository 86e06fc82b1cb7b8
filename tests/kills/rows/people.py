"""Rows 5, 28 and 49: too many questions at once, one that kills whoever works on it, one person who asks too much."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
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


# --- rows 28 and 49: what others notice -----------------------------------------------------------------------------

IDLE, OTHERS = ("idle_1", "idle_2"), "others"
"""Samples: stretches without the trouble, every other one under the other name, and those with it."""
SLOWER = 1.1
"""How many times as long as idle the others' p95 may be."""


def hold_against_idle(tally: Tally) -> None:
    """Hold the others' times in all cycles against those in the stretches just before and after, without the trouble.

    The two halves of those tell what chance alone does: what differs by less cannot be seen.
    """
    halves = [percentile(tally.samples.get(name, ()), 0.95) for name in IDLE]
    was = percentile([one for name in IDLE for one in tally.samples.get(name, ())], 0.95)
    is_ = percentile(tally.samples.get(OTHERS, ()), 0.95)
    by_chance = " and ".join(f"{half * 1e3:.0f}" for half in halves)
    tally.note(f"p95 of the others {is_ * 1e3:.0f} ms, idle {was * 1e3:.0f} ms (its halves {by_chance} ms)")
    if is_ > SLOWER * was:
        tally.fault("slower", f"p95 of the others is {is_:.3f} s, and {was:.3f} s without")


async def _steadily(ask: Callable[[int], Awaitable[Asked]], *, count: int, seconds: float) -> list[Asked]:
    """Put so many questions, each at its time, whatever became of those before it."""
    asked, start = list[Asked](), time.monotonic()
    for number in range(count):
        await asyncio.sleep(max(0.0, start + number * seconds / count - time.monotonic()))
        asked.append(await ask(number))
    return asked


def _times(asked: list[Asked]) -> list[float]:
    """Seconds to the end of each."""
    return [one.ended_at - one.at for one in asked if one.ended_at]


# --- row 28 ---------------------------------------------------------------------------------------------------------


@row(
    "28",
    "a question of which the worker dies, each time; two workers",
    reach="its person is told after five deliveries; one dead letter; others' p95 within 10 % of idle",
    cycles=5,
    setup=Setup(workers=2, model=False),
    whole=hold_against_idle,
)
async def poisoned(rig: Rig, cycle: Cycle) -> Tally:
    """Three questions a second for fifty seconds with the poisoned one among them, and as many without."""
    return await _poisoned(rig, cycle, seconds=50.0)


@row(
    "28p",
    "as row 28, at production times: a process starts no faster because a lease is shorter",
    reach="as row 28",
    cycles=2,
    setup=Setup(workers=2, model=False, times=PRODUCTION),
    whole=hold_against_idle,
)
async def poisoned_in_production(rig: Rig, cycle: Cycle) -> Tally:
    """As long as it takes that a worker has died five times: a lease goes by after each."""
    return await _poisoned(rig, cycle, seconds=160.0)


async def _poisoned(rig: Rig, cycle: Cycle, *, seconds: float) -> Tally:
    """So long with the poisoned question, half before it without, and half after it. Fresh workers are warmed up."""
    for worker in rig.workers:
        if worker.words[: len(WORKER)] != WORKER:
            worker.words = [*WORKER, "--quoting"]
            await worker.replace()
            await rig.answered(await rig.ask(20, label=f"{cycle.label}w", within=2.0))
    tally = await _alone(rig, cycle, IDLE[0], seconds=seconds / 2)
    before = len(await RedisDeadLetters(rig.link).list(limit=100))
    deaths = sum(worker.deaths for worker in rig.workers)
    others = asyncio.create_task(_others(rig, f"{cycle.label}o", seconds=seconds))
    await asyncio.sleep(3)
    poison = await rig.slack.ask(f"{POISON} {cycle.label}")
    asked = await others
    await rig.answered([*asked, poison], within=60)
    tally.samples[OTHERS] = _times(asked)
    tally.add(await rig.verdict([*asked, poison]))
    tally.count("workers_died", sum(worker.deaths for worker in rig.workers) - deaths)
    letters = len(await RedisDeadLetters(rig.link).list(limit=100)) - before
    tally.count("dead_letters", letters)
    if letters != 1:
        tally.fault("dead_letter", f"{letters} dead letters")
    tally.add(await _alone(rig, cycle, IDLE[1], seconds=seconds / 2))
    return tally


async def _alone(rig: Rig, cycle: Cycle, name: str, *, seconds: float) -> Tally:
    """The same questions, and nothing else."""
    asked = await _others(rig, f"{cycle.label}{name}", seconds=seconds)
    await rig.answered(asked)
    tally = await rig.verdict(asked)
    tally.samples[name] = _times(asked)
    return tally


async def _others(rig: Rig, label: str, *, seconds: float) -> list[Asked]:
    """Three questions a second of many people."""
    return await _steadily(lambda n: rig.slack.ask(f"{label}{n}"), count=round(3 * seconds), seconds=seconds)


# --- row 49 ---------------------------------------------------------------------------------------------------------

STRETCH = 25.0
"""Seconds of a flood, and of the quiet before and after it."""
CALM = 60
"""Questions of others in a stretch: eight a minute of each person, which no budget minds."""
FLOOD = 500


@row(
    "49",
    "one person floods 500 questions, with budgets as they are by default",
    reach="the person is told; others' p95 within 10 % of idle",
    cycles=3,
    setup=Setup(
        model=False,
        variables=(("FOOTNOTE_PERSON_PER_MINUTE", "10"), ("FOOTNOTE_PERSON_PER_DAY", "200")),
    ),
    whole=hold_against_idle,
)
async def flooded(rig: Rig, cycle: Cycle) -> Tally:
    """Eighteen others ask all the while; twice in between the one asks 500 in half a minute."""
    tally, numbers = Tally(), itertools.count()
    room = rig.slack.workspace.room("room-0")
    before = len(room.ephemeral)
    for stretch in range(5):
        flooding = stretch % 2 == 1
        name = OTHERS if flooding else IDLE[stretch // 2 % 2]
        flood = asyncio.create_task(_flood(rig, f"{cycle.label}f{stretch}x", count=FLOOD if flooding else 0))
        asked = await _steadily(lambda _: _calm(rig, cycle, next(numbers)), count=CALM, seconds=STRETCH)
        await rig.answered(asked)
        tally.add(_of_the_flood(await flood))
        await rig.settled(within=120)
        tally.add(rig.judging.judge(asked))
        tally.samples.setdefault(name, []).extend(_times(asked))
    lines = sum(line.ephemeral_to == "p00" for line in list(room.ephemeral.values())[before:])
    tally.count("lines_to_the_flooding_person", lines)
    if not lines:
        tally.fault("untold", "the person was never told")
    return tally


async def _flood(rig: Rig, label: str, *, count: int) -> list[Asked]:
    """So many questions of one person, in the time in which the others ask theirs."""
    return await _steadily(
        lambda n: rig.slack.ask(f"{label}{n}", person="p00", channel="room-0"), count=count, seconds=STRETCH
    )


def _of_the_flood(asked: list[Asked]) -> Tally:
    """What became of the flood: none of it is answered twice."""
    tally = Tally()
    tally.count("flood", len(asked))
    tally.count("flood_answered", len(_times(asked)))
    if any(len(one.posts) > 1 for one in asked):
        tally.fault("twice", "a question of the flood was answered twice")
    return tally


async def _calm(rig: Rig, cycle: Cycle, number: int) -> Asked:
    """A question of one of the others, each in turn, in another room than the flood's."""
    room = 1 + number % 9
    who = room * 2 + number // 9 % 2
    return await rig.slack.ask(f"{cycle.label}n{number}", person=f"p{who:02d}", channel=f"room-{room}")
