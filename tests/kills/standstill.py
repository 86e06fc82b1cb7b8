"""How long the driver itself stood still: what it measures may be too long by so much, and what it noted too late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LOOKS = 0.01
"""Seconds between two looks."""
NOTED = 0.02
"""Seconds of a standstill at least."""


@dataclass(slots=True)
class Standstill:
    """When it stood still, as pairs of moments by `clock`."""

    clock: Callable[[], float] = time.monotonic
    stretches: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            due = self.clock() + LOOKS
            await asyncio.sleep(LOOKS)
            if (now := self.clock()) - due > NOTED:
                self.stretches.append((due, now))

    @property
    def longest(self) -> float:
        """Seconds, of one."""
        return max((end - begin for begin, end in self.stretches), default=0.0)

    def between(self, earlier: float, later: float) -> float:
        """Seconds of all between two moments."""
        return sum(max(0.0, min(end, later) - max(begin, earlier)) for begin, end in self.stretches)
