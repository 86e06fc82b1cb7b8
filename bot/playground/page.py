"""The page's side of the server: its files, what it is told, what it may do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, cast

from aiohttp import web

from bot.playground.deeds import Deeds
from bot.playground.doors import Doors
from bot.playground.messages import Message
from bot.playground.nodes import Node
from bot.playground.surfaces import view_shape
from bot.playground.wire import Json
from bot.playground.workspace import Change, Room, View, Workspace

FILES = {"script.js": "text/javascript", "style.css": "text/css", "icon.svg": "image/svg+xml"}
LONGEST_MESSAGE = 12_000


@dataclass(frozen=True, slots=True)
class Page:
    """Serves the page and keeps every open copy of it up to date."""

    workspace: Workspace
    doors: Doors
    deeds: Deeds
    suggestions: Sequence[str]
    is_bot_online: Callable[[], bool]
    readers: set[asyncio.Queue[Json]] = field(default_factory=set["asyncio.Queue[Json]"])
    sockets: set[web.WebSocketResponse] = field(default_factory=set[web.WebSocketResponse])

    def routes(self) -> list[web.RouteDef]:
        """What the server answers for the page."""
        return [
            web.get("/", self.show),
            web.get("/archives/{channel}/{place}", self.show),
            web.get("/page/live", self.live),
            web.get("/page/{name}", self.file),
            web.post("/page/{deed}", self.act),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The page itself."""
        response = web.Response(text=_read("index.html"), content_type="text/html")
        self.doors.welcome(request, response)
        return response

    async def file(self, request: web.Request) -> web.Response:
        """The script, the style sheet, the icon."""
        self.doors.admit(request)
        name = request.match_info["name"]
        if name not in FILES:
            raise web.HTTPNotFound
        return web.Response(text=_read(name), content_type=FILES[name])

    # --- telling ----------------------------------------------------------------------------------------------------

    async def live(self, request: web.Request) -> web.WebSocketResponse:
        """Everything at first, then every change."""
        self.doors.admit(request)
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=1024)
        await socket.prepare(request)
        queue: asyncio.Queue[Json] = asyncio.Queue()
        queue.put_nowait(self._everything())
        self.readers.add(queue)
        self.sockets.add(socket)
        writing = asyncio.create_task(self._write(socket, queue))
        try:
            async for _ in socket:
                pass
        finally:
            self.readers.discard(queue)
            self.sockets.discard(socket)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        return socket

    async def _write(self, socket: web.WebSocketResponse, queue: asyncio.Queue[Json]) -> None:
        while True:
            await socket.send_json(await queue.get())

    async def close(self) -> None:
        """Say goodbye to every open page."""
        for socket in tuple(self.sockets):
            await socket.close()

    def watch(self, change: Change) -> None:
        """Pass one change on to every open page."""
        news = self._news(change)
        if news is not None:
            for reader in tuple(self.readers):
                reader.put_nowait(news)

    def _news(self, change: Change) -> Json | None:
        kind, of = change.kind, cast("Any", change.of)
        if kind == "message":
            return {"kind": "message", "message": message_json(of)}
        if kind == "gone":
            return {"kind": "gone", "channel": of.channel, "ts": of.ts}
        if kind == "status":
            channel, thread_ts = of
            return {"kind": "status", **self._status(channel, thread_ts)}
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

    def _everything(self) -> Json:
        cast_ = self.workspace.cast
        messages = [
            message_json(message)
            for room in self.workspace.rooms.values()
            for message in (*room.messages.values(), *room.ephemeral.values())
        ]
        people = [
            {"id": p.id, "name": p.name, "real_name": p.real_name, "title": p.title, "guest": p.is_guest}
            for p in cast_.people
            if p.kind != "deactivated"
        ]
        return {
            "kind": "all",
            "team": cast_.team_name,
            "bot": {"id": cast_.bot.id, "name": cast_.bot.name, "real_name": cast_.bot.real_name},
            "online": self.is_bot_online(),
            "people": people,
            "rooms": [self._room(room) for room in self.workspace.rooms.values()],
            "messages": messages,
            "statuses": [self._status(*key) for key in self.workspace.statuses],
            "suggestions": list(self.suggestions),
            **self._views(),
        }

    def _room(self, room: Room) -> Json:
        channel = room.channel
        prompts = [dict(prompt) for prompt in self.workspace.prompts.get(room.id, ())]
        return {
            "id": room.id,
            "name": channel.name,
            "kind": channel.kind,
            "topic": channel.topic,
            "archived": channel.archived,
            "members": list(room.members),
            "prompts": prompts,
        }

    def _status(self, channel: str, thread_ts: str) -> Json:
        status = self.workspace.status(channel, thread_ts)
        lasts = status.until - self.workspace.clock() if status else 0
        lines = [status.text, *status.loading_messages] if status else []
        return {"channel": channel, "thread_ts": thread_ts, "lines": lines, "lasts": lasts}

    def _views(self) -> Json:
        modals = {view.owner: self._view(view) for view in self.workspace.modals.values()}
        homes = {view.owner: self._view(view) for view in self.workspace.homes.values()}
        return {"modals": modals, "homes": homes}

    def _view(self, view: View) -> Json:
        shape = view_shape(self.workspace, view)
        labels: Json = {name: shape[name]["text"] if shape[name] else None for name in ("title", "submit", "close")}
        nodes = self.workspace.rendering.blocks(view.view["blocks"])
        return {"id": view.id, **labels, "body": nodes_json(nodes), "errors": dict(view.errors)}

    # --- doing ------------------------------------------------------------------------------------------------------

    async def act(self, request: web.Request) -> web.Response:
        """Something a person did: write, click, send a form, open a tab."""
        self.doors.admit(request)
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            result = await self._do(request.match_info["deed"], Deed(_object(await request.text())))
        except (LookupError, ValueError, TypeError, PermissionError) as wrong:
            return web.json_response({"error": str(wrong).strip("'")}, status=400)
        return web.json_response(result)

    async def _do(self, deed: str, of: Deed) -> Json:
        if deed == "say":
            thread = of.optional("thread_ts")
            return {"ts": await self.deeds.say(of.text("as"), of.text("channel"), of.words(), thread_ts=thread)}
        if deed == "click":
            where = (of.text("as"), of.text("channel"), of.text("ts"))
            await self.deeds.click(*where, of.text("action_id"), value=of.optional("value"))
        elif deed == "click-in-view":
            await self.deeds.click_in_view(of.text("view"), of.text("action_id"), value=of.optional("value"))
        elif deed == "submit":
            await self.deeds.submit(of.text("view"), of.strings("values"))
        elif deed == "dismiss":
            await self.deeds.dismiss(of.text("view"))
        elif deed == "open-home":
            self.deeds.open_home(of.text("as"), of.text("tab"))
        else:
            raise LookupError(f"nobody can {deed}")
        return {}


@dataclass(frozen=True, slots=True)
class Deed:
    """What the page sent along, read strictly."""

    given: Json

    def text(self, name: str) -> str:
        """A string that must be there."""
        value = self.given.get(name)
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a string")
        return value

    def optional(self, name: str) -> str | None:
        """A string that may be missing."""
        return None if self.given.get(name) is None else self.text(name)

    def words(self) -> str:
        """What was typed: something, and not a book."""
        words = self.text("text").strip()
        if not words:
            raise ValueError("there is nothing to send")
        if len(words) > LONGEST_MESSAGE:
            raise ValueError(f"a message holds {LONGEST_MESSAGE} characters at most")
        return words

    def strings(self, name: str) -> dict[str, str]:
        """A flat object of strings."""
        value: object = self.given.get(name)
        if not isinstance(value, dict):
            raise TypeError(f"{name} must be an object")
        fields = cast("Json", value)
        if not all(isinstance(entry, str) for entry in fields.values()):
            raise TypeError(f"{name} must hold strings")
        return fields


def message_json(message: Message) -> Json:
    """A message for the page."""
    return {
        "channel": message.channel,
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "user": message.user,
        "body": nodes_json(message.nodes),
        "edited": message.edited_ts is not None,
        "only": message.ephemeral_to,
        "streaming": message.is_streaming,
        "broadcast": message.broadcast,
        "gone": message.tombstone,
        "username": message.username,
        "reactions": [{"name": r.name, "count": len(r.users)} for r in message.reactions],
    }


def nodes_json(nodes: Sequence[Node]) -> list[dict[str, object]]:
    """A tree for the page."""
    return [node.as_json() for node in nodes]


def _object(text: str) -> Json:
    parsed: object = json.loads(text)
    if not isinstance(parsed, dict):
        raise TypeError("an object was expected")
    return cast("Json", parsed)


def _read(name: str) -> str:
    return (files("bot.playground") / "page" / name).read_text(encoding="utf-8")
