"""How channels are set, as the edge knows it: every message asks, so the answer is kept for a moment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.channels import ChannelSettings
from bot.ports.memory import Channels
from handlers.fresh import Fresh

LIFETIME = 10.0
"""Seconds for which settings are believed."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Settings of channels, at most ten seconds old by `clock`; what is changed here counts here at once."""

    channels: Channels
    clock: Callable[[], float]
    _known: Fresh[tuple[str, str], ChannelSettings] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_known", Fresh(LIFETIME, self.clock))

    async def read(self, workspace: str, channel: str) -> ChannelSettings:
        """How the bot behaves there. Raises `MemoryUnavailable`."""
        return await self._known.get((workspace, channel), lambda: self.channels.read(workspace, channel))

    async def write(
        self, workspace: str, channel: str, settings: ChannelSettings, *, person: str, at: datetime
    ) -> None:
        """Store what an admin decided. Raises `MemoryUnavailable`."""
        await self.channels.write(workspace, channel, settings, person=person, at=at)
        self._known.keep({(workspace, channel): settings}, asked_at=self.clock())
