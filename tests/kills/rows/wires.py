"""Rows 4b, 23b and 23t: a wire breaks in the midst of an answer, at a place that is counted, or lets it trickle."""

from __future__ import annotations

import asyncio

from bot.adapters.redis.client import Script
from tests.kills.proxy import Proxy
from tests.kills.rig import Rig
from tests.kills.rows import Cycle, row
from tests.kills.rows.slack_calls import calm
from tests.kills.slack_side import Asked
from tests.kills.tally import Tally

REACH = "0 lost, 0 twice, 0 silent, 0 stuck"
BROKEN_FOR = 3.0
"""Seconds."""


def _begin(rig: Rig, cycle: Cycle) -> asyncio.Task[list[Asked]]:
    """Let twenty questions be put within two seconds."""
    return asyncio.create_task(rig.ask(20, label=cycle.label, within=2.0))


# --- row 4b ---------------------------------------------------------------------------------------------------------

PLACES = (1, 12, 60, 150, 210, 300)
"""Bytes of an answer of Slack's that pass: some of its first line, of its headers, of its body; all but the end."""


@row(
    "4b",
    "each answer of Slack to the worker is cut after n bytes, each connection after n, or answers trickle, for 3 s",
    reach=REACH,
    cycles=24,
    quick=1,
    tries=3,
)
async def half_an_answer(rig: Rig, cycle: Cycle) -> Tally:
    """Twenty questions over two seconds; the wire breaks so in the midst of them, whatever is called."""
    await calm(rig, streams=bool(cycle.number % 2))
    wire, after = rig.wires["worker-slack"], PLACES[cycle.number // 2 % len(PLACES)]
    asking = _begin(rig, cycle)
    await asyncio.sleep(cycle.random.uniform(0.0, 1.0))
    made = wire.made
    way = _break(wire, cycle.number // 2, after=after, slowness=cycle.random.choice((0.002, 0.02)))
    await asyncio.sleep(BROKEN_FOR)
    await wire.heal()
    asked = await asking
    await rig.answered(asked)
    tally = await rig.verdict(asked)
    tally.count(way)
    tally.count("connections_made_again", wire.made - made)
    return tally


def _break(wire: Proxy, number: int, *, after: int, slowness: float) -> str:
    """Break a wire in one of three ways, until it is healed; what is done to it, in words."""
    ways = ("each answer is cut", "each connection is cut", "answers trickle")
    match number % len(ways):
        case 0:
            wire.cut(times=100_000, after=after)
        case 1:
            wire.reset_after = 4 * after
        case _:
            wire.trickle = slowness
    return ways[number % len(ways)]


# --- row 23b --------------------------------------------------------------------------------------------------------

STEPS = (
    ("edge", ("line_up", "enqueue")),
    ("worker", ("line_up", "claim")),
    ("worker", ("line_up", "complete")),
    ("worker", ("write_record",)),
    ("worker", ("renew",)),
)
"""Whose step it is, and the names of its script."""
SHORT, LONG = (0, 1, 3), (0, 1, 20, 150, 600)
"""Bytes of a reply that pass: of `:1` and a line's end, and of a handful of jobs."""


@row(
    "23b",
    "the connection to Valkey is cut after n bytes of the reply to one of five steps: it is done, and nobody heard",
    reach=REACH,
    cycles=30,
    quick=1,
    tries=3,
)
async def half_a_reply(rig: Rig, cycle: Cycle) -> Tally:
    """Twenty questions over two seconds; the replies to one step are cut, five of them, wherever they come."""
    side, names = STEPS[cycle.number % len(STEPS)]
    wire, times = rig.wires[f"{side}-redis"], 5
    rig.forget()
    rig.cohere.slow(first_token=rig.setup.times.lease if "renew" in names else cycle.random.choice((0.0, 0.3, 1.0)))
    asking = _begin(rig, cycle)
    await asyncio.sleep(cycle.random.uniform(0.0, 0.5))
    after = cycle.random.choice(LONG if "claim" in names else SHORT)
    wire.cut(Script.load(*names).sha.encode(), times=times, after=after)
    asked = await asking
    await rig.answered(asked)
    tally = await rig.verdict(asked)
    cut = times - wire.cuts
    await wire.heal()
    tally.count("cuts", cut)
    tally.count(f"at {names[-1]}", cut)
    if not cut:
        tally.count("missed")
    return tally


@row(
    "23t",
    "each connection to Valkey is cut after n bytes of replies, or its replies trickle, for 3 s; edge, worker, or both",
    reach=REACH,
    cycles=18,
)
async def slow_replies(rig: Rig, cycle: Cycle) -> Tally:
    """Twenty questions over two seconds, in the midst of which the wire is bad."""
    sides = (("edge",), ("worker",), ("edge", "worker"))[cycle.number % 3]
    rig.forget()
    rig.cohere.slow(first_token=cycle.random.choice((0.0, 0.3, 1.0)))
    asking = _begin(rig, cycle)
    await asyncio.sleep(cycle.random.uniform(0.0, 1.0))
    trickles = bool(cycle.number // 3 % 2)
    slowness, after = cycle.random.choice((0.005, 0.05, 0.2)), cycle.random.choice((1, 4, 30, 400))
    for wire in (rig.wires[f"{side}-redis"] for side in sides):
        wire.trickle, wire.reset_after = (slowness, None) if trickles else (0.0, after)
    await asyncio.sleep(BROKEN_FOR)
    for side in sides:
        await rig.wires[f"{side}-redis"].heal()
    asked = await asking
    await rig.answered(asked)
    tally = await rig.verdict(asked)
    tally.count("replies trickled" if trickles else "connections cut")
    return tally
