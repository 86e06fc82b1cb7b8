"""Slack as it answers on the wire, headers and pages that are not Slack's included, on the way that the bot takes."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import urlsplit

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientError,
    ClientSession,
    ClientSSLError,
    WSMsgType,
    WSServerHandshakeError,
)

from bot.doctor.findings import named
from bot.errors import SlackUnavailable
from handlers.calls import open_client

PATIENCE = 4.0
"""Seconds for one call: less than a check may take, so that the check can say what was wrong."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `data` is None where it is not Slack's; `scopes` and `date` where the headers say."""

    status: int
    data: Mapping[str, Any] | None
    scopes: frozenset[str] | None = None
    date: datetime | None = None

    @property
    def error(self) -> str:
        """Slack's code for a refusal, empty when it agreed."""
        return "" if self.at("ok") else str(self.at("error") or "no reason given")

    def at(self, *path: str) -> Any:
        """What stands at a place in the answer; None where there is nothing."""
        return at(self.data, *path)


@dataclass(frozen=True, slots=True)
class Wire:
    """Calls methods of the Web API without reading anything into the answers."""

    session: ClientSession
    address: str
    proxy: str | None = None
    answers: dict[str, Reply] = field(default_factory=dict[str, Reply])
    """The last answer to each method."""

    @property
    def host(self) -> str:
        """Whom it calls, and through whom; without a password that may stand in the address of a proxy."""
        through = f" (through the proxy {_host(self.proxy)})" if self.proxy else ""
        return f"{_host(self.address)}{through}"

    @property
    def met(self) -> Reply:
        """How it answered `auth.test`, the first call."""
        return self.answers["auth.test"]

    @property
    def invite(self) -> str:
        """What is typed in a channel to bring the bot in."""
        return f"/invite @{named(self.met.at('user'))}"

    async def ask(self, method: str, *, token: str, **arguments: str | int | bool) -> Reply:
        """What comes back for one call. Raises `SlackUnavailable`, naming the reason, when nothing does."""
        words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in arguments.items()}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with self.session.post(
                self.address + method, data=words, headers=headers, proxy=self.proxy, allow_redirects=False
            ) as said:
                reply = _reply(said.status, said.headers, await said.text(errors="replace"))
        except (ClientError, TimeoutError, OSError) as error:
            raise SlackUnavailable(reason(error)) from None
        self.answers[method] = reply
        return reply

    async def first_frame(self, address: str) -> Mapping[str, Any]:
        """The first thing that Slack says over a WebSocket, which is closed at once: what is delivered over it is lost.

        Empty when it closed without a word. Raises `SlackUnavailable` when it does not open.
        """
        try:
            async with self.session.ws_connect(address, proxy=self.proxy) as socket:
                frame = await socket.receive()
        except (ClientError, TimeoutError, OSError) as error:
            raise SlackUnavailable(reason(error)) from None
        return _json(frame.data) or {} if frame.type is WSMsgType.TEXT else {}


@asynccontextmanager
async def open_wire(address: str, *, patience: float = PATIENCE) -> AsyncGenerator[Wire]:
    """A wire over the bot's own kind of session, with its proxy; each call may take `patience` seconds."""
    async with open_client(bot_token=None, api_url=address, deadline=patience) as client:
        if client.session is not None:
            yield Wire(client.session, client.base_url, client.proxy)


def reason(error: BaseException) -> str:
    """Why a connection failed, in words, without the address: that may hold a ticket."""
    if isinstance(error, WSServerHandshakeError):
        return f"it was refused with status {error.status}"
    if isinstance(error, ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, ClientConnectorCertificateError | ClientSSLError):
        return "its certificate is not trusted"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"the connection broke ({type(error).__name__})"


def at(found: object, *path: str) -> Any:
    """What stands at a place in nested objects; None where there is nothing."""
    for name in path:
        found = cast("Mapping[str, Any]", found).get(name) if isinstance(found, Mapping) else None
    return found


def _host(address: str) -> str:
    return urlsplit(address).netloc.rpartition("@")[2]


def _reply(status: int, headers: Mapping[str, str], text: str) -> Reply:
    scopes = headers.get("x-oauth-scopes")
    granted = None if scopes is None else frozenset(word.strip() for word in scopes.split(",") if word.strip())
    return Reply(status, _json(text), granted, _date(headers.get("Date", "")))


def _json(text: object) -> Mapping[str, Any] | None:
    try:
        found: object = json.loads(str(text))
    except (ValueError, RecursionError):
        return None
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) and ("ok" in found or "type" in found) else None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
