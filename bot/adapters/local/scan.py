"""What a search scans: vectors, words and access lists of all chunks as arrays, derived from the database.

A scan is one large part, mapped from the files that the writer published last, and one small part in memory with the
chunks that came since; rows that went are marked. Scans are never changed: a newer one is made from an older one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bot.adapters.local.postings import Mask, Postings, Terms, joined, postings_of
from bot.models import Matrix

PREFIX: Final = "scan-"
UNFINISHED: Final = ".scan-"
ROWS_AT_ONCE: Final = 4096

GONE: Final = 0
"""In place of an access list's number: the chunk is no more."""


@dataclass(frozen=True, slots=True)
class Change:
    """From the key `first` on, `chunks` chunks have this access list now, or are `GONE`."""

    first: int
    chunks: int
    access: int


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """n chunks by rising key: `keys` and `access` of shape (n,), `lengths` (n, 2), `vectors` (n, d).

    A length is the number of words in the text, and in the place.
    """

    keys: npt.NDArray[np.int64]
    access: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]
    vectors: Matrix
    postings: Postings

    @property
    def rows(self) -> int:
        """How many chunks."""
        return len(self.keys)


def segment_of(
    keys: npt.NDArray[np.int64], access: npt.NDArray[np.int32], terms: Sequence[Terms], vectors: Matrix
) -> Segment:
    """A segment in memory."""
    lengths = [(int(one["text"].sum()), int(one["place"].sum())) for one in terms]
    return Segment(keys, access, np.array(lengths, np.int32).reshape(-1, 2), vectors, postings_of(terms))


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A segment, and the access lists that its rows have now: `access` of shape (n,), `GONE` where a row is no more."""

    segment: Segment
    access: npt.NDArray[np.int32]

    @property
    def live(self) -> Mask:
        """Which rows still exist."""
        return self.access != GONE

    @property
    def gone(self) -> int:
        """How many rows do not."""
        return len(self.access) - int(np.count_nonzero(self.access))

    def changed(self, changes: Iterable[Change]) -> Part:
        """The same after these changes, in their order."""
        access = self.access
        for change in changes:
            low, high = np.searchsorted(self.segment.keys, (change.first, change.first + change.chunks))
            if low < high:
                access = access.copy() if access is self.access else access
                access[low:high] = change.access
        return self if access is self.access else Part(self.segment, access)


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """All chunks as of one generation: `settled` from the files named `published`, `recent` in memory.

    `last_key` and `last_change` say how far in the database's two growing tables this scan has read.
    """

    generation: int
    published: str | None
    last_key: int
    last_change: int
    settled: Part
    recent: Part

    @property
    def parts(self) -> tuple[Part, Part]:
        """Both, in the order of their rows."""
        return self.settled, self.recent

    @property
    def rows(self) -> int:
        """How many chunks there are."""
        return sum(part.segment.rows - part.gone for part in self.parts)


def empty(dimension: int) -> Scan:
    """A scan that has read nothing yet."""
    nothing = segment_of(np.empty(0, np.int64), np.empty(0, np.int32), (), np.empty((0, dimension), np.float32))
    part = Part(nothing, nothing.access)
    return Scan(0, None, 0, 0, part, part)


def advanced(
    scan: Scan, *, generation: int, fresh: Segment, changes: Sequence[Change], last_key: int, last_change: int
) -> Scan:
    """The scan with the chunks that came since, without those that went, and with the access lists of now."""
    recent = scan.recent.changed(changes)
    if fresh.rows or recent.gone:
        segment = merged(recent, Part(fresh, fresh.access))
        recent = Part(segment, segment.access)
    return Scan(generation, scan.published, last_key, last_change, scan.settled.changed(changes), recent)


def merged(first: Part, second: Part) -> Segment:
    """One segment in memory of all rows that still exist; the keys of `second` are all higher than those of `first`."""
    keys, access, lengths, postings = _tables(first, second)
    vectors = np.concatenate([part.segment.vectors[part.live] for part in (first, second)])
    return Segment(keys, access, lengths, vectors, postings)


def save(scan: Scan, folder: Path, name: str, *, durable: bool) -> None:
    """Write the whole scan as `folder/name`: completely or not at all, even at a power cut if `durable`."""
    making = folder / f".{name}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    keys, access, lengths, postings = _tables(*scan.parts)
    arrays = {"keys": keys, "access": access, "lengths": lengths}
    arrays |= {field.name: getattr(postings, field.name) for field in fields(Postings)}
    for label, array in arrays.items():
        np.save(making / f"{label}.npy", array)
    _save_vectors(scan, making / "vectors.npy")
    read = {"generation": scan.generation, "last_key": scan.last_key, "last_change": scan.last_change}
    (making / "read.json").write_text(json.dumps(read))
    if durable:
        for path in (*making.iterdir(), making):
            _sync(path)
    making.rename(folder / name)
    if durable:
        _sync(folder)


def load(folder: Path, name: str) -> Scan:
    """The scan that `save` wrote, its arrays mapped from the files.

    Raises `OSError`, `ValueError` or `EOFError` when it is not there, or not whole.
    """
    place = folder / name
    read: dict[str, int] = json.loads((place / "read.json").read_text())
    arrays: dict[str, Any] = {path.stem: np.load(path, mmap_mode="r") for path in place.glob("*.npy")}
    try:
        postings = Postings(**{field.name: arrays.pop(field.name) for field in fields(Postings)})
        segment = Segment(**arrays, postings=postings)
        settled = Part(segment, segment.access)
        recent = empty(segment.vectors.shape[1]).recent
        return Scan(read["generation"], name, read["last_key"], read["last_change"], settled, recent)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{place} is not a whole scan") from error


def remove_all_but(folder: Path, name: str | None) -> None:
    """Remove every other scan of the folder, finished or not; who has one mapped keeps it until it lets go."""
    for place in folder.iterdir():
        if place.name.startswith((PREFIX, UNFINISHED)) and place.name != name:
            shutil.rmtree(place, ignore_errors=True)


def _tables(
    first: Part, second: Part
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32], Postings]:
    """Everything but the vectors, of the rows that still exist."""
    one, two = first.segment, second.segment
    stay, also = first.live, second.live
    keys = np.concatenate((one.keys[stay], two.keys[also]))
    access = np.concatenate((first.access[stay], second.access[also]))
    lengths = np.concatenate((one.lengths[stay], two.lengths[also]))
    postings = joined(one.postings.only(stay), two.postings.only(also), offset=int(stay.sum()))
    return keys, access, lengths, postings


def _save_vectors(scan: Scan, path: Path) -> None:
    """Block by block: the whole matrix is never in memory."""
    shape = (scan.rows, scan.settled.segment.vectors.shape[1])
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        for part in scan.parts:
            live = part.live
            for start in range(0, part.segment.rows, ROWS_AT_ONCE):
                block = slice(start, start + ROWS_AT_ONCE)
                file.write(part.segment.vectors[block][live[block]].tobytes())


def _sync(path: Path) -> None:
    """What was written to a file, or the names in a folder, are on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
