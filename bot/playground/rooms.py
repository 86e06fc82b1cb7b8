"""Which conversation a call means, and whether the bot may read or write there."""

from __future__ import annotations

from dataclasses import dataclass

from bot.playground.messages import Message
from bot.playground.refusals import Refusal
from bot.playground.wire import is_timestamp
from bot.playground.workspace import Room, Workspace

SCOPE_PREFIX = {"channel": "channels", "private": "groups", "im": "im"}


@dataclass(frozen=True, slots=True)
class Rooms:
    """Finds conversations for the bot, as far as its scopes and memberships reach."""

    workspace: Workspace
    scopes: frozenset[str]

    def need(self, *scopes: str) -> None:
        """Raise `missing_scope` unless every one of `scopes` was granted."""
        for scope in scopes:
            if scope not in self.scopes:
                raise Refusal("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))

    def visible(self, channel_id: str) -> Room:
        """A conversation that the bot can see: one it is in, or a public channel."""
        room = self.workspace.rooms.get(channel_id)
        if room is None or (room.channel.kind != "channel" and not self.is_in(room)):
            raise Refusal("channel_not_found")
        return room

    def readable(self, channel_id: str, family: str) -> Room:
        """A visible conversation whose scope of `family` (`read`, `history`) was granted; history wants membership."""
        room = self.visible(channel_id)
        self.need(f"{SCOPE_PREFIX[room.channel.kind]}:{family}")
        if family == "history" and not self.is_in(room):
            raise Refusal("not_in_channel")
        return room

    def writable(self, channel: str, *, by_name: bool = False) -> Room:
        """A conversation that the bot may post in. Posting alone also takes a channel's name or a person's id."""
        room = self._named(channel) if by_name else None
        room = room or self.visible(channel)
        if room.channel.archived:
            raise Refusal("is_archived")
        if not self.is_in(room) and "chat:write.public" not in self.scopes:
            raise Refusal("not_in_channel")
        return room

    def _named(self, channel: str) -> Room | None:
        if channel in self.workspace.people:
            found = self.workspace.direct_message(channel)
            if found is None:
                raise Refusal("channel_not_found")
            return found
        for room in self.workspace.rooms.values():
            if room.channel.kind != "im" and room.channel.name == channel.removeprefix("#"):
                return room if room.channel.kind == "channel" or self.is_in(room) else None
        return None

    def is_in(self, room: Room) -> bool:
        """Whether the bot is a member."""
        return self.workspace.cast.bot.id in room.members

    def own(self, room: Room, ts: str, *, refusal: str) -> Message:
        """A message of the bot's own; `refusal` for anybody else's."""
        message = room.messages.get(ts)
        if message is None or message.tombstone:
            raise Refusal("message_not_found")
        if message.user != self.workspace.cast.bot.id:
            raise Refusal(refusal)
        return message

    def thread(self, room: Room, thread_ts: str | None) -> str | None:
        """The thread a message goes to."""
        if thread_ts is not None and not is_timestamp(thread_ts):
            raise Refusal("invalid_thread_ts", f"{thread_ts} is not a valid thread_ts")
        root = self.workspace.thread_root(room, thread_ts)
        return root.ts if root else None
