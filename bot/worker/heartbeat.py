"""Keeps the leases of what a worker has in hand, and lets go of what may be another's by now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from structlog.typing import FilteringBoundLogger

from bot.errors import LeaseLost, MemoryUnavailable
from bot.ports.queue import JobQueue
from bot.worker.hand import Hand, Held

log: FilteringBoundLogger = structlog.get_logger(__name__)

SHARE = 0.9
"""Of a lease: as long as it counts as ours. The server may count a little faster, and a request is on its way."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Renews leases. `clock` goes on while this process stands still."""

    jobs: JobQueue
    hand: Hand
    clock: Callable[[], float]

    def holds(self, held: Held) -> bool:
        """Whether a job is ours for certain, at this moment."""
        return held.ours and self.clock() - held.since < SHARE * self.jobs.lease

    async def beat(self) -> None:
        """Renew every lease each third of its time, more often while the queue does not answer."""
        reachable = True
        while True:
            await asyncio.sleep(self.jobs.lease / (3 if reachable else 10))
            for held in self.hand.running:
                if held.task and not held.ours:
                    held.task.cancel()  # again: a cancellation may be swallowed (by Python 3.11's `wait_for`, for one)
            reachable = await self._renew_all()
            for held in self.hand.leased:
                if not self.holds(held):
                    self._lose(held, outlived=True)

    async def _renew_all(self) -> bool:
        """Whether the queue answered. What turns out to be lost is stopped together, so that none begins meanwhile."""
        lost: list[Held] = []

        async def renew(held: Held) -> None:
            if not await self._renewed(held):
                lost.append(held)

        try:
            async with asyncio.timeout(self.jobs.lease / 3):  # a short lease leaves less time than a call may take
                await asyncio.gather(*(renew(held) for held in self.hand.leased))  # together they share a flush
        except (MemoryUnavailable, TimeoutError):
            return False
        finally:
            for held in lost:
                self._lose(held)
        return True

    async def _renewed(self, held: Held) -> bool:
        asked = self.clock()
        try:
            await self.jobs.renew(held.claim)
        except LeaseLost:
            return False
        held.since = asked
        return True

    def _lose(self, held: Held, *, outlived: bool = False) -> None:
        """Stop a job that may be another worker's by now; `outlived`, if nobody said that it is."""
        if held.ours:
            self.hand.lose(held, outlived=outlived)
            log.warning("lease_lost", job=held.claim.id, question=held.claim.job.id)
            if held.task:
                held.task.cancel()
