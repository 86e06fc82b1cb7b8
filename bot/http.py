"""HTTP as both vendors' clients speak it: to one address, and with replies that are neither packed nor endless.

It needs httpx, which comes with the vendors' packages: only their adapters may import it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
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
