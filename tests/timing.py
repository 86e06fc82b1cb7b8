"""Time that passes only when a test says so, for whoever is given a clock and a way to sleep."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Time:
    """Seconds. Whoever sleeps wakes once `pass_by` has let that much time pass; `hurried`, at once, and time jumps."""

    now: float = 1_772_452_800.0
    hurried: bool = False
    landing: float = 0.0
    """Seconds of real time before time jumps: what is on its way over loopback arrives when it was sent."""
    slept: list[float] = field(default_factory=list[float])
    _sleepers: list[tuple[float, asyncio.Event]] = field(default_factory=list[tuple[float, asyncio.Event]])

    def __call__(self) -> float:
        """The time, as a clock."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep, as the code under test does."""
        self.slept.append(seconds)
        if self.hurried:
            await asyncio.sleep(self.landing)
            self.now += seconds
            return
        woken = asyncio.Event()
        self._sleepers.append((self.now + seconds, woken))
        await woken.wait()

    @property
    def sleeping(self) -> int:
        """How many sleep."""
        return len(self._sleepers)

    def pass_by(self, seconds: float) -> None:
        """Let time pass, and wake who has slept enough."""
        self.now += seconds
        for until, woken in self._sleepers:
            if until <= self.now + 1e-6:
                woken.set()
        self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[1].is_set()]
