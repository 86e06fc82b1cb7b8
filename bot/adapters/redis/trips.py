"""What several callers ask of one server at the same moment, in one trip: it syncs its file once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

Words = tuple[str | bytes | float, ...]
"""A command, as it is sent."""
Told: TypeAlias = "asyncio.Future[list[Any]]"
Asked: TypeAlias = tuple[Sequence[Words], Told]
"""Commands of one caller, and what the caller waits for."""


@dataclass(slots=True, eq=False)
class Trips:
    """Sends what is asked in one turn of the loop together, each caller's commands in order and side by side.

    No caller is disturbed by another that leaves. Who leaves before the trip begins has asked nothing; a trip on which
    nobody waits any more is broken off.
    """

    client: Redis
    _asked: list[Asked] = field(default_factory=list[Asked])
    _under_way: set[Told] = field(default_factory=set[Told])

    async def ask(self, commands: Sequence[Words]) -> list[Any]:
        """What the server says to each of these commands. Raises as `send`."""
        loop = asyncio.get_running_loop()
        told: Told = loop.create_future()
        if not self._asked:
            loop.call_soon(self._begin)
        self._asked.append((commands, told))
        return await told

    def _begin(self) -> None:
        asked = [one for one in self._asked if not one[1].done()]
        self._asked = []
        if not asked:
            return
        trip = self._sent([words for commands, _ in asked for words in commands])
        trip.add_done_callback(partial(_hand_out, asked))
        for _, told in asked:
            told.add_done_callback(partial(_break_off, asked, trip))

    def _sent(self, commands: Sequence[Words]) -> Told:
        trip = asyncio.create_task(send(self.client, commands))
        self._under_way.add(trip)
        trip.add_done_callback(self._under_way.discard)
        return trip


async def send(client: Redis, commands: Sequence[Words]) -> list[Any]:
    """What the server says to each command, a refusal as `ResponseError`; raises as `Node.ask`."""
    if len(commands) > 1:
        async with client.pipeline(transaction=False) as pipe:
            for words in commands:
                pipe.execute_command(*words)  # pyright: ignore[reportUnknownMemberType]  (untyped)
            return await pipe.execute(raise_on_error=False)
    execute = cast("Callable[..., Awaitable[Any]]", client.execute_command)  # pyright: ignore[reportUnknownMemberType]  (untyped)
    try:
        return [await execute(*commands[0])]
    except ResponseError as refusal:
        return [refusal]


def _hand_out(asked: Sequence[Asked], trip: Told) -> None:
    """Give each caller what was said to them, or why nothing was."""
    error = None if trip.cancelled() else trip.exception()
    begin = 0
    for commands, told in asked:
        end = begin + len(commands)
        if told.done():
            pass
        elif trip.cancelled():
            told.cancel()
        elif error:
            told.set_exception(error)
        else:
            told.set_result(trip.result()[begin:end])
        begin = end


def _break_off(asked: Sequence[Asked], trip: Told, _: Told) -> None:
    """End a trip that all have left."""
    if all(told.done() for _, told in asked):
        trip.cancel()
