"""Envelopes that wait on the disk are moved on, oldest first, as soon as the memory answers."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from bot.errors import MemoryUnavailable, Misconfigured, SpoolUnavailable
from bot.ports.spool import Kept, Spool
from handlers.apologies import ids, what
from handlers.intake import Intake

REPLAYS = 5
"""How often an envelope is tried that fails though the memory is there."""
GLANCE = 0.25
"""Seconds between two looks for what other processes have put on the disk."""
LEAST, LONGEST = 0.1, 2.0
"""Seconds between two looks whether the memory is back; each pause is twice the one before."""
UNFIT = 30.0
"""Seconds between two looks at a server that is not fit to keep anything."""


@dataclass(frozen=True, slots=True)
class Drainer:
    """Moves on what waits. `ready` raises `MemoryUnavailable`, or `Misconfigured` for a server that may lose things."""

    intake: Intake
    spool: Spool
    ready: Callable[[], Awaitable[None]]
    least: float = LEAST

    async def run(self) -> None:
        """Go on until cancelled; what waits then stays on the disk. A failure that nobody thought of ends nothing."""
        while True:
            going = asyncio.create_task(self._go_on())
            try:
                await asyncio.wait([going])
            finally:
                going.cancel()
                await asyncio.wait([going])
            error = going.exception()
            structlog.get_logger().error("drainer_failed", **(what(error) if error else {}))
            await asyncio.sleep(20 * self.least)

    async def _go_on(self) -> None:
        pause = self.least
        while True:
            try:
                await self._look()
            except (MemoryUnavailable, SpoolUnavailable) as error:
                if pause == self.least:
                    structlog.get_logger().info("spool_waits", reason=str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST)
            except Misconfigured as error:
                structlog.get_logger().error("memory_refused", advice=str(error))
                await asyncio.sleep(UNFIT)
            else:
                pause = self.least
                await self.intake.line.arrival(within=GLANCE)

    async def _look(self) -> None:
        """Move on all that waits, if any does, unless another process is at it."""
        line = self.intake.line
        if not line.trusted:
            await self.ready()
            line.trusted = True
        line.seen(await self.spool.count())
        if not line.is_there:
            return
        await self.ready()
        while kept := await self.spool.take():
            await self._move(kept)
        line.seen(await self.spool.count())

    async def _move(self, kept: Kept) -> None:
        """Move one on, or leave it. Raises `MemoryUnavailable`."""
        if kept.replays > REPLAYS:  # whoever tried it last died of it
            await self._drop(kept)
            return
        outcome = "away"
        try:
            outcome = await self.intake.replay(kept)
        finally:
            if outcome == "away":  # or this process is to end
                with suppress(SpoolUnavailable):
                    await self.spool.put_back(kept, counted=False)
        if outcome == "away":
            raise MemoryUnavailable("the memory did not take what waits")
        if outcome == "queued":
            await self.spool.done(kept)
        elif kept.replays == REPLAYS:
            await self._drop(kept)
        else:
            await self.spool.put_back(kept, counted=True)
            await asyncio.sleep(self.least * kept.replays)

    async def _drop(self, kept: Kept) -> None:
        structlog.get_logger().error("envelope_dropped", name=kept.name, replays=kept.replays, **ids(kept.body))
        if self.intake.meanwhile:
            self.intake.meanwhile.lost(kept.sort, kept.body)
        await self.spool.done(kept)
