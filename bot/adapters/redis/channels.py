"""Settings of channels as one hash, every change of them as a line of a stream: both are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime

from bot.adapters.redis.link import Link, Script
from bot.adapters.redis.stored import Damaged, Newer, Stored
from bot.channels import Change, ChannelSettings
from bot.errors import MemoryUnavailable

LINES = 100_000
"""Lines of the audit that are kept."""
LOOKS = 3600
"""Seconds for which it is believed what a person has before them."""
TRIES = 5


class RedisChannels:
    """The `Channels` port. Settings that cannot be read (a newer process wrote them) count as out of reach."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._settings, self._changes = Stored(ChannelSettings), Stored(Change)
        self._where, self._audit = link.key("channels"), link.key("audit")
        self._write = Script.load("write_channel")

    async def read(self, workspace: str, channel: str) -> ChannelSettings:
        """How the bot behaves there; the defaults where nobody decided."""
        return self._loaded(await self._link.call("HGET", self._where, f"{workspace}/{channel}"))

    async def all(self, workspace: str) -> Mapping[str, ChannelSettings]:
        """Every channel that somebody decided about, by id."""
        raw: list[bytes] = await self._link.call("HGETALL", self._where)
        named = ((name.decode().partition("/"), value) for name, value in zip(raw[::2], raw[1::2], strict=True))
        return {channel: self._loaded(value) for (there, _, channel), value in named if there == workspace}

    async def write(
        self, workspace: str, channel: str, settings: ChannelSettings, *, person: str, at: datetime
    ) -> tuple[Change, ...]:
        """Store the settings and a line per changed field in one step; see the port."""
        field = f"{workspace}/{channel}"
        for _ in range(TRIES):  # another admin may have been faster
            before: bytes | None = await self._link.call("HGET", self._where, field)
            changes = tuple(_changes(self._loaded(before), settings, person=person, channel=channel, at=at))
            lines = [self._changes.dump(change) for change in changes]
            words = (field, before or b"", self._settings.dump(settings), workspace, LINES, *lines)
            if await self._link.run(self._write, (self._where, self._audit), words):
                return changes
        raise MemoryUnavailable(f"the settings of {channel} changed all the time")

    async def changes(self, workspace: str, *, limit: int) -> list[Change]:
        """The last changes, newest first."""
        entries = await self._link.call("XREVRANGE", self._audit, "+", "-", "COUNT", limit)
        named = (dict(zip(parts[::2], parts[1::2], strict=True)) for _, parts in entries)
        return [self._changes.load(line[b"change"]) for line in named if line[b"workspace"] == workspace.encode()]

    async def looks_at(self, workspace: str, person: str, channel: str) -> None:
        """Note which channel a person has before them."""
        await self._link.call("SET", self._link.key(of=("looks", workspace, person)), channel, "EX", LOOKS)

    async def looked_at(self, workspace: str, person: str) -> str:
        """The channel that a person has before them, empty when that is not known."""
        raw: bytes | None = await self._link.call("GET", self._link.key(of=("looks", workspace, person)))
        return raw.decode() if raw else ""

    def _loaded(self, raw: bytes | None) -> ChannelSettings:
        try:
            return self._settings.load(raw) if raw else ChannelSettings()
        except (Newer, Damaged) as error:
            raise MemoryUnavailable(f"the settings of a channel: {error}") from error


def _changes(
    before: ChannelSettings, after: ChannelSettings, *, person: str, channel: str, at: datetime
) -> list[Change]:
    names = [one.name for one in fields(ChannelSettings)]
    pairs = ((name, _plain(getattr(before, name)), _plain(getattr(after, name))) for name in names)
    return [Change(at, person, channel, name, old, new) for name, old, new in pairs if old != new]


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  (a tuple of strings)
