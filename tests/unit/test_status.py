"""How a process says that it lives, that it can work, and what it reads of itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.errors import MemoryUnavailable, Misconfigured
from bot.ports.queue import Load
from bot.ports.watch import Readings
from bot.status import FRESH, Check, Pulse, Status, served


@dataclass
class Thing:
    """Something that a part of the process needs."""

    there: bool = True
    asked: int = 0
    hangs: asyncio.Event = field(default_factory=asyncio.Event)

    async def answers(self) -> bool:
        self.asked += 1
        if not self.there:
            raise MemoryUnavailable("refused by redis://:a secret@10.0.0.7")
        return True

    async def never(self) -> bool:
        await self.hangs.wait()
        return True


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def telling(
    status: Status, metrics: Callable[[], bytes] = bytes
) -> AsyncGenerator[Callable[[str], Awaitable[Any]]]:
    """What a page of it says: the HTTP status and the body."""
    quiet = logging.getLogger("test")
    async with served(status, metrics, host="127.0.0.1", port=0, logger=quiet) as address, ClientSession() as session:

        async def page(path: str) -> tuple[int, str]:
            async with session.get(f"{address}{path}") as response:
                return response.status, await response.text()

        yield page


async def test_a_process_is_ready_from_its_beginning_to_its_end() -> None:
    """Starting and stopping it takes no work, although all it needs is there; it lives all the while."""
    status = Status()
    status.needs(Check("worker", "redis", Thing().answers))
    async with telling(status) as page:
        ready = [(await page("/readyz"))[0]]
        status.begin()
        ready.append((await page("/readyz"))[0])
        status.stop()
        status.begin()
        ready.append((await page("/readyz"))[0])
        assert (await page("/livez"))[0] == 200
    assert ready == [503, 200, 503]


async def test_what_cannot_be_done_without_makes_it_unready() -> None:
    """By name and state, and nothing of why."""
    status = Status()
    status.needs(Check("worker", "redis", Thing(there=False).answers), Check("edge", "slack", Thing().answers))
    status.begin()
    async with telling(status) as page:
        code, body = await page("/readyz")
    assert code == 503
    assert '"worker.redis": "down"' in body
    assert '"edge.slack": "ok"' in body
    assert "secret" not in body
    assert (await status.health()).parts == (("worker", False), ("edge", True))


async def test_what_is_bridged_is_told_and_does_no_harm() -> None:
    """Redis may be away while there is a disk, and the disk while there is Redis, but not both."""
    clock, redis, spool = Clock(), Thing(), Thing()
    status = Status(clock=clock)
    status.needs(
        Check("edge", "redis", redis.answers, instead="spool"), Check("edge", "spool", spool.answers, instead="redis")
    )
    status.begin()
    seen: list[tuple[bool, list[str]]] = []
    for there in ((True, True), (False, True), (True, False), (False, False)):
        redis.there, spool.there = there
        clock.now += FRESH
        health = await status.health()
        seen.append((health.ready, list(health.standings.values())))
    assert seen == [
        (True, ["ok", "ok"]),
        (True, ["degraded", "ok"]),
        (True, ["ok", "degraded"]),
        (False, ["down", "down"]),
    ]


async def test_what_does_not_answer_in_time_is_down() -> None:
    """Nobody waits longer for it than a second."""
    status = Status()
    status.needs(Check("worker", "index", Thing().never))
    status.begin()
    assert not (await status.health()).ready


async def test_many_who_ask_at_once_cost_one_look() -> None:
    """And whoever asks within the next second gets the same."""
    clock, redis = Clock(), Thing()
    status = Status(clock=clock)
    status.needs(Check("worker", "redis", redis.answers))
    await asyncio.gather(*(status.health() for _ in range(20)))
    clock.now += FRESH / 2
    await status.health()
    assert redis.asked == 1
    clock.now += FRESH
    await status.health()
    assert redis.asked == 2


async def test_a_check_that_is_added_during_a_look_is_part_of_it() -> None:
    """Nobody is told that all is well by a look that left it out."""
    status, late = Status(), Thing(there=False)

    async def adds() -> bool:
        if not late.asked:
            status.needs(Check("edge", "slack", late.answers))
            late.asked = 1
        return True

    status.needs(Check("worker", "redis", adds))
    status.begin()
    assert not (await status.health()).ready


async def test_a_process_whose_task_has_ended_is_dead() -> None:
    """It is named."""
    status = Status()
    alive = [True]
    status.lives_by("drainer", lambda: alive[0])
    async with telling(status) as page:
        assert (await page("/livez"))[0] == 200
        alive[0] = False
        code, body = await page("/livez")
    assert code == 503
    assert "drainer" in body


async def test_metrics_are_made_when_they_are_asked_for() -> None:
    """As text that Prometheus reads."""
    async with telling(Status(), metrics=lambda: b"footnote_ready 1\n") as page:
        assert await page("/metrics") == (200, "footnote_ready 1\n")


async def test_a_port_that_is_taken_is_named() -> None:
    """By its setting, before anything else is begun."""
    quiet = logging.getLogger("test")
    async with served(Status(), bytes, host="127.0.0.1", port=0, logger=quiet) as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(Misconfigured, match=f"FOOTNOTE_STATUS_PORT is {port}, which another process"):
            async with served(Status(), bytes, host="127.0.0.1", port=port, logger=quiet):
                pass


async def test_what_cannot_be_read_is_not_known() -> None:
    """An old number is not shown for a new one, and what else there is can be read."""
    status = Status()
    pulse, redis = Pulse(status), Thing()

    async def load(readings: Readings) -> Readings:
        await redis.answers()
        return replace(readings, load=Load(waiting=3))

    async def spooled(readings: Readings) -> Readings:
        return replace(readings, spooled=7)

    pulse.reads(load, spooled)
    await pulse.take()
    assert (pulse.readings.load, pulse.readings.spooled) == (Load(waiting=3), 7)
    redis.there = False
    await pulse.take()
    assert (pulse.readings.load, pulse.readings.spooled) == (None, 7)


async def test_what_goes_on_is_counted() -> None:
    """One more while it goes on, and as many as before once it has ended."""
    pulse, ends = Pulse(Status()), asyncio.Event()
    await pulse.take()
    before = pulse.readings.tasks
    assert before
    going = asyncio.create_task(ends.wait())
    await pulse.take()
    assert pulse.readings.tasks == before + 1
    ends.set()
    await going
    await pulse.take()
    assert pulse.readings.tasks == before
