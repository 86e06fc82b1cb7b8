"""One opened index file as a process reads it: its idle connections, and the newest scan that was made of it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bot.adapters.local import database, lookups, scan
from bot.adapters.local.database import State
from bot.adapters.local.fusion import Ranker, Tuning
from bot.adapters.local.readable import Readable
from bot.adapters.local.scan import Scan

OUTGROWN: Final = 1000
"""Chunks that came or went since the scan in hand, from which on a newer published one is worth opening."""

Identity = tuple[int, int]


def identity(path: Path) -> Identity | None:
    """Tells one file from another that later has the same name; None when there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


class Reading:
    """May be used by several threads at once, each with a connection of its own."""

    def __init__(self, path: Path, tuning: Tuning) -> None:
        self.identity = identity(path)
        self.readable = Readable()
        self._path = path
        self._tuning = tuning
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._ranker: Ranker | None = None
        self._closed = False

    @contextmanager
    def connection(self) -> Generator[sqlite3.Connection]:
        """A connection for one thread, until the block ends. Raises `NothingIndexed` when the file is not there."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or database.open_to_read(self._path)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close what is idle now, and the rest when it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @property
    def generation(self) -> int:
        """The newest that is known; a snapshot that is taken from now on is no older."""
        with self._lock:
            return self._ranker.scan.generation if self._ranker else 0

    def forget(self) -> None:
        """Drop all that was derived: the file's content is another, as when somebody puts a backup in its place."""
        with self._lock:
            self._ranker = None
            self.readable = Readable()

    def ranker(self, connection: sqlite3.Connection, state: State) -> Ranker | None:
        """What ranks the chunks of this very snapshot; None when a newer one is known, so that none must be made."""
        with self._lock:
            if self._ranker is None or self._ranker.scan.generation < state.generation:
                self.readable.refresh(connection)
                self._ranker = Ranker(gathered(connection, state, self._start(state)), self._tuning)
            return self._ranker if self._ranker.scan.generation == state.generation else None

    def _start(self, state: State) -> Scan:
        """The scan in hand, unless it cannot be brought up to date, or there is a better one on disk."""
        current = self._ranker.scan if self._ranker else None
        if current is None or current.last_change < state.forgotten or _outgrown(current, state):
            return published(self._path.parent, state)
        return current


def published(folder: Path, state: State) -> Scan:
    """The scan that the writer published, or, where there is none or it cannot be read, one that has read nothing."""
    if state.published:
        try:
            return scan.load(folder, state.published)
        except (OSError, ValueError, EOFError):  # removed by hand, or by the writer in favour of a newer one
            pass  # the database tells it all, only slower
    return scan.empty(state.dimension)


def gathered(connection: sqlite3.Connection, state: State, current: Scan) -> Scan:
    """`current` with all that the database says since, up to the snapshot of `state`."""
    changes, last_change = lookups.changes(connection, after=current.last_change)
    fresh = lookups.fresh(connection, after=current.last_key, dimension=state.dimension)
    return scan.advanced(
        current,
        generation=state.generation,
        fresh=fresh,
        changes=changes,
        last_key=int(fresh.keys[-1]) if fresh.rows else current.last_key,
        last_change=max(last_change, state.forgotten),
    )


def _outgrown(current: Scan, state: State) -> bool:
    changed = current.settled.gone + current.recent.segment.rows
    return state.published not in (None, current.published) and changed > OUTGROWN
