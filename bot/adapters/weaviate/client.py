"""Connecting to Weaviate: one client for a process, a deadline on every call, and its errors as ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import SplitResult, urlsplit

import grpc
import httpx
from weaviate import WeaviateAsyncClient, use_async_with_custom
from weaviate.classes.config import ConsistencyLevel
from weaviate.classes.init import AdditionalConfig, Auth, GrpcConfig, Timeout
from weaviate.collections import CollectionAsync
from weaviate.exceptions import UnexpectedStatusCodeError, WeaviateBaseError

from bot.allowance import seconds_for
from bot.errors import IndexUnavailable, Misconfigured, Unavailable, Unusable

READING: Final = 3.0
"""Seconds that a read may take."""
WRITING: Final = 10.0
"""Seconds that one try of a write may take: short, because the first one after a node's death only hangs."""
PAUSES: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds between tries of a write; a node that died is known to be dead after some of them."""
GRPC_PORT: Final = 50051
AGAIN: Final = 500
"""Milliseconds after which a broken gRPC channel is tried again at the latest; gRPC's own two minutes are an outage."""

Collection = CollectionAsync[Any, Any]
"""One collection, or one tenant's part of it."""

_REFUSED: Final = (401, 403)
_GONE: Final = ("could not find class", "class not found", "tenant not found", "not present in schema")
_UNKNOWN: Final = ("anonymous access not enabled", "unauthorized", "unauthenticated", "invalid api key", "forbidden")


class Gone(IndexUnavailable):
    """The collection or the tenant is not there any more."""


class ReadOnly(IndexUnavailable):
    """The server takes no writes, because its disk is full or somebody said so; reads go on."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a workspace's index lies: a server, or any node of several, and the tenant.

    `replicas` is on how many nodes each object is kept, `consistency` how many of them a read or a write waits for.
    """

    url: str
    tenant: str
    grpc_port: int | None = None
    grpc_host: str | None = None
    api_key: str | None = field(default=None, repr=False)
    replicas: int = 1
    consistency: Literal["ONE", "QUORUM", "ALL"] = "QUORUM"

    def __str__(self) -> str:
        return urlsplit(self.url).netloc.rpartition("@")[2]


class Line:
    """The connection of a process to one place. It is made when first used, and mends itself after an outage.

    A read is over within `deadline` seconds; a write that fails is tried again after each of `pauses`.
    """

    def __init__(self, place: Place, *, deadline: float = READING, pauses: Sequence[float] = PAUSES) -> None:
        self.place = place
        self.pauses = pauses
        self._deadline = deadline
        self._client: WeaviateAsyncClient | None = None
        self._connecting = asyncio.Lock()

    @asynccontextmanager
    async def reading(self, seconds: float | None = None) -> AsyncGenerator[WeaviateAsyncClient]:
        """The client, for reads that are over within the deadline, or in what the question has left.

        Raises `IndexUnavailable` when they are not, or the server cannot be reached, `Unusable` when it refuses us.
        """
        patience = seconds_for(seconds or self._deadline)
        try:
            async with asyncio.timeout(patience):
                yield await self._connected()
        except TimeoutError:
            raise IndexUnavailable(f"Weaviate at {self.place} did not answer in {patience:g} s") from None
        except (WeaviateBaseError, grpc.RpcError, httpx.HTTPError, OSError) as error:
            raise said(error, self.place) from error

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[WeaviateAsyncClient]:
        """The client, for one try of a write. Raises as `reading` does, and `ReadOnly`."""
        async with self.reading(WRITING) as client:
            yield client

    def part(self, client: WeaviateAsyncClient, name: str) -> Collection:
        """Our tenant's part of a collection."""
        level = ConsistencyLevel[self.place.consistency]
        return client.collections.use(name).with_tenant(self.place.tenant).with_consistency_level(level)

    async def close(self) -> None:
        """Let go of the server."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _connected(self) -> WeaviateAsyncClient:
        if self._client is None:
            async with self._connecting:
                if self._client is None:
                    self._client = await _connect(self.place)
        return self._client


async def _connect(place: Place) -> WeaviateAsyncClient:
    client = _client(place)
    try:
        await client.connect()
    except BaseException:
        await client.close()
        raise
    return client


def _client(place: Place) -> WeaviateAsyncClient:
    url = _checked(place.url)
    logging.getLogger("weaviate-client").disabled = True  # it logs objects that were refused, text and all
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for every object that is changed
    secure = url.scheme == "https"
    return use_async_with_custom(
        http_host=url.hostname or "",
        http_port=url.port or (443 if secure else 80),
        http_secure=secure,
        grpc_host=place.grpc_host or url.hostname or "",
        grpc_port=place.grpc_port or GRPC_PORT,
        grpc_secure=secure,
        auth_credentials=Auth.api_key(place.api_key) if place.api_key else None,
        skip_init_checks=True,  # they ask the package index on the internet for a newer client
        additional_config=AdditionalConfig(
            timeout=Timeout(init=READING, query=60.0, insert=60.0),  # ours end sooner
            grpc_config=GrpcConfig(
                channel_options=[
                    ("grpc.initial_reconnect_backoff_ms", AGAIN // 5),
                    ("grpc.min_reconnect_backoff_ms", AGAIN),
                    ("grpc.max_reconnect_backoff_ms", AGAIN),
                ]
            ),
        ),
    )


def _checked(url: str) -> SplitResult:
    """Its parts. Raises `Misconfigured`, without the address: somebody may have written a password into it."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, fits = urlsplit(""), False
    if not fits or parts.path.strip("/") or parts.username is not None:
        raise Misconfigured(
            "WEAVIATE_URL is not an address such as http://weaviate:8080 or https://weaviate.example.com; "
            "a key is set as WEAVIATE_API_KEY"
        )
    return parts


def said(error: Exception, place: Place) -> Unavailable:
    """What an error of the client's means to us."""
    text = str(error).lower()
    status = error.status_code if isinstance(error, UnexpectedStatusCodeError) else 0
    name = type(error).__name__
    if status in _REFUSED or any(words in text for words in _UNKNOWN):
        return Unusable(
            f"Weaviate at {place} refuses us; set WEAVIATE_API_KEY to a key that it takes", code=str(status or "")
        )
    if any(words in text for words in _GONE):
        return Gone(f"the index in Weaviate at {place} is not there any more")
    if "read-only" in text or "readonly" in text:
        return ReadOnly(f"Weaviate at {place} takes no writes now: it is read-only; is its disk full?")
    return IndexUnavailable(f"Weaviate at {place} cannot be used now ({name}{f' {status}' if status else ''})")
