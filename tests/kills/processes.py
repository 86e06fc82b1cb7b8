"""The processes of a bot, as a supervisor keeps them: started by the Procfile's commands, and again when they die."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.architecture.sources import ROOT
from tests.redis_servers import RedisServer, embedded_binary

READY_WITHIN = 60.0
"""Seconds that a process may take to come up; long, because a busy machine is no failure."""
EXIT_WITHIN = 30.0
"""Seconds that a process may take to go once it was asked to."""
ANNOUNCED = ("Serving @", "Answering for workspace")
"""What a process says once it is at work."""


def command(name: str, *, broken: str = "") -> list[str]:
    """What the Procfile says starts `name`, with the `footnote` of this environment, or with one broken on purpose."""
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines())
    footnote, *words = shlex.split(lines[name])
    if broken:
        return [sys.executable, "-m", "tests.kills.sabotage", broken, *words]
    return [str(Path(sys.executable).with_name(footnote)), *words]


@dataclass(slots=True)
class Seat:
    """A place for one process, which is started again whenever it dies unasked.

    `variables` are asked for at each start, with the seat's own number of starts: a new edge may want a new port.
    """

    name: str
    words: list[str]
    variables: Callable[[], Mapping[str, str]]
    log: Path
    on_ready: Callable[[], None] = lambda: None
    """Called whenever a process of it is at work."""
    pause: float = 0.0
    """Seconds that a supervisor lets pass before it starts it again."""
    deaths: int = 0
    """How often it died unasked."""
    died_at: float = 0.0
    back_at: float = 0.0
    """When it was at work again after that."""
    left_with: int = 0
    """The status of the last process that was told to go."""
    process: asyncio.subprocess.Process | None = None
    _watching: asyncio.Task[None] | None = None
    _died: asyncio.Event = field(default_factory=asyncio.Event)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int:
        """Of the process that sits here."""
        assert self.process is not None
        return self.process.pid

    async def start(self) -> None:
        """Start it, and return once it is at work."""
        self.process = await self._begun()
        self._watching = asyncio.create_task(self._keep(self.process))

    async def replace(self, *, kill_at: str = "") -> float:
        """Put a new process in place of the old one, which is told to go only then; the seconds that took it."""
        old, watching = self.process, self._watching
        fresh = await self._begun(kill_at)
        if watching:
            watching.cancel()
        self.process = fresh
        self._watching = asyncio.create_task(self._keep(fresh))
        return await self._left(old)

    async def stop(self) -> float:
        """Tell it to go, for good; the seconds that it took."""
        if self._watching:
            self._watching.cancel()
        old, self.process = self.process, None
        self.ready.clear()
        return await self._left(old)

    async def destroy(self) -> None:
        """End it at once, for good."""
        if self._watching:
            self._watching.cancel()
        if self.process and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        self.process = None

    def signal(self, number: int) -> None:
        """Send it a signal."""
        if self.process:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def kill(self) -> None:
        """As if its power were cut."""
        self.signal(signal.SIGKILL)

    async def died(self) -> None:
        """Return once it has died unasked, since it was last put here."""
        await self._died.wait()

    async def _begun(self, kill_at: str = "") -> asyncio.subprocess.Process:
        """A process at work. Raises `RuntimeError`, with its last words, when it does not come up."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            start = log.tell()
            environment = dict(self.variables()) | ({"KILL_AT": kill_at} if kill_at else {})
            process = await asyncio.create_subprocess_exec(
                *self.words, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + READY_WITHIN
        while not self._announced(start):
            if process.returncode is not None or time.monotonic() > end:
                if process.returncode is None:
                    process.kill()
                raise RuntimeError(f"{self.name} did not come up ({process.returncode}): {self._last_words()}")
            await asyncio.sleep(0.02)
        self._died.clear()
        self.ready.set()
        self.on_ready()
        return process

    def _announced(self, start: int) -> bool:
        with self.log.open("rb") as log:
            log.seek(start)
            said = log.read().decode(errors="replace")
        return any(words in said for words in ANNOUNCED)

    def _last_words(self) -> str:
        return self.log.read_text("utf-8", "replace")[-600:]

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        """Start it again whenever it dies."""
        while True:
            await process.wait()
            self.deaths += 1
            self.died_at = time.monotonic()
            self.ready.clear()
            self._died.set()
            await asyncio.sleep(self.pause)
            while True:
                with suppress(RuntimeError):  # what it needs may be away just now: a supervisor tries again
                    process = self.process = await self._begun()
                    break
            self.back_at = time.monotonic()

    async def _left(self, process: asyncio.subprocess.Process | None) -> float:
        """Tell a process to go, and see that it does: the seconds that it took, over `EXIT_WITHIN` where killed."""
        if process is None or process.returncode is not None:
            return 0.0
        asked = time.monotonic()
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(EXIT_WITHIN + 5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        self.left_with = process.returncode or 0
        return time.monotonic() - asked


class Valkey(RedisServer):
    """A real Valkey that loses nothing it has confirmed: it can be killed and started again on its data."""

    def __init__(self, folder: Path, *, port: int, words: tuple[str, ...] = ()) -> None:
        durable = ("--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
        super().__init__(folder, embedded_binary(), "--port", str(port), *durable, *words, port=port)

    def kill(self) -> None:
        """As if its power were cut."""
        self.signal(signal.SIGKILL)


def clean_environment() -> dict[str, str]:
    """The environment without anything that would be a setting of the bot's."""
    ours = ("FOOTNOTE_", "SLACK_", "REDIS_", "COHERE_", "CO_API", "OPENAI_", "WEAVIATE_", "OTEL_", "KILL_AT")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
