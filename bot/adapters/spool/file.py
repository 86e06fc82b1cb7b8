"""The spool's file: one SQLite database for its owner alone, set aside and begun anew when it is damaged.

It is in WAL mode, so that keeping an envelope costs one flush. Several processes may have it open; who finds it damaged
renames it, and the others see by its number on the disk that another one lies there now.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import structlog
from structlog.typing import FilteringBoundLogger

from bot.errors import SpoolUnavailable

log: FilteringBoundLogger = structlog.get_logger(__name__)
T = TypeVar("T")

FILE: Final = "spool.sqlite"
VERSION: Final = 1
PARTS: Final = ("", "-wal", "-shm")
"""What SQLite calls the files of one database."""
DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
BUSY: Final = 0.8
"""Seconds to wait for another process: less than a caller waits for the whole."""

_TABLES: Final = """
CREATE TABLE waiting (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    sort TEXT NOT NULL,
    body TEXT NOT NULL,
    since REAL NOT NULL,
    replays INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE moved (name TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE INDEX moved_at ON moved (at);
CREATE TABLE turn (one INTEGER PRIMARY KEY CHECK (one = 1), owner TEXT NOT NULL, until REAL NOT NULL);
INSERT INTO turn VALUES (1, '', 0);
"""
_FIELDS: Final = "name, sort, body, since"


class SpoolFile:
    """The database, open for one thread. Every method raises `SpoolUnavailable` where the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE
        self._open: tuple[sqlite3.Connection, int] | None = None

    def write(self, change: Callable[[sqlite3.Connection], T], *, flush: bool) -> T:
        """What `change` returns, done as one transaction: on the disk when this returns where `flush`.

        Without, it survives the death of the process, and may be lost with the machine's power. A `change` may be done
        twice, and then in another file.
        """
        return self._tried(lambda: self._written(change, flush=flush))

    def read(self, look: Callable[[sqlite3.Connection], T]) -> T:
        """What `look` finds."""
        return self._tried(lambda: look(self._connection()))

    def rest(self) -> None:
        """Nothing waits: what was deleted leaves the disk too."""
        self._tried(lambda: self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def close(self) -> None:
        """Let go of it."""
        if self._open:
            self._open[0].close()
            self._open = None

    # --- one transaction --------------------------------------------------------------------------------------------

    def _written(self, change: Callable[[sqlite3.Connection], T], *, flush: bool) -> T:
        while True:
            connection = self._connection()
            connection.execute(f"PRAGMA synchronous = {'FULL' if flush else 'NORMAL'}")
            with _transaction(connection):
                result = change(connection)
            if self._is_there():
                return result
            self.close()  # somebody set this file aside meanwhile: it may have been too late to be rescued from there

    def _tried(self, step: Callable[[], T]) -> T:
        try:
            try:
                return step()
            except sqlite3.DatabaseError as error:
                if not _is_damaged(error):
                    raise
                self._begin_anew(str(error))
                return step()
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise SpoolUnavailable(f"the spool under {self._folder} cannot be used: {error}") from error

    # --- opening ----------------------------------------------------------------------------------------------------

    def _connection(self) -> sqlite3.Connection:
        if self._open and not self._is_there():
            self.close()
        if self._open is None:
            self._make_private()
            with _alone(self._folder):
                return self._opened()
        return self._open[0]

    def _opened(self) -> sqlite3.Connection:
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            _flush(self._folder)
        connection = sqlite3.connect(self._path, timeout=BUSY, isolation_level=None)
        self._open = (connection, self._path.stat().st_ino)
        _prepare(connection)
        return connection

    def _is_there(self) -> bool:
        """Whether the file that is open is still the one that lies there."""
        with suppress(FileNotFoundError):
            return self._open is not None and self._path.stat().st_ino == self._open[1]
        return False

    def _make_private(self) -> None:
        with suppress(FileExistsError):
            self._folder.mkdir(mode=0o700, parents=True)
            _flush(self._folder.parent)
        self._folder.chmod(0o700)

    # --- damage -----------------------------------------------------------------------------------------------------

    def _begin_anew(self, reason: str) -> None:
        """Set the file aside, unless another process has just done so, and take over what can still be read in it."""
        self.close()
        with _alone(self._folder):
            if not _damage(self._path):
                return
            aside = self._folder / f"broken-{time.time_ns()}.sqlite"
            for part in PARTS:
                with suppress(FileNotFoundError):
                    Path(f"{self._path}{part}").rename(f"{aside}{part}")
            rescued = list(_readable(aside))
            self._take_over(rescued)
        log.error("spool_damaged", reason=reason, set_aside=str(aside), rescued=len(rescued))

    def _take_over(self, rows: list[tuple[object, ...]]) -> None:
        connection = self._opened()
        with _transaction(connection):
            connection.executemany(f"INSERT OR IGNORE INTO waiting ({_FIELDS}) VALUES (?, ?, ?, ?)", rows)  # noqa: S608  (our own words)


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables where there are none. What is deleted is overwritten: it is what people wrote."""
    connection.text_factory = _decoded
    for setting in ("journal_mode = WAL", "secure_delete = ON", "fullfsync = ON"):
        connection.execute(f"PRAGMA {setting}")
    with _transaction(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise sqlite3.NotSupportedError("a newer Footnote made it")
        if version == 0:
            for statement in filter(str.strip, _TABLES.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")


def _decoded(text: bytes) -> str:
    """What can be read of a text: envelopes are ASCII, unless the disk has garbled them."""
    return text.decode(errors="replace")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """No other process opens a file, or sets one aside, meanwhile."""
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _is_damaged(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED


def _damage(path: Path) -> str:
    """What is wrong with a file; empty when nothing is."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if _is_damaged(error):
            return str(error)
        raise
    return "" if found == "ok" else str(found)


def _readable(path: Path) -> Generator[tuple[object, ...]]:
    """Envelopes in a damaged file, oldest first, up to the first that cannot be read."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path, timeout=BUSY)) as connection:
        yield from connection.execute(f"SELECT {_FIELDS} FROM waiting ORDER BY number")  # noqa: S608  (our own words)


def _flush(folder: Path) -> None:
    """Let the names in a folder be on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
