"""Row 11: new versions take the place of old ones while people ask."""

from __future__ import annotations

import asyncio

from tests.kills.processes import EXIT_WITHIN, Seat
from tests.kills.rig import Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.tally import Tally

IN_FLIGHT = 20


@row(
    "11",
    "SIGTERM with 20 in flight: 30 rolling restarts of edge and worker, 10 of a worker without a successor",
    reach="0 lost, 0 twice, exit within 30 s",
    cycles=40,
    quick=2,
    setup=Setup(workers=1),
)
async def deploys(rig: Rig, cycle: Cycle) -> Tally:
    """The new process is up before the old one is told to stop; one in four times it comes only afterwards."""
    rig.forget()
    rig.cohere.slow(first_token=cycle.random.choice((0.2, 1.0, 2.0)), between=0.01)
    asking = asyncio.create_task(rig.ask(IN_FLIGHT, label=cycle.label, within=1.5))
    await asyncio.sleep(cycle.random.uniform(0.2, 2.0))
    tally = Tally()
    if cycle.number % 4 == 3:
        await _ended(rig.worker, await rig.worker.stop(), tally)
        await rig.worker.start()
    else:
        for seat in cycle.random.choice(([rig.worker], [rig.edge], [rig.edge, rig.worker])):
            await _ended(seat, await seat.replace(), tally)
    asked = await asking
    await rig.answered(asked)
    tally.add(await rig.verdict(asked))
    return tally


async def _ended(seat: Seat, seconds: float, tally: Tally) -> None:
    tally.count("restarts")
    tally.sample("exit", seconds)
    if seconds > EXIT_WITHIN:
        tally.fault("slow_exit", f"{seat.name} took {seconds:.1f} s to go")
    if seat.left_with:
        tally.fault("bad_exit", f"{seat.name} left with {seat.left_with}")
