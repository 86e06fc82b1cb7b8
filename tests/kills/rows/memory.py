"""Rows 22 to 25 and 27: the server that keeps the queue dies, hangs, is full, forgets; a lease holder sleeps."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bot.adapters.redis.client import Link, connect
from bot.errors import FootnoteError
from bot.together import beside
from tests.kills.processes import Valkey
from tests.kills.rig import PRODUCTION, Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.rows.people import timed
from tests.kills.slack_side import Asked
from tests.kills.standstill import Standstill
from tests.kills.tally import Tally, percentile
from tests.redis_servers import free_ports

ACKNOWLEDGED = 1.0
"""Seconds within which an event is acknowledged while the server hangs."""


async def _begin(rig: Rig, cycle: Cycle, *, count: int, within: float) -> asyncio.Task[list[Asked]]:
    rig.forget()
    rig.cohere.slow(first_token=cycle.random.choice((0.0, 0.3, 1.0)), between=0.01)
    return asyncio.create_task(rig.ask(count, label=cycle.label, within=within))


async def _end(rig: Rig, asked: list[Asked]) -> Tally:
    await rig.answered(asked)
    return await rig.verdict(asked)


# --- row 22 ---------------------------------------------------------------------------------------------------------


@row(
    "22",
    "Valkey killed (-9) during traffic and started again on its append-only file",
    reach="0 acknowledged lost, 0 twice",
    cycles=50,
    quick=3,
)
async def killed(rig: Rig, cycle: Cycle) -> Tally:
    """Twenty questions over two seconds; the server dies at any moment, and is back a moment later."""
    asking = await _begin(rig, cycle, count=20, within=2.0)
    await asyncio.sleep(cycle.random.uniform(0.1, 2.5))
    rig.valkey.kill()
    await asyncio.sleep(cycle.random.choice((0.1, 1.0, 3.0)))
    await asyncio.to_thread(rig.valkey.start)
    tally = await _end(rig, await asking)
    tally.count("kills")
    return tally


# --- row 23 ---------------------------------------------------------------------------------------------------------


@row(
    "23",
    "Valkey hangs (SIGSTOP) during traffic, 2 or 4 s: one or two leases",
    reach="acknowledged within 1 s (p99) by the spool; 0 lost, 0 twice",
    cycles=12,
    quick=1,
)
async def hung(rig: Rig, cycle: Cycle) -> Tally:
    """Twenty questions; how long Slack waited for each acknowledgement is measured while the server hangs."""
    return await _hung(rig, cycle, seconds=cycle.random.choice((2.0, 4.0)))


@row(
    "23p",
    "as row 23, 30 s at production times",
    reach="as row 23",
    cycles=3,
    quick=0,
    setup=Setup(times=PRODUCTION),
)
async def hung_for_long(rig: Rig, cycle: Cycle) -> Tally:
    """For as long as a lease lasts."""
    return await _hung(rig, cycle, seconds=30.0)


async def _hung(rig: Rig, cycle: Cycle, *, seconds: float) -> Tally:
    stood = Standstill()
    async with timed(rig) as took, beside(stood.watch()):
        asking = await _begin(rig, cycle, count=20, within=1.5)
        await asyncio.sleep(0.3)
        rig.valkey.signal(signal.SIGSTOP)
        began = time.monotonic()
        try:
            asked = await asking
            with suppress(TimeoutError):
                await rig.slack.wait_until(lambda: all(one.acknowledged for one in rig.slack.deliveries), timeout=10)
            again = sum(delivery.attempts > 1 for delivery in rig.slack.deliveries)
            await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
        finally:
            rig.valkey.signal(signal.SIGCONT)
    tally = await _end(rig, asked)
    tally.samples["acknowledged"] = [round(one, 4) for one in took]
    tally.sample("the_driver_stood_still", stood.longest)
    tally.count("delivered_again", again)
    if percentile(took, 0.99) > ACKNOWLEDGED:
        tally.fault("unacknowledged", f"p99 of acknowledgements is {percentile(took, 0.99):.2f} s")
    return tally


# --- row 24 ---------------------------------------------------------------------------------------------------------


@row(
    "24",
    "Valkey is full (maxmemory reached, noeviction) during traffic, for 3 s",
    reach="0 entries of the queue evicted, 0 lost, 0 twice",
    cycles=10,
    quick=0,
)
async def full(rig: Rig, cycle: Cycle) -> Tally:
    """Twenty questions over two seconds, in the midst of which the server takes no more writes."""
    before = await _evicted(rig)
    asking = await _begin(rig, cycle, count=20, within=2.0)
    await asyncio.sleep(cycle.random.uniform(0.1, 1.5))
    await rig.link.told("CONFIG", "SET", "maxmemory", "1mb")
    await asyncio.sleep(3.0)
    await rig.link.told("CONFIG", "SET", "maxmemory", "0")
    tally = await _end(rig, await asking)
    if await _evicted(rig) != before:
        tally.fault("evicted", "the server threw keys away")
    return tally


async def _evicted(rig: Rig) -> int:
    return int((await _info(rig.link))["evicted_keys"])


async def _info(link: Link) -> dict[str, str]:
    """What the server says of itself. Raises `MemoryUnavailable`."""
    lines = [line for said in (await link.told("INFO")).values() for line in said.decode().splitlines()]
    return {name: value for name, _, value in (line.partition(":") for line in lines)}


# --- row 25 ---------------------------------------------------------------------------------------------------------


@row(
    "25",
    "the primary dies, and a replica is promoted that lacks its last second",
    reach="0 twice; of what was replicated 0 lost (the rest is counted)",
    cycles=10,
    quick=1,
)
async def promoted(rig: Rig, cycle: Cycle) -> Tally:
    """Twenty questions over three seconds; the replica hears nothing of one second of them."""
    async with _replica(rig, cycle.label) as replica:
        asking = await _begin(rig, cycle, count=20, within=3.0)
        await asyncio.sleep(cycle.random.uniform(0.5, 1.5))
        cut_at = time.monotonic()
        await replica.link.told("REPLICAOF", "NO", "ONE")
        await asyncio.sleep(1.0)
        rig.valkey.kill()
        _lead(rig, replica.server.port)
        back_at = time.monotonic()
        asked = await asking
        known = [one for one in asked if not cut_at - 0.2 <= one.at <= back_at + 0.2]
        unknown = [one for one in asked if one not in known]
        rig.link, link = replica.link, rig.link
        try:
            await rig.answered(known, within=40)
            with suppress(TimeoutError):
                await rig.slack.wait_until(lambda: all(one.ended_at for one in unknown), timeout=5)
            tally = await rig.verdict(known)
        finally:
            rig.link = link
    _count_unreplicated(rig, unknown, tally)
    return tally


def _count_unreplicated(rig: Rig, unknown: list[Asked], tally: Tally) -> None:
    for one in unknown:
        tally.count("unreplicated")
        tally.count("unreplicated_lost", not rig.slack.ended(one))
        if len(one.posts) > 1:
            tally.fault("twice", f"{one.canary}, unreplicated: {len(one.posts)} messages")


@dataclass(frozen=True, slots=True)
class _Replica:
    server: Valkey
    link: Link


@asynccontextmanager
async def _replica(rig: Rig, label: str) -> AsyncGenerator[_Replica]:
    """A replica that has everything; afterwards the old primary has what it has, and leads again."""
    (port,) = free_ports(1)
    words = ("--replicaof", f"127.0.0.1 {rig.valkey.port}", "--repl-diskless-sync-delay", "0")
    server = Valkey(rig.folder / f"replica-{label}", port=port, words=words)
    await asyncio.to_thread(server.start)
    try:
        async with connect(f"redis://127.0.0.1:{port}/0") as link:
            await _synced(link)
            try:
                yield _Replica(server, link)
            finally:
                await asyncio.to_thread(rig.valkey.start)
                await rig.link.told("REPLICAOF", "127.0.0.1", str(port))
                await _synced(rig.link)
                await rig.link.told("REPLICAOF", "NO", "ONE")
                _lead(rig, rig.valkey.port)
    finally:
        await asyncio.to_thread(server.close)


async def _synced(link: Link) -> None:
    """Return once a replica hears its primary."""
    async with asyncio.timeout(30):
        while True:
            with suppress(FootnoteError):
                if (await _info(link)).get("master_link_status") == "up":
                    return
            await asyncio.sleep(0.05)


def _lead(rig: Rig, port: int) -> None:
    """Lead all processes to the server at a port, as Sentinel or a name server would."""
    for side in ("edge", "worker"):
        wire = rig.wires[f"{side}-redis"]
        wire.targets = [port]
        wire.reset()


# --- row 27 ---------------------------------------------------------------------------------------------------------


@row(
    "27",
    "a worker that holds leases is paused (SIGSTOP) for two leases and wakes",
    reach="what it writes is refused: 0 twice, 0 lost",
    cycles=20,
    quick=1,
    setup=Setup(workers=2),
)
async def paused(rig: Rig, cycle: Cycle) -> Tally:
    """Twenty questions over a second; one of two workers stands still in the midst of its own."""
    asking = await _begin(rig, cycle, count=20, within=1.0)
    await asyncio.sleep(cycle.random.uniform(0.2, 1.5))
    worker = cycle.random.choice(rig.workers)
    worker.signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(2 * rig.setup.times.lease + 1)
    finally:
        worker.signal(signal.SIGCONT)
    tally = await _end(rig, await asking)
    tally.count("pauses")
    return tally
