"""Turns what happens in the workspace into the events that the bot is subscribed to."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import cast as typed

from bot.playground.cast import Person
from bot.playground.messages import Message
from bot.playground.shapes import Shapes, channel_type
from bot.playground.surfaces import view_shape
from bot.playground.wire import Json
from bot.playground.workspace import Change, Room, Workspace

FEEDS = {"channel": "message.channels", "private": "message.groups", "im": "message.im"}
SCOPES = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "agent_session_stopped": "assistant:write",
    "agent_session_title_changed": "assistant:write",
    "app_context_changed": "assistant:write",
}


@dataclass(frozen=True, slots=True)
class Events:
    """Watches the workspace; `send` takes each finished Events API payload.

    One mention makes two events with the same `ts`: an `app_mention` and a `message`, as in Slack.
    """

    workspace: Workspace
    shapes: Shapes
    send: Callable[[Json], None]

    def watch(self, change: Change) -> None:
        """Send the events of one change."""
        if change.kind == "message":
            message = typed("Message", change.of)
            events = self._edited(change.before, message) if change.before else self._posted(message)
        elif change.kind == "gone":
            events = self._deleted(typed("Message", change.of))
        else:
            return
        for event in events:
            self.send(self._callback(event))

    # --- messages ---------------------------------------------------------------------------------------------------

    def _posted(self, message: Message) -> Iterator[Json]:
        if message.ephemeral_to is not None:
            return
        room = self.workspace.rooms[message.channel]
        event = {**self._without_counts(message), "channel": room.id, "event_ts": message.ts}
        if self._mentions_bot(message) and room.channel.kind != "im" and self._hears("app_mention", room):
            yield {**event, "type": "app_mention"}
        if self._hears(FEEDS[room.channel.kind], room):
            yield {**event, "channel_type": channel_type(room)}

    def _mentions_bot(self, message: Message) -> bool:
        bot = self.workspace.cast.bot.id
        said = message.subtype in (None, "bot_message", "file_share")
        return said and message.user != bot and f"<@{bot}>" in message.text

    def _edited(self, before: Message | None, message: Message) -> Iterator[Json]:
        room = self.workspace.rooms[message.channel]
        if before is None or message.ephemeral_to is not None or before.reactions != message.reactions:
            return
        if before.streaming_since is not None and message.streaming_since is not None:
            return
        yield from self._mentioned_again(before, message, room)
        if self._hears(FEEDS[room.channel.kind], room):
            stamp = self.workspace.timestamps.next()
            yield {
                "type": "message",
                "subtype": "message_changed",
                "message": self.shapes.message(message, metadata=True),
                "previous_message": self.shapes.message(before, metadata=True),
                "channel": room.id,
                "hidden": True,
                "ts": stamp,
                "event_ts": stamp,
                "channel_type": channel_type(room),
            }

    def _mentioned_again(self, before: Message, message: Message, room: Room) -> Iterator[Json]:
        """An edited mention is an `app_mention` once more, with `edited` and the `ts` it had: bolt-js issue 960."""
        edited = message.edited_ts is not None and message.edited_ts != before.edited_ts
        if edited and self._mentions_bot(message) and room.channel.kind != "im" and self._hears("app_mention", room):
            event = {**self.shapes.message(message, metadata=True), "channel": room.id, "type": "app_mention"}
            yield {**event, "event_ts": message.edited_ts}

    def _deleted(self, message: Message) -> Iterator[Json]:
        room = self.workspace.rooms[message.channel]
        if message.ephemeral_to is None and self._hears(FEEDS[room.channel.kind], room):
            stamp = self.workspace.timestamps.next()
            yield {
                "type": "message",
                "subtype": "message_deleted",
                "previous_message": self.shapes.message(message, metadata=True),
                "channel": room.id,
                "hidden": True,
                "deleted_ts": message.ts,
                "ts": stamp,
                "event_ts": stamp,
                "channel_type": channel_type(room),
            }

    def _without_counts(self, message: Message) -> Json:
        """A new message has no replies yet, and its metadata travels with it."""
        return self.shapes.message(message, metadata=True)

    def _hears(self, name: str, room: Room) -> bool:
        """Whether the app is subscribed to an event, may have it, and its bot is in the conversation."""
        cast = self.workspace.cast
        granted = name in cast.events and SCOPES.get(name, "chat:write") in cast.scopes
        return granted and cast.bot.id in room.members

    # --- people -----------------------------------------------------------------------------------------------------

    def joined(self, room: Room, person: Person) -> None:
        """Somebody came in."""
        self._moved("member_joined_channel", room, person)

    def left(self, room: Room, person: Person) -> None:
        """Somebody went."""
        self._moved("member_left_channel", room, person)

    def _moved(self, name: str, room: Room, person: Person) -> None:
        if self._hears(name, room):
            kind = {"channel": "C", "private": "G", "im": "D"}[room.channel.kind]
            event = {
                "type": name,
                "user": person.id,
                "channel": room.id,
                "channel_type": kind,
                "team": self.workspace.cast.team_id,
                "event_ts": self.workspace.timestamps.next(),
            }
            self.send(self._callback(event))

    def home_opened(self, person: Person, tab: str) -> None:
        """Somebody opened the bot's Home or Messages tab."""
        room = self.workspace.direct_message(person.id)
        if room is None or "app_home_opened" not in self.workspace.cast.events:
            return
        home = self.workspace.homes.get(person.id)
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": room.id,
            "tab": tab,
            **({"view": view_shape(self.workspace, home)} if home and tab == "home" else {}),
            **({"context": self._looked_at(person)} if tab == "messages" else {}),
            "event_ts": self.workspace.timestamps.next(),
        }
        self.send(self._callback(event))

    def context_changed(self, person: Person) -> None:
        """Somebody looks at something else with the agent beside it."""
        room = self.workspace.direct_message(person.id)
        if room is not None:
            context = self._looked_at(person)
            self._tell_agent("app_context_changed", room, {"user": person.id, "context": context})

    def _looked_at(self, person: Person) -> Json:
        channel, team = self.workspace.looking.get(person.id), self.workspace.cast.team_id
        if channel is None:
            return {}
        return {"entities": [{"type": "slack#/types/channel_id", "value": channel, "team_id": team}]}

    # --- sessions ---------------------------------------------------------------------------------------------------

    def session_stopped(self, room: Room, person: Person, thread_ts: str, streams: Iterable[str]) -> None:
        """Somebody pressed Stop; `streams` are the messages that Slack stopped with it."""
        said = {"user": person.id, "thread_ts": thread_ts, "streaming_message_ts": list(streams)}
        self._tell_agent("agent_session_stopped", room, said)

    def session_renamed(self, room: Room, person: Person, thread_ts: str, *, before: str, title: str) -> None:
        """Somebody gave a session another title."""
        said: Json = {"user": person.id, "thread_ts": thread_ts, "title": title, "team_id": self.workspace.cast.team_id}
        if before:
            said["previous_title"] = before
        self._tell_agent("agent_session_title_changed", room, said)

    def _tell_agent(self, name: str, room: Room, said: Json) -> None:
        if self._hears(name, room):
            stamp = self.workspace.timestamps.next()
            self.send(self._callback({"type": name, "channel": room.id, **said, "event_ts": stamp}))

    # --- the wrapper ------------------------------------------------------------------------------------------------

    def _callback(self, event: Json) -> Json:
        cast = self.workspace.cast
        authorization = {
            "enterprise_id": None,
            "team_id": cast.team_id,
            "user_id": cast.bot.id,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        room = self.workspace.rooms.get(str(event.get("channel")))
        return {
            "token": "playground-verification-token",
            "team_id": cast.team_id,
            "context_team_id": cast.team_id,
            "context_enterprise_id": None,
            "api_app_id": cast.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self.workspace.ids.event(),
            "event_time": int(float(event["event_ts"])),
            "authorizations": [authorization],
            "is_ext_shared_channel": bool(room and room.channel.sharing == "external"),
            "event_context": f"4-{_context(event, cast.team_id, cast.app_id)}",
        }


def _context(event: Json, team: str, app: str) -> str:
    """The opaque `event_context`."""
    content = {"et": event["type"], "tid": team, "aid": app, "cid": event.get("channel")}
    return base64.b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()
