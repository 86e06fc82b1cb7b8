"""What becomes of an envelope, over whichever transport it came: it is acknowledged when it is stored, not before."""

import asyncio
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, TypeAlias

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.errors import SpoolUnavailable
from bot.ports.spool import Kept, Spool
from bot.ports.watch import Accepted, Unwatched, Watch
from handlers.apologies import AWAY, ids
from handlers.gestures import Gesture
from handlers.meanwhile import Meanwhile, answer_to
from handlers.waiting import Standing, standing

WITHIN = 0.5
"""Seconds in which the memory must have taken what is in an envelope; then the disk takes it."""
REPLAY = 4.0
"""Seconds for the same when nobody waits for an acknowledgement."""

Replayed: TypeAlias = Literal["queued", "away", "failed"]


@dataclass(slots=True)
class Line:
    """Whether envelopes stand in line on the disk, as far as this process knows: until it has looked, they do.

    `trusted` says whether the memory was found fit to keep what people were told is kept. Before, all go to the disk.
    """

    trusted: bool = True
    _standing: bool = True
    _joining: int = 0
    _arrival: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_there(self) -> bool:
        """Whether who comes now has to stand behind others."""
        return self._standing or self._joining > 0 or not self.trusted

    @contextmanager
    def joining(self) -> Generator[None]:
        """An envelope is being kept meanwhile; whatever comes of it, somebody has to look."""
        self._joining += 1
        try:
            yield
        finally:
            self._joining -= 1
            self._standing = True
            self._arrival.set()

    def seen(self, waiting: int) -> None:
        """So many were counted."""
        self._standing = waiting > 0

    async def arrival(self, *, within: float) -> None:
        """Return when an envelope was kept by this process, or when the time is over."""
        try:
            async with asyncio.timeout(within):
                await self._arrival.wait()
        except TimeoutError:
            pass
        self._arrival.clear()


@dataclass(frozen=True, slots=True)
class Intake:
    """The one way from a transport to the listeners of the app, and round them to the disk while the memory is away.

    Without a spool there is no such way: what cannot be stored is not acknowledged.
    """

    app: AsyncApp
    spool: Spool | None = None
    patient: AsyncApp | None = None
    """The same listeners over a memory that may take its time, for what has waited; the first ones unless given."""
    meanwhile: Meanwhile | None = None
    watch: Watch = field(default_factory=Unwatched)
    line: Line = field(default_factory=Line)
    within: float = WITHIN
    clock: Callable[[], float] = time.monotonic

    async def dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        """What Slack is to be told: 200 for what is stored or needs no work, anything else is no acknowledgement.

        503 says that neither the memory nor the disk took it, 500 that something else went wrong.
        """
        began = self.clock()
        response, outcome = await self._taken(request)
        self.watch.accepted(outcome, seconds=self.clock() - began)
        return response

    async def replay(self, kept: Kept) -> Replayed:
        """Let the listeners have an envelope that has waited; they have no say any more in what Slack is told."""
        request = AsyncBoltRequest(body=dict(kept.body), mode="socket_mode")
        response = await self._heard(request, within=REPLAY, app=self.patient)
        if response is None:
            return "away"
        return "queued" if response.status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed"

    # --- memory, or else the disk -----------------------------------------------------------------------------------

    async def _taken(self, request: AsyncBoltRequest) -> tuple[BoltResponse, Accepted]:
        place = standing(request.body)
        if self.spool is None or place is None:
            return _outcome(await self.app.async_dispatch(request))
        behind = self.line.is_there and (place.in_line or not self.line.trusted)
        if behind and await self._keep(self.spool, place, request.body):
            return _acknowledged(request.body), "spooled"
        if self.line.trusted:
            # A gesture may have to tell somebody something; its calls of the memory have a limit each.
            response = await self._heard(request, within=None if place.sort == "interaction" else self.within)
            if response is not None:
                return _outcome(response)
        if await self._keep(self.spool, place, request.body):
            return _acknowledged(request.body), "spooled"
        return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE), "refused"

    async def _heard(
        self, request: AsyncBoltRequest, *, within: float | None, app: AsyncApp | None = None
    ) -> BoltResponse | None:
        """What the listeners answer; None when the memory did not do what they asked of it, in time."""
        try:
            async with asyncio.timeout(within):
                response = await (app or self.app).async_dispatch(request)
        except TimeoutError:
            return None
        return None if AWAY in request.context else response

    async def _keep(self, spool: Spool, place: Standing, body: Gesture) -> bool:
        """Whether the disk has it now, or had it before."""
        try:
            with self.line.joining():
                new = await spool.keep(place.sort, body, name=place.name)
        except SpoolUnavailable as error:
            structlog.get_logger().error("spool_unavailable", **ids(body), message=str(error))
            return False
        if new:
            structlog.get_logger().warning("envelope_spooled", **ids(body))
            if self.meanwhile:
                self.meanwhile.tell(place.sort, body, waits=lambda: self.line.is_there)
        return True


def _outcome(response: BoltResponse) -> tuple[BoltResponse, Accepted]:
    """A response of the listeners; what nobody listens to needs no work."""
    return response, "queued" if response.status < HTTPStatus.INTERNAL_SERVER_ERROR else "refused"


def _acknowledged(body: Gesture) -> BoltResponse:
    """200; what acknowledges a command is shown to the person."""
    if "command" not in body:
        return BoltResponse(status=HTTPStatus.OK)
    return BoltResponse(status=HTTPStatus.OK, body={"response_type": "ephemeral", "text": answer_to(body["command"])})
