"""A shared cache on a server of its own, which may forget: what fails here is a miss, and is not tried for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger

from bot.adapters.redis.link import Link, Step
from bot.errors import MemoryUnavailable

log: FilteringBoundLogger = structlog.get_logger(__name__)

PREFIX = "footnote-cache"
"""What keys begin with, so that a cache may share a server with something else, though not with the queue."""
KEPT_FOR = 30 * 24 * 3600
"""Seconds that a value is kept, unless the server needs the room before."""
PATIENCE = 0.3
"""Seconds that a cache may take; one that is slower saves nothing."""
PER_VALUE = 0.02
"""Seconds more for each value of several: vectors of a whole document are megabytes."""
PAUSE = 5.0
"""Seconds after a failure in which nobody waits for the cache again."""
COMPLAIN = 60.0
"""Seconds between two lines in the log."""
AT_ONCE = 64
"""Values in one trip."""


class RedisCache:
    """The `Cache` port."""

    def __init__(
        self,
        link: Link,
        *,
        kept_for: int = KEPT_FOR,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._patience = patience
        self._kept_for = kept_for
        self._clock = clock
        self._resumes = self._complains = clock()

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """What is kept, in the order of `keys`; see the port."""
        found = await self._told([Step(("GET", self._where(key))) for key in keys])
        return [*found, *([None] * (len(keys) - len(found)))]

    async def put_many(self, values: Mapping[str, bytes]) -> None:
        """Keep them; see the port."""
        items = values.items()
        await self._told([Step(("SET", self._where(key), value, "EX", self._kept_for)) for key, value in items])

    async def _told(self, steps: Sequence[Step]) -> list[Any]:
        """The replies, up to the first failure."""
        replies: list[Any] = []
        for start in range(0, len(steps), AT_ONCE):
            if self._clock() < self._resumes:
                break
            some = steps[start : start + AT_ONCE]
            try:
                replies += await self._link.all(some, within=self._patience + PER_VALUE * (len(some) - 1))
            except MemoryUnavailable as error:
                self._failed(error)
        return replies

    def _failed(self, error: MemoryUnavailable) -> None:
        now = self._clock()
        self._resumes = now + PAUSE
        if now >= self._complains:
            self._complains = now + COMPLAIN
            log.warning("cache_unavailable", reason=str(error), place=self._link.place)

    def _where(self, key: str) -> str:
        return self._link.key(of=(key,))
