"""Locks on files, which the kernel lets go of however their holder ends."""

import fcntl
import os
from pathlib import Path


class FileLock:
    """A lock that belongs to an open file: closing it, or the death of every process that has it open, frees it."""

    __slots__ = ("_path", "descriptor")

    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptor: int | None = None

    def take(self, mode: int) -> bool:
        """Hold the lock as `LOCK_SH` or `LOCK_EX`, changing how it is held; False when others are in the way."""
        if self.descriptor is None:
            self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self.descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            self.let_go()
            return False
        return True

    def let_go(self) -> None:
        """Close the file. A process that inherited it keeps the lock."""
        if self.descriptor is not None:
            os.close(self.descriptor)
        self.descriptor = None
