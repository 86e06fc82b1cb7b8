"""One way to a Redis-protocol server: every call has a deadline, none is repeated, a failure is `MemoryUnavailable`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any, cast
from urllib.parse import quote, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoScriptError, RedisError

from bot.errors import MemoryUnavailable, Misconfigured

SCHEMES = ("redis", "rediss", "unix")
OLDEST = 7
"""Major version of the Redis command set that the scripts need (Valkey reports 7.2)."""
CONNECTIONS = 32
"""Connections of a process at the most: calls are short, and hundreds of answers may be in flight."""


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script, run on the server as one atomic step."""

    text: str
    sha: str

    @classmethod
    def load(cls, name: str) -> Script:
        """The script `name`.lua that lies beside this module."""
        text = resources.files("bot.adapters.redis").joinpath(f"{name}.lua").read_text("utf-8")
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


@dataclass(frozen=True, slots=True)
class Link:
    """A server, the prefix of our keys on it, and how long a call may take, in seconds.

    Nothing is sent twice: after a timeout the caller knows no more than that, and decides itself.
    """

    place: str
    prefix: str
    timeout: float
    quick: Redis
    patient: Redis

    def key(self, *parts: str) -> str:
        """A key of ours. All share one hash tag, so that a script may touch several of them in a cluster too."""
        return ":".join((f"{{{self.prefix}}}", *(quote(part, safe="") for part in parts)))

    async def call(self, *words: str | bytes | float, within: float | None = None) -> Any:
        """The server's reply to one command. Raises `MemoryUnavailable`, also for a refusal."""
        return await self._send(self.quick, words, self.timeout if within is None else within)

    async def wait(self, *words: str | bytes | float, within: float) -> Any:
        """The reply to a command that blocks, on a connection of its own, for up to `within` seconds and a little."""
        return await self._send(self.patient, words, within + self.timeout)

    async def run(
        self,
        script: Script,
        keys: Sequence[str],
        words: Sequence[str | bytes | float] = (),
        *,
        within: float | None = None,
    ) -> Any:
        """What a script returns. Raises `MemoryUnavailable`."""
        budget = self.timeout if within is None else within
        tail = (len(keys), *keys, *words)
        started = asyncio.get_running_loop().time()
        try:
            return await self._send(self.quick, ("EVALSHA", script.sha, *tail), budget)
        except MemoryUnavailable as error:
            if not isinstance(error.__cause__, NoScriptError):
                raise
        # The server does not know the script, so it has done nothing yet.
        left = budget - (asyncio.get_running_loop().time() - started)
        return await self._send(self.quick, ("EVAL", script.text, *tail), left)

    async def _send(self, client: Redis, words: Sequence[str | bytes | float], within: float) -> Any:
        send = cast("Callable[..., Awaitable[Any]]", client.execute_command)  # pyright: ignore[reportUnknownMemberType]  (untyped)
        # In a task of its own: Python 3.11's `wait_for`, used in there, may swallow a cancellation, and so a deadline.
        sending = asyncio.ensure_future(send(*words))
        sending.add_done_callback(_heard)
        try:
            async with asyncio.timeout(within):
                return await asyncio.shield(sending)
        except (RedisError, OSError) as error:
            raise MemoryUnavailable(f"Redis at {self.place}: {str(error) or type(error).__name__}") from error
        finally:
            sending.cancel()


@asynccontextmanager
async def connect(url: str, *, prefix: str = "footnote", timeout: float = 2.0) -> AsyncGenerator[Link]:  # noqa: ASYNC109  (a setting of every call)
    """A link to the server at `url`; connects when first used. Raises `Misconfigured` for a malformed address."""
    quick, patient = _client(url, timeout=timeout), _client(url, timeout=None)
    try:
        yield Link(_place(url), prefix, timeout, quick, patient)
    finally:
        await quick.aclose()
        await patient.aclose()


async def check(link: Link) -> list[str]:
    """What an operator should know about the server, as sentences; raises `Misconfigured` where jobs could be lost.

    Raises `MemoryUnavailable` when the server does not answer.
    """
    info = await facts(link)
    _refuse(info, link.place)
    if info.get("aof_enabled") != "0":
        return []
    warning = "keeps no append-only file: its crash loses questions. Set appendonly yes and appendfsync always."
    return [f"The Redis server at {link.place} {warning}"]


async def facts(link: Link) -> dict[str, str]:
    """What the server says of itself, by the names of INFO.

    Raises `MemoryUnavailable` when it does not answer, `Misconfigured` when it refuses the user or password.
    """
    try:
        return _facts(await link.call("INFO"))
    except MemoryUnavailable as error:
        if any(isinstance(cause, AuthenticationError) for cause in _causes(error)):
            raise Misconfigured(f"REDIS_URL: the server at {link.place} refuses the user or password in it") from error
        raise


def _facts(info: bytes) -> dict[str, str]:
    """The lines `name:value` of what INFO says; a proxy may leave some out."""
    lines = (line.partition(":") for line in info.decode(errors="replace").splitlines())
    return {name: value for name, colon, value in lines if colon}


def _refuse(info: Mapping[str, str], place: str) -> None:
    version = info.get("redis_version", f"{OLDEST}.0")
    if int(version.split(".", maxsplit=1)[0]) < OLDEST:
        raise Misconfigured(f"REDIS_URL: the server at {place} is version {version}; use Redis 7, Valkey 8, or newer")
    policy = info.get("maxmemory_policy", "noeviction")
    if info.get("maxmemory", "0") != "0" and policy != "noeviction":
        raise Misconfigured(
            f"REDIS_URL: the server at {place} may throw away jobs when it is full (maxmemory-policy is {policy}); "
            "set maxmemory-policy to noeviction, or use another server"
        )


def _client(url: str, *, timeout: float | None) -> Redis:
    ours = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout or 2.0,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_timeout": False,
        "protocol": 2,  # every server and proxy speaks it, and it saves a handshake
    }
    try:
        # More callers than connections wait for one, each within its own deadline; a plain pool would refuse them.
        pool = BlockingConnectionPool.from_url(url, max_connections=CONNECTIONS, client_name="footnote", **ours)  # pyright: ignore[reportUnknownMemberType]  (untyped)
        pool.make_connection()  # not opened: only to hear of unknown words in the address
    except (ValueError, TypeError) as error:
        raise Misconfigured(
            "REDIS_URL must read redis://HOST:PORT/DB, rediss://HOST:PORT/DB or unix:///PATH"
        ) from error
    pool.connection_kwargs.update(ours)  # what stands in the address's query would win otherwise
    client = Redis.from_pool(pool)
    client.response_callbacks.clear()  # replies as the server gives them, whatever a command's words
    return client


def _heard(sending: asyncio.Future[Any]) -> None:
    """Take note of an error that came after its caller had left, so that nobody complains about it."""
    if not sending.cancelled():
        sending.exception()


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__
    while cause:
        yield cause
        cause = cause.__cause__


def _place(url: str) -> str:
    """The address without user and password: fit for logs."""
    parts = urlsplit(url)
    host = f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
    return parts.path if parts.scheme == "unix" else f"{host}{parts.path}"
