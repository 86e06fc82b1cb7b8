"""How a process is, on a port of its own: does it live, can it work, what has it counted."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal

from aiohttp import web

from bot.errors import FootnoteError, Misconfigured
from bot.ports.watch import Part, Readings

PATIENCE: Final = 1.0
"""Seconds that one check may take."""
FRESH: Final = 1.0
"""Seconds for which its outcome is told again to whoever else asks."""
TICK: Final = 0.5
"""Seconds between two looks at how late the event loop is."""
TICKS: Final = 60
"""So many of them are remembered: half a minute, which no collector's interval is longer than."""
LOOK: Final = 5.0
"""Seconds between two readings."""

Phase = Literal["starting", "ready", "stopping"]
Name = tuple[Part, str]
"""Of a check: two parts may need things of one name."""
Standing = Literal["ok", "degraded", "down"]
"""Degraded: it does not answer, and something else makes up for it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a part of this process needs, and the name of the check, if any, that makes up for its loss.

    `answers` says whether it is there; an error of ours, or none within a second, is no.
    """

    part: Part
    name: str
    answers: Callable[[], Awaitable[bool]]
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """What came of all checks at one moment."""

    phase: Phase
    standings: Mapping[Name, Standing]

    @property
    def ready(self) -> bool:
        """Whether every part of this process can do its work, and is meant to."""
        return self.phase == "ready" and "down" not in self.standings.values()

    @property
    def parts(self) -> tuple[tuple[Part, bool], ...]:
        """The same of each part."""
        bad = {part for (part, _), standing in self.standings.items() if standing == "down"}
        parts: dict[Part, None] = dict.fromkeys(part for part, _ in self.standings)
        return tuple((part, self.phase == "ready" and part not in bad) for part in parts)

    def as_json(self) -> dict[str, object]:
        """For whoever looks: names and states, nothing else."""
        checks = {f"{part}.{name}": standing for (part, name), standing in self.standings.items()}
        return {"ready": self.ready, "phase": self.phase, "checks": checks}


class Status:
    """What is known of this process. It is starting until `begin`, and stopping from `stop` on."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._phase: Phase = "starting"
        self._checks: list[Check] = []
        self._lives: dict[str, Callable[[], bool]] = {}
        self._turn = asyncio.Lock()
        self._known: tuple[float, Mapping[Name, Standing]] | None = None

    def begin(self) -> None:
        """From now on it takes work, where its checks allow that."""
        if self._phase == "starting":
            self._phase = "ready"

    def stop(self) -> None:
        """From now on it takes none."""
        self._phase = "stopping"

    def needs(self, *checks: Check) -> None:
        """A part of this process cannot do its work without these."""
        self._checks += checks
        self._known = None

    def lives_by(self, name: str, alive: Callable[[], bool]) -> None:
        """The process is as good as dead when this is not so: a task that should run for ever has ended, say."""
        self._lives[name] = alive

    def dead(self) -> list[str]:
        """What has ended that should not have."""
        return [name for name, alive in self._lives.items() if not alive()]

    async def health(self) -> Health:
        """How it stands, at most a second old; asked for by many at once, looked at once."""
        async with self._turn:
            while self._known is None or self._clock() - self._known[0] >= FRESH:
                checks = tuple(self._checks)
                standings = await _look(checks)
                if len(checks) == len(self._checks):  # else one was added meanwhile, and is not known
                    self._known = (self._clock(), standings)
            return Health(self._phase, self._known[1])


async def _look(checks: Sequence[Check]) -> Mapping[Name, Standing]:
    there = await asyncio.gather(*(_answers(check) for check in checks))
    well: dict[Name, bool] = {(check.part, check.name): answers for check, answers in zip(checks, there, strict=True)}
    return {(check.part, check.name): _standing(check, well) for check in checks}


async def _answers(check: Check) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            return await check.answers()
    except (FootnoteError, TimeoutError):
        return False


def _standing(check: Check, well: Mapping[Name, bool]) -> Standing:
    if well[check.part, check.name]:
        return "ok"
    return "degraded" if well.get((check.part, check.instead)) else "down"


# --- what is read now and then --------------------------------------------------------------------------------------

Look = Callable[[Readings], Awaitable[Readings]]
"""Fills in what it knows how to read. Its errors are told by leaving out what could not be read."""


class Pulse:
    """Takes readings of this process and of what it works on, every few seconds."""

    def __init__(self, status: Status, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.readings = Readings()
        self._status = status
        self._clock = clock
        self._looks: list[Look] = []
        self._more = asyncio.Event()
        self._late: deque[float] = deque(maxlen=TICKS)

    def reads(self, *looks: Look) -> None:
        """Read by these, too."""
        self._looks += looks
        self._more.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            while True:
                self._more.clear()
                await self.take()
                await self._pause()

    async def _pause(self) -> None:
        """Until it is time again, or there is more to read."""
        try:
            async with asyncio.timeout(LOOK):
                await self._more.wait()
        except TimeoutError:
            return

    async def take(self) -> None:
        """Read everything once."""
        health = await self._status.health()
        readings = Readings(ready=health.parts, lag=max(self._late, default=0.0), tasks=len(asyncio.all_tasks()))
        for look in self._looks:
            readings = await _read(look, readings)
        self.readings = readings

    async def _listen(self) -> None:
        """How much later than wished the event loop comes back."""
        while True:
            begun = self._clock()
            await asyncio.sleep(TICK)
            self._late.append(max(0.0, self._clock() - begun - TICK))
            self.readings = replace(self.readings, lag=max(self._late))


async def _read(look: Look, readings: Readings) -> Readings:
    try:
        async with asyncio.timeout(PATIENCE):
            return await look(readings)
    except (FootnoteError, TimeoutError):
        return readings


# --- where it is told -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pages:
    status: Status
    metrics: Callable[[], bytes]

    async def live(self, _: web.Request) -> web.Response:
        """That it is answered at all says the most: the event loop turns."""
        dead = self.status.dead()
        return web.json_response({"live": not dead, "ended": dead}, status=503 if dead else 200)

    async def ready(self, _: web.Request) -> web.Response:
        health = await self.status.health()
        return web.json_response(health.as_json(), status=200 if health.ready else 503)

    async def numbers(self, _: web.Request) -> web.Response:
        body = self.metrics()
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.get("/livez", self.live), web.get("/readyz", self.ready), web.get("/metrics", self.numbers)]


@asynccontextmanager
async def served(
    status: Status, metrics: Callable[[], bytes], *, host: str, port: int, logger: logging.Logger
) -> AsyncGenerator[str]:
    """Told on this port while the block runs; gives the base URL (port 0 takes a free port).

    `logger` hears of requests that go wrong. Raises `Misconfigured` where that port, or that address, cannot be had.
    """
    site = web.Application()
    site.add_routes(_Pages(status, metrics).routes())
    runner = web.AppRunner(site, access_log=None, logger=logger)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise Misconfigured(_unavailable(error, host, port)) from error
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _unavailable(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"FOOTNOTE_STATUS_PORT is {port}, which another process listens on already: each process needs its own"
    return f"FOOTNOTE_STATUS_HOST and FOOTNOTE_STATUS_PORT are {host} and {port}, where nothing can listen here"
