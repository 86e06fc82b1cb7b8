"""The playground itself: a Slack on loopback that opens, is talked to from both sides, and closes."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from aiohttp import web

from bot.playground.answers import answers
from bot.playground.cast import (
    CHANNELS,
    COMMANDS,
    EVENTS,
    PEOPLE,
    SCOPES,
    SHORTCUTS,
    USERGROUPS,
    Cast,
    Channel,
    Person,
    Shortcut,
    Usergroup,
)
from bot.playground.deeds import Deeds
from bot.playground.delivery import ACK_WITHIN, RETRY_DELAYS, Attempt, Deliveries, Delivery
from bot.playground.doors import LARGEST_BODY, Doors
from bot.playground.events import Events
from bot.playground.faults import Fault, FaultKind
from bot.playground.http_events import HttpEvents, signed
from bot.playground.interactions import Interactions
from bot.playground.invocations import Invocations
from bot.playground.page import Page
from bot.playground.place import HOST, Place
from bot.playground.pulse import Pulse
from bot.playground.rates import Rates
from bot.playground.refusals import Refusal
from bot.playground.response_urls import ResponseUrls
from bot.playground.robots import Robots
from bot.playground.rooms import Rooms
from bot.playground.shapes import Shapes
from bot.playground.sights import Sights
from bot.playground.socket_mode import MOST_CONNECTIONS, DisconnectReason, SocketMode
from bot.playground.triggers import Triggers
from bot.playground.web_api import Call, Tokens, WebApi, too_early
from bot.playground.wire import Clock, Json, Token
from bot.playground.workspace import Change, Workspace

Found = TypeVar("Found")
OK, TOO_MANY = 200, 429


class Playground(Deeds, Robots, Sights):
    """A Slack on this machine, for newcomers and for tests.

    Open it with `async with`; port 0 takes a free one. `clock` and `token` (n bytes of randomness as hexadecimal) are
    the only sources of time and chance; waiting is done by the event loop, `ack_within` seconds for an acknowledgement
    and `retry_delays` seconds before each further attempt. With `http_events_url`, which may also be set later, events
    go there, else over Socket Mode, of which an app has `most_connections`.
    """

    _http: HttpEvents | None = None

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
        commands: Sequence[str] = COMMANDS,
        shortcuts: Sequence[Shortcut] = SHORTCUTS,
        ack_within: float = ACK_WITHIN,
        retry_delays: Sequence[float] = RETRY_DELAYS,
        most_connections: int = MOST_CONNECTIONS,
    ) -> None:
        cast = Cast(people, channels, usergroups, scopes=scopes, events=events, commands=commands, shortcuts=shortcuts)
        workspace = Workspace(cast, clock=clock, token=token)
        self.http_events_url = http_events_url
        self._place, self._tokens, self._pulse, self._stack = Place(port), _tokens(token), Pulse(), AsyncExitStack()
        self._deliveries = Deliveries(self, ack_within, tuple(retry_delays), self._pulse.beat)
        shapes, triggers = Shapes(workspace), Triggers(clock, workspace.ids)
        self._response_urls = ResponseUrls(workspace, self._place)
        ways = (workspace, shapes, self._deliveries, triggers, self._response_urls)
        told = Events(workspace, shapes, self._deliveries.send), Interactions(*ways), Invocations(*ways)
        super().__init__(workspace, *told)
        self._socket_mode = SocketMode(cast.app_id, workspace.ids, self._connections_changed, clock, most_connections)
        self._api = self._web_api(shapes, triggers, Rates(clock) if rate_limits else None)
        self._doors = Doors(self._place, token(24))
        self._page = Page(workspace, self._doors, self, tuple(suggestions), self.is_bot_online)
        workspace.watchers += [self._events.watch, self._page.watch, self._pulse.on_change]

    def _web_api(self, shapes: Shapes, triggers: Triggers, rates: Rates | None) -> WebApi:
        rooms = Rooms(self.workspace, frozenset(self.workspace.cast.scopes))
        handlers = answers(rooms, shapes, triggers, place=self._place, socket_url=self._socket_url)
        return WebApi(handlers, self._tokens, rooms, rates, self._pulse.beat)

    # --- opening and closing ----------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        listening = self._place.listen()
        self._stack.callback(listening.close)
        session = await self._stack.enter_async_context(aiohttp.ClientSession())
        self._http = HttpEvents(session, lambda: self.http_events_url, self.signing_secret, self.workspace.clock)
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        self._stack.push_async_callback(runner.cleanup)
        await runner.setup()
        self._stack.callback(self._api.closing.set)
        self._stack.push_async_callback(self._page.close)
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
        application = web.Application(
            middlewares=[self._socket_mode.middleware(), self._doors.middleware()], client_max_size=LARGEST_BODY
        )
        application.on_response_prepare.append(self._doors.on_prepare)

        async def respond(request: web.Request) -> web.StreamResponse:
            return await self._api.handle_response(request, self._response_urls.respond)

        application.add_routes(
            [
                web.get("/api/{method}", self._api.handle),
                web.post("/api/{method}", self._api.handle),
                web.get("/link", self._socket_mode.connect),
                web.post("/respond/{key}", respond),
                *self._page.routes(),
            ],
        )
        return application

    # --- where and who ----------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Where the playground listens."""
        return self._place.url

    @property
    def api_url(self) -> str:
        """The Web API's base address, for `SLACK_API_URL`."""
        return f"{self.address}api/"

    @property
    def page_url(self) -> str:
        """The page, with the token of this run."""
        return f"{self.address}?token={self._doors.token}"

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

    def is_bot_online(self) -> bool:
        """Whether a bot is connected, or a request URL stands for one."""
        return bool(self.http_events_url or self._socket_mode.connections)

    @property
    def connections(self) -> int:
        """How many Socket Mode connections are open."""
        return len(self._socket_mode.connections)

    # --- what the bot did -------------------------------------------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """Every Web API call, in order of arrival."""
        return self._api.calls

    @property
    def responses(self) -> list[Call]:
        """Every POST to a response URL, in order of arrival; `fail`, `cut` and `hang` know them as `response_url`."""
        return self._api.responses

    def too_early(self) -> list[Call]:
        """The calls that came before the `Retry-After` of an earlier one was over."""
        return too_early(self.calls)

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
            status=status or (TOO_MANY if limited else OK),
            retry_after=retry_after if retry_after is not None else (1 if limited else None),
        )
        self._api.faults.order(method, Fault("refuse", times, refusal))

    def misdirect(self, method: str, *, times: int = 1, status: int = 503) -> None:
        """Answer the next calls of a method with an HTML page, as a proxy does that cannot reach Slack."""
        self._api.faults.order(method, Fault("page", times, Refusal("page", status=status)))

    def cut(self, method: str, *, times: int = 1, accept: bool = True) -> None:
        """Drop the connection of the next calls, after carrying them out unless `accept` is False."""
        kind: FaultKind = "cut_after" if accept else "cut_before"
        self._api.faults.order(method, Fault(kind, times))

    def hang(self, method: str, *, times: int = 1) -> None:
        """Carry out the next calls and never answer them."""
        self._api.faults.order(method, Fault("hang", times))

    async def disconnect(self, reason: DisconnectReason = "refresh_requested") -> None:
        """Ask every Socket Mode connection to go, as Slack does every few hours."""
        await self._socket_mode.disconnect(reason)

    def drop_connections(self) -> None:
        """Cut every Socket Mode connection without a word."""
        self._socket_mode.cut()

    def freeze_connections(self) -> None:
        """Let every Socket Mode connection of now be half open: nothing comes through, and nobody closes it."""
        self._socket_mode.freeze()

    def unplug(self) -> None:
        """The network to Slack is gone: connections freeze, and every call is cut."""
        self._socket_mode.unplug()

    def plug_in(self) -> None:
        """The network is back, without the connections of before."""
        self._socket_mode.plug_in()

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
        challenge = self.workspace.token(16)
        return bool(self._http and await self._http.verify(challenge, within=self._deliveries.ack_within))

    def sign(self, body: str, *, timestamp: int | None = None) -> dict[str, str]:
        """The headers that make `body` a request from Slack."""
        return signed(self.signing_secret, int(self.workspace.clock()) if timestamp is None else timestamp, body)

    def _socket_url(self) -> str:
        ticket = self._socket_mode.ticket()
        return f"ws://{HOST}:{self._place.port}/link?ticket={ticket}&app_id={self.workspace.cast.app_id}"

    def _connections_changed(self) -> None:
        self.workspace.announce(Change("bot"))


def _tokens(token: Token) -> Tokens:
    digits = f"{int(token(5), 16):013d}"
    return Tokens(
        bot=f"xoxb-{digits}-{digits[::-1]}-{token(12)}",
        app=f"xapp-1-A07FOOTNOTE-{digits}-{token(32)}",
        signing_secret=token(16),
    )
