"""Row 26, its other half: the clock of the edge jumps (libfaketime, of Debian's package faketime)."""

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
    "26e",
    "the clock of the edge jumps by 10 minutes and by an hour, and is right again 6 s later: signatures look old",
    reach="0 lost, 0 twice",
    cycles=8,
    quick=0,
    setup=Setup(faketime=True),
    needs=Path(FAKETIME),
)
async def edge_clock(rig: Rig, cycle: Cycle) -> Tally:
    """What the edge refuses while its clock is wrong, Slack delivers again."""
    rig.forget()
    rig.cohere.slow(first_token=cycle.random.choice((0.2, 1.2)), between=0.01)
    jump = JUMPS[cycle.number % len(JUMPS)]
    asking = asyncio.create_task(rig.ask(IN_FLIGHT, label=cycle.label, within=1.0))
    await asyncio.sleep(cycle.random.uniform(0.0, 1.5))
    rig.set_clock(rig.edge, jump)
    asked = await asking
    await asyncio.sleep(BACK_AFTER)
    rig.set_clock(rig.edge, 0)
    await rig.answered(asked)
    tally = await rig.verdict(asked)
    tally.count("jumps")
    return tally
