"""Brings the index up to date with its sources: what is new or changed goes in, what is gone goes out."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bot.errors import BadRequest, FootnoteError, Unreadable
from bot.models import Addition, Document, Principal
from bot.ports.search import Embedder, IndexWriter, Known
from indexing.chunk.headings import HeadingChunker
from indexing.connectors.files import LARGEST, FolderFiles, printable, source_name
from indexing.embed import BATCH, Embedded, embedded
from indexing.history import Synced, keep_only, remember, remember_failure
from indexing.lock import only_indexer
from indexing.parse import kinds
from indexing.ports import Chunker, Connector, Item, Listing, Origin, Skipped
from indexing.progress import OnProgress, Progress, Report
from indexing.sources import Part, Plan, Readers, plan, read_sources, write_sources

FEW = 20
"""Documents that may vanish from a source in one run without being asked about."""
SHARE = 0.3
"""Share of a source that may vanish in one run without being asked about."""
_PARSER_FAILED = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a parser raises when a hostile document finds a hole in it: that document is skipped, the rest goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexer:
    """Everything a run needs.

    `clock` counts seconds, `now` tells the time; `home` is where the lock, the list of sources and the history lie.
    """

    home: Path
    writer: IndexWriter
    embedder: Embedder
    clock: Callable[[], float]
    now: Callable[[], datetime]
    chunker: Chunker = field(default_factory=HeadingChunker)
    on_progress: OnProgress = lambda _: None
    largest: int = LARGEST
    batch: int = BATCH
    allow_removals: bool = False

    async def index(self, paths: Sequence[Path], *, readable_by: Readers | None = None) -> Report:
        """Index folders and files; without `readable_by`, a source keeps its readers and a new one is for everyone.

        May be killed at any moment and run again: each document is stored as a whole as soon as it is embedded.
        What it did, or why it failed, is remembered for each source. Raises `BadRequest` when a path is not there,
        another indexer is at work, or much has vanished from a source.
        """
        begun = self.clock()
        with only_indexer(self.home):
            known = read_sources(self.home)
            todo = self._planned(paths, known, readable_by)
            write_sources(self.home, {**known, **todo.sources})
            for root, within in todo.carved:
                await self._forget(root, within)
            report = Report()
            for part in todo.parts:
                report += await self._remembered(part)
            for root in todo.absorbed:
                await self._forget(root, "")
            write_sources(self.home, todo.sources)
            keep_only(self.home, {source_name(root) for root in todo.sources})
        return replace(report, seconds=self.clock() - begun)

    def _planned(self, paths: Sequence[Path], known: Mapping[Path, Readers], readable_by: Readers | None) -> Plan:
        """What to do; a source whose folder is not there has failed."""
        try:
            return plan(paths, known, readable_by=readable_by)
        except BadRequest as error:
            for root in known.keys() & {Path(os.path.realpath(path)) for path in paths}:
                if not root.exists():
                    remember_failure(self.home, source_name(root), at=self.now(), why=str(error))
            raise

    async def _remembered(self, part: Part) -> Report:
        """Bring a part up to date, and keep what that did, or why it failed."""
        source = source_name(part.root)
        try:
            report = await self._part(part)
        except FootnoteError as error:
            remember_failure(self.home, source, at=self.now(), why=str(error))
            raise
        documents = len(await self.writer.known(source)) if part.within else report.documents
        skipped = tuple((skipped.path, skipped.reason) for skipped in report.skipped)
        remember(self.home, Synced(source, self.now(), documents, skipped))
        return report

    async def _part(self, part: Part) -> Report:
        files = FolderFiles(part.root, within=part.within, apart=part.apart, largest=self.largest)
        listing = Listing(()) if not part.asked and not part.root.exists() else await files.list()
        known = _beneath(await self.writer.known(files.source), printable(part.within))
        run = _Run(self, files, printable(str(part.root / part.within)), part.readable_by, known)
        await run.run(listing)
        return run.report(listing)

    async def _forget(self, root: Path, within: str) -> None:
        known = _beneath(await self.writer.known(source_name(root)), printable(within))
        await self.writer.delete(list(known))


def _beneath(known: Mapping[str, Known], within: str) -> dict[str, Known]:
    """The documents at or under the path `within`, by id."""
    if not within:
        return dict(known)
    return {identifier: entry for identifier, entry in known.items() if _lies_in(_path(identifier), [within])}


def _lies_in(path: str, places: Iterable[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _path(document_id: str) -> str:
    return document_id.partition(":")[2]


@dataclass(slots=True)
class _Run:
    """One run over one source."""

    indexer: Indexer
    connector: Connector
    place: str
    readable_by: tuple[Principal, ...]
    known: dict[str, Known]
    stamps: dict[str, str] = field(default_factory=dict[str, str])
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    unchanged: int = 0
    updated: int = 0
    removed: int = 0
    chunks: int = 0
    read: int = 0
    found: int = 0
    stored: int = 0
    begun: float = 0.0

    async def run(self, listing: Listing) -> None:
        """Remove, then restrict, then read and embed: what must not be shown any more goes first."""
        items = [item for item in listing.items if self._is_read(item)]
        await self._remove_gone(items, listing.skipped)
        await self._apply_readers()
        changed = [item for item in items if not self._is_unchanged(item)]
        self.found, self.begun = len(changed), self.indexer.clock()
        documents = self._documents(changed)
        batches = embedded(documents, self.indexer.embedder, batch=self.indexer.batch)
        async with aclosing(documents), aclosing(batches):
            async for batch in batches:
                await self._store(batch)
                self._tell()

    def report(self, listing: Listing) -> Report:
        """What this run did."""
        return Report(
            documents=len(self.known),
            chunks=sum(entry.chunks for entry in self.known.values()),
            unchanged=self.unchanged,
            updated=self.updated,
            removed=self.removed,
            hidden=listing.hidden,
            skipped=tuple(sorted((*listing.skipped, *self.skipped), key=lambda skipped: skipped.path)),
            readable_by=((self.place, self.readable_by),),
        )

    # --- what is gone, and who may read ---------------------------------------------------------------------------

    async def _remove_gone(self, items: Sequence[Item], skipped: Sequence[Skipped]) -> None:
        listed = {self._id(item) for item in items}
        stays = [entry.path for entry in skipped if entry.stays]
        gone = [known for known in self.known if known not in listed and not _lies_in(_path(known), stays)]
        if len(gone) > max(FEW, SHARE * len(self.known)) and not self.indexer.allow_removals:
            raise BadRequest(
                f"{len(gone)} of {len(self.known)} documents are gone from {self.place}; nothing was changed; "
                "if they were deleted on purpose, run this again with --allow-removals"
            )
        await self._remove(gone)

    async def _remove(self, document_ids: Sequence[str]) -> None:
        if document_ids:
            self.removed += await self.indexer.writer.delete(document_ids)
        for document_id in document_ids:
            self.known.pop(document_id, None)

    async def _apply_readers(self) -> None:
        """Give every document of the source its new readers at once, before anything is read or embedded."""
        for document_id, entry in self.known.items():
            stamp, rules, readers = _Fingerprint.read(entry.fingerprint)
            if readers != self._readers:
                fingerprint = _Fingerprint(stamp, rules, self._readers)
                await self.indexer.writer.touch(document_id, fingerprint=str(fingerprint), readable_by=self.readable_by)
                self.known[document_id] = replace(entry, fingerprint=str(fingerprint))

    # --- what is new or changed -----------------------------------------------------------------------------------

    async def _documents(self, changed: Sequence[Item]) -> AsyncGenerator[Document]:
        for item in changed:
            document = await self._document(item)
            self.read += 1
            if document is not None:
                self.stamps[document.id] = item.stamp
                self.chunks += len(document.chunks)
                yield document
            self._tell()

    async def _document(self, item: Item) -> Document | None:
        """The item as a document to be embedded; None when it has not changed after all, or cannot be one."""
        try:
            data = await self.connector.read(item)
            if data is None:
                return await self._without(item, "vanished while it was read")
            revision = hashlib.sha256(data).hexdigest()[:32]
            if await self._is_the_same(item, revision):
                return None
            document = await asyncio.to_thread(self._parsed, item, data, revision)
        except Unreadable as error:
            return self._skip(item, str(error))
        except _PARSER_FAILED as error:
            return self._skip(item, f"cannot be parsed ({type(error).__name__})")
        return document if document.chunks else await self._without(item, "no text inside")

    def _parsed(self, item: Item, data: bytes, revision: str) -> Document:
        parsed = kinds.parser_for(kinds.kind_of(item.path)).parse(data)
        origin = Origin(self.connector.source, item.path, revision, item.updated, self.readable_by)
        return self.indexer.chunker.chunk(parsed, origin, link=partial(self.connector.url, item))

    async def _is_the_same(self, item: Item, revision: str) -> bool:
        """Whether only the file's date has changed; then that is remembered."""
        entry = self.known.get(self._id(item))
        if entry is None or entry.revision != revision or _Fingerprint.read(entry.fingerprint).rules != self._rules:
            return False
        await self.indexer.writer.touch(self._id(item), fingerprint=self._fingerprint(item))
        self.unchanged += 1
        return True

    async def _store(self, batch: Sequence[Embedded]) -> None:
        additions = [Addition(document, embeddings, self._stamped(document)) for document, embeddings in batch]
        refused = await self.indexer.writer.upsert_many(additions)
        for document, fingerprint in ((one.document, one.fingerprint) for one in additions):
            if document.id in refused:
                self.skipped.append(Skipped(_path(document.id), f"the index refuses it: {refused[document.id]}"))
                continue
            self.known[document.id] = Known(document.id, document.revision, fingerprint, len(document.chunks))
            self.updated += 1
            self.stored += len(document.chunks)

    def _stamped(self, document: Document) -> str:
        return str(_Fingerprint(self.stamps.pop(document.id), self._rules, self._readers))

    # --- what is skipped ------------------------------------------------------------------------------------------

    def _is_read(self, item: Item) -> bool:
        if kinds.kind_of(item.path):
            return True
        self._skip(item, kinds.unread(item.path))
        return False

    def _skip(self, item: Item, reason: str) -> None:
        self.skipped.append(Skipped(item.path, reason))

    async def _without(self, item: Item, reason: str) -> None:
        """Skip the item, and remove what was indexed of it: its text is gone."""
        self._skip(item, reason)
        await self._remove([self._id(item)] if self._id(item) in self.known else [])

    # --- fingerprints ---------------------------------------------------------------------------------------------

    def _is_unchanged(self, item: Item) -> bool:
        entry = self.known.get(self._id(item))
        same = entry is not None and entry.fingerprint == self._fingerprint(item)
        self.unchanged += same
        return same

    def _fingerprint(self, item: Item) -> str:
        return str(_Fingerprint(item.stamp, self._rules, self._readers))

    @property
    def _rules(self) -> str:
        return f"{kinds.VERSION}-{self.indexer.chunker.version}"

    @property
    def _readers(self) -> str:
        return ",".join(str(principal) for principal in self.readable_by)

    def _id(self, item: Item) -> str:
        return f"{self.connector.source}:{item.path}"

    def _tell(self) -> None:
        seconds = self.indexer.clock() - self.begun
        rate = self.stored / seconds if seconds > 0 else 0.0
        chunks = round(self.chunks * self.found / self.read) if self.read else 0
        left = (chunks - self.stored) / rate if rate else None
        self.indexer.on_progress(Progress(self.place, self.read, self.found, self.stored, chunks, rate, left))


class _Fingerprint(NamedTuple):
    """By what a document is known to be unchanged: the source's stamp, the rules it was cut by, and its readers."""

    stamp: str
    rules: str
    readers: str

    def __str__(self) -> str:
        return "|".join(self)

    @classmethod
    def read(cls, text: str) -> _Fingerprint:
        """The parts of a stored fingerprint; one of another make matches nothing."""
        parts = text.split("|", 2)
        return cls(*parts) if len(parts) == len(cls._fields) else cls("", "", "")
