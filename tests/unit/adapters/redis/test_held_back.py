"""What is held back of a person's jobs survives the server."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from bot.adapters.redis.client import connect
from bot.adapters.redis.queue import RedisJobQueue
from bot.adapters.redis.server import EmbeddedServer
from tests.redis_fixtures import a_job


async def test_a_server_that_is_killed_keeps_what_it_held_back(tmp_path: Path) -> None:
    """After kill -9 of the server, in the middle of the work, everything comes in its order, and none twice."""
    server = EmbeddedServer(tmp_path)
    done: list[str] = []
    async with connect(server.join(), timeout=10.0) as link:
        jobs = RedisJobQueue(link, acknowledge=10.0)
        for number in range(40):
            await jobs.enqueue(a_job(number), once=[])
        for claim in await jobs.claim(limit=15, wait=0):
            await jobs.complete(claim)
            done.append(claim.job.id)
    os.kill(int((tmp_path / "redis" / "valkey.pid").read_text()), signal.SIGKILL)
    server.leave()
    async with connect(server.join(), timeout=10.0) as link:
        jobs = RedisJobQueue(link, acknowledge=10.0)
        assert await jobs.depth() == 30
        while claims := await jobs.claim(limit=1, wait=0):
            await jobs.complete(claims[0])
            done.append(claims[0].job.id)
        assert await jobs.depth() == 0
    server.leave()
    assert done == [a_job(number).id for number in range(40)]
