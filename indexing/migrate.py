"""Moves an index to what the settings ask for: another is filled beside the live one, compared, and switched to.

Killed at any moment and run again, it goes on: what stands in the new index as it stands in the old one is not moved
again. Several at once do no harm. On one machine a lock lets one wait for the other. On several machines they write the
same objects under the same names, each looks whose index is live before it writes a batch, and what one of them spoils
for the other (a document half written, and taken for what a killed writer left) the next look finds and mends: nothing
is switched before a look has found nothing to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from bot.errors import BadRequest
from bot.models import Addition, Document
from bot.ports.migration import Entry, Filling, Indexes, Inventory, Part, Stock
from bot.ports.search import Counts, Embedder
from indexing.embed import embedded
from indexing.likeness import Difference, alike, changed, difference, drawn, grouped, regranted
from indexing.lock import NAME
from indexing.progress import OnProgress, Progress
from indexing.turn import turn

PASSES: Final = 5
"""How often the new index is brought up to date while others may write the old one."""
LAST: Final = 3
"""How often likewise while they may not: the second time finds nothing to do, unless another machine writes it."""
SMALL: Final = 200
"""Documents that are left for the last time, for which indexers have to wait."""
REST: Final = 1.0
"""How long nothing is written after a batch, in times of what writing it took: the server has questions to answer."""
SAMPLE: Final = 50
"""Documents that are compared word by word."""
SHARE: Final = 0.01
FEW: Final = 5
"""Documents that may be left out, and the share of all of them: with more, something is wrong with the index."""
OURS: Final = "migrating.lock"

Did = Literal["nothing indexed", "up to date", "moved", "returned"]
OnStep = Callable[[str], None]
"""Told what begins now, in words for a person."""
Judge = Callable[[Stock, Stock], Awaitable[None]]
"""Compares what the old index and the new one come to. Raises `BadRequest` when the new one must not be switched to."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a migration did.

    `was` and `now` are the names of the index that was live and the one that is, `model` whose vectors that one holds.
    `parts` are the sizes of what was moved; `left_out` says why, for each document that could not be. `behind` counts
    documents of an index gone back to that have changed since.
    """

    did: Did
    was: str = ""
    now: str = ""
    model: str = ""
    written: int = 0
    removed: int = 0
    behind: int = 0
    parts: Mapping[Part, Counts] = field(default_factory=dict[Part, Counts])
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    seconds: float = 0.0

    @property
    def total(self) -> Counts:
        """All that the index holds."""
        counts = self.parts.values()
        return Counts(sum(one.documents for one in counts), sum(one.chunks for one in counts))


class _Overtaken(Exception):
    """Somebody else has switched."""


@dataclass(slots=True, kw_only=True)
class Migration:
    """Everything a migration needs.

    `origin` gives the index to begin from where none is live, such as that of a laptop. `clock` counts seconds. With
    `force` it goes on although documents have to be left out.
    """

    home: Path
    indexes: Indexes
    embedder: Embedder
    clock: Callable[[], float]
    origin: Callable[[], Awaitable[Stock | None]]
    on_progress: OnProgress = lambda _: None
    on_step: OnStep = lambda _: None
    judge: Judge | None = None
    force: bool = False
    left_out: dict[str, str] = field(default_factory=dict[str, str])
    written: int = 0
    removed: int = 0

    # --- there, and back ----------------------------------------------------------------------------------------------

    async def run(self, *, rebuild: bool = False) -> Moved:
        """Make the index live that the settings ask for; with `rebuild`, a new one although it is live already.

        Raises `BadRequest` when the new one does not come to what the old one is: then nothing has been switched.
        """
        begun = self.clock()
        async with self._alone():
            live = await self.indexes.live()
            old = live or await self.origin()
            if old is None:
                return Moved("nothing indexed")
            if live and live.wanted and not rebuild:
                return Moved("up to date", now=live.name, model=live.model)
            try:
                moved = await self._move(old, live, rebuild=rebuild)
            except _Overtaken:
                now = await self.indexes.live()
                if now is None or not now.wanted:
                    raise BadRequest("somebody else has switched to another index meanwhile; run this again") from None
                return Moved("up to date", now=now.name, model=now.model)
            return replace(moved, seconds=self.clock() - begun)

    async def back(self) -> Moved:
        """Make the previous index live again, and keep what is live now as the previous one.

        What was removed since is removed from it first, and who may read what is as it is now; what has changed
        besides is for the next indexing run. Raises `BadRequest` when none is kept.
        """
        async with self._alone(), self._no_indexer():
            live, previous = await self.indexes.live(), await self.indexes.previous()
            if live is None or previous is None or previous.name == live.name:
                raise BadRequest("no earlier index is kept, so there is nothing to go back to")
            now, then = await live.inventory(), await previous.inventory()
            await self._correct(previous, now, then)
            await self.indexes.switch(previous.name)
            behind = len(changed(now, then))
            return await self._named(Moved("returned", removed=self.removed, behind=behind))

    async def forget(self, names: Sequence[str]) -> Sequence[str]:
        """Remove those of these indexes that are there and not live; which those were."""
        async with self._alone(), self._no_indexer():
            ours = [name for name in await self.indexes.spare() if name in names]
            await self.indexes.forget(ours)
            return ours

    # --- the steps ----------------------------------------------------------------------------------------------------

    async def _move(self, old: Stock, live: Stock | None, *, rebuild: bool) -> Moved:
        async with self.indexes.filling(rebuild=rebuild) as new:
            self.on_step(f"Filling {new.stock.name} from {old.name}.")
            await self._fill(old, new, live)
        if self.judge:
            await self.judge(old, new.stock)
        async with self._no_indexer():
            await self._still(live)
            async with self.indexes.filling(rebuild=rebuild) as new:
                parts = await self._finish(old, new, live)
            await self.indexes.switch(new.stock.name)
        moved = Moved("moved", was=old.name, written=self.written, removed=self.removed, parts=parts)
        return replace(await self._named(moved), left_out=self.left_out)

    async def _named(self, moved: Moved) -> Moved:
        """With the names that the indexes have now that they have been switched."""
        live, previous = await self.indexes.live(), await self.indexes.previous()
        was, now, model = previous and previous.name, live and live.name, live and live.model
        return replace(moved, was=was or moved.was, now=now or "", model=model or "")

    async def _fill(self, old: Stock, new: Filling, live: Stock | None) -> None:
        """Take over what is there, and what has changed meanwhile, until that is little."""
        for _ in range(PASSES):
            before = await old.inventory()
            todo = self._todo(before, await new.stock.inventory())
            await self._apply(todo, before, old, new, live)
            if len(todo) <= SMALL:
                return

    async def _finish(self, old: Stock, new: Filling, live: Stock | None) -> Mapping[Part, Counts]:
        """Take over the rest and compare; what was counted."""
        self.on_step("Comparing.")
        todo = Difference()
        for _ in range(LAST):
            before, after = await old.inventory(), await new.stock.inventory()
            todo = self._todo(before, after)
            self.left_out |= dict.fromkeys(todo.broken, "an indexer was stopped while it wrote this")
            if not todo:
                self._check_left_out(before)
                await self._compare(old, new.stock, sorted(after.entries, key=drawn)[:SAMPLE])
                return after.tally()
            await self._apply(todo, before, old, new, live)
        raise BadRequest(
            f"{len(todo)} documents of {old.name} and {new.stock.name} still differ; is an indexer at work on another "
            "machine? Nothing was switched; run this again when it is done"
        )

    def _todo(self, before: Inventory, after: Inventory) -> Difference:
        todo = difference(before, after)
        return replace(todo, write=tuple(name for name in todo.write if name not in self.left_out))

    def _check_left_out(self, before: Inventory) -> None:
        """Raises `BadRequest` when so much would be lost that a person should look at it."""
        lost = self.left_out.keys() & before.entries.keys()
        if len(lost) > max(FEW, SHARE * len(before.entries)) and not self.force:
            some = "; ".join(f"{name}: {self.left_out[name]}" for name in sorted(lost)[:FEW])
            raise BadRequest(
                f"{len(lost)} of {len(before.entries)} documents cannot be taken over ({some}); nothing was switched; "
                "run this with --force to go on without them"
            )

    async def _compare(self, old: Stock, new: Stock, names: Sequence[str]) -> None:
        """Raises `BadRequest` unless these documents read the same in both, and have vectors that can be."""
        was = await old.documents(names, vectors=old.same_model)
        now = {one.document.id: one for one in await new.documents(names, vectors=True)}
        unlike = [one.document.id for one in was if not alike(one, now.get(one.document.id))]
        if unlike:
            raise BadRequest(
                f"{len(unlike)} of {len(was)} documents read otherwise in {new.name} than in {old.name} "
                f"({', '.join(unlike[:FEW])}); nothing was switched"
            )

    async def _correct(self, previous: Stock, now: Inventory, then: Inventory) -> None:
        """Take out of an index what must not come back."""
        gone = sorted((then.entries.keys() | then.leftovers) - now.entries.keys())
        async with self.indexes.writing(previous) as writer:
            self.removed += await writer.delete(gone)
            for name, entry in regranted(now, then).items():
                same = entry.revision == then.entries[name].revision
                fingerprint = entry.fingerprint if same else ""
                await writer.touch(name, fingerprint=fingerprint, readable_by=entry.readable_by)

    # --- writing ------------------------------------------------------------------------------------------------------

    async def _apply(self, todo: Difference, before: Inventory, old: Stock, new: Filling, live: Stock | None) -> None:
        if todo.remove:
            await self._still(live)
            self.removed += await new.writer.delete(todo.remove)
        chunks = sum(before.entries[name].chunks for name in todo.write)
        pace = _Pace(self, new.stock.name, len(todo.write), chunks, self.clock())
        async for batch in self._batches(todo.write, before.entries, old):
            await self._still(live)
            begun = self.clock()
            refused = await new.writer.upsert_many(batch)
            await asyncio.sleep(REST * (self.clock() - begun))
            self.left_out |= {name: f"the new index refuses it: {reason}" for name, reason in refused.items()}
            self.written += len(batch) - len(refused)
            pace.tell(batch)

    async def _batches(
        self, names: Sequence[str], entries: Mapping[str, Entry], old: Stock
    ) -> AsyncGenerator[Sequence[Addition]]:
        """Documents as the new index wants them, some at a time: with the vectors they have, or with new ones."""
        if old.same_model:
            for some in grouped(names, entries):
                yield await old.documents(some, vectors=True)
            return
        fingerprints: dict[str, str] = {}

        async def documents() -> AsyncGenerator[Document]:
            for some in grouped([name for name in names if entries[name].chunks], entries):
                for one in await old.documents(some, vectors=False):
                    fingerprints[one.document.id] = one.fingerprint
                    yield one.document

        async for batch in embedded(documents(), self.embedder):
            yield [Addition(one, embeddings, fingerprints.pop(one.id)) for one, embeddings in batch]
        for some in grouped([name for name in names if not entries[name].chunks], entries):
            yield await old.documents(some, vectors=False)

    async def _still(self, live: Stock | None) -> None:
        """Raises `_Overtaken` when another index is live than when this began."""
        now = await self.indexes.live()
        if (now and now.name) != (live and live.name):
            raise _Overtaken

    # --- waiting ------------------------------------------------------------------------------------------------------

    def _alone(self) -> AbstractAsyncContextManager[None]:
        return turn(self.home, OURS, on_wait=lambda: self.on_step("Waiting for another migration on this machine."))

    def _no_indexer(self) -> AbstractAsyncContextManager[None]:
        return turn(self.home, NAME, on_wait=lambda: self.on_step("Waiting for the indexer to finish."))


@dataclass(slots=True)
class _Pace:
    """How far the writing of some documents has come."""

    migration: Migration
    place: str
    documents: int
    chunks: int
    begun: float
    read: int = 0
    stored: int = 0

    def tell(self, batch: Sequence[Addition]) -> None:
        """Tell that these have been written."""
        self.read += len(batch)
        self.stored += sum(len(one.document.chunks) for one in batch)
        seconds = self.migration.clock() - self.begun
        rate = self.stored / seconds if seconds > 0 else 0.0
        left = max(0, self.chunks - self.stored) / rate if rate else None
        at = Progress(self.place, self.read, self.documents, self.stored, self.chunks, rate, left)
        self.migration.on_progress(at)
