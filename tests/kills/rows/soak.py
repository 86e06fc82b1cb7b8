"""Row 50: half an hour of questions with faults at random; what the processes hold must not grow."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.kills.processes import Seat
from tests.kills.proxy import Proxy
from tests.kills.rig import Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.slack_side import Asked
from tests.kills.tally import Tally

PACE = 1.0
"""Questions a second."""
MINUTES = 30.0
LOOK = 5.0
"""Seconds between two looks at what the processes hold."""
GROWTH = 5.0
"""Megabytes an hour that a process may grow by, measured over all but the first quarter, in which each fault is new."""
ENOUGH = 200
"""Looks without which nobody can say whether memory grows."""
SPARE = 16
"""Files and sockets, threads, and tasks that a process at rest may hold at the end beyond those of the beginning."""
WARM, WORDS = 160, 400
"""Questions before anything is measured, and words in each that nobody has used: half fill a worker."""
REST = 12.0
"""Seconds after which a process without work is at rest, and has counted its tasks since."""


@row(
    "50",
    "soak: a question a second for 30 minutes (or as --soak says), faults at random every 10 to 30 s",
    reach="memory flat, no leaked task or socket; 0 lost, 0 twice, 0 silent, 0 stuck",
    cycles=1,
    setup=Setup(workers=2, variables=(("FOOTNOTE_STATUS_PORT", "0"),)),
)
async def soak(rig: Rig, cycle: Cycle) -> Tally:
    """The edge and one worker live through it all; the other worker is killed now and then."""
    await _warm(rig, cycle)
    tally, held = Tally(), Held([rig.edge, rig.worker])
    before = await held.at_rest()
    end = time.monotonic() + 60 * (cycle.minutes or MINUTES)
    looking = asyncio.create_task(held.look())
    failing = asyncio.create_task(_fail(rig, cycle.random, tally))
    open_: list[Asked] = []
    try:
        while time.monotonic() < end:
            open_ += await rig.ask(1, label=cycle.label)
            await asyncio.sleep(cycle.random.expovariate(PACE))
            open_ = await _judged(rig, open_, tally, older=180.0)
    finally:
        failing.cancel()
        await asyncio.gather(failing, return_exceptions=True)
        await rig.heal()
        rig.workers[0].signal(signal.SIGCONT)
    await rig.answered(open_)
    looking.cancel()
    tally.add(await rig.verdict(open_))
    held.judge_memory(tally)
    judge_rest(before, await held.at_rest(), tally)
    return tally


async def _warm(rig: Rig, cycle: Cycle) -> None:
    """Fill what remembers words: it grows with each new one, up to its bound, and every question here has a new one."""
    asked: list[Asked] = []
    for number in range(WARM):
        words = " ".join(f"w{number}n{one}" for one in range(WORDS))
        asked.append(await rig.slack.ask(f"{words} {cycle.label}w{number}"))
        await asyncio.sleep(0.25)
    await rig.answered(asked)
    for one in asked:
        del rig.slack.asked[one.channel, one.ts]
    rig.forget()


async def _judged(rig: Rig, asked: list[Asked], tally: Tally, *, older: float) -> list[Asked]:
    """Judge those that were asked so long ago, and go on with the others."""
    now = time.monotonic()
    due = [one for one in asked if now - one.at > older]
    if len(due) < 60:
        return asked
    tally.add(rig.judging.judge(due))
    for one in due:
        del rig.slack.asked[one.channel, one.ts]
    rig.forget()
    return [one for one in asked if now - one.at <= older]


# --- faults ---------------------------------------------------------------------------------------------------------


async def _fail(rig: Rig, random: Random, tally: Tally) -> None:
    """One fault after another, each undone before the next."""
    while True:
        await asyncio.sleep(random.uniform(10.0, 30.0))
        fault = random.choice(FAULTS)
        tally.count(f"at {fault.__name__.strip('_')}")
        await fault(rig, random)
        await rig.heal()


async def _kill_worker(rig: Rig, _: Random) -> None:
    rig.workers[1].kill()
    await asyncio.sleep(3.0)


async def _pause_worker(rig: Rig, random: Random) -> None:
    rig.workers[0].signal(signal.SIGSTOP)
    await asyncio.sleep(random.uniform(1.0, 6.0))
    rig.workers[0].signal(signal.SIGCONT)


async def _lose_redis(rig: Rig, random: Random) -> None:
    wire = rig.wires[random.choice(("edge-redis", "worker-redis"))]
    random.choice((wire.half_open, wire.reset))()
    await asyncio.sleep(random.uniform(0.5, 6.0))


async def _kill_redis(rig: Rig, random: Random) -> None:
    rig.valkey.kill()
    await asyncio.sleep(random.uniform(0.5, 3.0))
    await asyncio.to_thread(rig.valkey.start)


async def _slow_slack(rig: Rig, random: Random) -> None:
    rig.wires["worker-slack"].delay = random.uniform(0.2, 2.0)
    await asyncio.sleep(6.0)


async def _cut_slack(rig: Rig, random: Random) -> None:
    rig.wires["worker-slack"].cut(b"POST /api/chat.", times=random.randint(1, 5))
    await asyncio.sleep(4.0)


async def _limit_slack(rig: Rig, random: Random) -> None:
    for method in ("chat.postMessage", "chat.update", "assistant.threads.setStatus", "conversations.replies"):
        rig.slack.fail(method, times=random.randint(1, 4), retry_after=random.randint(1, 5))
    await asyncio.sleep(5.0)


async def _break_model(rig: Rig, random: Random) -> None:
    cohere = rig.cohere
    random.choice((lambda: cohere.refuse(503), lambda: cohere.refuse(429), lambda: cohere.cut(at=6), cohere.hang))()
    await asyncio.sleep(random.uniform(2.0, 8.0))


async def _lose_events(rig: Rig, random: Random) -> None:
    await rig.wires["slack-edge"].refuse()
    await asyncio.sleep(random.uniform(0.5, 5.0))


# What a wire can do, between any two.


def _wire(rig: Rig, random: Random) -> Proxy:
    return rig.wires[random.choice(WIRES)]


async def _delay(rig: Rig, random: Random) -> None:
    _wire(rig, random).delay = random.uniform(0.05, 1.5)
    await asyncio.sleep(random.uniform(2.0, 6.0))


async def _reset_after(rig: Rig, random: Random) -> None:
    _wire(rig, random).reset_after = random.randint(0, 4_000)
    await asyncio.sleep(random.uniform(1.0, 5.0))


async def _half_open(rig: Rig, random: Random) -> None:
    _wire(rig, random).half_open()
    await asyncio.sleep(random.uniform(0.5, 6.0))


async def _trickle(rig: Rig, random: Random) -> None:
    _wire(rig, random).trickle = random.uniform(0.0005, 0.02)
    await asyncio.sleep(random.uniform(1.0, 5.0))


async def _refuse(rig: Rig, random: Random) -> None:
    await _wire(rig, random).refuse()
    await asyncio.sleep(random.uniform(0.5, 5.0))


WIRES = ("slack-edge", "edge-redis", "edge-slack", "worker-redis", "worker-slack", "worker-cohere")
Fault = Callable[[Rig, Random], Awaitable[None]]
FAULTS: tuple[Fault, ...] = (
    _kill_worker, _pause_worker, _lose_redis, _kill_redis, _slow_slack, _cut_slack, _limit_slack, _break_model,
    _lose_events, _delay, _reset_after, _half_open, _trickle, _refuse,
)  # fmt: skip


# --- what is held ---------------------------------------------------------------------------------------------------

Rest = dict[tuple[str, str], float]
"""What each process holds while nobody asks, by its name and what it is."""


@dataclass(slots=True)
class Held:
    """What processes hold: bytes of memory, looked at again and again; open files, threads and tasks at rest."""

    seats: list[Seat]
    began: float = field(default_factory=time.monotonic)
    seen: dict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict[str, list[tuple[float, float]]](list)
    )

    async def look(self) -> None:
        """Look at the memory again and again."""
        while True:
            for seat in self.seats:
                if holds := _holds(seat.pid):
                    self.seen[seat.name].append((time.monotonic() - self.began, holds["megabytes"]))
            await asyncio.sleep(LOOK)

    async def at_rest(self) -> Rest:
        """What each of them holds once it has had nothing to do for a while."""
        await asyncio.sleep(REST)
        held: Rest = {}
        for seat in self.seats:
            held |= {(seat.name, what): number for what, number in _holds(seat.pid).items() if what != "megabytes"}
            held[seat.name, "tasks"] = await _tasks(seat)
        return held

    def judge_memory(self, tally: Tally) -> None:
        """Say how it grew."""
        for name, seen in self.seen.items():
            warm = seen[len(seen) // 4 :]
            slope = _slope(warm) * 3600
            tally.note(f"{name} {warm[0][1]:.1f} then {warm[-1][1]:.1f} MB, {slope:+.1f} MB/h")
            if slope > GROWTH and len(seen) > ENOUGH:
                tally.fault("grew", f"{name} by {slope:.1f} MB an hour")


def judge_rest(before: Rest, after: Rest, tally: Tally) -> None:
    """Say what a process holds at the end that it did not hold at the beginning, with nobody asking."""
    for (name, what), number in before.items():
        last = after.get((name, what), 0.0)
        tally.note(f"{name} {what} {number:.0f} then {last:.0f}")
        if not last <= number + SPARE:  # also where it is not known
            tally.fault("leaked", f"{name}: {what} from {number:.0f} to {last:.0f}")


def _holds(pid: int) -> dict[str, float]:
    process = Path(f"/proc/{pid}")
    try:
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
        files = len(list((process / "fd").iterdir()))
    except OSError:
        return {}
    return {"megabytes": int(status["VmRSS"].split()[0]) / 1024, "files": files, "threads": int(status["Threads"])}


async def _tasks(seat: Seat) -> float:
    """As many as the process says on its own port; no number where it says nothing."""
    said = [line for line in seat.log.read_text("utf-8", "replace").splitlines() if '"status_served"' in line]
    address = json.loads(said[-1])["address"]
    try:
        async with ClientSession(timeout=ClientTimeout(5)) as session, session.get(f"{address}/metrics") as response:
            found = re.search(r"^footnote_tasks(?:{.*})? (\S+)$", await response.text(), re.MULTILINE)
    except (ClientError, TimeoutError):
        return float("nan")
    return float(found[1]) if found else float("nan")


def _slope(seen: list[tuple[float, float]]) -> float:
    """By how much a number grows in a second, by least squares."""
    n = len(seen)
    mean_x, mean_y = sum(x for x, _ in seen) / n, sum(y for _, y in seen) / n
    spread = sum((x - mean_x) ** 2 for x, _ in seen)
    return sum((x - mean_x) * (y - mean_y) for x, y in seen) / spread if spread else 0.0
