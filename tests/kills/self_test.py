"""Whether the rig finds out a bot that is broken: one that found nothing wrong with anything would prove nothing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.kills.rig import Rig, Setup, rigged
from tests.kills.rows import Cycle
from tests.kills.rows.deaths import killed_at
from tests.kills.tally import Tally

SOON = 12.0
"""Seconds after which a question without an end is lost here."""


@dataclass(frozen=True, slots=True)
class Crime:
    """How the bot is broken, what is done to it, and what must be found."""

    broken: str
    found: str
    attack: Callable[[Rig, Cycle], Awaitable[Tally]]


async def _after_the_post(rig: Rig, cycle: Cycle) -> Tally:
    return await killed_at(rig, cycle, "after_post", 3)


async def _after_storing(rig: Rig, cycle: Cycle) -> Tally:
    return await killed_at(rig, cycle, "answer_stored", 5)


async def _edge_after_promising(rig: Rig, cycle: Cycle) -> Tally:
    asked = await rig.ask(10, label=cycle.label)
    await rig.slack.wait_until(lambda: all(event.acknowledged for event in rig.slack.deliveries))
    rig.edge.kill()
    await rig.edge.died()
    await rig.answered(asked)
    return await rig.verdict(asked)


async def _nothing_happens(rig: Rig, cycle: Cycle) -> Tally:
    asked = await rig.ask(5, label=cycle.label)
    await rig.answered(asked)
    return await rig.verdict(asked)


CRIMES = (
    Crime("forgetful", "twice", _after_the_post),
    Crime("forgetful", "billed_twice", _after_storing),
    Crime("hasty", "lost", _edge_after_promising),
    Crime("lazy", "lost", _nothing_happens),
    Crime("dangling", "stuck", _nothing_happens),
    Crime("confused", "wrong", _nothing_happens),
)


async def self_test(folder: Path, *, seed: int) -> int:
    """Commit every crime; 1 when one is not found out."""
    missed = 0
    for number, crime in enumerate(CRIMES):
        shutil.rmtree(folder, ignore_errors=True)
        async with rigged(Setup(broken=crime.broken, lost_after=SOON), folder) as rig:
            tally = await crime.attack(rig, Cycle(number, Random(f"{seed} {number}"), f"s{number}"))
        found = tally.counts[crime.found]
        missed += not found
        says = f"found out: {found} {crime.found}" if found else f"NOT found out: {dict(tally.counts)}"
        print(f"a {crime.broken} bot is {says}", flush=True)
        await asyncio.sleep(0)
    return 1 if missed else 0
