"""Row 26: clocks jump, by libfaketime (Debian's package faketime), under every process or under the queue's server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.kills.rig import FAKETIME, Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.tally import Tally

IN_FLIGHT = 20
JUMPS = (600, -600, 3_600, -3_600)
"""Seconds: ten minutes, and an hour, as a clock does that was set by hand."""
BACK_AFTER = 6.0
"""Seconds after which the clock is right again: Slack's next delivery after a refused one comes by then."""


@row(
    "26",
    "clocks jump by 10 minutes and an hour, both ways: the worker's, the edge's, and both",
    reach="leases unaffected; 0 lost, 0 twice",
    cycles=24,
    setup=Setup(workers=2, faketime=True),
    needs=Path(FAKETIME),
)
async def clocks(rig: Rig, cycle: Cycle) -> Tally:
    """The clock of some processes jumps in the middle of twenty questions, and is set right a little later."""
    rig.forget()
    rig.cohere.slow(first_token=cycle.random.choice((0.2, 1.2)), between=0.01)
    jump = JUMPS[cycle.number % len(JUMPS)]
    whose = (rig.workers[:1], rig.workers, rig.edges)[cycle.number // len(JUMPS) % 3]
    asking = asyncio.create_task(rig.ask(IN_FLIGHT, label=cycle.label, within=1.0))
    await asyncio.sleep(cycle.random.uniform(0.0, 1.5))
    for seat in whose:
        rig.set_clock(seat, jump)
    asked = await asking
    await asyncio.sleep(BACK_AFTER)
    for seat in whose:
        rig.set_clock(seat, 0)
    await rig.answered(asked)
    tally = await rig.verdict(asked)
    tally.count("jumps", len(whose))
    return tally
