"""What the write side asks of a source, of a parser and of a chunker, and the values that pass between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.models import Document, Principal

# --- from a source --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """One document as its source lists it.

    `path` is relative to the source's root, with forward slashes, and can be printed and stored. `stamp` changes
    whenever the content may have changed, and is cheap to tell (size and modification time of a file). `key` is what
    the connector finds the item by.
    """

    path: str
    stamp: str
    updated: datetime | None
    key: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was not read, and why, in words for a person.

    `stays` says that an earlier version of it (of everything beneath it, for a folder) stays indexed: it exists but
    cannot be read just now. Without it, an earlier version is removed.
    """

    path: str
    reason: str
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything a source holds at one moment. `hidden` counts what was passed over without a word (`.git`)."""

    items: tuple[Item, ...]
    skipped: tuple[Skipped, ...] = ()
    hidden: int = 0


class Connector(Protocol):
    """Reads one source."""

    @property
    def source(self) -> str:
        """A name of the source that never changes: document ids begin with it."""
        ...

    async def list(self) -> Listing:
        """Everything the source holds, ordered by path. Raises `BadRequest` when the source itself is not there."""
        ...

    async def read(self, item: Item) -> bytes | None:
        """The item's content, or None when it vanished after the listing. Raises `Unreadable` with the reason."""
        ...

    def url(self, item: Item, anchor: str) -> str:
        """A link that opens the item, at `anchor` (empty: at its beginning)."""
        ...


# --- from bytes to structure ----------------------------------------------------------------------------------------


class Kind(StrEnum):
    """How a block may be quoted: by sentences, as an item, as a row, verbatim, or (search words) not at all."""

    PROSE = "prose"
    ITEM = "item"
    HEADER = "header"
    ROW = "row"
    CODE = "code"
    KEYWORDS = "keywords"


@dataclass(frozen=True, slots=True)
class Block:
    """A run of plain text that belongs together.

    `lines` are its first and last line in the source, counted from 1. `marker` stands before an item ("-", "2.");
    `depth` says how deep it is nested in lists, from 1.
    """

    kind: Kind
    text: str
    lines: tuple[int, int]
    marker: str = ""
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading: `headings` from the outermost to its own, empty before the first.

    `lines` are those of the heading itself.
    """

    headings: tuple[str, ...]
    anchor: str
    lines: tuple[int, int]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document as plain text with its structure. `title` and `owner` are empty when the document does not say."""

    title: str
    sections: tuple[Section, ...]
    owner: str = ""


class Parser(Protocol):
    """Understands one kind of file."""

    def parse(self, data: bytes) -> Parsed:
        """The structure of a document. Raises `Unreadable` with the reason; a hostile document costs bounded time."""
        ...


# --- from structure to chunks ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a parsed document comes from: what its chunks repeat of it."""

    source: str
    path: str
    revision: str
    updated: datetime | None
    readable_by: tuple[Principal, ...]


class Linker(Protocol):
    """Makes links into one document."""

    def __call__(self, anchor: str) -> str:
        """A link that opens the document at `anchor`."""
        ...


class Chunker(Protocol):
    """Cuts documents into chunks."""

    @property
    def version(self) -> str:
        """Changes whenever the same document would be cut differently: then everything is indexed again."""
        ...

    def chunk(self, parsed: Parsed, origin: Origin, *, link: Linker) -> Document:
        """The document with its chunks, in order; no word of `parsed` is lost. No chunks: there is no text inside."""
        ...
