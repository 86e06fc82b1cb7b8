"""Rows 1 to 3: the bot dies at named points, at any moment, and between taking a question and keeping it."""

from __future__ import annotations

import asyncio

from bot.kill_points import POINTS
from tests.kills.rig import PRODUCTION, Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.tally import Tally

IN_FLIGHT = 20
AT_THE_EDGE = frozenset({"verified", "before_append", "after_append"})
SELDOM = {"mid_stream": 4, "before_post": 10, "after_post": 10, "before_update": 10, "after_update": 10}
"""How often a point is passed at least while so many questions are answered, where not once for each."""
STATUS = "assistant.threads.setStatus"


@row(
    "1",
    "kill -9 at 12 named points, 20 in flight",
    reach="0 lost, 0 twice, 0 silent, 0 stuck; answered within 90 s of the restart",
    cycles=12 * 20,
    quick=12,
    tries=3,
)
async def named_points(rig: Rig, cycle: Cycle) -> Tally:
    """One process dies the n-th time that it passes a point, and is started again."""
    point = POINTS[cycle.number % len(POINTS)]
    return await killed_at(rig, cycle, point, cycle.random.randint(1, SELDOM.get(point, 15)))


@row(
    "1p",
    "as row 1, at production times (lease 30 s, retries after 1 and 5 minutes)",
    reach="0 lost, 0 twice, 0 silent, 0 stuck; answered within 90 s of the restart",
    cycles=10,
    setup=Setup(times=PRODUCTION),
    tries=3,
)
async def in_production(rig: Rig, cycle: Cycle) -> Tally:
    """The points behind the acknowledgement, where leases matter, and one before it."""
    points = [point for point in POINTS if point not in ("verified", "before_append")]
    point = points[cycle.number % len(points)]
    return await killed_at(rig, cycle, point, cycle.random.randint(1, SELDOM.get(point, 15)))


@row(
    "2",
    "kill -9 at random times, edge or one of 2 workers, 20 in flight",
    reach="0 lost, 0 twice, 0 silent, 0 stuck of 4,000",
    cycles=200,
    quick=8,
    setup=Setup(workers=2),
)
async def random_kills(rig: Rig, cycle: Cycle) -> Tally:
    """Any process dies at any moment of twenty questions."""
    rig.forget()
    rig.cohere.slow(first_token=cycle.random.choice((0.0, 0.3, 1.2)), between=0.01)
    victim = cycle.random.choice(rig.seats)
    asking = asyncio.create_task(rig.ask(IN_FLIGHT, label=cycle.label, within=cycle.random.uniform(0.0, 1.0)))
    await asyncio.sleep(cycle.random.uniform(0.0, 2.5))
    victim.kill()
    await victim.died()
    asked = await asking
    await rig.note_stored(asked)
    await rig.answered(asked)
    tally = await rig.verdict(asked)
    tally.count("kills")
    return tally


@row(
    "3",
    "kill -9 between taking a question and keeping it, then Slack's retry",
    reach="0 lost, 0 twice",
    cycles=20,
    quick=2,
    tries=3,
)
async def before_persisting(rig: Rig, cycle: Cycle) -> Tally:
    """The edge dies right before or right after the one step that keeps a question; Slack delivers it again."""
    point = ("before_append", "after_append")[cycle.number % 2]
    tally = await killed_at(rig, cycle, point, cycle.random.randint(1, 15))
    again = [delivery for delivery in rig.slack.deliveries if delivery.attempts > 1]
    tally.count("delivered_again", len(again))
    return tally


async def killed_at(rig: Rig, cycle: Cycle, point: str, times: int) -> Tally:
    """Twenty questions, while one process dies as it passes a point for the so-manieth time."""
    rig.forget()
    rig.slack.heal()
    streams = point == "mid_stream"
    rig.cohere.slow(first_token=1.2 if streams else 0.02, between=0.05 if streams else 0.0)
    if point.endswith("_update"):
        rig.slack.fail(STATUS, "not_allowed_token_type", times=1_000)
    victim = rig.edge if point in AT_THE_EDGE else rig.worker
    before, left = victim.deaths, await victim.replace(kill_at=f"{point}:{times}")
    asked = await rig.ask(IN_FLIGHT, label=cycle.label)
    dying = asyncio.create_task(victim.died())
    answering = asyncio.create_task(rig.answered(asked))
    await asyncio.wait({dying, answering}, return_when=asyncio.FIRST_COMPLETED)
    dying.cancel()
    await rig.note_stored(asked)
    await answering
    tally = await rig.verdict(asked)
    tally.sample("exit", left)
    tally.count("kills" if victim.deaths > before else "missed")
    tally.count(f"at {point}", victim.deaths - before)
    return tally
