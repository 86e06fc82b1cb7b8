"""The HTTP door: what Slack has signed comes in, once; anything else is turned away before it is read."""

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import cast

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.kill_points import passing
from handlers.intake import Intake
from handlers.shapes import check

LARGEST_BODY = 256 * 1024
"""Bytes of a request; Slack's events are far smaller."""
BODY_DEADLINE = 3.0
"""Seconds in which a request's body must have arrived: by then Slack has given up."""
SIGNATURE_LIFE = 300
"""Seconds around its timestamp in which a signature holds."""
MOST_SEEN = 20_000
"""Signatures that are remembered; 30 a second for ten minutes."""
_FIRST = 2
"""So many of the oldest may go whenever one comes: what is kept is what came lately, and not as many as may be."""

_STAMP, _SEAL = "X-Slack-Request-Timestamp", "X-Slack-Signature"
_READ = ("Content-Type", _STAMP, _SEAL, "X-Slack-Retry-Num", "X-Slack-Retry-Reason")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


@dataclass(slots=True)
class Seen:
    """Signatures under which work was done, or is being done, for as long as they hold: one process remembers its own.

    With several processes a request that is played again may reach another of them. There the names under which jobs
    are queued, and records are kept, still make one piece of work of it.
    """

    most: int = MOST_SEEN
    _until: dict[str, float] = field(default_factory=dict[str, float])
    _under_way: set[str] = field(default_factory=set[str])

    def take(self, signature: str, *, until: float, now: float) -> bool:
        """Whether this is the first request under the signature; it is remembered until then."""
        if self._until.get(signature, now) > now:
            return False
        for oldest in list(islice(self._until, _FIRST)):
            if self._until[oldest] <= now:
                del self._until[oldest]
        if len(self._until) >= self.most:
            self._forget(now)
        self._until[signature] = until
        self._under_way.add(signature)
        return True

    def over(self, signature: str, *, done: bool) -> None:
        """Its work is done; or it could not be, and it is forgotten: Slack delivers it again."""
        self._under_way.discard(signature)
        if not done:
            self._until.pop(signature, None)

    def is_under_way(self, signature: str) -> bool:
        """Whether nobody knows yet what becomes of it."""
        return signature in self._under_way

    def _forget(self, now: float) -> None:
        """Drop what no longer holds, or else the tenth that came first."""
        held = {signature: until for signature, until in self._until.items() if until > now}
        surplus = len(held) - self.most * 9 // 10
        self._until = dict(list(held.items())[max(surplus, 0) :])


@dataclass(frozen=True, slots=True)
class Door:
    """Hands to the app what Slack has signed within the last five minutes."""

    intake: Intake
    verifier: SignatureVerifier
    seen: Seen = field(default_factory=Seen)
    body_deadline: float = BODY_DEADLINE

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """200 for what is stored or needs no work, 400 for what cannot be read, 401 for what is not Slack's.

        408 for what does not arrive in time, 413 for what is too large. 503 says that it could not be stored, neither
        by the memory nor on the disk, 500 that something else went wrong: Slack delivers either again.
        """
        try:
            async with asyncio.timeout(self.body_deadline):
                body = await request.read()
        except TimeoutError:
            return _refused(408, "the body did not arrive in time")
        except web.RequestPayloadError:
            return _refused(400, "the body is not encoded as it says")
        if not self._signed(request, body):
            return _refused(401, "not signed by Slack within five minutes")
        passing("verified")
        envelope = _envelope(request, body)
        if envelope is None:
            return _refused(400, "signed, but not an envelope")
        return await self._once(envelope, signature=request.headers[_SEAL], stamp=int(request.headers[_STAMP]))

    def _signed(self, request: web.Request, body: bytes) -> bool:
        """Whether Slack made this. The SDK's verifier raises on headers that are not of the right shape."""
        stamps, seals = request.headers.getall(_STAMP, []), request.headers.getall(_SEAL, [])
        if len(stamps) != 1 or len(seals) != 1:
            return False
        if not (_TIMESTAMP.fullmatch(stamps[0]) and _SIGNATURE.fullmatch(seals[0])):
            return False
        try:
            return self.verifier.is_valid(body, stamps[0], seals[0])
        except UnicodeDecodeError:
            return False

    async def _once(self, envelope: AsyncBoltRequest, *, signature: str, stamp: int) -> web.StreamResponse:
        """What the app answers; nothing to a request that was answered already, for somebody plays it again."""
        if envelope.body.get("type") == "url_verification":  # no work, and Slack waits for its challenge
            return await to_aiohttp_response(await self.intake.dispatch(envelope))
        if not self.seen.take(signature, until=stamp + SIGNATURE_LIFE, now=self.verifier.clock.now()):
            structlog.get_logger().warning("request_repeated")
            return web.Response(status=503 if self.seen.is_under_way(signature) else 200)
        done = False
        try:
            response = await self.intake.dispatch(envelope)
            done = response.status < HTTPStatus.INTERNAL_SERVER_ERROR
        finally:
            self.seen.over(signature, done=done)
        if response.status == HTTPStatus.NOT_FOUND:  # an installation may subscribe to more than is listened to
            return web.Response(status=200)
        return await to_aiohttp_response(response)


def quiet_http_logger() -> logging.Logger:
    """For aiohttp's server, which would log what a stranger sent, with a stack trace: the error's kind alone."""
    logger = logging.getLogger("footnote.http")
    if _untraced not in logger.filters:
        logger.addFilter(_untraced)
    return logger


def _untraced(record: logging.LogRecord) -> bool:
    error = record.exc_info[0] if record.exc_info else None
    record.msg, record.args = "http_error %s", (error.__name__ if error else record.levelname,)
    record.exc_info = record.exc_text = record.stack_info = None
    return True


def _refused(status: int, reason: str) -> web.Response:
    structlog.get_logger().warning("request_refused", status=status, reason=reason)
    return web.Response(status=status)


def _envelope(request: web.Request, body: bytes) -> AsyncBoltRequest | None:
    """The request as Bolt reads it, of the headers that Slack sends and no other; None where it is no envelope."""
    headers: dict[str, str | Sequence[str]] = {name: request.headers[name] for name in _READ if name in request.headers}
    try:
        envelope = AsyncBoltRequest(body=body.decode(), headers=headers)
        check(cast("object", envelope.body))
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):  # Bolt parses as it constructs
        return None
    return envelope
