"""One indexer at a time: a lock that the operating system gives back when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import BadRequest

NAME = "indexing.lock"


@contextmanager
def only_indexer(home: Path) -> Generator[None]:
    """Hold the home's lock while the block runs. Raises `BadRequest`, naming the other process, when it is taken."""
    handle = os.open(home / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(handle, home)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int, home: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        other = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
        message = f"process {other} is indexing into {home} right now; wait until it has finished and run this again"
        raise BadRequest(message) from error
