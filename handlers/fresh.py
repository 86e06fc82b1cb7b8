"""Values that are kept for a limited time, and loaded once however many ask at once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(slots=True)
class Fresh(Generic[Key, Value]):
    """A value per key, at most `lifetime` seconds old by `clock`, counted from before it was asked for."""

    lifetime: float
    clock: Callable[[], float]
    _kept: dict[Key, tuple[float, Value]] = field(default_factory=dict[Key, tuple[float, Value]])
    _loading: dict[Key, asyncio.Lock] = field(default_factory=dict[Key, asyncio.Lock])

    def peek(self, key: Key) -> Value | None:
        """The value when it is still fresh."""
        kept = self._kept.get(key)
        return kept[1] if kept and self.clock() - kept[0] < self.lifetime else None

    def keep(self, values: Mapping[Key, Value], *, asked_at: float) -> None:
        """Keep values that were asked for together; what is stale goes."""
        now = self.clock()
        self._kept = {key: kept for key, kept in self._kept.items() if now - kept[0] < self.lifetime}
        self._kept |= {key: (asked_at, value) for key, value in values.items()}

    async def get(self, key: Key, load: Callable[[], Awaitable[Value]]) -> Value:
        """The fresh value, from `load` where there is none; a failure of `load` is not kept."""
        lock = self._loading.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                value = self.peek(key)
                if value is None:
                    asked_at = self.clock()
                    value = await load()
                    self.keep({key: value}, asked_at=asked_at)
                return value
        finally:
            if not lock.locked():
                self._loading.pop(key, None)
