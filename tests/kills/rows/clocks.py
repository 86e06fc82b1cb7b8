"""Row 26: the clocks of the edge, of the workers and of Valkey jump while people ask (see `wall_clocks`)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from tests.kills.rig import Rig, Setup, Times
from tests.kills.rows import Cycle, row
from tests.kills.slack_side import Asked
from tests.kills.tally import Tally
from tests.kills.wall_clocks import FAKETIME, VALKEY

IN_FLIGHT = 20
LEASED = 12
"""Where leases are judged: no more than two workers do at once, as the model is slow and who waits sees nothing yet."""
JUMPS = (600, -600, 3_600, -3_600)
"""Seconds: ten minutes, and an hour, as a clock does that was set by hand."""
BACK_AFTER = 6.0
"""Seconds after which the clock is right again: Slack's next delivery after a refused one comes by then."""
LEASES = Times(scale=5.0)
"""Where leases are judged they last for 6 s: a full machine holds a process up for the 2 s of other rows."""
SLOW = 8.0
"""Seconds that the model takes there: longer than a lease that nobody renews."""
_DONE = re.compile(r'^(?=.*"event": "job_done").*"delivery": (\d+)', re.MULTILINE)


@row(
    "26e",
    "the clock of the edge jumps by 10 minutes and by an hour, and is right again 6 s later: signatures look old",
    reach="0 lost, 0 twice",
    cycles=8,
    setup=Setup(faketime=True),
    needs=FAKETIME,
)
async def edge_clock(rig: Rig, cycle: Cycle) -> Tally:
    """What the edge refuses while its clock is wrong, Slack delivers again."""
    slow = cycle.random.choice((0.2, 1.2))
    return await rig.verdict(await _asked(rig, cycle, (rig.edge.name,), count=IN_FLIGHT, slow=slow))


@row(
    "26w",
    "the clocks of both workers jump by 10 minutes and by an hour while they hold leases, and are right 6 s later",
    reach="leases unaffected: no job is delivered twice; 0 lost, 0 twice",
    cycles=8,
    setup=Setup(workers=2, times=LEASES, faketime=True),
    needs=FAKETIME,
)
async def worker_clock(rig: Rig, cycle: Cycle) -> Tally:
    """A worker counts its leases by a clock that does not jump."""
    return await _leased(rig, cycle, tuple(seat.name for seat in rig.workers), unaffected=True)


@row(
    "26v",
    "the clock of Valkey jumps by 10 minutes and by an hour while jobs are leased, and is right 6 s later",
    reach="0 lost, 0 twice, 0 billed twice; how many jobs were delivered again is counted",
    cycles=8,
    setup=Setup(workers=2, times=LEASES, faketime=True),
    needs=FAKETIME,
)
async def valkey_clock(rig: Rig, cycle: Cycle) -> Tally:
    """Leases are counted by this clock, and it goes forward once in each cycle: then all of them run out at once."""
    return await _leased(rig, cycle, (VALKEY,), unaffected=False)


@row(
    "26d",
    "the clock of Valkey goes back by 10 minutes and by an hour, stays so, and a worker that holds leases dies",
    reach="what it held is taken up by another, long before the clock has caught up: 0 lost, 0 twice",
    cycles=4,
    setup=Setup(workers=2, times=LEASES, faketime=True),
    needs=FAKETIME,
)
async def valkey_clock_and_a_death(rig: Rig, cycle: Cycle) -> Tally:
    """What the dead worker holds was leased in a time that has yet to come."""
    jump = JUMPS[1::2][cycle.number % 2]
    _begin(rig, slow=SLOW)
    asked = await rig.ask(LEASED, label=cycle.label, within=1.0)
    await rig.note_stored(asked)
    rig.set_clock(VALKEY, jump)
    rig.workers[1].kill()
    await rig.answered(asked)
    tally = await rig.verdict(asked)
    rig.set_clock(VALKEY, 0)
    tally.count("jumps")
    return tally


async def _leased(rig: Rig, cycle: Cycle, names: Sequence[str], *, unaffected: bool) -> Tally:
    """The verdict on a jump of these clocks while jobs are leased, and how many of those were delivered again."""
    before = _again(rig)
    asked = await _asked(rig, cycle, names, count=LEASED, slow=SLOW)
    tally = await rig.verdict(asked)
    again = _again(rig) - before
    tally.count("delivered again", again)
    if unaffected and again:
        tally.fault("affected", f"{again} jobs were delivered again")
    return tally


async def _asked(rig: Rig, cycle: Cycle, names: Sequence[str], *, count: int, slow: float) -> list[Asked]:
    """Questions in whose midst these clocks jump; some are put while they are wrong, and wait when they jump back."""
    jump = JUMPS[cycle.number % len(JUMPS)]
    _begin(rig, slow=slow)
    asking = asyncio.create_task(rig.ask(count // 2, label=cycle.label, within=1.0))
    await asyncio.sleep(cycle.random.uniform(0.0, 1.5))
    _set(rig, names, jump)
    asked = await asking
    await asyncio.sleep(BACK_AFTER - 1.0)
    asked += await rig.ask(count - len(asked), label=cycle.label, within=1.0)
    await rig.note_stored(asked)
    _set(rig, names, 0)
    await rig.answered(asked)
    return asked


def _begin(rig: Rig, *, slow: float) -> None:
    rig.forget()
    rig.cohere.slow(first_token=slow, between=0.01)


def _set(rig: Rig, names: Sequence[str], ahead: int) -> None:
    for name in names:
        rig.set_clock(name, ahead)


def _again(rig: Rig) -> int:
    """Deliveries beyond the first that ended well, so far, by what the workers say."""
    said = (seat.log.read_text("utf-8", "replace") for seat in rig.workers)
    return sum(int(delivery) > 1 for log in said for delivery in _DONE.findall(log))
