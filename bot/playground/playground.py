"""The playground itself: a Slack on loopback that opens, is talked to from both sides, and closes."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from aiohttp import web

from bot.playground.cast import CHANNELS, EVENTS, PEOPLE, SCOPES, USERGROUPS, Cast, Channel, Person, Usergroup
from bot.playground.chat import Chat
from bot.playground.delivery import ACK_WITHIN, RETRY_DELAYS, Attempt, Deliveries, Delivery
from bot.playground.doors import LARGEST_BODY, Doors
from bot.playground.events import Events
from bot.playground.faults import Fault, FaultKind, Faults
from bot.playground.http_events import HttpEvents, signed
from bot.playground.interactions import Interactions
from bot.playground.messages import Message
from bot.playground.page import Page
from bot.playground.rates import Rates
from bot.playground.reading import Reading
from bot.playground.refusals import Refusal
from bot.playground.rooms import Rooms
from bot.playground.shapes import Shapes
from bot.playground.socket_mode import DisconnectReason, SocketMode
from bot.playground.streams import Streams
from bot.playground.surfaces import Surfaces
from bot.playground.triggers import Triggers
from bot.playground.web_api import Call, Handler, Tokens, WebApi, responded
from bot.playground.wire import Clock, Json, Token
from bot.playground.workspace import Change, Room, View, Workspace

HOST = "127.0.0.1"
Found = TypeVar("Found")


class Playground:
    """A Slack on this machine, for newcomers and for tests.

    Open it with `async with`; port 0 takes a free one. `clock` and `token` (n bytes of randomness as hexadecimal) are
    the only sources of time and chance; waiting is done by the event loop, `ack_within` seconds for an acknowledgement
    and `retry_delays` seconds before each further attempt. With `http_events_url` events go there, else over Socket
    Mode.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        suggestions: Sequence[str] = (),
        http_events_url: str | None = None,
        clock: Clock = time.time,
        token: Token = secrets.token_hex,
        rate_limits: bool = False,
        people: Sequence[Person] = PEOPLE,
        channels: Sequence[Channel] = CHANNELS,
        usergroups: Sequence[Usergroup] = USERGROUPS,
        scopes: Sequence[str] = SCOPES,
        events: Sequence[str] = EVENTS,
        ack_within: float = ACK_WITHIN,
        retry_delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        cast = Cast(tuple(people), tuple(channels), tuple(usergroups), scopes=tuple(scopes), events=tuple(events))
        self.http_events_url = http_events_url
        self._port = port
        self._suggestions = tuple(suggestions)
        self._clock, self._token = clock, token
        self._pulse = Pulse()
        self.workspace = Workspace(cast, clock=clock, token=token)
        self._shapes = Shapes(self.workspace)
        self._rooms = Rooms(self.workspace, frozenset(scopes))
        self._triggers = Triggers(clock, self.workspace.ids)
        self._faults = Faults()
        self._rates = Rates(clock) if rate_limits else None
        self._tokens = _tokens(token)
        self._page_token = token(24)
        self._socket_mode = SocketMode(cast.app_id, self.workspace.ids, self._connections_changed, clock)
        self._deliveries = Deliveries(self, ack_within, tuple(retry_delays), self._pulse.beat)
        self._events = Events(self.workspace, self._shapes, self._deliveries.send)
        self._stack = AsyncExitStack()
        self._http: HttpEvents | None = None
        self._api: WebApi | None = None
        self._interactions: Interactions | None = None

    # --- opening and closing ----------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        listening = _listen(self._port)
        self._port = listening.getsockname()[1]
        self._stack.callback(listening.close)
        session = await self._stack.enter_async_context(aiohttp.ClientSession())
        self._http = HttpEvents(session, lambda: self.http_events_url, self._tokens.signing_secret, self._clock)
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        self._stack.push_async_callback(runner.cleanup)
        await runner.setup()
        self._stack.push_async_callback(self._socket_mode.close)
        self._stack.push_async_callback(self._deliveries.close)
        await web.SockSite(runner, listening).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def _application(self) -> web.Application:
        doors = Doors(self._port, self._page_token)
        api = WebApi(
            self._handlers(), self._tokens, self._rooms, self._rates, self._token, self._pulse.beat, self._faults
        )
        interactions = Interactions(
            self.workspace,
            self._shapes,
            self._deliveries,
            self._triggers,
            f"{self.address}respond/",
        )
        page = Page(self.workspace, doors, self, self._suggestions, self.is_bot_online)
        self._api, self._interactions = api, interactions
        self._stack.callback(api.closing.set)
        self._stack.push_async_callback(page.close)
        self.workspace.watchers += [self._events.watch, page.watch, self._pulse.on_change]
        application = web.Application(middlewares=[doors.middleware()], client_max_size=LARGEST_BODY)
        application.on_response_prepare.append(doors.on_prepare)

        async def respond(request: web.Request) -> web.Response:
            return await responded(request, interactions.respond)

        application.add_routes(
            [
                web.get("/api/{method}", api.handle),
                web.post("/api/{method}", api.handle),
                web.get("/link", self._socket_mode.connect),
                web.post("/respond/{key}", respond),
                *page.routes(),
            ],
        )
        return application

    def _handlers(self) -> dict[str, Handler]:
        chat = Chat(self.workspace, self._rooms, self._shapes, f"{self.address}archives/")
        streams = Streams(self.workspace, self._rooms, self._shapes, {})
        reading = Reading(self.workspace, self._rooms, self._shapes, self.address)
        surfaces = Surfaces(self.workspace, self._rooms, self._triggers)
        return {
            "api.test": reading.api_test,
            "auth.test": reading.auth_test,
            "apps.connections.open": lambda _: {"url": self._socket_url()},
            "chat.postMessage": chat.post,
            "chat.postEphemeral": chat.post_ephemeral,
            "chat.update": chat.update,
            "chat.delete": chat.delete,
            "chat.getPermalink": chat.permalink,
            "chat.startStream": streams.start,
            "chat.appendStream": streams.append,
            "chat.stopStream": streams.stop,
            "conversations.replies": reading.replies,
            "conversations.history": reading.history,
            "conversations.info": reading.info,
            "conversations.members": reading.members,
            "conversations.open": reading.open,
            "users.info": reading.user,
            "users.list": reading.users,
            "usergroups.list": reading.usergroups,
            "usergroups.users.list": reading.usergroup_members,
            "reactions.add": chat.react,
            "reactions.remove": chat.unreact,
            "views.open": surfaces.open_view,
            "views.update": surfaces.update_view,
            "views.publish": surfaces.publish,
            "assistant.threads.setStatus": surfaces.set_status,
            "assistant.threads.setTitle": surfaces.set_title,
            "assistant.threads.setSuggestedPrompts": surfaces.suggest,
        }

    # --- where and who ----------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Where the playground listens."""
        return f"http://{HOST}:{self._port}/"

    @property
    def api_url(self) -> str:
        """The Web API's base address, for `SLACK_API_URL`."""
        return f"{self.address}api/"

    @property
    def page_url(self) -> str:
        """The page, with the token of this run."""
        return f"{self.address}?token={self._page_token}"

    @property
    def bot_token(self) -> str:
        """The bot's token."""
        return self._tokens.bot

    @property
    def app_token(self) -> str:
        """The app-level token, for Socket Mode."""
        return self._tokens.app

    @property
    def signing_secret(self) -> str:
        """What signs events over HTTP."""
        return self._tokens.signing_secret

    @property
    def team_id(self) -> str:
        """The workspace."""
        return self.workspace.cast.team_id

    @property
    def bot_user_id(self) -> str:
        """The bot as a user, for mentions."""
        return self.workspace.cast.bot.id

    @property
    def bot_id(self) -> str:
        """The bot as an integration."""
        return self.workspace.cast.bot_id

    def id_of(self, name: str) -> str:
        """Slack's id of a person or a conversation, by the name that tests use."""
        try:
            return self.workspace.person(name).id
        except KeyError:
            return self.workspace.room(name).id

    def is_bot_online(self) -> bool:
        """Whether a bot is connected, or a request URL stands for one."""
        return bool(self.http_events_url or self._socket_mode.connections)

    @property
    def connections(self) -> int:
        """How many Socket Mode connections are open."""
        return len(self._socket_mode.connections)

    # --- people -----------------------------------------------------------------------------------------------------

    async def say(self, person: str, channel: str, text: str, *, thread_ts: str | None = None) -> str:
        """Write as a person; `<@bot>`, `@Footnote` and `<#general>` become real mentions. Returns the timestamp."""
        author, room = self._present(person, channel)
        try:
            root = self.workspace.thread_root(room, thread_ts)
        except Refusal as refusal:
            raise LookupError(refusal.code) from None
        composed = self.workspace.composer().compose(text)
        message = Message(
            room.id,
            self.workspace.timestamps.next(),
            author.id,
            author.name,
            composed.text,
            ({**composed.blocks[0], "block_id": self.workspace.ids.block()},),
            thread_ts=root.ts if root else None,
            client_msg_id=self.workspace.ids.unique(),
        )
        return self.workspace.post(message).ts

    async def edit(self, person: str, channel: str, ts: str, text: str) -> None:
        """Change a message of one's own."""
        message = self._own(person, channel, ts)
        composed = self.workspace.composer().compose(text)
        block = {**composed.blocks[0], "block_id": message.blocks[0]["block_id"]}
        edited = self.workspace.timestamps.next()
        self.workspace.change(message, text=composed.text, blocks=(block,), edited_ts=edited)

    async def delete(self, person: str, channel: str, ts: str) -> None:
        """Take back a message of one's own."""
        self.workspace.remove(self._own(person, channel, ts))

    async def join(self, person: str, channel: str) -> None:
        """Come into a conversation; also for the bot."""
        room, who = self.workspace.room(channel), self.workspace.person(person)
        self.workspace.add_member(room, who)
        self._events.joined(room, who)

    async def leave(self, person: str, channel: str) -> None:
        """Leave a conversation; also for the bot."""
        room, who = self.workspace.room(channel), self.workspace.person(person)
        self.workspace.remove_member(room, who)
        self._events.left(room, who)

    async def click(
        self,
        person: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        value: str | None = None,
    ) -> None:
        """Press a button; `value` picks an option of a menu, or a side of the feedback buttons."""
        who, room = self._present(person, channel)
        message = room.messages.get(ts) or room.ephemeral.get(ts)
        if message is None:
            raise LookupError("that message is gone")
        await self._clicks().click(who, message, action_id, value=value)

    async def click_in_view(self, view_id: str, action_id: str, *, value: str | None = None) -> None:
        """Press a button of a modal or the Home tab."""
        await self._clicks().click_in_view(self._view(view_id), action_id, value=value)

    async def submit(self, view_id: str, values: dict[str, str]) -> None:
        """Send a form, its entries by `action_id`."""
        await self._clicks().submit(self._view(view_id), values)

    async def dismiss(self, view_id: str) -> None:
        """Close a form."""
        await self._clicks().dismiss(self._view(view_id))

    def open_home(self, person: str, tab: str = "home") -> None:
        """Open the bot's Home tab, or its Messages tab."""
        self._events.home_opened(self.workspace.person(person), "home" if tab == "home" else "messages")

    def _present(self, person: str, channel: str) -> tuple[Person, Room]:
        who, room = self.workspace.person(person), self.workspace.room(channel)
        if who.id not in room.members:
            raise PermissionError(f"{who.name} is not in {room.channel.name}")
        return who, room

    def _own(self, person: str, channel: str, ts: str) -> Message:
        who, room = self._present(person, channel)
        message = room.messages.get(ts)
        if message is None or message.user != who.id:
            raise LookupError("that message is gone, or somebody else's")
        return message

    def _view(self, view_id: str) -> View:
        homes = {view.id: view for view in self.workspace.homes.values()}
        found = self.workspace.modals.get(view_id) or homes.get(view_id)
        if found is None:
            raise LookupError("that view is closed")
        return found

    def _clicks(self) -> Interactions:
        if self._interactions is None:
            raise RuntimeError("open the playground first: async with Playground() as slack")
        return self._interactions

    # --- what is there to see ---------------------------------------------------------------------------------------

    def messages(self, channel: str) -> list[Message]:
        """What stands in a conversation itself, oldest first, lines for one person only among them."""
        room = self.workspace.room(channel)
        alone = [message for message in room.ephemeral.values() if message.thread_ts is None]
        return sorted((*room.roots(), *alone), key=_by_time)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """A thread from its root on, lines for one person only among them."""
        room = self.workspace.room(channel)
        root = room.messages.get(ts)
        alone = [message for message in room.ephemeral.values() if message.thread_ts == ts]
        return sorted((*([root] if root else []), *room.replies(ts), *alone), key=_by_time)

    def status(self, channel: str, ts: str) -> str | None:
        """The bot's "is thinking" line in a thread, while it shows."""
        status = self.workspace.status(self.workspace.room(channel).id, ts)
        return status.text if status else None

    def modal(self, person: str) -> View | None:
        """The modal that somebody has open."""
        owner = self.workspace.person(person).id
        return next((view for view in self.workspace.modals.values() if view.owner == owner), None)

    def home(self, person: str) -> View | None:
        """Somebody's Home tab, once the bot has published one."""
        return self.workspace.homes.get(self.workspace.person(person).id)

    @property
    def calls(self) -> list[Call]:
        """Every Web API call, in order of arrival."""
        return self._api.calls if self._api else []

    @property
    def deliveries(self) -> list[Delivery]:
        """Every event and click sent to the bot, and what became of it."""
        return self._deliveries.log

    async def wait_until(self, predicate: Callable[[], Found], *, timeout: float = 10.0) -> Found:  # noqa: ASYNC109  # a limit, not a wait
        """The first true value of `predicate`, asked again after everything that happens here.

        Raises `TimeoutError` after `timeout` seconds, with the last calls.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate()):
                    await self._pulse.next()
                return found
        except TimeoutError:
            raise TimeoutError(f"it never came true; the last calls were {self.calls[-5:]}") from None

    # --- faults -----------------------------------------------------------------------------------------------------

    def fail(
        self,
        method: str,
        error: str = "ratelimited",
        *,
        times: int = 1,
        retry_after: int | None = None,
        status: int | None = None,
    ) -> None:
        """Refuse the next calls of a method: a rate limit is a 429, `status` 500 or 503 a broken server."""
        limited = error == "ratelimited"
        refusal = Refusal(
            error,
            status=status or (429 if limited else 200),
            retry_after=retry_after if retry_after is not None else (1 if limited else None),
        )
        self._faults.order(method, Fault("refuse", times, refusal))

    def cut(self, method: str, *, times: int = 1, accept: bool = True) -> None:
        """Drop the connection of the next calls, after carrying them out unless `accept` is False."""
        kind: FaultKind = "cut_after" if accept else "cut_before"
        self._faults.order(method, Fault(kind, times))

    def hang(self, method: str, *, times: int = 1) -> None:
        """Carry out the next calls and never answer them."""
        self._faults.order(method, Fault("hang", times))

    async def disconnect(self, reason: DisconnectReason = "refresh_requested") -> None:
        """Ask every Socket Mode connection to go, as Slack does every few hours."""
        await self._socket_mode.disconnect(reason)

    def drop_connections(self) -> None:
        """Cut every Socket Mode connection without a word."""
        self._socket_mode.cut()

    # --- the way to the bot -----------------------------------------------------------------------------------------

    async def deliver(self, attempt: Attempt, *, within: float) -> Json | None:
        """One attempt, over whichever way to the bot is set up."""
        if self.http_events_url and self._http:
            return await self._http.deliver(attempt, within=within)
        return await self._socket_mode.deliver(attempt, within=within)

    def redeliver(self, delivery: Delivery) -> None:
        """Send the very same event once more, as Slack now and then does."""
        self._deliveries.send(delivery.payload)

    async def verify_url(self) -> bool:
        """Whether the request URL answers Slack's handshake."""
        return bool(self._http and await self._http.verify(self._token(16), within=self._deliveries.ack_within))

    def sign(self, body: str, *, timestamp: int | None = None) -> dict[str, str]:
        """The headers that make `body` a request from Slack."""
        return signed(self.signing_secret, int(self._clock()) if timestamp is None else timestamp, body)

    def _socket_url(self) -> str:
        return f"ws://{HOST}:{self._port}/link?ticket={self._socket_mode.ticket()}&app_id={self.workspace.cast.app_id}"

    def _connections_changed(self) -> None:
        self.workspace.announce(Change("bot"))


class Pulse:
    """Beats whenever anything happens."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def beat(self) -> None:
        """Wake everybody who waits."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def on_change(self, change: Change) -> None:
        """Beat for a change in the workspace."""
        del change
        self.beat()

    async def next(self) -> None:
        """Wait for the next beat."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future


def _by_time(message: Message) -> float:
    return float(message.ts)


def _tokens(token: Token) -> Tokens:
    digits = f"{int(token(5), 16):013d}"
    return Tokens(
        bot=f"xoxb-{digits}-{digits[::-1]}-{token(12)}",
        app=f"xapp-1-A07FOOTNOTE-{digits}-{token(32)}",
        signing_secret=token(16),
    )


def _listen(port: int) -> socket.socket:
    """A socket on loopback; raises `OSError` when the port is taken."""
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
    except OSError:
        listening.close()
        raise
    return listening
