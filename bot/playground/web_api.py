"""The Web API's front: tokens, scopes, limits, faults, and a record of every call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import cast

from aiohttp import web

from bot.playground.arguments import Arguments, read
from bot.playground.faults import Fault, Faults
from bot.playground.methods import METHODS, Method
from bot.playground.rates import Rates
from bot.playground.refusals import Refusal
from bot.playground.rooms import Rooms
from bot.playground.wire import Json

Handler = Callable[[Arguments], Json]
RESPONSE_URL = "response_url"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
PAGE = (
    "<!doctype html><title>Service Unavailable</title><h1>The server is temporarily unable to service your request</h1>"
)
NOT_CARRIED_OUT = ("cut_before", "page")


@dataclass(slots=True)
class Call:
    """One call as it arrived, and its answer: None when the connection was cut or left hanging.

    `at` is when it came, by the playground's clock; `retry_after` the seconds that a 429 asked to wait.
    """

    method: str
    arguments: Json
    answer: Json | None = None
    status: int = 0
    at: float = 0.0
    retry_after: int | None = None

    @property
    def ok(self) -> bool:
        """Whether Slack said yes, and the caller could hear it."""
        return bool(self.answer and self.answer.get("ok"))


def too_early(calls: Sequence[Call]) -> list[Call]:
    """The calls that came before a `Retry-After` was over: of that method, for messages in that channel."""
    until: dict[tuple[str, str], float] = {}
    early: list[Call] = []
    for call in calls:
        key = (call.method, str(call.arguments.get("channel")) if call.method == "chat.postMessage" else "")
        if call.at < until.get(key, 0.0):
            early.append(call)
        if call.retry_after is not None:
            until[key] = max(until.get(key, 0.0), call.at + call.retry_after)
    return early


@dataclass(frozen=True, slots=True)
class Tokens:
    """The secrets of one run."""

    bot: str
    app: str
    signing_secret: str


@dataclass(frozen=True, slots=True)
class WebApi:
    """Answers `/api/<method>`."""

    handlers: Mapping[str, Handler]
    tokens: Tokens
    rooms: Rooms
    rates: Rates | None
    changed: Callable[[], None]
    faults: Faults = field(default_factory=Faults)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list[Call] = field(default_factory=list[Call])
    responses: list[Call] = field(default_factory=list[Call])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        name = request.match_info["method"]
        given, token = await _given(request, METHODS.get(name))
        call = Call(name, given, at=self.rooms.workspace.clock())
        self.calls.append(call)
        fault = self.faults.take(name)
        answer, status, headers = self._answer(call, token, fault)
        if fault is not None and fault.kind == "page":
            return self._page(call, fault)
        if fault is not None and fault.kind != "refuse":
            return await self._silence(request, fault)
        call.answer, call.status = answer, status
        self.changed()
        return web.json_response(answer, status=status, headers=headers)

    async def handle_response(self, request: web.Request, respond: Callable[[str, Json], None]) -> web.StreamResponse:
        """A POST to a response URL; faults are ordered for it as for a method called `response_url`."""
        call = Call(RESPONSE_URL, await _json_body(request), at=self.rooms.workspace.clock())
        self.responses.append(call)
        fault = self.faults.take(RESPONSE_URL)
        headers: dict[str, str] = {}
        try:
            if fault is not None and fault.kind == "page":
                return self._page(call, fault)
            if fault is not None and fault.refusal is not None:
                raise fault.refusal
            if fault is None or fault.kind not in NOT_CARRIED_OUT:
                respond(request.match_info["key"], call.arguments)
            call.answer, call.status = {"ok": True}, 200
        except Refusal as refusal:
            call.answer, call.status = refusal.answer(), max(refusal.status, web.HTTPBadRequest.status_code)
            call.retry_after = refusal.retry_after
            headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
        if fault is not None and fault.kind != "refuse":
            call.answer, call.status = None, 0
            return await self._silence(request, fault)
        self.changed()
        words = "ok" if call.ok else json.dumps(call.answer)
        return web.Response(text=words, status=call.status, headers=headers)

    def _page(self, call: Call, fault: Fault) -> web.StreamResponse:
        """What stands between us and Slack says that Slack cannot be reached."""
        call.status = fault.refusal.status if fault.refusal else web.HTTPServiceUnavailable.status_code
        self.changed()
        return web.Response(text=PAGE, content_type="text/html", status=call.status)

    async def _silence(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        self.changed()
        if fault.kind == "hang":
            await self.closing.wait()
        if request.transport:
            request.transport.abort()
        return web.Response()

    def _answer(self, call: Call, token: str, fault: Fault | None) -> tuple[Json, int, dict[str, str]]:
        headers = {
            "Date": formatdate(self.rooms.workspace.clock(), usegmt=True),
            "x-slack-req-id": self.rooms.workspace.token(16),
            "x-oauth-scopes": ",".join(sorted(self.rooms.scopes)),
        }
        try:
            if fault is not None and fault.kind in NOT_CARRIED_OUT:
                return {}, 0, headers
            if fault is not None and fault.refusal is not None:
                raise fault.refusal
            return {"ok": True, **self._result(call, token)}, 200, headers
        except Refusal as refusal:
            if refusal.retry_after is not None:
                headers["Retry-After"] = str(refusal.retry_after)
                call.retry_after = refusal.retry_after
            return refusal.answer(), refusal.status, headers

    def _result(self, call: Call, token: str) -> Json:
        method, handler = METHODS.get(call.method), self.handlers.get(call.method)
        if method is None or handler is None:
            raise Refusal("unknown_method", req_method=call.method)
        self._authenticate(method, token)
        self._limit(call, method)
        self.rooms.need(*method.needs)
        return handler(read(method, call.arguments))

    def _authenticate(self, method: Method, token: str) -> None:
        if not token:
            raise Refusal("not_authed")
        if token not in (self.tokens.bot, self.tokens.app):
            raise Refusal("invalid_auth")
        if token != (self.tokens.bot if method.caller == "bot" else self.tokens.app):
            raise Refusal("not_allowed_token_type")

    def _limit(self, call: Call, method: Method) -> None:
        if self.rates is None:
            return
        if method.per_minute:
            self.rates.spend(call.method, method.per_minute)
        if call.method == "chat.postMessage":
            self.rates.spend_post(str(call.arguments.get("channel")))


async def _given(request: web.Request, method: Method | None) -> tuple[Json, str]:
    """The arguments as they came, and the token: from the header or the body, never from the address."""
    given: Json = {name: value for name, value in request.query.items() if name != "token"}
    if request.content_type == "application/json":
        if method is None or method.takes_json:
            given |= await _json_body(request)
    elif request.content_type in FORMS:
        given |= dict(await request.post())
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    in_arguments = str(given.pop("token", ""))
    return given, token.strip() if scheme.lower() == "bearer" else in_arguments


async def _json_body(request: web.Request) -> Json:
    try:
        body: object = json.loads(await request.text() or "{}")
    except (ValueError, RecursionError):
        return {}
    return cast("Json", body) if isinstance(body, dict) else {}
