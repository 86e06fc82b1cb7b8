"""What the stand-ins for vendors share: HTTP on loopback, what they were asked, and failing as they are told."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Self

from aiohttp import web

Body = Mapping[str, Any]

BEHAVIOURS: Final = frozenset(
    "behave_well echo script refuse hang cut end_silently finish malform fib slow".split()  # noqa: SIM905
)
"""The methods of every stand-in that may be called over HTTP."""


class Refused(Exception):
    """A status and the sentence beside it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def unless(held: bool, status: int, message: str) -> None:  # noqa: FBT001  (reads as a sentence)
    """Raise `Refused` unless a rule is held."""
    if not held:
        raise Refused(status, message)


def option(body: Body, name: str) -> Mapping[str, Any]:
    """A part of a body that may be missing."""
    value: Mapping[str, Any] | None = body.get(name)
    return value or {}


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked: the path, the body, and the headers by their names in lower case."""

    path: str
    body: Body
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at the calls whose path ends with `on`, `times` times (None: each time).

    In a stream of events it goes wrong in place of event number `at`. `code` is the vendor's own word, if it has any.
    """

    kind: str
    on: str = ""
    times: int | None = None
    at: int = 0
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    words: str = "told to"
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds before vectors, before rankings, before the first event of a stream, and between its events."""

    embed: float = 0.0
    rerank: float = 0.0
    first_token: float = 0.0
    between: float = 0.0


class StandIn(ABC):
    """The API at `url`. `key` None takes any caller; another one is demanded of each.

    A stand-in says what it answers (`answered`, `events`), what it refuses (`checked`), and how both look on the wire.
    """

    below: ClassVar[str] = ""
    """What the address that clients are given ends in."""
    last: ClassVar[str] = ""
    """What is sent after all events."""
    chat_path: ClassVar[str]
    behaviours: ClassVar[frozenset[str]] = BEHAVIOURS

    def __init__(self, *, key: str | None = None, delays: Delays | None = None) -> None:
        self.key = key
        self.url = ""
        self.calls: list[Call] = []
        self.left = 0
        """Streams that the caller left before their end."""
        self.delays = delays or Delays()
        self.behave_well()

    # --- how it behaves ---------------------------------------------------------------------------------------------

    def behave_well(self) -> None:
        """Answer as it does at first: from what it is sent, without a fault."""
        self._faults: list[Fault] = []
        self._echoes = False
        self._lie: Any = None

    def echo(self) -> None:
        """Chat answers with what it received."""
        self._echoes = True

    def refuse(
        self,
        status: int,
        *,
        on: str = "",
        times: int | None = None,
        headers: Mapping[str, str] | None = None,
        words: str = "told to",
        code: str | None = None,
    ) -> None:
        """Reply with this status, and `words` as its message."""
        self._faults.append(Fault("refuse", on, times, status=status, headers=headers or {}, words=words, code=code))

    def hang(self, *, on: str = "", at: int = 0, times: int | None = None) -> None:
        """Never go on: without a reply, or in a stream from event `at` on."""
        self._faults.append(Fault("hang", on, times, at))

    def cut(self, *, on: str = "", at: int = 0, times: int | None = None) -> None:
        """Break the connection: without a reply, or in a stream in place of event `at`."""
        self._faults.append(Fault("cut", on, times, at))

    def end_silently(self, *, at: int, times: int | None = None) -> None:
        """End a stream in good order in place of event `at`."""
        self._faults.append(Fault("end", self.chat_path, times, at))

    def malform(
        self, *, on: str | None = None, at: int = 0, words: str = "{not json", times: int | None = None
    ) -> None:
        """Send `words` in place of event `at`, or of a whole reply; at chat unless told otherwise."""
        self._faults.append(Fault("malform", self.chat_path if on is None else on, times, at, words=words))

    def fib(self, reply: Any) -> None:
        """Reply to everything but a stream with this JSON."""
        self._lie = reply

    def slow(self, **delays: float) -> None:
        """Wait before replies as `Delays` says."""
        self.delays = replace(self.delays, **delays)

    def bodies(self, path: str) -> list[Body]:
        """What was sent to the paths that end so, in order."""
        return [call.body for call in self.calls if call.path.endswith(path)]

    # --- what each API does in its own way --------------------------------------------------------------------------

    @abstractmethod
    def checked(self, body: Body) -> None:
        """Raise `Refused` for a call to chat that the API does not take."""

    @abstractmethod
    async def answered(self, path: str, body: Body) -> Any:
        """The reply to a call, as JSON. Raises `Refused`."""

    @abstractmethod
    def events(self, body: Body) -> Iterable[Mapping[str, Any]]:
        """The events of a chat with a stream."""

    @abstractmethod
    def framed(self, event: Mapping[str, Any]) -> str:
        """An event as it is sent."""

    @abstractmethod
    def complaint(self, message: str, *, code: str | None = None) -> Mapping[str, Any]:
        """What is sent beside the status of a refusal."""

    @abstractmethod
    def stranger(self, given: str | None) -> str:
        """What somebody is told who comes with this for a key."""

    # --- HTTP -------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self, *, port: int = 0) -> AsyncGenerator[Self]:
        """The API answering at `url`, on a free port unless one is named."""
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/_stand-in/{what}", self._told)
        app.router.add_route("*", "/{path:.*}", self._asked)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}{self.below}"
            yield self
        finally:
            await runner.cleanup()

    async def _told(self, request: web.Request) -> web.Response:
        if request.match_info["what"] == "calls":
            return web.json_response(Counter(call.path for call in self.calls))
        told = await request.json()
        if told["method"] not in self.behaviours:
            raise web.HTTPNotFound
        getattr(self, told["method"])(**told.get("arguments", {}))
        return web.json_response({})

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        try:
            body: Body = json.loads(text) if text else {}
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.calls.append(Call(request.path, body, headers))
            self._admit(headers.get("authorization"))
            fault = self._fault(request.path)
            if request.path == self.chat_path:
                self.checked(body)
                if body.get("stream") and (fault is None or fault.kind != "refuse"):
                    return await self._streamed(request, body, fault)
            if fault is not None:
                return await self._failed(request, fault)
            reply = await self.answered(request.path, body)
            return web.json_response(reply if self._lie is None else self._lie)
        except Refused as refused:
            return web.json_response(self.complaint(refused.message), status=refused.status)
        except json.JSONDecodeError:
            return web.json_response(self.complaint("the body is not valid JSON"), status=400)

    def _admit(self, given: str | None) -> None:
        if self.key is not None and given != f"Bearer {self.key}":
            raise Refused(401, self.stranger(given))

    def _fault(self, path: str) -> Fault | None:
        for place, fault in enumerate(self._faults):
            if path.endswith(fault.on):
                if fault.times is not None:
                    self._faults[place : place + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                return fault
        return None

    async def _failed(self, request: web.Request, fault: Fault) -> web.Response:
        if fault.kind == "malform":
            return web.Response(text=fault.words, content_type="application/json")
        await _broken(request, fault)
        body = self.complaint(fault.words, code=fault.code)
        return web.json_response(body, status=fault.status, headers=fault.headers)

    async def _streamed(self, request: web.Request, body: Body, fault: Fault | None) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await asyncio.sleep(self.delays.first_token)
        await reply.prepare(request)
        try:
            for number, event in enumerate(self.events(body)):
                if fault is None or fault.at != number:
                    await reply.write(self.framed(event).encode())
                    await asyncio.sleep(self.delays.between)
                elif fault.kind == "malform":
                    await reply.write(f"data: {fault.words}\n\n".encode())
                else:
                    await _broken(request, fault)
                    return reply
            await reply.write(self.last.encode())
            await reply.write_eof()
        except (asyncio.CancelledError, ConnectionError):
            self.left += 1
            raise
        return reply


async def _broken(request: web.Request, fault: Fault) -> None:
    """Whatever such a fault does to the connection."""
    if fault.kind == "hang":
        await asyncio.Event().wait()
    if fault.kind == "cut" and request.transport is not None:
        request.transport.abort()


def run(make: Callable[[Delays], StandIn], *, about: str | None) -> None:
    """Serve until SIGINT or SIGTERM; the command line says on which port, and how slowly."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--port", type=int, default=0)
    names = ("embed", "rerank", "first_token", "between")
    for name in names:
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(_serve(make(Delays(**{name: getattr(given, name) for name in names})), given.port))


async def _serve(stand_in: StandIn, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with stand_in.running(port=port):
        print(stand_in.url, flush=True)  # noqa: T201  (whoever starts it reads where it is)
        await stop.wait()
