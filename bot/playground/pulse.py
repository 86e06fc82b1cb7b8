"""A beat for everything that happens, so that waiting needs no sleep."""

from __future__ import annotations

import asyncio

from bot.playground.workspace import Change


class Pulse:
    """Beats whenever anything happens."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def beat(self) -> None:
        """Wake everybody who waits."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def on_change(self, change: Change) -> None:
        """Beat for a change in the workspace."""
        del change
        self.beat()

    async def next(self) -> None:
        """Wait for the next beat."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future
