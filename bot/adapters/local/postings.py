"""Which words stand how often in which rows: the inverted index that BM25 reads, as flat arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from bot.words import words

TERM: Final = np.dtype([("word", "<u8"), ("text", "u1"), ("place", "u1")])
"""One word of a chunk: its key, and how often it stands in the text and in the place (titles and headings)."""
Terms: TypeAlias = npt.NDArray[np.void]
"""Shape (words of one chunk,), of `TERM`."""
Mask: TypeAlias = npt.NDArray[np.bool_]
_Number = TypeVar("_Number", bound=np.generic)
MOST: Final = 255
"""Where counting stops: BM25 hardly tells 255 from 300."""


@lru_cache(maxsize=1 << 14)
def key_of(word: str) -> int:
    """64 bits that stand for a word, the same on every machine.

    The words themselves are kept nowhere, so those of a removed document do not linger in a dictionary.
    """
    return int.from_bytes(blake2b(word.encode(errors="surrogatepass"), digest_size=8).digest(), "little")


def count(text: str, place: str) -> Terms:
    """The words of a chunk with their counts, by key."""
    in_text, in_place = Counter(words(text)), Counter(words(place))
    counted = {key_of(word): (in_text[word], in_place[word]) for word in (*in_text, *in_place)}
    rows = [(key, min(a, MOST), min(b, MOST)) for key, (a, b) in sorted(counted.items())]
    return np.array(rows, TERM)


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """For each of w words, the p rows it stands in: word i has rows[starts[i]:starts[i + 1]], in rising order.

    `words` has shape (w,) and is sorted, `starts` (w + 1,), `rows` (p,), `counts` (p, 2): in the text, in the place.
    """

    words: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint8]

    def of(self, word: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint8]]:
        """Rows and counts of a word; empty when no row has it."""
        place = int(np.searchsorted(self.words, np.uint64(word)))
        if place == len(self.words) or self.words[place] != word:
            return self.rows[:0], self.counts[:0]
        here = slice(self.starts[place], self.starts[place + 1])
        return self.rows[here], self.counts[here]

    def only(self, keep: Mask) -> Postings:
        """Without the rows that are False in `keep`; the others are numbered anew."""
        if keep.all():
            return self
        stays = keep[self.rows]
        before = np.concatenate(([0], np.cumsum(stays)))
        starts = before[self.starts]
        used = np.diff(starts) > 0
        renumbered = (np.cumsum(keep) - 1).astype(np.uint32)
        starts = np.append(starts[:-1][used], starts[-1])
        return Postings(self.words[used], starts, renumbered[self.rows[stays]], self.counts[stays])


def postings_of(terms: Sequence[Terms]) -> Postings:
    """Row i holds `terms[i]`."""
    joined = np.concatenate(terms) if terms else np.empty(0, TERM)
    rows = np.repeat(np.arange(len(terms), dtype=np.uint32), [len(one) for one in terms])
    order = np.argsort(joined["word"], kind="stable")
    keys = joined["word"][order].astype(np.uint64)
    starts = np.flatnonzero(_first_of_each(keys))
    counts = np.stack((joined["text"], joined["place"]), axis=1)
    return Postings(keys[starts], np.append(starts, len(joined)), rows[order], counts[order])


def joined(first: Postings, second: Postings, *, offset: int) -> Postings:
    """Both, with the rows of `second` counted from `offset`, the number of rows that `first` is about."""
    keys = union(first.words, second.words)
    sizes = np.zeros((2, len(keys)), np.int64)
    for number, postings in enumerate((first, second)):
        sizes[number, np.searchsorted(keys, postings.words)] = np.diff(postings.starts)
    starts = np.concatenate(([0], np.cumsum(sizes.sum(axis=0))))
    rows = np.empty(starts[-1], np.uint32)
    counts = np.empty((starts[-1], 2), np.uint8)
    begins = starts[:-1]
    for size, postings, shift in ((sizes[0], first, 0), (sizes[1], second, offset)):
        places = np.repeat(begins - (np.cumsum(size) - size), size) + np.arange(len(postings.rows))
        rows[places] = postings.rows + np.uint32(shift)
        counts[places] = postings.counts
        begins = begins + size
    return Postings(keys, starts, rows, counts)


def union(one: npt.NDArray[_Number], other: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """What stands in either, once and sorted: as np.union1d, which spends 25 ms of a fresh process on importing."""
    both = np.sort(np.concatenate((one, other)))
    return both[_first_of_each(both)]


def _first_of_each(ordered: npt.NDArray[np.generic]) -> Mask:
    return np.concatenate((np.ones(min(1, len(ordered)), np.bool_), ordered[1:] != ordered[:-1]))
