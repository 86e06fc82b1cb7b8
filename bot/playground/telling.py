"""What the page is told: the workspace as JSON, all of it at first and then every change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from bot.playground.agent import STOPPABLE
from bot.playground.cast import Person
from bot.playground.messages import Message
from bot.playground.nodes import Node
from bot.playground.surfaces import view_shape
from bot.playground.wire import Json
from bot.playground.workspace import Change, Room, View, Workspace

COMMANDS: Mapping[str, tuple[str, str]] = {
    "/ask": ("question", "An answer only you can see"),
    "/search": ("words", "Passages from the docs, only for you"),
}
"""What each command takes, and what it does; any other shows its name alone."""
SHORTCUTS: Mapping[str, str] = {"answer_this": "Answer this", "summarise_thread": "Summarise thread"}


@dataclass(frozen=True, slots=True)
class Telling:
    """Words the state of a workspace for its page."""

    workspace: Workspace
    suggestions: Sequence[str]
    is_bot_online: Callable[[], bool]

    def everything(self) -> Json:
        """What a page that has just been opened must know."""
        cast_ = self.workspace.cast
        messages = [
            self.message(message)
            for room in self.workspace.rooms.values()
            for message in (*room.messages.values(), *room.ephemeral.values())
        ]
        return {
            "kind": "all",
            "team": cast_.team_name,
            "bot": {"id": cast_.bot.id, "name": cast_.bot.name, "real_name": cast_.bot.real_name},
            "online": self.is_bot_online(),
            "people": [_person(person) for person in cast_.people if person.kind != "deactivated"],
            "rooms": [self._room(room) for room in self.workspace.rooms.values()],
            "messages": messages,
            "statuses": [self._status(*key) for key in self.workspace.statuses],
            "sessions": [self._session(*key) for key in self.workspace.sessions],
            "suggestions": list(self.suggestions),
            **self._offers(),
            **self._views(),
        }

    def _offers(self) -> Json:
        """Commands, the shortcuts of messages, and whether a session can be stopped."""
        cast_ = self.workspace.cast
        may = "commands" in cast_.scopes
        commands = [(name, *COMMANDS.get(name, ("", ""))) for name in cast_.commands if may]
        shortcuts = [callback_id for where, callback_id in cast_.shortcuts if where == "message" and may]
        return {
            "commands": [{"name": name, "hint": hint, "description": words} for name, hint, words in commands],
            "shortcuts": [{"callback_id": key, "label": SHORTCUTS.get(key, key)} for key in shortcuts],
            "can_stop": STOPPABLE in cast_.events,
        }

    def news(self, change: Change) -> Json | None:
        """One change; None for one that a page does not show."""
        kind, of = change.kind, cast("Any", change.of)
        if kind == "message":
            return {"kind": "message", "message": self.message(of)}
        if kind == "gone":
            return {"kind": "gone", "channel": of.channel, "ts": of.ts}
        if kind == "status":
            return {"kind": "status", **self._status(*of)}
        if kind == "session":
            return {"kind": "session", **self._session(*of)}
        if kind in ("view", "home"):
            return {"kind": "views", **self._views()}
        return self._other_news(change)

    def _other_news(self, change: Change) -> Json | None:
        kind, of = change.kind, cast("Any", change.of)
        if kind == "trouble":
            return {"kind": "trouble", "person": of[0], "text": of[1]}
        if kind in ("members", "prompts"):
            return {"kind": "room", "room": self._room(of)}
        return {"kind": "bot", "online": self.is_bot_online()} if kind == "bot" else None

    # --- each thing -------------------------------------------------------------------------------------------------

    def message(self, message: Message) -> Json:
        """A message; `typed` is what its author would edit, None for what nobody typed."""
        typed = None
        if message.client_msg_id is not None and not message.tombstone:
            typed = self.workspace.composer().typed(message.text)
        return {
            "channel": message.channel,
            "ts": message.ts,
            "thread_ts": message.thread_ts,
            "user": message.user,
            "body": nodes_json(message.nodes),
            "typed": typed,
            "edited": message.edited_ts is not None,
            "only": message.ephemeral_to,
            "streaming": message.is_streaming,
            "broadcast": message.broadcast,
            "gone": message.tombstone,
            "username": message.username,
            "app": message.other_app is not None,
            "system": message.subtype is not None and message.username is None,
            "reactions": [{"name": r.name, "count": len(r.users)} for r in message.reactions],
        }

    def _room(self, room: Room) -> Json:
        channel = room.channel
        return {
            "id": room.id,
            "name": channel.name,
            "kind": channel.kind,
            "topic": channel.topic,
            "archived": channel.archived,
            "members": list(room.members),
            "prompts": [dict(prompt) for prompt in self.workspace.prompts.get(room.id, ())],
        }

    def _status(self, channel: str, thread_ts: str) -> Json:
        status = self.workspace.status(channel, thread_ts)
        lasts = status.until - self.workspace.clock() if status else 0
        lines = [status.text, *status.loading_messages] if status else []
        return {"channel": channel, "thread_ts": thread_ts, "lines": lines, "lasts": lasts}

    def _session(self, channel: str, thread_ts: str) -> Json:
        session = self.workspace.sessions[channel, thread_ts]
        return {"channel": channel, "thread_ts": thread_ts, "status": session.status, "title": session.title}

    # --- views ------------------------------------------------------------------------------------------------------

    def _views(self) -> Json:
        """Everybody's Home tab, and the uppermost of everybody's modals."""
        modals = {view.owner: self._view(view) for view in self.workspace.modals.values()}
        homes = {view.owner: self._view(view) for view in self.workspace.homes.values()}
        return {"modals": modals, "homes": homes}

    def _view(self, view: View) -> Json:
        shape = view_shape(self.workspace, view)
        labels: Json = {name: shape[name]["text"] if shape[name] else None for name in ("title", "submit", "close")}
        nodes = self.workspace.rendering.blocks(view.view["blocks"])
        stack = (
            [standing.id for standing in self.workspace.stack(view.owner)] if view.id in self.workspace.modals else []
        )
        return {
            "id": view.id,
            **labels,
            "body": nodes_json(nodes),
            "errors": dict(view.errors),
            "stack": stack,
            "submit_disabled": bool(view.view.get("submit_disabled")),
        }


def _person(person: Person) -> Json:
    return {
        "id": person.id,
        "name": person.name,
        "real_name": person.real_name,
        "title": person.title,
        "guest": person.is_guest,
        "admin": person.is_admin,
    }


def nodes_json(nodes: Sequence[Node]) -> list[dict[str, object]]:
    """A tree for the page."""
    return [node.as_json() for node in nodes]
