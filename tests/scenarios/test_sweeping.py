"""A reply that nobody works on any more does not stand there for ever: another bot finishes it in its place."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from bot.adapters.redis.client import connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.settings.tree import Work
from tests.scenarios.company import LEAVE, Dictated
from tests.scenarios.processes import GRACE, Processes
from tests.scenarios.whole import PATIENCE, Whole, is_finished
from tests.waiting import wait_until

SOON = Work(forgotten=4)
"""A thirtieth of the time: a sweep every second."""


async def lose_every_job(url: str) -> None:
    """End what is queued as if it had been done: a server that lost its last second would have forgotten it too."""
    async with connect(url, timeout=10.0) as link:
        queue = RedisJobQueue(link, lease=0.0)
        for claim in await queue.claim(limit=20, wait=0):
            await queue.complete(claim)
        assert await queue.depth() == 0


@pytest.mark.parametrize("where", ["it-help", "dm-ben"])
async def test_a_forgotten_reply_is_finished_in_its_place(company: Whole, valkey_url: str, where: str) -> None:
    """Half said, its bot dead and its job lost: within little more than the time of the setting it is whole, once."""
    slack, generator = company.slack, Dictated(["The other bot says this."])
    generator.released.set()
    with ExitStack() as stack:
        killed = Processes(company, valkey_url, stack).slow(seconds=600, characters=60_000)
        await slack.wait_until(lambda: slack.connections, timeout=PATIENCE)
        root = await slack.say("ben", where, LEAVE if where.startswith("dm") else f"@Footnote {LEAVE}")
        await slack.wait_until(lambda: company.by_bot(where, root), timeout=PATIENCE)
        killed.kill()
        await asyncio.to_thread(killed.wait, GRACE)
    [standing] = company.by_bot(where, root)
    assert not is_finished(standing)
    await lose_every_job(valkey_url)
    company.settings = company.settings.model_copy(update={"work": SOON})
    async with company.running(generator=generator):
        await wait_until(lambda: is_finished(company.by_bot(where, root)[0]))
    [answer] = company.by_bot(where, root)
    assert answer.ts == standing.ts
    assert "The other bot says this." in answer.visible_text
    assert generator.begun == 1
