"""An index of which only some sources are searched: for judged questions about one folder of many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.models import Audience, Chunk, Hit, Query
from bot.ports.search import Counts, SearchIndex, SourceCounts


@dataclass(frozen=True, slots=True)
class Within:
    """A `SearchIndex` whose searches see these sources alone."""

    index: SearchIndex
    only: frozenset[str]

    async def search(
        self, query: Query, *, visible_to: Audience, limit: int, within: frozenset[str] = frozenset()
    ) -> list[Hit]:
        """As the index does, of these sources, or of those of them that `within` names."""
        asked = self.only & within if within else self.only
        return await self.index.search(query, visible_to=visible_to, limit=limit, within=asked) if asked else []

    async def chunks(self, ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, Chunk]:
        """As the index does."""
        return await self.index.chunks(ids, visible_to=visible_to)

    async def revisions(self, document_ids: Sequence[str], *, visible_to: Audience) -> Mapping[str, str]:
        """As the index does."""
        return await self.index.revisions(document_ids, visible_to=visible_to)

    async def counts(self, *, visible_to: Audience) -> Counts:
        """As the index does."""
        return await self.index.counts(visible_to=visible_to)

    async def sources(self, *, visible_to: Audience) -> tuple[SourceCounts, ...]:
        """As the index does, of these sources."""
        return tuple(one for one in await self.index.sources(visible_to=visible_to) if one.source in self.only)
