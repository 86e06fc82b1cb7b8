"""Row 2o: what is asked in one thread is answered in its order, though workers die and others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.kills.facts import FACTS, Fact
from tests.kills.rig import Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.slack_side import EACH, ROOMS, SlackSide, is_answer, is_finished
from tests.kills.tally import Tally

THREADS, IN_EACH = 7, 3
APART = 0.1
"""Seconds between two questions in a thread: Slack delivers each for itself, in no order that it promises."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A thread, and what was asked in it, in this order."""

    room: str
    root: str
    facts: Sequence[Fact]

    def finished(self, slack: SlackSide) -> list[str]:
        """The answers that stand there whole, in the order of the thread."""
        standing = slack.answers_in(self.room, self.root)
        return [one.visible_text for one in standing if is_finished(one) and is_answer(one)]


@row(
    "2o",
    "three questions in each of 7 threads, kill -9 at random times, one of 2 workers",
    reach="0 lost, 0 twice; answered in the order in which they were asked",
    cycles=40,
    quick=2,
    setup=Setup(workers=2),
)
async def in_their_order(rig: Rig, cycle: Cycle) -> Tally:
    """A worker dies while others have, or could have, what comes next in its threads."""
    rig.forget()
    rig.cohere.slow(first_token=cycle.random.choice((0.0, 0.3, 0.8)), between=0.01)
    victim = cycle.random.choice(rig.workers)
    numbers = range(THREADS * cycle.number, THREADS * (cycle.number + 1))
    asking = [asyncio.create_task(_talk(rig, cycle.label, number)) for number in numbers]
    await asyncio.sleep(cycle.random.uniform(0.0, 2.5))
    victim.kill()
    await victim.died()
    talks = await asyncio.gather(*asking)
    await _all_answered(rig, talks)
    tally = Tally()
    if not await rig.settled():
        tally.fault("stuck", "the queue is not empty")
    for talk in talks:
        _judge(talk, talk.finished(rig.slack), tally)
    tally.count("kills")
    return tally


async def _talk(rig: Rig, label: str, number: int) -> Talk:
    room, who = f"room-{number % ROOMS}", f"p{number % ROOMS * EACH:02d}"
    facts = [FACTS[(IN_EACH * number + n) % len(FACTS)] for n in range(IN_EACH)]
    root: str | None = None
    for fact in facts:
        ts = await rig.slack.say(who, room, f"<@bot> {fact.question} ({label}x{number})", thread_ts=root)
        root = root or ts
        await asyncio.sleep(APART)
    assert root
    return Talk(room, root, facts)


async def _all_answered(rig: Rig, talks: Sequence[Talk]) -> None:
    """Return when they are, or nothing will come any more."""
    with suppress(TimeoutError):
        await rig.slack.wait_until(
            lambda: all(len(talk.finished(rig.slack)) >= IN_EACH for talk in talks), timeout=rig.setup.lost_after
        )


def _judge(talk: Talk, answers: Sequence[str], tally: Tally) -> None:
    tally.count("questions", IN_EACH)
    tally.count("answered", len(answers))
    begin = [answer[:60] for answer in answers]
    told = [next((fact for fact in talk.facts if fact.told_in(words)), None) for words in begin]
    for fact in talk.facts:
        if told.count(fact) != 1:
            name = "twice" if told.count(fact) else "lost"
            tally.fault(name, f"{fact.bird} is told {told.count(fact)} times: {begin}")
    if told != list(talk.facts):
        tally.fault("out_of_order", f"{[fact.chairs for fact in talk.facts]} was answered by {begin}")
