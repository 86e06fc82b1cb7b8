"""The index's one truth: an SQLite file, its schema, and how documents become rows.

Readers and the writer may be different processes: the file is in WAL mode, every document is one transaction, and
what a search reads it reads in one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bot import words
from bot.adapters.local import lookups
from bot.adapters.local.postings import Terms, count
from bot.adapters.local.scan import GONE
from bot.errors import IndexMismatch, IndexUnavailable, NothingIndexed
from bot.models import Chunk, Document, Embedding, Matrix, Principal, Vector

FILE: Final = "index.sqlite"
SCHEMA: Final = 2
APPLICATION: Final = 0x466F6F74
"""Written into the file's header, so that no other program's database is taken for an index."""
BUSY_SECONDS: Final = 5.0
AT_ONCE: Final = 1000
"""Chunks whose words are counted again at a time."""

_TABLES: Final = """
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    model TEXT NOT NULL,
    dimension INTEGER NOT NULL,
    words INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    published TEXT,
    forgotten INTEGER NOT NULL
);
CREATE TABLE access (id INTEGER PRIMARY KEY AUTOINCREMENT, principals TEXT NOT NULL UNIQUE);
CREATE TABLE document (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    path TEXT NOT NULL,
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    revision TEXT NOT NULL,
    updated TEXT,
    access INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    first INTEGER NOT NULL,
    chunks INTEGER NOT NULL,
    owner TEXT NOT NULL DEFAULT ''
);
CREATE INDEX document_source ON document (source);
CREATE INDEX document_access ON document (access);
CREATE INDEX document_first ON document (first);
CREATE TABLE chunk (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    document INTEGER NOT NULL,
    position INTEGER NOT NULL,
    heading_path TEXT NOT NULL,
    first_line INTEGER NOT NULL,
    last_line INTEGER NOT NULL,
    url TEXT NOT NULL,
    units BLOB NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE embedding (
    chunk INTEGER PRIMARY KEY,
    terms BLOB NOT NULL,
    vector BLOB NOT NULL,
    units BLOB
);
CREATE TABLE change (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    first INTEGER NOT NULL,
    chunks INTEGER NOT NULL,
    access INTEGER NOT NULL
);
"""
# A document's chunks have consecutive keys that are never given twice: new chunks are those with a higher key than the
# last one seen. A document that was removed, or has other readers now, is one range of keys, kept in `change` for those
# who hold an older version in memory.


def _add_owner(connection: sqlite3.Connection) -> None:
    """From 1 to 2: empty until the document is read again."""
    connection.execute("ALTER TABLE document ADD COLUMN owner TEXT NOT NULL DEFAULT ''")


MIGRATIONS: Final[Mapping[int, Callable[[sqlite3.Connection], None]]] = {1: _add_owner}
"""From a version to the next; each runs in the transaction that also sets the new version."""


@dataclass(frozen=True, slots=True)
class State:
    """What an index says of itself. `generation` grows with every change that a search could see.

    `published` names the scan on disk; entries of `change` up to `forgotten` are gone.
    """

    model: str
    dimension: int
    words: int
    generation: int
    published: str | None
    forgotten: int


# --- opening --------------------------------------------------------------------------------------------------------


@contextmanager
def told(path: Path) -> Generator[None]:
    """Turns SQLite's errors into ours: a busy or failing disk may pass, a file that is no index will not."""
    try:
        yield
    except sqlite3.ProgrammingError:  # a mistake of ours
        raise
    except sqlite3.IntegrityError as error:
        raise ValueError(f"the document does not fit into the index: {error}") from error
    except sqlite3.OperationalError as error:
        raise IndexUnavailable(f"the index at {path} cannot be used now: {error}") from error
    except sqlite3.DatabaseError as error:
        raise IndexMismatch(f"{path} is damaged or no index ({error}); remove it and index again") from error


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that reads. Raises `NothingIndexed` when there is no index yet."""
    if not path.exists():
        raise _nothing(path)
    return _connect(f"{path.as_uri()}?mode=rw", "query_only = ON")


def open_to_write(path: Path, *, durable: bool) -> sqlite3.Connection:
    """A connection that writes, to a new and empty file where there was none.

    What is committed survives a power cut if `durable`, else only the death of the process. What is deleted is
    overwritten, not merely forgotten.
    """
    synchronous = f"synchronous = {'FULL' if durable else 'OFF'}"
    return _connect(f"{path.as_uri()}?mode=rwc", "journal_mode = WAL", synchronous, "secure_delete = ON")


def create(connection: sqlite3.Connection, *, model: str, dimension: int) -> None:
    """Make the tables of a new index, or bring those of an older version up to date, in one transaction."""
    with transaction(connection):
        version = _version(connection)
        if version == 0:
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute("INSERT INTO state VALUES (1, ?, ?, ?, 0, NULL, 0)", (model, dimension, words.VERSION))
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            version = SCHEMA
        while version in MIGRATIONS:
            MIGRATIONS[version](connection)
            version += 1
        connection.execute(f"PRAGMA user_version = {version}")
        if version == SCHEMA and state_of(connection).words < words.VERSION:
            _recount(connection)


def _recount(connection: sqlite3.Connection) -> None:
    """Count the words of every chunk as they are cut now, and let no reader take an old scan for a new one."""
    access = lookups.access_lists(connection, after=0)
    keys = [key for (key,) in connection.execute("SELECT key FROM chunk ORDER BY key")]
    for start in range(0, len(keys), AT_ONCE):
        chunks = lookups.chunks(connection, keys[start : start + AT_ONCE], access)
        counted = ((count(chunk.text, chunk.place).tobytes(), key) for key, (chunk, _) in chunks.items())
        connection.executemany("UPDATE embedding SET terms = ? WHERE chunk = ?", counted)
    connection.execute("UPDATE state SET words = ?, published = NULL", (words.VERSION,))
    _next_generation(connection)


def check(connection: sqlite3.Connection, path: Path, *, model: str, dimension: int) -> State:
    """What the index says of itself. Raises `IndexMismatch` when this program, or this model, did not make it so.

    Raises `NothingIndexed` when the file is as empty as one is whose maker was killed at once.
    """
    version = _version(connection)
    if version == 0:
        raise _nothing(path)
    if version > SCHEMA:
        raise IndexMismatch(
            f"{path} was made by a newer version of Footnote (schema {version}, this one knows {SCHEMA}); upgrade "
            "Footnote, or index again with another --home"
        )
    state = state_of(connection)
    if version < SCHEMA or state.words < words.VERSION:
        raise IndexMismatch(f'{path} was made by an older version of Footnote; run "footnote index" once to convert it')
    made = (state.model, state.dimension, state.words)
    if made != (model, dimension, words.VERSION):
        raise IndexMismatch(
            f"{path} was made with {state.model} ({state.dimension} numbers, words {state.words}), not with {model} "
            f'({dimension}, words {words.VERSION}); run "footnote migrate" to index again beside it'
        )
    return state


def state_of(connection: sqlite3.Connection) -> State:
    """The one row of `state`, as this transaction sees it."""
    row = connection.execute("SELECT model, dimension, words, generation, published, forgotten FROM state").fetchone()
    return State(*row)


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Generator[None]:
    """All reads inside see one and the same generation."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        _roll_back(connection)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None]:
    """All writes inside happen, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:  # SQLite itself ends one that a full disk or the like has spoilt
        connection.execute("ROLLBACK")


def _connect(uri: str, *pragmas: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _nothing(path: Path) -> NothingIndexed:
    return NothingIndexed(f'no index under {path.parent.parent}; run "footnote index PATH" first')


# --- writing --------------------------------------------------------------------------------------------------------


def put(
    connection: sqlite3.Connection,
    document: Document,
    embeddings: Sequence[Embedding],
    *,
    terms: Sequence[Terms],
    fingerprint: str,
) -> None:
    """Replace a document; to be called inside a transaction."""
    drop(connection, [document.id])
    access = _access_id(connection, document.readable_by)
    first = _next_key(connection)
    key = connection.execute(
        "INSERT INTO document (id, source, path, title, url, revision, updated, access, fingerprint, first, chunks,"
        " owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(document.id, document.source, document.path, document.title, document.url, document.revision),
            *(document.updated and document.updated.isoformat(), access, fingerprint, first, len(document.chunks)),
            document.owner,
        ),
    ).lastrowid
    connection.executemany(
        "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (_chunk_row(first + number, key or 0, chunk) for number, chunk in enumerate(document.chunks)),
    )
    connection.executemany(
        "INSERT INTO embedding VALUES (?, ?, ?, ?)",
        (
            (first + number, counted.tobytes(), _floats(embedding.vector), _halves(embedding.units))
            for number, (embedding, counted) in enumerate(zip(embeddings, terms, strict=True))
        ),
    )
    _next_generation(connection)


def drop(connection: sqlite3.Connection, document_ids: Iterable[str]) -> int:
    """Remove documents with all that belongs to them, and say how many there were; inside a transaction."""
    found = connection.execute(
        "SELECT key, first, chunks, access FROM document WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(document_ids)),),
    ).fetchall()
    for key, first, chunks, access in found:
        connection.execute("DELETE FROM embedding WHERE chunk >= ? AND chunk < ?", (first, first + chunks))
        connection.execute("DELETE FROM chunk WHERE key >= ? AND key < ?", (first, first + chunks))
        connection.execute("DELETE FROM document WHERE key = ?", (key,))
        _note(connection, first, chunks, GONE)
        _forget_access(connection, access)
    return len(found)


def delete(connection: sqlite3.Connection, document_ids: Iterable[str]) -> int:
    """`drop`, as a change of its own; inside a transaction."""
    found = drop(connection, document_ids)
    if found:
        _next_generation(connection)
    return found


def grant(
    connection: sqlite3.Connection, document_id: str, readable_by: Sequence[Principal], *, fingerprint: str
) -> None:
    """Give a document other readers, and a new fingerprint; inside a transaction."""
    row = connection.execute("SELECT first, chunks, access FROM document WHERE id = ?", (document_id,)).fetchone()
    if row is None:
        return
    first, chunks, before = row
    access = _access_id(connection, readable_by)
    connection.execute(
        "UPDATE document SET access = ?, fingerprint = ? WHERE id = ?", (access, fingerprint, document_id)
    )
    if access != before:
        _note(connection, first, chunks, access)
        _forget_access(connection, before)
        _next_generation(connection)


def publish(connection: sqlite3.Connection, name: str | None, *, forget: int) -> None:
    """Point readers to the scan `name`, and let go of entries of `change` up to `forget`; inside a transaction."""
    connection.execute("DELETE FROM change WHERE id <= ?", (forget,))
    connection.execute("UPDATE state SET published = ?, forgotten = max(forgotten, ?)", (name, forget))


def touch(connection: sqlite3.Connection, document_id: str, fingerprint: str) -> None:
    """Note a new fingerprint; a power cut may lose it, since all it costs is to look at the document once more."""
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("UPDATE document SET fingerprint = ? WHERE id = ?", (fingerprint, document_id))
    connection.execute(f"PRAGMA synchronous = {level}")


def new_name(connection: sqlite3.Connection, beginning: str) -> str:
    """A name that was never given before, not even to a copy of this index."""
    return connection.execute("SELECT ? || lower(hex(randomblob(8)))", (beginning,)).fetchone()[0]


def _note(connection: sqlite3.Connection, first: int, chunks: int, access: int) -> None:
    """For those who hold an older version in memory."""
    if chunks:
        connection.execute("INSERT INTO change (first, chunks, access) VALUES (?, ?, ?)", (first, chunks, access))


def _forget_access(connection: sqlite3.Connection, access: int) -> None:
    """A list that no document has any more would name people for nothing."""
    connection.execute("DELETE FROM access WHERE id = ?1 AND ?1 NOT IN (SELECT access FROM document)", (access,))


def _next_generation(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE state SET generation = generation + 1")


def _next_key(connection: sqlite3.Connection) -> int:
    """One more than any key ever given."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunk'").fetchone()
    return 1 + (row[0] if row else 0)


def _access_id(connection: sqlite3.Connection, readable_by: Sequence[Principal]) -> int:
    principals = json.dumps([(principal.kind, principal.name) for principal in readable_by])
    connection.execute("INSERT OR IGNORE INTO access (principals) VALUES (?)", (principals,))
    return connection.execute("SELECT id FROM access WHERE principals = ?", (principals,)).fetchone()[0]


def _chunk_row(key: int, document: int, chunk: Chunk) -> tuple[object, ...]:
    headings = json.dumps(chunk.heading_path)
    units = np.array(chunk.units, "<i4").tobytes()
    return (key, chunk.id, document, chunk.position, headings, *chunk.lines, chunk.url, units, chunk.text)


def _floats(vector: Vector) -> bytes:
    return np.asarray(vector, "<f4").tobytes()


def _halves(units: Matrix | None) -> bytes | None:
    """Half precision: similarity to a sentence changes by 1e-5, and they are most of what the index keeps."""
    return None if units is None else np.asarray(units, "<f2").tobytes()
