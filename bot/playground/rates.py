"""Rate limits by tier, as https://docs.slack.dev/apis/web-api/rate-limits describes them."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from bot.playground.refusals import Refusal
from bot.playground.wire import Clock

WINDOW = 60.0
POST_BURST, POST_WINDOW = 5, 5.0
"""One message a second per channel, with short bursts allowed."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Calls of the last minute, per method; posts per channel."""

    clock: Clock
    calls: dict[str, deque[float]] = field(default_factory=dict[str, "deque[float]"])

    def spend(self, method: str, per_minute: int) -> None:
        """Count a call; raises 429 with `Retry-After` when the minute is full."""
        self._spend(method, per_minute, WINDOW)

    def spend_post(self, channel: str) -> None:
        """Count a message to a channel."""
        self._spend(f"post {channel}", POST_BURST, POST_WINDOW)

    def _spend(self, key: str, limit: int, window: float) -> None:
        recent = self.calls.setdefault(key, deque())
        now = self.clock()
        while recent and recent[0] <= now - window:
            recent.popleft()
        if len(recent) >= limit:
            wait = max(1, math.ceil(recent[0] + window - now))
            raise Refusal("ratelimited", status=429, retry_after=wait)
        recent.append(now)
