"""How often Slack may be called: one count per method, for everything that this process sends.

The tiers are those of https://docs.slack.dev/apis/web-api/rate-limits, counted so that no minute, wherever it begins,
holds more calls than Slack takes: a bucket that leaks would let twice as many through in its first minute.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.errors import LeaseLost, SlackUnavailable


@dataclass(frozen=True, slots=True)
class Tier:
    """At most `calls` within any `seconds`; where `per_channel`, for each channel by itself."""

    calls: int
    seconds: float = 60.0
    per_channel: bool = False


TIER_2, TIER_3, TIER_4 = Tier(20), Tier(50), Tier(100)
A_SECOND = Tier(5, 5.0, per_channel=True)
"""About one a second in a channel, a few at once now and then."""

TIERS: Mapping[str, Tier] = {
    "agents.sessions.setStatus": TIER_3,
    "assistant.threads.setStatus": TIER_4,
    "assistant.threads.setSuggestedPrompts": TIER_4,
    "chat.appendStream": TIER_4,
    "chat.delete": TIER_3,
    "chat.postEphemeral": TIER_4,
    "chat.postMessage": A_SECOND,
    "chat.startStream": TIER_2,
    "chat.stopStream": TIER_2,
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.members": TIER_4,
    "conversations.open": TIER_3,
    "conversations.replies": TIER_3,
    "usergroups.list": TIER_2,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "users.lookupByEmail": TIER_3,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}
"""What is not named here waits only when Slack asks for it."""

MARGIN = 0.5
"""Seconds added to every window: a call may have taken longer to arrive than the one that waits for its place."""
_MANY = 1_000
"""Windows from which those that nobody uses are forgotten."""

Key: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class _Window:
    """The calls of one method (in one channel) that still count, who waits, and until when Slack wants none."""

    tier: Tier | None
    recent: deque[float] = field(default_factory=deque[float])
    shut_until: float = 0.0
    waiting: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def forget(self, now: float) -> None:
        """Let go of calls that no longer count."""
        while self.tier and self.recent and self.recent[0] + self.tier.seconds + MARGIN <= now:
            self.recent.popleft()

    def note(self, now: float) -> None:
        """A call leaves, which counts where calls are counted: elsewhere nobody would ever let go of it."""
        if self.tier:
            self.recent.append(now)

    def take_back(self, moment: float) -> None:
        """A call that was noted at this moment never left."""
        if moment in self.recent:
            self.recent.remove(moment)

    def pause(self, now: float, *, ahead: int = 0) -> float:
        """Seconds until a call may leave, `ahead` others before it."""
        self.forget(now)
        shut = max(0.0, self.shut_until - now)
        if self.tier is None or len(self.recent) + ahead < self.tier.calls:
            return shut
        span = self.tier.seconds + MARGIN
        rounds, place = divmod(len(self.recent) + ahead - self.tier.calls, self.tier.calls)
        since = self.recent[place] if place < len(self.recent) else now
        return max(shut, since + (rounds + 1) * span - now)


@dataclass(slots=True)
class Pace:
    """Lets calls through in the order in which they came, as fast as Slack takes them.

    `clock` counts seconds, from anywhere; `sleep` waits for some of them.
    """

    tiers: Mapping[str, Tier] = field(default_factory=lambda: TIERS)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _windows: dict[Key, _Window] = field(default_factory=dict[Key, _Window])

    async def turn(self, method: str, *, channel: str = "", patience: float) -> float:
        """Wait for this call's turn, and count it; the seconds that it took.

        Raises `SlackUnavailable`, as soon as that is known, when it would take longer than `patience`.
        """
        async with self.in_turn(method, channel=channel, patience=patience) as waited:
            return waited

    @asynccontextmanager
    async def in_turn(self, method: str, *, channel: str = "", patience: float) -> AsyncGenerator[float]:
        """As `turn`, for the call that the block makes: of those that count per channel one is made at a time.

        So the next one hears of a refusal before it leaves, and what was said first in a channel stands first. A block
        that raises `LeaseLost` made no call, and none is counted: else tries that lost their leases would use up the
        room of those that go on.
        """
        window, began = self._window(method, channel), self.clock()
        _refuse_beyond(patience, method, window.pause(began, ahead=window.waiting))
        async with AsyncExitStack() as alone:
            with _counted(window):
                await alone.enter_async_context(window.turn)
                while (pause := window.pause(self.clock())) > 0:
                    _refuse_beyond(patience - (self.clock() - began), method, pause)
                    await self.sleep(pause)
                window.note(left := self.clock())
            if window.tier is None or not window.tier.per_channel:
                await alone.aclose()
            try:
                yield self.clock() - began
            except LeaseLost:
                window.take_back(left)
                raise

    def room_for(self, method: str, *, channel: str = "", keep: int = 0) -> bool:
        """Whether a call may leave now, with as many as `keep` still possible right after it."""
        window = self._window(method, channel)
        return not window.waiting and window.pause(self.clock(), ahead=keep) <= 0

    def shut(self, method: str, *, channel: str = "", seconds: float) -> None:
        """Slack wants no call of this method for so long: nobody makes one."""
        window = self._window(method, channel)
        window.shut_until = max(window.shut_until, self.clock() + seconds)

    def _window(self, method: str, channel: str) -> _Window:
        tier = self.tiers.get(method)
        key = (method, channel if tier and tier.per_channel else "")
        if key not in self._windows and len(self._windows) >= _MANY:
            self._forget()
        return self._windows.setdefault(key, _Window(tier))

    def _forget(self) -> None:
        now = self.clock()
        for window in self._windows.values():
            window.forget(now)
        self._windows = {
            key: window
            for key, window in self._windows.items()
            if window.recent or window.waiting or window.shut_until > now
        }


@contextmanager
def _counted(window: _Window) -> Generator[None]:
    window.waiting += 1
    try:
        yield
    finally:
        window.waiting -= 1


def _refuse_beyond(patience: float, method: str, pause: float) -> None:
    if pause > patience:
        raise SlackUnavailable(f"{method}: no room for {pause:.1f} s", retry_after=pause)
