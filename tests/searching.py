"""A small handbook behind the real embedder and the real index, for tests that need candidates as they really come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.local.index import LocalIndex
from bot.answering.retrieve import compose
from bot.models import EVERYONE, Audience, Document, Hit, Query
from bot.ports.generation import Rewritten
from bot.ports.search import Embedder
from indexing.passages import passage_document

PAGES = {
    "vpn.md": (
        "Remote access",
        "Reset your VPN password on the access page. The new password works after ten minutes.",
    ),
    "guest.md": (
        "Guest network",
        "The guest network has a password of its own. Ask the front desk for it every Monday.",
    ),
    "leave.md": (
        "Parental leave",
        """Parents get sixteen weeks of paid leave. It may be split into two parts within the first year.
Tell your manager eight weeks before the leave begins.""",
    ),
    "sick.md": ("Sick leave", "Call your manager on the first day. From the fourth day a doctor's note is needed."),
    "travel.md": ("Travel", "Book trains in the travel tool. Flights under four hours need a reason."),
    "lunch.md": ("Canteen", "Lunch is served from noon to two. The menu changes every Monday."),
    "bikes.md": ("Bicycles", "Bicycles stand in the yard. Lock them to the rack, never to the fence."),
}
READER = Audience.of([EVERYONE])


@dataclass(frozen=True, slots=True)
class Library:
    """The handbook, ready to be searched."""

    index: LocalIndex
    embedder: Embedder

    async def query(self, text: str) -> Query:
        """A query with its vector."""
        return await self.query_of(Rewritten(text))

    async def query_of(self, rewritten: Rewritten) -> Query:
        """A rewritten question as the pipeline would ask it."""
        return await compose(rewritten, embedder=self.embedder)

    async def hits(self, query: Query, limit: int = 100) -> list[Hit]:
        """What the index offers."""
        return await self.index.search(query, visible_to=READER, limit=limit)


def a_page(path: str, title: str, text: str) -> Document:
    """A page of one chunk, whose sentences can be quoted one by one."""
    return passage_document(path, title, text, source="handbook")


async def fill(home: Path, embedder: Embedder, pages: Sequence[Document]) -> None:
    """Index the pages."""
    async with LocalIndex.create(home, model=embedder.model, dimension=embedder.dimension, durable=False) as writer:
        for page in pages:
            await writer.upsert(page, await embedder.embed_chunks(page.chunks), fingerprint="1")


def every_page() -> list[Document]:
    """The handbook's pages."""
    return [a_page(path, title, text) for path, (title, text) in PAGES.items()]
