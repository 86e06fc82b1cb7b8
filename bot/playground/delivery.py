"""Delivers events, again and again until the bot acknowledges, and clicks and commands, once, as Slack does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bot.playground.wire import Json

RETRY_DELAYS = (0.0, 60.0, 300.0)
"""Seconds before each further attempt: https://docs.slack.dev/apis/events-api/#retries."""
ACK_WITHIN = 3.0
Kind = Literal["events_api", "interactive", "slash_commands"]


class NotAcknowledged(Exception):
    """One attempt failed for `reason`; `final` when the bot asked not to be tried again."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: `number` counts from 0, `reason` says why the one before it failed."""

    kind: Kind
    payload: Json
    number: int = 0
    reason: str = ""


class Transport(Protocol):
    """A way to the bot."""

    async def deliver(self, attempt: Attempt, *, within: float) -> Json | None:
        """What the bot answered, None for a bare acknowledgement.

        Raises `NotAcknowledged` when `within` seconds pass, or the bot refuses.
        """
        ...


@dataclass(slots=True)
class Delivery:
    """What became of one event or click: every attempt's failure, and whether it was acknowledged in the end."""

    kind: Kind
    payload: Json
    attempts: int = 0
    failures: list[str] = field(default_factory=list[str])
    acknowledged: bool = False
    given_up: bool = False


@dataclass(slots=True)
class Deliveries:
    """Everything sent to the bot."""

    transport: Transport
    ack_within: float
    retry_delays: Sequence[float]
    changed: Callable[[], None]
    log: list[Delivery] = field(default_factory=list[Delivery])
    tasks: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]])

    def send(self, payload: Json) -> None:
        """Deliver an event in the background."""
        delivery = Delivery("events_api", payload)
        self.log.append(delivery)
        self.spawn(self._until_acknowledged(delivery))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something until the playground closes."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _until_acknowledged(self, delivery: Delivery) -> None:
        reason = ""
        for number, delay in enumerate((0.0, *self.retry_delays)):
            if delay:
                await asyncio.sleep(delay)
            try:
                await self._attempt(delivery, Attempt(delivery.kind, delivery.payload, number, reason))
            except NotAcknowledged as failure:
                reason = failure.reason
                if failure.final:
                    break
            else:
                return
        delivery.given_up = True
        self.changed()

    async def interact(self, payload: Json, kind: Kind = "interactive") -> Json | None:
        """Deliver a click or a command, once: the bot's answer, None for a bare acknowledgement.

        Raises `NotAcknowledged`.
        """
        delivery = Delivery(kind, payload)
        self.log.append(delivery)
        try:
            return await self._attempt(delivery, Attempt(kind, payload))
        except NotAcknowledged:
            delivery.given_up = True
            raise

    async def _attempt(self, delivery: Delivery, attempt: Attempt) -> Json | None:
        delivery.attempts += 1
        try:
            answer = await self.transport.deliver(attempt, within=self.ack_within)
        except NotAcknowledged as failure:
            delivery.failures.append(failure.reason)
            self.changed()
            raise
        delivery.acknowledged = True
        self.changed()
        return answer

    async def close(self) -> None:
        """Stop delivering."""
        for task in tuple(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
