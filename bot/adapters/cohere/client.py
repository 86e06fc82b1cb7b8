"""One client of Cohere for the whole process: it sends nothing twice, logs nothing, and waits for nothing for ever."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
from cohere import AsyncClientV2

from bot.adapters.cohere.refusals import A_MONTH, LEAST_ERROR, REDIRECTS, malformed, refusal, translated
from bot.allowance import in_time
from bot.errors import Unavailable
from bot.http import UNPACKED, bounded, checked
from bot.spending import Operation, Usage

ADDRESS: Final = "https://api.cohere.com"
PROVIDER: Final = "cohere"
CONNECT_SECONDS: Final = 5.0
SILENT_SECONDS: Final = 60.0
"""The longest that a socket may say nothing: every call has a shorter deadline of its own."""
KEPT_SECONDS: Final = 55.0
"""How long an idle connection is kept, so that the next question needs no new handshake."""
STREAM: Final = "text/event-stream"
MOST_UNITS: Final = 10_000_000
"""Units of one call that are believed, more than any call takes: a number without bounds could not be reckoned with."""
LONGEST: Final = 32 * 2**20
"""Bytes of a reply, many times what any of them has: one without an end would fill this machine."""

OnUsage = Callable[[Usage], None]


@dataclass(frozen=True, slots=True)
class CohereClient:
    """Cohere's calls at one address. `sdk` is used inside `calling` alone."""

    sdk: AsyncClientV2
    http: httpx.AsyncClient
    address: str
    on_usage: OnUsage

    @asynccontextmanager
    async def calling(self, what: str, *, most: float) -> AsyncGenerator[None]:
        """What is called inside ends within `most` seconds, or what the question has left.

        Raises `Unavailable`, `Unusable` or `OutOfAllowance`, and nothing of the SDK's.
        """
        async with in_time(most, who="Cohere", what=what):
            with translated(what):
                yield

    async def post(self, path: str, body: Mapping[str, Any], *, what: str, most: float) -> bytes:
        """The reply to a call that the SDK would take too long to read. Raises like `calling`.

        It makes an object of each number of a reply: 0.3 s for 96 vectors, in which nothing else of this process runs.
        """
        async with self.calling(what, most=most):
            reply = await self.http.post(f"{self.address}{path}", json=body)
            if not reply.is_success:
                raise await _refused(reply, what)
            return reply.content

    async def stream(self, body: Mapping[str, Any], *, what: str) -> AsyncGenerator[bytes]:
        """The bytes of a chat's events as they come; closed early, the connection is closed too.

        The SDK's own stream skips each event that it cannot read and writes it, words and all, into the log: so the
        bytes are read here. Raises `Unavailable` or `Unusable`; how long to wait is for the caller to say.
        """
        with translated(what):
            async with self.http.stream("POST", f"{self.address}/v2/chat", json={**body, "stream": True}) as reply:
                if not reply.is_success:
                    raise await _refused(reply, what)
                if not reply.headers.get("content-type", "").startswith(STREAM):
                    raise malformed(what)
                async for some in reply.aiter_bytes():
                    yield some

    def used(self, model: str, operation: Operation, billed: object, tokens: object = None) -> None:
        """Tell what a call was billed for; where that is not said, the tokens that went through stand in for it."""
        self.on_usage(
            Usage(
                PROVIDER,
                model,
                operation,
                input_tokens=_units(billed, tokens, "input_tokens"),
                output_tokens=_units(billed, tokens, "output_tokens"),
                searches=_units(billed, None, "search_units"),
            )
        )


@asynccontextmanager
async def open_client(*, api_key: str, base_url: str, on_usage: OnUsage) -> AsyncGenerator[CohereClient]:
    """The client of this process. `base_url` may be a private deployment; then nothing goes anywhere else.

    An empty key sends no `Authorization`. Raises `Misconfigured` when `base_url` is no address of HTTP.
    """
    given = (base_url or ADDRESS).strip().rstrip("/").removesuffix("/v1").removesuffix("/v2").rstrip("/")
    address = checked(given, setting="COHERE_BASE_URL", example=ADDRESS)
    timeout = httpx.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS)
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=KEPT_SECONDS)
    headers = {"Accept-Encoding": UNPACKED, **({"Authorization": f"Bearer {api_key}"} if api_key else {})}
    hooks = {"response": [bounded(LONGEST)]}
    # A redirect would send questions and documents to an address that nobody chose.
    async with httpx.AsyncClient(
        timeout=timeout, limits=limits, headers=headers, follow_redirects=False, event_hooks=hooks
    ) as http:
        sdk = AsyncClientV2(
            api_key,
            base_url=address,
            client_name="footnote",
            max_retries=0,
            httpx_client=http,
            log_warning_experimental_features=False,
        )
        yield CohereClient(sdk, http, address, on_usage)


async def _refused(reply: httpx.Response, what: str) -> Unavailable:
    status = reply.status_code
    if status < LEAST_ERROR and status not in REDIRECTS:
        return malformed(what)
    month = A_MONTH.encode() in await reply.aread()
    return refusal(what, status, reply.headers, month=month)


def _units(billed: object, tokens: object, name: str) -> int:
    """A number of units, whichever of the two has it, as a whole number."""
    for counted in (billed, tokens):
        units: object = getattr(counted, name, None)
        if isinstance(units, int | float) and units > 0:
            return round(min(units, MOST_UNITS))
    return 0
