"""Saying a thing once in a while, however often it happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

A_MINUTE = 60.0


@dataclass(slots=True)
class Seldom:
    """True once every `seconds`, for the first who asks."""

    seconds: float = A_MINUTE
    clock: Callable[[], float] = time.monotonic
    _last: float | None = field(default=None, init=False)

    def __call__(self) -> bool:
        """Whether it may be said now."""
        now = self.clock()
        if self._last is not None and now - self._last < self.seconds:
            return False
        self._last = now
        return True
