"""How many inputs may be sent in a minute, so that the account's limit is kept instead of met."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

MINUTE: Final = 60.0


class Pace:
    """At most `per_minute` inputs in any minute, first come first served. `clock` and `sleep` count in seconds."""

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._sent: deque[tuple[float, int]] = deque()
        """When, and how many, the oldest first."""

    async def keep(self, inputs: int) -> None:
        """Return once `inputs` more may be sent, and count them. More than a minute's worth waits for an empty one."""
        async with self._turn:
            while (wait := self._wait(inputs)) > 0:
                await self._sleep(wait)
            self.note(inputs)

    def note(self, inputs: int) -> None:
        """Count inputs that are sent without waiting, because somebody waits for them."""
        self._sent.append((self._clock(), inputs))

    def _wait(self, inputs: int) -> float:
        """Seconds until enough of the past minute's inputs are a minute old."""
        now = self._clock()
        while self._sent and self._sent[0][0] <= now - MINUTE:
            self._sent.popleft()
        excess = sum(count for _, count in self._sent) + inputs - self._per_minute
        for at, count in self._sent:
            if excess <= 0:
                return 0.0
            excess -= count
            wait = at + MINUTE - now
            if excess <= 0:
                return wait
        return self._sent[-1][0] + MINUTE - now if self._sent else 0.0
