"""Events over HTTP: signed POSTs to the bot's request URL."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

import aiohttp

from bot.playground.delivery import Attempt, NotAcknowledged
from bot.playground.wire import Clock, Json

OK = 200
REDIRECTS = range(300, 400)


def signed(secret: str, timestamp: int, body: str) -> dict[str, str]:
    """The headers that prove a request comes from Slack."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": str(timestamp), "x-slack-signature": f"v0={digest}"}


@dataclass(frozen=True, slots=True)
class HttpEvents:
    """Posts to `url`, whatever that is at the moment."""

    session: aiohttp.ClientSession
    url: Callable[[], str | None]
    signing_secret: str
    clock: Clock

    async def deliver(self, attempt: Attempt, *, within: float) -> Json | None:
        """POST the payload, signed; anything but a 2xx answer is a failure."""
        body, content_type = _body(attempt)
        headers = {"content-type": content_type, **signed(self.signing_secret, int(self.clock()), body)}
        if attempt.number:
            headers |= {"x-slack-retry-num": str(attempt.number), "x-slack-retry-reason": attempt.reason}
        status, text, answered = await self._post(body, headers, within)
        if status in REDIRECTS:
            raise NotAcknowledged("too_many_redirects")
        if status // 100 != OK // 100:
            raise NotAcknowledged("http_error", final=answered.get("x-slack-no-retry") == "1")
        said = text if attempt.kind == "slash_commands" else ""
        return _json(text) or ({"text": said} if said.strip() else None)

    async def _post(self, body: str, headers: dict[str, str], within: float) -> tuple[int, str, dict[str, str]]:
        url = self.url()
        if not url:
            raise NotAcknowledged("connection_failed")
        timeout = aiohttp.ClientTimeout(total=within)
        try:
            async with self.session.post(
                url,
                data=body.encode(),
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                found = await response.text()
                return response.status, found, {name.lower(): value for name, value in response.headers.items()}
        except TimeoutError:
            raise NotAcknowledged("http_timeout") from None
        except aiohttp.ClientError:
            raise NotAcknowledged("connection_failed") from None

    async def verify(self, challenge: str, *, within: float) -> bool:
        """Whether the URL answers Slack's `url_verification` handshake."""
        body = json.dumps(
            {"token": "playground-verification-token", "challenge": challenge, "type": "url_verification"}
        )
        headers = {"content-type": "application/json", **signed(self.signing_secret, int(self.clock()), body)}
        status, answer, _ = await self._post(body, headers, within)
        echoed = _json(answer)
        return status == OK and (answer.strip() == challenge or bool(echoed and echoed.get("challenge") == challenge))


def _body(attempt: Attempt) -> tuple[str, str]:
    if attempt.kind == "events_api":
        return json.dumps(attempt.payload), "application/json"
    if attempt.kind == "slash_commands":
        return urlencode(attempt.payload), "application/x-www-form-urlencoded"
    return urlencode({"payload": json.dumps(attempt.payload)}), "application/x-www-form-urlencoded"


def _json(text: str) -> Json | None:
    try:
        parsed: object = json.loads(text)
    except ValueError:
        return None
    return cast("Json", parsed) if isinstance(parsed, dict) else None
