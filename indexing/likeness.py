"""What two indexes have in common, document by document, and what is still to be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np

from bot.models import Addition, Embedding
from bot.ports.migration import Entry, Inventory

SOME: Final = 100
"""Chunks, or documents, that are read together, at least."""
NEAR: Final = 1e-3
"""How far a number of a vector may be from what it was."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What keeps a new index from being as the old one: documents to be written, and to be removed.

    `broken` are halfway in the old one, and not taken over.
    """

    write: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.write) + len(self.remove)


def difference(old: Inventory, new: Inventory) -> Difference:
    """What has to be done. A document that a killed indexer left halfway in the old one is not taken over."""
    write = [
        name
        for name, entry in old.entries.items()
        if entry.whole and (new.entries.get(name) != entry or name in new.leftovers)
    ]
    broken = [name for name, entry in old.entries.items() if not entry.whole]
    remove = (new.entries.keys() | new.leftovers) - old.entries.keys()
    remove |= {name for name in broken if name in new.entries}
    return Difference(tuple(write), tuple(sorted(remove)), tuple(broken))


def grouped(names: Sequence[str], entries: Mapping[str, Entry]) -> Iterator[Sequence[str]]:
    """Documents that have some chunks together, in order."""
    group: list[str] = []
    chunks = 0
    for name in names:
        group.append(name)
        chunks += entries[name].chunks
        if chunks >= SOME or len(group) >= SOME:
            yield group
            group, chunks = [], 0
    if group:
        yield group


def regranted(now: Inventory, then: Inventory) -> Mapping[str, Entry]:
    """Documents that others may read now than then, as they are now."""
    both = now.entries.keys() & then.entries.keys()
    return {name: now.entries[name] for name in both if now.entries[name].readable_by != then.entries[name].readable_by}


def changed(now: Inventory, then: Inventory) -> frozenset[str]:
    """Documents that are new now, or have another content than then."""
    known = {name: entry.revision for name, entry in then.entries.items()}
    return frozenset(name for name, entry in now.entries.items() if known.get(name) != entry.revision)


def drawn(name: str) -> bytes:
    """Puts documents in an order that has nothing to do with them, and is the same every time."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def alike(was: Addition, now: Addition | None) -> bool:
    """Whether a document was taken over: word for word, and with the same vectors where `was` has any."""
    if now is None or was.document != now.document or was.fingerprint != now.fingerprint:
        return False
    if len(now.embeddings) != len(now.document.chunks):
        return False
    if was.embeddings:
        pairs = zip(was.embeddings, now.embeddings, strict=True)
        return all(np.allclose(one.vector, other.vector, atol=NEAR) for one, other in pairs)
    return all(_is_unit(one) for one in now.embeddings)


def _is_unit(embedding: Embedding) -> bool:
    return bool(np.isclose(np.linalg.norm(embedding.vector), 1.0, atol=NEAR))
