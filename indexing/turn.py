"""Waiting for one's turn under a home folder: a lock that the operating system gives back when its holder dies."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

TICK: Final = 0.2
"""Seconds between two looks whether it is free."""


@asynccontextmanager
async def turn(home: Path, name: str, *, on_wait: Callable[[], None]) -> AsyncGenerator[None]:
    """Hold the home's lock of this name while the block runs; `on_wait` is told when somebody else has it still."""
    handle = os.open(home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _free(handle):
            on_wait()
            while not _free(handle):  # noqa: ASYNC110  # the operating system wakes nobody
                await asyncio.sleep(TICK)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def _free(handle: int) -> bool:
    """Whether the lock is ours from now on."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
