"""Moving an index: all of one is read as it is stored, another is filled beside it and put in its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from bot.models import Addition, Principal
from bot.ports.search import Counts, IndexWriter


@dataclass(frozen=True, slots=True)
class Entry:
    """What is stored of one document, as far as it tells one state of the document from another.

    `chunks` were counted one by one. `whole` is false where a killed writer has left the document halfway: the chunks
    are not as many as it says, or not for the same readers.
    """

    source: str
    readable_by: tuple[Principal, ...]
    revision: str
    fingerprint: str
    chunks: int
    whole: bool = True


Part: TypeAlias = tuple[str, tuple[Principal, ...]]
"""A source, and an access list of documents in it."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Every document of an index by its id, and the ids of those of which chunks of another state lie about."""

    entries: Mapping[str, Entry] = field(default_factory=dict[str, Entry])
    leftovers: frozenset[str] = frozenset()

    def tally(self) -> Mapping[Part, Counts]:
        """How many documents and chunks each source has for each access list."""
        documents: Counter[Part] = Counter()
        chunks: Counter[Part] = Counter()
        for entry in self.entries.values():
            documents[entry.source, entry.readable_by] += 1
            chunks[entry.source, entry.readable_by] += entry.chunks
        return {key: Counts(documents[key], chunks[key]) for key in sorted(documents)}


class Stock(Protocol):
    """One index as a whole, whoever may read what is in it: for who moves it, never for a question."""

    @property
    def name(self) -> str:
        """What people can tell it from another one by."""
        ...

    @property
    def model(self) -> str:
        """The model that made its vectors, as far as it is known."""
        ...

    @property
    def home(self) -> Path | None:
        """The folder that can be opened as a home, where it lies in one."""
        ...

    @property
    def wanted(self) -> bool:
        """Whether it is what the settings ask for: then there is nothing to move."""
        ...

    @property
    def same_model(self) -> bool:
        """Whether its vectors are those of the settings' model."""
        ...

    def holds(self, *, model: str, dimension: int) -> bool:
        """Whether its vectors are of this model."""
        ...

    async def inventory(self) -> Inventory:
        """All that is stored, counted. Raises `IndexUnavailable`."""
        ...

    async def documents(self, ids: Sequence[str], *, vectors: bool) -> Sequence[Addition]:
        """Those of the documents that are there whole, in order; their embeddings only if `vectors`."""
        ...


class Indexes(Protocol):
    """The indexes that one workspace has in one place. One of them is live: questions are put to it."""

    async def live(self) -> Stock | None:
        """The live one; None where nothing was indexed yet."""
        ...

    async def previous(self) -> Stock | None:
        """The one that was live before, where it is kept."""
        ...

    def filling(self, *, rebuild: bool = False) -> AbstractAsyncContextManager[Filling]:
        """The one that the settings ask for, to be written while another is live; made where it is not there yet.

        What stands in it from an earlier try stays. `rebuild`: a new one even if the live one is what they ask for.
        """
        ...

    def writing(self, stock: Stock) -> AbstractAsyncContextManager[IndexWriter]:
        """The write side of one that is not live, whatever its model: to take out of it what must not come back."""
        ...

    async def switch(self, to: str) -> None:
        """Make the one of this name live, in one step, and keep the live one as the previous one.

        Killed in the middle, either is live, whole; done again, it is finished. Nothing may be filling it.
        """
        ...

    async def spare(self) -> Sequence[str]:
        """The names of those that are kept and not live."""
        ...

    async def forget(self, names: Sequence[str]) -> None:
        """Remove these, for this workspace alone. Raises `BadRequest` for the live one."""
        ...


@dataclass(frozen=True, slots=True)
class Filling:
    """An index that is being filled: what stands in it, and who writes it."""

    stock: Stock
    writer: IndexWriter
