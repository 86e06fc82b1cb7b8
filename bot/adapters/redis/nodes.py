"""One server: commands go to it as they are, each once, and come back as a reply or as the server's refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as Unreachable

from bot.adapters.redis.addresses import Host, at, connection_class, ours, said
from bot.adapters.redis.trips import Trips, Words, send

CONNECTIONS = 32
"""Connections to a server at the most: calls are short, and hundreds of answers may be in flight."""


@dataclass(frozen=True, slots=True)
class Node:
    """A server. Commands that block have connections of their own, without a deadline on what is read."""

    host: Host
    quick: Trips
    patient: Redis

    @classmethod
    def to(cls, host: Host, options: Mapping[str, Any], *, timeout: float, primary: bool = False) -> Node:
        """The server at `host`; connects when first used. With `primary`, a replica is as good as out of reach."""
        words = at(host, options)
        if primary:
            words["redis_connect_func"] = _connect_to_primary
        return cls(host, Trips(_client(words, timeout=timeout)), _client(words, timeout=None))

    async def ask(self, commands: Sequence[Words], *, patient: bool = False) -> list[Any]:
        """What the server says to each command, in one trip; a refusal stands in its place as `ResponseError`.

        Raises another of redis-py's errors, or `OSError`, when the server does not answer; nothing is sent twice.
        """
        return await (send(self.patient, commands) if patient else self.quick.ask(commands))

    async def aclose(self) -> None:
        """Hang up, also on calls that are under way."""
        await asyncio.gather(self.quick.client.aclose(), self.patient.aclose(), return_exceptions=True)

    def __str__(self) -> str:
        return said(self.host)


def _client(words: Mapping[str, Any], *, timeout: float | None) -> Redis:
    # More callers than connections wait for one, each within its own deadline; a plain pool would refuse them.
    basis = {"max_connections": CONNECTIONS, "client_name": "footnote"}
    options: dict[str, Any] = {**basis, **words, **ours(timeout), "connection_class": connection_class(words)}
    pool = BlockingConnectionPool(**options)
    client = Redis.from_pool(pool)
    client.response_callbacks.clear()  # replies as the server gives them, whatever a command's words
    return client


async def _connect_to_primary(connection: AbstractConnection) -> None:
    """Begin as always, and then ask whether this is a primary: a server that was demoted answers at the same place."""
    await connection.on_connect()
    await connection.send_command("ROLE")
    role = cast("list[Any]", await connection.read_response())
    if role[0] != b"master":
        raise Unreachable("it is a replica by now")
