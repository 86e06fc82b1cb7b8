"""HTTP as both vendors' clients speak it: one address, no packed or endless replies, and how long they ask to wait.

It needs httpx, which comes with the vendors' packages: only their adapters may import it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from bot.errors import Misconfigured

UNPACKED: Final = "identity"
"""How replies are to come: of a packed one nobody knows how long it gets."""


def checked(address: str, *, setting: str, example: str) -> str:
    """The address. Raises `Misconfigured`, with the setting's name and an example, when it is none of HTTP."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise Misconfigured(f"{setting} must be an address such as {example}")
    return address


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds to wait, as `Retry-After` or its sibling in milliseconds says; None where none does.

    `now` is in seconds since 1970.
    """
    told = {name.lower(): value for name, value in headers.items()}
    milliseconds = number(told.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    after = told.get("retry-after", "").strip()
    seconds = number(after)
    if seconds is not None or not after:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - now)
    except ValueError:
        return None


def number(text: str | None) -> float | None:
    """The number that a header says; None for what is none, less than nothing, or without end."""
    try:
        told = float(text or "")
    except ValueError:
        return None
    return told if 0 <= told < float("inf") else None


def bounded(most: int) -> Callable[[httpx.Response], Awaitable[None]]:
    """A hook for replies: no more than `most` bytes of one are read, and a packed one is refused.

    Either raises `httpx.DecodingError`.
    """

    async def bound(reply: httpx.Response) -> None:
        if reply.headers.get("content-encoding", UNPACKED).strip().lower() != UNPACKED:
            raise httpx.DecodingError("the reply is packed")
        if isinstance(reply.stream, httpx.AsyncByteStream):
            reply.stream = _Bounded(reply.stream, most)

    return bound


@dataclass(frozen=True, slots=True)
class _Bounded(httpx.AsyncByteStream):
    """The bytes of a reply, up to `most`."""

    bytes: httpx.AsyncByteStream
    most: int

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        length = 0
        async for some in self.bytes:
            length += len(some)
            if length > self.most:
                raise httpx.DecodingError("the reply does not end")
            yield some

    async def aclose(self) -> None:
        await self.bytes.aclose()
