"""What an address says: which servers there are, how they stand together, and how each of them is spoken to.

One server is written as redis-py has it. For several there is no standard; the words chosen are those of most libraries
that take one address (docket, Prefect, RedisVL, redis-sentinel-url and limits in Python, others in Rust and Go):
`redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME/DB` and `redis+cluster://USER:PASSWORD@HOST:PORT,HOST:PORT`.
Celery's list of whole addresses has no place for the name of the primary, and lettuce's `#NAME` is a fragment, which
tools cut off. User and password are those of the data servers; Sentinels that want others get them as
`sentinel_username` and `sentinel_password`. With `rediss` the Sentinels are spoken to over TLS as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast
from urllib.parse import unquote, urlsplit

from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    RedisSSLContext,
    SSLConnection,
    UnixDomainSocketConnection,
    parse_url,
)
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bot.errors import Misconfigured

Host = tuple[str, int]
"""A server's name and port; the path of a socket has no port: 0."""

FORMS = (
    "redis://HOST:PORT/DB, rediss://HOST:PORT/DB or unix:///PATH, redis+sentinel://HOST:PORT,HOST:PORT/NAME/DB or "
    "redis+cluster://HOST:PORT,HOST:PORT"
)
PORT, SENTINEL_PORT = 6379, 26379
POOLED = ("max_connections", "timeout")
"""Words in an address that are for the pool of connections."""

_SEVERAL = re.compile(
    r"(?P<scheme>rediss?)\+(?P<form>sentinel|cluster)://(?P<user>[^@/?#]*@)?(?P<hosts>[^@/?#]+)(?P<path>/[^?#]*)?"
    r"(?P<query>\?[^#]*)?"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to go. `hosts` are servers of which one is enough to begin with, or the Sentinels that know `primary`.

    `options` are the words that a connection of redis-py takes, its class among them; `place` is fit for logs.
    """

    form: Literal["server", "sentinel", "cluster"]
    place: str
    hosts: tuple[Host, ...]
    options: Mapping[str, Any]
    primary: str = ""
    sentinel_options: Mapping[str, Any] | None = None


def parse(url: str, *, setting: str) -> Address:
    """What `url` says. Raises `Misconfigured`, naming the setting, for one that says nothing of use."""
    try:
        several = _SEVERAL.fullmatch(url)
        address = _several(several) if several else _one(url)
        return replace(
            address,
            options=_tried(address.options),
            sentinel_options=None if address.sentinel_options is None else _tried(address.sentinel_options),
        )
    except OSError as error:
        raise Misconfigured(f"{setting}: its certificates cannot be used: {error.strerror or error}") from error
    except (ValueError, TypeError, RedisError) as error:
        raise Misconfigured(f"{setting} must read {FORMS}") from error


class Tls(SSLConnection):
    """A connection with certificates that were read once, for all: reading them takes longer than an append may."""

    def __init__(self, *, certificates: RedisSSLContext, **options: Any) -> None:
        super().__init__(**options)  # pyright: ignore[reportUnknownMemberType]  (untyped)
        self.ssl_context = certificates

    async def disconnect(
        self,
        nowait: bool = False,  # noqa: FBT001, FBT002  (as redis-py calls it)
        error: Exception | None = None,
        failure_count: int | None = None,
        health_check_failed: bool = False,  # noqa: FBT001, FBT002  (likewise)
    ) -> None:
        """Hang up. After a failure at once: who was not understood need not be told goodbye, which takes its answer."""
        writer = self._writer
        await super().disconnect(nowait, error, failure_count, health_check_failed)
        if nowait and writer:
            writer.transport.abort()


def connection_class(options: Mapping[str, Any]) -> type[AbstractConnection]:
    """How a server with these options is reached: over TCP, over TLS, or at a socket."""
    return cast("type[AbstractConnection]", options.get("connection_class", Connection))


def at(host: Host, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, for another server."""
    return dict(options) if _at_socket(options) else {**options, "host": host[0], "port": host[1]}


def said(host: Host) -> str:
    """A server's address as people write it."""
    name, port = host
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}" if port else name


def _one(url: str) -> Address:
    options = _options(url)
    if _at_socket(options):
        path = str(options["path"])
        return Address("server", path, ((path, 0),), options)
    host = (str(options.get("host", "localhost")), int(options.get("port", PORT)))
    return Address("server", f"{said(host)}{urlsplit(url).path}", (host,), options)


def _several(found: re.Match[str]) -> Address:
    sentinels = found["form"] == "sentinel"
    hosts = tuple(_host(one, SENTINEL_PORT if sentinels else PORT) for one in found["hosts"].split(","))
    primary, db = _path(found["path"] or "", sentinels=sentinels)
    options = _options(f"{found['scheme']}://{found['user'] or ''}{said(hosts[0])}{db}{found['query'] or ''}")
    own = {name.removeprefix("sentinel_"): options.pop(name) for name in list(options) if name.startswith("sentinel_")}
    place = ",".join(map(said, hosts)) + (found["path"] or "")
    if not sentinels:
        if own or options.get("db"):
            raise ValueError("a cluster has one database and no Sentinels")
        return Address("cluster", place, hosts, options)
    tls = {name: value for name, value in options.items() if name.startswith("ssl_") or name == "connection_class"}
    return Address("sentinel", place, hosts, options, primary, {**tls, **own})


def _path(path: str, *, sentinels: bool) -> tuple[str, str]:
    """The name of the primary, and the rest of the path, which is the number of the database."""
    parts = path.strip("/").split("/")
    name = unquote(parts.pop(0)) if sentinels else ""
    db = "/".join(parts)
    if (sentinels and not name) or not re.fullmatch(r"\d*", db):
        raise ValueError("no name of a primary, or no number of a database")
    return name, f"/{db}"


def _host(text: str, port: int) -> Host:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("no name of a host")
    return parts.hostname, parts.port or port


def _options(url: str) -> dict[str, Any]:
    return cast("dict[str, Any]", parse_url(url))


def _at_socket(options: Mapping[str, Any]) -> bool:
    return connection_class(options) is UnixDomainSocketConnection


def _tried(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, once a connection was made with them: not opened, only to hear of unknown words in the address."""
    spoken = {name: value for name, value in options.items() if name not in ("connection_class", *POOLED)}
    made = connection_class(options)(**spoken)
    if not isinstance(made, SSLConnection):
        return dict(options)
    made.ssl_context.get()  # pyright: ignore[reportUnknownMemberType]  (untyped)
    return {**options, "connection_class": Tls, "certificates": made.ssl_context}


def ours(timeout: float | None) -> dict[str, Any]:
    """What we decide of every connection, whatever is asked for. Those that wait have no `timeout`, in seconds."""
    return {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout or 2.0,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_timeout": False,
        "decode_responses": False,
        "protocol": 2,  # every server and proxy speaks it, and it saves a handshake
    }
