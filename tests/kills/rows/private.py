"""Row 2p: private answers (/ask) while the bot dies: nobody can look for such a line, so it is never sent twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tests.kills.rig import Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.slack_side import EACH, ROOMS, is_answer
from tests.kills.tally import Tally

PATIENCE = 30.0
"""Seconds after the last process is back until a private question counts as one that has to be asked again."""


@dataclass(slots=True)
class Typed:
    """A command, who typed it where, and whether the bot said that it has it."""

    person: str
    channel: str
    after: set[str]
    """The lines that the person had been shown before."""
    taken: bool = False


@row(
    "2p",
    "/ask by 20 people, kill -9 at random times, edge or one of 2 workers (counted apart: nobody can look for a line)",
    reach="0 twice; one that was sent unseen may have to be asked again",
    cycles=40,
    quick=0,
    setup=Setup(workers=2),
)
async def private_answers(rig: Rig, cycle: Cycle) -> Tally:
    """Everybody types one command while something dies; each may see one answer."""
    rig.forget()
    rig.cohere.slow(first_token=cycle.random.choice((0.0, 0.3, 1.2)), between=0.01)
    victim = cycle.random.choice(rig.seats)
    typing = [asyncio.create_task(_type(rig, cycle, number)) for number in range(ROOMS * EACH)]
    await asyncio.sleep(cycle.random.uniform(0.0, 2.0))
    victim.kill()
    await victim.died()
    typed = await asyncio.gather(*typing)
    await victim.ready.wait()
    taken = [one for one in typed if one.taken]
    settled = await rig.settled(within=PATIENCE)
    return _judged(rig, taken, settled=settled)


async def _type(rig: Rig, cycle: Cycle, number: int) -> Typed:
    await asyncio.sleep(cycle.random.uniform(0.0, 1.0))
    channel, person = f"room-{number // EACH}", f"p{number:02d}"
    typed = Typed(person, channel, _lines(rig, person, channel))
    said = await rig.slack.command(person, channel, "/ask", f"How many chairs does the Kite room have? ({number})")
    typed.taken = not said.failure
    return typed


def _lines(rig: Rig, person: str, channel: str) -> set[str]:
    """The answers that a person alone was shown in a channel."""
    room = rig.slack.workspace.room(channel)
    return {ts for ts, line in room.ephemeral.items() if line.ephemeral_to == person and is_answer(line)}


def _judged(rig: Rig, taken: list[Typed], *, settled: bool) -> Tally:
    tally = Tally()
    tally.count("kills")
    for one in taken:
        tally.count("questions")
        shown = _lines(rig, one.person, one.channel) - one.after
        if len(shown) > 1:
            tally.fault("twice", f"{one.person} was shown {len(shown)} answers")
        tally.count("answered" if shown else "to_ask_again")
    if not settled:
        tally.fault("unsettled", "the queue still holds jobs")
    return tally
