"""Envelopes in an SQLite file: kept in one thread of their own, so that a slow disk holds up nothing else."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

import structlog
from structlog.typing import FilteringBoundLogger

from bot.adapters.spool.file import SpoolFile
from bot.errors import SpoolUnavailable
from bot.ports.spool import Kept, Sort

log: FilteringBoundLogger = structlog.get_logger(__name__)
T = TypeVar("T")

WITHIN: Final = 1.0
"""Seconds that a call may take: Slack waits three for its acknowledgement, and Redis was waited for before."""
TURN: Final = 5.0
"""Seconds after which another process may move envelopes on, when the one that did is silent."""
REMEMBERED: Final = 24 * 3600.0
"""Seconds that a name is remembered: as long as the queue remembers its own."""

_OLDEST: Final = "SELECT number, name, sort, body, since, replays FROM waiting ORDER BY number LIMIT 1"


@asynccontextmanager
async def open_spool(folder: Path, *, within: float = WITHIN) -> AsyncGenerator[SqliteSpool]:
    """The spool in a folder of its own, which is made for its owner alone when the first envelope is kept."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="spool")
    spool = SqliteSpool(SpoolFile(folder), pool, within=within)
    try:
        yield spool
    finally:
        with suppress(SpoolUnavailable):
            await spool.aclose()
        pool.shutdown(wait=False)


class SqliteSpool:
    """The `Spool` port."""

    def __init__(self, file: SpoolFile, pool: ThreadPoolExecutor, *, within: float = WITHIN) -> None:
        self._file = file
        self._pool = pool
        self._within = within
        self._owner = uuid4().hex
        self._closed = False

    async def keep(self, sort: Sort, body: Mapping[str, Any], *, name: str) -> bool:
        """Keep an envelope; see the port."""
        text = json.dumps(body)

        def change(connection: sqlite3.Connection) -> bool:
            now = time.time()
            known = "SELECT 1 FROM moved WHERE name = ? AND at > ?"
            if connection.execute(known, (name, now - REMEMBERED)).fetchone():
                return False
            add = "INSERT OR IGNORE INTO waiting (name, sort, body, since) VALUES (?, ?, ?, ?)"
            return connection.execute(add, (name, sort, text, now)).rowcount == 1

        return await self._do(lambda: self._file.write(change, flush=True))

    async def take(self) -> Kept | None:
        """The envelope that has waited longest; see the port."""

        def change(connection: sqlite3.Connection) -> Kept | None:
            if not self._has_turn(connection):
                return None
            while found := connection.execute(_OLDEST).fetchone():
                kept = _read(found)
                if kept is not None:
                    connection.execute("UPDATE waiting SET replays = replays + 1 WHERE number = ?", (kept.number,))
                    return kept
                log.error("spool_row_unreadable", name=found[1])
                connection.execute("DELETE FROM waiting WHERE number = ?", found[:1])
            self._give_turn_back(connection)
            return None

        return await self._do(lambda: self._file.write(change, flush=False))

    async def done(self, kept: Kept) -> None:
        """Remove the envelope; see the port."""

        def change(connection: sqlite3.Connection) -> bool:
            now = time.time()
            connection.execute("DELETE FROM waiting WHERE number = ? AND name = ?", (kept.number, kept.name))
            connection.execute("INSERT OR REPLACE INTO moved VALUES (?, ?)", (kept.name, now))
            connection.execute("DELETE FROM moved WHERE at < ?", (now - REMEMBERED,))
            return connection.execute("SELECT 1 FROM waiting LIMIT 1").fetchone() is None

        def step() -> None:
            if self._file.write(change, flush=False):
                self._file.rest()

        await self._do(step)

    async def put_back(self, kept: Kept, *, counted: bool) -> None:
        """Leave the envelope where it is; see the port."""

        def change(connection: sqlite3.Connection) -> None:
            self._give_turn_back(connection)
            if not counted:
                connection.execute("UPDATE waiting SET replays = replays - 1 WHERE number = ?", (kept.number,))

        await self._do(lambda: self._file.write(change, flush=False))

    async def count(self) -> int:
        """How many wait; see the port."""

        def look(connection: sqlite3.Connection) -> int:
            return connection.execute("SELECT count(*) FROM waiting").fetchone()[0]

        return await self._do(lambda: self._file.read(look))

    async def aclose(self) -> None:
        """Let go of the file."""
        try:
            await self._do(self._file.close)
        finally:
            self._closed = True

    # --- whose turn it is -------------------------------------------------------------------------------------------

    def _has_turn(self, connection: sqlite3.Connection) -> bool:
        """Whether this process moves envelopes on; it has the turn anew then. A turn from a clock gone back is over."""
        now = time.time()
        take = "UPDATE turn SET owner = ?, until = ? WHERE owner = ? OR until < ? OR until > ?"
        words = (self._owner, now + TURN, self._owner, now, now + 2 * TURN)
        return connection.execute(take, words).rowcount == 1

    def _give_turn_back(self, connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE turn SET until = 0 WHERE owner = ?", (self._owner,))

    async def _do(self, step: Callable[[], T]) -> T:
        """In the spool's own thread; what has not begun when the time is over is not done any more."""
        if self._closed:
            raise SpoolUnavailable("the spool is closed")
        try:
            async with asyncio.timeout(self._within):
                return await asyncio.get_running_loop().run_in_executor(self._pool, step)
        except TimeoutError:
            raise SpoolUnavailable(f"the spool's disk did not answer within {self._within:g} s") from None


def _read(row: tuple[Any, ...]) -> Kept | None:
    """A row as an envelope; None for one that the disk has garbled."""
    number, name, sort, text, since, replays = row
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return Kept(number, name, sort, body, since, replays + 1)
