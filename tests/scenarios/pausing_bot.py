"""A worker process that stands still, as if its machine slept, right before it posts for the first time."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.commands.running import until_stopped
from bot.composition import bot
from bot.settings import load
from handlers.pace import Pace


class Standstill(Pace):
    """Lets the first message through only when somebody wakes the process."""

    paused = False

    @asynccontextmanager
    async def in_turn(self, method: str, *, channel: str = "", patience: float) -> AsyncGenerator[float]:
        async with super().in_turn(method, channel=channel, patience=patience) as waited:
            if method == "chat.postMessage" and not Standstill.paused:
                Standstill.paused = True
                os.kill(os.getpid(), signal.SIGSTOP)
            yield waited


async def main() -> None:
    """Work until SIGTERM."""
    async with bot(load(dict(os.environ)), transport=None, paced=False) as footnote:
        pausing = replace(footnote, calls=replace(footnote.calls, pace=Standstill({})))
        async with pausing.worker() as worker:
            await until_stopped(worker, announce="ready", status=footnote.watching.status)


if __name__ == "__main__":
    asyncio.run(main())
