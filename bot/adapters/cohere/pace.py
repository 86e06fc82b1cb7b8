"""How many inputs may be sent in a minute, so that the account's limit is kept instead of met."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

MINUTE: Final = 60.0
NEARLY: Final = 1e-6
"""What sums of floats may miss of an input, so that nobody waits for that."""
AT_ONCE: Final = 192
SHARE: Final = 10
"""What may go at once after a pause: a tenth of a minute's inputs, and no more than two calls take. The others come
evenly, so that no call waits long for its turn."""


class Pace:
    """At most `per_minute` inputs in any minute, first come first served. `clock` and `sleep` count in seconds.

    A bucket for what may go at once, which fills with what is left of a minute's inputs.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._size = float(min(AT_ONCE, max(1, per_minute // SHARE)))
        self._rate = max(1.0, per_minute - self._size) / MINUTE
        self._level = self._size
        self._clock = clock
        self._sleep = sleep
        self._at = clock()
        self._turn = asyncio.Lock()

    async def keep(self, inputs: int) -> None:
        """Return once `inputs` more may be sent, and count them. More than fit at once wait for a full bucket."""
        async with self._turn:
            needed = min(float(inputs), self._size)
            while (missing := needed - self._filled()) > NEARLY:
                await self._sleep(missing / self._rate)
            self._level -= inputs

    def note(self, inputs: int) -> None:
        """Count inputs that are sent without waiting, because somebody waits for them."""
        self._level = self._filled() - inputs

    def _filled(self) -> float:
        """What is in the bucket now."""
        now = self._clock()
        self._level = min(self._size, self._level + (now - self._at) * self._rate)
        self._at = now
        return self._level
