"""The indexes of a home folder as a migration sees them: the live one, and beside it the next or the previous one."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import sqlite3
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bot import words
from bot.adapters.local import database, lookups
from bot.adapters.local.database import State
from bot.adapters.local.index import FOLDER, LocalIndex
from bot.errors import IndexMismatch, NothingIndexed
from bot.models import Addition, Chunk, Document, Principal
from bot.ports.migration import Entry, Filling, Inventory, Stock
from bot.ports.search import IndexWriter

NEXT: Final = "index.next"
PREVIOUS: Final = "index.previous"
"""Inside the home folder, each laid out as a home of its own: whatever can be opened in a home can be opened there."""
SWITCHING: Final = "switching"
"""Holds the mark of the index that is about to be live."""
LEAVING: Final = "leaving"
"""An index on its way out, on a system that cannot exchange two folders."""
_EXCHANGE: Final = 2
"""Linux's RENAME_EXCHANGE, and macOS's RENAME_SWAP."""
_HERE: Final = -100
"""Linux's AT_FDCWD."""


class LocalIndexes:
    """The indexes of one home folder, for vectors of one model."""

    def __init__(self, home: Path, *, model: str, dimension: int) -> None:
        self._home = home
        self._model = model
        self._dimension = dimension

    async def live(self) -> LocalStock | None:
        """The index that questions are put to; one of an older version is converted first."""
        await asyncio.to_thread(self._tidy)
        return await self._stock(self._home, FOLDER)

    async def previous(self) -> LocalStock | None:
        """The index that was live before."""
        return await self._stock(self._home / PREVIOUS, PREVIOUS)

    @asynccontextmanager
    async def filling(self, *, rebuild: bool = False) -> AsyncGenerator[Filling]:
        """The next index, beside the live one; an earlier try with another model is thrown away."""
        del rebuild  # it is another file in any case
        home = self._home / NEXT
        await asyncio.to_thread(self._clear_other_tries)
        async with LocalIndex.create(home, model=self._model, dimension=self._dimension) as writer:
            yield Filling(LocalStock(home, NEXT, model=self._model, dimension=self._dimension), writer)

    @asynccontextmanager
    async def writing(self, stock: Stock) -> AsyncGenerator[IndexWriter]:
        """The write side of an index beside the live one, whatever its model."""
        home = self._home / stock.name
        told = await asyncio.to_thread(_told, home)
        if told is None:
            raise NothingIndexed(f"{stock.name} is not there any more")
        async with LocalIndex.create(home, model=told.state.model, dimension=told.state.dimension) as writer:
            yield writer

    async def switch(self, to: str) -> None:
        """Exchange the live index with `to`, and keep it as the previous one."""
        await asyncio.to_thread(self._switch, to)

    async def spare(self) -> Sequence[str]:
        """What lies beside the live index."""
        return [name for name in (NEXT, PREVIOUS) if (self._home / name).exists()]

    async def forget(self, names: Sequence[str]) -> None:
        """Remove these of what lies beside the live index."""
        for name in {NEXT, PREVIOUS} & {*names}:
            await asyncio.to_thread(shutil.rmtree, self._home / name)

    # --- their steps --------------------------------------------------------------------------------------------------

    async def _stock(self, home: Path, name: str) -> LocalStock | None:
        told = await asyncio.to_thread(_told, home)
        if told is None:
            return None
        if told.version > database.SCHEMA:
            raise IndexMismatch(f"{_file(home)} was made by a newer version of Footnote; upgrade Footnote")
        if told.version < database.SCHEMA or told.state.words < words.VERSION:
            async with LocalIndex.create(home, model=told.state.model, dimension=told.state.dimension):
                pass
        return LocalStock(home, name, model=self._model, dimension=self._dimension)

    def _clear_other_tries(self) -> None:
        told = _told(self._home / NEXT)
        if told is not None and (told.state.model, told.state.dimension) != (self._model, self._dimension):
            shutil.rmtree(self._home / NEXT)

    def _switch(self, to: str) -> None:
        """What is about to become live is noted, so that who comes after a kill knows how far this was."""
        live, other = self._home / FOLDER, self._home / to / FOLDER
        if to == NEXT:
            (self._home / NEXT / SWITCHING).write_text(mark(other))
        if live.exists():
            exchange(live, other)
        else:
            other.rename(live)
        self._tidy()

    def _tidy(self) -> None:
        """End a switch that was begun."""
        live, kept = self._home / FOLDER, self._home / NEXT
        for beside in (kept, self._home / PREVIOUS):
            if (beside / LEAVING).exists():
                _end_exchange(live, beside / FOLDER)
        switching = kept / SWITCHING
        if not switching.exists():
            return
        done = live.exists() and mark(live) == switching.read_text()
        switching.unlink()
        if done:
            shutil.rmtree(self._home / PREVIOUS, ignore_errors=True)
            kept.rename(self._home / PREVIOUS) if (kept / FOLDER).exists() else shutil.rmtree(kept)


class LocalStock:
    """One index file, all of it."""

    def __init__(self, home: Path, name: str, *, model: str, dimension: int) -> None:
        self._home = home
        self._name = name
        self._model = model
        self._dimension = dimension

    @property
    def home(self) -> Path:
        """The folder that can be opened as a home."""
        return self._home

    @property
    def name(self) -> str:
        """The folder in which it lies."""
        return self._name

    @property
    def model(self) -> str:
        """The model that made its vectors."""
        told = _told(self._home)
        return told.state.model if told else ""

    @property
    def wanted(self) -> bool:
        """Whether it is of the settings' model, and counted by this version's words."""
        told = _told(self._home)
        return self.same_model and told is not None and told.state.words == words.VERSION

    @property
    def same_model(self) -> bool:
        """Whether its vectors are of the settings' model."""
        return self.holds(model=self._model, dimension=self._dimension)

    def holds(self, *, model: str, dimension: int) -> bool:
        """Whether its vectors are of this model."""
        told = _told(self._home)
        return told is not None and (told.state.model, told.state.dimension) == (model, dimension)

    async def inventory(self) -> Inventory:
        """Every document, its chunks counted one by one."""
        return await asyncio.to_thread(self._inventory)

    async def documents(self, ids: Sequence[str], *, vectors: bool) -> Sequence[Addition]:
        """The documents as one snapshot has them."""
        return await asyncio.to_thread(self._documents, ids, vectors=vectors)

    def _inventory(self) -> Inventory:
        path = _file(self._home)
        with database.told(path), closing(database.open_to_read(path)) as connection, database.snapshot(connection):
            access = lookups.access_lists(connection, after=0)
            rows = connection.execute(
                "SELECT id, source, access, revision, fingerprint, chunks, (SELECT count(*) FROM chunk c"
                " JOIN embedding e ON e.chunk = c.key WHERE c.key >= d.first AND c.key < d.first + d.chunks)"
                " FROM document d"
            )
            return Inventory({
                name: Entry(source, access[who], revision, fingerprint, found, found == chunks)
                for name, source, who, revision, fingerprint, chunks, found in rows
            })  # fmt: skip

    def _documents(self, ids: Sequence[str], *, vectors: bool) -> list[Addition]:
        path = _file(self._home)
        with database.told(path), closing(database.open_to_read(path)) as connection, database.snapshot(connection):
            found = (_addition(connection, name, vectors=vectors) for name in ids)
            return [one for one in found if one is not None]


def exchange(one: Path, other: Path) -> None:
    """Let two folders change places in one step; where there is none, in three that `_end_exchange` can end."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if hasattr(libc, "renameat2") and libc.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE) == 0:
        return
    if hasattr(libc, "renamex_np") and libc.renamex_np(*names, _EXCHANGE) == 0:
        return
    one.rename(other.with_name(LEAVING))
    _end_exchange(one, other)


def _end_exchange(one: Path, other: Path) -> None:
    if not one.exists():
        other.rename(one)
    other.with_name(LEAVING).rename(other)


def mark(folder: Path) -> str:
    """What tells one index from any other that may lie in its place."""
    found = (folder / database.FILE).stat()
    return f"{found.st_dev} {found.st_ino}"


def _file(home: Path) -> Path:
    return home.absolute() / FOLDER / database.FILE


@dataclass(frozen=True, slots=True)
class _Told:
    """What an index file says of itself: the version of its schema, and its state."""

    version: int
    state: State


def _told(home: Path) -> _Told | None:
    """None where there is no index, or one whose maker was killed at once."""
    path = _file(home)
    if not path.exists():
        return None
    with database.told(path), closing(database.open_to_read(path)) as connection, database.snapshot(connection):
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        return _Told(version, database.state_of(connection)) if version else None


def _addition(connection: sqlite3.Connection, name: str, *, vectors: bool) -> Addition | None:
    row = connection.execute(
        "SELECT id, source, path, title, url, revision, updated, access, owner, fingerprint, first, chunks"
        " FROM document WHERE id = ?",
        (name,),
    ).fetchone()
    if row is None:
        return None
    *told, fingerprint, first, chunks = row
    readable_by = lookups.access_lists(connection, after=0)
    read = lookups.chunks(connection, range(first, first + chunks), readable_by)
    if len(read) < chunks:
        return None
    ordered = [read[key] for key in sorted(read)]
    document = _document(told, readable_by, tuple(chunk for chunk, _ in ordered))
    return Addition(document, [embedding for _, embedding in ordered] if vectors else [], fingerprint)


def _document(
    row: Sequence[Any], readable_by: Mapping[int, tuple[Principal, ...]], chunks: tuple[Chunk, ...]
) -> Document:
    name, source, path, title, url, revision, updated, access, owner = row
    return Document(
        id=name,
        source=source,
        path=path,
        title=title,
        url=url,
        revision=revision,
        updated=datetime.fromisoformat(updated) if updated else None,
        readable_by=readable_by[access],
        chunks=chunks,
        owner=owner,
    )
