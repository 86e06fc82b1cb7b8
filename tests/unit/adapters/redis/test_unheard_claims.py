"""A claim of which nothing is heard: its jobs are told again to whoever asked, and count as delivered once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.adapters.redis.client import Link
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.routes import Route
from bot.adapters.redis.trips import Words
from bot.errors import MemoryUnavailable
from bot.ports.queue import Claim
from tests.redis_fixtures import LEASE, PassTime, a_job


@dataclass
class Deaf(Route):
    """A way on which commands arrive, and the replies to the next so many are lost."""

    to: Route
    misses: int = 0
    arrives: bool = True

    async def send(self, commands: Sequence[Words], *, patient: bool) -> list[Any]:
        """Let it be done, and hear nothing of it."""
        told = await self.to.send(commands, patient=patient) if self.arrives else []
        if self.misses:
            self.misses -= 1
            raise ConnectionResetError("cut")
        return told

    async def everywhere(self, words: Words) -> dict[str, Any]:
        return await self.to.everywhere(words)

    def doubt(self) -> None:
        self.to.doubt()

    async def aclose(self) -> None:
        await self.to.aclose()


@pytest.fixture
def way(link: Link) -> Deaf:
    return Deaf(link.route)


@pytest.fixture
async def deaf(link: Link, way: Deaf) -> RedisJobQueue:
    """A queue at the end of that way, whose server knows the script already."""
    queue = RedisJobQueue(replace(link, route=way), lease=LEASE)
    assert await queue.claim(limit=1, wait=0) == []
    return queue


async def _missed(queue: RedisJobQueue, way: Deaf, *, arrives: bool = True) -> None:
    way.misses, way.arrives = 1, arrives
    with pytest.raises(MemoryUnavailable):
        await queue.claim(limit=2, wait=0)
    way.arrives = True


def _seen(claims: Sequence[Claim]) -> list[tuple[str, int, bool]]:
    return [(claim.job.id, claim.deliveries, claim.orphaned) for claim in claims]


@pytest.mark.parametrize("times", [1, 3])
async def test_what_was_lent_unheard_is_told_again(
    jobs: RedisJobQueue, deaf: RedisJobQueue, way: Deaf, times: int
) -> None:
    """However often the reply is lost, it is the first delivery, and nobody else has the job."""
    await jobs.enqueue(a_job(1), once=[])
    for _ in range(times):
        await _missed(deaf, way)
        assert await jobs.claim(limit=2, wait=0) == []
    await jobs.enqueue(a_job(2), once=[])
    claims = await deaf.claim(limit=2, wait=0)
    assert _seen(claims) == [(a_job(1).id, 1, False), (a_job(2).id, 1, False)]
    for claim in claims:
        await deaf.complete(claim)
    assert await jobs.depth() == 0


async def test_what_was_heard_is_not_told_again(jobs: RedisJobQueue, deaf: RedisJobQueue, way: Deaf) -> None:
    """Neither after a call that never arrived, nor after one that did."""
    await jobs.enqueue(a_job(1), once=[])
    assert len(await deaf.claim(limit=2, wait=0)) == 1
    await _missed(deaf, way, arrives=False)
    assert await deaf.claim(limit=2, wait=0) == []
    await _missed(deaf, way)
    assert await deaf.claim(limit=2, wait=0) == []


async def test_what_another_has_by_now_is_theirs(
    jobs: RedisJobQueue, deaf: RedisJobQueue, way: Deaf, pass_time: PassTime
) -> None:
    """A lease that ran out unheard is over."""
    await jobs.enqueue(a_job(1), once=[])
    await _missed(deaf, way)
    await pass_time(LEASE)
    (claim,) = await jobs.claim(limit=2, wait=0)
    assert (claim.deliveries, claim.orphaned) == (2, True)
    assert await deaf.claim(limit=2, wait=0) == []
    await jobs.complete(claim)
