"""The HTTP door: what Slack has signed comes in, anything else is turned away before it is read."""

import asyncio
import re
from dataclasses import dataclass

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

LARGEST_BODY = 256 * 1024
"""Bytes of a request; Slack's events are far smaller."""
BODY_DEADLINE = 3.0
"""Seconds in which a request's body must have arrived: by then Slack has given up."""

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Door:
    """Hands to the app what Slack has signed within the last five minutes."""

    app: AsyncApp
    verifier: SignatureVerifier

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """200 for what is queued or needs no work, 401 for what is not Slack's, 413 for what is too large.

        500 says that it could not be queued: Slack delivers it again.
        """
        try:
            async with asyncio.timeout(BODY_DEADLINE):
                body = await request.read()
        except TimeoutError:
            return _refused(408, "the body did not arrive in time")
        if not self._signed(request, body):
            return _refused(401, "not signed by Slack within five minutes")
        try:
            envelope = AsyncBoltRequest(body=body.decode(), headers=dict(request.headers))
        except (ValueError, TypeError, AttributeError, RecursionError):  # Bolt parses as it constructs
            return _refused(400, "signed, but not an envelope")
        return await to_aiohttp_response(await self.app.async_dispatch(envelope))

    def _signed(self, request: web.Request, body: bytes) -> bool:
        """Whether Slack made this. The SDK's verifier raises on headers that are not of the right shape."""
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not (_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
            return False
        try:
            return self.verifier.is_valid(body, timestamp, signature)
        except UnicodeDecodeError:
            return False


def _refused(status: int, reason: str) -> web.Response:
    structlog.get_logger().warning("request_refused", status=status, reason=reason)
    return web.Response(status=status)
