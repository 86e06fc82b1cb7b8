"""The page's side of the server: its files, what it is told, what it may do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import cast

from aiohttp import web

from bot.playground.deeds import Deeds
from bot.playground.doors import Doors
from bot.playground.forms import Given
from bot.playground.telling import Telling
from bot.playground.wire import Json
from bot.playground.workspace import Change, Workspace

SCRIPTS = (
    "script",
    "acting",
    "composing",
    "controls",
    "drawing",
    "forms",
    "known",
    "making",
    "messages",
    "rooms",
    "threads",
)
FILES = {
    **{f"{name}.js": "text/javascript" for name in SCRIPTS},
    "style.css": "text/css",
    "icon.svg": "image/svg+xml",
}
LONGEST_MESSAGE = 12_000


@dataclass(frozen=True, slots=True)
class Page:
    """Serves the page and keeps every open copy of it up to date."""

    workspace: Workspace
    doors: Doors
    deeds: Deeds
    suggestions: Sequence[str]
    is_bot_online: Callable[[], bool]
    telling: Telling = field(init=False)
    readers: set[asyncio.Queue[Json]] = field(default_factory=set["asyncio.Queue[Json]"])
    sockets: set[web.WebSocketResponse] = field(default_factory=set[web.WebSocketResponse])

    def __post_init__(self) -> None:
        object.__setattr__(self, "telling", Telling(self.workspace, self.suggestions, self.is_bot_online))

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
        queue.put_nowait(self.telling.everything())
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
        news = self.telling.news(change)
        if news is not None:
            for reader in tuple(self.readers):
                reader.put_nowait(news)

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
        """Carry out a deed; what comes back goes to the page."""
        if deed == "say":
            thread = of.optional("thread_ts")
            return {"ts": await self.deeds.say(of.text("as"), of.text("channel"), of.words(), thread_ts=thread)}
        if deed not in DEEDS:
            raise LookupError(f"nobody can {deed}")
        await DEEDS[deed](self.deeds, of)
        return {}


@dataclass(frozen=True, slots=True)
class Deed:
    """What the page sent along, read strictly."""

    sent: Json

    def text(self, name: str) -> str:
        """A string that must be there."""
        value = self.sent.get(name)
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a string")
        return value

    def optional(self, name: str) -> str | None:
        """A string that may be missing."""
        return None if self.sent.get(name) is None else self.text(name)

    def words(self) -> str:
        """What was typed: something, and not a book."""
        words = self.text("text").strip()
        if not words:
            raise ValueError("there is nothing to send")
        if len(words) > LONGEST_MESSAGE:
            raise ValueError(f"a message holds {LONGEST_MESSAGE} characters at most")
        return words

    def given(self, name: str) -> Given | None:
        """One string, or several, or nothing."""
        return None if self.sent.get(name) is None else _given(self.sent[name], name)

    def values(self, name: str) -> dict[str, Given]:
        """What a form holds, by `action_id`."""
        value: object = self.sent.get(name) or {}
        if not isinstance(value, dict):
            raise TypeError(f"{name} must be an object")
        return {key: _given(entry, key) for key, entry in cast("Json", value).items()}


def _given(value: object, name: str) -> Given:
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in cast("list[object]", value)):
        raise TypeError(f"{name} must be a string or several")
    return cast("list[str]", value)


async def _click(deeds: Deeds, of: Deed) -> None:
    where = (of.text("as"), of.text("channel"), of.text("ts"))
    await deeds.click(*where, of.text("action_id"), value=of.given("value"))


async def _click_in_view(deeds: Deeds, of: Deed) -> None:
    view, action_id = of.text("view"), of.text("action_id")
    await deeds.click_in_view(view, action_id, value=of.given("value"), values=of.values("values"))


async def _open_home(deeds: Deeds, of: Deed) -> None:
    deeds.open_home(of.text("as"), of.text("tab"))


async def _command(deeds: Deeds, of: Deed) -> None:
    await deeds.command(of.text("as"), of.text("channel"), of.text("command"), of.text("text"))


async def _shortcut(deeds: Deeds, of: Deed) -> None:
    where = (of.text("as"), of.text("channel"), of.text("ts"))
    await deeds.message_shortcut(*where, of.text("callback_id"))


DEEDS: Mapping[str, Callable[[Deeds, Deed], Awaitable[object]]] = {
    "edit": lambda deeds, of: deeds.edit(of.text("as"), of.text("channel"), of.text("ts"), of.words()),
    "delete": lambda deeds, of: deeds.delete(of.text("as"), of.text("channel"), of.text("ts")),
    "command": _command,
    "shortcut": _shortcut,
    "click": _click,
    "click-in-view": _click_in_view,
    "submit": lambda deeds, of: deeds.submit(of.text("view"), of.values("values")),
    "dismiss": lambda deeds, of: deeds.dismiss(of.text("view")),
    "open-home": _open_home,
    "look-at": lambda deeds, of: deeds.look_at(of.text("as"), of.text("channel")),
    "stop": lambda deeds, of: deeds.stop(of.text("as"), of.text("channel"), of.text("thread_ts")),
}
"""What the page can do for a person, apart from writing."""


def _object(text: str) -> Json:
    parsed: object = json.loads(text)
    if not isinstance(parsed, dict):
        raise TypeError("an object was expected")
    return cast("Json", parsed)


def _read(name: str) -> str:
    return (files("bot.playground") / "page" / name).read_text(encoding="utf-8")
