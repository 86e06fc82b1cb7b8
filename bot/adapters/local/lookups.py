"""What searches look up in the index's database, each within the snapshot that the caller holds."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bot.adapters.local.postings import TERM, Mask
from bot.adapters.local.scan import Change, Segment, segment_of
from bot.models import Chunk, Embedding, Principal
from bot.ports.search import Known

_CHUNK: Final = (
    "c.id, c.position, c.heading_path, c.first_line, c.last_line, c.url, c.units, c.text,"
    " d.id, d.source, d.path, d.title, d.revision, d.updated, d.access, d.owner"
)


def fresh(connection: sqlite3.Connection, *, after: int, dimension: int) -> Segment:
    """The chunks with a higher key than `after`, as arrays."""
    rows = connection.execute(
        "SELECT e.chunk, d.access, e.terms, e.vector FROM document d"
        " CROSS JOIN embedding e ON e.chunk >= d.first AND e.chunk < d.first + d.chunks"
        " WHERE d.first > ? ORDER BY d.first, e.chunk",
        (after,),
    ).fetchall()
    keys, access, terms, vectors = zip(*rows, strict=True) if rows else ((), (), (), ())
    matrix = np.frombuffer(b"".join(vectors), "<f4").reshape(-1, dimension)
    counted = [np.frombuffer(one, TERM) for one in terms]
    return segment_of(np.array(keys, np.int64), np.array(access, np.int32), counted, matrix)


def changes(connection: sqlite3.Connection, *, after: int) -> tuple[list[Change], int]:
    """What happened to chunks by entries after `after`, and the last entry."""
    statement = "SELECT id, first, chunks, access FROM change WHERE id > ? ORDER BY id"
    rows = connection.execute(statement, (after,)).fetchall()
    return [Change(*row[1:]) for row in rows], rows[-1][0] if rows else after


def known(connection: sqlite3.Connection, source: str) -> list[Known]:
    """What is remembered of each document of a source."""
    rows = connection.execute("SELECT id, revision, fingerprint, chunks FROM document WHERE source = ?", (source,))
    return [Known(*row) for row in rows]


def revisions(connection: sqlite3.Connection, document_ids: Sequence[str]) -> list[tuple[str, str, int]]:
    """Id, revision and access list of those of the documents that exist."""
    listed = json.dumps(list(document_ids))
    statement = "SELECT id, revision, access FROM document WHERE id IN (SELECT value FROM json_each(?))"
    return connection.execute(statement, (listed,)).fetchall()


def sizes(connection: sqlite3.Connection) -> list[tuple[int, int, int]]:
    """For each access list, how many documents and how many chunks have it."""
    return connection.execute("SELECT access, count(*), sum(chunks) FROM document GROUP BY access").fetchall()


def sources(connection: sqlite3.Connection) -> list[tuple[str, int, int, int, datetime | None]]:
    """For each source and access list: documents, chunks, and when the newest of them was changed."""
    rows = connection.execute(  # with one max() the other columns are those of its row: the newest, in any time zone
        "SELECT source, access, count(*), sum(chunks), updated, max(julianday(updated)) FROM document"
        " GROUP BY source, access"
    )
    return [(*row[:4], datetime.fromisoformat(row[4]) if row[5] else None) for row in rows]


def stretches(connection: sqlite3.Connection, sources: Iterable[str]) -> npt.NDArray[np.int64]:
    """Where the chunks of these sources lie: shape (n, 2), for each document its first key and the one after its last.

    By rising key; no two overlap.
    """
    rows = connection.execute(
        "SELECT first, first + chunks FROM document WHERE source IN (SELECT value FROM json_each(?)) AND chunks > 0"
        " ORDER BY first",
        (json.dumps(list(sources)),),
    )
    return np.array(rows.fetchall(), np.int64).reshape(-1, 2)


def access_lists(connection: sqlite3.Connection, *, after: int) -> dict[int, tuple[Principal, ...]]:
    """Access lists with a higher number than `after`, by number."""
    rows = connection.execute("SELECT id, principals FROM access WHERE id > ? ORDER BY id", (after,))
    return {number: tuple(Principal(*pair) for pair in json.loads(principals)) for number, principals in rows}


def chunk_count(connection: sqlite3.Connection) -> int:
    """How many chunks there are."""
    return connection.execute("SELECT coalesce(sum(chunks), 0) FROM document").fetchone()[0]


def chunk_ids(connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, str]:
    """Chunk id by key."""
    listed = json.dumps(list(keys))
    rows = connection.execute("SELECT key, id FROM chunk WHERE key IN (SELECT value FROM json_each(?))", (listed,))
    return dict(rows.fetchall())


def chunks(
    connection: sqlite3.Connection, keys: Sequence[int], readable_by: Mapping[int, tuple[Principal, ...]]
) -> dict[int, tuple[Chunk, Embedding]]:
    """Chunks with their vectors by key, their access lists taken from `readable_by`."""
    rows = connection.execute(
        f"SELECT {_CHUNK}, c.key, e.vector, e.units"  # noqa: S608 - the columns are ours
        " FROM chunk c JOIN document d ON d.key = c.document JOIN embedding e ON e.chunk = c.key"
        " WHERE c.key IN (SELECT value FROM json_each(?))",
        (json.dumps(list(keys)),),
    )
    return {row[-3]: (_chunk(row[:16], readable_by), _embedding(row[-2], row[-1])) for row in rows}


def chunks_named(
    connection: sqlite3.Connection,
    ids: Sequence[str],
    readable_by: Mapping[int, tuple[Principal, ...]],
    *,
    allowed: Mask,
) -> dict[str, Chunk]:
    """Those of the chunks that exist and whose access list is True in `allowed`, by id."""
    rows = connection.execute(
        f"SELECT {_CHUNK} FROM chunk c JOIN document d ON d.key = c.document"  # noqa: S608 - the columns are ours
        " WHERE c.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return {row[0]: _chunk(row, readable_by) for row in rows if allowed[row[-2]]}


def _chunk(row: Sequence[Any], readable_by: Mapping[int, tuple[Principal, ...]]) -> Chunk:
    chunk_id, position, headings, first_line, last_line, url, units, text = row[:8]
    document_id, source, path, title, revision, updated, access, owner = row[8:]
    return Chunk(
        id=chunk_id,
        document_id=document_id,
        source=source,
        path=path,
        title=title,
        heading_path=_headings(headings),
        text=text,
        position=position,
        lines=(first_line, last_line),
        url=url,
        updated=datetime.fromisoformat(updated) if updated else None,
        revision=revision,
        readable_by=readable_by[access],
        units=tuple(struct.iter_unpack("<ii", units)),
        owner=owner,
    )


@lru_cache(maxsize=4096)
def _headings(written: str) -> tuple[str, ...]:
    return tuple(json.loads(written))


def _embedding(vector: bytes, units: bytes | None) -> Embedding:
    whole = np.frombuffer(vector, "<f4")
    if units is None:
        return Embedding(whole)
    return Embedding(whole, np.frombuffer(units, "<f2").reshape(-1, len(whole)).astype(np.float32))
