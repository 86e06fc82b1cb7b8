"""Waiting for something to become true, instead of sleeping and hoping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE = 20.0
"""Seconds after which a wait has failed; long, because a slow machine is no failure."""


async def wait_until(
    predicate: Callable[[], bool], *, because: str = "it came true", patience: float = PATIENCE
) -> None:
    """Return as soon as `predicate` holds; fail, saying what was waited for, when it does not within `patience`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while not predicate():
        assert loop.time() < deadline, f"waited {patience:g} s, and still not: {because}"
        await asyncio.sleep(0.01)
