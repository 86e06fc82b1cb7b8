"""Socket Mode: connections that the bot opens to Slack, so many that one is alive while another is replaced."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse, ClientWSTimeout, WSMsgType
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Misconfigured, Refused, SlackUnavailable
from bot.kill_points import passing
from handlers.calls import Calls
from handlers.connection import Connection, Envelope, Frame, farewell, parsed
from handlers.tokens import APP_TOKEN

CONNECTIONS = 2
"""Connections of one process; Slack lets an app have ten in all."""
MOST_AT_A_TIME = 64
"""Envelopes that are handled at the same time."""
MOST_WAITING = 1000
"""Envelopes that are handled or wait for it; what is more is not taken, and Slack delivers it again."""
TOO_MANY, DISABLED = "too_many_websockets", "link_disabled"
TURN_ON = "Socket Mode is turned off for this app; turn it on in the app's settings, or serve with --http"
NEW_TOKEN = f"Slack lets nobody connect with SLACK_APP_TOKEN; set it to {APP_TOKEN.found}"


class Intake(Protocol):
    """Where envelopes go."""

    async def dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        """What Slack is to be told; a server's failure means that the envelope is not stored."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """All in seconds. So dimensioned that bot and Slack find each other within 15 s after a network returns."""

    heartbeat: float = 6.0
    """Silence after which Slack is asked for a sign of life; half as long again, and the connection counts as dead."""
    open_within: float = 6.0
    """For one attempt: a ticket, the connection, and Slack's hello."""
    first_pause: float = 0.25
    longest_pause: float = 4.0
    """Between attempts: doubled each time, and up to half of it left to chance."""
    turned_away: float = 60.0
    """Before another attempt when only a person can help, or when Slack has enough connections of ours."""
    apart: float = 1800.0
    """Connections of about one age would be recycled together: the younger is replaced at this age."""
    finish: float = 3.0
    """For what is under way when the bot stops, or a connection goes."""
    goodbye: float = 1.0
    """For Slack's answer to a goodbye."""


class NotOpened(Exception):
    """An attempt failed for `reason`; another is worth it after `wait` seconds, if that is known."""

    def __init__(self, reason: str, *, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


@asynccontextmanager
async def run_socket_mode(
    intake: Intake,
    *,
    client: AsyncWebClient,
    app_token: str,
    connections: int = CONNECTIONS,
    timing: Timing | None = None,
) -> AsyncGenerator["Sockets"]:
    """Connected to Slack from the inside while the block runs, and again whenever a connection is lost.

    Begins once the first connection is alive, however long Slack cannot be reached; raises `Misconfigured` when it does
    not let this app connect. At the end takes no more envelopes, acknowledges those under way, and says goodbye.
    """
    async with ClientSession(timeout=ClientTimeout(total=None)) as session:
        sockets = Sockets(intake, client, session, app_token, connections, timing or Timing())
        try:
            await sockets.start()
            yield sockets
        finally:
            await sockets.close()


@dataclass(eq=False, slots=True)
class Sockets:
    """A number of places, each with one connection that gets a successor whenever it has to go.

    What is handled is not held up by what came before it, but begins in the order of arrival. An acknowledgement goes
    over the connection that the envelope came by; where that is lost Slack delivers again, and the queue makes one of
    the two.
    """

    intake: Intake
    client: AsyncWebClient
    session: ClientSession
    app_token: str = field(repr=False)
    number: int = CONNECTIONS
    timing: Timing = field(default_factory=Timing)
    chance: Callable[[], float] = random.random
    _places: dict[int, Connection] = field(default_factory=dict[int, Connection])
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_A_TIME))
    _keepers: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _partings: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _under_way: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _first: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _closing: bool = False

    def alive(self) -> int:
        """How many connections are open, those that are about to be replaced included."""
        return sum(connection.alive for connection in self._places.values())

    async def start(self) -> None:
        """Return once one connection is alive; the others follow. Raises `Misconfigured`."""
        self._keep_from_now(0)
        await self._first
        for place in range(1, self.number):
            self._keep_from_now(place)

    async def close(self) -> None:
        """Take nothing more, give what is under way its time, and close every connection."""
        self._closing = True
        for keeper in tuple(self._keepers):
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for connection in self._places.values():
            self._let_go(connection)
        if self._partings:
            await asyncio.wait(self._partings, timeout=self.timing.finish + 2 * self.timing.goodbye)
        left = (*self._under_way, *self._partings)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    # --- keeping connections ----------------------------------------------------------------------------------------

    def _keep_from_now(self, place: int) -> None:
        """Keep a connection in a place, and do so again if that ever fails: a deaf bot looks like a healthy one."""

        def again(keeper: asyncio.Task[None]) -> None:
            if not keeper.cancelled() and not self._closing:
                asyncio.get_running_loop().call_later(self.timing.longest_pause, self._keep_from_now, place)

        if not self._closing:
            self._run(self._keepers, self._keep(place)).add_done_callback(again)

    async def _keep(self, place: int) -> None:
        """For ever: open a connection, wait until it has to go, and let it go once there is another."""
        tries = 0
        while True:
            try:
                connection = await self._open()
            except NotOpened as failure:
                tries += 1
                await asyncio.sleep(self._not_opened(place, failure, tries))
                continue
            self._arrived(place, connection)
            reason = await self._has_to_go(place, connection)
            lived = _now() - connection.born
            structlog.get_logger().info("socket_going", place=place, reason=reason, seconds=round(lived, 1))
            tries = 0 if lived >= self.timing.longest_pause else tries + 1
            await asyncio.sleep(max(self._pause(tries), self._going(place, reason)))

    def _arrived(self, place: int, connection: Connection) -> None:
        before = self._places.get(place)
        self._places[place] = connection
        structlog.get_logger().info("socket_opened", place=place, alive=self.alive())
        if before is not None:
            self._let_go(before)
        if not self._first.done():
            self._first.set_result(None)

    async def _has_to_go(self, place: int, connection: Connection) -> str:
        """Why, as soon as that is so: because Slack says it, because it is lost, or to grow apart from another."""
        ages = [connection.born - other.born for at, other in self._places.items() if at != place]
        twin = any(age < self.timing.apart / 2 for age in ages)
        await asyncio.wait([connection.leaving], timeout=self.timing.apart if twin else None)
        return connection.leaving.result() if connection.leaving.done() else "too_much_alike"

    def _going(self, place: int, reason: str) -> float:
        """Seconds to wait before the next attempt; where Slack wants fewer connections, this one goes before it."""
        if reason in (TOO_MANY, DISABLED):
            self._let_go(self._places.pop(place))
        return self._turned_away(reason)

    def _not_opened(self, place: int, failure: NotOpened, tries: int) -> float:
        """Seconds to wait before the next attempt. One that is to be replaced makes room, where there was none."""
        before = self._places.get(place)
        if failure.reason == TOO_MANY and before is not None and before.leaving.done():
            self._let_go(self._places.pop(place))
            wait = self._pause(tries)
        else:
            wait = max(failure.wait, self._pause(tries), self._turned_away(failure.reason))
        log = structlog.get_logger()
        log.warning("socket_not_opened", place=place, reason=failure.reason, tries=tries, wait=round(wait, 2))
        return wait

    def _turned_away(self, reason: str) -> float:
        """Seconds for which Slack need not be asked again; none, where this was the only connection."""
        if reason == DISABLED:
            self._refused(reason, TURN_ON)
            return self.timing.turned_away
        return self.timing.turned_away if reason == TOO_MANY and self.alive() else 0.0

    def _pause(self, tries: int) -> float:
        if not tries:
            return 0.0
        longest = min(self.timing.longest_pause, self.timing.first_pause * 2 ** min(tries - 1, 16))
        return longest * (1 + self.chance()) / 2

    def _let_go(self, connection: Connection) -> None:
        """Close it in the background, when what came over it is acknowledged."""
        self._run(self._partings, connection.close(within=self.timing.finish))

    # --- opening one ------------------------------------------------------------------------------------------------

    async def _open(self) -> Connection:
        """A connection over which Slack has said hello. Raises `NotOpened`, or `Misconfigured` to whoever starts."""
        try:
            async with asyncio.timeout(self.timing.open_within), AsyncExitStack() as undone:
                socket = await self._connected()
                undone.push_async_callback(socket.close)
                await _greeted(socket)
                undone.pop_all()
        except (ClientError, OSError, TimeoutError) as error:  # their words hold the address, which is a secret
            raise NotOpened(type(error).__name__) from None
        connection = Connection(socket, self._take, born=_now())
        connection.read()
        return connection

    async def _connected(self) -> ClientWebSocketResponse:
        return await self.session.ws_connect(
            await self._address(),
            heartbeat=self.timing.heartbeat,
            timeout=ClientWSTimeout(ws_close=self.timing.goodbye),  # pyright: ignore[reportCallIssue]  (its way of attrs)
            proxy=self.client.proxy,
            ssl=self.client.ssl or True,
        )

    async def _address(self) -> str:
        """Where to connect, once and soon: an address is never used again."""
        try:
            said = await Calls(self.client, patience=0.0)(
                "apps.connections.open", repeatable=True, app_token=self.app_token
            )
        except SlackUnavailable as error:
            raise NotOpened("no_address", wait=error.retry_after or 0.0) from None
        except Refused as error:
            self._refused(error.code, NEW_TOKEN)
            raise NotOpened(error.code, wait=self.timing.turned_away) from None
        return str(said["url"])

    def _refused(self, code: str, remedy: str) -> None:
        """Tell whoever starts the bot, or, when that is long past, whoever reads its log."""
        if self._first.done():
            structlog.get_logger().error("socket_refused", reason=code, remedy=remedy)
        else:
            self._first.set_exception(Misconfigured(f"{remedy} (Slack says {code})"))

    # --- handling what arrives --------------------------------------------------------------------------------------

    def _take(self, connection: Connection, envelope: Envelope) -> None:
        if self._closing:
            return
        passing("verified")
        if len(self._under_way) >= MOST_WAITING:
            structlog.get_logger().warning("envelope_not_taken", waiting=len(self._under_way))
            return
        task = self._run(self._under_way, self._handle(connection, envelope))
        connection.under_way.add(task)
        task.add_done_callback(connection.under_way.discard)

    async def _handle(self, connection: Connection, envelope: Envelope) -> None:
        async with self._room:
            response = await self.intake.dispatch(envelope.request)
        if response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            await connection.acknowledge(envelope, response)

    def _run(self, tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something in the background; if it fails, say so in ids and kinds."""
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(_failed)
        return task


async def _greeted(socket: ClientWebSocketResponse) -> None:
    """Return when Slack has said hello. Raises `NotOpened` with what it says instead."""
    said = await socket.receive()
    frame: Frame = parsed(said.data) if said.type is WSMsgType.TEXT else {}
    if frame.get("type") != "hello":
        raise NotOpened(farewell(frame) if frame.get("type") == "disconnect" else "no_hello")


def _failed(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        structlog.get_logger().error("socket_task_failed", error=type(error).__name__)


def _now() -> float:
    return asyncio.get_running_loop().time()
